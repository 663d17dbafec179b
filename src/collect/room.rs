//! Room for a delivery: the portal's quota and what must stay free on the disk (F1).
//!
//! One portal cannot fill the disk for the others: what has no room stays in its drop box, whose size is the file
//! server's business (docs/collect-sftp.md).

use std::fs;
use std::io;
use std::path::Path;

use super::desk::{Desk, DeskError, at, flow_name};

const MIB: u64 = 1 << 20;

/// Why there is no room, for the alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoRoom(pub(super) String);

impl Desk<'_> {
    /// How many octets a delivery may have at this moment, if `wanted` have room.
    pub(super) fn room(&self, wanted: u64) -> Result<Result<u64, NoRoom>, DeskError> {
        let work = self.folder.join("work");
        let mut used = octets(&work).map_err(at(&work))?;
        for degree in &self.portal.flows {
            let flow = flow_name(&self.portal.ent, *degree);
            used = used.saturating_add(self.office.vault.octets(&flow)?);
        }
        let left = self.portal.quota.saturating_sub(used);
        if wanted > left {
            return Ok(Err(NoRoom(format!(
                "{} MiB, and {} of {} MiB of the portal's quota are taken",
                wanted.div_ceil(MIB),
                used.div_ceil(MIB),
                self.portal.quota / MIB
            ))));
        }
        let mut most = left;
        let reserve = self.office.settings.reserve;
        for folder in [self.office.vault.directory(), &self.folder] {
            let free = free(folder).map_err(at(folder))?;
            let left = free.saturating_sub(reserve);
            if free < reserve || wanted > left {
                return Ok(Err(NoRoom(format!(
                    "{} MiB, and {} MiB are free on the disk of {}, of which {} are kept free",
                    wanted.div_ceil(MIB),
                    free / MIB,
                    folder.display(),
                    reserve / MIB
                ))));
            }
            most = most.min(left);
        }
        Ok(Ok(most))
    }
}

/// The octets of the files in a folder; none when it is not there.
pub(super) fn octets(folder: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut sum = 0_u64;
    for entry in entries {
        let length = entry.and_then(|entry| entry.metadata()).map(|of| of.len());
        match length {
            // Removed meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            length => sum = sum.saturating_add(length?),
        }
    }
    Ok(sum)
}

/// What is free for us on the disk of a folder, octets.
fn free(folder: &Path) -> io::Result<u64> {
    let status = rustix::fs::statvfs(folder)?;
    Ok(status.f_bavail.saturating_mul(status.f_frsize))
}
