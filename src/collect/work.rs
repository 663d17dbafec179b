//! From the vault into the directory: load, judge, put in force.
//!
//! The order is what makes it safe at every octet. What a delivery became is durable under names of its own (report,
//! records set aside, segment) before one small file is replaced and puts it in force; only then the ledger says
//! *taken*. Whoever is killed before the replacement begins anew and gets the same; whoever is killed after it finds the
//! segment in force to be this delivery's and only has to say so.

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use octroi_directory::{Degree, Segment};

use super::alarm::Code;
use super::batch::Batch;
use super::desk::{Desk, DeskError, at, flow_name};
use super::judge::{self, Census};
use super::ledger::event::Sort;
use super::ledger::{Delivery, Event, Status, Tally};
use super::load::{Aside, LoadError, Loaded};
use super::vault::{EntryName, Kind};
use crate::config::paris_day;

/// After so many attempts that did not end, the next waits, and longer each time.
const PATIENT: u32 = 3;
/// The longest wait, seconds.
const LONGEST_WAIT: i64 = 3600;

/// What a load left on the disk, under no name yet.
pub(super) struct Draft<'v> {
    /// The new segment, not in force.
    pub(super) path: PathBuf,
    /// What came of it.
    pub(super) loaded: Loaded,
    /// The records that were set aside.
    pub(super) aside: Aside<'v>,
}

impl<'o> Desk<'o> {
    /// Works on everything that waits, in order. Each delivery is tried once. Answers how many were taken.
    ///
    /// `at_once` is for an operator who does not want to wait after failed attempts.
    ///
    /// # Errors
    /// [`DeskError`] when the ledger, the vault or the directory fail: nothing else can be done then.
    pub fn work(&mut self, batch: &mut Batch, at_once: bool) -> Result<u64, DeskError> {
        let mut taken = 0;
        for degree in self.portal.flows.clone() {
            let waiting: Vec<Delivery> =
                self.state(degree)?.waiting().into_iter().cloned().collect();
            for delivery in waiting {
                // What came before it may have made it pointless.
                let current = self.state(degree)?.deliveries.get(&delivery.id);
                let waits = current.is_some_and(|now| now.status == delivery.status);
                if waits && (at_once || !self.backs_off(&delivery)) {
                    taken += u64::from(self.work_on(batch, degree, &delivery)?);
                }
            }
        }
        Ok(taken)
    }

    fn backs_off(&self, delivery: &Delivery) -> bool {
        let Some(begun) = delivery.begun.filter(|_| delivery.attempts >= PATIENT) else {
            return false;
        };
        let doubled = (delivery.attempts - PATIENT).min(6);
        let wait = (60_i64 << doubled).min(LONGEST_WAIT);
        self.office.clock.now().seconds_after(begun) < wait
    }

    fn work_on(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        delivery: &Delivery,
    ) -> Result<bool, DeskError> {
        let (id, file) = (&delivery.id, &delivery.file);
        if let Some(tally) = self.is_in_force_already(degree, id)? {
            batch.progress(&format!("{file}: was in force already"));
            return self.taken(batch, degree, delivery, tally).map(|()| true);
        }
        let name = self.entry(degree, id, Kind::Delivery);
        if !self.office.vault.has(&name) {
            let reason = "it is not in the vault any more: it must be sent again";
            self.refuse(batch, degree, id, file, Code::Failed, reason)?;
            return Ok(false);
        }
        self.note(
            degree,
            Event::Begun {
                delivery: id.clone(),
            },
        )?;
        batch.progress(&format!("{file}: work begins"));
        let draft = match self.load(batch, degree, delivery) {
            Ok(draft) => draft,
            Err(LoadError::Desk(error)) => return Err(error),
            Err(LoadError::Refused(code, reason)) => {
                self.office.vault.rename(&name, Kind::Refused)?;
                self.refuse(batch, degree, id, file, code, &reason)?;
                return Ok(false);
            }
            Err(LoadError::Failed(reason)) => {
                batch.error(&format!("{file}: {reason}"));
                let event = Event::Failed {
                    delivery: id.clone(),
                    reason: reason.clone(),
                };
                self.note(degree, event)?;
                self.alarm_once(degree, Code::Failed, file, format!("{file}: {reason}"))?;
                return Ok(false);
            }
        };
        self.decide(batch, degree, delivery, draft)
    }

    /// Empty, held, or taken.
    fn decide(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        delivery: &Delivery,
        draft: Draft<'_>,
    ) -> Result<bool, DeskError> {
        let (id, file) = (&delivery.id, &delivery.file);
        if draft.loaded.nothing {
            remove(&draft.path)?;
            batch.progress(&format!("{file}: empty: nothing changes"));
            self.note(
                degree,
                Event::Empty {
                    delivery: id.clone(),
                },
            )?;
            return Ok(false);
        }
        let findings = self.findings(degree, &draft)?;
        if !findings.is_empty() && delivery.status != Status::Approved {
            remove(&draft.path)?;
            for finding in &findings {
                batch.warning(&format!("{file}: {finding}"));
            }
            let text = format!(
                "{file} is held: {}",
                findings.first().map_or("", |first| first)
            );
            let event = Event::Held {
                delivery: id.clone(),
                findings,
            };
            self.note(degree, event)?;
            self.alarm(degree, Code::Held, file, text)?;
            return Ok(false);
        }
        let tally = draft.loaded.tally.clone();
        self.put_in_force(degree, delivery, draft)?;
        self.taken(batch, degree, delivery, tally)?;
        Ok(true)
    }

    /// What the draft would lose too much of.
    pub(super) fn findings(
        &self,
        degree: Degree,
        draft: &Draft<'_>,
    ) -> Result<Vec<String>, DeskError> {
        let force = self.office.directory.in_force(&self.portal.ent, degree)?;
        let Some(force) = force else {
            return Ok(Vec::new());
        };
        let before = Census::of(&Segment::open(&force)?)?;
        let after = Census::of(&Segment::open(&draft.path)?)?;
        let day = paris_day(self.office.clock.now());
        let allowed = judge::allowed(self.portal, &self.office.settings.periods, day);
        Ok(judge::findings(&before, &after, allowed))
    }

    /// Report, records set aside and segment under their names, then the one replacement.
    fn put_in_force(
        &mut self,
        degree: Degree,
        delivery: &Delivery,
        draft: Draft<'_>,
    ) -> Result<(), DeskError> {
        let stem = Self::stem_of(degree, delivery);
        durable(
            &self.folder.join("reports").join(format!("{stem}.json")),
            &draft.loaded.json,
        )?;
        durable(
            &self.folder.join("reports").join(format!("{stem}.txt")),
            &draft.loaded.page,
        )?;
        let tally = serde_json::to_vec(&draft.loaded.tally)
            .map_err(|error| at(&self.folder)(error.into()))?;
        durable(&self.prepared_path(degree, &delivery.id), &tally)?;
        draft.aside.finish(self, degree, &delivery.id)?;
        self.office.directory.put_in_force(&draft.path)?;
        Ok(())
    }

    /// Where the report of a delivery is, without its ending.
    #[must_use]
    pub fn stem_of(degree: Degree, delivery: &Delivery) -> String {
        let stamp = delivery.stamp.unwrap_or_default();
        format!(
            "{degree}-{stamp}-{}",
            delivery.id.get(..8).unwrap_or_default()
        )
    }

    fn prepared_path(&self, degree: Degree, id: &str) -> PathBuf {
        self.folder.join(format!("{degree}-{id}.prepared"))
    }

    /// What was prepared for a delivery, when it is the one in force: the process was killed before it could say so.
    fn is_in_force_already(&self, degree: Degree, id: &str) -> Result<Option<Tally>, DeskError> {
        let path = self.prepared_path(degree, id);
        let prepared = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(at(&path))?,
        };
        let Some(force) = self.office.directory.in_force(&self.portal.ent, degree)? else {
            return Ok(None);
        };
        let source = super::hex(&Segment::open(&force)?.head().source);
        Ok((source == id)
            .then(|| serde_json::from_slice(&prepared).ok())
            .flatten())
    }

    /// It is in force: says so, and clears away what it replaces.
    fn taken(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        delivery: &Delivery,
        tally: Tally,
    ) -> Result<(), DeskError> {
        let (id, file) = (&delivery.id, &delivery.file);
        let sequence = self.sequence_in_force(degree)?;
        let event = Event::Taken {
            delivery: id.clone(),
            sequence,
            tally: tally.clone(),
        };
        self.note(degree, event)?;
        remove(&self.prepared_path(degree, id))?;
        batch.progress(&format!(
            "{file}: taken: {} people, {} schools, {} set aside",
            tally.counts.people,
            tally.counts.schools,
            tally.set_aside_total()
        ));
        self.supersede(degree, delivery)?;
        self.sweep_segments(degree)?;
        self.judge_set_aside(batch, degree, file, &tally)?;
        if delivery.sort == Sort::Delta {
            // Differences may have brought what earlier records lacked.
            self.replay_flow(batch, degree, "the next delivery")?;
        }
        Ok(())
    }

    fn sequence_in_force(&self, degree: Degree) -> Result<u64, DeskError> {
        let force = self.office.directory.in_force(&self.portal.ent, degree)?;
        force.map_or(Ok(0), |force| Ok(Segment::open(&force)?.head().sequence))
    }

    /// A full load makes everything before it pointless: deliveries that were held, records that were set aside. What a
    /// load that it takes the place of had set aside goes, too, when that one was later: an operator went back.
    fn supersede(&mut self, degree: Degree, delivery: &Delivery) -> Result<(), DeskError> {
        let earlier: Vec<Delivery> = self
            .state(degree)?
            .deliveries
            .values()
            .filter(|other| {
                other.id != delivery.id
                    && (other.stamp < delivery.stamp || other.status == Status::Taken)
            })
            .cloned()
            .collect();
        for other in earlier {
            if other.status == Status::Held {
                let event = Event::Superseded {
                    delivery: other.id.clone(),
                };
                self.note(degree, event)?;
            }
            if delivery.sort == Sort::Full {
                let name = self.entry(degree, &other.id, Kind::SetAside);
                if self.office.vault.has(&name) {
                    self.record("collect-vault-purged", &other.id, "set-aside, superseded")?;
                    self.office.vault.remove(&name)?;
                }
            }
        }
        Ok(())
    }

    /// Too many records set aside is an alarm (A5).
    pub(super) fn judge_set_aside(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        file: &str,
        tally: &Tally,
    ) -> Result<(), DeskError> {
        let aside = tally.set_aside_total();
        if aside == 0 {
            return Ok(());
        }
        batch.warning(&format!("{file}: {aside} record(s) set aside"));
        let settings = &self.office.settings;
        let kept = tally.counts.people.max(1);
        let share =
            u128::from(aside) * 100 > u128::from(kept) * u128::from(settings.set_aside_percent);
        if aside <= settings.set_aside_records && !share {
            return Ok(());
        }
        let rules: Vec<String> = tally
            .set_aside
            .iter()
            .map(|(rule, count)| format!("{rule} {count}"))
            .collect();
        let text = format!("{file}: {aside} record(s) set aside: {}", rules.join(", "));
        self.alarm(degree, Code::SetAsideVolume, file, text)
    }

    /// Removes segments of a flow that are not in force, but for the one before: a build may be reading it.
    fn sweep_segments(&self, degree: Degree) -> Result<(), DeskError> {
        let Some(force) = self.office.directory.in_force(&self.portal.ent, degree)? else {
            return Ok(());
        };
        let mut others = self.segments(degree)?;
        others.retain(|(path, _)| *path != force);
        others.sort_by_key(|(_, changed)| std::cmp::Reverse(*changed));
        others.iter().skip(1).try_for_each(|(path, _)| remove(path))
    }

    /// The segments of a flow, with the seconds of their last change.
    pub(super) fn segments(&self, degree: Degree) -> Result<Vec<(PathBuf, i64)>, DeskError> {
        use std::os::unix::fs::MetadataExt;
        let folder = self.office.directory.folder(&self.portal.ent)?;
        let prefix = format!("{degree}-");
        let mut found = Vec::new();
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let path = entry.map_err(at(&folder))?.path();
            let name = super::dropbox::file_name(&path);
            if name.starts_with(&prefix) && name.ends_with(".segment") {
                let status = fs::metadata(&path).map_err(at(&path))?;
                found.push((path, status.mtime()));
            }
        }
        Ok(found)
    }

    pub(super) fn entry(&self, degree: Degree, id: &str, kind: Kind) -> EntryName {
        EntryName {
            flow: flow_name(&self.portal.ent, degree),
            delivery: id.to_owned(),
            kind,
        }
    }
}

/// Removes a file; one that is not there is no error.
pub(super) fn remove(path: &std::path::Path) -> Result<(), DeskError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(at(path)),
    }
}

/// Writes a file whole or not at all; when this returns it is on the disk.
pub(super) fn durable(path: &std::path::Path, bytes: &[u8]) -> Result<(), DeskError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o640)
        .open(&beside)
        .map_err(at(&beside))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path))
        .map_err(at(path))?;
    let folder = path.parent().unwrap_or(path);
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

/// Reads through, hashes, and remembers whether an error was ours: the vault's, not the delivery's.
pub(super) struct Checked<R> {
    from: R,
    hash: aws_lc_rs::digest::Context,
    ours: Option<String>,
}

impl<R: Read> Checked<R> {
    pub(super) fn new(from: R) -> Self {
        Self {
            from,
            hash: aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256),
            ours: None,
        }
    }

    /// Reads what is left and says whether all of it was the delivery that it should be.
    pub(super) fn finish(mut self, id: &str) -> Result<(), String> {
        let drained = io::copy(&mut self, &mut io::sink());
        if let Some(ours) = self.ours {
            return Err(format!("the vault: {ours}"));
        }
        drained.map_err(|error| format!("the vault: {error}"))?;
        if super::hex(self.hash.finish().as_ref()) == id {
            Ok(())
        } else {
            Err("the vault: the entry is not the delivery that was received".to_owned())
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.from.read(out) {
            Ok(read) => {
                self.hash.update(&out[..read]);
                Ok(read)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.ours = Some(error.to_string());
                }
                Err(error)
            }
        }
    }
}
