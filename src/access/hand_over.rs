//! The second half of an access: from somebody known to the publisher's answer.
//!
//! Walked after a portal's Response and from a session alike, so that no way round a check exists: portal,
//! publisher, person and entitlement are asked again for every issuance (C28).

use super::Code;
use super::admit::Admitted;
use super::engine::{Access, Traces};
use super::entropy::Entropy;
use super::issue::{Destination, issue, refuse};
use super::refusal::Refusal;
use super::release::{pseudonym, release};
use super::resolve::{Resolved, resolve};
use super::tile::Tile;
use super::witness::What;
use crate::http::exchange::Outgoing;
use crate::state::flow::PublisherRequest;
use crate::state::session::{self, Identity, OPENING_SECONDS, Opening, Session};
use crate::trust::{Portal, RefusalChoice};
use octroi_entitlements::Delivery;
use octroi_saml::Time;

/// What somebody wants.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A resource, through its tile.
    Tile {
        /// Its name, in any form.
        resource: String,
        /// The school that narrows.
        school: Option<String>,
    },
    /// An answer to a publisher's request.
    Answer {
        /// The request, its resource decided.
        request: PublisherRequest,
    },
}

impl Wanted {
    /// A tile.
    #[must_use]
    pub fn tile(resource: String, school: Option<String>) -> Self {
        Self::Tile { resource, school }
    }
}

/// A sign-in that has just happened: it becomes a session where a later request may need one.
#[derive(Debug)]
pub struct SignIn {
    session: Session,
}

impl SignIn {
    /// A new session for somebody just admitted.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn fresh(access: &Access<'_>, admitted: &Admitted<'_>) -> Result<Self, Refusal> {
        let mut entropy = Entropy::default();
        let id = entropy.token();
        entropy.sound()?;
        let opened = access.seconds();
        let lifetime =
            u32::try_from(access.pinned.trust.gateway().session.as_secs()).unwrap_or(u32::MAX);
        let mut expires = opened.saturating_add(lifetime.min(session::MAX_SESSION_SECONDS));
        if let Some(end) = admitted.identity.session_end {
            expires = expires.min(u32::try_from(end.div_euclid(1000)).unwrap_or(opened));
        }
        Ok(Self {
            session: Session {
                id,
                identity: admitted.identity.clone(),
                portal_session: admitted.marks.session_index,
                portal_name_id: admitted.marks.name_id,
                opened,
                expires,
                opening: None,
            },
        })
    }
}

impl SignIn {
    /// A session that goes on: same id, same end; only what it answers may change.
    #[must_use]
    pub fn continued(session: &Session) -> Self {
        Self {
            session: session.clone(),
        }
    }
}

/// Hands the person over to the publisher, or refuses.
///
/// # Errors
/// The refusal, unless the publisher is to be told of it by a Status.
pub fn hand_over(
    access: &Access<'_>,
    identity: &Identity,
    portal: &Portal,
    wanted: &Wanted,
    sign_in: Option<SignIn>,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    traces.portal = Some(portal.id.clone());
    traces.ent = Some(identity.ent.clone());
    traces.person = Some(identity.person.clone());
    traces.upstream_assertion = Some(identity.assertion_id.clone());
    let (resource, school) = match wanted {
        Wanted::Tile { resource, school } => (resource.as_str(), school.as_deref()),
        // The publisher asks for what a tile opened: the school that the tile named still narrows.
        Wanted::Answer { request } => {
            let resource = request.resource.as_deref().unwrap_or_default();
            let opening = sign_in
                .as_ref()
                .and_then(|SignIn { session }| session.opening_for(resource, access.seconds()));
            (
                resource,
                opening.and_then(|opening| opening.school.as_deref()),
            )
        }
    };
    let granted =
        resolve(access, identity, resource, school, traces).and_then(|resolved| match wanted {
            Wanted::Tile { school, .. } if resolved.resource.delivery() == Delivery::Pull => {
                open_the_way(
                    access,
                    &resolved,
                    school.as_deref(),
                    sign_in.as_ref(),
                    traces,
                )
            }
            _ => answer(
                access,
                identity,
                portal,
                &resolved,
                wanted,
                sign_in.as_ref(),
                traces,
            ),
        });
    match (granted, wanted) {
        (Ok(outgoing), _) => {
            access
                .tell(What::Granted, traces, None)
                .map_err(|e| Refusal::new(Code::AuditUnavailable, e.to_string()))?;
            Ok(outgoing)
        }
        (Err(refusal), Wanted::Answer { request }) => {
            refuse_to_publisher(access, request, refusal, traces)
        }
        (Err(refusal), Wanted::Tile { resource, school }) => {
            let base = &access.pinned.trust.gateway().base_url;
            Err(refusal.with_restart(Some(Tile::link(
                base,
                &identity.ent,
                school.as_deref(),
                resource,
            ))))
        }
    }
}

/// A refusal reaches a publisher that reads statuses; else the person.
///
/// # Errors
/// The refusal, for the person's page.
pub fn refuse_to_publisher(
    access: &Access<'_>,
    request: &PublisherRequest,
    refusal: Refusal,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    let Ok(publisher) = access
        .pinned
        .trust
        .publisher(&request.publisher, access.now)
    else {
        return Err(refusal);
    };
    traces.publisher = Some(publisher.id.clone());
    let passive = matches!(refusal.reason, super::Reason::Gateway(Code::NoPassive, _));
    if publisher.refusal == RefusalChoice::Page && !passive {
        return Err(refusal);
    }
    let outgoing = refuse(access, publisher, request, &refusal)?;
    // The person is told by the publisher; whether the trail took the line changes nothing for a refusal.
    let _ = access.tell(What::Refused, traces, Some(&refusal));
    Ok(outgoing)
}

/// Pull: the session answers the publisher's own sign-in, and the browser goes to the resource.
fn open_the_way(
    access: &Access<'_>,
    resolved: &Resolved<'_>,
    school: Option<&str>,
    sign_in: Option<&SignIn>,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    let _ = pseudonym(access, resolved, traces);
    let mut outgoing = Outgoing::redirect(resolved.resource.access_url());
    if let Some(SignIn { session }) = sign_in {
        let mut session = session.clone();
        session.opening = Some(Opening {
            resource: resolved.resource.id().to_owned(),
            school: school.map(str::to_owned),
            until: access.seconds().saturating_add(OPENING_SECONDS),
        });
        keep(access, &session, &mut outgoing)?;
    }
    Ok(outgoing)
}

/// Push, and the answer to a request: release and issue.
fn answer(
    access: &Access<'_>,
    identity: &Identity,
    portal: &Portal,
    resolved: &Resolved<'_>,
    wanted: &Wanted,
    sign_in: Option<&SignIn>,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    let mut entropy = Entropy::default();
    let pseudonym = pseudonym(access, resolved, traces);
    let format = match wanted {
        Wanted::Answer { request } => request.name_id_format.as_deref(),
        Wanted::Tile { .. } => None,
    };
    let released = release(resolved, &pseudonym, format, &mut entropy)?;
    let session_index = match sign_in {
        Some(SignIn { session }) => session.index(),
        None => octroi_saml::new_id(&mut entropy),
    };
    let to = match wanted {
        Wanted::Answer { request } => Destination {
            acs: &request.acs,
            request: Some(&request.id),
            relay_state: request.relay_state.as_deref(),
            session_index: &session_index,
        },
        Wanted::Tile { .. } => Destination {
            acs: push_address(resolved)?,
            request: None,
            relay_state: Some(resolved.resource.access_url()),
            session_index: &session_index,
        },
    };
    let (mut outgoing, issued) = issue(
        access,
        identity,
        &portal.entity_id,
        resolved,
        &released,
        to,
        &mut entropy,
    )?;
    traces.issued_assertion = Some(issued);
    if let Some(SignIn { session }) = sign_in.filter(|_| portal.session_reuse) {
        keep(access, session, &mut outgoing)?;
    }
    Ok(outgoing)
}

/// Where a push goes: the endpoint that the directory names, else the default of the publisher's metadata.
fn push_address<'r>(resolved: &Resolved<'r>) -> Result<&'r str, Refusal> {
    let role = &resolved.publisher.role;
    let named = resolved.resource.acs_index().and_then(|index| {
        role.assertion_consumer
            .iter()
            .find(|acs| acs.index == index && acs.binding == octroi_saml::uri::binding::POST)
    });
    match named {
        Some(acs) => Ok(&acs.location),
        None => Ok(&role.default_acs()?.location),
    }
}

/// Sets the session's cookie, and makes room for it.
fn keep(access: &Access<'_>, session: &Session, outgoing: &mut Outgoing) -> Result<(), Refusal> {
    let sealer = &access.pinned.trust.gateway().sealer;
    let cookie = session
        .seal(sealer)
        .map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    outgoing.cookies.extend(session::make_room(
        &access.incoming.cookies,
        sealer,
        &access.engine.ended,
        access.seconds(),
    ));
    outgoing.cookies.push(cookie);
    Ok(())
}

/// The portal behind a session, through the policy point, when its word still counts.
#[must_use]
pub fn portal_of<'p>(access: &Access<'p>, session: &Session) -> Option<&'p Portal> {
    let portal = access
        .pinned
        .trust
        .portal(&session.identity.portal, access.now)
        .ok()?;
    let live = session
        .identity
        .session_end
        .is_none_or(|end| Time::from_unix_millis(end) > access.now);
    (live && portal.idents.contains(&session.identity.ent)).then_some(portal)
}
