//! A sorted run in a file that has no name: how it is written, and how it is read record by record.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::room::{Room, Share};

use super::record::{HEAD, lengths, parts, prefix};

/// Octets written at once to a run, and the most that are read at once.
pub(super) const CHUNK: usize = 128 << 10;

/// A sorted run in a file without a name.
#[derive(Debug)]
pub(super) struct Run {
    file: File,
    length: u64,
    _share: Share,
}

/// Creates a file and takes its name away at once.
fn nameless(folder: &Path) -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    for _ in 0..1000 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".sort-{}-{number}", std::process::id()));
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        match opened {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            // What a process of the same number left when it was killed between the two calls.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "no free name for a temporary file",
    ))
}

/// A run that is being written.
pub(super) struct RunWriter {
    out: io::BufWriter<File>,
    length: u64,
    share: Share,
}

impl RunWriter {
    pub(super) fn new(folder: &Path, room: &Room) -> io::Result<Self> {
        Ok(Self {
            out: io::BufWriter::with_capacity(CHUNK, nameless(folder)?),
            length: 0,
            share: room.share(),
        })
    }

    pub(super) fn record(&mut self, record: &[u8]) -> io::Result<()> {
        self.share.take(record.len() as u64)?;
        self.length += record.len() as u64;
        self.out.write_all(record)
    }

    pub(super) fn finish(self) -> io::Result<Run> {
        let mut file = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Run {
            file,
            length: self.length,
            _share: self.share,
        })
    }
}

/// A run that is being read: the record at hand lies whole in the buffer.
#[derive(Debug)]
pub(super) struct Cursor {
    run: Run,
    chunk: usize,
    read: u64,
    buffer: Vec<u8>,
    at: usize,
    length: usize,
    pub(super) prefix: u64,
}

impl Cursor {
    /// Begins to read a run, `chunk` octets at a time.
    pub(super) fn new(run: Run, chunk: usize) -> Self {
        Self {
            run,
            chunk,
            read: 0,
            buffer: Vec::new(),
            at: 0,
            length: 0,
            prefix: 0,
        }
    }

    pub(super) fn record(&self) -> &[u8] {
        &self.buffer[self.at..self.at + self.length]
    }

    /// Goes to the next record; false after the last.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        self.at += self.length;
        self.length = 0;
        if !self.hold(HEAD)? {
            return Ok(false);
        }
        let (key, payload) = lengths(&self.buffer[self.at..]);
        if !self.hold(HEAD + key + payload)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.length = HEAD + key + payload;
        self.prefix = prefix(parts(self.record()).0);
        Ok(true)
    }

    /// Sees to it that `needed` octets lie in the buffer; false at the end of the run.
    fn hold(&mut self, needed: usize) -> io::Result<bool> {
        if self.buffer.len() - self.at >= needed {
            return Ok(true);
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let held = self.buffer.len();
        let left = self.run.length - self.read;
        let more = (needed.max(self.chunk) - held).min(usize::try_from(left).unwrap_or(usize::MAX));
        self.buffer.resize(held + more, 0);
        self.run
            .file
            .read_exact_at(&mut self.buffer[held..], self.read)?;
        self.read += more as u64;
        Ok(self.buffer.len() >= needed)
    }
}
