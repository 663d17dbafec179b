//! A publisher's AuthnRequest: parsed, its signature verified where there is one (and demanded where policy or
//! metadata say so), its claims checked. Where the answer goes is decided by metadata alone ([`super::wishes`]).

use super::{AuthnRequest, Comparison, NameIdPolicy, RequestedAuthnContext, Scoping};
use crate::hidden::holds_nothing_hidden;
use crate::metadata::SpRole;
use crate::read::{
    Source, boolean, fresh, head, issuer, number, optional_text_attribute, sequence, text,
};
use crate::uri::{binding, ns};
use crate::{Check, Refusal, Time, check_id};
use octroi_dsig::redirect::{self, MessageKind, RawQuery};
use octroi_dsig::{AlgorithmPolicy, LegacyUse, verify};
use octroi_xml::{Document, Limits, parse};
use std::time::Duration;

/// How long after its IssueInstant a request is accepted by default.
pub const DEFAULT_MAX_AGE: Duration = Duration::from_secs(600);
/// A message of the redirect binding may inflate to this.
const MAX_INFLATED: usize = 256 * 1024;
/// More requesters than this are no chain of proxies but a loop.
const MAX_REQUESTERS: usize = 16;

/// A request as it arrived, not yet believed.
#[derive(Debug)]
pub struct Received<'q> {
    document: Document,
    query: Option<RawQuery<'q>>,
}

/// What a request is checked against.
#[derive(Clone, Copy, Debug)]
pub struct RequestExpectations<'a> {
    /// The current instant.
    pub now: Time,
    /// Clock difference that is forgiven; at most five minutes count.
    pub skew: Duration,
    /// The address that received the request.
    pub destination: &'a str,
    /// The publisher whose metadata is `publisher`.
    pub publisher_entity_id: &'a str,
    /// Its metadata.
    pub publisher: &'a SpRole,
    /// Algorithms accepted from it.
    pub algorithms: AlgorithmPolicy,
    /// Whether a signature is demanded although its metadata does not say so.
    pub signature_required: bool,
    /// How long after its IssueInstant a request is accepted.
    pub max_age: Duration,
}

impl<'q> Received<'q> {
    /// From the octets of HTTP-POST (base64 decoded by the caller).
    ///
    /// # Errors
    /// A [`Refusal`] when it is not XML or not an AuthnRequest.
    pub fn post(xml: &[u8]) -> Result<Self, Refusal> {
        let document = parse(xml, &Limits::default())?;
        Self {
            document,
            query: None,
        }
        .of_the_right_kind()
    }

    /// From the query of HTTP-Redirect, which also holds the signature if there is one.
    ///
    /// # Errors
    /// A [`Refusal`] when it does not decode, is not XML or not an AuthnRequest.
    pub fn redirect(query: RawQuery<'q>) -> Result<Self, Refusal> {
        if query.kind() != MessageKind::Request {
            return Err(Refusal::new(Check::UnexpectedMessage));
        }
        let xml = query.message(MAX_INFLATED)?;
        let document = parse(&xml, &Limits::default())?;
        Self {
            document,
            query: Some(query),
        }
        .of_the_right_kind()
    }

    fn of_the_right_kind(self) -> Result<Self, Refusal> {
        if self.document.root().is(ns::PROTOCOL, "AuthnRequest") {
            Ok(self)
        } else {
            Err(Refusal::new(Check::UnexpectedRoot))
        }
    }

    /// The Issuer it claims: only to look up whose metadata to check it against.
    ///
    /// # Errors
    /// A [`Refusal`] when there is none or it is no plain text.
    pub fn unverified_issuer(&self) -> Result<&str, Refusal> {
        let element = self.document.root().first_child(ns::ASSERTION, "Issuer");
        issuer(&element.ok_or(Refusal::new(Check::IssuerMissing))?)
    }

    /// The ID it claims, for the correlation of logs only.
    pub fn unverified_id(&self) -> Option<&str> {
        self.document
            .root()
            .attribute("ID")
            .filter(|id| check_id(id).is_ok())
    }

    /// Checks the request and reads it.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that failed.
    pub fn accept(&self, expect: &RequestExpectations<'_>) -> Result<AuthnRequest, Refusal> {
        let root = self.document.root();
        for child in root.elements() {
            if !child.is(ns::PROTOCOL, "Extensions") && !child.is(ns::DSIG, "Signature") {
                holds_nothing_hidden(child)?;
            }
        }
        let keys = &expect.publisher.signing_keys;
        let query_signed = match &self.query {
            Some(query) if query.has_signature() => Some(
                redirect::verify(query, keys, &expect.algorithms)?
                    .info()
                    .legacy,
            ),
            _ => None,
        };
        if root.elements().any(|child| child.is(ns::DSIG, "Signature")) {
            let verified = verify(root, keys, &expect.algorithms)?;
            return read(&verified, Some(verified.info().legacy), expect);
        }
        if query_signed.is_none()
            && (expect.signature_required || expect.publisher.authn_requests_signed)
        {
            return Err(Refusal::new(Check::SignatureRequired));
        }
        read(&root, query_signed, expect)
    }
}

/// Reads in the schema's order, checking on the way.
fn read<'d, S: Source<'d>>(
    root: &S,
    signed: Option<LegacyUse>,
    expect: &RequestExpectations<'_>,
) -> Result<AuthnRequest, Refusal> {
    let (id, issue_instant) = head(root)?;
    fresh(issue_instant, expect.now, expect.skew, expect.max_age)?;
    let mut parts = sequence(root, "AuthnRequest");
    let named = parts
        .optional(ns::ASSERTION, "Issuer")
        .ok_or(Refusal::new(Check::IssuerMissing))?;
    let named = issuer(&named)?;
    if named != expect.publisher_entity_id {
        return Err(Refusal::mismatch(
            Check::IssuerMismatch,
            expect.publisher_entity_id,
            named,
        ));
    }
    match root.attribute("Destination") {
        Some(destination) if destination == expect.destination => {}
        Some(other) => {
            return Err(Refusal::mismatch(
                Check::DestinationMismatch,
                expect.destination,
                other,
            ));
        }
        None if signed.is_some() => return Err(Refusal::new(Check::DestinationMissing)),
        None => {}
    }
    parts.optional(ns::PROTOCOL, "Extensions");
    let names_subject = parts.optional(ns::ASSERTION, "Subject").is_some();
    let policy = parts.optional(ns::PROTOCOL, "NameIDPolicy");
    parts.optional(ns::ASSERTION, "Conditions");
    let context = parts.optional(ns::PROTOCOL, "RequestedAuthnContext");
    let scope = parts.optional(ns::PROTOCOL, "Scoping");
    parts.end()?;
    let protocol_binding = root.attribute("ProtocolBinding");
    if let Some(other) = protocol_binding.filter(|wanted| *wanted != binding::POST) {
        return Err(Refusal::uri(Check::ProtocolBinding, other));
    }
    let request = AuthnRequest {
        id: id.to_owned(),
        issuer: named.to_owned(),
        issue_instant,
        destination: optional_text_attribute(root, "Destination"),
        acs_url: optional_text_attribute(root, "AssertionConsumerServiceURL"),
        acs_index: number(root, "AssertionConsumerServiceIndex")?,
        protocol_binding: protocol_binding.map(str::to_owned),
        force_authn: boolean(root, "ForceAuthn")?.unwrap_or(false),
        is_passive: boolean(root, "IsPassive")?.unwrap_or(false),
        name_id_policy: policy.map(|policy| name_id_policy(&policy)).transpose()?,
        requested_authn_context: context
            .map(|context| requested_context(&context))
            .transpose()?,
        scoping: scope.map(|scope| scoping(&scope)).transpose()?,
        names_subject,
        signed: signed.is_some(),
        legacy_used: signed.unwrap_or_default(),
    };
    if request.acs_url.is_some() && request.acs_index.is_some() {
        return Err(Refusal::new(Check::AcsAmbiguous));
    }
    Ok(request)
}

fn name_id_policy<'d, S: Source<'d>>(element: &S) -> Result<NameIdPolicy, Refusal> {
    Ok(NameIdPolicy {
        format: optional_text_attribute(element, "Format"),
        sp_name_qualifier: optional_text_attribute(element, "SPNameQualifier"),
        allow_create: boolean(element, "AllowCreate")?.unwrap_or(false),
    })
}

fn requested_context<'d, S: Source<'d>>(element: &S) -> Result<RequestedAuthnContext, Refusal> {
    let comparison = match element.attribute("Comparison") {
        None => Comparison::Exact,
        Some(text) => {
            Comparison::from_text(text).ok_or(Refusal::at(Check::StructureInvalid, "Comparison"))?
        }
    };
    let mut children = sequence(element, "RequestedAuthnContext");
    let mut class_refs = Vec::new();
    while let Some(class) = children.optional(ns::ASSERTION, "AuthnContextClassRef") {
        class_refs.push(text(&class, "AuthnContextClassRef")?.to_owned());
    }
    while children
        .optional(ns::ASSERTION, "AuthnContextDeclRef")
        .is_some()
    {}
    children.end()?;
    Ok(RequestedAuthnContext {
        comparison,
        class_refs,
    })
}

fn scoping<'d, S: Source<'d>>(element: &S) -> Result<Scoping, Refusal> {
    let mut scoping = Scoping {
        proxy_count: number(element, "ProxyCount")?,
        ..Scoping::default()
    };
    let mut children = sequence(element, "Scoping");
    if let Some(list) = children.optional(ns::PROTOCOL, "IDPList") {
        for entry in list
            .children()
            .filter(|child| child.is(ns::PROTOCOL, "IDPEntry"))
        {
            let provider = entry
                .attribute("ProviderID")
                .ok_or(Refusal::at(Check::StructureInvalid, "IDPEntry"))?;
            scoping.idp_list.push(provider.to_owned());
        }
    }
    while let Some(requester) = children.optional(ns::PROTOCOL, "RequesterID") {
        scoping
            .requester_ids
            .push(text(&requester, "RequesterID")?.to_owned());
    }
    children.end()?;
    if scoping.requester_ids.len() > MAX_REQUESTERS {
        return Err(Refusal::at(Check::ProxyingForbidden, "RequesterID"));
    }
    Ok(scoping)
}
