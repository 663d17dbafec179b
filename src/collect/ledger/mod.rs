//! The ledger: what came, when, with which hash, and what was done with it. One for each flow of a portal.
//!
//! Lines of JSON, appended and forced to the disk one by one, each with its number and a checksum. The ledger is the
//! importer's memory: what is to be done next follows from it alone ([`state`]), so that whoever is killed goes on
//! where the last whole line says. It names files, schools and counts, and nobody.
//!
//! It does not grow for ever: after a thousand lines one takes their place that says where they lead ([`compact`]), and it
//! is read line by line.
//!
//! A torn last line (the writer was killed) is cut off. A line that is wrong before the last, or a number that does
//! not follow, is damage: the flow is refused until somebody has looked, the others go on (F1).

mod compact;
pub mod event;
mod moment;
pub mod state;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use octroi_saml::Time;
use serde::{Deserialize, Serialize};

pub use event::{Event, Tally};
pub use state::{Delivery, FlowState, Status};

/// The longest line that is read or written.
const LONGEST: usize = 1 << 20;
/// The longest first line: where a flow stands that has many deliveries.
const LONGEST_SUMMARY: usize = 16 << 20;
/// No ledger grows longer.
const LONGEST_LEDGER: u64 = 1 << 30;

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A line before the last is not as it was written.
    #[error("{}:{line}: {what}; restore the ledger from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// An event that would be too long to be read back.
    #[error("{}: an event has {bytes} bytes, more than a line may have", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
}

#[derive(Serialize, Deserialize)]
struct Line<E> {
    seq: u64,
    at: String,
    #[serde(flatten)]
    event: E,
}

/// One flow's ledger, open for writing. Whoever has it holds the flow's lock.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    length: u64,
    sequence: u64,
    state: FlowState,
}

impl Ledger {
    /// Opens the ledger, cuts off a torn last line, and reads where the flow stands.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(at(path))?;
        let found = read(path, &file)?;
        let (whole, sequence) = (found.whole, found.sequence);
        let length = file.metadata().map_err(at(path))?.len();
        if whole < length {
            file.set_len(whole)
                .and_then(|()| file.sync_all())
                .map_err(at(path))?;
        }
        if length == 0 {
            // The name must survive, too.
            let folder = path.parent().unwrap_or(path);
            File::open(folder)
                .and_then(|folder| folder.sync_all())
                .map_err(at(folder))?;
        }
        let mut ledger = Self {
            path: path.to_owned(),
            file,
            length: whole,
            sequence,
            state: found.state,
        };
        if let Some(last) = found.last.filter(|_| found.lines > compact::LINES) {
            ledger.compact(last)?;
        }
        Ok(ledger)
    }

    /// One line in the place of all; `now` is when the last of them was written.
    fn compact(&mut self, now: Time) -> Result<(), LedgerError> {
        let compacted = compact::compact(&self.path, now, self.sequence, &self.state)?;
        if let Some((file, length, state)) = compacted {
            (self.file, self.length, self.state) = (file, length, state);
        }
        Ok(())
    }

    /// Reads where a flow stands, without touching anything; what does not exist has no history.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub fn peek(path: &Path) -> Result<FlowState, LedgerError> {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FlowState::default()),
            opened => Ok(read(path, &opened.map_err(at(path))?)?.state),
        }
    }

    /// Where the flow stands.
    #[must_use]
    pub fn state(&self) -> &FlowState {
        &self.state
    }

    /// Appends an event. When this returns, it is on the disk.
    ///
    /// # Errors
    /// [`LedgerError`]; the ledger is as it was before.
    pub fn append(&mut self, now: Time, event: Event) -> Result<(), LedgerError> {
        let text = line(&self.path, self.sequence + 1, now, &event)?;
        if text.len() > LONGEST {
            return Err(LedgerError::TooLong {
                path: self.path.clone(),
                bytes: text.len(),
            });
        }
        // Always behind the last whole line: what a failed write left is written over.
        let written = self
            .file
            .write_all_at(&text, self.length)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            let _ = self.file.set_len(self.length);
            return Err(at(&self.path)(error));
        }
        self.length += text.len() as u64;
        self.sequence += 1;
        self.state.apply(now, event);
        Ok(())
    }
}

/// An event as it stands in the file.
fn line(path: &Path, seq: u64, now: Time, event: &Event) -> Result<Vec<u8>, LedgerError> {
    let at = now.to_string();
    let mut text =
        serde_json::to_vec(&Line { seq, at, event }).map_err(|error| LedgerError::Io {
            path: path.to_owned(),
            error: error.into(),
        })?;
    seal(&mut text);
    Ok(text)
}

const MARK: &[u8] = b",\"crc\":\"";

/// `{…}` becomes `{…,"crc":"0011aabb"}` and a newline.
fn seal(line: &mut Vec<u8>) {
    if line.last() == Some(&b'}') {
        line.pop();
    }
    let crc = crc32fast::hash(line);
    line.extend_from_slice(MARK);
    let _ = write!(line, "{crc:08x}\"}}");
    line.push(b'\n');
}

/// The JSON object of a line, when its checksum is right.
fn open(line: &[u8]) -> Option<Vec<u8>> {
    let at = line.len().checked_sub(MARK.len() + 10)?;
    let (body, tail) = line.split_at(at);
    let digits = tail.strip_prefix(MARK)?.strip_suffix(b"\"}")?;
    let crc = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (crc32fast::hash(body) == crc).then(|| {
        let mut object = body.to_vec();
        object.push(b'}');
        object
    })
}

/// The whole lines of a ledger.
#[derive(Default)]
struct Found {
    /// How far they reach.
    whole: u64,
    /// How many they are.
    lines: u64,
    /// The number of the last.
    sequence: u64,
    /// When the last was written.
    last: Option<Time>,
    /// Where they lead.
    state: FlowState,
}

fn read(path: &Path, file: &File) -> Result<Found, LedgerError> {
    let length = file.metadata().map_err(at(path))?.len();
    let damaged = |line: u64, what| LedgerError::Damaged {
        path: path.to_owned(),
        line: usize::try_from(line).unwrap_or(usize::MAX),
        what,
    };
    if length > LONGEST_LEDGER {
        // What is not read must not be cut off either.
        return Err(damaged(0, "longer than any ledger"));
    }
    let mut from = BufReader::new(file.take(length));
    let (mut found, mut line) = (Found::default(), Vec::new());
    loop {
        line.clear();
        let (number, longest) = match found.lines {
            0 => (1, LONGEST_SUMMARY),
            lines => (lines + 1, LONGEST),
        };
        let mut bounded = (&mut from).take(longest as u64 + 1);
        bounded.read_until(b'\n', &mut line).map_err(at(path))?;
        if line.is_empty() {
            return Ok(found);
        }
        let Some(object) = line.strip_suffix(b"\n").and_then(open) else {
            // A killed writer leaves a part of one line; a machine that lost power may leave zeros behind it.
            let is_last = found.whole + line.len() as u64 == length;
            if is_last || is_zero(&line) && rest_is_zero(&mut from).map_err(at(path))? {
                return Ok(found);
            }
            return Err(damaged(number, "the line is not as it was written"));
        };
        let read: Line<Event> = serde_json::from_slice(&object)
            .map_err(|_| damaged(number, "the line is of another version of octroi"))?;
        let at = Time::parse(&read.at).map_err(|_| damaged(number, "the line has no time"))?;
        let sums_up = matches!(read.event, Event::Summary { .. });
        if sums_up && number > 1 || !sums_up && read.seq != found.sequence + 1 {
            return Err(damaged(number, "the number of the line does not follow"));
        }
        found.sequence = read.seq;
        found.lines += 1;
        found.last = Some(at);
        found.state.apply(at, read.event);
        found.whole += line.len() as u64;
    }
}

fn is_zero(octets: &[u8]) -> bool {
    octets.iter().all(|octet| *octet == 0)
}

fn rest_is_zero(from: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let octets = from.fill_buf()?;
        if octets.is_empty() {
            return Ok(true);
        }
        if !is_zero(octets) {
            return Ok(false);
        }
        let length = octets.len();
        from.consume(length);
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> LedgerError + use<> {
    let path = path.to_owned();
    move |error| LedgerError::Io { path, error }
}

#[cfg(test)]
mod tests;
