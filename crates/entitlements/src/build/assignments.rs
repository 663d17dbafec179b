//! Reads assignments: to whom a licence of an INDIV subscription is given, in which school, for what time.

use super::Work;
use super::dates::{calendar, instant, period};
use super::people::{People, code_fact, person_key};
use super::places::{Ents, MAX_CODE, group_kind};
use super::report::{BuildError, Fault, Reason};
use super::source::{Row, Stop, Table, optional, required};
use super::subscriptions::Subscriptions;
use crate::format::MAX_PERIODS;
use crate::format::fact::{Fact, FactKind};
use crate::rules;
use crate::validity::Calendar;
use crate::{Attribute, Profile, SubscriptionKind};

pub(crate) const ASSIGNMENTS: Table<8> = Table {
    file: "assignments.tsv",
    columns: [
        required("subscription"),
        required("uai"),
        required("kind"),
        optional("ent"),
        required("target"),
        optional("from"),
        optional("until"),
        optional("since"),
    ],
};

const TARGET: usize = 4;
const FROM: usize = 5;
const UNTIL: usize = 6;
const SINCE: usize = 7;

/// An assignment that was taken: 32 octets, for there are tens of millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Assigned {
    pub(crate) subscription: u32,
    pub(crate) establishment: u32,
    pub(crate) fact: u32,
    /// The subscription's terms, or the same with a time of its own.
    pub(crate) terms: u32,
    pub(crate) line: u32,
    /// When it was made, for who comes first.
    pub(crate) since: i64,
}

/// Reads the assignments, in the order of subscription, school, fact and terms.
pub(crate) fn assignments(
    work: &mut Work<'_>,
    ents: &Ents,
    people: &People,
    subscriptions: &mut Subscriptions,
) -> Result<Vec<Assigned>, BuildError> {
    let calendar = calendar()?;
    let mut assigned: Vec<Assigned> = Vec::new();
    work.read(&ASSIGNMENTS, |row, work| {
        let id = row.key(0, 45)?;
        let rows = &subscriptions.rows;
        let number = rows.binary_search_by(|subscription| subscription.id.as_str().cmp(&id));
        let number = number.map_err(|_| row.fault(0, Reason::Unknown))?;
        let terms = subscriptions.terms(number);
        let subscription = &rows[number];
        let establishment = work.school(row, 1)?;
        if terms.kind != SubscriptionKind::Individual {
            return Err(row.fault(0, Reason::NotIndividual).into());
        }
        if subscription.schools.binary_search(&establishment).is_err() {
            return Err(row.fault(1, Reason::SchoolNotCovered).into());
        }
        let fact = target(row, establishment, work, ents, people)?;
        let (from, until) = period(row, [FROM, UNTIL], &calendar)?;
        let since = instant(row, SINCE, &calendar, Calendar::from)?;
        if terms.narrowed(from, until).is_none() {
            return Err(row.fault(FROM, Reason::SubscriptionNotValid).into());
        }
        let own = subscription.record.terms;
        // As it was made, not narrowed: a later change of the subscription's validity must not widen it.
        let period = rules::Terms {
            from: from.unwrap_or(i64::MIN),
            until: until.unwrap_or(i64::MAX),
            ..terms
        };
        assigned.push(Assigned {
            subscription: number as u32,
            establishment,
            fact: fact.0,
            terms: if (from, until) == (None, None) {
                own
            } else {
                subscriptions.terms.number(work, period)
            },
            line: row.line,
            since: since.or(from).unwrap_or(terms.from),
        });
        Ok(())
    })?;
    assigned.sort_unstable_by_key(|a| (a.subscription, a.establishment, a.fact, a.terms, a.line));
    once(work, &mut assigned);
    Ok(assigned)
}

/// Sets aside what an earlier line says already, and more periods than one fact can have.
fn once(work: &mut Work<'_>, assigned: &mut Vec<Assigned>) {
    let mut last: Option<Assigned> = None;
    let mut periods = 0;
    assigned.retain(|this| {
        let key = |a: Assigned| (a.subscription, a.establishment, a.fact);
        let (reason, column) = match last {
            Some(before) if key(before) == key(*this) => {
                if before.terms == this.terms {
                    (Some(Reason::Duplicate), TARGET)
                } else if periods == MAX_PERIODS {
                    (Some(Reason::TooMany { max: MAX_PERIODS }), FROM)
                } else {
                    (None, FROM)
                }
            }
            _ => {
                periods = 0;
                (None, FROM)
            }
        };
        let Some(reason) = reason else {
            periods += 1;
            last = Some(*this);
            return true;
        };
        let fault = Fault {
            column: Some(ASSIGNMENTS.columns[column].name),
            reason,
        };
        work.log.aside(ASSIGNMENTS.file, this.line, fault);
        false
    });
}

/// What an assignment is made to.
fn target(
    row: &Row<'_, 8>,
    establishment: u32,
    work: &mut Work<'_>,
    ents: &Ents,
    people: &People,
) -> Result<Fact, Stop> {
    let unknown = || row.fault(TARGET, Reason::Unknown);
    let kind = row.word(2, |word| Some(word.to_owned()))?;
    if let Some(group) = group_kind(&kind) {
        let code = row.key(TARGET, MAX_CODE)?;
        let number = work.group(establishment, group, &code);
        let number = number.ok_or_else(unknown)?;
        return Ok(Fact::new(FactKind::Group, number).ok_or_else(unknown)?);
    }
    let fact = match kind.as_str() {
        "person" => {
            let (key, _) = person_key(row, [3, TARGET], ents, work)?;
            Fact::new(FactKind::Person, people.number(key).ok_or_else(unknown)?)
        }
        "profile" => {
            let profile = row.word(TARGET, Profile::parse)?;
            Fact::new(FactKind::Profile, profile as u32)
        }
        "level" => Some(code_fact(
            work,
            Attribute::PMs4,
            &row.key(TARGET, MAX_CODE)?,
        )?),
        "subject" => Some(code_fact(
            work,
            Attribute::PMat,
            &row.key(TARGET, MAX_CODE)?,
        )?),
        _ => return Err(row.fault(2, Reason::NotAWord).into()),
    };
    Ok(fact.ok_or_else(unknown)?)
}
