//! The Response's own attributes, Issuer and Status. They may be unsigned, so they are checked only to
//! refuse: nothing here vouches for anything (W12).

use super::expect::{Expectations, InResponseTo};
use super::shape::Shape;
use crate::read::{Source, head, issuer};
use crate::uri::{ns, status};
use crate::{Check, Detail, Refusal, Time};
use octroi_xml::Element;

/// Checks everything but the assertion. Returns the Response's ID.
pub(super) fn check<'d>(shape: &Shape<'d>, expect: &Expectations<'_>) -> Result<&'d str, Refusal> {
    let (id, issue_instant) = head(&shape.response)?;
    check_destination(shape, expect)?;
    check_issuer(shape, expect)?;
    in_response_to(
        shape.response.attribute("InResponseTo"),
        expect.in_response_to,
    )?;
    check_status(shape.status)?;
    check_age(issue_instant, expect)?;
    Ok(id)
}

/// Destination equals our address wherever it is given; a signed message must give it (Bindings 3.5.5.2).
fn check_destination(shape: &Shape<'_>, expect: &Expectations<'_>) -> Result<(), Refusal> {
    match shape.response.attribute("Destination") {
        Some(destination) if destination == expect.acs => Ok(()),
        Some(other) => Err(Refusal::mismatch(
            Check::DestinationMismatch,
            expect.acs,
            other,
        )),
        None if shape.signed => Err(Refusal::new(Check::DestinationMissing)),
        None => Ok(()),
    }
}

/// The Issuer, required of a signed Response, is the portal that was asked (Profiles 4.1.4.2).
fn check_issuer(shape: &Shape<'_>, expect: &Expectations<'_>) -> Result<(), Refusal> {
    match shape.issuer {
        Some(element) => {
            let found = issuer(&element)?;
            if found == expect.portal_entity_id {
                Ok(())
            } else {
                Err(Refusal::mismatch(
                    Check::ResponseIssuerMismatch,
                    expect.portal_entity_id,
                    found,
                ))
            }
        }
        None if shape.signed => Err(Refusal::new(Check::IssuerMissing)),
        None => Ok(()),
    }
}

/// What an InResponseTo, here or in a confirmation, must be. `Ok(false)` when it is missing by exception.
pub(super) fn in_response_to(
    found: Option<&str>,
    expected: InResponseTo<'_>,
) -> Result<bool, Refusal> {
    match (expected, found) {
        (InResponseTo::Required(id) | InResponseTo::RequiredUnlessMissing(id), Some(found)) => {
            if found == id {
                Ok(true)
            } else {
                Err(Refusal::new(Check::InResponseToMismatch))
            }
        }
        (InResponseTo::Required(_), None) => Err(Refusal::new(Check::InResponseToMissing)),
        (InResponseTo::RequiredUnlessMissing(_), None) => Ok(false),
        (InResponseTo::Unsolicited, Some(_)) => Err(Refusal::new(Check::InResponseToUnexpected)),
        (InResponseTo::Unsolicited, None) => Ok(true),
    }
}

/// The top-level code is exactly Success (L8).
fn check_status(element: Option<Element<'_>>) -> Result<(), Refusal> {
    let missing = Refusal::new(Check::StatusMissing);
    let code = element
        .and_then(|status| status.elements().next())
        .ok_or(missing.clone())?;
    let value = code
        .attribute("Value")
        .filter(|_| code.is(ns::PROTOCOL, "StatusCode"))
        .ok_or(missing)?;
    if value == status::SUCCESS {
        return Ok(());
    }
    let second = code
        .first_child(ns::PROTOCOL, "StatusCode")
        .and_then(|second| second.attribute("Value"));
    Err(Refusal::uri(
        Check::StatusNotSuccess,
        second.unwrap_or(value),
    ))
}

/// Not from the future, not older than the policy allows.
pub(super) fn check_age(issued: Time, expect: &Expectations<'_>) -> Result<(), Refusal> {
    let skew = expect.skew();
    if expect.is_future(issued) {
        return Err(Refusal::clock(
            Check::IssueInstantInFuture,
            issued,
            expect.now,
        ));
    }
    if expect.now >= issued.plus(expect.max_age).plus(skew) {
        let seconds = expect.now.since(issued).as_secs();
        let detail = Detail::Span {
            seconds,
            allowed: expect.max_age.as_secs(),
        };
        return Err(Refusal::with(Check::IssuedTooLongAgo, detail));
    }
    Ok(())
}

/// The Response's Issuer, before anything is verified: only to choose whose keys to try.
pub(super) fn claimed_issuer<'d>(shape: &Shape<'d>) -> Result<&'d str, Refusal> {
    let from_assertion = || match shape.content {
        Some(super::shape::Content::Plain(assertion)) => {
            assertion.first_child(ns::ASSERTION, "Issuer")
        }
        _ => None,
    };
    let element = shape
        .issuer
        .or_else(from_assertion)
        .ok_or(Refusal::new(Check::IssuerMissing))?;
    Source::text(&element).map_err(|_| Refusal::at(Check::TextAmbiguous, "Issuer"))
}
