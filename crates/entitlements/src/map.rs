//! The octets of a snapshot: read into private memory and checked on the way, or a file mapped read-only.
//!
//! A serving node reads ([`Octets::load`]): nobody can change or truncate what it answers from, and the kernel can back it
//! with huge pages (docs/adr/0007). Tools that look at the head of a large file map it.
//!
//! The only module of this crate that may use `unsafe`, for two calls: to map, and to tell the processor what will be
//! read soon. It must never map a file that somebody else can
//! change, and gives out nothing but `&[u8]`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use memmap2::{Advice, Mmap, MmapMut};

use crate::SnapshotError;
use crate::format::header::{self, BODY};
use crate::format::integrity::{self, Pace};

/// Immutable octets.
#[derive(Debug)]
pub(crate) enum Octets {
    /// A file, or anonymous memory into which one was read.
    Mapped(Mmap),
    Private(Vec<u8>),
}

impl Octets {
    /// Maps the file at `path`.
    pub(crate) fn map(path: &Path) -> Result<Self, SnapshotError> {
        let (file, _) = open(path)?;
        // SAFETY: the mapping is read-only, and sound as long as nobody changes or truncates the file while it is
        // mapped. The builder writes snapshots with mode 0400 under a temporary name and renames them into place, and
        // never touches one again; `open` refuses files that group or others may write; the operators' guide
        // keeps the folder writable by octroi alone. Replacing the file by rename or removing it leaves the mapped
        // inode as it is. Somebody who can write as the same user can already replace the program.
        let map = unsafe { Mmap::map(&file) }?;
        Ok(Self::Mapped(map))
    }

    /// Reads the file at `path` into private memory, in huge pages where the kernel has them, and checks every hash on
    /// the way.
    pub(crate) fn load(path: &Path, pace: Pace) -> Result<Self, SnapshotError> {
        let (file, length) = open(path)?;
        let length = usize::try_from(length).map_err(|_| SnapshotError::Truncated)?;
        let mut page = vec![0; BODY.min(length)];
        file.read_exact_at(&mut page, 0)?;
        // The header says where the hashes are before any memory is taken on the word of a length.
        let (header, _) = header::read(&page, length)?;
        let mut memory = MmapMut::map_anon(length)?;
        // Without huge pages everything works, only slower.
        let _ = memory.advise(Advice::HugePage);
        // The very octets that were read above: what was checked is what is used.
        memory[..page.len()].copy_from_slice(&page);
        integrity::load(&file, &mut memory, &header, pace)?;
        Ok(Self::Mapped(memory.make_read_only()?))
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

/// Tells the processor that an octet will be read soon, and waits for nothing. Beyond the end it does nothing.
#[inline]
pub(crate) fn send_for(octets: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(octet) = octets.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing as far as the program can tell and never faults; the address is that of an
        // octet that is borrowed here. SSE is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(octet).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (octets, at);
}

/// Opens a file and answers its length. Refuses what is not a regular file and what group or others may write.
fn open(path: &Path) -> Result<(File, u64), SnapshotError> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput).into());
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(SnapshotError::WritableByOthers);
    }
    Ok((file, metadata.len()))
}
