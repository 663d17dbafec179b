//! What is in force: put there by one replacement, said in the ledger, cleared of what it makes pointless.
//!
//! What a delivery became is durable under names of its own before the replacement. After it, whoever was killed finds
//! beside the ledger what was prepared, and only has to say so.

use std::fs;
use std::io;
use std::path::PathBuf;

use octroi_directory::{Degree, Segment};
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::desk::{Desk, DeskError, at};
use super::ledger::event::Sort;
use super::ledger::{Delivery, Event, Status, Tally};
use super::marks::Marks;
use super::vault::Kind;
use super::work::{Draft, durable, remove};

/// What will be said of a delivery once it is in force.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prepared {
    /// What came of it.
    pub(super) tally: Tally,
    /// The marks of the flow from then on.
    pub(super) marks: Marks,
}

impl Desk<'_> {
    /// Report, records set aside and segment under their names, then the one replacement.
    pub(super) fn put_in_force(
        &mut self,
        degree: Degree,
        delivery: &Delivery,
        draft: Draft<'_>,
        prepared: &Prepared,
    ) -> Result<(), DeskError> {
        self.report(degree, delivery, &draft)?;
        let prepared =
            serde_json::to_vec(prepared).map_err(|error| at(&self.folder)(error.into()))?;
        durable(&self.prepared_path(degree, &delivery.id), &prepared)?;
        draft.aside.finish(self, degree, &delivery.id)?;
        self.office.directory.put_in_force(&draft.path)?;
        Ok(())
    }

    /// Writes what came of a delivery, for the portal's operator and for programs.
    pub(super) fn report(
        &self,
        degree: Degree,
        delivery: &Delivery,
        draft: &Draft<'_>,
    ) -> Result<(), DeskError> {
        let stem = Self::stem_of(degree, delivery);
        let reports = self.folder.join("reports");
        durable(&reports.join(format!("{stem}.json")), &draft.loaded.json)?;
        durable(&reports.join(format!("{stem}.txt")), &draft.loaded.page)
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

    /// Where the high-water marks of a flow are.
    pub(super) fn marks_path(&self, degree: Degree) -> PathBuf {
        self.folder.join(format!("{degree}.marks.json"))
    }

    fn prepared_path(&self, degree: Degree, id: &str) -> PathBuf {
        self.folder.join(format!("{degree}-{id}.prepared"))
    }

    /// What was prepared for a delivery, when it is the one in force: the process was killed before it could say so.
    pub(super) fn is_in_force_already(
        &self,
        degree: Degree,
        id: &str,
    ) -> Result<Option<Prepared>, DeskError> {
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
    pub(super) fn taken(
        &mut self,
        batch: &mut Batch,
        degree: Degree,
        delivery: &Delivery,
        prepared: Prepared,
    ) -> Result<(), DeskError> {
        let (id, file) = (&delivery.id, &delivery.file);
        let Prepared { tally, marks } = prepared;
        let path = self.marks_path(degree);
        durable(&path, &marks.octets(&path)?)?;
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

    /// A full load makes everything before it pointless: deliveries that were held, differences that wait behind them,
    /// records that were set aside. What a load that it takes the place of had set aside goes, too, when that one was
    /// later: an operator went back. Differences make pointless what was sent under the same number before, no full load.
    fn supersede(&mut self, degree: Degree, delivery: &Delivery) -> Result<(), DeskError> {
        let full = delivery.sort == Sort::Full;
        let others: Vec<Delivery> = self
            .state(degree)?
            .deliveries
            .values()
            .filter(|other| other.id != delivery.id)
            .cloned()
            .collect();
        for other in others {
            let waits = match other.status {
                Status::Held => full || other.sort == Sort::Delta,
                Status::Received | Status::Approved => full && other.sort == Sort::Delta,
                _ => false,
            };
            if waits && other.stamp <= delivery.stamp {
                let event = Event::Superseded {
                    delivery: other.id.clone(),
                };
                self.note(degree, event)?;
            }
            if full && (other.stamp < delivery.stamp || other.status == Status::Taken) {
                let name = self.entry(degree, &other.id, Kind::SetAside);
                if self.office.vault.has(&name) {
                    self.record("collect-vault-purged", &other.id, "set-aside, superseded")?;
                    self.office.vault.remove(&name)?;
                }
            }
        }
        Ok(())
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
}
