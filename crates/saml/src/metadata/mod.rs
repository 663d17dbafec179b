//! Metadata (SAML Metadata 2.0): who a partner is, which keys speak for it and where it listens.
//!
//! Read strictly ([`parse`]) and written canonically. Keys come from here and from nowhere else; a partner
//! without a usable signing key stays without one, nothing is filled in (K2).

mod read;
mod role;
mod write;

pub use write::{Organization, OurEntity, OurIdp, OurSp, write_idp_metadata, write_sp_metadata};

use crate::{Check, Refusal, Time};
use octroi_dsig::{AlgorithmPolicy, PublicKey};
use octroi_xml::Limits;
use std::time::Duration;

/// How metadata is judged.
#[derive(Clone, Debug)]
pub struct MetadataPolicy<'a> {
    /// The current instant.
    pub now: Time,
    /// Keys of which one must have signed the root; `None` where the file itself is trusted (configured by
    /// the operator).
    pub signing_keys: Option<&'a [PublicKey]>,
    /// Algorithms accepted for that signature, and small RSA keys of entities where an exception says so.
    pub algorithms: AlgorithmPolicy,
    /// Demands a validUntil, at most this far away; `None` demands nothing (C21).
    pub max_validity: Option<Duration>,
    /// Whether only https addresses are accepted; otherwise http as well (tests of old vectors).
    pub https_only: bool,
    /// Whether an identity provider must have a usable signing key.
    pub keys_required: bool,
    /// Bounds on the document.
    pub limits: Limits,
}

impl<'a> MetadataPolicy<'a> {
    /// For a file that the operator configured for one partner: no signature, no validUntil demanded.
    pub fn for_trusted_file(now: Time) -> Self {
        Self {
            now,
            signing_keys: None,
            algorithms: AlgorithmPolicy::default(),
            max_validity: None,
            https_only: true,
            keys_required: true,
            limits: Limits::METADATA,
        }
    }

    /// For a federation's metadata: signed by one of `keys`, valid for at most `max_validity`.
    pub fn for_federation(now: Time, keys: &'a [PublicKey], max_validity: Duration) -> Self {
        Self {
            signing_keys: Some(keys),
            max_validity: Some(max_validity),
            ..Self::for_trusted_file(now)
        }
    }
}

/// Reads an EntityDescriptor or an EntitiesDescriptor.
///
/// # Errors
/// The [`Refusal`] of what concerns the whole document, or of its only entity.
pub fn parse(xml: &[u8], policy: &MetadataPolicy<'_>) -> Result<Metadata, Refusal> {
    read::read(xml, policy)
}

/// What a metadata document holds.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// The entities that can be used, in document order, each entityID once.
    pub entities: Vec<EntityDescriptor>,
    /// The others, with the reason.
    pub set_aside: Vec<SetAside>,
}

/// An entity of an aggregate that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetAside {
    /// Its entityID, if it has a usable one.
    pub entity_id: Option<String>,
    /// Why.
    pub refusal: Refusal,
}

impl Metadata {
    /// The entity asked for.
    ///
    /// # Errors
    /// The reason for which it was set aside, or [`Check::EntityMissing`].
    pub fn entity(&self, entity_id: &str) -> Result<&EntityDescriptor, Refusal> {
        let set_aside = || {
            self.set_aside
                .iter()
                .find(|s| s.entity_id.as_deref() == Some(entity_id))
        };
        self.entities
            .iter()
            .find(|e| e.entity_id == entity_id)
            .ok_or_else(|| {
                set_aside().map_or(Refusal::new(Check::EntityMissing), |s| s.refusal.clone())
            })
    }
}

/// One entity: a portal, a publisher, or both.
#[derive(Clone, Debug)]
pub struct EntityDescriptor {
    /// The entityID, 1 to 1024 characters, compared octet by octet.
    pub entity_id: String,
    /// The earliest `validUntil` of the descriptor and everything around it; the entity is refused from then on.
    pub valid_until: Option<Time>,
    /// What it does as an identity provider (portal).
    pub idp: Option<IdpRole>,
    /// What it does as a service provider (publisher).
    pub sp: Option<SpRole>,
}

/// `IDPSSODescriptor`.
#[derive(Clone, Debug, Default)]
pub struct IdpRole {
    /// Keys with `use="signing"` or without `use`, in document order; all are tried (IIP-MD07).
    pub signing_keys: Vec<PublicKey>,
    /// Keys with `use="encryption"` or without `use`.
    pub encryption_keys: Vec<PublicKey>,
    /// Keys of the metadata that could not be used (too small, unknown kind, broken).
    pub unusable_keys: usize,
    /// Where AuthnRequests go.
    pub single_sign_on: Vec<Endpoint>,
    /// Where logout messages go.
    pub single_logout: Vec<Endpoint>,
    /// Whether AuthnRequests must be signed.
    pub want_authn_requests_signed: bool,
    /// Name identifier formats offered.
    pub name_id_formats: Vec<String>,
    /// `shibmd:Scope` values that are plain (not regular expressions): what scoped attributes may end in (L16).
    pub scopes: Vec<String>,
}

/// `SPSSODescriptor`.
#[derive(Clone, Debug, Default)]
pub struct SpRole {
    /// Keys with `use="signing"` or without `use`, in document order.
    pub signing_keys: Vec<PublicKey>,
    /// Keys with `use="encryption"` or without `use`.
    pub encryption_keys: Vec<PublicKey>,
    /// Keys of the metadata that could not be used.
    pub unusable_keys: usize,
    /// Where Responses may be sent; the only source of such addresses (L13).
    pub assertion_consumer: Vec<IndexedEndpoint>,
    /// Where logout messages go.
    pub single_logout: Vec<Endpoint>,
    /// Whether its AuthnRequests are always signed.
    pub authn_requests_signed: bool,
    /// Whether it wants assertions signed.
    pub want_assertions_signed: bool,
    /// Name identifier formats it can use.
    pub name_id_formats: Vec<String>,
}

/// `EndpointType`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The binding's URI.
    pub binding: String,
    /// Where requests go.
    pub location: String,
    /// Where responses go, when elsewhere.
    pub response_location: Option<String>,
}

/// `IndexedEndpointType`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexedEndpoint {
    /// The binding's URI.
    pub binding: String,
    /// The address.
    pub location: String,
    /// The index by which requests may name it.
    pub index: u16,
    /// `isDefault`, where given.
    pub is_default: Option<bool>,
}
