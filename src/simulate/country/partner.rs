//! Portals and publishers of a made-up country: who they are, and in which of the known ways each of them behaves.

use serde::{Deserialize, Serialize};

use super::names::{PORTALS, PUBLISHERS};

/// Kinds of key, as `certs/make-test-pki.sh` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// RSA, 2048 bits.
    #[serde(rename = "rsa2048")]
    Rsa2048,
    /// RSA, 3072 bits.
    #[serde(rename = "rsa3072")]
    Rsa3072,
    /// ECDSA on P-256.
    P256,
}

impl KeyKind {
    /// The word that the script takes.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::P256 => "p256",
        }
    }
}

/// The ways in which portals are known to speak SAML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortalStyle {
    /// SHA-256, the Assertion signed, short lifetimes, wants signed requests, by redirect.
    Modern,
    /// As entcore does it: SHA-1, the Assertion signed, lifetimes of days, no InResponseTo, a URN for a name.
    Entcore,
    /// The Response signed around an encrypted Assertion; requests by POST.
    Sealed,
    /// Response and Assertion signed with ECDSA.
    Twice,
}

/// A portal (ENT project).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portal {
    /// Short name, also the host name's first label.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `idEnt`.
    pub ident: String,
    /// Further ENT projects of the same portal. Each has its own schools, people and archives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_idents: Vec<String>,
    /// SAML entityID.
    pub entity_id: String,
    /// Host name without port.
    pub host: String,
    /// `https://host:port`, without a slash at the end.
    pub origin: String,
    /// Domain of staff mail.
    pub mail_domain: String,
    /// How it speaks.
    pub style: PortalStyle,
    /// Whether its own tiles may be answered from a session of the gateway.
    pub session_reuse: bool,
    /// Whether it may send Responses that nobody asked for.
    pub unsolicited: bool,
    /// Whether the gateway's settings say that it is switched off.
    pub disabled: bool,
    /// Its signing key.
    pub key: KeyKind,
}

/// What of a message to a publisher is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signed {
    /// The Assertion.
    Assertion,
    /// The Response.
    Response,
    /// Each.
    Both,
}

/// Which bindings a publisher uses for its AuthnRequest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequestBinding {
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
}

/// A publisher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publisher {
    /// Short name, also the host name's first label, and the id in the directory.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// SAML entityID: the URL of its metadata.
    pub entity_id: String,
    /// `https://host:port`, without a slash at the end.
    pub origin: String,
    /// Host name without port.
    pub host: String,
    /// Its pseudonym domain: two publishers of one group share theirs.
    pub domain: String,
    /// What the gateway signs for it.
    pub signed: Signed,
    /// The gateway's key for it.
    pub gateway_key: KeyKind,
    /// Its own key.
    pub key: KeyKind,
    /// Whether its metadata shows an encryption key.
    pub encryption: bool,
    /// Whether the gateway must encrypt for it whatever is released.
    pub must_encrypt: bool,
    /// Whether it wants the persistent NameID.
    pub persistent: bool,
    /// Whether it wants a refusal as a signed Status instead of a page.
    pub status_refusals: bool,
    /// Whether it signs its requests.
    pub signs_requests: bool,
    /// How it sends them.
    pub binding: RequestBinding,
    /// Whether the gateway's settings say that it is switched off.
    pub disabled: bool,
}

/// Where simulators listen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hosts {
    /// What follows the first label, such as `localhost`.
    pub suffix: String,
    /// Port of the gateway.
    pub gateway: u16,
    /// Port of the gateway's admin listener, on 127.0.0.1.
    pub admin: u16,
    /// Port of the portals.
    pub portals: u16,
    /// Port of the publishers.
    pub publishers: u16,
}

impl Default for Hosts {
    fn default() -> Self {
        Self {
            suffix: "localhost".to_owned(),
            gateway: 8443,
            admin: 9464,
            portals: 8444,
            publishers: 8445,
        }
    }
}

impl Hosts {
    /// The gateway's host name.
    #[must_use]
    pub fn gateway_host(&self) -> String {
        format!("octroi.{}", self.suffix)
    }

    /// The gateway's `base_url`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("https://{}:{}", self.gateway_host(), self.gateway)
    }
}

/// Short name and display name at a place of a list; past its end, the kind and the number.
fn named(list: &[(&str, &str)], kind: &str, index: u16) -> (String, String) {
    list.get(usize::from(index)).map_or_else(
        || {
            (
                format!("{kind}-{}", index + 1),
                format!("{kind} {}", index + 1),
            )
        },
        |(id, name)| ((*id).to_owned(), (*name).to_owned()),
    )
}

/// The portal at this place. Styles come in turn; `disabled` is the caller's choice.
pub(super) fn portal(index: u16, disabled: bool, hosts: &Hosts) -> Portal {
    let (id, name) = named(PORTALS, "ent", index);
    let style = [
        PortalStyle::Modern,
        PortalStyle::Entcore,
        PortalStyle::Sealed,
        PortalStyle::Twice,
    ][usize::from(index % 4)];
    let initial = id.chars().next().unwrap_or('z').to_ascii_uppercase();
    let ident = match (usize::from(index) < PORTALS.len(), style) {
        (false, _) => format!("Z{index:02}"),
        (true, PortalStyle::Entcore) => format!("{initial}00"),
        (true, _) => format!("{initial}0"),
    };
    let host = format!("{id}.{}", hosts.suffix);
    let origin = format!("https://{host}:{}", hosts.portals);
    let entity_id = match style {
        PortalStyle::Entcore => format!("urn:simulated:entcore:{id}"),
        _ => format!("{origin}/metadata"),
    };
    Portal {
        mail_domain: format!("{id}.example"),
        ident,
        more_idents: Vec::new(),
        entity_id,
        host,
        origin,
        id,
        name,
        style,
        session_reuse: style == PortalStyle::Modern,
        unsolicited: matches!(style, PortalStyle::Sealed | PortalStyle::Twice),
        disabled,
        key: if style == PortalStyle::Twice {
            KeyKind::P256
        } else {
            KeyKind::Rsa2048
        },
    }
}

impl Portal {
    /// Its ENT projects, in order.
    pub fn idents(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.ident)
            .chain(&self.more_idents)
            .map(String::as_str)
    }
}

/// The projects of the portal at this place beyond its first: an even share, the remainder going to the first portals.
pub(super) fn more_idents(ident: &str, index: u16, shape: &super::Shape) -> Vec<String> {
    let portals = shape.portals.max(1);
    let share = shape.projects / portals + u16::from(index < shape.projects % portals);
    (2..=share).map(|n| format!("{ident}P{n}")).collect()
}

/// The publisher at this place. Ways come in turn of six; the fourth and the fifth share a pseudonym domain.
pub(super) fn publisher(index: u16, disabled: bool, hosts: &Hosts) -> Publisher {
    let (id, name) = named(PUBLISHERS, "editeur", index);
    let host = format!("{id}.{}", hosts.suffix);
    let origin = format!("https://{host}:{}", hosts.publishers);
    let way = index % 6;
    Publisher {
        entity_id: format!("{origin}/saml/metadata"),
        origin,
        host,
        domain: match index {
            3 | 4 => "groupe-dictame-estampe".to_owned(),
            _ => id.clone(),
        },
        id,
        name,
        signed: match way {
            1 => Signed::Both,
            3 => Signed::Response,
            _ => Signed::Assertion,
        },
        gateway_key: match way {
            2 | 5 => KeyKind::P256,
            3 => KeyKind::Rsa3072,
            _ => KeyKind::Rsa2048,
        },
        key: if way == 5 {
            KeyKind::P256
        } else {
            KeyKind::Rsa2048
        },
        encryption: matches!(way, 1 | 4),
        must_encrypt: way == 4,
        persistent: way == 2,
        status_refusals: way == 1,
        signs_requests: way != 5,
        binding: if matches!(way, 2 | 5) {
            RequestBinding::Post
        } else {
            RequestBinding::Redirect
        },
        disabled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_are_distinct_however_many_there_are() {
        let hosts = Hosts::default();
        let portals: Vec<Portal> = (0..40).map(|i| portal(i, false, &hosts)).collect();
        let mut idents: Vec<&str> = portals.iter().map(|p| p.ident.as_str()).collect();
        idents.sort_unstable();
        idents.dedup();
        assert_eq!(idents.len(), 40);
        let mut publishers: Vec<String> = (0..300)
            .map(|i| publisher(i, false, &hosts).entity_id)
            .collect();
        publishers.sort();
        publishers.dedup();
        assert_eq!(publishers.len(), 300);
    }
}
