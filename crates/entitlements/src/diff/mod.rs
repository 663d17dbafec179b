//! Whom another body would let in or shut out, before it is put in force.
//!
//! People of both bodies are met in the order of their fingerprints, and the rights of each in each of their schools
//! are worked out by the very code that answers accesses. Nobody asks 15 million people times 14 000 resources: people of
//! one school with the same profiles, classes and groups have the same rights there, which are worked out once; only whom a
//! licence names is looked at alone. Memory: 16 octets a person and body, and one entry for each kind of people.
//!
//! Rights are worked out from the offers; that the index of offers says the same is what `octroi snapshot check` compares.
//!
//! The result counts and names schools and resources. People appear as the beginning of a keyed fingerprint, never by name
//! or identifier. Revocations of people are not asked: they hold on every body alike.

mod names;
mod report;
mod rights;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use thiserror::Error;

use self::names::Names;
pub use self::report::{Difference, Example, PairChange, ResourceChange, SchoolChange, Which};
use self::rights::{Rights, Side};
use crate::format::Corrupt;
use crate::{ProfileSet, Snapshot, View};

/// Why two bodies cannot be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DiffError {
    /// Their fingerprints are made with different keys: who is who cannot be told.
    #[error(
        "the bodies were built with different fingerprint keys: build the newer one with --previous"
    )]
    OtherKey,
    /// One of them contradicts itself.
    #[error("one of the bodies contradicts itself: `octroi snapshot check` names the record")]
    Corrupt,
}

impl From<Corrupt> for DiffError {
    fn from(_: Corrupt) -> Self {
        Self::Corrupt
    }
}

/// How much of the result is listed; everything is counted.
#[derive(Debug, Clone, Copy)]
pub struct DiffOptions {
    /// Instant at which rights are compared, Unix seconds.
    pub at: i64,
    /// Schools, resources and pairs listed, those with most people first.
    pub listed: usize,
    /// Examples of each kind.
    pub examples: usize,
}

/// People between two reports of progress.
const STEP: u64 = 1 << 18;

/// Compares what two bodies, each with the changes since, entitle people to. `progress` is told how many people of how
/// many were met.
///
/// # Errors
/// [`DiffError`].
pub fn diff<'s>(
    before: impl Into<View<'s>>,
    after: impl Into<View<'s>>,
    options: DiffOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Difference, DiffError> {
    let (before, after) = (before.into(), after.into());
    if before.snapshot.body.header.key != after.snapshot.body.header.key {
        return Err(DiffError::OtherKey);
    }
    let mut names = Names::default();
    let mut old = Side::new(before, options.at, &mut names)?;
    let mut new = Side::new(after, options.at, &mut names)?;
    let (old_people, new_people) = (people(before.snapshot), people(after.snapshot));
    let total = old_people.len().max(new_people.len()) as u64;
    let mut tally = Tally::new(options, &names);
    let mut rights = Rights::default();
    let (mut left, mut right) = (old_people.iter().peekable(), new_people.iter().peekable());
    let mut met = 0_u64;
    loop {
        let one = left.peek().map(|word| **word);
        let other = right.peek().map(|word| **word);
        let (is_old, is_new) = match (one, other) {
            (None, None) => break,
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(one), Some(other)) => (one >> 32 <= other >> 32, other >> 32 <= one >> 32),
        };
        let mut had = SmallVec::new();
        let mut has = SmallVec::new();
        let mut profiles = ProfileSet::EMPTY;
        if let (true, Some(word)) = (is_old, one) {
            left.next();
            profiles = old.of(place(word), &mut rights, &mut had)?;
        }
        if let (true, Some(word)) = (is_new, other) {
            right.next();
            profiles = new.of(place(word), &mut rights, &mut has)?;
        }
        let which = match (is_old, is_new) {
            (true, true) => Which::Stayed,
            (false, _) => Which::Arrived,
            (true, false) => Which::Gone,
        };
        let word = one.filter(|_| is_old).or(other).unwrap_or_default();
        tally.person(which, word, profiles, &rights, &had, &has);
        met += 1;
        if met.is_multiple_of(STEP) {
            progress(met.min(total), total);
        }
    }
    progress(total, total);
    Ok(tally.finish(before, after, &names))
}

/// Stored fingerprints of all people with their places in the index in the lower part, ascending.
fn people(snapshot: &Snapshot) -> Vec<u128> {
    let mut words = Vec::with_capacity(snapshot.counts().people as usize);
    let slots = snapshot.body.people().slots();
    words.extend(slots.map(|(place, stored, _)| stored.bits() << 32 | u128::from(place)));
    words.sort_unstable();
    words
}

#[allow(clippy::cast_possible_truncation, reason = "the lower part is meant")]
fn place(word: u128) -> u32 {
    word as u32
}

/// The rights of a person: one set for each of their schools, ascending.
type Sets = SmallVec<[u32; 2]>;

/// What was counted so far.
struct Tally {
    options: DiffOptions,
    pairs: FxHashMap<(u32, u32), [u64; 2]>,
    schools: Vec<[u64; 4]>,
    difference: Difference,
}

/// Places in the counts of a school.
const LET_IN: usize = 0;
const SHUT_OUT: usize = 1;
const ARRIVED: usize = 2;
const GONE: usize = 3;

impl Tally {
    fn new(options: DiffOptions, names: &Names<'_>) -> Self {
        Self {
            options,
            pairs: FxHashMap::default(),
            schools: vec![[0; 4]; names.schools.len()],
            difference: Difference {
                at: options.at,
                ..Difference::default()
            },
        }
    }

    fn person(
        &mut self,
        which: Which,
        word: u128,
        profiles: ProfileSet,
        rights: &Rights,
        had: &Sets,
        has: &Sets,
    ) {
        let people = &mut self.difference.people;
        match which {
            Which::Stayed => people.stayed += 1,
            Which::Arrived => people.arrived += 1,
            Which::Gone => people.gone += 1,
        }
        if had == has {
            return;
        }
        let (old, new) = (rights.pairs(had), rights.pairs(has));
        let gained: Vec<_> = missing(&new, &old);
        let lost: Vec<_> = missing(&old, &new);
        let places = match which {
            Which::Stayed => [LET_IN, SHUT_OUT],
            Which::Arrived => [ARRIVED, ARRIVED],
            Which::Gone => [GONE, GONE],
        };
        if which == Which::Stayed {
            self.difference.people.let_in += u64::from(!gained.is_empty());
            self.difference.people.shut_out += u64::from(!lost.is_empty());
        }
        for (pairs, place) in [(gained, places[0]), (lost, places[1])] {
            let mut last = None;
            for (school, resource) in pairs {
                if last != Some(school) {
                    last = Some(school);
                    if let Some(counts) = self.schools.get_mut(school as usize) {
                        counts[place] += 1;
                    }
                }
                if which != Which::Stayed {
                    continue;
                }
                let counts = self.pairs.entry((school, resource)).or_default();
                counts[place] += 1;
                let examples = if place == LET_IN {
                    &mut self.difference.examples_let_in
                } else {
                    &mut self.difference.examples_shut_out
                };
                if examples.len() < self.options.examples && counts[place] == 1 {
                    examples.push(Example::new(word >> 32, profiles, school, resource));
                }
            }
        }
    }
}

/// What of `some` is not in `others`; both ascending.
fn missing(some: &[(u32, u32)], others: &[(u32, u32)]) -> Vec<(u32, u32)> {
    some.iter()
        .filter(|pair| others.binary_search(pair).is_err())
        .copied()
        .collect()
}
