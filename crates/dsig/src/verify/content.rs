//! The last stage: the content's digest. Canonicalisation errors refuse; an empty text is never digested (W6).

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use octroi_xml::c14n;

use super::shape::Shape;
use crate::{error::SignatureError, fingerprint::Fingerprint};

/// Digests the signed element without its Signature and compares. `key` is who signed, for the refusal.
pub(super) fn check(shape: &Shape<'_>, key: Fingerprint) -> Result<(), SignatureError> {
    let mut text = Vec::with_capacity(8 * 1024);
    c14n::canonicalize(
        shape.parent,
        shape.content_c14n.algorithm,
        &shape.content_c14n.prefixes,
        Some(shape.signature),
        &mut text,
    )
    .map_err(|_| SignatureError::Canonicalization)?;
    if text.is_empty() {
        return Err(SignatureError::Empty);
    }
    let digest = digest::digest(shape.digest_algorithm.hash(), &text);
    verify_slices_are_equal(digest.as_ref(), shape.digest())
        .map_err(|_| SignatureError::Digest { key })
}
