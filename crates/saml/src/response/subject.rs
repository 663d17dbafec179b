//! `Subject` (Core 2.4): whom the assertion is about, and the bearer confirmation that ties it to this
//! browser, this address and this request (L3, Profiles 4.1.4.3).

use super::conditions::{has_passed, lifetime};
use super::envelope::in_response_to;
use super::expect::{Expectations, InResponseTo};
use crate::read::{Source, is_identifier, name_id, required_instant, sequence};
use crate::uri::{confirmation, ns};
use crate::{Check, NameId, Refusal, Time};
use octroi_dsig::Verified;
use octroi_xml::Element;

/// What the subject says once confirmed.
pub(super) struct Subject {
    pub(super) name_id: Option<NameId>,
    pub(super) not_on_or_after: Time,
    pub(super) long_lifetime: bool,
    /// InResponseTo was missing by exception.
    pub(super) request_missing: bool,
}

/// Checks the subject of an assertion issued at `issued`.
pub(super) fn check(
    element: Option<Verified<Element<'_>>>,
    issued: Time,
    expect: &Expectations<'_>,
) -> Result<Subject, Refusal> {
    let element = element.ok_or(Refusal::new(Check::SubjectMissing))?;
    let mut children = sequence(&element, "Subject");
    let identifier = children.optional_if(is_identifier);
    let mut confirmed = None;
    let mut refused = None;
    while let Some(child) = children.any() {
        if is_identifier(&child) {
            return Err(Refusal::new(Check::NameIdInvalid));
        }
        if !child.is(ns::ASSERTION, "SubjectConfirmation") {
            return Err(Refusal::at(Check::StructureInvalid, "Subject"));
        }
        match confirm(&child, issued, expect)? {
            Some(Ok(held)) => {
                confirmed.get_or_insert(held);
            }
            Some(Err(refusal)) => {
                refused.get_or_insert(refusal);
            }
            None => {}
        }
    }
    let confirmed =
        confirmed.ok_or_else(|| refused.unwrap_or(Refusal::new(Check::ConfirmationMissing)))?;
    Ok(Subject {
        name_id: identifier
            .map(|element| identify(&element, expect))
            .transpose()?,
        not_on_or_after: confirmed.not_on_or_after,
        long_lifetime: confirmed.long_lifetime,
        request_missing: confirmed.request_missing,
    })
}

/// A bearer confirmation that holds.
struct Confirmed {
    not_on_or_after: Time,
    long_lifetime: bool,
    request_missing: bool,
}

/// `None` for another method, `Some(Err)` for a bearer confirmation that does not hold: one that does is
/// enough. What refuses outright is a request named although none is open.
#[allow(
    clippy::type_complexity,
    reason = "the two levels are the point: refuse all, or this one only"
)]
fn confirm(
    element: &Verified<Element<'_>>,
    issued: Time,
    expect: &Expectations<'_>,
) -> Result<Option<Result<Confirmed, Refusal>>, Refusal> {
    let mut children = sequence(element, "SubjectConfirmation");
    children.optional_if(is_identifier);
    let data = children.optional(ns::ASSERTION, "SubjectConfirmationData");
    children.end()?;
    let request = data.and_then(|data| data.attribute("InResponseTo"));
    if expect.in_response_to == InResponseTo::Unsolicited && request.is_some() {
        return Err(Refusal::new(Check::InResponseToUnexpected));
    }
    if element.attribute("Method") != Some(confirmation::BEARER) {
        return Ok(None);
    }
    Ok(Some(match data {
        Some(data) => bearer(&data, issued, expect),
        None => Err(Refusal::new(Check::ConfirmationDataMissing)),
    }))
}

/// Every rule of Profiles 4.1.4.2 and 4.1.4.3 for one bearer confirmation.
fn bearer(
    data: &Verified<Element<'_>>,
    issued: Time,
    expect: &Expectations<'_>,
) -> Result<Confirmed, Refusal> {
    if data.attribute("NotBefore").is_some() {
        return Err(Refusal::new(Check::ConfirmationNotBefore));
    }
    match data.attribute("Recipient") {
        Some(recipient) if recipient == expect.acs => {}
        Some(other) => {
            return Err(Refusal::mismatch(
                Check::RecipientMismatch,
                expect.acs,
                other,
            ));
        }
        None => return Err(Refusal::new(Check::RecipientMissing)),
    }
    if data.attribute("NotOnOrAfter").is_none() {
        return Err(Refusal::new(Check::ConfirmationExpiryMissing));
    }
    let end = required_instant(data, "NotOnOrAfter")?;
    if has_passed(end, expect) {
        return Err(Refusal::clock(Check::ConfirmationExpired, end, expect.now));
    }
    let named = in_response_to(data.attribute("InResponseTo"), expect.in_response_to)?;
    Ok(Confirmed {
        not_on_or_after: end,
        long_lifetime: lifetime(issued, end, expect)?,
        request_missing: !named,
    })
}

/// The name identifier. An encrypted one is decrypted, now that the assertion is authentic; BaseID is a
/// kind that nobody here could compare, so it refuses.
fn identify(element: &Verified<Element<'_>>, expect: &Expectations<'_>) -> Result<NameId, Refusal> {
    let name_id = if element.is(ns::ASSERTION, "NameID") {
        name_id(element)?
    } else if element.is(ns::ASSERTION, "EncryptedID") {
        element
            .decrypted(expect.decryption_keys, &expect.algorithms)
            .ok_or(Refusal::new(Check::EncryptedIdRefused))?
    } else {
        return Err(Refusal::at(Check::NameIdInvalid, "BaseID"));
    };
    match &name_id.sp_name_qualifier {
        Some(qualifier) if qualifier != expect.our_entity_id => Err(Refusal::mismatch(
            Check::NameQualifierMismatch,
            expect.our_entity_id,
            qualifier,
        )),
        _ => Ok(name_id),
    }
}
