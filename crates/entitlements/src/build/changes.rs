//! Entries of the overlay's log, taken into the body: subscriptions and licences as they stand after the last entry.
//!
//! The result is that of editing the tables entry by entry (`docs/overlay.md`). Revocations and suspensions are never
//! taken in: they stand beside every body until they are lifted. What an entry names and the sources do not know is set
//! aside under its sequence. Licences that the log gives are not counted, whoever wrote the entry did; those that the tables
//! give are, also when the log has put their subscription.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Work;
use super::assignments::Assigned;
use super::people::{People, code_fact};
use super::places::Ents;
use super::report::{BuildError, Fault, Reason};
use super::source::Stop;
use super::subscriptions::{SubscriptionRow, Subscriptions};
use crate::format::fact::{Fact, FactKind};
use crate::format::fingerprint::Domain;
use crate::format::records;
use crate::overlay::{Assignment, Change, Entry, SubscriptionPut, Target};
use crate::subscription::Category;
use crate::{Attribute, SubscriptionKind, ark, rules};

/// What reports call the log.
pub(crate) const CHANGES: &str = "overlay";

/// The entries that a build takes in.
pub(crate) struct Changes(Vec<Arc<Entry>>);

impl Changes {
    /// The entries after those that the tables contain, in the order of the log, each once.
    pub(crate) fn after(entries: &[Arc<Entry>], contained: u64) -> Self {
        let later = entries.iter().filter(|entry| entry.sequence > contained);
        let mut entries: Vec<_> = later.cloned().collect();
        entries.sort_by_key(|entry| entry.sequence);
        entries.dedup_by_key(|entry| entry.sequence);
        Self(entries)
    }

    /// The last one, when there is one.
    pub(crate) fn last(&self) -> Option<u64> {
        self.0.last().map(|entry| entry.sequence)
    }

    /// The entries as the log writes them, one a line: for the digest of the sources.
    pub(crate) fn octets(&self) -> Result<Vec<u8>, BuildError> {
        let mut octets = Vec::new();
        for entry in &self.0 {
            serde_json::to_writer(&mut octets, &**entry)
                .map_err(|_| BuildError::TooLarge { what: "entries" })?;
            octets.push(b'\n');
        }
        Ok(octets)
    }
}

/// A subscription as the log leaves it.
struct Left {
    /// None when it is not known: then the subscription is offered nowhere, and what stood before it is gone.
    resource: Option<u32>,
    terms: rules::Terms,
    schools: Vec<u32>,
    /// The table's row, while only its end has changed.
    row: Option<usize>,
}

/// Who has a licence: subscription, school and fact.
type Licence = (u32, u32, u32);

/// From and until, where they are not the subscription's.
type Period = (Option<i64>, Option<i64>);

/// Licences that the log gave or took back, with the sequence of the last entry about each.
pub(crate) struct Given(BTreeMap<Licence, (u64, Option<Period>)>);

fn aside(work: &mut Work<'_>, sequence: u64, column: &'static str, reason: Reason) {
    let fault = Fault {
        column: Some(column),
        reason,
    };
    let line = u32::try_from(sequence).unwrap_or(u32::MAX);
    work.log.aside(CHANGES, line, fault);
}

/// Brings subscriptions to what they are after the log, and the table's licences with them. What the table gives and the
/// log leaves no room for is gone without a word: nothing is wrong with the table.
pub(crate) fn on_subscriptions(
    work: &mut Work<'_>,
    changes: &Changes,
    subscriptions: &mut Subscriptions,
    assigned: &mut Vec<Assigned>,
) -> Result<(), BuildError> {
    let mut touched: BTreeMap<&str, Left> = BTreeMap::new();
    for entry in &changes.0 {
        let report = work.log.file(CHANGES);
        report.lines += 1;
        report.taken += 1;
        match &entry.change {
            Change::SubscriptionPut(put) => {
                touched.insert(&put.subscription, put_left(work, entry.sequence, put));
            }
            Change::SubscriptionEnded {
                subscription,
                until,
            } => {
                let known = touched.remove(subscription.as_str());
                match known.or_else(|| in_table(subscriptions, subscription)) {
                    Some(mut left) => {
                        left.terms.until = left.terms.until.min(*until);
                        // Ended before it began, it never holds.
                        left.terms.from = left.terms.from.min(left.terms.until);
                        touched.insert(subscription, left);
                    }
                    None => aside(work, entry.sequence, "subscription", Reason::Unknown),
                }
            }
            _ => {}
        }
    }
    if touched.is_empty() {
        return Ok(());
    }
    let rows = subscriptions.rows.iter();
    let before: Vec<(String, u32)> = rows.map(|row| (row.id.clone(), row.record.terms)).collect();
    let mut replaced = Vec::with_capacity(touched.len());
    let mut gone = Vec::new();
    for (id, left) in touched {
        let Some(resource) = left.resource else {
            gone.push(id);
            continue;
        };
        let terms = subscriptions.terms.number(work, left.terms);
        // An entry has no counts: those of the table's line go on to hold, and what the tables assign is counted.
        let line = position(subscriptions, id).map(|at| &subscriptions.rows[at]);
        let individual = left.terms.kind == SubscriptionKind::Individual;
        let counted = line.filter(|_| individual);
        let limited = counted.and_then(|line| line.limited.clone());
        let category = counted.map_or(Category::Transferable, |line| line.category);
        if let Some(row) = left.row {
            subscriptions.rows[row].record.terms = terms;
            continue;
        }
        replaced.push(SubscriptionRow {
            line: 0,
            record: records::Subscription {
                id_text: work.text(id)?,
                resource,
                terms,
                reserved: 0,
            },
            id: id.to_owned(),
            schools: left.schools,
            limited,
            category,
        });
    }
    let is_replaced = |row: &SubscriptionRow| {
        let replaced = replaced.binary_search_by(|other| other.id.cmp(&row.id));
        replaced.is_ok() || gone.binary_search(&row.id.as_str()).is_ok()
    };
    subscriptions.rows.retain(|row| !is_replaced(row));
    subscriptions.rows.append(&mut replaced);
    subscriptions.rows.sort_by(|a, b| a.id.cmp(&b.id));
    follow(work, &before, subscriptions, assigned);
    Ok(())
}

/// Brings licences into order; periods that have become the same are one.
fn in_order(assigned: &mut Vec<Assigned>) {
    let key = |a: &Assigned| (a.subscription, a.establishment, a.fact, a.terms);
    assigned.sort_unstable_by_key(|a| (key(a), a.line));
    assigned.dedup_by_key(|a| key(a));
}

/// Gives licences the numbers and terms that their subscriptions have now; `before` has id and terms of each old number.
fn follow(
    work: &mut Work<'_>,
    before: &[(String, u32)],
    subscriptions: &mut Subscriptions,
    assigned: &mut Vec<Assigned>,
) {
    let numbers = before.iter().map(|(id, _)| position(subscriptions, id));
    let numbers: Vec<Option<usize>> = numbers.collect();
    assigned.retain_mut(|this| {
        let old = this.subscription as usize;
        let Some(number) = numbers[old] else {
            return false;
        };
        let terms = subscriptions.terms(number);
        let row = &subscriptions.rows[number];
        let (was_own, own) = (before[old].1, row.record.terms);
        let covered = row.schools.binary_search(&this.establishment).is_ok();
        if terms.kind != SubscriptionKind::Individual || !covered {
            return false;
        }
        this.subscription = number as u32;
        if this.terms == was_own {
            this.terms = own;
        } else if own != was_own {
            let part = subscriptions.terms.get(this.terms);
            let Some(narrowed) = terms.narrowed(Some(part.from), Some(part.until)) else {
                return false;
            };
            this.terms = subscriptions.terms.number(work, narrowed);
        }
        true
    });
    in_order(assigned);
}

fn in_table(subscriptions: &Subscriptions, id: &str) -> Option<Left> {
    let at = position(subscriptions, id)?;
    Some(Left {
        resource: Some(subscriptions.rows[at].record.resource),
        terms: subscriptions.terms(at),
        schools: Vec::new(),
        row: Some(at),
    })
}

fn position(subscriptions: &Subscriptions, id: &str) -> Option<usize> {
    subscriptions
        .rows
        .binary_search_by(|row| row.id.as_str().cmp(id))
        .ok()
}

fn put_left(work: &mut Work<'_>, sequence: u64, put: &SubscriptionPut) -> Left {
    let name = ark::name(&put.resource).unwrap_or_default();
    let key = work.key(Domain::Resource, "", name);
    let resource = work.resources.get(&key).copied();
    if resource.is_none() {
        aside(work, sequence, "resource", Reason::Unknown);
    }
    let mut schools = Vec::with_capacity(put.schools.len());
    for uai in &put.schools {
        match school(work, uai) {
            Some(number) => schools.push(number),
            None => aside(work, sequence, "schools", Reason::Unknown),
        }
    }
    schools.sort_unstable();
    schools.dedup();
    Left {
        resource,
        terms: rules::Terms {
            from: put.from,
            until: put.until,
            publics: put.publics.iter().copied().collect(),
            kind: put.kind,
        },
        schools,
        row: None,
    }
}

fn school(work: &Work<'_>, uai: &str) -> Option<u32> {
    let key = work.key(Domain::Establishment, "", uai);
    work.schools.get(&key).copied()
}

/// Takes out of the table's licences those about which the log says something, before licences are counted.
pub(crate) fn without_changed(
    work: &mut Work<'_>,
    changes: &Changes,
    subscriptions: &Subscriptions,
    (ents, people): (&Ents, &People),
    assigned: &mut Vec<Assigned>,
) -> Result<Given, BuildError> {
    let mut given = BTreeMap::new();
    for entry in &changes.0 {
        let (assignment, period) = match &entry.change {
            Change::AssignmentPut(put) => (&put.assignment, Some((put.from, put.until))),
            Change::AssignmentEnded(assignment) => (assignment, None),
            _ => continue,
        };
        match licence(work, subscriptions, (ents, people), assignment) {
            Ok(licence) => {
                given.insert(licence, (entry.sequence, period));
            }
            Err(Stop::Line(fault)) => {
                let column = fault.column.unwrap_or("target");
                aside(work, entry.sequence, column, fault.reason);
            }
            Err(Stop::Build(error)) => return Err(error),
        }
    }
    assigned.retain(|a| !given.contains_key(&(a.subscription, a.establishment, a.fact)));
    Ok(Given(given))
}

/// Adds the licences that the log leaves, and brings all into order again.
pub(crate) fn with_given(
    work: &mut Work<'_>,
    given: Given,
    subscriptions: &mut Subscriptions,
    assigned: &mut Vec<Assigned>,
) {
    for ((subscription, establishment, fact), (sequence, period)) in given.0 {
        let Some((from, until)) = period else {
            continue;
        };
        let number = subscription as usize;
        let terms = subscriptions.terms(number);
        let row = &subscriptions.rows[number];
        let (own, covers) = (
            row.record.terms,
            row.schools.binary_search(&establishment).is_ok(),
        );
        let (column, reason) = if terms.kind != SubscriptionKind::Individual {
            ("subscription", Reason::NotIndividual)
        } else if !covers {
            ("school", Reason::SchoolNotCovered)
        } else if let Some(narrowed) = terms.narrowed(from, until) {
            let whole = (narrowed.from, narrowed.until) == (terms.from, terms.until);
            assigned.push(Assigned {
                subscription,
                establishment,
                fact,
                terms: if whole {
                    own
                } else {
                    subscriptions.terms.number(work, narrowed)
                },
                line: 0,
                since: from.unwrap_or(terms.from),
            });
            continue;
        } else {
            ("from", Reason::SubscriptionNotValid)
        };
        aside(work, sequence, column, reason);
    }
    in_order(assigned);
}

fn licence(
    work: &mut Work<'_>,
    subscriptions: &Subscriptions,
    (ents, people): (&Ents, &People),
    assignment: &Assignment,
) -> Result<Licence, Stop> {
    let unknown = |column| {
        Stop::Line(Fault {
            column: Some(column),
            reason: Reason::Unknown,
        })
    };
    let subscription = position(subscriptions, &assignment.subscription);
    let subscription = subscription.ok_or_else(|| unknown("subscription"))? as u32;
    let establishment = school(work, &assignment.school).ok_or_else(|| unknown("school"))?;
    let group = |work: &Work<'_>, kind, code: &str| {
        let number = work.group(establishment, kind, code);
        number.and_then(|number| Fact::new(FactKind::Group, number))
    };
    let fact = match &assignment.target {
        Target::Person { ent, person } => ents
            .number(ent)
            .map(|number| work.key(Domain::Person, ents.current(number), person))
            .and_then(|key| people.number(key))
            .and_then(|number| Fact::new(FactKind::Person, number)),
        Target::Division { code } => group(work, 0, code),
        Target::Group { code } => group(work, 1, code),
        Target::Level { code } => Some(code_fact(work, Attribute::PMs4, code)?),
        Target::Subject { code } => Some(code_fact(work, Attribute::PMat, code)?),
        Target::Profile { profile } => Fact::new(FactKind::Profile, *profile as u32),
    };
    let fact = fact.ok_or_else(|| unknown("target"))?;
    Ok((subscription, establishment, fact.0))
}
