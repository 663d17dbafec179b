//! `/idp/sso`: a publisher's AuthnRequest, which is also the second half of every pull.
//!
//! Which resource is meant is decided here, and it is always one of the publisher's own: RelayState when it is one
//! of its resource URLs, else its only resource, else the tile that this browser has open; else the person chooses.
//! Then a session answers where it may, or the browser goes to a portal.

use super::choose;
use super::code::Code;
use super::depart;
use super::engine::{Access, Traces};
use super::form;
use super::hand_over::{SignIn, Wanted, hand_over, portal_of, refuse_to_publisher};
use super::receive::{MAX_MESSAGE, MAX_RELAY_STATE, decode};
use super::refusal::Refusal;
use crate::http::exchange::{Method, Outgoing};
use crate::state::flow::{Flow, PublisherRequest, Purpose};
use crate::state::session::Session;
use crate::trust::{Portal, Publisher};
use octroi_dsig::AlgorithmPolicy;
use octroi_dsig::redirect::RawQuery;
use octroi_saml::Check;
use octroi_saml::authn_request::{AuthnRequest, DEFAULT_MAX_AGE, Received, RequestExpectations};
use octroi_saml::response::DEFAULT_SKEW;
use octroi_saml::uri::format;

/// The name identifier formats that a publisher can have.
const FORMATS: [&str; 3] = [format::TRANSIENT, format::PERSISTENT, format::UNSPECIFIED];

/// Answers a request, now or after the portal.
///
/// # Errors
/// The refusal, unless the publisher is to be told of it by a Status.
pub fn request(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let (received, relay_state) = match access.incoming.method {
        Method::Get => redirected(access)?,
        Method::Post => posted(access)?,
    };
    let issuer = received.unverified_issuer()?.to_owned();
    let publisher = access
        .pinned
        .trust
        .publisher_by_entity(&issuer, access.now)
        .map_err(|refused| Refusal::publisher(refused, &issuer))?;
    traces.publisher = Some(publisher.id.clone());
    let request = accept(access, publisher, &received)?;
    let acs = request.resolve_acs(&publisher.role)?.location.clone();
    let mut wish = PublisherRequest {
        publisher: publisher.id.clone(),
        id: request.id.clone(),
        acs,
        relay_state,
        resource: None,
        name_id_format: request
            .name_id_policy
            .as_ref()
            .and_then(|policy| policy.format.clone()),
        force_authn: request.force_authn,
        proxy_count: request
            .scoping
            .as_ref()
            .and_then(|scoping| scoping.proxy_count),
        idp_list: request
            .scoping
            .as_ref()
            .map(|scoping| scoping.idp_list.clone())
            .unwrap_or_default(),
    };
    if let Err(refusal) = request.check_wishes(&FORMATS) {
        return refuse_to_publisher(access, &wish, refusal.into(), traces);
    }
    let (sessions, flows) = carried(access);
    match meant(
        access,
        publisher,
        wish.relay_state.as_deref(),
        &sessions,
        &flows,
    ) {
        Meant::One(resource) => wish.resource = Some(resource),
        Meant::None => {
            let refusal = Refusal::new(
                Code::PublisherWithoutResource,
                format!("publisher {}", publisher.id),
            );
            return refuse_to_publisher(access, &wish, refusal, traces);
        }
        Meant::Several if request.is_passive => {
            return refuse_to_publisher(
                access,
                &wish,
                Refusal::new(Code::NoPassive, "the resource is not decided"),
                traces,
            );
        }
        Meant::Several => return choose::resource(access, wish, traces),
    }
    proceed(access, wish, request.is_passive, &sessions, &flows, traces)
}

/// The resource is decided: a session answers where it may; else the browser goes to a portal, or asks for it.
fn proceed(
    access: &Access<'_>,
    wish: PublisherRequest,
    is_passive: bool,
    sessions: &[Session],
    flows: &[Flow],
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    traces.resource.clone_from(&wish.resource);
    if !wish.force_authn
        && let Some((session, portal)) = answering(access, sessions, wish.resource.as_deref())
    {
        let sign_in = SignIn::continued(session);
        return hand_over(
            access,
            &session.identity,
            portal,
            &Wanted::Answer { request: wish },
            Some(sign_in),
            traces,
        );
    }
    if is_passive {
        return refuse_to_publisher(
            access,
            &wish,
            Refusal::new(Code::NoPassive, "nobody is signed in"),
            traces,
        );
    }
    match known_portal(access, &wish.idp_list, sessions, flows) {
        Ok(Some((portal, ent))) => depart::to_portal(
            access,
            portal,
            ent.as_deref(),
            Purpose::Publisher(Box::new(wish)),
            0,
            traces,
        ),
        Ok(None) => choose::portal(access, wish, traces),
        Err(refusal) => refuse_to_publisher(access, &wish, refusal, traces),
    }
}

/// The person chose the resource: the way goes on as if the request had named it.
///
/// # Errors
/// As [`request`].
pub(super) fn resource_chosen(
    access: &Access<'_>,
    wish: PublisherRequest,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    let (sessions, flows) = carried(access);
    proceed(access, wish, false, &sessions, &flows, traces)
}

/// What this browser carries of ours.
fn carried(access: &Access<'_>) -> (Vec<Session>, Vec<Flow>) {
    let (cookies, now) = (&access.incoming.cookies, access.seconds());
    let sealer = &access.pinned.trust.gateway().sealer;
    (
        Session::all(cookies, sealer, &access.engine.ended, now),
        Flow::all(cookies, sealer, now),
    )
}

/// A request by HTTP-Redirect: the raw octets of the query are what was signed.
fn redirected<'a>(access: &Access<'a>) -> Result<(Received<'a>, Option<String>), Refusal> {
    let query = access
        .incoming
        .query
        .as_deref()
        .filter(|query| !query.is_empty());
    let query = query.ok_or_else(|| Refusal::new(Code::RequestMissing, "no query"))?;
    let raw = RawQuery::parse(query).map_err(octroi_saml::Refusal::from)?;
    let relay_state = raw
        .relay_state()
        .map_err(octroi_saml::Refusal::from)?
        .map(std::borrow::Cow::into_owned);
    if relay_state
        .as_ref()
        .is_some_and(|state| state.len() > MAX_RELAY_STATE)
    {
        return Err(Refusal::new(Code::RelayStateTooLong, ""));
    }
    Ok((Received::redirect(raw)?, relay_state))
}

/// A request by HTTP-POST.
fn posted<'a>(access: &Access<'a>) -> Result<(Received<'a>, Option<String>), Refusal> {
    let body = &access.incoming.body;
    let malformed = |error: form::FormError| Refusal::new(Code::FormMalformed, error.to_string());
    let encoded = form::octets(body, "SAMLRequest", MAX_MESSAGE * 2).map_err(malformed)?;
    let encoded = encoded.ok_or_else(|| Refusal::new(Code::RequestMissing, "no SAMLRequest"))?;
    let relay_state = match form::text(body, "RelayState", MAX_RELAY_STATE) {
        Err(form::FormError::TooLong(_)) => return Err(Refusal::new(Code::RelayStateTooLong, "")),
        other => other.map_err(malformed)?,
    };
    Ok((Received::post(&decode(&encoded)?)?, relay_state))
}

fn accept(
    access: &Access<'_>,
    publisher: &Publisher,
    received: &Received<'_>,
) -> Result<AuthnRequest, Refusal> {
    let request = received.accept(&RequestExpectations {
        now: access.now,
        skew: DEFAULT_SKEW,
        destination: &access.pinned.trust.gateway().sso_url,
        publisher_entity_id: &publisher.entity_id,
        publisher: &publisher.role,
        algorithms: AlgorithmPolicy::default(),
        signature_required: publisher.want_signed_requests,
        max_age: DEFAULT_MAX_AGE,
    })?;
    Ok(request)
}

enum Meant {
    One(String),
    None,
    Several,
}

/// Which resource of this publisher is meant.
fn meant(
    access: &Access<'_>,
    publisher: &Publisher,
    relay_state: Option<&str>,
    sessions: &[Session],
    flows: &[Flow],
) -> Meant {
    let snapshot = access.pinned.snapshot();
    if let Some(resource) = relay_state.and_then(|url| snapshot.resource_by_url(&publisher.id, url))
    {
        return Meant::One(resource.id().to_owned());
    }
    let mut all = snapshot
        .resources_of(&publisher.id)
        .filter(|resource| !resource.disabled() && resource.valid_at(access.seconds().into()));
    match (all.next(), all.next()) {
        (None, _) => return Meant::None,
        (Some(only), None) => return Meant::One(only.id().to_owned()),
        _ => {}
    }
    let opened = sessions.iter().filter_map(|session| {
        session
            .opening
            .as_ref()
            .filter(|opening| opening.until > access.seconds())
            .map(|opening| opening.resource.as_str())
    });
    let begun = flows.iter().filter_map(|flow| match &flow.purpose {
        Purpose::Tile { resource, .. } => Some(resource.as_str()),
        Purpose::Publisher(_) => None,
    });
    let mut own = opened.chain(begun).filter(|id| {
        snapshot
            .resource(id)
            .is_some_and(|resource| resource.publisher().id() == publisher.id)
    });
    match own.next() {
        Some(first) if own.all(|other| other == first) => Meant::One(first.to_owned()),
        _ => Meant::Several,
    }
}

/// The session that may answer for this resource: the one whose tile opened it, else one of a portal whose
/// sessions answer further requests.
fn answering<'s, 'p>(
    access: &Access<'p>,
    sessions: &'s [Session],
    resource: Option<&str>,
) -> Option<(&'s Session, &'p Portal)> {
    let resource = resource?;
    let usable = || {
        sessions
            .iter()
            .filter_map(|session| portal_of(access, session).map(|portal| (session, portal)))
    };
    usable()
        .find(|(session, _)| session.opening_for(resource, access.seconds()).is_some())
        .or_else(|| usable().find(|(_, portal)| portal.session_reuse))
}

/// The portal to ask, where it can be known: named by the request, or of this browser's tiles, or the only one.
fn known_portal<'p>(
    access: &Access<'p>,
    idp_list: &[String],
    sessions: &[Session],
    flows: &[Flow],
) -> Result<Option<(&'p Portal, Option<String>)>, Refusal> {
    let trust = &access.pinned.trust;
    if !idp_list.is_empty() {
        let listed = idp_list
            .iter()
            .find_map(|entity| trust.portal_by_entity(entity, access.now).ok());
        return match listed {
            Some(portal) => Ok(Some((portal, None))),
            None => Err(octroi_saml::Refusal::new(Check::ProxyingForbidden).into()),
        };
    }
    let of_sessions = sessions
        .iter()
        .map(|session| (session.identity.portal.as_str(), None));
    let of_flows = flows
        .iter()
        .filter_map(|flow| flow.asked.as_ref())
        .map(|asked| (asked.portal.as_str(), asked.ent.clone()));
    let known = of_sessions
        .chain(of_flows)
        .find_map(|(id, ent)| Some((trust.portal(id, access.now).ok()?, ent)));
    if known.is_some() {
        return Ok(known);
    }
    let mut portals = trust.portals(access.now);
    match (portals.next(), portals.next()) {
        (None, _) => Err(Refusal::new(Code::NoPortal, "no portal is usable")),
        (Some(only), None) => Ok(Some((only, None))),
        _ => Ok(None),
    }
}
