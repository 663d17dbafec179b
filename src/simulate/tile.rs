//! Links of portals' tiles in the three generations that are in the wild (`gar.md` §1).

use octroi_dsig::base64::encode_to_string as base64;

/// Which form a link has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// 2018: `idENT`, `idEtab` and `idSrc`, all base64.
    Old,
    /// `idENT` and `idSrc`, without a school.
    NoSchool,
    /// `idENT`, `idEtab` and `idRessource`, the last one percent-encoded.
    Current,
}

impl Generation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Old, Self::NoSchool, Self::Current];

    /// A few words for a table.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Old => "2018",
            Self::NoSchool => "no school",
            Self::Current => "current",
        }
    }
}

/// Path and query of a tile's link. `variant` chooses among the forms that portals mix: the ARK bare or as a URL, `:`
/// and `/` raw or escaped, the order of the parameters.
#[must_use]
pub fn link(generation: Generation, ident: &str, uai: &str, ark: &str, variant: u64) -> String {
    let ent = format!("idENT={}", base64(ident.as_bytes()));
    let school = format!("idEtab={}", base64(uai.as_bytes()));
    let source = match variant % 2 {
        0 => format!("idSrc={}", base64(ark.as_bytes())),
        _ => format!(
            "idSrc={}",
            base64(format!("http://n2t.net/{ark}").as_bytes())
        ),
    };
    let resource = match variant % 3 {
        0 => format!("idRessource={ark}"),
        _ => format!(
            "idRessource={}",
            form_urlencoded::byte_serialize(ark.as_bytes()).collect::<String>()
        ),
    };
    let mut parameters = match generation {
        Generation::Old => vec![ent, school, source],
        Generation::NoSchool => vec![ent, source],
        Generation::Current => vec![ent, school, resource],
    };
    if variant % 5 == 4 {
        parameters.reverse();
    }
    format!("/domaineGar?{}", parameters.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_those_seen_in_the_field() {
        assert_eq!(
            link(Generation::NoSchool, "J0", "", "ark:/48566/pt180001", 0),
            "/domaineGar?idENT=SjA=&idSrc=YXJrOi80ODU2Ni9wdDE4MDAwMQ=="
        );
        assert_eq!(
            link(
                Generation::Current,
                "B0",
                "9999991F",
                "ark:/32151/LA.FLE",
                1
            ),
            "/domaineGar?idENT=QjA=&idEtab=OTk5OTk5MUY=&idRessource=ark%3A%2F32151%2FLA.FLE"
        );
        assert_eq!(
            link(
                Generation::Old,
                "ENTTEST1",
                "0650499P-ET6",
                "ark:/99999/r20xxxxxxxx",
                1
            ),
            "/domaineGar?idENT=RU5UVEVTVDE=&idEtab=MDY1MDQ5OVAtRVQ2&idSrc=aHR0cDovL24ydC5uZXQvYXJrOi85OTk5OS9yMjB4eHh4eHh4eA=="
        );
    }
}
