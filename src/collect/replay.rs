//! Records that were set aside are tried again (A5).
//!
//! All that the vault holds of a flow is tried against what is in force: after a fix on our side, by a command; after
//! differences that may have brought the missing school, by itself. A full load needs no replay: it brings everything
//! again and supersedes what was set aside before it.
//!
//! What finds its place is in force before it leaves the vault, so that a kill in between loses nothing; trying a record
//! twice is trying it once.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};

use octroi_collect::{Amend, Amendment, Loss, Meaning, Options, Outcome};
use octroi_directory::{Degree, Segment};

use super::alarm::Code;
use super::batch::Batch;
use super::delta::{Delta, DeltaError, Whom, whom};
use super::desk::{Desk, DeskError, flow_name};
use super::ledger::event::Sort;
use super::ledger::{Delivery, Event, Status, Tally};
use super::load::{Aside, AsideRecord, Hearing, LoadError, Loaded, blame};
use super::vault::{Entry, Kind};

/// The longest line of an entry.
const LONGEST: u64 = 64 << 20;

impl Desk<'_> {
    /// Tries again what is set aside in all flows. Answers how many records found their place.
    ///
    /// # Errors
    /// [`DeskError`]
    pub fn replay(&mut self, batch: &mut Batch, by: &str) -> Result<u64, DeskError> {
        let mut placed = 0;
        for degree in self.portal.flows.clone() {
            placed += self.replay_flow(batch, degree, by)?;
        }
        Ok(placed)
    }

    pub(super) fn replay_flow(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        by: &str,
    ) -> Result<u64, DeskError> {
        let flow = flow_name(&self.portal.ent, degree);
        let mut entries = self.office.vault.entries()?;
        let state = self.state(degree)?;
        // A killed load may have left those of a delivery that is not in force, or of one before the full load that is.
        let is_taken = |known: &&Delivery| known.taken.is_some();
        let all = state.deliveries.values().filter(is_taken);
        let full = all.filter(|known| known.sort == Sort::Full);
        let full = full.max_by_key(|known| known.taken).map(|it| it.stamp);
        let taken = |id: &str| {
            let known = state.deliveries.get(id).filter(is_taken);
            known.is_some_and(|known| full.is_none_or(|full| known.stamp >= full))
        };
        entries.retain(|entry| {
            let name = &entry.name;
            name.flow == flow && name.kind == Kind::SetAside && taken(&name.delivery)
        });
        let Some(id) = self
            .state(degree)?
            .in_force
            .clone()
            .filter(|_| !entries.is_empty())
        else {
            return Ok(0);
        };
        self.record("collect-replayed", &id, &format!("{flow} by {by}"))?;
        let before = self.set_aside_in_force(degree)?;
        let current = self.state(degree)?.current();
        let took = current
            .and_then(|current| current.tally.as_ref())
            .map_or(0, |tally| tally.milliseconds);
        let mut tally = match self.try_again(batch, degree, &id, &entries) {
            Ok(tally) => tally,
            Err(LoadError::Desk(error)) => return Err(error),
            Err(LoadError::Refused(_, reason) | LoadError::Failed(reason)) => {
                let text = format!("records set aside cannot be tried again: {reason}");
                batch.error(&text);
                self.alarm(degree, Code::Failed, &id, text)?;
                return Ok(0);
            }
        };
        // How long the delivery took is what is told, not how long these few records did.
        tally.milliseconds = took;
        let left = tally.set_aside_total();
        let placed = before.saturating_sub(left);
        batch.progress(&format!(
            "{flow}: {placed} record(s) found their place, {left} left"
        ));
        if left > 0 {
            batch.warning(&format!("{flow}: {left} record(s) stay set aside"));
        }
        let event = Event::Replayed {
            delivery: id,
            taken: placed,
            tally,
        };
        self.note(degree, event)?;
        Ok(placed)
    }

    fn set_aside_in_force(&self, degree: Degree) -> Result<u64, DeskError> {
        let current = self.state(degree)?.current();
        let tally = current.and_then(|current| current.tally.as_ref());
        Ok(tally.map_or(0, Tally::set_aside_total))
    }

    fn try_again(
        &self,
        batch: &mut Batch,
        degree: Degree,
        id: &str,
        entries: &[Entry],
    ) -> Result<Tally, LoadError> {
        let directory = &self.office.directory;
        let Some(force) = directory.in_force(&self.portal.ent, degree)? else {
            return Err(LoadError::Failed("nothing is in force".to_owned()));
        };
        let force = Segment::open(&force)?;
        let since = entries.iter().map(|entry| entry.created).min();
        let since = since.unwrap_or(self.office.clock.now());
        let room = self.load_room()?.room;
        let mut aside = Aside::begin(self, degree, id, since, &room)?;
        let mut kept = Vec::new();
        let mut options = Options::new(&self.work_folder()?);
        options.room = room;
        let mut hearing = Hearing {
            aside: &mut aside,
            batch,
            told: 0,
        };
        let failed = |error| blame(&error, Code::Failed);
        let mut amend = Amend::new(&force, Meaning::Add, &options, &mut hearing).map_err(failed)?;
        for entry in entries {
            let spoken = self.spoken_of_since(degree, entry)?;
            let from = self.read(&entry.name, "replay")?;
            each(from, |record| {
                // What is no record, and what lost nothing, cannot be tried: it stays as it is.
                if record.raw.is_empty() || record.element.is_empty() || record.loss == Loss::None {
                    kept.push(record);
                    return Ok(());
                }
                // Whoever has left since must not come back, nor be again where they were.
                match (whom(&record.raw), &spoken) {
                    (Some(whom), Some(spoken)) if spoken.contains(&whom) => return Ok(()),
                    (Some(_), None) => {
                        kept.push(record);
                        return Ok(());
                    }
                    _ => {}
                }
                let amendment = Amendment::Record {
                    source: &record.file,
                    raw: &record.raw,
                };
                amend.apply(amendment).map_err(failed)
            })?;
        }
        let draft = directory.draft(&self.portal.ent, degree)?;
        let report = amend
            .finish(force.head().clone(), "replay", &draft)
            .map_err(failed)?;
        let mut tally = Loaded::of(&Outcome::Imported(report))?.tally;
        for record in kept {
            aside
                .put(&record)
                .map_err(|error| LoadError::Failed(error.to_string()))?;
            *tally.set_aside.entry(record.rule).or_default() += 1;
        }
        directory.put_in_force(&draft)?;
        aside.finish(self, degree, id)?;
        for entry in entries.iter().filter(|entry| entry.name.delivery != id) {
            self.office.vault.remove(&entry.name)?;
        }
        Ok(tally)
    }
}

impl Desk<'_> {
    /// Whom of those in an entry differences have spoken of since; `None` when the vault does not have them all any more.
    fn spoken_of_since(
        &self,
        degree: Degree,
        entry: &Entry,
    ) -> Result<Option<HashSet<Whom>>, LoadError> {
        let mut spoken = HashSet::new();
        let deliveries = &self.state(degree)?.deliveries;
        let Some(from) = deliveries.get(&entry.name.delivery) else {
            return Ok(Some(spoken));
        };
        let since = |known: &&Delivery| {
            let taken = known.status == Status::Taken && known.sort == Sort::Delta;
            taken && known.stamp > from.stamp
        };
        let since: Vec<&Delivery> = deliveries.values().filter(since).collect();
        if since.is_empty() {
            return Ok(Some(spoken));
        }
        let mut held = HashSet::new();
        each(self.read(&entry.name, "replay")?, |record| {
            held.extend(whom(&record.raw));
            Ok(())
        })?;
        let failed = |error: DeltaError| LoadError::Failed(format!("the vault: {error}"));
        for known in since {
            let name = self.entry(degree, &known.id, Kind::Delivery);
            if !self.office.vault.has(&name) {
                return Ok(None);
            }
            let mut delta = Delta::begin(self.read(&name, "replay")?).map_err(failed)?;
            while let Some(change) = delta.next().map_err(failed)? {
                spoken.extend(change.whom().filter(|whom| held.contains(whom)));
            }
        }
        Ok(Some(spoken))
    }
}

/// Each record of an entry.
fn each(
    from: impl Read,
    mut tell: impl FnMut(AsideRecord) -> Result<(), LoadError>,
) -> Result<(), LoadError> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut from).take(LONGEST).read_until(b'\n', &mut line);
        match read.map_err(|error| LoadError::Failed(format!("the vault: {error}")))? {
            0 => return Ok(()),
            _ => {
                let record = serde_json::from_slice(&line);
                tell(record.map_err(|error| LoadError::Failed(format!("the vault: {error}")))?)?;
            }
        }
    }
}
