//! Brings any number of records into the order of their keys in bounded memory: an external merge sort.
//!
//! Records with equal keys keep the order in which they came. What does not fit the buffer goes to temporary files of mode
//! 0600 that have no name any more once they are open: they hold personal data, and whatever ends the process, they are gone.

mod merge;
mod record;
mod run;

use std::io;
use std::path::{Path, PathBuf};

use self::merge::Merge;
use self::record::{HEAD, parts, prefix, split, whole};
use self::run::{Run, RunWriter};
use crate::room::Room;

/// Octets of memory that a sorter takes unless it is told otherwise: 64 MiB.
pub const DEFAULT_SORT_BUFFER: usize = 64 << 20;
/// Runs that are merged at once; more are first merged into one.
const FAN_IN: usize = 48;
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
    room: Room,
}

/// Where a record stands in the buffer, with the first eight octets of its key: most comparisons end there.
#[derive(Debug, Clone, Copy)]
struct Place {
    prefix: u64,
    start: u32,
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
            room: Room::default(),
        }
    }

    /// Takes the octets of its temporary files from this room. Where there is none, what needs it fails with [`NoRoom`]
    /// within its error.
    ///
    /// [`NoRoom`]: crate::NoRoom
    #[must_use]
    pub fn within(mut self, room: &Room) -> Self {
        self.room = room.clone();
        self
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
        let mut run = RunWriter::new(&self.folder, &self.room)?;
        for place in &self.places {
            run.record(whole(&self.octets, place.start))?;
        }
        self.runs.push(run.finish()?);
        self.octets.clear();
        self.places.clear();
        if self.runs.len() == FAN_IN {
            // The buffer of this sorter is in use as well: what is read at once is little.
            let mut merge = Merge::new(std::mem::take(&mut self.runs), self.limit / 4)?;
            let mut run = RunWriter::new(&self.folder, &self.room)?;
            while let Some(record) = merge.next_whole()? {
                run.record(record)?;
            }
            self.runs.push(run.finish()?);
        }
        Ok(())
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
