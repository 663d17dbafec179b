//! Stage 6: the assertion for the publisher, written and signed; and the refusal it understands.

use super::code::Code;
use super::engine::Access;
use super::entropy::Entropy;
use super::refusal::{Reason, Refusal};
use super::release::Released;
use super::resolve::Resolved;
use crate::http::exchange::Outgoing;
use crate::pages::form::{Field, write_form_page};
use crate::state::flow::PublisherRequest;
use crate::state::session::{Identity, MAX_SESSION_SECONDS};
use crate::trust::{Encrypt, Publisher};
use octroi_entitlements::Denied;
use octroi_saml::issue::{
    AssertionToIssue, AttributeToIssue, NameIdToIssue, ResponseToIssue, Status, StatusToIssue,
    write_response, write_status_response,
};
use octroi_saml::uri::{context, format, status};
use octroi_saml::{Check, Time};
use std::time::Duration;

/// How long a publisher may take to read its assertion.
const LIFETIME: Duration = Duration::from_secs(300);
/// How late a publisher's clock may be.
const ALLOWANCE: Duration = Duration::from_secs(60);

/// Where the answer goes, and to which request.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    /// An assertion consumer service of the publisher's metadata.
    pub acs: &'a str,
    /// The request that is answered; `None` for push.
    pub request: Option<&'a str>,
    /// RelayState, echoed.
    pub relay_state: Option<&'a str>,
    /// The session's name in this and later messages.
    pub session_index: &'a str,
}

/// Issues: the page that carries the Response, and the assertion's ID.
///
/// # Errors
/// [`Code::EncryptionKeyMissing`], [`Code::NotIssued`].
pub fn issue(
    access: &Access<'_>,
    identity: &Identity,
    portal_entity_id: &str,
    resolved: &Resolved<'_>,
    released: &Released<'_>,
    to: Destination<'_>,
    entropy: &mut Entropy,
) -> Result<(Outgoing, String), Refusal> {
    let publisher = resolved.publisher;
    let recipient = match (
        released.wants_encryption(publisher.encrypt),
        &publisher.recipient,
    ) {
        (true, None) if publisher.encrypt == Encrypt::Require => {
            return Err(Refusal::new(
                Code::EncryptionKeyMissing,
                format!("publisher {}", publisher.id),
            ));
        }
        (true, key) => key.as_ref(),
        (false, _) => None,
    };
    let issuer = access.pinned.trust.gateway().idp_entity_id.as_str();
    let persistent = released.name_id.format == format::PERSISTENT;
    let attributes: Vec<AttributeToIssue<'_>> = released
        .attributes
        .iter()
        .map(|attribute| AttributeToIssue {
            name: attribute.name,
            name_format: format::ATTRIBUTE_BASIC,
            friendly_name: None,
            values: &attribute.values,
        })
        .collect();
    let authorities = [portal_entity_id];
    let response = ResponseToIssue {
        assertion: AssertionToIssue {
            issuer,
            audience: &publisher.entity_id,
            recipient: to.acs,
            in_response_to: to.request,
            now: access.now,
            not_before: access.now.minus(ALLOWANCE),
            not_on_or_after: access.now.plus(LIFETIME),
            proxy_count: identity.proxy_count.map(|count| count.saturating_sub(1)),
            name_id: NameIdToIssue {
                value: &released.name_id.value,
                format: released.name_id.format,
                name_qualifier: persistent.then_some(issuer),
                sp_name_qualifier: persistent.then_some(publisher.entity_id.as_str()),
            },
            session_index: Some(to.session_index),
            session_not_on_or_after: Some(session_end(access.now, identity, resolved)),
            authn_instant: Time::from_unix_millis(identity.authn_instant),
            authn_context: identity
                .authn_context
                .as_deref()
                .unwrap_or(context::UNSPECIFIED),
            authenticating_authorities: &authorities,
            attributes: &attributes,
        },
        sign: publisher.sign,
        include_certificate: true,
    };
    let mut xml = Vec::new();
    let issued = write_response(&response, &*publisher.signer, recipient, entropy, &mut xml)
        .map_err(|error| Refusal::new(Code::NotIssued, error.to_string()))?;
    entropy.sound()?;
    Ok((posted(to.acs, &xml, to.relay_state), issued.assertion_id))
}

/// The earliest of the portal's own session, the entitlement and six hours.
fn session_end(now: Time, identity: &Identity, resolved: &Resolved<'_>) -> Time {
    let longest = now.plus(Duration::from_secs(MAX_SESSION_SECONDS.into()));
    let entitled = Time::from_unix_seconds(resolved.grant.until());
    let portal = identity.session_end.map_or(longest, Time::from_unix_millis);
    longest.min(entitled).min(portal)
}

/// A signed Response that refuses, for a publisher that asked and reads statuses.
///
/// # Errors
/// [`Code::NotIssued`].
pub fn refuse(
    access: &Access<'_>,
    publisher: &Publisher,
    request: &PublisherRequest,
    refusal: &Refusal,
) -> Result<Outgoing, Refusal> {
    let (top, second) = status_of(refusal);
    let words = format!(
        "octroi: {} (trace {})",
        refusal.code(),
        access.incoming.trace
    );
    let mut entropy = Entropy::default();
    let mut xml = Vec::new();
    let status = StatusToIssue {
        issuer: &access.pinned.trust.gateway().idp_entity_id,
        destination: &request.acs,
        in_response_to: Some(&request.id),
        now: access.now,
        status: Status {
            top,
            second: Some(second),
            message: Some(&words),
        },
        include_certificate: true,
    };
    write_status_response(&status, &*publisher.signer, &mut entropy, &mut xml)
        .map_err(|error| Refusal::new(Code::NotIssued, error.to_string()))?;
    entropy.sound()?;
    Ok(posted(&request.acs, &xml, request.relay_state.as_deref()))
}

/// The status codes (Core 3.2.2.2) by which a publisher's software understands a refusal.
fn status_of(refusal: &Refusal) -> (&'static str, &'static str) {
    match &refusal.reason {
        Reason::Gateway(Code::NoPassive, _) => (status::RESPONDER, status::NO_PASSIVE),
        Reason::Gateway(Code::NoPortal | Code::PortalDisabled, _) => {
            (status::RESPONDER, status::NO_AVAILABLE_IDP)
        }
        Reason::Gateway(..) => (status::RESPONDER, status::REQUEST_DENIED),
        Reason::Denied(Denied::UnknownPerson) => (status::RESPONDER, status::UNKNOWN_PRINCIPAL),
        Reason::Denied(_) => (status::RESPONDER, status::REQUEST_DENIED),
        Reason::Message(refusal) => match refusal.check() {
            Check::NameIdPolicy => (status::REQUESTER, status::INVALID_NAME_ID_POLICY),
            Check::AuthnContextUnmet => (status::REQUESTER, status::NO_AUTHN_CONTEXT),
            Check::ProxyingForbidden | Check::ProxyCountExhausted => {
                (status::RESPONDER, status::PROXY_COUNT_EXCEEDED)
            }
            Check::SubjectRequested => (status::REQUESTER, status::REQUEST_UNSUPPORTED),
            _ => (status::RESPONDER, status::AUTHN_FAILED),
        },
    }
}

fn posted(acs: &str, xml: &[u8], relay_state: Option<&str>) -> Outgoing {
    let mut page = Vec::with_capacity(xml.len() * 4 / 3 + 4096);
    write_form_page(acs, Field::Response, xml, relay_state, &mut page);
    Outgoing::form_page(page)
}
