//! Stage 5: what this publisher may know of this person, for this resource, and no more.

use super::engine::{Access, Traces};
use super::entropy::Entropy;
use super::refusal::Refusal;
use super::resolve::Resolved;
use crate::trust::{Encrypt, NameIdChoice};
use octroi_entitlements::{Pseudonym, ReleasedAttribute};
use octroi_saml::uri::format;

/// Attributes that name a person: with one of them the assertion is encrypted where it can be.
pub const NAMING: [&str; 4] = ["NOM", "PRE", "CIV", "P_MEL"];

/// What may be said.
#[derive(Debug)]
pub struct Released<'a> {
    /// The attributes of the resource's policy.
    pub attributes: Vec<ReleasedAttribute<'a>>,
    /// The name identifier.
    pub name_id: NameId,
    /// Whether a name, mail or civility is among them.
    pub names_somebody: bool,
}

/// The name identifier of the assertion.
#[derive(Debug)]
pub struct NameId {
    /// Its value.
    pub value: String,
    /// Its format: transient or persistent.
    pub format: &'static str,
}

/// IDO of the person at this publisher.
#[must_use]
pub fn pseudonym(access: &Access<'_>, resolved: &Resolved<'_>, traces: &mut Traces) -> Pseudonym {
    let pseudonym = access.pinned.trust.gateway().pseudonyms.of(&resolved.grant);
    traces.pseudonym = Some(pseudonym);
    pseudonym
}

/// Releases.
///
/// # Errors
/// Only when the system has no randomness for a transient identifier.
pub fn release<'a>(
    resolved: &'a Resolved<'_>,
    pseudonym: &'a Pseudonym,
    wanted_format: Option<&str>,
    entropy: &mut Entropy,
) -> Result<Released<'a>, Refusal> {
    let attributes = resolved.grant.release(pseudonym);
    let names_somebody = attributes
        .iter()
        .any(|attribute| NAMING.contains(&attribute.name));
    let persistent = match wanted_format {
        Some(format::PERSISTENT) => true,
        Some(format::TRANSIENT) => false,
        _ => resolved.publisher.name_id == NameIdChoice::Persistent,
    };
    let name_id = if persistent {
        NameId {
            value: pseudonym.as_str().to_owned(),
            format: format::PERSISTENT,
        }
    } else {
        NameId {
            value: octroi_saml::new_id(entropy),
            format: format::TRANSIENT,
        }
    };
    entropy.sound()?;
    Ok(Released {
        attributes,
        name_id,
        names_somebody,
    })
}

impl Released<'_> {
    /// Whether the publisher's policy has this encrypted, if there is a key.
    #[must_use]
    pub fn wants_encryption(&self, policy: Encrypt) -> bool {
        match policy {
            Encrypt::Never => false,
            Encrypt::IfKey => self.names_somebody,
            Encrypt::Require => true,
        }
    }
}
