//! Sessions end: by the portal's word, by a publisher's, by the person's.
//!
//! Sessions live in browsers, so ending one means remembering its mark ([`crate::state::revocation`]). A portal names
//! sessions by SessionIndex or NameID; a publisher by the SessionIndex that we gave it; the person by coming with the
//! cookies. Nobody ends a session with an unsigned message (C23, L17).

use super::code::Code;
use super::engine::{Access, Traces};
use super::entropy::Entropy;
use super::form;
use super::receive::{MAX_MESSAGE, MAX_RELAY_STATE, decode};
use super::refusal::Refusal;
use super::witness::What;
use crate::http::exchange::{Kind, Method, Outgoing};
use crate::pages::SignedOutPage;
use crate::pages::form::{Field, write_form_page};
use crate::state::guard::{Claim, assertion_fingerprint};
use crate::state::journal::Fingerprint;
use crate::state::session::{
    self, MAX_SESSION_SECONDS, Session, name_id_mark, session_index_mark, session_mark,
};
use octroi_dsig::redirect::{MessageKind, RawQuery};
use octroi_dsig::{AlgorithmPolicy, Signer};
use octroi_saml::binding::redirect_url;
use octroi_saml::issue::Status;
use octroi_saml::logout::{
    LogoutExpectations, LogoutRequest, LogoutResponseToIssue, Received, soap_envelope,
    write_response,
};
use octroi_saml::metadata::Endpoint;
use octroi_saml::response::{DEFAULT_MAX_AGE, DEFAULT_SKEW};
use octroi_saml::uri::binding;

/// `POST /saml/slo`: a portal ends sessions, by SOAP (what `gar.md` §1 says portals do) or by the person's browser.
///
/// # Errors
/// The check that failed; nothing was ended then.
pub async fn from_portal(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let is_form =
        access.incoming.content_type.as_deref() == Some("application/x-www-form-urlencoded");
    let (received, relay_state) = if is_form {
        posted(access)?
    } else {
        (Received::soap(&access.incoming.body)?, None)
    };
    let issuer = received.unverified_issuer()?.to_owned();
    let gateway = access.pinned.trust.gateway();
    let portal = access
        .pinned
        .trust
        .portal_by_entity(&issuer, access.now)
        .map_err(|e| Refusal::portal(e, &issuer))?;
    traces.portal = Some(portal.id.clone());
    let request = received.accept_request(&LogoutExpectations {
        now: access.now,
        skew: portal.skew,
        destination: &gateway.sp_slo_url,
        partner_entity_id: &portal.entity_id,
        signing_keys: &portal.signing_keys,
        decryption_keys: &gateway.decryption_keys,
        algorithms: portal.legacy.algorithms(access.now),
        max_age: DEFAULT_MAX_AGE,
    })?;
    once(access, &request).await?;
    // Which sessions: those named by SessionIndex; without one, all of the person named.
    let by_index = request
        .session_indexes
        .iter()
        .map(|index| session_index_mark(&portal.id, index));
    let by_name = request
        .name_id
        .iter()
        .filter(|_| request.session_indexes.is_empty());
    end(
        access,
        by_index.chain(by_name.map(|name| name_id_mark(&portal.id, &name.value))),
    )?;
    let _ = access.tell(What::LoggedOut, traces, None);
    if !is_form {
        let response = answer(
            access,
            &gateway.sp_entity_id,
            None,
            &request,
            Some(&*portal.signer),
        )?;
        return Ok(Outgoing::new(200, Kind::Soap, soap_envelope(&response)));
    }
    let asker = Asker {
        us: &gateway.sp_entity_id,
        endpoints: &portal.single_logout,
        signer: &*portal.signer,
    };
    let mut outgoing = tell(access, &asker, &request, relay_state.as_deref())?;
    outgoing.cookies = session::clear_all(&access.incoming.cookies);
    Ok(outgoing)
}

/// `/idp/slo`: a publisher ends the session that its assertion named, through the person's browser.
///
/// # Errors
/// The check that failed; nothing was ended then.
pub async fn from_publisher(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let (received, relay_state) = match access.incoming.method {
        Method::Get => redirected(access)?,
        Method::Post => posted(access)?,
    };
    let issuer = received.unverified_issuer()?.to_owned();
    let gateway = access.pinned.trust.gateway();
    let publisher = access
        .pinned
        .trust
        .publisher_by_entity(&issuer, access.now)
        .map_err(|e| Refusal::publisher(e, &issuer))?;
    traces.publisher = Some(publisher.id.clone());
    let request = received.accept_request(&LogoutExpectations {
        now: access.now,
        skew: DEFAULT_SKEW,
        destination: &gateway.idp_slo_url,
        partner_entity_id: &publisher.entity_id,
        signing_keys: &publisher.role.signing_keys,
        decryption_keys: &gateway.decryption_keys,
        algorithms: AlgorithmPolicy::default(),
        max_age: DEFAULT_MAX_AGE,
    })?;
    once(access, &request).await?;
    end(
        access,
        request
            .session_indexes
            .iter()
            .map(|index| session_mark(index)),
    )?;
    let _ = access.tell(What::LoggedOut, traces, None);
    let asker = Asker {
        us: &gateway.idp_entity_id,
        endpoints: &publisher.role.single_logout,
        signer: &*publisher.signer,
    };
    let mut outgoing = tell(access, &asker, &request, relay_state.as_deref())?;
    outgoing.cookies = session::clear_all(&access.incoming.cookies);
    Ok(outgoing)
}

/// Whom a logout through the browser is answered to.
struct Asker<'a> {
    /// The entityID by which it knows us.
    us: &'a str,
    /// Its endpoints for logout.
    endpoints: &'a [Endpoint],
    /// What signs for it.
    signer: &'a dyn Signer,
}

/// The answer takes the way the request came where the asker's metadata has it, else the other way through the
/// browser (node-saml asks by redirect and publishes an endpoint for POST alone); where it has neither, the person
/// sees our page.
fn tell(
    access: &Access<'_>,
    asker: &Asker<'_>,
    request: &LogoutRequest,
    relay_state: Option<&str>,
) -> Result<Outgoing, Refusal> {
    let ways = match access.incoming.method {
        Method::Get => [binding::REDIRECT, binding::POST],
        Method::Post => [binding::POST, binding::REDIRECT],
    };
    let endpoint = ways
        .iter()
        .find_map(|way| asker.endpoints.iter().find(|e| e.binding == *way));
    let Some(endpoint) = endpoint else {
        return Ok(signed_out(access));
    };
    let to = endpoint
        .response_location
        .as_deref()
        .unwrap_or(&endpoint.location);
    if endpoint.binding == binding::POST {
        let xml = answer(access, asker.us, Some(to), request, Some(asker.signer))?;
        return Ok(by_form(to, &xml, relay_state));
    }
    let xml = answer(access, asker.us, Some(to), request, None)?;
    let url = redirect_url(
        to,
        MessageKind::Response,
        &xml,
        relay_state,
        Some(asker.signer),
    )
    .map_err(|error| Refusal::new(Code::NotIssued, error.to_string()))?;
    Ok(Outgoing::redirect(url))
}

/// A LogoutRequest counts once: posted again it would end what was opened since.
async fn once(access: &Access<'_>, request: &LogoutRequest) -> Result<(), Refusal> {
    let claim = Claim {
        assertion: assertion_fingerprint(&request.issuer, &request.id),
        request: None,
        now: access.seconds(),
        until: access.seconds().saturating_add(MAX_SESSION_SECONDS),
    };
    Ok(access.engine.guard.claim(claim).await?)
}

fn answer(
    access: &Access<'_>,
    issuer: &str,
    destination: Option<&str>,
    request: &LogoutRequest,
    signer: Option<&dyn Signer>,
) -> Result<Vec<u8>, Refusal> {
    let mut entropy = Entropy::default();
    let id = octroi_saml::new_id(&mut entropy);
    entropy.sound()?;
    let mut xml = Vec::new();
    let response = LogoutResponseToIssue {
        id: &id,
        issuer,
        destination,
        in_response_to: &request.id,
        now: access.now,
        status: Status::SUCCESS,
    };
    write_response(&response, signer, &mut xml)
        .map_err(|error| Refusal::new(Code::NotIssued, error.to_string()))?;
    Ok(xml)
}

fn by_form(to: &str, xml: &[u8], relay_state: Option<&str>) -> Outgoing {
    let mut page = Vec::new();
    write_form_page(to, Field::Response, xml, relay_state, &mut page);
    Outgoing::form_page(page)
}

fn redirected<'a>(access: &Access<'a>) -> Result<(Received<'a>, Option<String>), Refusal> {
    let query = access.incoming.query.as_deref().unwrap_or_default();
    let raw = RawQuery::parse(query).map_err(octroi_saml::Refusal::from)?;
    let relay_state = raw
        .relay_state()
        .map_err(octroi_saml::Refusal::from)?
        .map(std::borrow::Cow::into_owned);
    Ok((
        Received::redirect(raw)?,
        relay_state.filter(|state| state.len() <= MAX_RELAY_STATE),
    ))
}

fn posted<'a>(access: &Access<'a>) -> Result<(Received<'a>, Option<String>), Refusal> {
    let malformed = |error: form::FormError| Refusal::new(Code::LogoutMalformed, error.to_string());
    let body = &access.incoming.body;
    let encoded = form::octets(body, "SAMLRequest", MAX_MESSAGE * 2).map_err(malformed)?;
    let encoded =
        encoded.ok_or_else(|| Refusal::new(Code::LogoutMalformed, "SAMLRequest is missing"))?;
    let relay_state = form::text(body, "RelayState", MAX_RELAY_STATE).map_err(malformed)?;
    Ok((Received::post(&decode(&encoded)?)?, relay_state))
}

fn signed_out(access: &Access<'_>) -> Outgoing {
    Outgoing::page(
        200,
        SignedOutPage {
            language: access.incoming.language,
        }
        .render(),
    )
}

/// `GET /logout`: the person leaves. Every session of this browser ends, here and wherever its cookies were copied.
///
/// # Errors
/// When the end of a session could not be kept.
pub fn from_person(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let sealer = &access.pinned.trust.gateway().sealer;
    let sessions = Session::all(
        &access.incoming.cookies,
        sealer,
        &access.engine.ended,
        access.seconds(),
    );
    end(access, sessions.iter().map(Session::own_mark))?;
    let mut outgoing = signed_out(access);
    outgoing.cookies = session::clear_all(&access.incoming.cookies);
    let _ = access.tell(What::LoggedOut, traces, None);
    Ok(outgoing)
}

/// Remembers that sessions have ended, for as long as a cookie could still carry one.
fn end(access: &Access<'_>, marks: impl Iterator<Item = Fingerprint>) -> Result<(), Refusal> {
    let until = access.seconds().saturating_add(MAX_SESSION_SECONDS);
    for mark in marks {
        access
            .engine
            .ended
            .end(mark, access.seconds(), until)
            .map_err(|error| Refusal::new(Code::GuardUnavailable, error.kind().to_string()))?;
    }
    Ok(())
}
