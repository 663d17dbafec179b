//! Canonical XML: the octets of an element that are digested and signed.
//!
//! By the recommendations, byte for byte: [Exclusive XML Canonicalization 1.0](https://www.w3.org/TR/xml-exc-c14n/),
//! [Canonical XML 1.0](https://www.w3.org/TR/2001/REC-xml-c14n-20010315) and [1.1](https://www.w3.org/TR/xml-c14n11/),
//! for the node-sets that SAML signs: a whole element or document, less at most one element (the enveloped signature).
//! A failure is an `Err` and leaves the output as it was; it must never be an empty result (W6).

mod base;
mod exclusive;
mod inclusive;
mod tags;
mod walk;

use crate::document::{Document, Kind};
use crate::element::Element;
use exclusive::Exclusive;
use inclusive::Inclusive;
use walk::Walk;

/// A canonicalisation algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Exclusive, comments left out: what SAML asks for (Core, section 5.4.3).
    Exclusive,
    /// Exclusive with comments.
    ExclusiveWithComments,
    /// Canonical XML 1.0, comments left out.
    Inclusive,
    /// Canonical XML 1.0 with comments.
    InclusiveWithComments,
    /// Canonical XML 1.1, comments left out.
    Inclusive11,
    /// Canonical XML 1.1 with comments.
    Inclusive11WithComments,
}

impl Algorithm {
    const ALL: [Self; 6] = [
        Self::Exclusive,
        Self::ExclusiveWithComments,
        Self::Inclusive,
        Self::InclusiveWithComments,
        Self::Inclusive11,
        Self::Inclusive11WithComments,
    ];

    /// The algorithm's identifier in XML signatures.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Exclusive => "http://www.w3.org/2001/10/xml-exc-c14n#",
            Self::ExclusiveWithComments => "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
            Self::Inclusive => "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
            Self::InclusiveWithComments => {
                "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
            }
            Self::Inclusive11 => "http://www.w3.org/2006/12/xml-c14n11",
            Self::Inclusive11WithComments => "http://www.w3.org/2006/12/xml-c14n11#WithComments",
        }
    }

    /// The algorithm with exactly this identifier.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.uri() == uri)
    }

    /// Whether comments are part of the canonical form.
    pub const fn with_comments(self) -> bool {
        matches!(
            self,
            Self::ExclusiveWithComments
                | Self::InclusiveWithComments
                | Self::Inclusive11WithComments
        )
    }

    /// Whether the algorithm is one of the exclusive pair.
    pub const fn is_exclusive(self) -> bool {
        matches!(self, Self::Exclusive | Self::ExclusiveWithComments)
    }
}

/// Why there is no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum C14nError {
    /// The document, or the context it was parsed in, declares a namespace by a relative URI reference (W6; Canonical XML 1.0, section 1.3).
    #[error("the document declares a relative namespace URI")]
    RelativeNamespace,
    /// The element to leave out is not inside the one to canonicalise.
    #[error("the element to leave out is not inside the canonicalised one")]
    NotInside,
    /// The canonical form is out of all proportion to the document, by many declarations of long namespace names (P2).
    #[error("the canonical form is too large")]
    TooLarge,
}

/// Appends the canonical form of `apex` and all that is in it to `out`.
///
/// `inclusive_prefixes` is the PrefixList of an exclusive algorithm, with `#default` for the default namespace; the
/// inclusive ones do not look at it. `omit` is left out with all that is in it: the enveloped signature.
///
/// # Errors
/// [`C14nError`]; `out` is then what it was.
pub fn canonicalize(
    apex: Element<'_>,
    algorithm: Algorithm,
    inclusive_prefixes: &[&str],
    omit: Option<Element<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), C14nError> {
    let before = out.len();
    let result = element(apex, algorithm, inclusive_prefixes, omit, out);
    if result.is_err() {
        out.truncate(before);
    }
    result
}

/// Appends the canonical form of a whole document to `out`: as [`canonicalize`] of its root, with the comments before and
/// after it if `algorithm` keeps comments.
///
/// # Errors
/// As [`canonicalize`].
pub fn canonicalize_document(
    document: &Document,
    algorithm: Algorithm,
    inclusive_prefixes: &[&str],
    omit: Option<Element<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), C14nError> {
    let before = out.len();
    let root = document.root();
    let comments = |from: u32, to: u32| {
        let outside = if algorithm.with_comments() {
            from as usize..to as usize
        } else {
            0..0
        };
        document.nodes[outside]
            .iter()
            .filter(|node| node.kind == Kind::Comment)
    };
    for comment in comments(0, root.index) {
        tags::comment(document.str(comment.span), out);
        out.push(b'\n');
    }
    if let Err(error) = canonicalize(root, algorithm, inclusive_prefixes, omit, out) {
        out.truncate(before);
        return Err(error);
    }
    for comment in comments(root.data().end, document.nodes.len() as u32) {
        out.push(b'\n');
        tags::comment(document.str(comment.span), out);
    }
    Ok(())
}

fn element(
    apex: Element<'_>,
    algorithm: Algorithm,
    inclusive_prefixes: &[&str],
    omit: Option<Element<'_>>,
    out: &mut Vec<u8>,
) -> Result<(), C14nError> {
    if apex.document.relative_namespace {
        return Err(C14nError::RelativeNamespace);
    }
    if omit.is_some_and(|omitted| !omitted.is_descendant_of(apex)) {
        return Err(C14nError::NotInside);
    }
    let walk = Walk::new(apex, omit, algorithm.with_comments());
    match algorithm {
        Algorithm::Exclusive | Algorithm::ExclusiveWithComments => {
            walk.run(&Exclusive::new(apex.document, inclusive_prefixes), out)
        }
        Algorithm::Inclusive | Algorithm::InclusiveWithComments => {
            walk.run(&Inclusive::version_1_0(apex), out)
        }
        Algorithm::Inclusive11 | Algorithm::Inclusive11WithComments => {
            walk.run(&Inclusive::version_1_1(apex), out)
        }
    }
}

#[cfg(test)]
mod tests;
