//! The octets of a snapshot: a file mapped read-only, or private memory.
//!
//! The only module of this crate that may use `unsafe`, for one call. It must never map a file that somebody else can
//! change, and gives out nothing but `&[u8]`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use memmap2::Mmap;

use crate::SnapshotError;

/// Immutable octets.
#[derive(Debug)]
pub(crate) enum Octets {
    Mapped(Mmap),
    Private(Vec<u8>),
}

impl Octets {
    /// Maps the file at `path`.
    ///
    /// Refuses what is not a regular file and what group or others may write.
    pub(crate) fn map(path: &Path) -> Result<Self, SnapshotError> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(SnapshotError::WritableByOthers);
        }
        // SAFETY: the mapping is read-only, and sound as long as nobody changes or truncates the file while it is
        // mapped. The builder writes snapshots with mode 0400 under a temporary name and renames them into place, and
        // never touches one again; the check above refuses files that group or others may write; the operators' guide
        // keeps the folder writable by octroi alone. Replacing the file by rename or removing it leaves the mapped
        // inode as it is. Somebody who can write as the same user can already replace the program.
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Self::Mapped(map))
    }

    /// The octets themselves.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Private(octets) => octets,
        }
    }
}
