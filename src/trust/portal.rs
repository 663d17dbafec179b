//! A portal (*ENT*, identity provider) as the access sees it.

use octroi_dsig::{AlgorithmPolicy, PublicKey, Signer};
use octroi_saml::Time;
use octroi_saml::metadata::Endpoint;
use octroi_saml::response::SignatureDemand;
use std::sync::Arc;
use std::time::Duration;

/// Where and how our AuthnRequests reach a portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SingleSignOn {
    /// HTTP-Redirect to this location.
    Redirect(String),
    /// HTTP-POST to this location.
    Post(String),
}

impl SingleSignOn {
    /// The location, the request's Destination.
    #[must_use]
    pub fn location(&self) -> &str {
        match self {
            Self::Redirect(location) | Self::Post(location) => location,
        }
    }
}

/// Dated exceptions: each holds until its instant, and never again after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Legacy {
    /// RSA-SHA1 signatures and SHA-1 digests.
    pub sha1: Option<Time>,
    /// RSA keys below 2048 bits.
    pub small_rsa: Option<Time>,
    /// Inclusive canonicalisation.
    pub inclusive_c14n: Option<Time>,
    /// AES-CBC.
    pub cbc: Option<Time>,
    /// Validity periods of days.
    pub long_lifetimes: Option<Time>,
    /// A Response to our request that does not say which.
    pub missing_in_response_to: Option<Time>,
}

impl Legacy {
    /// Whether an exception that holds until `until` (exclusive) is in force.
    #[must_use]
    pub fn holds(until: Option<Time>, now: Time) -> bool {
        until.is_some_and(|until| now < until)
    }

    /// The algorithms that are accepted at `now`.
    #[must_use]
    pub fn algorithms(&self, now: Time) -> AlgorithmPolicy {
        AlgorithmPolicy {
            sha1: Self::holds(self.sha1, now),
            small_rsa: Self::holds(self.small_rsa, now),
            inclusive_c14n: Self::holds(self.inclusive_c14n, now),
            cbc: Self::holds(self.cbc, now),
        }
    }
}

/// A portal and the policy for it.
#[derive(Clone, Debug)]
pub struct Portal {
    /// Its id in the configuration: metrics, logs, audit trail.
    pub id: String,
    /// Its name on pages.
    pub name: String,
    /// The idENT codes for which it speaks, decoded. It can never speak for another's people.
    pub idents: Vec<String>,
    /// Its entityID.
    pub entity_id: String,
    /// Refused on every endpoint.
    pub disabled: bool,
    /// When its metadata ends.
    pub valid_until: Option<Time>,
    /// Its signing keys, from metadata only; all are tried.
    pub signing_keys: Vec<PublicKey>,
    /// Where our AuthnRequests go.
    pub single_sign_on: SingleSignOn,
    /// Where its own logout messages come from and answers go to.
    pub single_logout: Vec<Endpoint>,
    /// The key that signs our AuthnRequests; `None` when they are not signed.
    pub request_signer: Option<Arc<dyn Signer>>,
    /// The key that signs our answers to its logout.
    pub signer: Arc<dyn Signer>,
    /// How far its clock may be off.
    pub skew: Duration,
    /// What it must sign.
    pub demand: SignatureDemand,
    /// Whether it may send Responses that nobody asked for.
    pub accept_unsolicited: bool,
    /// Whether a session answers further tiles of this portal.
    pub session_reuse: bool,
    /// Whether NameID stands for the person when the attribute is absent.
    pub name_id_as_person: bool,
    /// Its dated exceptions.
    pub legacy: Legacy,
}
