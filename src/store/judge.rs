//! Is a candidate plausible beside what is in force? A country does not lose a fifth of its people overnight.
//!
//! Asked of files and of bodies from a store alike. It never looks at what a snapshot says about anybody.

use octroi_entitlements::Counts;

/// How much of each kind a candidate may have lost, in percent; 100 takes any but none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Of people.
    pub people: u64,
    /// Of schools.
    pub schools: u64,
    /// Of subscriptions.
    pub subscriptions: u64,
}

impl Thresholds {
    /// The loss is meant; nothing at all never is.
    pub const MEANT: Self = Self {
        people: 100,
        schools: 100,
        subscriptions: 100,
    };
}

/// A candidate that has lost too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} {what} instead of {before}: more than {percent} % are gone")]
pub struct Shrink {
    /// Of what: `people`, `schools` or `subscriptions`.
    pub what: &'static str,
    /// In the candidate.
    pub found: u64,
    /// In what is in force.
    pub before: u64,
    /// What may be gone.
    pub percent: u64,
}

impl Shrink {
    /// Its stable code in logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match (self.found, self.what) {
            (0, _) => "empty",
            (_, "people") => "shrunken-people",
            (_, "schools") => "shrunken-schools",
            _ => "shrunken-subscriptions",
        }
    }
}

impl Thresholds {
    /// Whether `candidate` may follow `before`; with nothing before, any that holds people may.
    ///
    /// # Errors
    /// [`Shrink`] with the first kind that has lost too much.
    pub fn judge(&self, before: Option<&Counts>, candidate: &Counts) -> Result<(), Shrink> {
        let of = |counts: &Counts| {
            [
                u64::from(counts.people),
                u64::from(counts.establishments),
                u64::from(counts.subscriptions),
            ]
        };
        let [people, schools, subscriptions] = before.map_or([1, 0, 0], of);
        let found = of(candidate);
        let kinds = [
            ("people", people, found[0], self.people),
            ("schools", schools, found[1], self.schools),
            ("subscriptions", subscriptions, found[2], self.subscriptions),
        ];
        for (what, before, found, percent) in kinds {
            let least = u128::from(before) * u128::from(100 - percent.min(100));
            if u128::from(found) * 100 < least || (found == 0 && before > 0) {
                return Err(Shrink {
                    what,
                    found,
                    before,
                    percent,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THRESHOLDS: Thresholds = Thresholds {
        people: 20,
        schools: 5,
        subscriptions: 50,
    };

    fn counts(people: u32, schools: u32, subscriptions: u32) -> Counts {
        Counts {
            people,
            establishments: schools,
            subscriptions,
            ..Counts::default()
        }
    }

    #[test]
    fn each_kind_has_its_own_threshold() {
        let before = counts(1000, 100, 200);
        let judged = |candidate| {
            THRESHOLDS
                .judge(Some(&before), &candidate)
                .map_err(|shrink| shrink.code())
        };
        assert_eq!(judged(counts(800, 95, 100)), Ok(()));
        assert_eq!(judged(counts(799, 95, 100)), Err("shrunken-people"));
        assert_eq!(judged(counts(800, 94, 100)), Err("shrunken-schools"));
        assert_eq!(judged(counts(800, 95, 99)), Err("shrunken-subscriptions"));
        assert_eq!(judged(counts(0, 95, 99)), Err("empty"));
        assert_eq!(judged(counts(5000, 500, 900)), Ok(()));
    }

    #[test]
    fn nothing_at_all_is_never_taken() {
        let any = Thresholds {
            people: 100,
            schools: 100,
            subscriptions: 100,
        };
        let before = counts(10, 10, 10);
        assert!(any.judge(Some(&before), &counts(1, 1, 1)).is_ok());
        assert!(any.judge(Some(&before), &counts(1, 1, 0)).is_err());
        assert!(any.judge(None, &counts(0, 5, 5)).is_err());
        assert!(any.judge(None, &counts(1, 0, 0)).is_ok());
        assert!(
            any.judge(Some(&counts(10, 10, 0)), &counts(10, 10, 0))
                .is_ok()
        );
    }
}
