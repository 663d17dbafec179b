//! A session: who signed in, carried by the browser in a sealed cookie; no table on our side.
//!
//! Classrooms share computers, so by default a session answers one thing only: the pull that its own tile
//! opened ([`Opening`], 5 minutes). Where the portal's policy says `session_reuse`, it answers other tiles
//! of that portal too, up to 6 hours. Each sign-in makes a new session with a new id (C27, L18).
//!
//! A session says *who*, never *what*: every issuance asks portal, publisher, person and entitlement again.

use super::flow::{clear_cookie, set_cookie};
use super::guard::fingerprint;
use super::journal::Fingerprint;
use super::revocation::Revocations;
use super::seal::{SealError, Sealer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// No session lives longer (seconds): 6 hours, `gar.md` §1.
pub const MAX_SESSION_SECONDS: u32 = 6 * 3600;
/// How long a tile keeps the way open for its publisher's own sign-in (seconds).
pub const OPENING_SECONDS: u32 = 300;
/// Sessions of one browser at a time.
pub const MAX_SESSIONS: usize = 8;
const PREFIX: &str = "__Host-octroi-session-";

/// Who signed in, and how, as the portal said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The portal's id in the configuration.
    pub portal: String,
    /// The ENT project, one of this portal's.
    pub ent: String,
    /// `GARPersonIdentifiant`.
    pub person: String,
    /// AuthnInstant (Unix milliseconds).
    pub authn_instant: i64,
    /// AuthnContextClassRef.
    pub authn_context: Option<String>,
    /// SessionNotOnOrAfter (Unix milliseconds).
    pub session_end: Option<i64>,
    /// What is left of the portal's ProxyRestriction after us.
    pub proxy_count: Option<u32>,
    /// The only audiences to which the portal lets its word be passed on; empty: everybody.
    pub proxy_audiences: Vec<Vec<String>>,
    /// ID of the portal's assertion, for the audit trail (S14).
    pub assertion_id: String,
}

/// The one thing that a session answers by default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The resource whose tile was opened.
    pub resource: String,
    /// The school that the tile named.
    pub school: Option<String>,
    /// Unix seconds.
    pub until: u32,
}

/// Somebody has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// 128 random bits.
    pub id: [u8; 16],
    /// Who.
    pub identity: Identity,
    /// Mark of the portal's SessionIndex, when it gave one.
    pub portal_session: Option<Fingerprint>,
    /// Mark of the portal's NameID, when it gave one.
    pub portal_name_id: Option<Fingerprint>,
    /// Unix seconds.
    pub opened: u32,
    /// Unix seconds; at most [`MAX_SESSION_SECONDS`] after `opened`.
    pub expires: u32,
    /// What it answers.
    pub opening: Option<Opening>,
}

/// The mark of a portal's SessionIndex.
#[must_use]
pub fn session_index_mark(portal: &str, index: &str) -> Fingerprint {
    fingerprint(b'i', portal, index)
}

/// The mark of a portal's NameID.
#[must_use]
pub fn name_id_mark(portal: &str, name_id: &str) -> Fingerprint {
    fingerprint(b'n', portal, name_id)
}

/// The mark of a session by the SessionIndex that we gave it.
#[must_use]
pub fn session_mark(index: &str) -> Fingerprint {
    fingerprint(b's', "", index)
}

impl Session {
    /// The name of its cookie.
    #[must_use]
    pub fn cookie(&self) -> String {
        format!("{PREFIX}{}", self.index())
    }

    /// The cookie to set: it ends with the browser, and inside with [`Session::expires`].
    ///
    /// # Errors
    /// [`SealError::TooLarge`], which the bounds on what a portal may send exclude.
    pub fn seal(&self, sealer: &Sealer) -> Result<String, SealError> {
        let name = self.cookie();
        let plain = postcard::to_allocvec(self).map_err(|_| SealError::Failed)?;
        Ok(set_cookie(&name, &sealer.seal(&name, &plain)?, None))
    }

    /// The marks under which this session can be ended.
    pub fn marks(&self) -> impl Iterator<Item = Fingerprint> {
        let own = self.own_mark();
        [Some(own), self.portal_session, self.portal_name_id]
            .into_iter()
            .flatten()
    }

    /// Its name towards publishers: the SessionIndex of what is issued from it.
    #[must_use]
    pub fn index(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.id)
    }

    /// The mark of this session alone.
    #[must_use]
    pub fn own_mark(&self) -> Fingerprint {
        session_mark(&self.index())
    }

    /// Every session of this browser that is alive, the newest first.
    #[must_use]
    pub fn all(
        cookies: &[(String, String)],
        sealer: &Sealer,
        ended: &Revocations,
        now: u32,
    ) -> Vec<Self> {
        let mut sessions: Vec<Self> = own(cookies)
            .filter_map(|(name, value)| {
                let session: Self = postcard::from_bytes(&sealer.open(name, value).ok()?).ok()?;
                let alive = session.cookie() == name
                    && session.expires > now
                    && session.expires - session.opened.min(session.expires) <= MAX_SESSION_SECONDS
                    && !session
                        .marks()
                        .any(|mark| ended.has_ended(&mark, session.opened));
                alive.then_some(session)
            })
            .collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.opened));
        sessions
    }

    /// The unexpired opening for `resource`, when this session has it.
    #[must_use]
    pub fn opening_for(&self, resource: &str, now: u32) -> Option<&Opening> {
        self.opening
            .as_ref()
            .filter(|opening| opening.resource == resource && opening.until > now)
    }
}

/// The cookies to clear so that a new session finds room: dead ones first, then the oldest.
#[must_use]
pub fn make_room(
    cookies: &[(String, String)],
    sealer: &Sealer,
    ended: &Revocations,
    now: u32,
) -> Vec<String> {
    if own(cookies).count() < MAX_SESSIONS {
        return Vec::new();
    }
    let kept: Vec<_> = Session::all(cookies, sealer, ended, now)
        .iter()
        .take(MAX_SESSIONS - 1)
        .map(Session::cookie)
        .collect();
    own(cookies)
        .filter(|(name, _)| !kept.iter().any(|k| k == name))
        .map(|(name, _)| clear_cookie(name))
        .collect()
}

/// The cookies to clear when the person signs out.
#[must_use]
pub fn clear_all(cookies: &[(String, String)]) -> Vec<String> {
    own(cookies).map(|(name, _)| clear_cookie(name)).collect()
}

fn own(cookies: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    cookies
        .iter()
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(n: u8, opened: u32) -> Session {
        Session {
            id: [n; 16],
            identity: Identity {
                portal: "ent".into(),
                ent: "B0".into(),
                person: "p".into(),
                authn_instant: 0,
                authn_context: None,
                session_end: None,
                proxy_count: None,
                proxy_audiences: Vec::new(),
                assertion_id: "_a".into(),
            },
            portal_session: Some(session_index_mark("ent", "s1")),
            portal_name_id: Some(name_id_mark("ent", "n1")),
            opened,
            expires: opened + MAX_SESSION_SECONDS,
            opening: Some(Opening {
                resource: "ark:/1/a".into(),
                school: None,
                until: opened + OPENING_SECONDS,
            }),
        }
    }

    fn carried(set_cookie: &str) -> (String, String) {
        let (name, rest) = set_cookie.split_once('=').unwrap();
        (name.into(), rest.split(';').next().unwrap().into())
    }

    #[test]
    fn lives_six_hours_at_most() {
        let sealer = Sealer::new(&[[1u8; 32]]).unwrap();
        let ended = Revocations::in_memory();
        let cookies = [carried(&session(1, 1000).seal(&sealer).unwrap())];
        assert_eq!(
            Session::all(&cookies, &sealer, &ended, 1000 + MAX_SESSION_SECONDS - 1).len(),
            1
        );
        assert_eq!(
            Session::all(&cookies, &sealer, &ended, 1000 + MAX_SESSION_SECONDS).len(),
            0
        );
    }

    #[test]
    fn each_mark_ends_it() {
        let sealer = Sealer::new(&[[1u8; 32]]).unwrap();
        let one = session(1, 1000);
        let cookies = [carried(&one.seal(&sealer).unwrap())];
        for mark in one.marks() {
            let ended = Revocations::in_memory();
            assert_eq!(Session::all(&cookies, &sealer, &ended, 1100).len(), 1);
            ended.end(mark, 1050, 99_999).unwrap();
            assert_eq!(Session::all(&cookies, &sealer, &ended, 1100).len(), 0);
        }
    }

    #[test]
    fn answers_only_the_pull_of_its_tile_and_in_time() {
        let one = session(1, 1000);
        assert!(one.opening_for("ark:/1/a", 1299).is_some());
        assert!(one.opening_for("ark:/1/a", 1300).is_none());
        assert!(one.opening_for("ark:/1/b", 1100).is_none());
    }

    #[test]
    fn the_cookie_has_no_max_age() {
        let sealer = Sealer::new(&[[1u8; 32]]).unwrap();
        let cookie = session(1, 1000).seal(&sealer).unwrap();
        assert!(
            cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=None")
                && !cookie.contains("Max-Age")
        );
    }
}
