//! Logout messages, by POST or by redirect: `octroi_saml::logout::Received`.
//!
//! octroi never acts on an unsigned logout. The public vectors are mostly unsigned messages whose label speaks of their
//! form, with a context that names no key; those go through every check but the signature's (`unverified_request`).
//! As soon as a context names keys, or the message holds a signature (with its certificate), the signature is demanded.

use std::time::Duration;

use octroi_saml::logout::{LogoutExpectations, Received};
use octroi_saml::{Check, Refusal, Time};

use super::Vector;
use super::request::{self, Claims};
use crate::keys;
use crate::outcome::Outcome;

/// Drives a message that came by POST.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    request::answer(Received::post(vector.message).and_then(|received| {
        let claims = Claims::read(vector.message);
        accept(vector, &received, &claims)
    }))
}

/// Checks a received message against the partner of the context. The value is whose session ends, or the answer's request.
pub(crate) fn accept(
    vector: &Vector<'_>,
    received: &Received<'_>,
    claims: &Claims,
) -> Result<String, Refusal> {
    let context = vector.context;
    let stated = context.idp_certs.as_ref().or(context.sp_certs.as_ref());
    let signing_keys = match stated {
        Some(paths) => keys::public_keys(vector.base, paths),
        None => claims.certificates.clone(),
    };
    let decryption_keys = keys::decryption_keys(vector.base, &context.dec_key);
    let partner = context
        .idp_entity_id
        .as_ref()
        .or(context.sp_entity_id.as_ref());
    let known = |stated: Option<&String>, claimed: &Option<String>| {
        stated.or(claimed.as_ref()).cloned().unwrap_or_default()
    };
    let now = known(context.now.as_ref(), &claims.issue_instant);
    let destination = known(context.endpoint.as_ref(), &claims.destination);
    let is_response = claims.root.as_deref() == Some("LogoutResponse");
    // Who sends a request is found by its Issuer; whose answer a response must be is known beforehand.
    let partner = match partner {
        None if is_response => return Err(Refusal::new(Check::IssuerMismatch)),
        stated => known(stated, &claims.issuer),
    };
    let expect = LogoutExpectations {
        now: Time::parse(&now).unwrap_or(Time::from_unix_seconds(0)),
        skew: Duration::try_from_secs_f64(context.skew.unwrap_or_default()).unwrap_or_default(),
        destination: &destination,
        partner_entity_id: &partner,
        signing_keys: &signing_keys,
        decryption_keys: &decryption_keys,
        algorithms: vector.policy.algorithms(),
        max_age: super::response::ANY_AGE,
    };
    let demanded = claims.signed || stated.is_some();
    if is_response {
        let request = known(context.request_id.as_ref(), &claims.in_response_to);
        let response = if demanded {
            received.accept_response(&request, &expect)?
        } else {
            received.unverified_response(&request, &expect)?
        };
        return Ok(response.in_response_to);
    }
    let request = if demanded {
        received.accept_request(&expect)?
    } else {
        received.unverified_request(&expect)?
    };
    Ok(request
        .name_id
        .map(|name_id| name_id.value)
        .unwrap_or_default())
}
