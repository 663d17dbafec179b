//! AuthnRequests: ours to portals ([`write_request`]) and publishers' to us ([`Received`]).

mod issue;
mod receive;
mod wishes;

pub use issue::write_request;
pub use receive::{DEFAULT_MAX_AGE, Received, RequestExpectations};

use crate::Time;

/// A publisher's AuthnRequest, read and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthnRequest {
    /// Its ID; the answer's InResponseTo.
    pub id: String,
    /// The publisher's entityID.
    pub issuer: String,
    /// When it was issued.
    pub issue_instant: Time,
    /// `Destination`, where given.
    pub destination: Option<String>,
    /// `AssertionConsumerServiceURL`: only ever compared with metadata.
    pub acs_url: Option<String>,
    /// `AssertionConsumerServiceIndex`.
    pub acs_index: Option<u16>,
    /// `ProtocolBinding`.
    pub protocol_binding: Option<String>,
    /// The person must be authenticated afresh.
    pub force_authn: bool,
    /// The person must not be asked anything.
    pub is_passive: bool,
    /// `NameIDPolicy`.
    pub name_id_policy: Option<NameIdPolicy>,
    /// `RequestedAuthnContext`.
    pub requested_authn_context: Option<RequestedAuthnContext>,
    /// `Scoping`.
    pub scoping: Option<Scoping>,
    /// Whether the request asks for a named person (`Subject`), which nobody here can promise.
    pub names_subject: bool,
    /// Whether a signature was there and held.
    pub signed: bool,
    /// Legacy algorithms that the signature needed.
    pub legacy_used: octroi_dsig::LegacyUse,
}

/// `NameIDPolicy` (Core 3.4.1.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NameIdPolicy {
    /// `Format`.
    pub format: Option<String>,
    /// `SPNameQualifier`.
    pub sp_name_qualifier: Option<String>,
    /// `AllowCreate`.
    pub allow_create: bool,
}

/// `RequestedAuthnContext` (Core 3.3.2.2.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestedAuthnContext {
    /// How the classes are to be compared.
    pub comparison: Comparison,
    /// The classes, most wanted first; empty where the request names declarations instead.
    pub class_refs: Vec<String>,
}

/// `Comparison` of a RequestedAuthnContext.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Comparison {
    /// One of those named.
    #[default]
    Exact,
    /// At least as strong as one of those named.
    Minimum,
    /// As strong as possible without exceeding one of those named.
    Maximum,
    /// Stronger than each of those named.
    Better,
}

impl Comparison {
    /// The attribute's value.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Better => "better",
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        [Self::Exact, Self::Minimum, Self::Maximum, Self::Better]
            .into_iter()
            .find(|c| c.as_str() == text)
    }
}

/// `Scoping` (Core 3.4.1.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scoping {
    /// `ProxyCount`.
    pub proxy_count: Option<u32>,
    /// `IDPEntry/@ProviderID`, in order.
    pub idp_list: Vec<String>,
    /// `RequesterID`, in order.
    pub requester_ids: Vec<String>,
}

/// An AuthnRequest to write for a portal.
#[derive(Clone, Copy, Debug)]
pub struct AuthnRequestToIssue<'a> {
    /// A fresh ID ([`crate::new_id`]).
    pub id: &'a str,
    /// Our entityID.
    pub issuer: &'a str,
    /// The portal's SingleSignOnService.
    pub destination: &'a str,
    /// Our assertion consumer service; the answer is asked for by HTTP-POST.
    pub acs_url: &'a str,
    /// The current instant.
    pub now: Time,
    /// The person must be authenticated afresh.
    pub force_authn: bool,
    /// The person must not be asked anything.
    pub is_passive: bool,
    /// `NameIDPolicy/@Format`; without it no NameIDPolicy is written.
    pub name_id_format: Option<&'a str>,
    /// Classes of a RequestedAuthnContext and how to compare them; none is written without classes.
    pub authn_context: &'a [&'a str],
    /// How `authn_context` is compared.
    pub comparison: Comparison,
    /// `Scoping/@ProxyCount`.
    pub proxy_count: Option<u32>,
    /// `Scoping/RequesterID`: on whose behalf we ask (eGov-083); empty by default.
    pub requester_ids: &'a [&'a str],
}
