//! The link behind a portal's tile (*vignette*): `GET /domaineGar`, in the three generations that portals write.
//!
//! | generation | parameters |
//! |---|---|
//! | 2018 | `idENT` b64, `idEtab` b64, `idSrc` b64 of an ARK, bare or as a URL |
//! | without school | `idENT` b64, `idSrc` b64 |
//! | current | `idENT` b64, `idEtab` b64, `idRessource` the ARK itself |
//!
//! Source: `gar.md` §1. Base64 is standard with padding, `=` often raw; the order varies. This module only reads and
//! writes links; whether the names in them exist is somebody else's question.

use super::code::Code;
use super::form::{self, FormError};
use super::refusal::Refusal;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// Standard base64; portals pad, links lose the padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const MAX_ENT: usize = 64;
const MAX_SCHOOL: usize = 64;
const MAX_RESOURCE: usize = 1024;
/// What is escaped in a query value: everything but what a URL leaves alone there.
const IN_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'&')
    .add(b'+')
    .add(b'%')
    .add(b'=')
    .add(b'\'');

/// What a tile asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// `idENT`, decoded (`B0`).
    pub ent: String,
    /// `idEtab`, decoded: a UAI, or UAI and suffix.
    pub school: Option<String>,
    /// The resource: an ARK, bare or as a URL.
    pub resource: String,
}

impl Tile {
    /// Reads the raw query.
    ///
    /// # Errors
    /// [`Code::TileMalformed`] with the parameter and what is wrong with it.
    pub fn read(query: &str) -> Result<Self, Refusal> {
        let ent = encoded(query, "idENT", MAX_ENT)?.ok_or_else(|| malformed("idENT is missing"))?;
        let school = encoded(query, "idEtab", MAX_SCHOOL)?.filter(|school| !school.is_empty());
        let plain = form::text(query.as_bytes(), "idRessource", MAX_RESOURCE)
            .map_err(|e| malformed_form(&e))?;
        let resource = match plain {
            Some(resource) => resource,
            None => encoded(query, "idSrc", MAX_RESOURCE)?
                .ok_or_else(|| malformed("idRessource and idSrc are both missing"))?,
        };
        for (name, value) in [("idENT", &ent), ("idRessource", &resource)] {
            if value.is_empty() {
                return Err(malformed(format!("{name} is empty")));
            }
        }
        Ok(Self {
            ent,
            school,
            resource,
        })
    }

    /// The current generation's link for it, below our base URL: how an access is begun anew.
    #[must_use]
    pub fn link(base_url: &str, ent: &str, school: Option<&str>, resource: &str) -> String {
        let b64 = |text: &str| LENIENT.encode(text);
        let mut link = format!(
            "{base_url}/domaineGar?idENT={}",
            utf8_percent_encode(&b64(ent), IN_QUERY)
        );
        if let Some(school) = school {
            link.push_str("&idEtab=");
            link.extend(utf8_percent_encode(&b64(school), IN_QUERY));
        }
        link.push_str("&idRessource=");
        link.extend(utf8_percent_encode(resource, IN_QUERY));
        link
    }
}

/// A base64 parameter. A `+` of base64 that the browser or the portal left raw arrives as a space.
fn encoded(query: &str, name: &'static str, limit: usize) -> Result<Option<String>, Refusal> {
    let Some(text) =
        form::text(query.as_bytes(), name, limit * 2).map_err(|e| malformed_form(&e))?
    else {
        return Ok(None);
    };
    let octets = LENIENT
        .decode(text.replace(' ', "+"))
        .map_err(|_| malformed(format!("{name} is not base64")))?;
    if octets.len() > limit {
        return Err(malformed(format!("{name} is too long")));
    }
    let value = String::from_utf8(octets).map_err(|_| malformed(format!("{name} is not UTF-8")))?;
    if value.chars().any(char::is_control) {
        return Err(malformed(format!("{name} holds control characters")));
    }
    Ok(Some(value))
}

fn malformed(detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::TileMalformed, detail)
}

fn malformed_form(error: &FormError) -> Refusal {
    malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(ent: &str, school: Option<&str>, resource: &str) -> Tile {
        Tile {
            ent: ent.into(),
            school: school.map(Into::into),
            resource: resource.into(),
        }
    }

    #[test]
    fn reads_the_three_generations() {
        assert_eq!(
            Tile::read("idENT=SjA=&idSrc=YXJrOi80ODU2Ni9wdDE4MDAwMQ==").unwrap(),
            tile("J0", None, "ark:/48566/pt180001")
        );
        assert_eq!(
            Tile::read("idENT=QjA=&idEtab=OTk5OTk5MUY=&idRessource=ark%3A%2F32151%2FLA.FLE")
                .unwrap(),
            tile("B0", Some("9999991F"), "ark:/32151/LA.FLE")
        );
        let url = LENIENT.encode("http://n2t.net/ark:/1/a-b_c");
        assert_eq!(
            Tile::read(&format!("idSrc={url}&idEtab=&idENT=QjA%3D")).unwrap(),
            tile("B0", None, "http://n2t.net/ark:/1/a-b_c")
        );
        assert_eq!(
            Tile::read("idRessource=ark:/32151/LA.FLE&idENT=QjA").unwrap(),
            tile("B0", None, "ark:/32151/LA.FLE")
        );
    }

    #[test]
    fn names_what_is_wrong() {
        for (query, wrong) in [
            ("", "idENT is missing"),
            ("idENT=QjA=", "idRessource and idSrc are both missing"),
            ("idENT=QjA=&idENT=QjA=&idRessource=a", "idENT comes twice"),
            ("idENT=Q&idRessource=a", "idENT is not base64"),
            ("idENT=&idRessource=a", "idENT is empty"),
            ("idENT=Cg==&idRessource=a", "idENT holds control characters"),
            ("idENT=QjA=&idRessource=%ff", "idRessource is not UTF-8"),
        ] {
            assert_eq!(Tile::read(query).unwrap_err().detail(), wrong, "{query}");
        }
        let long = "QUFB".repeat(10_000);
        assert!(Tile::read(&format!("idENT={long}&idRessource=a")).is_err());
    }

    #[test]
    fn a_link_reads_back() {
        for (ent, school, resource) in [
            ("B0", None, "ark:/1/a&b=c+d %"),
            ("é", Some("0650499P-ET6"), "http://n2t.net/ark:/1/x"),
        ] {
            let link = Tile::link("https://h", ent, school, resource);
            let (_, query) = link.split_once('?').unwrap();
            assert_eq!(Tile::read(query).unwrap(), tile(ent, school, resource));
        }
    }
}
