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
use super::force::Prepared;
use super::judge::{self, Census, Judgement, Terms};
use super::ledger::event::Sort;
use super::ledger::{Delivery, Event, Status, Tally};
use super::load::{Aside, LoadError, Loaded};
use super::marks::Marks;
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
    /// `at_once` is for an operator who does not want to wait after failed attempts. `turn` is asked before each, and what it
    /// gives is kept as long as the work on it takes: so the others come between.
    ///
    /// # Errors
    /// [`DeskError`] when the ledger, the vault or the directory fail: nothing else can be done then.
    pub fn work<T>(
        &mut self,
        batch: &mut Batch,
        at_once: bool,
        turn: impl Fn() -> T,
    ) -> Result<u64, DeskError> {
        let mut taken = 0;
        for degree in self.portal.flows.clone() {
            let waiting: Vec<Delivery> =
                self.state(degree)?.waiting().into_iter().cloned().collect();
            for delivery in waiting {
                // What came before it may have made it pointless.
                let current = self.state(degree)?.deliveries.get(&delivery.id);
                let waits = current.is_some_and(|now| now.status == delivery.status);
                if waits && self.is_behind_held(degree, &delivery)? {
                    continue;
                }
                if waits && (at_once || !self.backs_off(&delivery)) {
                    let _turn = turn();
                    taken += u64::from(self.work_on(batch, degree, &delivery)?);
                }
            }
        }
        Ok(taken)
    }

    /// Differences have an order: they wait for what an operator still has to decide before them. One that an operator wants
    /// to go back to holds nobody up.
    fn is_behind_held(&self, degree: Degree, delivery: &Delivery) -> Result<bool, DeskError> {
        let mut held = self.state(degree)?.held();
        Ok(delivery.sort == Sort::Delta
            && held.any(|held| !held.again && held.stamp < delivery.stamp))
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
        if let Some(prepared) = self.is_in_force_already(degree, id)? {
            batch.progress(&format!("{file}: was in force already"));
            let said = self.taken(batch, degree, delivery, prepared);
            return said.map(|()| true);
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
            self.report(degree, delivery, &draft)?;
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
        let judgement = self.judge_draft(degree, &draft)?;
        let findings = judgement.findings;
        if !findings.is_empty() && !is_approved(delivery, &findings) {
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
        let prepared = Prepared {
            tally: draft.loaded.tally.clone(),
            marks: judgement.marks,
        };
        self.put_in_force(degree, delivery, draft, &prepared)?;
        self.taken(batch, degree, delivery, prepared)?;
        Ok(true)
    }

    /// What the draft would lose too much of, and the marks once it is in force.
    fn judge_draft(&self, degree: Degree, draft: &Draft<'_>) -> Result<Judgement, DeskError> {
        let marks = Marks::read(&self.marks_path(degree))?;
        let force = self.office.directory.in_force(&self.portal.ent, degree)?;
        let Some(force) = force else {
            let findings = Vec::new();
            return Ok(Judgement { findings, marks });
        };
        let before = Census::of(&Segment::open(&force)?)?;
        let after = Census::of(&Segment::open(&draft.path)?)?;
        let day = paris_day(self.office.clock.now());
        let terms = Terms::on(self.portal, &self.office.settings, day);
        Ok(judge::judge(&before, &after, &marks, &terms))
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

    pub(super) fn entry(&self, degree: Degree, id: &str, kind: Kind) -> EntryName {
        EntryName {
            flow: flow_name(&self.portal.ent, degree),
            delivery: id.to_owned(),
            kind,
        }
    }
}

/// Whether an operator has let pass just this: what was not found then is looked at by somebody first.
fn is_approved(delivery: &Delivery, findings: &[String]) -> bool {
    delivery.status == Status::Approved
        && findings
            .iter()
            .all(|finding| delivery.approved.contains(finding))
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
    durable_for(path, bytes, None)
}

/// The same; `mode` instead of what the process gives its files.
pub(super) fn durable_for(
    path: &std::path::Path,
    bytes: &[u8],
    mode: Option<u32>,
) -> Result<(), DeskError> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
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
    let given = mode.map_or(Ok(()), |mode| {
        file.set_permissions(fs::Permissions::from_mode(mode))
    });
    given
        .and_then(|()| file.write_all(bytes))
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
