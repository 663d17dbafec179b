//! Everything that outlives one access, and the one entry to it.
//!
//! The engine pins a registry and a directory, takes the time once, hands both down, and turns what comes back
//! into an answer. It decides nothing itself.

use super::witness::{Event, What, Witness};
use super::{answer, choose, consume, logout, publisher_first, tile_first};
use crate::access::refusal::Refusal;
use crate::clock::Clock;
use crate::http::exchange::{Answer, Endpoint, Incoming, Kind, Outgoing};
use crate::state::flow::{Flow, FlowToken};
use crate::state::guard::ReplayGuard;
use crate::state::rate::SignInRate;
use crate::state::revocation::Revocations;
use crate::trust::{Current, Pinned};
use octroi_saml::Time;
use octroi_saml::response::LegacyUse;
use std::sync::Arc;

/// The gateway without its sockets.
#[derive(Debug)]
pub struct Engine {
    /// The registry and directory in force.
    pub current: Current,
    /// One-time use.
    pub guard: Arc<dyn ReplayGuard>,
    /// Sessions that were ended.
    pub ended: Revocations,
    /// Sign-ins that may be started.
    pub rate: SignInRate,
    /// The time.
    pub clock: Clock,
    /// Who is told.
    pub witness: Arc<dyn Witness>,
}

/// What one access works with: fixed from its beginning to its end.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The gateway.
    pub engine: &'a Engine,
    /// Registry and directory, pinned.
    pub pinned: &'a Pinned,
    /// The request.
    pub incoming: &'a Incoming,
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// The time at its beginning.
    pub now: Time,
}

/// What is known of an access so far: filled stage by stage, told to the witness at its end, whatever the end.
#[derive(Debug, Default)]
pub struct Traces {
    /// The portal's id.
    pub portal: Option<String>,
    /// The publisher's id.
    pub publisher: Option<String>,
    /// The resource's id.
    pub resource: Option<String>,
    /// The ENT project.
    pub ent: Option<String>,
    /// The person.
    pub person: Option<String>,
    /// IDO.
    pub pseudonym: Option<octroi_entitlements::Pseudonym>,
    /// The portal's assertion.
    pub upstream_assertion: Option<String>,
    /// Ours.
    pub issued_assertion: Option<String>,
    /// Exceptions that were needed.
    pub legacy: LegacyUse,
}

impl Access<'_> {
    /// The time in Unix seconds, as cookies and the guard count.
    #[must_use]
    pub fn seconds(&self) -> u32 {
        u32::try_from(self.now.unix_seconds()).unwrap_or(u32::MAX)
    }

    /// Tells the witness.
    ///
    /// # Errors
    /// When the event could not be kept and policy is `block`.
    pub fn tell(
        &self,
        what: What,
        traces: &Traces,
        refusal: Option<&Refusal>,
    ) -> Result<(), super::witness::NotKept> {
        let detail = refusal.map(Refusal::detail).unwrap_or_default();
        self.engine.witness.witness(&Event {
            what,
            time: self.now,
            trace: self.incoming.trace,
            endpoint: self.endpoint,
            code: refusal.map(Refusal::code),
            detail: &detail,
            portal: traces.portal.as_deref(),
            publisher: traces.publisher.as_deref(),
            resource: traces.resource.as_deref(),
            ent: traces.ent.as_deref(),
            person: traces.person.as_deref(),
            pseudonym: traces
                .pseudonym
                .as_ref()
                .map(octroi_entitlements::Pseudonym::as_str),
            upstream_assertion: traces.upstream_assertion.as_deref(),
            issued_assertion: traces.issued_assertion.as_deref(),
            generation: self.pinned.snapshot().generation(),
            overlay: self.pinned.directory.overlay().last_sequence(),
            legacy: traces.legacy,
            elapsed: self.incoming.received.elapsed(),
        })
    }
}

impl Engine {
    /// Answers one request.
    pub async fn handle(&self, endpoint: Endpoint, incoming: Incoming) -> Outgoing {
        let pinned = self.current.pin();
        let access = Access {
            engine: self,
            pinned: &pinned,
            incoming: &incoming,
            endpoint,
            now: self.clock.now(),
        };
        let mut traces = Traces::default();
        let outcome = match endpoint {
            Endpoint::SpMetadata => Ok(metadata(&pinned.trust.gateway().sp_metadata)),
            Endpoint::IdpMetadata => Ok(metadata(&pinned.trust.gateway().idp_metadata)),
            Endpoint::Tile => tile_first::open(&access, &mut traces),
            Endpoint::AssertionConsumer => consume::response(&access, &mut traces).await,
            Endpoint::SingleSignOn => publisher_first::request(&access, &mut traces),
            Endpoint::Choose => choose::chosen(&access, &mut traces),
            Endpoint::PortalLogout => logout::from_portal(&access, &mut traces).await,
            Endpoint::PublisherLogout => logout::from_publisher(&access, &mut traces).await,
            Endpoint::Logout => logout::from_person(&access, &mut traces),
        };
        outcome.unwrap_or_else(|refusal| answer::refusal(&access, &traces, refusal))
    }
}

impl Answer for Engine {
    async fn answer(&self, endpoint: Endpoint, incoming: Incoming) -> Outgoing {
        self.handle(endpoint, incoming).await
    }

    fn restart_link(&self, endpoint: Endpoint, incoming: &Incoming) -> Option<String> {
        let pinned = self.current.pin();
        let gateway = pinned.trust.gateway();
        match endpoint {
            Endpoint::Tile => {
                let query = incoming.query.as_deref()?;
                let tile = super::tile::Tile::read(query).ok()?;
                Some(super::tile::Tile::link(
                    &gateway.base_url,
                    &tile.ent,
                    tile.school.as_deref(),
                    &tile.resource,
                ))
            }
            Endpoint::AssertionConsumer => {
                let relay = super::form::text(&incoming.body, "RelayState", 80).ok()??;
                let now = u32::try_from(self.clock.now().unix_seconds()).ok()?;
                let flow = Flow::find(
                    FlowToken::parse(&relay)?,
                    &incoming.cookies,
                    &gateway.sealer,
                    now,
                )?;
                answer::restart_of(&flow, &pinned)
            }
            _ => None,
        }
    }
}

fn metadata(text: &bytes::Bytes) -> Outgoing {
    Outgoing::new(200, Kind::Metadata, text.clone())
}
