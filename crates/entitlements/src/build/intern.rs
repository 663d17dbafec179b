//! People into sections: equal texts and lists once, a record each, in the order in which the merge gives them.
//!
//! The merge reads, checks and fingerprints on a thread of its own; what is written depends on its order alone, so that
//! the number of threads changes nothing. A few batches lie between the two, no more.

use std::sync::mpsc::sync_channel;
use std::thread;

use super::batch::Batch;
use super::merge::{Emit, Halt, merge};
use super::person_lines::Lines;
use super::places::Ents;
use super::pool::Lists;
use super::report::BuildError;
use super::segments::Opened;
use super::{Phase, Progress, Work};
use crate::format::fact::MAX_NUMBER;
use crate::format::records::{self, Known, Packed};
use crate::format::{NONE, Section};

/// Batches that may wait.
const WAITING: usize = 4;

/// Fingerprints of people in the order of their numbers, and what stands in the index for each.
pub(crate) struct Indexed {
    pub(crate) keys: Vec<u128>,
    pub(crate) known: Vec<Known>,
}

/// Writes people and their affiliations, and answers what their index is made of.
pub(crate) fn people(
    work: &mut Work<'_>,
    ents: &Ents,
    segments: &[Opened],
    table: Lines,
    threads: usize,
    progress: &dyn Progress,
) -> Result<Indexed, BuildError> {
    let of_segments: u64 = segments.iter().map(|s| s.segment.counts().people).sum();
    let expected = of_segments + work.log.file(super::people::PEOPLE.file).lines;
    progress.begin(Phase::People, Some(expected));
    let expected = usize::try_from(expected.min(MAX_NUMBER.into())).unwrap_or(0);
    let mut interner = Interner {
        keys: Vec::with_capacity(expected),
        known: Vec::with_capacity(expected),
        sets: Lists::new(records::Affiliation::SIZE / 4),
        facts: Vec::new(),
    };
    work.sections
        .reserve(Section::People, expected * records::Person::SIZE);
    let key = work.fingerprint_key;
    let mut take = |batch: &Batch| {
        interner.take(work, batch)?;
        batch.tell(&mut work.log, segments);
        progress.done(Phase::People, interner.keys.len() as u64);
        Ok(())
    };
    pipe(
        threads,
        |emit| merge(table, segments, ents, key, emit),
        &mut take,
    )?;
    let Interner {
        keys, known, sets, ..
    } = interner;
    work.sections.put(Section::Affiliations, sets.into_octets());
    Ok(Indexed { keys, known })
}

/// Gives every batch of `source` to `take`, in order.
fn pipe(
    threads: usize,
    source: impl FnOnce(&mut Emit<'_>) -> Result<(), Halt> + Send,
    take: &mut dyn FnMut(&Batch) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let ended = if threads < 2 {
        source(&mut |mut batch| {
            take(&batch)?;
            batch.clear();
            Ok(batch)
        })
    } else {
        thread::scope(|scope| -> Result<_, BuildError> {
            let (full, filled) = sync_channel::<Batch>(WAITING);
            let (empty, emptied) = sync_channel::<Batch>(WAITING + 2);
            let reader = scope.spawn(move || {
                source(&mut |batch| {
                    full.send(batch).map_err(|_| Halt::Unwanted)?;
                    Ok(emptied.try_recv().unwrap_or_default())
                })
            });
            for mut batch in filled {
                take(&batch)?;
                batch.clear();
                // One batch too many is simply dropped.
                let _ = empty.try_send(batch);
            }
            Ok(reader.join())
        })?
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    };
    match ended {
        Ok(()) | Err(Halt::Unwanted) => Ok(()),
        Err(Halt::Source(error)) => Err(error),
    }
}

struct Interner {
    keys: Vec<u128>,
    known: Vec<Known>,
    sets: Lists,
    facts: Vec<u32>,
}

impl Interner {
    fn take(&mut self, work: &mut Work<'_>, batch: &Batch) -> Result<(), BuildError> {
        if self.keys.len() + batch.rows.len() >= MAX_NUMBER as usize {
            return Err(BuildError::TooLarge { what: "people" });
        }
        let mut texts = batch.texts.as_str();
        let mut places = batch.places.iter();
        let mut facts = batch.facts.as_slice();
        for row in &batch.rows {
            let mut cut = [""; 4];
            for (text, length) in cut.iter_mut().zip(row.lengths) {
                (*text, texts) = texts.split_at(length.into());
            }
            let [civility, name, given_name, mail] = cut;
            let mut known = Known {
                person: self.keys.len() as u32,
                establishment: NONE,
                facts_list: 0,
                profiles: 0,
                origin_ent: row.origin,
                more: 0,
            };
            let record = records::Person {
                name_text: work.texts.intern(name)?,
                given_name_text: work.texts.intern(given_name)?,
                // Nobody shares a mail address: looking for an equal one would only cost memory.
                mail_text: work.texts.append(mail)?,
                civility_text: work.texts.intern(civility)?,
            };
            self.facts.clear();
            for (nth, place) in places.by_ref().take(row.affiliations.into()).enumerate() {
                let (own, rest) = facts.split_at(place.facts.into());
                facts = rest;
                let list = work.lists.intern(own)?;
                if nth == 0 {
                    known.establishment = place.establishment;
                    known.profiles = place.profiles;
                    known.facts_list = list;
                } else {
                    self.facts
                        .extend([place.establishment, place.profiles.into(), list]);
                }
            }
            known.more = self.sets.intern(&self.facts)?;
            work.sections.push(&record);
            self.keys.push(row.key);
            self.known.push(known);
        }
        Ok(())
    }
}
