//! Logout messages as they arrive: parsed, verified, checked.
//!
//! Nothing is believed without a signature, enveloped or of the query. [`Received::unverified_request`] is there to
//! look at a message's structure and must never end a session.

use super::{LogoutRequest, LogoutResponse};
use crate::hidden::holds_nothing_hidden;
use crate::read::{
    Source, fresh, head, is_identifier, issuer, name_id, optional_instant, sequence, text,
};
use crate::uri::{ns, status};
use crate::{Check, NameId, Refusal, Time};
use octroi_dsig::redirect::{self, RawQuery};
use octroi_dsig::{AlgorithmPolicy, DecryptionKey, PublicKey, Verified, verify};
use octroi_xml::{Document, Element, Limits, parse};
use std::time::Duration;

/// A message of the redirect binding may inflate to this.
const MAX_INFLATED: usize = 256 * 1024;

/// A logout message as it arrived, not yet believed.
#[derive(Debug)]
pub struct Received<'q> {
    document: Document,
    query: Option<RawQuery<'q>>,
    is_soap: bool,
}

/// What a logout message is checked against.
#[derive(Clone, Copy, Debug)]
pub struct LogoutExpectations<'a> {
    /// The current instant.
    pub now: Time,
    /// Clock difference that is forgiven; at most five minutes count.
    pub skew: Duration,
    /// The address that received the message.
    pub destination: &'a str,
    /// The partner that sent it, whose keys these are.
    pub partner_entity_id: &'a str,
    /// The partner's signing keys; all are tried.
    pub signing_keys: &'a [PublicKey],
    /// Our decryption keys, for an encrypted name identifier.
    pub decryption_keys: &'a [DecryptionKey],
    /// Algorithms accepted from this partner.
    pub algorithms: AlgorithmPolicy,
    /// How long after its IssueInstant a message is accepted.
    pub max_age: Duration,
}

impl<'q> Received<'q> {
    /// From a SOAP 1.1 envelope.
    ///
    /// # Errors
    /// A [`Refusal`] when it is not XML or not an envelope with one message in its Body.
    pub fn soap(xml: &[u8]) -> Result<Self, Refusal> {
        let document = parse(xml, &Limits::default())?;
        let received = Self {
            document,
            query: None,
            is_soap: true,
        };
        body_of(received.document.root()).ok_or(Refusal::new(Check::UnexpectedRoot))?;
        Ok(received)
    }

    /// From the octets of HTTP-POST (base64 decoded by the caller).
    ///
    /// # Errors
    /// A [`Refusal`] when it is not XML.
    pub fn post(xml: &[u8]) -> Result<Self, Refusal> {
        Ok(Self {
            document: parse(xml, &Limits::default())?,
            query: None,
            is_soap: false,
        })
    }

    /// From the query of HTTP-Redirect, which also holds the signature.
    ///
    /// # Errors
    /// A [`Refusal`] when it does not decode or is not XML.
    pub fn redirect(query: RawQuery<'q>) -> Result<Self, Refusal> {
        let document = parse(&query.message(MAX_INFLATED)?, &Limits::default())?;
        Ok(Self {
            document,
            query: Some(query),
            is_soap: false,
        })
    }

    fn message(&self) -> Element<'_> {
        let root = self.document.root();
        if self.is_soap {
            body_of(root).unwrap_or(root)
        } else {
            root
        }
    }

    /// The Issuer it claims: only to look up which partner to check it against.
    ///
    /// # Errors
    /// A [`Refusal`] when there is none or it is no plain text.
    pub fn unverified_issuer(&self) -> Result<&str, Refusal> {
        let element = self.message().first_child(ns::ASSERTION, "Issuer");
        issuer(&element.ok_or(Refusal::new(Check::IssuerMissing))?)
    }

    /// Checks a LogoutRequest and reads it.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that failed.
    pub fn accept_request(
        &self,
        expect: &LogoutExpectations<'_>,
    ) -> Result<LogoutRequest, Refusal> {
        self.is_a("LogoutRequest")?;
        match self.verified(expect)? {
            Some(message) => read_request(&message, expect, self.is_soap),
            None => read_request(&self.message(), expect, self.is_soap),
        }
    }

    /// Checks a LogoutResponse to our request `request_id` and reads it.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that failed; [`Check::StatusNotSuccess`] when the partner failed.
    pub fn accept_response(
        &self,
        request_id: &str,
        expect: &LogoutExpectations<'_>,
    ) -> Result<LogoutResponse, Refusal> {
        self.is_a("LogoutResponse")?;
        match self.verified(expect)? {
            Some(message) => read_response(&message, request_id, expect, self.is_soap),
            None => read_response(&self.message(), request_id, expect, self.is_soap),
        }
    }

    /// A LogoutRequest with every check but the signature's: for diagnosis and for vectors without one.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that failed.
    pub fn unverified_request(
        &self,
        expect: &LogoutExpectations<'_>,
    ) -> Result<LogoutRequest, Refusal> {
        self.is_a("LogoutRequest")?;
        read_request(&WithoutSignature(self.message()), expect, true)
    }

    /// A LogoutResponse with every check but the signature's: for diagnosis and for vectors without one.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that failed.
    pub fn unverified_response(
        &self,
        request_id: &str,
        expect: &LogoutExpectations<'_>,
    ) -> Result<LogoutResponse, Refusal> {
        self.is_a("LogoutResponse")?;
        read_response(&WithoutSignature(self.message()), request_id, expect, true)
    }

    fn is_a(&self, local_name: &str) -> Result<(), Refusal> {
        let message = self.message();
        if !message.is(ns::PROTOCOL, local_name) {
            return Err(Refusal::new(Check::UnexpectedRoot));
        }
        for child in message.elements() {
            if !child.is(ns::PROTOCOL, "Extensions") && !child.is(ns::DSIG, "Signature") {
                holds_nothing_hidden(child)?;
            }
        }
        Ok(())
    }

    /// The message under its enveloped signature; `None` when the query's signature, which held, covers it.
    fn verified(
        &self,
        expect: &LogoutExpectations<'_>,
    ) -> Result<Option<Verified<Element<'_>>>, Refusal> {
        let message = self.message();
        let enveloped = message
            .elements()
            .any(|child| child.is(ns::DSIG, "Signature"));
        match &self.query {
            Some(query) if query.has_signature() || !enveloped => {
                redirect::verify(query, expect.signing_keys, &expect.algorithms)?;
                if !enveloped {
                    return Ok(None);
                }
            }
            _ => {}
        }
        Ok(Some(verify(
            message,
            expect.signing_keys,
            &expect.algorithms,
        )?))
    }
}

/// The one element in the Body of a SOAP 1.1 envelope; headers are not ours to understand.
fn body_of(root: Element<'_>) -> Option<Element<'_>> {
    if !root.is(ns::SOAP, "Envelope") {
        return None;
    }
    let mut parts = root.elements().filter(|part| !part.is(ns::SOAP, "Header"));
    let body = parts.next().filter(|part| part.is(ns::SOAP, "Body"))?;
    let mut messages = body.elements();
    match (messages.next(), messages.next(), parts.next()) {
        (Some(message), None, None) => Some(message),
        _ => None,
    }
}

/// An element without its Signature child, for reading unverified structure.
#[derive(Clone, Copy)]
struct WithoutSignature<'d>(Element<'d>);

impl<'d> Source<'d> for WithoutSignature<'d> {
    fn is(&self, namespace: &str, local_name: &str) -> bool {
        self.0.is(namespace, local_name)
    }
    fn attribute(&self, local_name: &str) -> Option<&'d str> {
        self.0.attribute(local_name)
    }
    fn children(&self) -> impl Iterator<Item = Self> {
        self.0
            .elements()
            .filter(|child| !child.is(ns::DSIG, "Signature"))
            .map(Self)
    }
    fn text(&self) -> Result<&'d str, octroi_xml::NotText> {
        self.0.text()
    }
    fn decrypted(&self, keys: &[DecryptionKey], policy: &AlgorithmPolicy) -> Option<NameId> {
        Source::decrypted(&self.0, keys, policy)
    }
}

/// What both messages have: ID, age, Issuer, Destination. Returns the ID and the IssueInstant.
fn envelope<'d, S: Source<'d>>(
    message: &S,
    named: Option<S>,
    expect: &LogoutExpectations<'_>,
    is_soap: bool,
) -> Result<(&'d str, Time), Refusal> {
    let (id, issue_instant) = head(message)?;
    fresh(issue_instant, expect.now, expect.skew, expect.max_age)?;
    let named = issuer(&named.ok_or(Refusal::new(Check::IssuerMissing))?)?;
    if named != expect.partner_entity_id {
        return Err(Refusal::mismatch(
            Check::IssuerMismatch,
            expect.partner_entity_id,
            named,
        ));
    }
    match message.attribute("Destination") {
        Some(destination) if destination == expect.destination => Ok((id, issue_instant)),
        Some(other) => Err(Refusal::mismatch(
            Check::DestinationMismatch,
            expect.destination,
            other,
        )),
        // Bindings 3.4.5.2 and 3.5.5.2 demand it of signed messages that pass a browser; SOAP does not.
        None if is_soap => Ok((id, issue_instant)),
        None => Err(Refusal::new(Check::DestinationMissing)),
    }
}

fn read_request<'d, S: Source<'d>>(
    message: &S,
    expect: &LogoutExpectations<'_>,
    is_soap: bool,
) -> Result<LogoutRequest, Refusal> {
    let mut parts = sequence(message, "LogoutRequest");
    let (id, issue_instant) = envelope(
        message,
        parts.optional(ns::ASSERTION, "Issuer"),
        expect,
        is_soap,
    )?;
    let not_on_or_after = optional_instant(message, "NotOnOrAfter")?;
    if let Some(end) = not_on_or_after
        && expect.now >= end.plus(expect.skew.min(crate::response::MAX_SKEW))
    {
        return Err(Refusal::clock(Check::LogoutExpired, end, expect.now));
    }
    parts.optional(ns::PROTOCOL, "Extensions");
    let identifier = parts
        .optional_if(is_identifier)
        .ok_or(Refusal::new(Check::LogoutSubjectMissing))?;
    let name_id = if identifier.is(ns::ASSERTION, "NameID") {
        Some(name_id(&identifier)?)
    } else if identifier.is(ns::ASSERTION, "EncryptedID") {
        identifier.decrypted(expect.decryption_keys, &expect.algorithms)
    } else {
        return Err(Refusal::at(Check::NameIdInvalid, "BaseID"));
    };
    let mut session_indexes = Vec::new();
    while let Some(index) = parts.optional(ns::PROTOCOL, "SessionIndex") {
        session_indexes.push(text(&index, "SessionIndex")?.to_owned());
    }
    parts.end()?;
    Ok(LogoutRequest {
        id: id.to_owned(),
        issuer: expect.partner_entity_id.to_owned(),
        issue_instant,
        not_on_or_after,
        name_id,
        session_indexes,
    })
}

fn read_response<'d, S: Source<'d>>(
    message: &S,
    request_id: &str,
    expect: &LogoutExpectations<'_>,
    is_soap: bool,
) -> Result<LogoutResponse, Refusal> {
    let mut parts = sequence(message, "LogoutResponse");
    let (id, _) = envelope(
        message,
        parts.optional(ns::ASSERTION, "Issuer"),
        expect,
        is_soap,
    )?;
    match message.attribute("InResponseTo") {
        Some(request) if request == request_id => {}
        Some(_) => return Err(Refusal::new(Check::InResponseToMismatch)),
        None => return Err(Refusal::new(Check::InResponseToMissing)),
    }
    parts.optional(ns::PROTOCOL, "Extensions");
    let missing = Refusal::new(Check::StatusMissing);
    let state = parts
        .optional(ns::PROTOCOL, "Status")
        .ok_or(missing.clone())?;
    parts.end()?;
    let code = state
        .children()
        .next()
        .filter(|code| code.is(ns::PROTOCOL, "StatusCode"))
        .ok_or(missing.clone())?;
    let top = code.attribute("Value").ok_or(missing)?;
    let second = code
        .children()
        .next()
        .and_then(|second| second.attribute("Value"));
    if top != status::SUCCESS {
        return Err(Refusal::uri(Check::StatusNotSuccess, second.unwrap_or(top)));
    }
    Ok(LogoutResponse {
        id: id.to_owned(),
        issuer: expect.partner_entity_id.to_owned(),
        in_response_to: request_id.to_owned(),
        complete: second != Some(status::PARTIAL_LOGOUT),
    })
}
