//! Why a licence reaches nobody here: what the body and the entries have of it, where the look-up only says that it
//! has found none.
//!
//! A body has the licences that were given, never those that were wished and for which there was none left: a build
//! sets these aside and its report names them (`licences-exhausted`).

use std::collections::HashSet;

use serde::Serialize;

use super::Times;
use crate::format::fact::Pairs;
use crate::format::{Corrupt, MAX_PERIODS};
use crate::overlay::Given;
use crate::rules;
use crate::snapshot::{Judged, Subject, facts, profiles, terms};

/// What there is of licences of a subscription in a school, where none reaches the person at the instant asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Unassigned {
    /// One is given to them for a later time.
    Later {
        /// First second of it, Unix seconds.
        starts: i64,
    },
    /// One was given to them for a time that is over.
    Over {
        /// First second after it, Unix seconds.
        ended: i64,
    },
    /// An entry of the overlay has taken it back.
    TakenBack,
    /// Only others have it in this school.
    Others {
        /// How many people, classes, groups, levels, subjects and profiles.
        targets: usize,
    },
    /// Nobody has it in this school.
    Nobody,
}

impl Unassigned {
    /// Looks at everything that is assigned in the school of a candidate that nothing assigns to the person.
    pub(super) fn of(subject: &Subject<'_>, judged: &Judged<'_>, at: i64) -> Result<Self, Corrupt> {
        let snapshot = subject.view.snapshot;
        let body = &snapshot.body;
        let mut affiliations = subject.affiliations.iter();
        let affiliation = affiliations.nth(judged.position).ok_or(Corrupt)?;
        let targets = body.list(judged.licences.targets_list)?;
        let dated = Pairs::of(body.list(judged.licences.dated_list)?)?;
        let (mut starts, mut ended, mut taken_back) = (None::<i64>, None::<i64>, false);
        let mut other_time = |from: i64, until: i64| {
            if at < from {
                // What begins when the subscription has ended never comes.
                if from >= judged.terms.until {
                    return;
                }
                starts = Some(starts.map_or(from, |starts| starts.min(from)));
            } else {
                ended = ended.max(Some(until));
            }
        };
        let theirs = facts(snapshot, &affiliation)?;
        let (person, profiles) = (subject.known.person, profiles(&affiliation)?);
        let own = || rules::reached_by(person, profiles, theirs.iter());
        for fact in own() {
            match judged.given.and_then(|given| given.says(fact)) {
                Some(Some(period)) => {
                    other_time(period.from, period.until);
                    continue;
                }
                Some(None) => {
                    taken_back = true;
                    continue;
                }
                None => {}
            }
            for number in dated.of_fact(fact, MAX_PERIODS)? {
                let period = terms(&body.record(number)?);
                other_time(period.from, period.until);
            }
        }
        Ok(match (starts, ended) {
            (Some(starts), _) => Self::Later { starts },
            (_, Some(ended)) => Self::Over { ended },
            _ if taken_back => Self::TakenBack,
            _ => {
                let mut others: HashSet<u32> = targets.iter().collect();
                others.extend(dated.iter().map(|(fact, _)| fact.0));
                for (fact, period) in judged.given.into_iter().flat_map(Given::facts) {
                    if period.is_some() {
                        others.insert(fact.0);
                    } else {
                        others.remove(&fact.0);
                    }
                }
                // What would reach them only after the end of the subscription is no other's.
                for fact in own() {
                    others.remove(&fact.0);
                }
                match others.len() {
                    0 => Self::Nobody,
                    targets => Self::Others { targets },
                }
            }
        })
    }

    /// In words, to go on after what the rule says.
    pub(super) fn words(self, times: &Times) -> String {
        const RAN_OUT: &str = "if it should be, look into the report of the build: `licences-exhausted` says that they ran out";
        match self {
            Self::Later { starts } => format!("it will be at {}", times.at(starts)),
            Self::Over { ended } => {
                format!("it was, and its last second was {}", times.last(ended))
            }
            Self::TakenBack => "an entry of the overlay has taken it back".to_owned(),
            Self::Others { targets: 1 } => format!("1 other has it in this school; {RAN_OUT}"),
            Self::Others { targets } => {
                format!("{targets} others have it in this school; {RAN_OUT}")
            }
            Self::Nobody => format!("nobody has it in this school; {RAN_OUT}"),
        }
    }
}
