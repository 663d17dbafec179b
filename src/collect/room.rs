//! Room for a delivery: the portal's quota and what must stay free on the disk (F1).
//!
//! One portal cannot fill the disk for the others: what has no room stays in its drop box, whose size is the file
//! server's business (docs/collect-sftp.md). What a load writes while it works has the rest of the quota and no more.

use std::fs;
use std::io;
use std::path::Path;

use octroi_directory::Room;

use super::desk::{Desk, DeskError, Office, at, flow_name};
use crate::config::CollectPortal;

const MIB: u64 = 1 << 20;

/// Why there is no room, for the alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoRoom(pub(super) String);

impl Desk<'_> {
    /// How many octets a delivery may have at this moment, if `wanted` have room.
    pub(super) fn room(&self, wanted: u64) -> Result<Result<u64, NoRoom>, DeskError> {
        let used = self.office.used(self.portal)?;
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

    /// Room for what a load writes: the rest of the quota, or what is free on the disks when that is less.
    pub(super) fn load_room(&self) -> Result<LoadRoom, DeskError> {
        let quota = self
            .portal
            .quota
            .saturating_sub(self.office.used(self.portal)?);
        let mut disk = u64::MAX;
        let directory = self.office.directory.folder(&self.portal.ent)?;
        for folder in [self.office.vault.directory(), &self.folder, &directory] {
            let free = free(folder).map_err(at(folder))?;
            disk = disk.min(free.saturating_sub(self.office.settings.reserve));
        }
        Ok(LoadRoom {
            room: Room::of(quota.min(disk)),
            by_quota: quota <= disk,
        })
    }
}

impl Office {
    /// What the vault and the work folder hold of a portal, octets: what counts against its quota.
    ///
    /// # Errors
    /// [`DeskError`]
    pub fn used(&self, portal: &CollectPortal) -> Result<u64, DeskError> {
        let work = self.folder(&portal.ent).join("work");
        let mut used = octets(&work).map_err(at(&work))?;
        for degree in &portal.flows {
            let flow = flow_name(&portal.ent, *degree);
            used = used.saturating_add(self.vault.octets(&flow)?);
        }
        Ok(used)
    }
}

/// Room for temporary files, the draft and what is set aside of one load.
#[derive(Debug)]
pub(super) struct LoadRoom {
    /// The room.
    pub(super) room: Room,
    /// Whether the portal's quota bounds it, rather than the disk.
    pub(super) by_quota: bool,
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
