//! Canonicalization: the octets that `octroi_xml::c14n` produces for a document or one of its subtrees. The value is
//! their SHA-256; the file that holds the expected octets is the grader's business.

use std::fs;
use std::path::Path;

use octroi_xml::c14n::{Algorithm, canonicalize, canonicalize_document};
use octroi_xml::{Limits, parse};

use super::wellformed;
use crate::context::Context;
use crate::encoding::hex;
use crate::keys;
use crate::outcome::Outcome;

/// Drives the row.
pub(crate) fn drive(base: &Path, context: &Context) -> Outcome {
    if context.xpath_file.is_some() {
        return Outcome::profile("c14n of an XPath node set");
    }
    if context.reference_index.is_some() || context.signature.is_some() || context.dir.is_some() {
        return Outcome::profile("c14n as one transform of an interop signature");
    }
    let (Some(input), Some(algorithm)) = (&context.input, &context.alg) else {
        return Outcome::refused("ctx-incomplete");
    };
    let Some(algorithm) = by_name(algorithm) else {
        return Outcome::profile(format!("c14n algorithm: {algorithm}"));
    };
    let Ok(octets) = fs::read(base.join(input)) else {
        return Outcome::refused("file-unreadable");
    };
    let document = match parse(&octets, &Limits::METADATA) {
        Ok(document) => document,
        Err(error) => return wellformed::refusal(error),
    };
    let prefixes: Vec<&str> = context
        .prefixlist
        .as_deref()
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect();
    let mut out = Vec::new();
    let root = document.root();
    let done = match &context.apex_id {
        // An enveloping signature canonicalizes its Object, not itself.
        None if root.is(octroi_dsig::DS, "Signature") => {
            match root.first_child(octroi_dsig::DS, "Object") {
                Some(object) => canonicalize(object, algorithm, &prefixes, None, &mut out),
                None => return Outcome::profile("c14n of a signature without Object"),
            }
        }
        None => canonicalize_document(&document, algorithm, &prefixes, None, &mut out),
        Some(id) => {
            let apex = keys::descendants(document.root()).find(|element| {
                ["ID", "Id", "id"]
                    .iter()
                    .any(|name| element.attribute(name) == Some(id))
            });
            match apex {
                Some(apex) => canonicalize(apex, algorithm, &prefixes, None, &mut out),
                None => return Outcome::refused("apex-missing"),
            }
        }
    };
    match done {
        Ok(()) => Outcome::accepted(hex(aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            &out,
        )
        .as_ref())),
        Err(error) => Outcome::refused(format!("c14n: {error}")),
    }
}

/// By URI, or by the short names that older interop sets use.
fn by_name(name: &str) -> Option<Algorithm> {
    Algorithm::from_uri(name).or(match name {
        "c14n10" => Some(Algorithm::Inclusive),
        "c14n10#WithComments" => Some(Algorithm::InclusiveWithComments),
        "c14n11" => Some(Algorithm::Inclusive11),
        "c14n11#WithComments" => Some(Algorithm::Inclusive11WithComments),
        _ => None,
    })
}
