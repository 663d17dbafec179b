//! Keeps assignments within the licences: of INDIV subscriptions whose count can run out, only.
//!
//! Assignments come in the order of `since`, then of their lines. One whose people do not all find a licence is set
//! aside whole, and costs nothing; a later one may still fit. [`Ledger`] counts.
//!
//! Memory, besides 28 octets for each different pair of school and fact that a limited subscription is assigned to:
//! people are collected for as many subscriptions at a time as [`BuildOptions::counting_memory`] allows, 8 octets for
//! each person at each mention, or for one subscription if it alone has more. Most subscriptions are never collected for: when even with everybody counted at every mention they have
//! licences enough, nobody needs to be told apart.

use std::ops::Range;

use super::Work;
use super::assignments::{ASSIGNMENTS, Assigned};
use super::report::{BuildError, Fault, Reason};
use super::subscriptions::Subscriptions;
use crate::format::fact::MAX_NUMBER;
use crate::rules;
use crate::subscription::{Category, Count, Ledger, Licences, Use};
use crate::{BuildOptions, ProfileSet, Public, PublicSet};

/// Octets for a person at a mention.
const MENTION: u64 = size_of::<u64>() as u64;
/// Pairs of school and fact must fit beside a person and four publics.
const MOST_PAIRS: usize = 1 << 31;

/// Sets aside the assignments for which there is no licence left.
pub(crate) fn within_licences(
    work: &mut Work<'_>,
    subscriptions: &Subscriptions,
    assigned: &mut Vec<Assigned>,
    options: &BuildOptions,
) -> Result<(), BuildError> {
    let limited = limited(subscriptions, assigned);
    let tight = tight(work, subscriptions, assigned, limited)?;
    let mut exhausted: Vec<usize> = Vec::new();
    let mut rest = tight.as_slice();
    while !rest.is_empty() {
        let mut held = 0;
        let fit = rest.iter().take_while(|run| {
            held += run.members * MENTION;
            held <= options.counting_memory
        });
        let (batch, later) = rest.split_at(fit.count().max(1));
        let members = Members::collect(work, assigned, batch)?;
        for run in batch {
            exhausted.extend(refused(subscriptions, assigned, run, &members));
        }
        rest = later;
    }
    exhausted.sort_unstable();
    for at in &exhausted {
        let fault = Fault {
            column: Some(ASSIGNMENTS.columns[4].name),
            reason: Reason::LicencesExhausted,
        };
        work.log.aside(ASSIGNMENTS.file, assigned[*at].line, fault);
    }
    let mut out = exhausted.iter().copied().peekable();
    let mut at = 0;
    assigned.retain(|_| {
        let kept = out.next_if_eq(&at).is_none();
        at += 1;
        kept
    });
    Ok(())
}

/// The assignments of one subscription, and how many pairs of fact and person they reach at most.
struct Run {
    assigned: Range<usize>,
    members: u64,
}

/// The assignments of each subscription whose count can run out.
fn limited(subscriptions: &Subscriptions, assigned: &[Assigned]) -> Vec<Range<usize>> {
    let mut start = 0;
    let runs = assigned.chunk_by(|a, b| a.subscription == b.subscription);
    runs.map(|run| {
        start += run.len();
        start - run.len()..start
    })
    .filter(|run| {
        let subscription = assigned[run.start].subscription;
        subscriptions.rows[subscription as usize].limited.is_some()
    })
    .collect()
}

/// Those of them that might not have licences enough.
fn tight(
    work: &Work<'_>,
    subscriptions: &Subscriptions,
    assigned: &[Assigned],
    limited: Vec<Range<usize>>,
) -> Result<Vec<Run>, BuildError> {
    let wanted = Wanted::new(work, assigned, limited.iter().cloned())?;
    let mut reached: Vec<[u32; 4]> = vec![[0; 4]; wanted.facts.len()];
    wanted.each(work, |pair, _, profiles| {
        for public in rules::publics_of(profiles).iter() {
            reached[pair][public as usize] += 1;
        }
    });
    let mut tight = Vec::new();
    for run in limited {
        let number = assigned[run.start].subscription as usize;
        let publics = subscriptions.terms(number).publics;
        let mut mentions = [0_u64; 4];
        for this in &assigned[run.clone()] {
            let pair = wanted.position(this.establishment, this.fact);
            for (sum, count) in mentions.iter_mut().zip(pair.map_or([0; 4], |p| reached[p])) {
                *sum += u64::from(count);
            }
        }
        let all: u64 = publics.iter().map(|public| mentions[public as usize]).sum();
        let enough = |count, mentioned| match count {
            Count::Unlimited => true,
            Count::AtMost(most) => mentioned <= u64::from(most),
        };
        let surely = match subscriptions.rows[number].limited.as_deref() {
            None => true,
            Some(Licences::Global(count)) => enough(*count, all),
            Some(Licences::ByPublic(counts)) => publics
                .iter()
                .all(|public| enough(counts[public as usize], mentions[public as usize])),
        };
        if !surely {
            tight.push(Run {
                assigned: run,
                members: mentions.iter().sum(),
            });
        }
    }
    Ok(tight)
}

/// The assignments of one subscription that get no licence.
fn refused(
    subscriptions: &Subscriptions,
    assigned: &[Assigned],
    run: &Run,
    members: &Members,
) -> Vec<usize> {
    let number = assigned[run.assigned.start].subscription as usize;
    let row = &subscriptions.rows[number];
    let terms = subscriptions.terms(number);
    let Some(licences) = row.limited.as_deref() else {
        return Vec::new();
    };
    let when = |this: &Assigned| {
        let period = subscriptions.terms.get(this.terms);
        let period = terms.narrowed(Some(period.from), Some(period.until));
        let period = period.unwrap_or(terms);
        Use {
            from: period.from,
            until: match row.category {
                Category::Transferable => period.until,
                Category::NotTransferable => terms.until,
            },
        }
    };
    let uses = assigned[run.assigned.clone()].iter().map(when);
    let mut ledger = Ledger::new(*licences, uses);
    let mut order: Vec<usize> = run.assigned.clone().collect();
    order.sort_unstable_by_key(|at| (assigned[*at].since, assigned[*at].line));
    order.retain(|at| {
        let this = &assigned[*at];
        let people = members.of(this.establishment, this.fact);
        let people = people.filter_map(|(person, theirs)| {
            rules::used_as(terms.publics, theirs).map(|public| (person, public))
        });
        !ledger.admit(when(this), people)
    });
    order
}

/// Pairs of school and fact whose people are asked for.
struct Wanted {
    /// For each school its first pair, and behind the last how many there are.
    first: Vec<u32>,
    /// Ascending in each school.
    facts: Vec<u32>,
}

impl Wanted {
    fn new(
        work: &Work<'_>,
        assigned: &[Assigned],
        runs: impl Iterator<Item = Range<usize>>,
    ) -> Result<Self, BuildError> {
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for run in runs {
            pairs.extend(assigned[run].iter().map(|a| (a.establishment, a.fact)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        if pairs.len() >= MOST_PAIRS {
            return Err(BuildError::TooLarge {
                what: "assignments of limited subscriptions",
            });
        }
        let mut first = Vec::with_capacity(work.schools.len() + 1);
        for (at, (school, _)) in (0..).zip(&pairs) {
            while first.len() <= *school as usize {
                first.push(at);
            }
        }
        first.resize(work.schools.len() + 1, pairs.len() as u32);
        Ok(Self {
            first,
            facts: pairs.into_iter().map(|(_, fact)| fact).collect(),
        })
    }

    fn of_school(&self, school: u32) -> Range<usize> {
        let at = school as usize;
        match (self.first.get(at), self.first.get(at + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => 0..0,
        }
    }

    fn position(&self, school: u32, fact: u32) -> Option<usize> {
        let range = self.of_school(school);
        let found = self.facts[range.clone()].binary_search(&fact);
        found.ok().map(|at| range.start + at)
    }

    /// Everybody whom a pair reaches: the pair's place, the person, their profiles in that school.
    fn each(&self, work: &Work<'_>, mut visit: impl FnMut(usize, u32, ProfileSet)) {
        if self.facts.is_empty() {
            return;
        }
        for member in work.members() {
            let range = self.of_school(member.establishment);
            let facts = &self.facts[range.clone()];
            if facts.is_empty() {
                continue;
            }
            for fact in rules::reached_by(member.person, member.profiles, member.facts()) {
                if let Ok(at) = facts.binary_search(&fact.0) {
                    visit(range.start + at, member.person, member.profiles);
                }
            }
        }
    }
}

/// The people whom pairs reach, each with the publics that they belong to there.
struct Members {
    wanted: Wanted,
    /// Pair (31 bits), person (29 bits), publics (4 bits), ascending.
    found: Vec<u64>,
}

impl Members {
    fn collect(work: &Work<'_>, assigned: &[Assigned], batch: &[Run]) -> Result<Self, BuildError> {
        let runs = batch.iter().map(|run| run.assigned.clone());
        let wanted = Wanted::new(work, assigned, runs)?;
        let mut found = Vec::new();
        wanted.each(work, |pair, person, profiles| {
            let publics = rules::publics_of(profiles);
            if !publics.is_empty() {
                found.push((pair as u64) << 33 | u64::from(person) << 4 | u64::from(publics.0));
            }
        });
        found.sort_unstable();
        Ok(Self { wanted, found })
    }

    fn of(&self, school: u32, fact: u32) -> impl Iterator<Item = (u32, PublicSet)> {
        let pair = self.wanted.position(school, fact).map(|pair| pair as u64);
        let start = pair.map_or(self.found.len(), |pair| {
            self.found.partition_point(|word| word >> 33 < pair)
        });
        self.found[start..]
            .iter()
            .take_while(move |word| Some(*word >> 33) == pair)
            .map(|word| {
                let person = (word >> 4) as u32 & (MAX_NUMBER - 1);
                (person, PublicSet((word & 0xf) as u16))
            })
    }
}

/// A person and the publics fit below the pair.
const _: () = assert!(MAX_NUMBER as u64 == 1 << 29 && Public::ALL.len() == 4);
