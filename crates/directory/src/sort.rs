//! Brings any number of records into the order of their keys in bounded memory: an external merge sort.
//!
//! Records with equal keys keep the order in which they came. What does not fit the buffer goes to temporary files of mode
//! 0600 that have no name any more once they are open: they hold personal data, and whatever ends the process, they are gone.

use std::cmp::Ordering;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering as Atomic};

/// Octets of memory that a sorter takes unless it is told otherwise: 64 MiB.
pub const DEFAULT_SORT_BUFFER: usize = 64 << 20;
/// Runs that are merged at once; more are first merged into one.
const FAN_IN: usize = 48;
/// Octets written at once to a run, and the most that are read at once.
const CHUNK: usize = 128 << 10;
/// The least octets that are read at once from a run.
const LEAST: usize = 8 << 10;
/// Octets of a record's place: a piece of its key and where it stands.
const PLACE: usize = size_of::<Place>();

/// Collects records, then hands them out sorted.
#[derive(Debug)]
pub struct Sorter {
    folder: PathBuf,
    limit: usize,
    octets: Vec<u8>,
    places: Vec<Place>,
    runs: Vec<Run>,
    records: u64,
}

/// Where a record stands in the buffer, with the first eight octets of its key: most comparisons end there.
#[derive(Debug, Clone, Copy)]
struct Place {
    prefix: u64,
    start: u32,
}

/// A sorted run in a file without a name.
#[derive(Debug)]
struct Run {
    file: File,
    length: u64,
}

impl Sorter {
    /// A sorter that takes about `buffer` octets of memory (at least 64 KiB, at most 2 GiB) and puts the rest into temporary
    /// files in `folder`.
    #[must_use]
    pub fn new(folder: &Path, buffer: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            limit: buffer.clamp(64 << 10, 2 << 30),
            octets: Vec::new(),
            places: Vec::new(),
            runs: Vec::new(),
            records: 0,
        }
    }

    /// How many records came in.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.records
    }

    /// Whether none came in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Takes a record. One that is longer than the buffer is an error.
    pub fn push(&mut self, key: &[u8], payload: &[u8]) -> io::Result<()> {
        let needed = HEAD + key.len() + payload.len();
        if needed > self.limit - PLACE {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a record longer than the sorter's buffer",
            ));
        }
        let used = self.octets.len() + self.places.len() * PLACE;
        if used + needed + PLACE > self.limit {
            self.spill()?;
        }
        let start = self.octets.len() as u32;
        self.grow(needed);
        self.octets
            .extend_from_slice(&(key.len() as u32).to_le_bytes());
        self.octets
            .extend_from_slice(&(payload.len() as u32).to_le_bytes());
        self.octets.extend_from_slice(key);
        self.octets.extend_from_slice(payload);
        self.places.push(Place {
            prefix: prefix(key),
            start,
        });
        self.records += 1;
        Ok(())
    }

    /// Doubles the buffer, but never past the limit: `Vec` alone would go to twice as much.
    fn grow(&mut self, needed: usize) {
        let (length, capacity) = (self.octets.len(), self.octets.capacity());
        if length + needed > capacity {
            let wanted = (capacity * 2)
                .clamp(16 << 10, self.limit)
                .max(length + needed);
            self.octets.reserve_exact(wanted - length);
        }
    }

    /// Ends the collection.
    pub fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.order();
            return Ok(Sorted(Source::Memory {
                octets: self.octets,
                places: self.places.into_iter(),
            }));
        }
        if !self.places.is_empty() {
            self.spill()?;
        }
        self.octets = Vec::new();
        self.places = Vec::new();
        Ok(Sorted(Source::Runs(Merge::new(self.runs, self.limit)?)))
    }

    fn order(&mut self) {
        let octets = &self.octets;
        self.places.sort_unstable_by(|a, b| {
            a.prefix
                .cmp(&b.prefix)
                .then_with(|| split(octets, a.start).0.cmp(split(octets, b.start).0))
                .then(a.start.cmp(&b.start))
        });
    }

    fn spill(&mut self) -> io::Result<()> {
        self.order();
        let mut run = RunWriter::new(&self.folder)?;
        for place in &self.places {
            run.record(whole(&self.octets, place.start))?;
        }
        self.runs.push(run.finish()?);
        self.octets.clear();
        self.places.clear();
        if self.runs.len() == FAN_IN {
            // The buffer of this sorter is in use as well: what is read at once is little.
            let mut merge = Merge::new(std::mem::take(&mut self.runs), self.limit / 4)?;
            let mut run = RunWriter::new(&self.folder)?;
            while let Some(record) = merge.next_whole()? {
                run.record(record)?;
            }
            self.runs.push(run.finish()?);
        }
        Ok(())
    }
}

/// Octets before a record's key: length of key and of payload.
const HEAD: usize = 8;

fn prefix(key: &[u8]) -> u64 {
    let mut word = [0; 8];
    let length = key.len().min(8);
    word[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(word)
}

fn lengths(octets: &[u8]) -> (usize, usize) {
    let word = |at: usize| {
        let mut word = [0; 4];
        word.copy_from_slice(&octets[at..at + 4]);
        u32::from_le_bytes(word) as usize
    };
    (word(0), word(4))
}

fn whole(octets: &[u8], start: u32) -> &[u8] {
    let record = &octets[start as usize..];
    let (key, payload) = lengths(record);
    &record[..HEAD + key + payload]
}

fn parts(record: &[u8]) -> (&[u8], &[u8]) {
    let (key, _) = lengths(record);
    record[HEAD..].split_at(key)
}

fn split(octets: &[u8], start: u32) -> (&[u8], &[u8]) {
    parts(whole(octets, start))
}

/// Creates a file and takes its name away at once.
fn nameless(folder: &Path) -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    for _ in 0..1000 {
        let number = NEXT.fetch_add(1, Atomic::Relaxed);
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

struct RunWriter {
    out: io::BufWriter<File>,
    length: u64,
}

impl RunWriter {
    fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self {
            out: io::BufWriter::with_capacity(CHUNK, nameless(folder)?),
            length: 0,
        })
    }

    fn record(&mut self, record: &[u8]) -> io::Result<()> {
        self.length += record.len() as u64;
        self.out.write_all(record)
    }

    fn finish(self) -> io::Result<Run> {
        let mut file = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Run {
            file,
            length: self.length,
        })
    }
}

/// The records in the order of their keys.
#[derive(Debug)]
pub struct Sorted(Source);

#[derive(Debug)]
enum Source {
    Memory {
        octets: Vec<u8>,
        places: std::vec::IntoIter<Place>,
    },
    Runs(Merge),
}

impl Sorted {
    /// The next key and payload.
    #[expect(
        clippy::should_implement_trait,
        reason = "the record is borrowed until the next call"
    )]
    pub fn next(&mut self) -> io::Result<Option<(&[u8], &[u8])>> {
        match &mut self.0 {
            Source::Memory { octets, places } => {
                Ok(places.next().map(|place| split(octets, place.start)))
            }
            Source::Runs(merge) => Ok(merge.next_whole()?.map(parts)),
        }
    }
}

/// A run that is being read: the record at hand lies whole in the buffer.
#[derive(Debug)]
struct Cursor {
    run: Run,
    chunk: usize,
    read: u64,
    buffer: Vec<u8>,
    at: usize,
    length: usize,
    prefix: u64,
}

impl Cursor {
    fn record(&self) -> &[u8] {
        &self.buffer[self.at..self.at + self.length]
    }

    /// Goes to the next record; false after the last.
    fn advance(&mut self) -> io::Result<bool> {
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

/// Several runs, merged. The cursors form a heap with the least record on top.
#[derive(Debug)]
struct Merge {
    cursors: Vec<Cursor>,
    /// Indices of cursors; an earlier run is less at equal keys.
    heap: Vec<usize>,
    started: bool,
}

impl Merge {
    /// Takes about `memory` octets for all runs together.
    fn new(runs: Vec<Run>, memory: usize) -> io::Result<Self> {
        let chunk = (memory / runs.len().max(1)).clamp(LEAST, CHUNK);
        let mut cursors = Vec::with_capacity(runs.len());
        for run in runs {
            let mut cursor = Cursor {
                run,
                chunk,
                read: 0,
                buffer: Vec::new(),
                at: 0,
                length: 0,
                prefix: 0,
            };
            if cursor.advance()? {
                cursors.push(cursor);
            }
        }
        let mut merge = Self {
            heap: (0..cursors.len()).collect(),
            cursors,
            started: false,
        };
        for at in (0..merge.heap.len() / 2).rev() {
            merge.sink(at);
        }
        Ok(merge)
    }

    fn next_whole(&mut self) -> io::Result<Option<&[u8]>> {
        if self.started
            && let Some(&top) = self.heap.first()
        {
            if !self.cursors[top].advance()? {
                self.heap.swap_remove(0);
            }
            self.sink(0);
        }
        self.started = true;
        Ok(self.heap.first().map(|top| self.cursors[*top].record()))
    }

    fn less(&self, a: usize, b: usize) -> bool {
        let (one, other) = (&self.cursors[a], &self.cursors[b]);
        let order = one
            .prefix
            .cmp(&other.prefix)
            .then_with(|| parts(one.record()).0.cmp(parts(other.record()).0))
            .then(a.cmp(&b));
        order == Ordering::Less
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let mut least = at;
            for child in [left, right] {
                if child < self.heap.len() && self.less(self.heap[child], self.heap[least]) {
                    least = child;
                }
            }
            if least == at {
                return;
            }
            self.heap.swap(at, least);
            at = least;
        }
    }
}
