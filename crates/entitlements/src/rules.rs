//! The rules: who may use what. The one place that evaluates them; look-up, explanation and build call it.
//!
//! A person may use a resource at an instant when one of their schools and one subscription satisfy, in this order:
//! the subscription covers that school and that resource (the look-up only offers such pairs), *validity*,
//! *public*, *assignment*. `docs/directory.md` says the same in prose and the tests below say it case by case. Whether a
//! subscription is a good one, and whether it has licences left, is settled before: [`crate::subscription`], by the build.
//! Before all that, publisher and resource must be valid themselves ([`open`]), and what is released of a person is what the policy
//! of the resource has at that instant ([`released_at`]).
//! This module never reads a snapshot or a file: facts are passed to it.

use crate::format::fact::{Fact, FactKind};
use crate::{
    Attribute, AttributeSet, Denied, Profile, ProfileSet, Public, PublicSet, SubscriptionKind,
};

/// A time: of a publisher, a resource, an attribute of a release policy, a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// First second of it.
    pub(crate) from: i64,
    /// First second after it; [`i64::MAX`] never comes.
    pub(crate) until: i64,
}

impl Period {
    /// A time that may be open at either end.
    pub(crate) fn between(from: Option<i64>, until: Option<i64>) -> Self {
        Self {
            from: from.unwrap_or(i64::MIN),
            until: until.unwrap_or(i64::MAX),
        }
    }

    /// Whether an instant is in it.
    #[inline]
    pub(crate) fn holds_at(self, at: i64) -> bool {
        self.from <= at && !self.is_over(at)
    }

    /// Whether an instant is after it.
    #[inline]
    fn is_over(self, at: i64) -> bool {
        self.until <= at && self.until != i64::MAX
    }

    /// Whether there is an instant in both.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.from < other.until && other.from < self.until
    }
}

/// Whether a resource and its publisher are valid at an instant. A yes says until when: the first second at which one
/// of them no longer is.
#[inline]
pub(crate) fn open(publisher: Period, resource: Period, at: i64) -> Result<i64, Denied> {
    if at < publisher.from {
        let starts = publisher.from;
        return Err(Denied::PublisherNotYet { starts });
    }
    if publisher.is_over(at) {
        let ended = publisher.until;
        return Err(Denied::PublisherExpired { ended });
    }
    if at < resource.from {
        let starts = resource.from;
        return Err(Denied::ResourceNotYet { starts });
    }
    if resource.is_over(at) {
        let ended = resource.until;
        return Err(Denied::ResourceExpired { ended });
    }
    Ok(publisher.until.min(resource.until))
}

/// What a policy releases at an instant: what it always does, and what it does for a time that holds.
pub(crate) fn released_at(
    always: AttributeSet,
    dated: impl Iterator<Item = (Attribute, Period)>,
    at: i64,
) -> AttributeSet {
    dated
        .filter(|(_, period)| period.holds_at(at))
        .fold(always, |set, (attribute, _)| set.with(attribute))
}

/// What a subscription says, apart from its resource and schools.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// First second of validity.
    pub(crate) from: i64,
    /// First second after validity.
    pub(crate) until: i64,
    /// Target public.
    pub(crate) publics: PublicSet,
    /// ETABL or INDIV.
    pub(crate) kind: SubscriptionKind,
}

impl Terms {
    /// Whether an instant is in the validity.
    #[inline]
    pub(crate) fn hold_at(&self, at: i64) -> bool {
        self.from <= at && at < self.until
    }

    /// When an assignment holds that was made for a time of its own: only while the subscription does, too. `None`
    /// when that is never.
    pub(crate) fn narrowed(self, from: Option<i64>, until: Option<i64>) -> Option<Self> {
        let narrowed = Self {
            from: from.map_or(self.from, |from| from.max(self.from)),
            until: until.map_or(self.until, |until| until.min(self.until)),
            ..self
        };
        (narrowed.from < narrowed.until).then_some(narrowed)
    }
}

/// Judges one subscription for one person in one school. A yes says until when: the first second without the right.
///
/// `assigned` answers until when it is assigned to the person, or that it is not. It is asked only when everything
/// else holds and the subscription is INDIV; it may report damage.
#[inline]
pub(crate) fn judge(
    terms: &Terms,
    profiles: ProfileSet,
    at: i64,
    assigned: impl FnOnce() -> Result<Option<i64>, Denied>,
) -> Result<i64, Denied> {
    if at < terms.from {
        return Err(Denied::SubscriptionNotYet { starts: terms.from });
    }
    if at >= terms.until {
        return Err(Denied::SubscriptionExpired { ended: terms.until });
    }
    if !terms.publics.intersects(publics_of(profiles)) {
        return Err(Denied::PublicExcluded);
    }
    match terms.kind {
        SubscriptionKind::WholeSchool => Ok(terms.until),
        SubscriptionKind::Individual => match assigned()? {
            Some(until) => Ok(until.min(terms.until)),
            None => Err(Denied::NotAssigned),
        },
    }
}

/// By what an assignment in a school can reach a person: the person, each of their profiles there, each of their
/// classes, groups, levels and subjects there (`facts`).
#[inline]
pub(crate) fn reached_by(
    person: u32,
    profiles: ProfileSet,
    facts: impl Iterator<Item = u32>,
) -> impl Iterator<Item = Fact> {
    let facts = facts.map(Fact).filter(|fact| fact.is_group_or_code());
    reached_alone(person, profiles).chain(facts)
}

/// Of [`reached_by`], what does not depend on classes, groups, levels and subjects.
#[inline]
pub(crate) fn reached_alone(person: u32, profiles: ProfileSet) -> impl Iterator<Item = Fact> {
    let person = Fact::new(FactKind::Person, person);
    let profiles = profiles
        .iter()
        .filter_map(|profile| Fact::new(FactKind::Profile, profile as u32));
    person.into_iter().chain(profiles)
}

/// As which public somebody uses a licence: the first, in the order of [`Public::ALL`], of those that the subscription
/// is for and they belong to. `None` when it is not for them: then they use none.
pub(crate) fn used_as(publics: PublicSet, theirs: PublicSet) -> Option<Public> {
    publics.iter().find(|public| theirs.contains(*public))
}

/// The publics that somebody with these profiles belongs to.
#[inline]
pub(crate) fn publics_of(profiles: ProfileSet) -> PublicSet {
    profiles.iter().filter_map(public_of).collect()
}

/// The public that a profile belongs to; guardians belong to none.
fn public_of(profile: Profile) -> Option<Public> {
    match profile {
        Profile::Pupil => Some(Public::Pupils),
        Profile::Teacher => Some(Public::Teachers),
        Profile::Librarian => Some(Public::Librarians),
        Profile::Head
        | Profile::SchoolLife
        | Profile::Staff
        | Profile::Authority
        | Profile::LocalAuthority => Some(Public::OtherStaff),
        Profile::Guardian => None,
    }
}

/// The school that another is a part of, by its identifier: `0650499P-ET6` is a part of `0650499P`.
#[inline]
pub(crate) fn whole_school(school: &str) -> Option<&str> {
    school.split_once('-').map(|(whole, _)| whole)
}

/// Which of a person's schools counts when the tile named one: that very school, else the one it is a part of
/// ([`whole_school`]). It narrows: `None` means that no school counts.
#[inline]
pub(crate) fn chosen_school<School: PartialEq>(
    asked: Option<School>,
    whole: Option<School>,
    schools: impl Iterator<Item = School>,
) -> Option<usize> {
    let mut fallback = None;
    for (position, school) in schools.map(Some).enumerate() {
        if school == asked {
            return Some(position);
        }
        if school == whole {
            fallback = Some(position);
        }
    }
    fallback
}

/// Of two denials, the one that came closer to a yes: the rule later in the order, then the nearer date.
#[inline]
pub(crate) fn closer(one: Denied, other: Denied) -> Denied {
    match (one, other) {
        (Denied::SubscriptionExpired { ended: a }, Denied::SubscriptionExpired { ended: b }) => {
            Denied::SubscriptionExpired { ended: a.max(b) }
        }
        (Denied::SubscriptionNotYet { starts: a }, Denied::SubscriptionNotYet { starts: b }) => {
            Denied::SubscriptionNotYet { starts: a.min(b) }
        }
        _ if rank(other) > rank(one) => other,
        _ => one,
    }
}

fn rank(denied: Denied) -> u8 {
    match denied {
        Denied::SnapshotCorrupt => u8::MAX,
        Denied::NotAssigned => 4,
        Denied::PublicExcluded => 3,
        Denied::SubscriptionNotYet { .. } => 2,
        Denied::SubscriptionExpired { .. } => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use SubscriptionKind::{Individual, WholeSchool};

    const PUPILS: &[Public] = &[Public::Pupils];
    const STAFF: &[Public] = &[Public::Teachers, Public::Librarians, Public::OtherStaff];

    fn judged(
        kind: SubscriptionKind,
        publics: &[Public],
        profiles: &[Profile],
        at: i64,
        assigned: bool,
    ) -> Result<i64, Denied> {
        let terms = Terms {
            from: 100,
            until: 200,
            publics: publics.iter().copied().collect(),
            kind,
        };
        judge(&terms, profiles.iter().copied().collect(), at, || {
            Ok(assigned.then_some(i64::MAX))
        })
    }

    #[test]
    fn validity_begins_at_from_and_ends_before_until() {
        let at = |at| judged(WholeSchool, PUPILS, &[Profile::Pupil], at, false);
        assert_eq!(at(99), Err(Denied::SubscriptionNotYet { starts: 100 }));
        assert_eq!(at(100), Ok(200));
        assert_eq!(at(199), Ok(200));
        assert_eq!(at(200), Err(Denied::SubscriptionExpired { ended: 200 }));
        assert_eq!(
            at(i64::MIN),
            Err(Denied::SubscriptionNotYet { starts: 100 })
        );
        assert_eq!(
            at(i64::MAX),
            Err(Denied::SubscriptionExpired { ended: 200 })
        );
    }

    #[test]
    fn publisher_and_resource_are_both_valid_or_the_publisher_is_told_first() {
        let period = |from, until| Period { from, until };
        let always = Period::between(None, None);
        let (publisher, resource) = (period(100, 200), period(120, 180));
        for (at, expected) in [
            (99, Err(Denied::PublisherNotYet { starts: 100 })),
            (100, Err(Denied::ResourceNotYet { starts: 120 })),
            (119, Err(Denied::ResourceNotYet { starts: 120 })),
            (120, Ok(180)),
            (179, Ok(180)),
            (180, Err(Denied::ResourceExpired { ended: 180 })),
            (199, Err(Denied::ResourceExpired { ended: 180 })),
            (200, Err(Denied::PublisherExpired { ended: 200 })),
        ] {
            assert_eq!(open(publisher, resource, at), expected, "{at}");
        }
        assert_eq!(open(publisher, always, 150), Ok(200));
        assert_eq!(open(always, resource, 150), Ok(180));
        for at in [i64::MIN, 0, i64::MAX] {
            assert_eq!(open(always, always, at), Ok(i64::MAX), "{at}");
        }
    }

    #[test]
    fn a_policy_releases_what_it_always_does_and_what_holds() {
        let dated = [
            (Attribute::Nom, Period::between(None, Some(10))),
            (Attribute::Pre, Period::between(Some(10), Some(20))),
            (Attribute::Nom, Period::between(Some(20), None)),
        ];
        let always = AttributeSet::EMPTY.with(Attribute::Ido);
        for (at, expected) in [
            (9, always.with(Attribute::Nom)),
            (10, always.with(Attribute::Pre)),
            (19, always.with(Attribute::Pre)),
            (20, always.with(Attribute::Nom)),
        ] {
            assert_eq!(released_at(always, dated.into_iter(), at), expected, "{at}");
        }
        assert_eq!(released_at(always, std::iter::empty(), 5), always);
    }

    #[test]
    fn periods_meet_when_they_have_an_instant_in_common() {
        let period = |from, until| Period { from, until };
        let always = Period::between(None, None);
        assert!(always.meets(always) && always.meets(period(3, 4)));
        assert!(period(3, 5).meets(period(4, 6)) && period(4, 6).meets(period(3, 5)));
        assert!(!period(3, 5).meets(period(5, 6)) && !period(5, 6).meets(period(3, 5)));
    }

    #[test]
    fn each_profile_belongs_to_its_public_and_to_no_other() {
        let table = [
            (Profile::Pupil, Some(Public::Pupils)),
            (Profile::Teacher, Some(Public::Teachers)),
            (Profile::Librarian, Some(Public::Librarians)),
            (Profile::Head, Some(Public::OtherStaff)),
            (Profile::SchoolLife, Some(Public::OtherStaff)),
            (Profile::Staff, Some(Public::OtherStaff)),
            (Profile::Authority, Some(Public::OtherStaff)),
            (Profile::LocalAuthority, Some(Public::OtherStaff)),
            (Profile::Guardian, None),
        ];
        assert_eq!(table.len(), Profile::ALL.len());
        for (profile, public) in table {
            for asked in Public::ALL {
                let expected = if Some(asked) == public {
                    Ok(200)
                } else {
                    Err(Denied::PublicExcluded)
                };
                assert_eq!(
                    judged(WholeSchool, &[asked], &[profile], 150, true),
                    expected,
                    "{profile} {asked}"
                );
            }
        }
    }

    #[test]
    fn one_of_several_profiles_is_enough() {
        let both = &[Profile::Pupil, Profile::SchoolLife];
        assert_eq!(judged(WholeSchool, PUPILS, both, 150, false), Ok(200));
        assert_eq!(judged(WholeSchool, STAFF, both, 150, false), Ok(200));
        assert_eq!(
            judged(WholeSchool, &[Public::Teachers], both, 150, false),
            Err(Denied::PublicExcluded)
        );
        assert_eq!(
            judged(WholeSchool, &Public::ALL, &[], 150, false),
            Err(Denied::PublicExcluded)
        );
    }

    #[test]
    fn individual_needs_an_assignment_and_whole_school_does_not() {
        let pupil = &[Profile::Pupil];
        assert_eq!(judged(WholeSchool, PUPILS, pupil, 150, false), Ok(200));
        assert_eq!(judged(Individual, PUPILS, pupil, 150, true), Ok(200));
        assert_eq!(
            judged(Individual, PUPILS, pupil, 150, false),
            Err(Denied::NotAssigned)
        );
    }

    #[test]
    fn an_assignment_widens_neither_public_nor_validity() {
        assert_eq!(
            judged(Individual, STAFF, &[Profile::Pupil], 150, true),
            Err(Denied::PublicExcluded)
        );
        assert_eq!(
            judged(Individual, PUPILS, &[Profile::Pupil], 200, true),
            Err(Denied::SubscriptionExpired { ended: 200 })
        );
    }

    #[test]
    fn an_assignment_may_end_before_its_subscription_and_never_after() {
        let terms = Terms {
            from: 100,
            until: 200,
            publics: PublicSet::EMPTY.with(Public::Pupils),
            kind: Individual,
        };
        let pupil = ProfileSet::EMPTY.with(Profile::Pupil);
        for (assigned, until) in [(170, 170), (200, 200), (300, 200)] {
            assert_eq!(judge(&terms, pupil, 150, || Ok(Some(assigned))), Ok(until));
        }
        let narrowed = |from, until| terms.narrowed(from, until).map(|t| (t.from, t.until));
        assert_eq!(narrowed(None, None), Some((100, 200)));
        assert_eq!(narrowed(Some(50), Some(300)), Some((100, 200)));
        assert_eq!(narrowed(Some(120), None), Some((120, 200)));
        assert_eq!(narrowed(None, Some(180)), Some((100, 180)));
        assert_eq!(narrowed(Some(200), None), None);
        assert_eq!(narrowed(None, Some(100)), None);
        assert!(!terms.hold_at(99) && terms.hold_at(100));
        assert!(terms.hold_at(199) && !terms.hold_at(200));
    }

    #[test]
    fn a_licence_is_used_as_the_first_public_that_counts() {
        let set = |publics: &[Public]| publics.iter().copied().collect::<PublicSet>();
        let both = set(&[Public::Librarians, Public::Teachers]);
        assert_eq!(used_as(set(&Public::ALL), both), Some(Public::Teachers));
        assert_eq!(
            used_as(set(&[Public::Librarians, Public::Pupils]), both),
            Some(Public::Librarians)
        );
        assert_eq!(used_as(set(PUPILS), both), None);
        assert_eq!(used_as(set(&Public::ALL), PublicSet::EMPTY), None);
    }

    #[test]
    fn assignments_reach_by_person_profiles_and_what_they_are_in_the_school() {
        let fact = |kind, number| Fact::new(kind, number).unwrap();
        let profiles = ProfileSet::EMPTY.with(Profile::Teacher);
        let group = fact(FactKind::Group, 4);
        let code = fact(FactKind::Code, 5);
        // A person or a profile among the facts is damage, and reaches nobody.
        let facts = [
            group,
            code,
            fact(FactKind::Person, 9),
            fact(FactKind::Profile, 0),
        ];
        let reached: Vec<Fact> = reached_by(7, profiles, facts.iter().map(|fact| fact.0)).collect();
        let expected = [
            fact(FactKind::Person, 7),
            fact(FactKind::Profile, Profile::Teacher as u32),
            group,
            code,
        ];
        assert_eq!(reached, expected);
    }

    #[test]
    fn damage_is_never_a_yes() {
        let terms = Terms {
            from: 0,
            until: 9,
            publics: PublicSet::EMPTY.with(Public::Pupils),
            kind: Individual,
        };
        let pupil = ProfileSet::EMPTY.with(Profile::Pupil);
        assert_eq!(
            judge(&terms, pupil, 5, || Err(Denied::SnapshotCorrupt)),
            Err(Denied::SnapshotCorrupt)
        );
    }

    #[test]
    fn the_school_asked_for_narrows() {
        let choose = |asked, schools: &[&'static str]| {
            chosen_school(Some(asked), whole_school(asked), schools.iter().copied())
        };
        assert_eq!(choose("0561622J", &["0350042F", "0561622J"]), Some(1));
        assert_eq!(choose("0561622J", &["0350042F"]), None);
        assert_eq!(choose("0650499P-ET6", &["0650499P"]), Some(0));
        assert_eq!(
            choose("0650499P-ET6", &["0650499P", "0650499P-ET6"]),
            Some(1)
        );
        assert_eq!(choose("0650499P", &["0650499P-ET6"]), None);
        assert_eq!(choose("", &["0650499P"]), None);
    }

    #[test]
    fn the_denial_closest_to_a_yes_is_told() {
        let ended = |ended| Denied::SubscriptionExpired { ended };
        let starts = |starts| Denied::SubscriptionNotYet { starts };
        let order = [
            ended(1),
            ended(2),
            starts(9),
            starts(8),
            Denied::PublicExcluded,
            Denied::NotAssigned,
            Denied::SnapshotCorrupt,
        ];
        for (at, further) in order.iter().enumerate() {
            for nearer in &order[at..] {
                assert_eq!(closer(*further, *nearer), *nearer);
                assert_eq!(closer(*nearer, *further), *nearer);
            }
        }
    }
}
