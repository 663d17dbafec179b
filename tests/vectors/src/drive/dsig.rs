//! Bare XML signatures: `octroi_dsig::verify` on the parent of every Signature in the document.
//!
//! The profile knows one form of signature (enveloped, one `#ID` reference to the parent); every refusal that says "not
//! that form" or "not those algorithms" is `profile`. A wrong digest or signature value is `refused`.

use octroi_dsig::{DS, SignatureError, verify};
use octroi_xml::{Limits, parse};

use super::{Vector, wellformed};
use crate::keys;
use crate::outcome::Outcome;

/// Drives the row: accepted when every signature of the document holds; the value is the verified elements' IDs.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    let document = match parse(vector.message, &Limits::METADATA) {
        Ok(document) => document,
        Err(error) => return wellformed::refusal(error),
    };
    let root = document.root();
    let trusted = keys::signature_keys(vector.base, vector.context, root);
    let signatures: Vec<_> = keys::descendants(root)
        .filter(|element| element.is(DS, "Signature"))
        .collect();
    if signatures.is_empty() {
        return Outcome::profile("signature-missing");
    }
    let mut verified = Vec::new();
    for signature in signatures {
        let Some(parent) = signature.parent() else {
            return Outcome::profile("signature-enveloping");
        };
        match verify(parent, &trusted, &vector.policy.algorithms()) {
            Ok(element) => verified.push(element.attribute("ID").unwrap_or_default().to_owned()),
            Err(error) => return refusal(&error),
        }
    }
    Outcome::accepted(verified.join(" "))
}

fn refusal(error: &SignatureError) -> Outcome {
    match error {
        SignatureError::Invalid { .. }
        | SignatureError::Digest { .. }
        | SignatureError::DigestValue
        | SignatureError::SignatureValue
        | SignatureError::Empty
        | SignatureError::Canonicalization
        | SignatureError::IdAmbiguous => Outcome::refused(error.code()),
        _ => Outcome::profile(error.code()),
    }
}
