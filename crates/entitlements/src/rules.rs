//! The rules: who may use what. The one place that evaluates them; look-up, explanation and build call it.
//!
//! A person may use a resource at an instant when one of their schools and one subscription satisfy, in this order:
//! the subscription covers that school and that resource (the look-up only offers such pairs), *validity*,
//! *public*, *assignment*. `docs/directory.md` says the same in prose and the tests below say it case by case.
//! This module never reads a snapshot or a file: facts are passed to it.

use crate::{Denied, Profile, ProfileSet, Public, PublicSet, SubscriptionKind};

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

/// Judges one subscription for one person in one school.
///
/// `assigned` is asked only when everything else holds and the subscription is INDIV; it may report damage.
#[inline]
pub(crate) fn judge(
    terms: &Terms,
    profiles: ProfileSet,
    at: i64,
    assigned: impl FnOnce() -> Result<bool, Denied>,
) -> Result<(), Denied> {
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
        SubscriptionKind::WholeSchool => Ok(()),
        SubscriptionKind::Individual if assigned()? => Ok(()),
        SubscriptionKind::Individual => Err(Denied::NotAssigned),
    }
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

/// Which of a person's schools counts when the tile named one: that very school, else the one it is a part of
/// (`0650499P-ET6` is a part of `0650499P`). It narrows: `None` means that no school counts.
pub(crate) fn chosen_school<'a>(
    asked: &str,
    schools: impl Iterator<Item = &'a str>,
) -> Option<usize> {
    let whole = asked.split_once('-').map(|(whole, _)| whole);
    let mut fallback = None;
    for (position, school) in schools.enumerate() {
        if school == asked {
            return Some(position);
        }
        if Some(school) == whole {
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
    ) -> Result<(), Denied> {
        let terms = Terms {
            from: 100,
            until: 200,
            publics: publics.iter().copied().collect(),
            kind,
        };
        judge(&terms, profiles.iter().copied().collect(), at, || {
            Ok(assigned)
        })
    }

    #[test]
    fn validity_begins_at_from_and_ends_before_until() {
        let at = |at| judged(WholeSchool, PUPILS, &[Profile::Pupil], at, false);
        assert_eq!(at(99), Err(Denied::SubscriptionNotYet { starts: 100 }));
        assert_eq!(at(100), Ok(()));
        assert_eq!(at(199), Ok(()));
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
                    Ok(())
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
        assert_eq!(judged(WholeSchool, PUPILS, both, 150, false), Ok(()));
        assert_eq!(judged(WholeSchool, STAFF, both, 150, false), Ok(()));
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
        assert_eq!(judged(WholeSchool, PUPILS, pupil, 150, false), Ok(()));
        assert_eq!(judged(Individual, PUPILS, pupil, 150, true), Ok(()));
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
        let choose =
            |asked, schools: &[&'static str]| chosen_school(asked, schools.iter().copied());
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
