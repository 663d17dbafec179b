//! What is kept is kept for a time (RGPD): then it goes, and the trail says so.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use octroi_directory::Degree;
use octroi_saml::Time;

use super::desk::{Desk, DeskError, at, flow_name};
use super::ledger::{Event, Status};
use super::vault::{Entry, Kind};
use super::work::remove;

/// A segment that is out of force is removed after this: no build reads it any more.
const SEGMENT: i64 = 86_400;
/// A report is removed after this: by then the ledger has forgotten its delivery.
const REPORT: i64 = 400 * 86_400;

impl Desk<'_> {
    /// Removes from the vault what has been kept long enough, and segments that are long out of force. Answers how many
    /// entries went.
    ///
    /// # Errors
    /// [`DeskError`]
    pub fn purge(&mut self) -> Result<u64, DeskError> {
        let now = self.office.clock.now();
        let mut gone = 0;
        for degree in self.portal.flows.clone() {
            let flow = flow_name(&self.portal.ent, degree);
            let entries = self.office.vault.entries()?;
            for entry in entries.into_iter().filter(|entry| entry.name.flow == flow) {
                if now.since(entry.created) >= self.kept(degree, &entry)? {
                    self.purge_entry(degree, &entry)?;
                    gone += 1;
                }
            }
            self.purge_segments(degree, now)?;
        }
        self.purge_reports(now)?;
        Ok(gone)
    }

    /// How long an entry is kept. What an operator still has to decide is kept as what was set aside.
    fn kept(&self, degree: Degree, entry: &Entry) -> Result<Duration, DeskError> {
        let settings = &self.office.settings;
        let known = self.state(degree)?.deliveries.get(&entry.name.delivery);
        let done = known.is_some_and(|known| {
            matches!(
                known.status,
                Status::Taken | Status::Empty | Status::Superseded
            )
        });
        Ok(match entry.name.kind {
            Kind::Delivery if done => settings.resend,
            _ => settings.keep,
        })
    }

    fn purge_entry(&mut self, degree: Degree, entry: &Entry) -> Result<(), DeskError> {
        let (delivery, kind) = (&entry.name.delivery, entry.name.kind);
        self.record("collect-vault-purged", delivery, &entry.name.text())?;
        self.office.vault.remove(&entry.name)?;
        let known = self.state(degree)?.deliveries.get(delivery);
        let waits = known.is_some_and(|known| {
            matches!(
                known.status,
                Status::Held | Status::Received | Status::Approved
            )
        });
        let delivery = delivery.clone();
        if kind == Kind::Delivery && waits {
            self.note(
                degree,
                Event::Superseded {
                    delivery: delivery.clone(),
                },
            )?;
        }
        self.note(degree, Event::Purged { delivery })
    }

    fn purge_reports(&self, now: Time) -> Result<(), DeskError> {
        let folder = self.folder.join("reports");
        for entry in fs::read_dir(&folder).map_err(at(&folder))? {
            let path = entry.map_err(at(&folder))?.path();
            let status = fs::metadata(&path).map_err(at(&path))?;
            if now.unix_seconds() - status.mtime() > REPORT {
                remove(&path)?;
            }
        }
        Ok(())
    }

    fn purge_segments(&self, degree: Degree, now: Time) -> Result<(), DeskError> {
        let Some(force) = self.office.directory.in_force(&self.portal.ent, degree)? else {
            return Ok(());
        };
        for (path, changed) in self.segments(degree)? {
            if path != force && now.unix_seconds() - changed > SEGMENT {
                remove(&path)?;
            }
        }
        Ok(())
    }
}
