//! From shape to verified content: the signatures that the policy demands, and decryption only when it is
//! earned (design §3). What leaves here is `Verified`; nothing else reaches the readers.

use super::expect::{Expectations, SignatureDemand};
use super::shape::{Content, Shape, assertion_is_flat};
use crate::uri::ns;
use crate::{Check, Refusal};
use octroi_dsig::{Verified, decrypt, verify};
use octroi_xml::{Document, Element, Limits, parse_in_context};

/// The verified signature of the Response itself, if it has one.
pub(super) fn outer<'d>(
    shape: &Shape<'d>,
    expect: &Expectations<'_>,
) -> Result<Option<Verified<Element<'d>>>, Refusal> {
    if !shape.signed {
        return match expect.demand {
            SignatureDemand::Response | SignatureDemand::Both => {
                Err(Refusal::new(Check::ResponseUnsigned))
            }
            SignatureDemand::Either | SignatureDemand::Assertion => Ok(None),
        };
    }
    Ok(Some(verify(
        shape.response,
        expect.signing_keys,
        &expect.algorithms,
    )?))
}

/// Whether the assertion carries a Signature, and whether that meets the demand together with the outer one.
fn demand_is_met(own: bool, outer: bool, demand: SignatureDemand) -> Result<(), Refusal> {
    match demand {
        SignatureDemand::Assertion | SignatureDemand::Both if !own => {
            Err(Refusal::new(Check::AssertionUnsigned))
        }
        _ if !own && !outer => Err(Refusal::new(Check::SignatureMissing)),
        _ => Ok(()),
    }
}

/// The verified assertion: by its own signature where it has one, else by the Response's.
pub(super) fn assertion<'d>(
    element: Element<'d>,
    outer: Option<&Verified<Element<'d>>>,
    expect: &Expectations<'_>,
) -> Result<Verified<Element<'d>>, Refusal> {
    let own = has_signature(element);
    demand_is_met(own, outer.is_some(), expect.demand)?;
    if own {
        return Ok(verify(element, expect.signing_keys, &expect.algorithms)?);
    }
    outer
        .and_then(|outer| outer.covers(element))
        .ok_or(Refusal::new(Check::SignatureMissing))
}

/// Whether a plain assertion meets the demand, before any signature is computed.
pub(super) fn is_worth_verifying(
    shape: &Shape<'_>,
    expect: &Expectations<'_>,
) -> Result<(), Refusal> {
    match shape.content {
        Some(Content::Plain(element)) => {
            demand_is_met(has_signature(element), shape.signed, expect.demand)
        }
        Some(Content::Encrypted(_)) if !expect.may_decrypt && !shape.signed => {
            Err(Refusal::new(Check::DecryptionNotAllowed))
        }
        _ => Ok(()),
    }
}

fn has_signature(element: Element<'_>) -> bool {
    element.first_child(ns::DSIG, "Signature").is_some()
}

/// A decrypted assertion. With an outer signature it is covered by it; the inner one is still verified
/// where there is one.
pub(super) enum Decrypted {
    Covered(Verified<Document>),
    Bare(Document),
}

/// Why an encrypted assertion was refused: one answer for every cause (K6, S11).
const OPAQUE: Refusal = Refusal::new(Check::EncryptedAssertionRefused);

/// Decrypts and parses the one EncryptedData of `encrypted`.
pub(super) fn decrypted<'d>(
    encrypted: Element<'d>,
    outer: Option<&Verified<Element<'d>>>,
    expect: &Expectations<'_>,
) -> Result<Decrypted, Refusal> {
    let mut data = encrypted
        .elements()
        .filter(|child| child.is(ns::XENC, "EncryptedData"));
    let (Some(data), None) = (data.next(), data.next()) else {
        return Err(OPAQUE);
    };
    let limits = Limits::default();
    if let Some(covered) = outer.and_then(|outer| outer.covers(data)) {
        let document = covered
            .decrypt(expect.decryption_keys, &expect.algorithms, &limits)
            .map_err(|_| OPAQUE)?;
        return Ok(Decrypted::Covered(document));
    }
    let octets = decrypt(data, expect.decryption_keys, &expect.algorithms).map_err(|_| OPAQUE)?;
    let document =
        parse_in_context(&octets, &limits, &data.namespaces_in_scope()).map_err(|_| OPAQUE)?;
    Ok(Decrypted::Bare(document))
}

impl Decrypted {
    /// The verified assertion inside.
    pub(super) fn assertion(
        &self,
        expect: &Expectations<'_>,
    ) -> Result<Verified<Element<'_>>, Refusal> {
        let (root, outer) = match self {
            Self::Covered(document) => (document.document().root(), Some(document.root())),
            Self::Bare(document) => (document.root(), None),
        };
        if !root.is(ns::ASSERTION, "Assertion") || assertion_is_flat(root).is_err() {
            return Err(OPAQUE);
        }
        assertion(root, outer.as_ref(), expect).map_err(|_| OPAQUE)
    }
}

/// Whether the data was encrypted with CBC, for the partner's legacy report.
pub(super) fn is_cbc(encrypted: Element<'_>) -> bool {
    encrypted
        .first_child(ns::XENC, "EncryptedData")
        .and_then(|data| data.first_child(ns::XENC, "EncryptionMethod"))
        .and_then(|method| method.attribute("Algorithm"))
        .is_some_and(|algorithm| algorithm.ends_with("-cbc"))
}
