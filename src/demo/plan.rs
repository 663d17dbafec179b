//! Which accesses are driven: for each kind as many as the table wants, on people and resources of the whole country,
//! in an order that mixes the kinds. The same country gives the same plan.

use super::Failure;
use super::kind::{Kind, Rule};
use crate::simulate::country::Country;
use crate::simulate::country::cases::{Case, Cases};
use crate::simulate::country::expect::Refused;
use crate::simulate::country::partner::PortalStyle;
use crate::simulate::country::resource::Delivery;
use crate::simulate::portal::Defect;
use crate::simulate::tile::Generation;

/// One access to be driven.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) kind: Kind,
    pub(super) case: Case,
    /// The other access of the kinds that need one before or beside.
    pub(super) other: Option<Case>,
    /// A number of its own, for choices among forms that mean the same.
    pub(super) number: u64,
}

/// What a case looks like to the plan: the partners looked up.
struct Seen {
    style: PortalStyle,
    unsolicited: bool,
    reuse: bool,
    portal_on: bool,
    publisher_on: bool,
    encrypted_out: bool,
    resources: u32,
}

fn seen(country: &Country, case: &Case) -> Option<Seen> {
    let (portal, publisher) = (case.portal(country)?, case.publisher(country)?);
    Some(Seen {
        style: portal.style,
        unsolicited: portal.unsolicited,
        reuse: portal.session_reuse,
        portal_on: !portal.disabled,
        publisher_on: !publisher.disabled,
        encrypted_out: publisher.must_encrypt
            || (publisher.encryption && case.resource.release.names_a_person()),
        resources: country.resources_of(case.resource.publisher).1,
    })
}

/// Plans everything.
pub(super) fn plan(country: &Country, scale: u32) -> Result<Vec<Planned>, Failure> {
    let mut cases = Cases::new(country, "demo", country.shape().day);
    let mut planned: Vec<Planned> = Vec::new();
    for (kind, count) in Kind::all() {
        for _ in 0..count * usize::try_from(scale.max(1))? {
            let (case, other) = pick(country, &mut cases, kind).ok_or_else(|| {
                format!(
                    "this country has no case of \"{}\": choose another --seed",
                    kind.words()
                )
            })?;
            let number = u64::try_from(planned.len())?;
            planned.push(Planned {
                kind,
                case,
                other,
                number,
            });
        }
    }
    country.draw("demo order").shuffle(&mut planned);
    Ok(planned)
}

fn pick(country: &Country, cases: &mut Cases<'_>, kind: Kind) -> Option<(Case, Option<Case>)> {
    let wanted = |case: &Case| seen(country, case).is_some_and(|seen| fits(kind, case, &seen));
    let case = cases.find(wanted)?;
    let other = match kind {
        Kind::Reuse | Kind::NoReuse | Kind::TwoTabs => Some(another_of(country, &case)?),
        Kind::OtherPortal => {
            Some(cases.find(|other| wanted(other) && other.person.portal != case.person.portal)?)
        }
        _ => None,
    };
    Some((case, other))
}

/// Another resource that the same person may use.
fn another_of(country: &Country, case: &Case) -> Option<Case> {
    let home = country.school(case.person.seat.school);
    country
        .subscriptions_of(&home)
        .into_iter()
        .find_map(|subscription| {
            let resource = country.resource(subscription.resource);
            let expected = country.expected(
                &case.person,
                &resource,
                Some(&home.uai),
                country.shape().day,
            );
            let on = country
                .publishers
                .get(resource.publisher)
                .is_some_and(|p| !p.disabled);
            (resource.index != case.resource.index && expected.is_ok() && on).then(|| Case {
                person: case.person.clone(),
                school: home.clone(),
                resource,
                expected,
            })
        })
}

fn fits(kind: Kind, case: &Case, seen: &Seen) -> bool {
    let on = seen.portal_on && seen.publisher_on;
    let granted = on && case.expected.is_ok();
    // Styles that sign with SHA-256 and send what they say in the clear.
    let plain = matches!(seen.style, PortalStyle::Modern | PortalStyle::Twice);
    let delivered = |delivery| case.resource.delivery == delivery;
    match kind {
        Kind::Push(_) => granted && plain && delivered(Delivery::Push),
        Kind::Pull(_) => granted && plain && delivered(Delivery::Pull),
        Kind::Legacy => granted && seen.style == PortalStyle::Entcore,
        Kind::EncryptedIn => granted && seen.style == PortalStyle::Sealed,
        Kind::EncryptedOut => granted && plain && seen.encrypted_out,
        Kind::OnlyResource => granted && seen.resources == 1,
        Kind::Choice => granted && seen.resources > 1,
        Kind::PublisherRedirect | Kind::PublisherPost | Kind::TwoTabs | Kind::OtherPortal => {
            granted
        }
        Kind::ForceAuthn | Kind::Passive => granted && delivered(Delivery::Pull),
        Kind::PortalFirst => granted && seen.unsolicited,
        Kind::Reuse | Kind::AfterLogout => granted && seen.reuse,
        Kind::NoReuse => granted && !seen.reuse,
        Kind::DoubleClick | Kind::Replayed | Kind::Stolen => granted && plain,
        Kind::Denied(rule) => on && case.expected.as_ref().err() == Some(&rule.refused()),
        Kind::UnknownPerson => granted,
        // The stranger's key is RSA: a portal with another kind of key would be told apart sooner.
        Kind::Defective(Defect::StrangerKey) => granted && seen.style == PortalStyle::Modern,
        Kind::Defective(_) => granted && plain,
        Kind::Unsolicited => granted && !seen.unsolicited,
        Kind::DisabledPublisher | Kind::DisabledPublisherAsks => {
            seen.portal_on && !seen.publisher_on && case.expected.is_ok()
        }
        Kind::DisabledPortal => !seen.portal_on && seen.publisher_on && case.expected.is_ok(),
        Kind::NoPassive | Kind::UnknownResource | Kind::MalformedTile => on,
    }
}

impl Rule {
    pub(super) fn refused(self) -> Refused {
        match self {
            Self::NotInThatSchool => Refused::NotInThatSchool,
            Self::NoSubscription => Refused::NoSubscription,
            Self::Expired => Refused::Expired,
            Self::NotYet => Refused::NotYet,
            Self::OtherPublic => Refused::OtherPublic,
            Self::NotAssigned => Refused::NotAssigned,
        }
    }
}

impl Planned {
    /// The generation of its tile.
    pub(super) fn generation(&self) -> Generation {
        match self.kind {
            Kind::Push(generation) | Kind::Pull(generation) => generation,
            Kind::Denied(_) => Generation::Current,
            _ => Generation::ALL[usize::try_from(self.number % 3).unwrap_or(0)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn planned(day: jiff::civil::Date) -> Vec<Planned> {
        let country = Country::new(super::super::setup::shape(2026, 8443, day)).unwrap();
        plan(&country, 1).unwrap()
    }

    #[test]
    fn the_country_has_a_case_of_every_kind_on_any_day_and_half_are_granted() {
        for day in [date(2026, 11, 23), date(2027, 3, 28), date(2028, 2, 29)] {
            let planned = planned(day);
            let granted = planned.iter().filter(|p| !p.kind.is_refused()).count();
            assert!(
                planned.len() >= 1000 && 2 * granted >= planned.len(),
                "{granted} of {}",
                planned.len()
            );
            for (kind, count) in Kind::all() {
                assert_eq!(
                    planned.iter().filter(|p| p.kind == kind).count(),
                    count,
                    "{}",
                    kind.words()
                );
            }
        }
    }

    #[test]
    fn the_same_country_gives_the_same_plan_in_a_mixed_order() {
        let (one, other) = (planned(date(2026, 11, 23)), planned(date(2026, 11, 23)));
        assert!(
            one.iter()
                .zip(&other)
                .all(|(a, b)| a.kind == b.kind && a.case == b.case && a.number == b.number)
        );
        assert!(
            one.iter().take(50).any(|p| p.kind.is_refused())
                && one.iter().take(50).any(|p| !p.kind.is_refused())
        );
    }

    #[test]
    fn a_second_case_is_another_resource_of_the_same_person() {
        for planned in planned(date(2026, 11, 23)) {
            match (planned.kind, &planned.other) {
                (Kind::Reuse | Kind::NoReuse | Kind::TwoTabs, Some(other)) => {
                    assert_eq!(planned.case.person, other.person);
                    assert_ne!(planned.case.resource, other.resource);
                    assert!(other.expected.is_ok());
                }
                (Kind::OtherPortal, Some(other)) => {
                    assert_ne!(planned.case.person.portal, other.person.portal)
                }
                (kind, other) => assert!(other.is_none(), "{kind:?}"),
            }
        }
    }
}
