//! `GET /domaineGar`: a tile was opened.
//!
//! Without a session that may answer, the browser goes to the portal that speaks for the tile's project. Another
//! project than the session's always signs in anew: classrooms share computers.

use super::code::Code;
use super::depart;
use super::engine::{Access, Traces};
use super::hand_over::{Wanted, hand_over, portal_of};
use super::refusal::Refusal;
use super::resolve::find;
use super::tile::Tile;
use crate::http::exchange::Outgoing;
use crate::state::flow::Purpose;
use crate::state::session::Session;
use crate::trust::Refused;

/// The query parameter of a link that begins an access anew, so that this happens once.
pub const RESTART: &str = "octroi-again";

/// Opens a tile.
///
/// # Errors
/// [`Code::TileMalformed`], [`Code::EntUnknown`], [`Code::ResourceUnknown`], the policy point's refusals, and
/// whatever [`hand_over`] refuses.
pub fn open(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let query = access.incoming.query.as_deref().unwrap_or_default();
    let tile = Tile::read(query)?;
    let gateway = access.pinned.trust.gateway();
    let restart = Tile::link(
        &gateway.base_url,
        &tile.ent,
        tile.school.as_deref(),
        &tile.resource,
    );
    enter(access, tile, restarts_of(query), traces).map_err(|refusal| {
        if refusal.restart.is_some() {
            refusal
        } else {
            refusal.with_restart(Some(restart))
        }
    })
}

fn enter(
    access: &Access<'_>,
    tile: Tile,
    restarts: u8,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    let trust = &access.pinned.trust;
    let portal = trust
        .portal_of(&tile.ent, access.now)
        .map_err(|refused| match refused {
            Refused::Unknown => Refusal::new(Code::EntUnknown, tile.ent.as_str()),
            other => Refusal::portal(other, &tile.ent),
        })?;
    traces.portal = Some(portal.id.clone());
    // Nobody is sent to sign in for something that does not exist or is switched off.
    let (resource, _) = find(access, &tile.resource, traces)?;
    let wanted = Wanted::tile(resource.id().to_owned(), tile.school.clone());
    let sealer = &trust.gateway().sealer;
    if portal.session_reuse && restarts == 0 {
        let sessions = Session::all(
            &access.incoming.cookies,
            sealer,
            &access.engine.ended,
            access.seconds(),
        );
        let own = sessions.iter().find(|session| {
            session.identity.portal == portal.id
                && session.identity.ent == tile.ent
                && portal_of(access, session).is_some()
        });
        if let Some(session) = own {
            let again = super::hand_over::SignIn::continued(session);
            return hand_over(
                access,
                &session.identity,
                portal,
                &wanted,
                Some(again),
                traces,
            );
        }
    }
    let purpose = Purpose::Tile {
        resource: resource.id().to_owned(),
        school: tile.school,
    };
    depart::to_portal(access, portal, Some(&tile.ent), purpose, restarts, traces)
}

/// How often this access has been begun anew, as our own link says; anything else is zero.
fn restarts_of(query: &str) -> u8 {
    super::form::text(query.as_bytes(), RESTART, 3)
        .ok()
        .flatten()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0)
}
