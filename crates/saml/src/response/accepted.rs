//! What an accepted assertion says. Owned, so that it outlives the message; every value was read from
//! verified nodes.

use crate::{NameId, Time};
use std::fmt;

/// An assertion for which every check held. Values are exactly as signed: not trimmed, not folded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcceptedAssertion {
    /// The assertion's ID; with `issuer` the key of one-time use.
    pub id: String,
    /// The Response's ID.
    pub response_id: String,
    /// The portal's entityID.
    pub issuer: String,
    /// The request that it answers; `None` when unsolicited or missing by exception.
    pub in_response_to: Option<String>,
    /// When the assertion was issued.
    pub issue_instant: Time,
    /// The name identifier, where there is one.
    pub name_id: Option<NameId>,
    /// Attributes in document order; the same name may come more than once.
    pub attributes: Vec<Attribute>,
    /// When the person was authenticated.
    pub authn_instant: Time,
    /// `AuthnContextClassRef`, where given.
    pub authn_context: Option<String>,
    /// `AuthenticatingAuthority`, in document order.
    pub authenticating_authorities: Vec<String>,
    /// `SessionIndex`, where given.
    pub session_index: Option<String>,
    /// When the portal's session ends, where given.
    pub session_not_on_or_after: Option<Time>,
    /// The earliest NotOnOrAfter of conditions and confirmation.
    pub not_on_or_after: Time,
    /// Until when one-time use has to be remembered: after it this assertion is refused anyway.
    pub replay_until: Time,
    /// `ProxyRestriction/@Count`, the smallest; never 0. `None` means unrestricted.
    pub proxy_count: Option<u32>,
    /// For each ProxyRestriction with audiences, those audiences: what is issued later on this basis must
    /// be for an entity that is in each list. See [`Self::may_be_passed_on_to`].
    pub proxy_audiences: Vec<Vec<String>>,
    /// Dated exceptions without which it would have been refused.
    pub legacy_used: LegacyUse,
    /// Fingerprint of the key whose signature held (of the assertion's where both are signed).
    pub key_fingerprint: String,
    /// Whether it arrived encrypted.
    pub was_encrypted: bool,
}

/// An attribute of the assertion. Its `Debug` form tells how many values there are, not which.
#[derive(Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `Name`.
    pub name: String,
    /// `NameFormat`, where given.
    pub name_format: Option<String>,
    /// `FriendlyName`, where given.
    pub friendly_name: Option<String>,
    /// The values that are plain text, in order. Values with markup inside are counted in `structured`.
    pub values: Vec<String>,
    /// How many values held elements (T8): carried as a number only, never as text.
    pub structured: usize,
}

impl fmt::Debug for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attribute")
            .field("name", &self.name)
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

/// Dated exceptions that an acceptance needed; each is counted by a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LegacyUse {
    /// A SHA-1 signature or digest.
    pub sha1: bool,
    /// An RSA key under 2048 bits.
    pub small_rsa: bool,
    /// AES-CBC or another old cipher.
    pub cbc: bool,
    /// Inclusive canonicalization.
    pub inclusive_c14n: bool,
    /// A lifetime over the policy.
    pub long_lifetime: bool,
    /// No InResponseTo although a request was open.
    pub missing_in_response_to: bool,
}

impl LegacyUse {
    /// Adds what a signature used.
    pub(super) fn add(&mut self, signature: octroi_dsig::LegacyUse) {
        self.sha1 |= signature.sha1;
        self.small_rsa |= signature.small_rsa;
        self.inclusive_c14n |= signature.inclusive_c14n;
    }

    /// Whether anything legacy was used.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

impl AcceptedAssertion {
    /// The values of the attributes named `name`, whatever their format, in document order.
    pub fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s str> {
        self.attributes
            .iter()
            .filter(move |a| a.name == name)
            .flat_map(|a| a.values.iter().map(String::as_str))
    }

    /// Whether the portal's ProxyRestrictions let something be issued to `entity_id` (Core 2.5.1.6).
    pub fn may_be_passed_on_to(&self, entity_id: &str) -> bool {
        self.proxy_audiences
            .iter()
            .all(|audiences| audiences.iter().any(|audience| audience == entity_id))
    }
}
