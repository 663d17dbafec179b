//! The middle stage: the signature over SignedInfo, or over a query, with each trusted key of the algorithm's kind.

use octroi_xml::c14n;

use super::shape::Shape;
use crate::{
    algorithm::SignatureAlgorithm,
    error::{KeysTried, SignatureError},
    fingerprint::Fingerprint,
    key::{PublicKey, SignedOctets},
    policy::{AlgorithmPolicy, LegacyUse},
};

/// Longest signature value in bytes: RSA of 8192 bits.
pub(crate) const MAX_SIGNATURE: usize = 1024;

/// Canonicalises SignedInfo and checks its signature.
pub(super) fn check(
    shape: &Shape<'_>,
    keys: &[PublicKey],
    policy: &AlgorithmPolicy,
) -> Result<(Fingerprint, LegacyUse), SignatureError> {
    let mut signed_info = Vec::with_capacity(2 * 1024);
    c14n::canonicalize(
        shape.signed_info,
        shape.signed_info_c14n.algorithm,
        &shape.signed_info_c14n.prefixes,
        None,
        &mut signed_info,
    )
    .map_err(|_| SignatureError::Canonicalization)?;
    if signed_info.is_empty() {
        return Err(SignatureError::Empty);
    }
    check_signature(
        shape.signature_algorithm,
        &signed_info,
        shape.signature_value(),
        keys,
        policy,
    )
}

/// Tries `keys` on a signature over `message`. The algorithm must be one the policy allows and picks the kind of key; the message is
/// hashed once.
pub(crate) fn check_signature(
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
    keys: &[PublicKey],
    policy: &AlgorithmPolicy,
) -> Result<(Fingerprint, LegacyUse), SignatureError> {
    if algorithm == SignatureAlgorithm::RsaSha1 && !policy.sha1 {
        return Err(SignatureError::SignatureMethod);
    }
    if keys.is_empty() {
        return Err(SignatureError::NoKey);
    }
    let kind = algorithm.key_kind();
    if keys.iter().all(|key| key.kind() != kind) {
        return Err(SignatureError::NoMatchingKey);
    }
    let signed = SignedOctets::new(algorithm, message);
    let mut tried = KeysTried::default();
    for key in keys {
        if key.kind() != kind || (key.is_small_rsa() && !policy.small_rsa) {
            continue;
        }
        if key.verifies(&signed, signature) {
            let legacy = LegacyUse {
                sha1: algorithm == SignatureAlgorithm::RsaSha1,
                small_rsa: key.is_small_rsa(),
                inclusive_c14n: false,
            };
            return Ok((key.fingerprint_value(), legacy));
        }
        tried.push(key.fingerprint_value());
    }
    if tried.count() == 0 {
        return Err(SignatureError::KeyTooSmall);
    }
    Err(SignatureError::Invalid { tried })
}
