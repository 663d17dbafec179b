//! What each school offers: subscriptions, and to whom they are assigned.

use std::ops::Range;

use super::Work;
use super::assignments::{Assigned, assignments};
use super::changes::{Changes, on_subscriptions, with_given, without_changed};
use super::counting::within_licences;
use super::people::People;
use super::places::Ents;
use super::report::{BuildError, Fault, Reason};
use super::subscriptions::{SUBSCRIPTIONS, Subscriptions, subscriptions};
use crate::BuildOptions;
use crate::format::MAX_OFFERS;
use crate::format::records;

/// One subscription in one school.
struct Covered {
    establishment: u32,
    resource: u32,
    subscription: u32,
}

/// Reads subscriptions and assignments, and writes them and the schools with their offers. People must be written.
pub(crate) fn licences(
    work: &mut Work<'_>,
    ents: &Ents,
    people: &People,
    changes: &Changes,
    mut schools: Vec<records::Establishment>,
    options: &BuildOptions,
) -> Result<(), BuildError> {
    let mut subscriptions = subscriptions(work)?;
    let mut assigned = assignments(work, ents, people, &mut subscriptions)?;
    on_subscriptions(work, changes, &mut subscriptions, &mut assigned)?;
    let who = (ents, people);
    let given = without_changed(work, changes, &subscriptions, who, &mut assigned)?;
    within_licences(work, &subscriptions, &mut assigned, options)?;
    with_given(work, given, &mut subscriptions, &mut assigned);
    let covered = covered(work, &subscriptions);
    let mut offers = 0;
    for run in
        covered.chunk_by(|a, b| (a.establishment, a.resource) == (b.establishment, b.resource))
    {
        for (position, offer) in run.iter().enumerate() {
            let row = &subscriptions.rows[offer.subscription as usize];
            if position >= MAX_OFFERS {
                let fault = Fault {
                    column: Some("schools"),
                    reason: Reason::TooMany { max: MAX_OFFERS },
                };
                work.log.aside(SUBSCRIPTIONS.file, row.line, fault);
                continue;
            }
            let terms = row.record.terms;
            let (targets, dated) = targets(&assigned[assigned_in(&assigned, offer)], terms);
            let record = records::Offer {
                resource: offer.resource,
                subscription: offer.subscription,
                targets_list: work.lists.intern(&targets)?,
                terms,
                dated_list: work.lists.intern(&dated)?,
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
    for row in &subscriptions.rows {
        work.sections.push(&row.record);
    }
    for school in &schools {
        work.sections.push(school);
    }
    Ok(())
}

/// Every subscription in every school that it covers, for its resource and what a mother opens with it.
fn covered(work: &Work<'_>, subscriptions: &Subscriptions) -> Vec<Covered> {
    let mut covered: Vec<Covered> = Vec::new();
    for (subscription, row) in (0..).zip(&subscriptions.rows) {
        let resource = row.record.resource;
        for resource in std::iter::once(resource).chain(work.opened_by(resource)) {
            covered.extend(row.schools.iter().map(|establishment| Covered {
                establishment: *establishment,
                resource,
                subscription,
            }));
        }
    }
    covered.sort_unstable_by_key(|c| (c.establishment, c.resource, c.subscription));
    covered
}

/// What a subscription is assigned to in a school: as long as it is valid, and for parts of that time.
fn targets(assigned: &[Assigned], terms: u32) -> (Vec<u32>, Vec<u32>) {
    let mut whole = Vec::new();
    let mut dated = Vec::new();
    for this in assigned {
        if this.terms == terms {
            whole.push(this.fact);
        } else {
            dated.extend([this.fact, this.terms]);
        }
    }
    (whole, dated)
}

/// Where the assignments of a subscription in a school stand.
fn assigned_in(assigned: &[Assigned], offer: &Covered) -> Range<usize> {
    let key = (offer.subscription, offer.establishment);
    let start = assigned.partition_point(|a| (a.subscription, a.establishment) < key);
    let end = assigned.partition_point(|a| (a.subscription, a.establishment) <= key);
    start..end
}
