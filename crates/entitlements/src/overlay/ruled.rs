//! Rules RG1 to RG13 on a subscription that an entry puts, as far as an entry has the fields.
//!
//! They are asked when an entry is made, never when one is read: a log that is signed must stay readable. What an
//! entry cannot say is not asked here: counts (RG1, RG5, RG6) and whether a school is of the first degree (RG11). Nor can
//! it be asked whether names are known, or what licences are left: that only a build sees.

use std::collections::HashMap;

use jiff::Timestamp;
use thiserror::Error;

use super::change::{AssignmentPut, Change, SubscriptionPut};
use crate::SubscriptionKind;
use crate::subscription::{Automatic, Checker, Context, Fields, Maker, RuleBroken};

/// A licence that a build would set aside, as the changes beside it say already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// The platform's own subscriptions are ETABL.
    #[error("AUTO_ subscriptions are ETABL: they have no licences to give")]
    Automatic,
    /// The subscription is put as ETABL.
    #[error("the subscription is put as ETABL before: it has no licences to give")]
    WholeSchool,
    /// It is not put in this school.
    #[error("the subscription is put before, and not in this school")]
    SchoolNotCovered,
    /// It never holds in this time.
    #[error("the subscription is put or ended before, and never holds in this time")]
    NeverValid,
}

/// The first of the changes that a build would set aside because of those before it, by its place from 0.
///
/// Only what these changes themselves say is compared: a subscription that they do not put is not known here.
///
/// # Errors
/// Its place, and why.
pub fn consistent<'c>(
    changes: impl IntoIterator<Item = &'c Change>,
) -> Result<(), (usize, Contradiction)> {
    let mut put: HashMap<&str, (&SubscriptionPut, i64)> = HashMap::new();
    for (at, change) in changes.into_iter().enumerate() {
        match change {
            Change::SubscriptionPut(one) => {
                put.insert(&one.subscription, (one, one.until));
            }
            Change::SubscriptionEnded {
                subscription,
                until,
            } => {
                if let Some((_, ends)) = put.get_mut(subscription.as_str()) {
                    *ends = (*ends).min(*until);
                }
            }
            Change::AssignmentPut(licence) => {
                let known = put.get(licence.assignment.subscription.as_str());
                licence.fits(known.copied()).map_err(|why| (at, why))?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl AssignmentPut {
    /// Whether a subscription, with its end as it is by now, has room for this licence.
    fn fits(&self, subscription: Option<(&SubscriptionPut, i64)>) -> Result<(), Contradiction> {
        let wanted = &self.assignment;
        if Automatic::parse(&wanted.subscription).is_some() {
            return Err(Contradiction::Automatic);
        }
        let Some((put, ends)) = subscription else {
            return Ok(());
        };
        if put.kind == SubscriptionKind::WholeSchool {
            return Err(Contradiction::WholeSchool);
        }
        if !put.schools.contains(&wanted.school) {
            return Err(Contradiction::SchoolNotCovered);
        }
        let begins = self.from.map_or(put.from, |from| from.max(put.from));
        if begins >= self.until.map_or(ends, |until| until.min(ends)) {
            return Err(Contradiction::NeverValid);
        }
        Ok(())
    }
}

impl Change {
    /// Checks the rules of subscriptions, for whoever makes a change; [`Change::check`] has the bounds of each field.
    ///
    /// # Errors
    /// Every rule that a `subscription-put` breaks. Other changes break none.
    pub fn check_rules(&self, checker: &Checker) -> Result<(), Vec<RuleBroken>> {
        match self {
            Self::SubscriptionPut(put) => put.check_rules(checker),
            _ => Ok(()),
        }
    }
}

impl SubscriptionPut {
    fn check_rules(&self, checker: &Checker) -> Result<(), Vec<RuleBroken>> {
        let [from, until] = [self.from, self.until].map(instant);
        let schools: Vec<&str> = self.schools.iter().map(String::as_str).collect();
        let fields = Fields {
            id: &self.subscription,
            from: &from,
            until: &until,
            schools: &schools,
            kind: self.kind.as_str(),
            publics: self.publics.iter().copied().collect(),
            ..Fields::default()
        };
        let context = Context {
            maker: Maker::Directory,
            first_degree: false,
        };
        checker.check(&fields, context).map(|_| ())
    }
}

/// As a table has it; an instant that no calendar knows stays a number, which RG10 refuses.
fn instant(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Public, SubscriptionKind};

    /// 2026-09-01T00:00:00Z.
    const SEPTEMBER: i64 = 1_788_220_800;
    /// 2036-09-01T00:00:00Z, ten years later in Paris, too.
    const TEN_YEARS_LATER: i64 = 2_103_840_000;

    fn put() -> SubscriptionPut {
        SubscriptionPut {
            subscription: "s1".into(),
            resource: "ark:/99999/r1".into(),
            schools: vec!["0561622J".into()],
            kind: SubscriptionKind::Individual,
            publics: vec![Public::Pupils, Public::Librarians],
            from: SEPTEMBER,
            until: TEN_YEARS_LATER,
        }
    }

    fn broken(change: impl FnOnce(&mut SubscriptionPut)) -> Vec<String> {
        let mut put = put();
        change(&mut put);
        let broken = Change::SubscriptionPut(put).check_rules(&Checker::new().unwrap());
        let rules = broken.err().unwrap_or_default();
        rules.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_put_keeps_the_rules_of_its_fields() {
        assert_eq!(broken(|_| ()), [""; 0]);
        for (change, rule) in [
            ((|put| put.until += 1) as fn(&mut SubscriptionPut), "RG8"),
            (|put| put.subscription = "abonnements".into(), "RG12"),
            (|put| put.subscription = "_s1".into(), "RG13"),
            (|put| put.until = i64::MAX, "RG10"),
            (|put| put.from = i64::MIN, "RG10"),
        ] {
            let told = broken(change);
            assert_eq!(told.len(), 1, "{rule}: {told:?}");
            assert!(told[0].starts_with(rule), "{rule}: {told:?}");
        }
    }

    #[test]
    fn what_the_platform_makes_is_for_the_school_in_its_name() {
        let automatic = |put: &mut SubscriptionPut| {
            put.subscription = "AUTO_0561622J_1_1788220800000".into();
            put.kind = SubscriptionKind::WholeSchool;
        };
        assert_eq!(broken(automatic), [""; 0]);
        for change in [
            (|put| put.kind = SubscriptionKind::Individual) as fn(&mut SubscriptionPut),
            |put| put.schools.push("0650499P".into()),
            |put| put.subscription = "AUTO_x".into(),
        ] {
            let told = broken(|put| {
                automatic(put);
                change(put);
            });
            assert_eq!(told.len(), 1, "{told:?}");
        }
    }

    #[test]
    fn a_licence_that_the_changes_before_leave_no_room_for_is_told() {
        use crate::overlay::{Assignment, Target};
        let licence = |subscription: &str, school: &str, from: Option<i64>| {
            Change::AssignmentPut(AssignmentPut {
                assignment: Assignment {
                    subscription: subscription.into(),
                    school: school.into(),
                    target: Target::Division { code: "6A".into() },
                },
                from,
                until: None,
            })
        };
        let given = |from| licence("s1", "0561622J", from);
        let whole = SubscriptionPut {
            kind: SubscriptionKind::WholeSchool,
            ..put()
        };
        let put = || Change::SubscriptionPut(put());
        let ended = |until| Change::SubscriptionEnded {
            subscription: "s1".into(),
            until,
        };
        let late = Some(TEN_YEARS_LATER);
        for (changes, expected) in [
            (vec![put(), given(None)], Ok(())),
            // Of a subscription that they do not put, nothing is known.
            (vec![given(late)], Ok(())),
            (vec![given(late), put()], Ok(())),
            (vec![ended(0), given(None)], Ok(())),
            (
                vec![put(), given(late)],
                Err((1, Contradiction::NeverValid)),
            ),
            (
                vec![put(), ended(SEPTEMBER), given(None)],
                Err((2, Contradiction::NeverValid)),
            ),
            // Put again, it holds again.
            (vec![put(), ended(SEPTEMBER), put(), given(None)], Ok(())),
            (
                vec![put(), licence("s1", "0650499P", None)],
                Err((1, Contradiction::SchoolNotCovered)),
            ),
            (
                vec![Change::SubscriptionPut(whole), given(None)],
                Err((1, Contradiction::WholeSchool)),
            ),
            (
                vec![licence("AUTO_0561622J_1_1788220800000", "0561622J", None)],
                Err((0, Contradiction::Automatic)),
            ),
        ] {
            assert_eq!(consistent(&changes), expected, "{changes:?}");
        }
    }
}
