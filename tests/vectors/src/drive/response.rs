//! Responses: `octroi_saml::response::accept`, told what the gateway would tell it for the portal and the flow of `ctx`.
//! The value is the NameID, as for a portal whose policy is to name people by it.

use std::time::Duration;

use octroi_saml::Time;
use octroi_saml::response::{self, AcceptedAssertion, Expectations, InResponseTo};

use super::{Policy, Vector};
use crate::keys;
use crate::outcome::Outcome;

/// Public vectors are up to fifteen years old and their contexts freeze the clock anywhere inside their validity: the
/// legacy policy lifts octroi's own limits on age and lifetime, which SAML does not know.
pub(crate) const ANY_AGE: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Drives the row.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    let context = vector.context;
    let Some(now) = context.now.as_deref().and_then(|now| Time::parse(now).ok()) else {
        return Outcome::refused("ctx-without-clock");
    };
    let signing_keys = keys::public_keys(vector.base, context.idp_certs.as_deref().unwrap_or(&[]));
    let decryption_keys = keys::decryption_keys(vector.base, &context.dec_key);
    let mut expect = Expectations::strict(
        now,
        context.sp_entity_id.as_deref().unwrap_or_default(),
        context.acs.as_deref().unwrap_or_default(),
        context.idp_entity_id.as_deref().unwrap_or_default(),
        &signing_keys,
        match &context.request_id {
            Some(request) => InResponseTo::Required(request),
            None => InResponseTo::Unsolicited,
        },
    );
    if let Some(skew) = context.skew {
        expect.skew = Duration::try_from_secs_f64(skew).unwrap_or_default();
    }
    expect.decryption_keys = &decryption_keys;
    // The flow cookie matched: this browser is the one that was sent to the portal.
    expect.may_decrypt = true;
    expect.audience_may_be_absent = context.allow_no_audience;
    expect.algorithms = vector.policy.algorithms();
    if vector.policy == Policy::Legacy {
        expect.long_lifetimes = true;
        expect.max_age = ANY_AGE;
    }
    if context.request_id.is_none() && context.allow_unsolicited == Some(false) {
        return Outcome::refused("unsolicited-refused");
    }
    match response::accept(vector.message, &expect) {
        Ok(accepted) => identity(vector, &accepted),
        Err(refusal) => Outcome::refused(refusal.code()),
    }
}

/// Who was read. The two test policies stand for rules that the gateway applies to the attributes that it names people by.
fn identity(vector: &Vector<'_>, accepted: &AcceptedAssertion) -> Outcome {
    if vector.context.deny_duplicate_attributes {
        let mut names: Vec<&str> = accepted
            .attributes
            .iter()
            .map(|a| a.name.as_str())
            .collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return Outcome::refused("attribute-duplicate");
        }
    }
    Outcome::accepted(
        accepted
            .name_id
            .as_ref()
            .map(|name_id| name_id.value.clone())
            .unwrap_or_default(),
    )
}
