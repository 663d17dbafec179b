//! A publisher (*éditeur*, service provider) as the access sees it.

use octroi_dsig::{EncryptionRecipient, Signer};
use octroi_saml::Time;
use octroi_saml::issue::SignWhat;
use octroi_saml::metadata::SpRole;
use std::sync::Arc;

/// Whether assertions for a publisher are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encrypt {
    /// Never.
    Never,
    /// When a name, mail or civility is released and the publisher has an encryption key; the default.
    IfKey,
    /// Always; an access is refused when there is no key.
    Require,
}

/// Which NameID a publisher gets when it asks for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameIdChoice {
    /// A fresh one each time.
    Transient,
    /// The person's IDO.
    Persistent,
}

/// How a refusal reaches a publisher that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalChoice {
    /// It does not: the person sees our page.
    Page,
    /// As a signed Response with a Status.
    Status,
}

/// A publisher and the policy for it.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// Its id in the configuration and in the directory.
    pub id: String,
    /// Its name on pages.
    pub name: String,
    /// Its entityID: the Audience.
    pub entity_id: String,
    /// Refused on every endpoint.
    pub disabled: bool,
    /// When its metadata ends.
    pub valid_until: Option<Time>,
    /// Keys and addresses, from metadata only. Every assertion consumer service here is HTTP-POST over https
    /// (or http on loopback).
    pub role: SpRole,
    /// What is signed.
    pub sign: SignWhat,
    /// With which key and algorithm.
    pub signer: Arc<dyn Signer>,
    /// Whether assertions are encrypted.
    pub encrypt: Encrypt,
    /// To which key.
    pub recipient: Option<EncryptionRecipient>,
    /// Which NameID it gets.
    pub name_id: NameIdChoice,
    /// How refusals reach it.
    pub refusal: RefusalChoice,
    /// Whether its AuthnRequests must be signed.
    pub want_signed_requests: bool,
}
