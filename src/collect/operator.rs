//! What operators do: let a delivery pass, take one again, compare and mend. Each deed is in the audit trail before it
//! is done.

use std::path::Path;

use octroi_directory::{Changes, Degree, Differences, Segment, compare};

use super::alarm::Code;
use super::batch::Batch;
use super::desk::{Desk, DeskError};
use super::dropbox;
use super::ledger::event::Sort;
use super::ledger::{Delivery, Event, Status};
use super::load::LoadError;
use super::name::Name;
use super::overview::unknown;
use super::vault::Kind;
use super::work::remove;

impl Desk<'_> {
    /// The delivery that an operator means: by the name of its file, or by the first eight digits or more of its hash.
    ///
    /// # Errors
    /// [`DeskError::Asked`] when there is none, or more than one.
    pub fn meant(&self, archive: &str) -> Result<(Degree, Delivery), DeskError> {
        let base = dropbox::file_name(Path::new(archive));
        let is_meant = |delivery: &&Delivery| {
            delivery.file == base || archive.len() >= 8 && delivery.id.starts_with(archive)
        };
        let mut found = Vec::new();
        for (degree, ledger) in &self.ledgers {
            let deliveries = ledger.state().deliveries.values().filter(is_meant);
            found.extend(deliveries.map(|delivery| (*degree, delivery.clone())));
        }
        // A file that was refused and sent again has two: the one that came last is meant.
        found.sort_by_key(|(_, delivery)| delivery.received);
        found.pop().map_or_else(
            || {
                let states = self.ledgers.values().map(|ledger| ledger.state());
                let known = states.flat_map(|state| state.deliveries.values());
                Err(unknown(&self.portal.ent.value, Some(&base), known))
            },
            Ok,
        )
    }

    /// Lets a delivery that is held pass, once, and works on it.
    ///
    /// # Errors
    /// [`DeskError::Asked`] when it is not held.
    pub fn approve(&mut self, batch: &mut Batch, archive: &str, by: &str) -> Result<(), DeskError> {
        let (degree, delivery) = self.meant(archive)?;
        if delivery.status != Status::Held {
            let what = format!("{} is {}, not held", delivery.file, delivery.status.name());
            return Err(DeskError::Asked(what));
        }
        let detail = format!("{} by {by}: {}", delivery.file, delivery.words.join("; "));
        self.record("collect-approved", &delivery.id, &bounded(&detail))?;
        let event = Event::Approved {
            delivery: delivery.id.clone(),
            by: by.to_owned(),
        };
        self.note(degree, event)?;
        self.work(batch, true, || ()).map(|_| ())
    }

    /// Takes a delivery again that was here before, out of the vault (F7). What it would lose is judged as ever: it may be
    /// held, and then only [`Desk::approve`] lets it pass.
    ///
    /// # Errors
    /// [`DeskError::Asked`] when the vault does not have it any more.
    pub fn again(&mut self, batch: &mut Batch, archive: &str, by: &str) -> Result<(), DeskError> {
        let (degree, delivery) = self.meant(archive)?;
        if delivery.sort == Sort::Delta {
            let what = "differences are not taken again by themselves: take the full load again";
            return Err(DeskError::Asked(what.to_owned()));
        }
        let refused = self.entry(degree, &delivery.id, Kind::Refused);
        if delivery.stamp.is_some() && self.office.vault.has(&refused) {
            self.office.vault.rename(&refused, Kind::Delivery)?;
        }
        if !self
            .office
            .vault
            .has(&self.entry(degree, &delivery.id, Kind::Delivery))
        {
            let what = format!(
                "{}: the vault does not have it; it must be sent again",
                delivery.file
            );
            return Err(DeskError::Asked(what));
        }
        self.record(
            "collect-again",
            &delivery.id,
            &bounded(&format!("{} by {by}", delivery.file)),
        )?;
        let event = Event::Again {
            delivery: delivery.id.clone(),
            by: by.to_owned(),
        };
        self.note(degree, event)?;
        self.work(batch, true, || ())?;
        self.tell_held(batch, degree, &delivery)
    }

    /// Says what an operator can do when what they asked for is held.
    fn tell_held(
        &self,
        batch: &mut Batch,
        degree: Degree,
        delivery: &Delivery,
    ) -> Result<(), DeskError> {
        let now = self.state(degree)?.deliveries.get(&delivery.id);
        if now.is_some_and(|now| now.status == Status::Held) {
            let (ent, file) = (&self.portal.ent.value, &delivery.file);
            batch.warning(&format!(
                "{file} is held: octroi collect approve {ent} {file} lets it pass"
            ));
        }
        Ok(())
    }

    /// Compares what is in force with a full load: a file, or a delivery that the vault still has. With `mend`, takes it.
    ///
    /// # Errors
    /// [`DeskError`]
    pub fn compare(
        &mut self,
        batch: &mut Batch,
        archive: &Path,
        mend: Option<&str>,
    ) -> Result<Differences, DeskError> {
        let (degree, delivery) = self.bring(archive)?;
        let draft = match self.load(batch, degree, &delivery) {
            Ok(draft) => draft,
            Err(LoadError::Desk(error)) => return Err(error),
            Err(LoadError::Refused(_, reason) | LoadError::Failed(reason)) => {
                return Err(DeskError::Asked(format!("{}: {reason}", delivery.file)));
            }
        };
        let force = self.office.directory.in_force(&self.portal.ent, degree)?;
        let Some(force) = force.filter(|_| !draft.loaded.nothing) else {
            let what = "nothing is in force, or nothing is in the archive";
            return Err(DeskError::Asked(what.to_owned()));
        };
        let (force, full) = (Segment::open(&force)?, Segment::open(&draft.path)?);
        let found = compare(&force, &full, &mut |_, _, _| {})?;
        remove(&draft.path)?;
        let total = drifted(&found);
        let event = Event::Compared {
            delivery: delivery.id.clone(),
            drift: total,
        };
        self.note(degree, event)?;
        if total > 0 {
            let text = format!("{} record(s) differ from {}", total, delivery.file);
            batch.warning(&text);
            self.alarm(degree, Code::Drift, &delivery.id, text)?;
        }
        // Where differences were lost, taking the full load also begins their numbering anew.
        let worth = total > 0 || self.state(degree)?.needs_full;
        if let Some(by) = mend.filter(|_| worth) {
            self.record(
                "collect-mended",
                &delivery.id,
                &bounded(&format!("{} by {by}", delivery.file)),
            )?;
            if !self.state(degree)?.deliveries.contains_key(&delivery.id) {
                let event = Event::Received {
                    delivery: delivery.id.clone(),
                    file: delivery.file.clone(),
                    stamp: delivery.stamp.unwrap_or_default(),
                    sort: Sort::Full,
                    bytes: delivery.bytes,
                    seen: delivery.seen,
                };
                self.note(degree, event)?;
            }
            let event = Event::Again {
                delivery: delivery.id.clone(),
                by: by.to_owned(),
            };
            self.note(degree, event)?;
            self.work(batch, true, || ())?;
            self.tell_held(batch, degree, &delivery)?;
        }
        Ok(found)
    }

    /// A full load that an operator names: known already, or a file that is put into the vault.
    fn bring(&self, archive: &Path) -> Result<(Degree, Delivery), DeskError> {
        if !archive.is_file() {
            return self.meant(&archive.to_string_lossy());
        }
        let file = dropbox::file_name(archive);
        let name = Name::parse(&file)
            .filter(|name| name.ent == self.portal.ent.value && name.sort == Sort::Full)
            .ok_or_else(|| DeskError::Asked(format!("{file}: no full load of this portal")))?;
        self.state(name.degree)?;
        let sealed = self
            .seal(name.degree, archive, u64::MAX)
            .map_err(|error| error.of(archive))?;
        let (id, bytes, now) = (sealed.id.clone(), sealed.bytes, self.office.clock.now());
        sealed.putting.finish(&id, Kind::Delivery)?;
        let delivery = Delivery {
            id,
            file,
            stamp: Some(name.stamp),
            sort: Sort::Full,
            bytes,
            received: now,
            changed: now,
            status: Status::Received,
            seen: None,
            cleared: true,
            again: false,
            attempts: 0,
            begun: None,
            words: Vec::new(),
            approved: Vec::new(),
            tally: None,
            taken: None,
        };
        Ok((name.degree, delivery))
    }

    /// Whether anything waits to be worked on.
    #[must_use]
    pub fn has_work(&self) -> bool {
        self.ledgers
            .values()
            .any(|ledger| !ledger.state().waiting().is_empty())
    }
}

/// How many records differ.
#[must_use]
pub fn drifted(found: &Differences) -> u64 {
    let of = |changes: &Changes| changes.new + changes.gone + changes.changed;
    of(&found.schools) + of(&found.groups) + of(&found.people) + of(&found.managers)
}

/// A line of the trail has a bound.
fn bounded(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(2_000)
        .collect()
}
