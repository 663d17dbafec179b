//! The shape of a Response before anything is computed: which nodes are where, and that nothing that could
//! be taken for an assertion or a signature lies elsewhere (W2, C2).
//!
//! Gives positions, no values: what is asserted is read later, from verified nodes only.

use crate::hidden::{holds_nothing_hidden, no_stray_text};
use crate::uri::ns;
use crate::{Check, Refusal};
use octroi_xml::Element;

/// Where the parts of a Response are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'d> {
    pub(super) response: Element<'d>,
    pub(super) issuer: Option<Element<'d>>,
    /// Whether the Response has a Signature of its own.
    pub(super) signed: bool,
    pub(super) status: Option<Element<'d>>,
    pub(super) content: Option<Content<'d>>,
}

/// The one assertion.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'d> {
    Plain(Element<'d>),
    Encrypted(Element<'d>),
}

/// Reads the shape of `root`, which must be a Response.
pub(super) fn read(root: Element<'_>) -> Result<Shape<'_>, Refusal> {
    if !root.is(ns::PROTOCOL, "Response") {
        return Err(Refusal::new(Check::UnexpectedRoot));
    }
    let mut shape = Shape {
        response: root,
        issuer: None,
        signed: false,
        status: None,
        content: None,
    };
    let mut last = Rank::Start;
    for child in root.elements() {
        let rank = Rank::of(child)?;
        match rank {
            Rank::Content if shape.content.is_some() => {
                return Err(Refusal::new(Check::AssertionMultiple));
            }
            Rank::Signature if last == rank => return Err(Refusal::new(Check::SignatureSeveral)),
            Rank::Signature if last > rank => return Err(Refusal::new(Check::SignatureMisplaced)),
            _ if last >= rank => return Err(Refusal::at(Check::StructureInvalid, "Response")),
            Rank::Issuer => shape.issuer = Some(child),
            Rank::Signature => shape.signed = true,
            Rank::Status => shape.status = Some(child),
            Rank::Content if child.local_name() == "Assertion" => {
                shape.content = Some(Content::Plain(child))
            }
            Rank::Content => shape.content = Some(Content::Encrypted(child)),
            Rank::Extensions | Rank::Start => {}
        }
        last = rank;
    }
    for child in root.elements() {
        match Rank::of(child)? {
            Rank::Extensions | Rank::Signature | Rank::Start => {}
            Rank::Content if child.local_name() == "Assertion" => assertion_is_flat(child)?,
            Rank::Issuer | Rank::Status | Rank::Content => holds_nothing_hidden(child)?,
        }
    }
    no_stray_text(root)?;
    Ok(shape)
}

/// The order of a Response's children in the schema.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Rank {
    Start,
    Issuer,
    Signature,
    Extensions,
    Status,
    Content,
}

impl Rank {
    fn of(child: Element<'_>) -> Result<Self, Refusal> {
        let rank = match (child.namespace(), child.local_name()) {
            (ns::ASSERTION, "Issuer") => Self::Issuer,
            (ns::DSIG, "Signature") => Self::Signature,
            (ns::PROTOCOL, "Extensions") => Self::Extensions,
            (ns::PROTOCOL, "Status") => Self::Status,
            (ns::ASSERTION, "Assertion" | "EncryptedAssertion") => Self::Content,
            _ => return Err(Refusal::at(Check::StructureInvalid, "Response")),
        };
        Ok(rank)
    }
}

/// The Assertion holds no other assertion and no Signature but its own; Advice is opaque, and the
/// Signature's inside is the verifier's business.
pub(super) fn assertion_is_flat(assertion: Element<'_>) -> Result<(), Refusal> {
    for child in assertion.elements() {
        if !child.is(ns::DSIG, "Signature") && !child.is(ns::ASSERTION, "Advice") {
            holds_nothing_hidden(child)?;
        }
    }
    no_stray_text(assertion)
}
