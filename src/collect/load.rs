//! Loads a delivery out of the vault into a draft segment: a full load, differences over the segment in force, or records
//! that are tried again. What is set aside goes, as it is, straight back into the vault.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use octroi_collect::{
    Amend, ArchiveName, ImportError, Meaning, Observe, Options, Outcome, Progress, Report, SetAside,
};
use octroi_directory::{Degree, Head, Room, Segment, Share};
use octroi_saml::Time;
use serde::{Deserialize, Serialize};

use super::alarm::Code;
use super::batch::Batch;
use super::delta::{Delta, DeltaError};
use super::desk::{Desk, DeskError, at, flow_name, random};
use super::ledger::event::Sort;
use super::ledger::{Delivery, Tally};
use super::room::LoadRoom;
use super::vault::{Kind, Putting};
use super::work::{Checked, Draft, remove};

/// Progress is told each time so many octets of XML were read.
const TOLD: u64 = 256 << 20;

/// Why a delivery is not loaded.
#[derive(Debug)]
pub(super) enum LoadError {
    /// It is to blame: it will never be taken.
    Refused(Code, String),
    /// This machine is to blame: it will be tried again.
    Failed(String),
    /// Nothing else can be done either.
    Desk(DeskError),
}

impl<E: Into<DeskError>> From<E> for LoadError {
    fn from(error: E) -> Self {
        Self::Desk(error.into())
    }
}

/// What a load gave.
#[derive(Debug)]
pub(super) struct Loaded {
    /// What came of it.
    pub(super) tally: Tally,
    /// Whether there was nothing in it: no segment was written.
    pub(super) nothing: bool,
    /// The report as JSON.
    pub(super) json: Vec<u8>,
    /// The report as a page of text.
    pub(super) page: Vec<u8>,
}

impl Loaded {
    pub(super) fn of(outcome: &Outcome) -> Result<Self, LoadError> {
        let report = outcome.report();
        let json = serde_json::to_vec_pretty(report)
            .map_err(|error| LoadError::Failed(error.to_string()))?;
        Ok(Self {
            tally: tally(report),
            nothing: matches!(outcome, Outcome::Nothing(_)),
            json,
            page: octroi_collect::page(outcome).into_bytes(),
        })
    }
}

fn tally(report: &Report) -> Tally {
    let mut tally = Tally {
        counts: report.directory,
        ..Tally::default()
    };
    for one in &report.set_aside {
        *tally.set_aside.entry(one.rule.to_string()).or_default() += one.count;
    }
    tally
}

/// A line of an entry of records set aside.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AsideRecord {
    /// The member of the archive.
    pub(super) file: String,
    /// Where in it.
    pub(super) offset: u64,
    /// Which record of it.
    pub(super) record: u64,
    /// The element; empty for what is no record.
    pub(super) element: String,
    /// The rule, as its stable code.
    pub(super) rule: String,
    /// What is wrong.
    pub(super) reason: String,
    /// How much is lost.
    pub(super) loss: octroi_collect::Loss,
    /// The record as it stood there.
    pub(super) raw: String,
    /// Whether it was written again from what was kept of it.
    pub(super) rewritten: bool,
}

/// Takes records into the vault as they are set aside.
pub(super) struct Aside<'v> {
    putting: Putting<'v>,
    share: Share,
    count: u64,
}

impl<'v> Aside<'v> {
    /// `id` is the delivery that they are of; `since` is when the first of the records was set aside: from then on they are kept for their time.
    pub(super) fn begin(
        desk: &Desk<'v>,
        degree: Degree,
        id: &str,
        since: Time,
        room: &Room,
    ) -> Result<Self, DeskError> {
        let flow = flow_name(&desk.portal.ent, degree);
        let office = desk.office;
        Ok(Self {
            putting: office.vault.put(&flow, Some(id), since, random()?)?,
            share: room.share(),
            count: 0,
        })
    }

    pub(super) fn put(&mut self, record: &AsideRecord) -> io::Result<()> {
        self.count += 1;
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.share.take(line.len() as u64)?;
        self.putting.write_all(&line)
    }

    /// Gives the entry its name when there is something in it; removes an earlier one when there is not.
    pub(super) fn finish(self, desk: &Desk<'_>, degree: Degree, id: &str) -> Result<(), DeskError> {
        if self.count > 0 {
            self.putting.finish(id, Kind::SetAside)?;
        } else {
            drop(self.putting);
            desk.office
                .vault
                .remove(&desk.entry(degree, id, Kind::SetAside))?;
        }
        Ok(())
    }
}

/// Hears what happens during a load.
pub(super) struct Hearing<'w, 'v> {
    pub(super) aside: &'w mut Aside<'v>,
    pub(super) batch: &'w mut Batch,
    pub(super) told: u64,
}

impl Observe for Hearing<'_, '_> {
    fn set_aside(&mut self, what: &SetAside<'_>) -> io::Result<()> {
        self.aside.put(&AsideRecord {
            file: what.file.to_owned(),
            offset: what.offset,
            record: what.record,
            element: what.element.to_owned(),
            rule: what.rule.code().to_owned(),
            reason: what.reason.to_owned(),
            loss: what.loss,
            raw: what.raw.to_owned(),
            rewritten: what.rewritten,
        })
    }

    fn progress(&mut self, progress: &Progress) -> io::Result<()> {
        if progress.xml >= self.told + TOLD {
            self.told = progress.xml;
            self.batch.progress(&format!(
                "{} of {} bytes read, {} records",
                progress.read, progress.total, progress.records
            ));
        }
        Ok(())
    }
}

impl<'o> Desk<'o> {
    /// Where sorters spill, emptied of what a killed process left.
    pub(super) fn work_folder(&self) -> Result<PathBuf, DeskError> {
        use std::os::unix::fs::DirBuilderExt;
        let folder = self.folder.join("work");
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done.map_err(at(&folder))?,
        }
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(at(&folder))?;
        Ok(folder)
    }

    /// Loads a delivery into a draft; nothing is in force yet.
    pub(super) fn load(
        &self,
        batch: &mut Batch,
        degree: Degree,
        delivery: &Delivery,
    ) -> Result<Draft<'o>, LoadError> {
        let begun = std::time::Instant::now();
        let path = self.office.directory.draft(&self.portal.ent, degree)?;
        remove(&path)?;
        let room = self.load_room()?;
        let now = self.office.clock.now();
        let mut aside = Aside::begin(self, degree, &delivery.id, now, &room.room)?;
        let hearing = Hearing {
            aside: &mut aside,
            batch,
            told: 0,
        };
        let mut loaded = match delivery.sort {
            Sort::Full => self.load_full(hearing, degree, delivery, (&path, &room)),
            Sort::Delta => self.load_delta(hearing, degree, delivery, (&path, &room)),
        }?;
        loaded.tally.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Draft {
            path,
            loaded,
            aside,
        })
    }

    fn load_full(
        &self,
        mut hearing: Hearing<'_, '_>,
        degree: Degree,
        delivery: &Delivery,
        (draft, room): (&Path, &LoadRoom),
    ) -> Result<Loaded, LoadError> {
        let name = ArchiveName {
            ent: self.portal.ent.value.clone(),
            degree,
            delivered: delivery.stamp.unwrap_or_default(),
        };
        let mut options = Options::new(&self.work_folder()?);
        options.room = room.room.clone();
        options.previous = self.office.directory.in_force(&self.portal.ent, degree)?;
        let entry = self.entry(degree, &delivery.id, Kind::Delivery);
        let mut from = Checked::new(self.read(&entry, "import")?);
        let imported = octroi_collect::import_from(
            &mut from,
            delivery.bytes,
            &name,
            draft,
            &options,
            &mut hearing,
        );
        // Whoever altered the vault is not the portal: that is found out before anybody is blamed.
        from.finish(&delivery.id).map_err(LoadError::Failed)?;
        let outcome = imported.map_err(|error| room.blame(&error, Code::Unreadable))?;
        Loaded::of(&outcome)
    }

    fn load_delta(
        &self,
        mut hearing: Hearing<'_, '_>,
        degree: Degree,
        delivery: &Delivery,
        (draft, room): (&Path, &LoadRoom),
    ) -> Result<Loaded, LoadError> {
        let gap = |reason: &str| Err(LoadError::Refused(Code::DeltaGap, reason.to_owned()));
        if self.state(degree)?.needs_full {
            return gap("differences were lost before: a full load must come first");
        }
        let Some(force) = self.office.directory.in_force(&self.portal.ent, degree)? else {
            return gap("nothing is in force: a full load must come first");
        };
        let force = Segment::open(&force)?;
        let entry = self.entry(degree, &delivery.id, Kind::Delivery);
        let mut from = Checked::new(self.read(&entry, "import")?);
        let mut options = Options::new(&self.work_folder()?);
        options.room = room.room.clone();
        let mut amend = Amend::new(&force, Meaning::Replace, &options, &mut hearing)
            .map_err(|error| room.blame(&error, Code::DeltaForm))?;
        let collected = collect(&mut from, &force, &delivery.file, &mut amend, room);
        from.finish(&delivery.id).map_err(LoadError::Failed)?;
        let head = Head {
            sequence: collected?,
            source: source(&delivery.id),
            ..force.head().clone()
        };
        let mut report = amend
            .finish(head, &delivery.file, draft)
            .map_err(|error| room.blame(&error, Code::DeltaForm))?;
        if report.directory.people == 0 && force.counts().people > 0 {
            // A full load that names nobody is "nothing to send" (F4); nobody can approve more of differences.
            remove(draft)?;
            let reason = "nobody would be left of the flow: differences may not empty it";
            return Err(LoadError::Refused(Code::DeltaForm, reason.to_owned()));
        }
        report.packed_octets = delivery.bytes;
        report.sha256.clone_from(&delivery.id);
        Loaded::of(&Outcome::Imported(report))
    }
}

/// Gives every change of a file to the load; answers the file's number. An error means that nothing may be written.
fn collect(
    from: impl io::Read,
    force: &Segment,
    file: &str,
    amend: &mut Amend<'_, '_>,
    room: &LoadRoom,
) -> Result<u64, LoadError> {
    let mut delta = Delta::begin(from).map_err(refusal)?;
    delta.header().follows(force.head()).map_err(refusal)?;
    let sequence = delta.header().sequence;
    while let Some(change) = delta.next().map_err(refusal)? {
        amend
            .apply(change.amendment(file))
            .map_err(|error| room.blame(&error, Code::DeltaForm))?;
    }
    Ok(sequence)
}

fn refusal(error: DeltaError) -> LoadError {
    let code = match error {
        DeltaError::Gap { .. } => Code::DeltaGap,
        _ => Code::DeltaForm,
    };
    LoadError::Refused(code, error.to_string())
}

impl LoadRoom {
    /// The delivery's fault, or ours. What would exceed the portal's quota is refused; a disk that is full is ours.
    fn blame(&self, error: &ImportError, code: Code) -> LoadError {
        match error {
            ImportError::NoRoom(_) if self.by_quota => {
                let reason = format!("{error}: the rest of the portal's quota");
                LoadError::Refused(Code::NoRoom, reason)
            }
            other => blame(other, code),
        }
    }
}

/// The delivery's fault, or ours.
pub(super) fn blame(error: &ImportError, code: Code) -> LoadError {
    if error.is_refusal() {
        LoadError::Refused(code, error.to_string())
    } else {
        LoadError::Failed(error.to_string())
    }
}

/// The octets of a delivery's id.
pub(super) fn source(id: &str) -> [u8; 32] {
    let mut source = [0; 32];
    for (byte, pair) in source.iter_mut().zip(id.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).unwrap_or(0);
        *byte = u8::try_from(digit(0) * 16 + digit(1)).unwrap_or(0);
    }
    source
}
