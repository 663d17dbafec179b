//! Stage 2: the message's signature and every check of its content ([`octroi_saml::response::accept`]).
//!
//! This stage only says what must hold; the policy of the portal, and its dated exceptions, become
//! [`Expectations`] here and nowhere else.

use super::engine::{Access, Traces};
use super::receive::{Origin, Received};
use super::refusal::Refusal;
use crate::state::flow::Purpose;
use crate::trust::{Legacy, Pinned, Portal};
use octroi_saml::Time;
use octroi_saml::response::{
    self, AcceptedAssertion, DEFAULT_MAX_AGE, DEFAULT_MAX_LIFETIME, Expectations, InResponseTo,
};

/// A Response whose every check held.
#[derive(Debug)]
pub struct Verified<'p> {
    /// The portal that speaks.
    pub portal: &'p Portal,
    /// Why it came.
    pub origin: Origin,
    /// What it says.
    pub assertion: AcceptedAssertion,
}

/// Verifies.
///
/// # Errors
/// The check that failed.
pub fn verify<'p>(
    access: &Access<'p>,
    received: Received<'p>,
    traces: &mut Traces,
) -> Result<Verified<'p>, Refusal> {
    let Received {
        xml,
        portal,
        origin,
    } = received;
    let expectations = expectations(access.pinned, portal, &origin, access.now);
    let assertion = response::accept(&xml, &expectations)?;
    traces.upstream_assertion = Some(assertion.id.clone());
    traces.legacy = assertion.legacy_used;
    Ok(Verified {
        portal,
        origin,
        assertion,
    })
}

/// What a Response of this portal must match now.
#[must_use]
pub fn expectations<'a>(
    pinned: &'a Pinned,
    portal: &'a Portal,
    origin: &'a Origin,
    now: Time,
) -> Expectations<'a> {
    let gateway = pinned.trust.gateway();
    let in_response_to = match origin {
        Origin::Asked(_, asked) if Legacy::holds(portal.legacy.missing_in_response_to, now) => {
            InResponseTo::RequiredUnlessMissing(&asked.request_id)
        }
        Origin::Asked(_, asked) => InResponseTo::Required(&asked.request_id),
        Origin::Unsolicited(_) => InResponseTo::Unsolicited,
    };
    Expectations {
        now,
        skew: portal.skew,
        our_entity_id: &gateway.sp_entity_id,
        acs: &gateway.acs_url,
        portal_entity_id: &portal.entity_id,
        signing_keys: &portal.signing_keys,
        decryption_keys: &gateway.decryption_keys,
        algorithms: portal.legacy.algorithms(now),
        in_response_to,
        max_age: DEFAULT_MAX_AGE,
        max_lifetime: DEFAULT_MAX_LIFETIME,
        long_lifetimes: Legacy::holds(portal.legacy.long_lifetimes, now),
        demand: portal.demand,
        may_decrypt: matches!(origin, Origin::Asked(..)),
        downstream: downstream(pinned, origin, now),
        audience_may_be_absent: false,
    }
}

/// The publisher to which this will be passed on, where it is known already.
fn downstream<'a>(pinned: &'a Pinned, origin: &Origin, now: Time) -> Option<&'a str> {
    let publisher = match origin {
        Origin::Asked(flow, _) => match &flow.purpose {
            Purpose::Tile { resource, .. } => {
                pinned.snapshot().resource(resource)?.publisher().id()
            }
            Purpose::Publisher(request) => {
                return pinned
                    .trust
                    .publisher(&request.publisher, now)
                    .ok()
                    .map(|p| p.entity_id.as_str());
            }
        },
        Origin::Unsolicited(_) => return None,
    };
    pinned
        .trust
        .publisher(publisher, now)
        .ok()
        .map(|p| p.entity_id.as_str())
}
