//! Lays the sections out in one file and puts it in place, whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use super::index;
use super::report::BuildError;
use crate::Counts;
use crate::format::Section;
use crate::format::header::{self, ALIGN, BODY, Header, Span, Spans};
use crate::format::integrity::{CHUNK, HASH, PIECE, Pace, root, sha256};
use crate::format::records::Record;

/// Chunks that are written before they are forced to the disk: whoever else writes to it, a gateway beside the build for one, waits
/// behind what is in its queue.
const AT_ONCE: usize = 4;

/// The sections while they are built.
#[derive(Debug, Default)]
pub(crate) struct Sections([Vec<u8>; Section::ALL.len()]);

impl Sections {
    /// Appends a record to its section.
    pub(crate) fn push<R: Record>(&mut self, record: &R) {
        record.write(&mut self.0[R::SECTION as usize - 1]);
    }

    /// Sets a whole section.
    pub(crate) fn put(&mut self, section: Section, octets: Vec<u8>) {
        self.0[section as usize - 1] = octets;
    }

    /// Makes room for what a section will hold, so that it is not copied as it grows.
    pub(crate) fn reserve(&mut self, section: Section, octets: usize) {
        self.0[section as usize - 1].reserve_exact(octets);
    }

    /// The octets of a section so far.
    pub(crate) fn octets(&self, section: Section) -> &[u8] {
        &self.0[section as usize - 1]
    }

    /// Builds an index of record numbers in which record `n` has the fingerprint `fingerprints[n]`.
    pub(crate) fn index(
        &mut self,
        section: Section,
        fingerprints: &[u128],
    ) -> Result<(), BuildError> {
        self.put(section, index::of_numbers(fingerprints)?);
        Ok(())
    }

    /// How many of each kind.
    pub(crate) fn counts(&self) -> Counts {
        Counts::of(|section| (self.0[section as usize - 1].len() / section.record_size()) as u32)
    }

    /// Writes the snapshot to `out` by way of a temporary file beside it, and answers its length and root hash.
    pub(crate) fn write(
        self,
        out: &Path,
        header: Header,
        pace: Pace,
    ) -> Result<(u64, [u8; HASH]), BuildError> {
        let beside = beside(out)?;
        let written = self
            .write_file(&beside, header, pace)
            .and_then(|done| std::fs::rename(&beside, out).map(|()| done))
            .and_then(|done| sync_folder(out).map(|()| done));
        written.map_err(|error| {
            // What is left of the attempt is of no use to anybody.
            let _ = std::fs::remove_file(&beside);
            BuildError::io(out, error)
        })
    }

    fn write_file(
        self,
        path: &Path,
        mut header: Header,
        pace: Pace,
    ) -> io::Result<(u64, [u8; HASH])> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o400)
            .open(path)?;
        let mut body = Chunks::new(file, pace)?;
        let mut spans = Spans::default();
        for (span, octets) in spans.iter_mut().zip(&self.0) {
            body.pad()?;
            *span = Span {
                start: BODY + body.length,
                length: octets.len(),
            };
            body.write(octets)?;
        }
        let (mut file, hashes, length) = body.finish()?;
        header.hashes = BODY + length;
        header.root = [0; HASH];
        let file_length = header.hashes + hashes.len();
        let page = header::write(&header, &spans, file_length);
        header.root = root(&page, &hashes);
        file.write_all(&hashes)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header::write(&header, &spans, file_length))?;
        file.sync_all()?;
        Ok((file_length as u64, header.root))
    }
}

/// Writes the body and hashes its chunks as they fill.
struct Chunks {
    file: File,
    chunk: Vec<u8>,
    hashes: Vec<u8>,
    length: usize,
    /// Chunks that are not forced to the disk.
    unsynced: usize,
    pace: Pace,
}

impl Chunks {
    fn new(mut file: File, pace: Pace) -> io::Result<Self> {
        file.seek(SeekFrom::Start(BODY as u64))?;
        Ok(Self {
            file,
            chunk: Vec::with_capacity(CHUNK),
            hashes: Vec::new(),
            length: 0,
            unsynced: 0,
            pace,
        })
    }

    fn write(&mut self, mut octets: &[u8]) -> io::Result<()> {
        self.length += octets.len();
        while !octets.is_empty() {
            let (head, rest) = octets.split_at(octets.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(head);
            if self.chunk.len() == CHUNK {
                self.close()?;
            }
            octets = rest;
        }
        Ok(())
    }

    fn pad(&mut self) -> io::Result<()> {
        let padding = self.length.next_multiple_of(ALIGN) - self.length;
        self.write(&[0; ALIGN][..padding])
    }

    fn close(&mut self) -> io::Result<()> {
        self.hashes.extend_from_slice(&sha256(&self.chunk));
        for piece in self.chunk.chunks(PIECE) {
            self.file.write_all(piece)?;
        }
        self.chunk.clear();
        self.unsynced += 1;
        if self.unsynced == AT_ONCE {
            self.file.sync_data()?;
            self.unsynced = 0;
            thread::sleep(self.pace.rest() * AT_ONCE as u32);
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<(File, Vec<u8>, usize)> {
        if !self.chunk.is_empty() {
            self.close()?;
        }
        Ok((self.file, self.hashes, self.length))
    }
}

/// `.name.building` in the folder of `out`.
fn beside(out: &Path) -> Result<PathBuf, BuildError> {
    let name = out
        .file_name()
        .ok_or_else(|| BuildError::io(out, io::ErrorKind::InvalidInput.into()))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".building");
    Ok(out.with_file_name(hidden))
}

/// Makes the rename durable.
fn sync_folder(out: &Path) -> io::Result<()> {
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
