//! Sessions end: by the portal's word, by a publisher's, by the person's.
//!
//! Sessions live in browsers, so ending one means remembering its mark ([`crate::state::revocation`]). A portal names
//! sessions by SessionIndex or NameID; a publisher by the SessionIndex that we gave it; the person by coming with the
//! cookies. Nobody ends a session with an unsigned message (C23, L17).

use super::code::Code;
use super::engine::{Access, Traces};
use super::refusal::Refusal;
use super::witness::What;
use crate::http::exchange::Outgoing;
use crate::pages::SignedOutPage;
use crate::state::journal::Fingerprint;
use crate::state::session::{self, MAX_SESSION_SECONDS, Session};

/// `GET /logout`: the person leaves. Every session of this browser ends, here and wherever its cookies were copied.
///
/// # Errors
/// When the end of a session could not be kept.
pub fn from_person(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let sealer = &access.pinned.trust.gateway().sealer;
    let sessions = Session::all(&access.incoming.cookies, sealer, &access.engine.ended, access.seconds());
    end(access, sessions.iter().map(Session::own_mark))?;
    let mut outgoing = Outgoing::page(200, SignedOutPage { language: access.incoming.language }.render());
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
