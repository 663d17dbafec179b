//! Issuing to a publisher: Responses, Assertions and refusals in signed form.
//!
//! Written in canonical form directly, so that the bytes hashed are the bytes sent; nothing is parsed to
//! sign. Every value goes through the escaping writer; a character that XML 1.0 cannot carry is an error.

mod assertion;
mod response;

pub(crate) use response::write_status;
pub use response::{write_response, write_status_response};

use crate::uri::status;
use crate::{Check, Time};
use std::borrow::Cow;
use std::fmt;

/// What one assertion says.
#[derive(Clone, Copy, Debug)]
pub struct AssertionToIssue<'a> {
    /// Our entityID as an identity provider.
    pub issuer: &'a str,
    /// The publisher's entityID.
    pub audience: &'a str,
    /// The publisher's assertion consumer service, from its metadata: Recipient and Destination.
    pub recipient: &'a str,
    /// The request that is answered; `None` for push (unsolicited).
    pub in_response_to: Option<&'a str>,
    /// The current instant: IssueInstant.
    pub now: Time,
    /// `Conditions/@NotBefore`; usually a little before `now`, for publishers whose clock is late.
    pub not_before: Time,
    /// Conditions' and the confirmation's NotOnOrAfter.
    pub not_on_or_after: Time,
    /// `ProxyRestriction/@Count`: one less than the portal's, where the portal set one (Core 2.5.1.6).
    pub proxy_count: Option<u32>,
    /// The name identifier.
    pub name_id: NameIdToIssue<'a>,
    /// `SessionIndex`.
    pub session_index: Option<&'a str>,
    /// `SessionNotOnOrAfter`.
    pub session_not_on_or_after: Option<Time>,
    /// When the portal authenticated the person, truthfully.
    pub authn_instant: Time,
    /// The portal's AuthnContextClassRef, truthfully.
    pub authn_context: &'a str,
    /// Who authenticated: the portal, and whoever it named before.
    pub authenticating_authorities: &'a [&'a str],
    /// The attributes; without any, no AttributeStatement is written.
    pub attributes: &'a [AttributeToIssue<'a>],
}

/// The name identifier of an issued assertion. Its `Debug` form leaves the identifier out.
#[derive(Clone, Copy)]
pub struct NameIdToIssue<'a> {
    /// The identifier.
    pub value: &'a str,
    /// Its format.
    pub format: &'a str,
    /// `NameQualifier`; for persistent identifiers our entityID.
    pub name_qualifier: Option<&'a str>,
    /// `SPNameQualifier`; for persistent identifiers the publisher's entityID.
    pub sp_name_qualifier: Option<&'a str>,
}

impl fmt::Debug for NameIdToIssue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameIdToIssue")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// One attribute of an issued assertion. Its `Debug` form tells how many values there are, not which.
#[derive(Clone, Copy)]
pub struct AttributeToIssue<'a> {
    /// `Name`.
    pub name: &'a str,
    /// `NameFormat`; usually [`crate::uri::format::ATTRIBUTE_BASIC`].
    pub name_format: &'a str,
    /// `FriendlyName`.
    pub friendly_name: Option<&'a str>,
    /// The values, in order. Never typed with `xsi:type`.
    pub values: &'a [Cow<'a, str>],
}

impl fmt::Debug for AttributeToIssue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttributeToIssue")
            .field("name", &self.name)
            .field("values", &self.values.len())
            .finish_non_exhaustive()
    }
}

/// What is signed for a publisher.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SignWhat {
    /// The Assertion (what GAR's publishers expect).
    #[default]
    Assertion,
    /// The Response (what saml2int asks for).
    Response,
    /// Both: two signatures.
    Both,
}

/// One Response with its assertion.
#[derive(Clone, Copy, Debug)]
pub struct ResponseToIssue<'a> {
    /// What it asserts; Destination is its recipient.
    pub assertion: AssertionToIssue<'a>,
    /// What is signed.
    pub sign: SignWhat,
    /// Whether our certificate is repeated in KeyInfo.
    pub include_certificate: bool,
}

/// What was issued, for the audit trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issued {
    /// The Response's ID.
    pub response_id: String,
    /// The Assertion's ID.
    pub assertion_id: String,
    /// Whether the assertion was encrypted.
    pub encrypted: bool,
}

/// A signed answer that refuses.
#[derive(Clone, Copy, Debug)]
pub struct StatusToIssue<'a> {
    /// Our entityID.
    pub issuer: &'a str,
    /// Where it goes.
    pub destination: &'a str,
    /// The request that is answered.
    pub in_response_to: Option<&'a str>,
    /// The current instant.
    pub now: Time,
    /// The status.
    pub status: Status<'a>,
    /// Whether our certificate is repeated in KeyInfo.
    pub include_certificate: bool,
}

/// A status to write: two codes of [`crate::uri::status`] and words without personal data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status<'a> {
    /// The top-level code.
    pub top: &'a str,
    /// The second-level code.
    pub second: Option<&'a str>,
    /// Words for the publisher's operator.
    pub message: Option<&'a str>,
}

impl Status<'static> {
    /// Success.
    pub const SUCCESS: Self = Self {
        top: status::SUCCESS,
        second: None,
        message: None,
    };
    /// The person would have to be asked something, which the request forbids.
    pub const NO_PASSIVE: Self = Self::responder(status::NO_PASSIVE);
    /// The request was understood and is refused.
    pub const REQUEST_DENIED: Self = Self::responder(status::REQUEST_DENIED);
    /// The portal could not authenticate the person.
    pub const AUTHN_FAILED: Self = Self::responder(status::AUTHN_FAILED);
    /// Not every session could be ended.
    pub const PARTIAL_LOGOUT: Self = Self {
        top: status::SUCCESS,
        second: Some(status::PARTIAL_LOGOUT),
        message: None,
    };

    const fn responder(second: &'static str) -> Self {
        Self {
            top: status::RESPONDER,
            second: Some(second),
            message: None,
        }
    }

    const fn requester(second: &'static str) -> Self {
        Self {
            top: status::REQUESTER,
            second: Some(second),
            message: None,
        }
    }

    /// How a publisher is told that its request failed this check (Core 3.2.2.2).
    pub const fn of_request(check: Check) -> Self {
        match check {
            Check::NameIdPolicy => Self::requester(status::INVALID_NAME_ID_POLICY),
            Check::AuthnContextUnmet => Self::responder(status::NO_AUTHN_CONTEXT),
            Check::SubjectRequested => Self::responder(status::UNKNOWN_PRINCIPAL),
            Check::ProxyingForbidden => Self::responder(status::PROXY_COUNT_EXCEEDED),
            Check::ProtocolBinding => Self::requester(status::UNSUPPORTED_BINDING),
            Check::VersionUnsupported => Self {
                top: status::VERSION_MISMATCH,
                second: None,
                message: None,
            },
            _ => Self::requester(status::REQUEST_DENIED),
        }
    }
}

/// Why nothing was issued. Holds no value of the message.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// An identifier is not an `xs:ID` (L14).
    #[error("{0} is not an xs:ID")]
    Id(&'static str),
    /// A value holds a character that XML 1.0 cannot carry.
    #[error("a value holds a character that XML cannot carry")]
    Character,
    /// The key refused to sign.
    #[error("signing failed")]
    Sign,
    /// Encryption to the publisher's key failed.
    #[error("encryption failed")]
    Encrypt,
}
