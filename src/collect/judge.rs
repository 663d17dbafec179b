//! Whether a delivery may shrink what is in force so much (F4).
//!
//! Counted are people, schools, classes and groups of the flow, and those of each school. Each is compared with what is in
//! force and with the most that was in force in the last `shrink_days` days ([`Marks`]), so that small losses add up.
//! What is allowed comes from the calendar: in a period its thresholds hold, otherwise the portal's. Days on which other
//! thresholds held do not count: what went in August is not missed in September. A handful is never too much, or the
//! smallest schools would be held each time a family moves.

use std::collections::{BTreeMap, BTreeSet};

use octroi_directory::{GroupKind, Segment, SegmentError};

use jiff::civil::Date;

use super::marks::{Marks, What};
use super::schedule::period_of;
use crate::config::{CollectPeriod, CollectPortal, CollectSettings, Shrink};

/// Losses up to this are never too much.
const HANDFUL: u64 = 5;
/// Findings that are listed; more are counted.
const LISTED: usize = 50;

/// How much there is, of the flow or of one school.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Schools; 0 in the count of one school.
    pub schools: u64,
    /// People; one that is in two schools counts in both.
    pub people: u64,
    /// Classes (*divisions*).
    pub classes: u64,
    /// Groups.
    pub groups: u64,
}

impl Count {
    const fn of(&self, what: What) -> u64 {
        match what {
            What::Schools => self.schools,
            What::People => self.people,
            What::Classes => self.classes,
            What::Groups => self.groups,
        }
    }
}

/// How much a segment holds, by school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// All of it.
    pub flow: Count,
    /// Each school, by UAI.
    pub schools: BTreeMap<String, Count>,
}

impl Census {
    /// Counts a segment. Memory is that of its schools.
    ///
    /// # Errors
    /// [`SegmentError`] when the segment is damaged.
    pub fn of(segment: &Segment) -> Result<Self, SegmentError> {
        let mut counts: Vec<Count> = vec![Count::default(); segment.schools().len()];
        for group in segment.groups() {
            if let Some(count) = counts.get_mut(group.school as usize) {
                match group.kind {
                    GroupKind::Division => count.classes += 1,
                    GroupKind::Group => count.groups += 1,
                }
            }
        }
        let mut people = segment.people();
        while let Some(person) = people.next()? {
            for affiliation in person.affiliations {
                if let Some(count) = counts.get_mut(affiliation.school as usize) {
                    count.people += 1;
                }
            }
        }
        let mut flow = Count {
            schools: counts.len() as u64,
            people: segment.counts().people,
            ..Count::default()
        };
        for count in &counts {
            flow.classes += count.classes;
            flow.groups += count.groups;
        }
        let uais = segment.schools().map(|school| school.uai.to_owned());
        Ok(Self {
            flow,
            schools: uais.zip(counts).collect(),
        })
    }
}

/// What a delivery may lose, and since when losses add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What it may lose.
    pub allowed: Shrink,
    /// The day on which it is judged.
    pub day: Date,
    /// The first day whose counts are compared: `shrink_days` ago, or when the thresholds of `day` began to hold.
    pub since: Date,
}

impl Terms {
    /// The terms of a portal on a day.
    #[must_use]
    pub fn on(portal: &CollectPortal, settings: &CollectSettings, day: Date) -> Self {
        let allowed = allowed(portal, &settings.periods, day);
        let mut since = day;
        for _ in 0..settings.shrink_days {
            match since.yesterday() {
                Ok(before) if self::allowed(portal, &settings.periods, before) == allowed => {
                    since = before;
                }
                _ => break,
            }
        }
        Self {
            allowed,
            day,
            since,
        }
    }
}

/// What a delivery may lose that is in force on `day`.
fn allowed(portal: &CollectPortal, periods: &[CollectPeriod], day: Date) -> Shrink {
    period_of(periods, day).map_or(portal.shrink, |period| period.shrink)
}

/// What there is to say of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What is lost beyond what is allowed, in words; empty when the delivery may pass.
    pub findings: Vec<String>,
    /// The marks of the flow once the delivery is in force. Whoever lets it pass has accepted what was found: from there
    /// on these losses are counted anew.
    pub marks: Marks,
}

/// Compares what would be in force with what is, and with what was.
#[must_use]
pub fn judge(before: &Census, after: &Census, marks: &Marks, terms: &Terms) -> Judgement {
    let mut judgement = Judgement::default();
    let flow = (before.flow, after.flow);
    compare("", flow, terms.allowed.flow, marks, terms, &mut judgement);
    let mut uais: BTreeSet<&str> = before.schools.keys().map(String::as_str).collect();
    uais.extend(marks.schools().filter(|uai| !uai.is_empty()));
    for uai in uais {
        let of = |census: &Census| census.schools.get(uai).copied().unwrap_or_default();
        let counts = (of(before), of(after));
        compare(
            uai,
            counts,
            terms.allowed.school,
            marks,
            terms,
            &mut judgement,
        );
    }
    let found = &mut judgement.findings;
    if found.len() > LISTED {
        let more = found.len() - LISTED;
        found.truncate(LISTED);
        found.push(format!("and {more} more"));
    }
    judgement
}

fn compare(
    uai: &str,
    (before, after): (Count, Count),
    percent: u64,
    marks: &Marks,
    terms: &Terms,
    judgement: &mut Judgement,
) {
    let of = if uai.is_empty() { "" } else { " of " };
    for what in What::ALL {
        let (before, after, name) = (before.of(what), after.of(what), what.name());
        let mark = marks.highest(uai, what, terms.since);
        if let Some(share) = too_much(before, after, percent) {
            judgement.findings.push(format!(
                "{name}{of}{uai}: {before} before, {after} now, {share} % less; {percent} % may go"
            ));
        } else if let Some(mark) = mark
            && let Some(share) = too_much(mark.count, after, percent)
        {
            let (most, day) = (mark.count, mark.day);
            judgement.findings.push(format!(
                "{name}{of}{uai}: {most} until {day}, {after} now, {share} % less in small steps; {percent} % may go"
            ));
        } else {
            let days = (terms.day, terms.since);
            judgement
                .marks
                .carry(marks, (uai, what), (before, after), days);
        }
    }
}

/// How much of a count is lost in percent, when that is too much.
fn too_much(before: u64, after: u64, percent: u64) -> Option<u128> {
    let lost = u128::from(before.saturating_sub(after));
    let much = lost > u128::from(HANDFUL) && lost * 100 > u128::from(before) * u128::from(percent);
    much.then(|| lost * 100 / u128::from(before.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn census(people: &[u64]) -> Census {
        let schools: BTreeMap<String, Count> = people
            .iter()
            .enumerate()
            .map(|(at, people)| {
                let count = Count {
                    people: *people,
                    classes: people / 25,
                    ..Count::default()
                };
                (format!("{at:07}A"), count)
            })
            .collect();
        let flow = Count {
            schools: people.len() as u64,
            people: people.iter().sum(),
            ..Count::default()
        };
        Census { flow, schools }
    }

    const USUAL: Shrink = Shrink {
        flow: 10,
        school: 30,
    };

    fn terms(allowed: Shrink) -> Terms {
        Terms {
            allowed,
            day: jiff::civil::date(2026, 11, 27),
            since: jiff::civil::date(2026, 10, 1),
        }
    }

    fn findings(before: &Census, after: &Census, allowed: Shrink) -> Vec<String> {
        judge(before, after, &Marks::default(), &terms(allowed)).findings
    }

    #[test]
    fn a_school_that_is_emptied_is_found_though_the_flow_hardly_shrinks() {
        let found = findings(
            &census(&[500; 40]),
            &census(&[&[500; 39][..], &[0]].concat()),
            USUAL,
        );
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(
            found[0],
            "people of 0000039A: 500 before, 0 now, 100 % less; 30 % may go"
        );
        assert!(found[1].starts_with("classes of 0000039A: 20 before, 0 now"));
    }

    #[test]
    fn a_flow_that_shrinks_evenly_is_found_though_no_school_is() {
        let found = findings(&census(&[500; 40]), &census(&[440; 40]), USUAL);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("people: 20000 before, 17600 now, 12 % less"));
    }

    #[test]
    fn summer_lets_pass_what_winter_holds() {
        let summer = Shrink {
            flow: 60,
            school: 100,
        };
        let (before, after) = (census(&[500; 4]), census(&[300, 300, 300, 0]));
        assert!(!findings(&before, &after, USUAL).is_empty());
        assert!(findings(&before, &after, summer).is_empty());
        assert!(!findings(&before, &Census::default(), summer).is_empty());
    }

    #[test]
    fn a_handful_is_never_too_much() {
        assert!(findings(&census(&[6, 200]), &census(&[1, 200]), USUAL).is_empty());
    }

    proptest! {
        #[test]
        fn growth_is_never_found(people in proptest::collection::vec(0u64..3000, 0..50), more in 0u64..100) {
            let grown: Vec<u64> = people.iter().map(|people| people + more).collect();
            let nothing = Shrink { flow: 0, school: 0 };
            let found = findings(&census(&people), &census(&grown), nothing);
            prop_assert_eq!(found, Vec::<String>::new());
        }
    }
}
