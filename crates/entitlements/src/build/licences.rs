//! Subscriptions and assignments, and what each school offers.

use std::collections::HashMap;
use std::ops::Range;

use super::Work;
use super::people::{People, code_fact, person_key};
use super::places::{Ents, MAX_CODE, group_kind};
use super::pool::KeyMap;
use super::report::{BuildError, Fault, Reason};
use super::source::{Row, Stop, Table, optional, required};
use crate::format::MAX_OFFERS;
use crate::format::fact::{Fact, FactKind};
use crate::format::fingerprint::Domain;
use crate::format::records;
use crate::validity::Calendar;
use crate::{Attribute, Profile, Public, PublicSet, SubscriptionKind};

pub(crate) const SUBSCRIPTIONS: Table<7> = Table {
    file: "subscriptions.tsv",
    columns: [
        required("id"),
        required("resource"),
        required("schools"),
        required("kind"),
        required("publics"),
        required("from"),
        required("until"),
    ],
};
pub(crate) const ASSIGNMENTS: Table<5> = Table {
    file: "assignments.tsv",
    columns: [
        required("subscription"),
        required("uai"),
        required("kind"),
        optional("ent"),
        required("target"),
    ],
};

struct SubscriptionRow {
    line: u32,
    id: String,
    kind: SubscriptionKind,
    record: records::Subscription,
    schools: Vec<u32>,
}

/// One subscription in one school.
struct Covered {
    establishment: u32,
    resource: u32,
    subscription: u32,
    terms: u32,
    line: u32,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Assigned {
    subscription: u32,
    establishment: u32,
    fact: u32,
    line: u32,
}

/// Reads subscriptions and assignments, and writes them and the schools with their offers.
pub(crate) fn licences(
    work: &mut Work<'_>,
    ents: &Ents,
    people: &People,
    mut schools: Vec<records::Establishment>,
) -> Result<(), BuildError> {
    let rows = subscriptions(work)?;
    let assigned = assignments(work, ents, people, &rows)?;
    let mut covered: Vec<Covered> = Vec::new();
    for (subscription, row) in (0..).zip(&rows) {
        covered.extend(row.schools.iter().map(|establishment| Covered {
            establishment: *establishment,
            resource: row.record.resource,
            subscription,
            terms: row.record.terms,
            line: row.line,
        }));
    }
    covered.sort_unstable_by_key(|c| (c.establishment, c.resource, c.subscription));
    let mut offers = 0;
    for run in
        covered.chunk_by(|a, b| (a.establishment, a.resource) == (b.establishment, b.resource))
    {
        for (position, offer) in run.iter().enumerate() {
            if position >= MAX_OFFERS {
                let fault = Fault {
                    column: Some("schools"),
                    reason: Reason::TooMany { max: MAX_OFFERS },
                };
                work.log.aside(SUBSCRIPTIONS.file, offer.line, fault);
                continue;
            }
            let targets: Vec<u32> = assigned[assigned_in(&assigned, offer)]
                .iter()
                .map(|a| a.fact)
                .collect();
            let record = records::Offer {
                resource: offer.resource,
                subscription: offer.subscription,
                targets_list: work.lists.intern(&targets)?,
                terms: offer.terms,
                dated_list: 0,
            };
            work.sections.push(&record);
            let school = &mut schools[offer.establishment as usize];
            if school.offers == 0 {
                school.first_offer = offers;
            }
            school.offers += 1;
            offers += 1;
        }
    }
    for row in &rows {
        work.sections.push(&row.record);
    }
    for school in &schools {
        work.sections.push(school);
    }
    Ok(())
}

fn subscriptions(work: &mut Work<'_>) -> Result<Vec<SubscriptionRow>, BuildError> {
    let calendar = Calendar::new().ok_or(BuildError::NoTimeZone)?;
    let mut rows: Vec<SubscriptionRow> = Vec::new();
    let mut seen = KeyMap::default();
    let mut known: HashMap<(i64, i64, u16, u16), u32> = HashMap::new();
    work.read(&SUBSCRIPTIONS, |row, work| {
        let id = row.key(0, 45)?.into_owned();
        let resource = work.resource(row, 1)?;
        let kind = row.word(3, kind)?;
        let from = row.word(5, |text| Some(calendar.from(text)))?;
        let until = row.word(6, |text| Some(calendar.until(text)))?;
        let from = from.ok_or_else(|| row.fault(5, Reason::NotAnInstant))?;
        let until = until.ok_or_else(|| row.fault(6, Reason::NotAnInstant))?;
        if from >= until {
            return Err(row.fault(6, Reason::EmptyPeriod).into());
        }
        let publics = row.list(4, 32, &mut work.log, |word| {
            Public::parse(word).ok_or(Reason::NotAWord)
        });
        let publics: PublicSet = publics.into_iter().collect();
        if publics.is_empty() {
            return Err(row.fault(4, Reason::Empty).into());
        }
        work.unique(
            &mut seen,
            Domain::Subscription,
            "",
            &id,
            row.fault(0, Reason::Duplicate),
        )?;
        let mut schools = work.school_list(row, 2).into_vec();
        schools.sort_unstable();
        schools.dedup();
        if schools.is_empty() {
            return Err(row.fault(2, Reason::Empty).into());
        }
        let terms = records::Terms {
            from,
            until,
            publics: publics.0,
            kind: kind as u16,
            reserved: 0,
        };
        let next = known.len() as u32;
        let number = *known
            .entry((from, until, publics.0, kind as u16))
            .or_insert_with(|| {
                work.sections.push(&terms);
                next
            });
        let record = records::Subscription {
            id_text: work.texts.intern(&id)?,
            resource,
            terms: number,
            reserved: 0,
        };
        rows.push(SubscriptionRow {
            line: row.line,
            id,
            kind,
            record,
            schools,
        });
        Ok(())
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rows)
}

fn assignments(
    work: &mut Work<'_>,
    ents: &Ents,
    people: &People,
    subscriptions: &[SubscriptionRow],
) -> Result<Vec<Assigned>, BuildError> {
    let mut assigned: Vec<Assigned> = Vec::new();
    work.read(&ASSIGNMENTS, |row, work| {
        let id = row.key(0, 45)?;
        let number =
            subscriptions.binary_search_by(|subscription| subscription.id.as_str().cmp(&id));
        let number = number.map_err(|_| row.fault(0, Reason::Unknown))?;
        let subscription = &subscriptions[number];
        let establishment = work.school(row, 1)?;
        if subscription.kind != SubscriptionKind::Individual {
            return Err(row.fault(0, Reason::NotIndividual).into());
        }
        if subscription.schools.binary_search(&establishment).is_err() {
            return Err(row.fault(1, Reason::SchoolNotCovered).into());
        }
        let fact = target(row, establishment, work, ents, people)?;
        assigned.push(Assigned {
            subscription: number as u32,
            establishment,
            fact: fact.0,
            line: row.line,
        });
        Ok(())
    })?;
    assigned.sort_unstable();
    assigned.dedup_by(|later, first| {
        let same = (later.subscription, later.establishment, later.fact)
            == (first.subscription, first.establishment, first.fact);
        if same {
            let fault = Fault {
                column: Some("target"),
                reason: Reason::Duplicate,
            };
            work.log.aside(ASSIGNMENTS.file, later.line, fault);
        }
        same
    });
    Ok(assigned)
}

/// What an assignment is made to.
fn target(
    row: &Row<'_, 5>,
    establishment: u32,
    work: &mut Work<'_>,
    ents: &Ents,
    people: &People,
) -> Result<Fact, Stop> {
    const TARGET: usize = 4;
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

/// Where the assignments of a subscription in a school stand.
fn assigned_in(assigned: &[Assigned], offer: &Covered) -> Range<usize> {
    let key = (offer.subscription, offer.establishment);
    let start = assigned.partition_point(|a| (a.subscription, a.establishment) < key);
    let end = assigned.partition_point(|a| (a.subscription, a.establishment) <= key);
    start..end
}

fn kind(word: &str) -> Option<SubscriptionKind> {
    [SubscriptionKind::WholeSchool, SubscriptionKind::Individual]
        .into_iter()
        .find(|kind| kind.as_str() == word)
}
