//! From a row to its outcome: decode, choose the entry point by layer, tell it the circumstances, report what it said.
//!
//! Nothing here decides whether a message is good. Where a driver looks into a message itself (to find the signature's
//! parent, or the certificate that a row without a key is meant to trust) it says so.

mod c14n;
mod dsig;
mod kat;
mod logout;
mod metadata;
mod redirect;
mod request;
mod response;
mod wellformed;
mod xmlenc;

use std::fs;
use std::path::Path;

use octroi_dsig::AlgorithmPolicy;

use crate::context::{self, Context};
use crate::encoding;
use crate::guard::guarded;
use crate::manifest::Row;
use crate::outcome::{Line, Outcome};

/// The two policies that every row meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// As a partner without exceptions has it.
    Default,
    /// Every legacy allowance at once; exists in tests only.
    Legacy,
}

impl Policy {
    pub(crate) fn algorithms(self) -> AlgorithmPolicy {
        match self {
            Self::Default => AlgorithmPolicy::default(),
            Self::Legacy => AlgorithmPolicy::LEGACY,
        }
    }
}

/// What a driver gets.
pub(crate) struct Vector<'a> {
    /// The manifest's folder: paths in the context start there.
    pub(crate) base: &'a Path,
    /// Where the message was found, as the manifest writes it.
    pub(crate) path: &'a str,
    /// The decoded message.
    pub(crate) message: &'a [u8],
    /// The circumstances.
    pub(crate) context: &'a Context,
    /// Under which policy.
    pub(crate) policy: Policy,
}

/// Drives one row under both policies.
pub(crate) fn row(base: &Path, row: &Row) -> Line {
    let many = row.layer == "crypto-kat";
    let (default, first) = guarded(many, || outcome(base, row, Policy::Default));
    let (legacy, second) = guarded(many, || outcome(base, row, Policy::Legacy));
    Line {
        path: row.path.clone(),
        default,
        legacy,
        milliseconds: first.milliseconds + second.milliseconds,
        kibibytes: first.kibibytes.max(second.kibibytes),
    }
}

fn outcome(base: &Path, row: &Row, policy: Policy) -> Outcome {
    let Some(context) = context::read(&row.ctx) else {
        return Outcome::refused("ctx-malformed");
    };
    // Expected octets are never read: the input is another file.
    if row.layer.starts_with("c14n-") {
        return c14n::drive(base, &context);
    }
    let Ok(file) = fs::read(base.join(&row.path)) else {
        return Outcome::refused("file-unreadable");
    };
    let message = match encoding::decode(file, &row.encoding) {
        Ok(message) => message,
        Err(code) => return Outcome::refused(code),
    };
    let vector = Vector {
        base,
        path: &row.path,
        message: &message,
        context: &context,
        policy,
    };
    match row.layer.as_str() {
        "xml-wf" => wellformed::drive(&vector),
        "dsig" | "dsig-element" => dsig::drive(&vector),
        "xmlenc" => xmlenc::drive(&vector),
        "crypto-kat" => kat::drive(&vector),
        "saml-response" | "saml-assertion" | "saml-element" | "saml-template" => {
            response::drive(&vector)
        }
        "saml-authn-request" => request::drive(&vector),
        "saml-logout-request" | "saml-logout-response" => logout::drive(&vector),
        "metadata" => metadata::drive(&vector),
        "redirect-binding" => redirect::drive(&vector),
        _ => Outcome::refused("layer-unknown"),
    }
}
