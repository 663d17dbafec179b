//! Stage 1 of an access: what was posted to us, and which open flow it answers.
//!
//! Decides nothing about the message but who should have sent it: the portal that this browser's flow asked, or,
//! where nothing was asked, whoever the message claims (only to choose keys). Nothing is read of the message's
//! content.

use super::code::Code;
use super::engine::{Access, Traces};
use super::form;
use super::refusal::Refusal;
use crate::state::flow::{Asked, Flow, FlowToken};
use crate::trust::Portal;
use octroi_saml::{Check, response};

/// The most of a message, decoded, in bytes. Larger than any portal writes, smaller than what hurts.
pub const MAX_MESSAGE: usize = 256 * 1024;
/// RelayState that we take: bindings say 80 bytes, publishers send whole URLs (C19).
pub const MAX_RELAY_STATE: usize = 2048;

/// A posted Response, and what it should be the answer to.
#[derive(Debug)]
pub struct Received<'p> {
    /// The message's octets.
    pub xml: Vec<u8>,
    /// The portal whose keys count.
    pub portal: &'p Portal,
    /// Why it came.
    pub origin: Origin,
}

/// Why a Response came.
#[derive(Debug)]
pub enum Origin {
    /// This browser was sent to the portal.
    Asked(Flow, Asked),
    /// The portal began; its RelayState names the resource.
    Unsolicited(String),
}

/// Reads the form and finds the flow.
///
/// # Errors
/// [`Code::FormMalformed`], [`Code::FlowMissing`], the policy point's refusals, `unsolicited-refused`.
pub fn receive<'p>(access: &Access<'p>, traces: &mut Traces) -> Result<Received<'p>, Refusal> {
    let body = &access.incoming.body;
    let malformed = |e: form::FormError| Refusal::new(Code::FormMalformed, e.to_string());
    let encoded = form::octets(body, "SAMLResponse", MAX_MESSAGE * 2).map_err(malformed)?;
    let encoded =
        encoded.ok_or_else(|| Refusal::new(Code::FormMalformed, "SAMLResponse is missing"))?;
    let relay_state = form::text(body, "RelayState", MAX_RELAY_STATE)
        .map_err(malformed)?
        .unwrap_or_default();

    let trust = &access.pinned.trust;
    let token = FlowToken::parse(&relay_state);
    let flow = token.and_then(|token| {
        Flow::find(
            token,
            &access.incoming.cookies,
            &trust.gateway().sealer,
            access.seconds(),
        )
    });
    match flow.map(|flow| (flow.asked.clone(), flow)) {
        Some((Some(asked), flow)) => {
            traces.portal = Some(asked.portal.clone());
            let portal = trust
                .portal(&asked.portal, access.now)
                .map_err(|e| Refusal::portal(e, &asked.portal))?;
            Ok(Received {
                xml: decode(&encoded)?,
                portal,
                origin: Origin::Asked(flow, asked),
            })
        }
        Some((None, _)) => Err(Refusal::new(Code::FlowMissing, "no portal was asked yet")),
        None if token.is_some() => Err(Refusal::new(
            Code::FlowMissing,
            "this browser has no such flow, or not any more",
        )),
        None => {
            let xml = decode(&encoded)?;
            let issuer = response::unverified_issuer(&xml)?;
            let portal = trust
                .portal_by_entity(&issuer, access.now)
                .map_err(|e| Refusal::portal(e, &issuer))?;
            traces.portal = Some(portal.id.clone());
            if !portal.accept_unsolicited {
                return Err(octroi_saml::Refusal::new(Check::UnsolicitedRefused).into());
            }
            Ok(Received {
                xml,
                portal,
                origin: Origin::Unsolicited(relay_state),
            })
        }
    }
}

/// Base64 of the POST binding: line breaks are allowed, nothing else that is not base64.
pub(super) fn decode(encoded: &[u8]) -> Result<Vec<u8>, Refusal> {
    let text = std::str::from_utf8(encoded)
        .map_err(|_| octroi_saml::Refusal::new(Check::RedirectBase64))?;
    octroi_dsig::base64::decode(text, MAX_MESSAGE)
        .map_err(|_| octroi_saml::Refusal::new(Check::RedirectBase64).into())
}
