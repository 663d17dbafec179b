//! `Conditions` (Core 2.5): when, for whom and how an assertion may be used. What is not understood makes
//! the assertion's validity indeterminate, so it is refused (L10).

use super::expect::Expectations;
use crate::read::{number, optional_instant, sequence, text};
use crate::uri::ns;
use crate::{Check, Detail, Refusal, Time};
use octroi_dsig::Verified;
use octroi_xml::Element;

/// What the conditions leave to be obeyed later.
#[derive(Default)]
pub(super) struct Conditions {
    pub(super) not_on_or_after: Option<Time>,
    pub(super) long_lifetime: bool,
    pub(super) proxy_count: Option<u32>,
    pub(super) proxy_audiences: Vec<Vec<String>>,
}

/// Checks the conditions of an assertion issued at `issued`.
pub(super) fn check(
    element: Option<Verified<Element<'_>>>,
    issued: Time,
    expect: &Expectations<'_>,
) -> Result<Conditions, Refusal> {
    let element = element.ok_or(Refusal::new(Check::ConditionsMissing))?;
    let mut conditions = Conditions::default();
    window(&element, issued, expect, &mut conditions)?;
    let (mut audiences, mut one_time_uses, mut proxy_restrictions) = (0_u32, 0_u32, 0_u32);
    for condition in element.elements() {
        match (condition.namespace(), condition.local_name()) {
            (ns::ASSERTION, "AudienceRestriction") => {
                audiences += 1;
                audience_restriction(&condition, expect)?;
            }
            (ns::ASSERTION, "OneTimeUse") => one_time_uses += 1,
            (ns::ASSERTION, "ProxyRestriction") => {
                proxy_restrictions += 1;
                proxy_restriction(&condition, expect, &mut conditions)?;
            }
            _ => return Err(Refusal::new(Check::ConditionUnknown)),
        }
    }
    if one_time_uses > 1 || proxy_restrictions > 1 {
        return Err(Refusal::at(Check::StructureInvalid, "Conditions"));
    }
    if audiences == 0 && !expect.audience_may_be_absent {
        return Err(Refusal::new(Check::AudienceMissing));
    }
    Ok(conditions)
}

/// NotBefore is inclusive, NotOnOrAfter exclusive; the skew widens both ends.
fn window(
    element: &Verified<Element<'_>>,
    issued: Time,
    expect: &Expectations<'_>,
    conditions: &mut Conditions,
) -> Result<(), Refusal> {
    let not_before = optional_instant(element, "NotBefore")?;
    let not_on_or_after = optional_instant(element, "NotOnOrAfter")?;
    if let (Some(start), Some(end)) = (not_before, not_on_or_after)
        && end <= start
    {
        return Err(Refusal::new(Check::WindowEmpty));
    }
    if let Some(start) = not_before
        && start > expect.now.plus(expect.skew())
    {
        return Err(Refusal::clock(Check::NotYetValid, start, expect.now));
    }
    if let Some(end) = not_on_or_after {
        if has_passed(end, expect) {
            return Err(Refusal::clock(Check::AssertionExpired, end, expect.now));
        }
        conditions.long_lifetime = lifetime(issued, end, expect)?;
    }
    conditions.not_on_or_after = not_on_or_after;
    Ok(())
}

/// Whether an exclusive end has passed, skew granted.
pub(super) fn has_passed(end: Time, expect: &Expectations<'_>) -> bool {
    expect.now >= end.plus(expect.skew())
}

/// Whether the span from issue to `end` is over the policy and allowed by exception; over it without
/// exception refuses.
pub(super) fn lifetime(
    issued: Time,
    end: Time,
    expect: &Expectations<'_>,
) -> Result<bool, Refusal> {
    let span = end.since(issued);
    if span <= expect.max_lifetime {
        return Ok(false);
    }
    if expect.long_lifetimes {
        return Ok(true);
    }
    let detail = Detail::Span {
        seconds: span.as_secs(),
        allowed: expect.max_lifetime.as_secs(),
    };
    Err(Refusal::with(Check::LifetimeTooLong, detail))
}

/// Each restriction must name us; its audiences are alternatives (Core 2.5.1.4).
fn audience_restriction(
    element: &Verified<Element<'_>>,
    expect: &Expectations<'_>,
) -> Result<(), Refusal> {
    let mut first_other = None;
    let mut audiences = sequence(element, "AudienceRestriction");
    let mut named = false;
    while let Some(audience) = audiences.optional(ns::ASSERTION, "Audience") {
        let audience = text(&audience, "Audience")?;
        if audience == expect.our_entity_id {
            named = true;
        } else {
            first_other.get_or_insert(audience);
        }
    }
    audiences.end()?;
    if named {
        return Ok(());
    }
    Err(Refusal::mismatch(
        Check::AudienceMismatch,
        expect.our_entity_id,
        first_other.unwrap_or_default(),
    ))
}

/// A gateway must obey it: nothing may be issued on a Count of 0, and only to the audiences named
/// (Core 2.5.1.6).
fn proxy_restriction(
    element: &Verified<Element<'_>>,
    expect: &Expectations<'_>,
    conditions: &mut Conditions,
) -> Result<(), Refusal> {
    conditions.proxy_count = number(element, "Count")?;
    if conditions.proxy_count == Some(0) {
        return Err(Refusal::new(Check::ProxyCountExhausted));
    }
    let mut children = sequence(element, "ProxyRestriction");
    let mut audiences = Vec::new();
    while let Some(audience) = children.optional(ns::ASSERTION, "Audience") {
        audiences.push(text(&audience, "Audience")?.to_owned());
    }
    children.end()?;
    if audiences.is_empty() {
        return Ok(());
    }
    let named = expect
        .downstream
        .is_some_and(|publisher| audiences.iter().any(|a| a == publisher));
    if !named {
        return Err(Refusal::new(Check::ProxyAudience));
    }
    conditions.proxy_audiences.push(audiences);
    Ok(())
}
