//! Verifying an enveloped signature, in the order of rising cost: shape, signature over SignedInfo, digest of the content. A stage
//! takes only what the one before gave it, so none can be left out. Nothing here reads `KeyInfo` (C5, K1).

mod content;
mod methods;
mod pss;
mod shape;
mod signature;

use octroi_xml::Element;

use crate::{
    error::SignatureError,
    key::PublicKey,
    policy::AlgorithmPolicy,
    verified::{Verified, VerifiedInfo},
};

pub(crate) use signature::{MAX_SIGNATURE, check_signature};

/// Verifies the enveloped signature of `parent` with the keys of whoever must have signed it.
///
/// `parent` is an element of SAML's assertion, protocol or metadata namespace; its one Signature must be where the schema puts it
/// (after `Issuer`; first in metadata) and refer to it. Each key of the algorithm's kind is tried (K10).
///
/// # Errors
/// [`SignatureError`], one variant per cause. Shape and algorithms are refused before anything is computed.
pub fn verify<'d>(
    parent: Element<'d>,
    keys: &[PublicKey],
    policy: &AlgorithmPolicy,
) -> Result<Verified<Element<'d>>, SignatureError> {
    let shape = shape::read(parent, policy)?;
    let (key, mut legacy) = signature::check(&shape, keys, policy)?;
    content::check(&shape, key)?;
    legacy.sha1 |= shape.digest_algorithm == crate::DigestAlgorithm::Sha1;
    legacy.inclusive_c14n |= shape.uses_inclusive_c14n();
    let info = VerifiedInfo {
        algorithm: shape.signature_algorithm,
        digest: Some(shape.digest_algorithm),
        key,
        legacy,
    };
    Ok(Verified {
        value: parent,
        info,
        enveloping: true,
    })
}
