//! Metadata (SAML Metadata 2.0): who a partner is, which keys speak for it and where it listens.
//!
//! Read strictly ([`parse`]) and written canonically. Keys come from here and from nowhere else; a partner
//! without a usable signing key stays without one, nothing is filled in (K2).

use crate::Time;
use octroi_dsig::PublicKey;

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
