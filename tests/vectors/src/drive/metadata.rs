//! Metadata: `octroi_saml::metadata::parse`. With `md_certs` as a federation's (signed, validUntil demanded and bounded),
//! without as a file that an operator configured; where such a file is signed, its signature must hold with the
//! certificate inside, so that a row about a broken signature is driven through the verifier.
//! The value is the entityIDs that can be used.

use std::time::Duration;

use octroi_saml::Time;
use octroi_saml::metadata::{MetadataPolicy, parse};

use super::request::Claims;
use super::{Policy, Vector};
use crate::keys;
use crate::outcome::Outcome;

/// The clock of rows without one, 2014-03-21T13:42:32Z: the public samples are of those years, and contexts that have a
/// clock freeze it there, too.
const SAMPLES: i64 = 1_395_409_352;

/// Drives the row.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    let context = vector.context;
    let keys = context
        .md_certs
        .as_ref()
        .map(|paths| keys::public_keys(vector.base, paths));
    let inside = Claims::read(vector.message);
    let now = match &context.now {
        None => Time::from_unix_seconds(SAMPLES),
        Some(now) => match Time::parse(now) {
            Ok(now) => now,
            Err(_) => return Outcome::refused("ctx-without-clock"),
        },
    };
    let days = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
    let mut policy = match &keys {
        Some(keys) => {
            MetadataPolicy::for_federation(now, keys, days(context.max_validity_days.unwrap_or(28)))
        }
        None => MetadataPolicy {
            signing_keys: inside.signed.then_some(inside.certificates.as_slice()),
            ..MetadataPolicy::for_trusted_file(now)
        },
    };
    policy.algorithms = vector.policy.algorithms();
    if vector.policy == Policy::Legacy {
        policy.https_only = false;
        policy.keys_required = false;
    }
    let metadata = match parse(vector.message, &policy) {
        Ok(metadata) => metadata,
        Err(refusal) => return Outcome::refused(refusal.code()),
    };
    if let Some(asked) = &context.asked
        && let Err(refusal) = metadata.entity(asked)
    {
        return Outcome::refused(refusal.code());
    }
    if let (true, Some(first)) = (metadata.entities.is_empty(), metadata.set_aside.first()) {
        return Outcome::refused(first.refusal.code());
    }
    // An operator configures a file as a portal's or as a publisher's; a file that is called an IdP's is a portal's.
    if vector.path.to_ascii_lowercase().contains("idp")
        && !metadata.entities.iter().any(|entity| entity.idp.is_some())
    {
        return Outcome::refused("not-a-portal");
    }
    let usable: Vec<&str> = metadata
        .entities
        .iter()
        .map(|entity| entity.entity_id.as_str())
        .collect();
    Outcome::accepted(usable.join(" "))
}
