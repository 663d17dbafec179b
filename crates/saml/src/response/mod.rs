//! Receiving a Response from a portal: [`accept`] turns octets into an [`AcceptedAssertion`] or a [`Refusal`].
//!
//! The order is that of cost and of trust: shape, the envelope's claims (they can only refuse), signatures
//! and, once earned, decryption; then the assertion itself, read from verified nodes alone (W1). One-time
//! use, who the person is and what may be used are the caller's.

mod accepted;
mod assertion;
mod conditions;
mod envelope;
mod expect;
mod shape;
mod signed;
mod statements;
mod subject;

pub(crate) use expect::CLOCK_RESOLUTION;

pub use accepted::{AcceptedAssertion, Attribute, LegacyUse};
pub use expect::{
    DEFAULT_MAX_AGE, DEFAULT_MAX_LIFETIME, DEFAULT_SKEW, Expectations, InResponseTo, MAX_SKEW,
    SignatureDemand,
};

use crate::{Check, Refusal};
use octroi_xml::{Limits, parse};
use shape::Content;

/// Reads and checks a Response. `xml` is the decoded message (base64 is the caller's).
///
/// # Errors
/// The [`Refusal`] of the first check that failed. Everything about an encrypted assertion up to its inner
/// signature is one and the same refusal (K6).
pub fn accept(xml: &[u8], expect: &Expectations<'_>) -> Result<AcceptedAssertion, Refusal> {
    let document = parse(xml, &Limits::default())?;
    let shape = shape::read(document.root())?;
    let response_id = envelope::check(&shape, expect)?;
    let content = shape.content.ok_or(Refusal::new(Check::AssertionMissing))?;
    signed::is_worth_verifying(&shape, expect)?;
    let outer = signed::outer(&shape, expect)?;
    let mut accepted = match content {
        Content::Plain(element) => {
            let verified = signed::assertion(element, outer.as_ref(), expect)?;
            assertion::check(&verified, expect)?
        }
        Content::Encrypted(element) => {
            let decrypted = signed::decrypted(element, outer.as_ref(), expect)?;
            let verified = decrypted.assertion(expect)?;
            let mut accepted = assertion::check(&verified, expect)?;
            accepted.was_encrypted = true;
            accepted.legacy_used.cbc = signed::is_cbc(element);
            accepted
        }
    };
    if let Some(outer) = outer {
        accepted.legacy_used.add(outer.info().legacy);
    }
    if let InResponseTo::RequiredUnlessMissing(_) = expect.in_response_to {
        accepted.legacy_used.missing_in_response_to |=
            shape.response.attribute("InResponseTo").is_none();
    }
    response_id.clone_into(&mut accepted.response_id);
    Ok(accepted)
}

/// The Issuer that a Response claims, unverified: only to choose whose keys [`accept`] is to try for an
/// unsolicited message. The Response's Issuer, else that of its plain Assertion.
///
/// # Errors
/// A [`Refusal`] when the message has not the shape of a Response or names no Issuer.
pub fn unverified_issuer(xml: &[u8]) -> Result<String, Refusal> {
    let document = parse(xml, &Limits::default())?;
    let shape = shape::read(document.root())?;
    envelope::claimed_issuer(&shape).map(str::to_owned)
}
