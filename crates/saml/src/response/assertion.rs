//! The assertion itself, from verified nodes only: parts in the schema's order, each with its checks.

use super::accepted::{AcceptedAssertion, LegacyUse};
use super::envelope::check_age;
use super::expect::{Expectations, InResponseTo};
use super::statements::Statements;
use super::{conditions, subject};
use crate::read::{head, issuer, sequence};
use crate::uri::ns;
use crate::{Check, Refusal};
use octroi_dsig::Verified;
use octroi_xml::Element;

/// Reads and checks a verified assertion.
pub(super) fn check(
    assertion: &Verified<Element<'_>>,
    expect: &Expectations<'_>,
) -> Result<AcceptedAssertion, Refusal> {
    let (id, issue_instant) = head(assertion)?;
    in_schema_order(assertion)?;
    let mut parts = sequence(assertion, "Assertion");
    let named = parts
        .optional(ns::ASSERTION, "Issuer")
        .ok_or(Refusal::new(Check::IssuerMissing))?;
    let named = issuer(&named)?;
    if named != expect.portal_entity_id {
        return Err(Refusal::mismatch(
            Check::AssertionIssuerMismatch,
            expect.portal_entity_id,
            named,
        ));
    }
    check_age(issue_instant, expect)?;
    let whom = parts.optional(ns::ASSERTION, "Subject");
    let when = parts.optional(ns::ASSERTION, "Conditions");
    parts.optional(ns::ASSERTION, "Advice");
    let conditions = conditions::check(when, issue_instant, expect)?;
    let subject = subject::check(whom, issue_instant, expect)?;
    let mut statements = Statements::default();
    while let Some(statement) = parts.any() {
        statements.read(&statement, expect)?;
    }
    let authn = statements.authn()?;
    let not_on_or_after = conditions
        .not_on_or_after
        .map_or(subject.not_on_or_after, |end| {
            end.min(subject.not_on_or_after)
        });
    let info = assertion.info();
    let mut legacy_used = LegacyUse {
        long_lifetime: conditions.long_lifetime || subject.long_lifetime,
        missing_in_response_to: subject.request_missing,
        ..LegacyUse::default()
    };
    legacy_used.add(info.legacy);
    Ok(AcceptedAssertion {
        id: id.to_owned(),
        response_id: String::new(),
        issuer: named.to_owned(),
        in_response_to: match expect.in_response_to {
            InResponseTo::Required(id) => Some(id.to_owned()),
            InResponseTo::RequiredUnlessMissing(id) if !subject.request_missing => {
                Some(id.to_owned())
            }
            _ => None,
        },
        issue_instant,
        name_id: subject.name_id,
        attributes: statements.attributes,
        authn_instant: authn.instant,
        authn_context: authn.context,
        authenticating_authorities: authn.authorities,
        session_index: authn.session_index,
        session_not_on_or_after: authn.session_not_on_or_after,
        not_on_or_after,
        replay_until: not_on_or_after
            .min(issue_instant.plus(expect.max_age))
            .plus(expect.skew()),
        proxy_count: conditions.proxy_count,
        proxy_audiences: conditions.proxy_audiences,
        legacy_used,
        key_fingerprint: info.key.as_str().to_owned(),
        was_encrypted: false,
    })
}

/// Every child is one that the schema knows here, in its order (Core 2.3.3), so that what is missing is missing
/// and not merely elsewhere.
fn in_schema_order(assertion: &Verified<Element<'_>>) -> Result<(), Refusal> {
    let mut reached = 0;
    for child in assertion.elements() {
        let place = match child.local_name() {
            "Issuer" => 1,
            "Subject" => 2,
            "Conditions" => 3,
            "Advice" => 4,
            "Statement" | "AuthnStatement" | "AuthzDecisionStatement" | "AttributeStatement" => 5,
            _ => 0,
        };
        let again = place == reached && place != 5;
        if child.namespace() != ns::ASSERTION || place < reached || again {
            return Err(Refusal::at(Check::StructureInvalid, "Assertion"));
        }
        reached = place;
    }
    Ok(())
}
