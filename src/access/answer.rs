//! What becomes of a refusal: a page in plain words, or the access begun anew.
//!
//! A double click or the back button posts a Response again. It is refused like any replay; but where this
//! browser carries the flow, the person sees neither an error over a success nor a second acceptance: the access
//! begins anew, once.

use super::engine::{Access, Traces};
use super::refusal::Refusal;
use super::tile::Tile;
use super::tile_first::RESTART;
use super::witness::What;
use crate::http::exchange::Outgoing;
use crate::pages::RefusalPage;
use crate::state::flow::{Flow, Purpose};
use crate::trust::Pinned;

/// The answer to a refused access.
#[must_use]
pub fn refusal(access: &Access<'_>, traces: &Traces, refusal: Refusal) -> Outgoing {
    let what = if refusal.restart_now {
        What::Restarted
    } else {
        What::Refused
    };
    // The person learns of a refusal whether or not the trail took the line.
    let _ = access.tell(what, traces, Some(&refusal));
    if let (true, Some(url)) = (refusal.restart_now, &refusal.restart) {
        return Outgoing::redirect(url.as_str());
    }
    let page = RefusalPage {
        language: access.incoming.language,
        code: refusal.code(),
        trace: access.incoming.trace,
        restart: refusal.restart.as_deref(),
        contact: access.pinned.trust.gateway().contact.as_deref(),
    };
    Outgoing::page(refusal.status(), page.render())
}

/// A repeated post of this browser's own flow: begin anew, the first time by itself.
#[must_use]
pub fn begin_anew(access: &Access<'_>, refusal: Refusal, flow: &Flow) -> Refusal {
    let mut refusal = refusal.with_restart(restart_of(flow, access.pinned));
    refusal.restart_now = flow.restarts == 0 && refusal.restart.is_some();
    refusal
}

/// Where the access of a flow begins anew: its tile, or the resource that the publisher guards.
#[must_use]
pub fn restart_of(flow: &Flow, pinned: &Pinned) -> Option<String> {
    match &flow.purpose {
        Purpose::Tile { resource, school } => {
            let ent = flow.asked.as_ref()?.ent.as_deref()?;
            let link = Tile::link(
                &pinned.trust.gateway().base_url,
                ent,
                school.as_deref(),
                resource,
            );
            Some(format!(
                "{link}&{RESTART}={}",
                flow.restarts.saturating_add(1)
            ))
        }
        Purpose::Publisher(request) => {
            let resource = pinned.snapshot().resource(request.resource.as_deref()?)?;
            Some(resource.access_url().to_owned())
        }
    }
}
