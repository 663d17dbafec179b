//! The ledger: what came, when, with which hash, and what was done with it. One for each flow of a portal.
//!
//! Lines of JSON, appended and forced to the disk one by one, each with its number and a checksum. The ledger is the
//! importer's memory: what is to be done next follows from it alone ([`state`]), so that whoever is killed goes on
//! where the last whole line says. It names files, schools and counts, and nobody.
//!
//! A torn last line (the writer was killed) is cut off. A line that is wrong before the last, or a number that does
//! not follow, is damage: the flow is refused until somebody has looked, the others go on (F1).

pub mod event;
pub mod state;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use octroi_saml::Time;
use serde::{Deserialize, Serialize};

pub use event::{Event, Tally};
pub use state::{Delivery, FlowState, Status};

/// The longest line that is read or written.
const LONGEST: usize = 1 << 20;
/// No ledger grows longer; at two deliveries a day this is a hundred years.
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
        let (whole, sequence, state) = read(path, &file)?;
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
        Ok(Self {
            path: path.to_owned(),
            file,
            length: whole,
            sequence,
            state,
        })
    }

    /// Reads where a flow stands, without touching anything; what does not exist has no history.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub fn peek(path: &Path) -> Result<FlowState, LedgerError> {
        match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(FlowState::default()),
            opened => Ok(read(path, &opened.map_err(at(path))?)?.2),
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
        let line = Line {
            seq: self.sequence + 1,
            at: now.to_string(),
            event: &event,
        };
        let mut text = serde_json::to_vec(&line).map_err(|error| LedgerError::Io {
            path: self.path.clone(),
            error: error.into(),
        })?;
        seal(&mut text);
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

/// The whole lines of a ledger: how far they reach, the number of the last, and where they lead.
fn read(path: &Path, file: &File) -> Result<(u64, u64, FlowState), LedgerError> {
    if file.metadata().map_err(at(path))?.len() > LONGEST_LEDGER {
        // What is not read must not be cut off either.
        return Err(LedgerError::Damaged {
            path: path.to_owned(),
            line: 0,
            what: "longer than any ledger",
        });
    }
    let mut text = Vec::new();
    file.take(LONGEST_LEDGER)
        .read_to_end(&mut text)
        .map_err(at(path))?;
    let (mut whole, mut sequence, mut state) = (0, 0, FlowState::default());
    for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let is_last = whole + line.len() == text.len();
        let damaged = |what| LedgerError::Damaged {
            path: path.to_owned(),
            line: number + 1,
            what,
        };
        let sealed = line.strip_suffix(b"\n").and_then(open);
        let Some(object) = sealed else {
            // A killed writer leaves a part of one line; a machine that lost power may leave zeros behind it.
            if is_last || text[whole..].iter().all(|byte| *byte == 0) {
                break;
            }
            return Err(damaged("the line is not as it was written"));
        };
        let line_read: Line<Event> = serde_json::from_slice(&object)
            .map_err(|_| damaged("the line is of another version of octroi"))?;
        let at = Time::parse(&line_read.at).map_err(|_| damaged("the line has no time"))?;
        if line_read.seq != sequence + 1 {
            return Err(damaged("the number of the line does not follow"));
        }
        sequence = line_read.seq;
        state.apply(at, line_read.event);
        whole += line.len();
    }
    Ok((whole as u64, sequence, state))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> LedgerError + use<> {
    let path = path.to_owned();
    move |error| LedgerError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        Time::from_unix_seconds(1_800_000_000)
    }

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("octroi-ledger-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn written(path: &Path) -> Vec<u8> {
        let mut ledger = Ledger::open(path).unwrap();
        for delivery in ["a", "b", "c"] {
            let event = Event::Duplicate {
                delivery: delivery.repeat(64),
                file: "B0.tar.gz".to_owned(),
            };
            ledger.append(now(), event).unwrap();
        }
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_tail_cut_at_every_octet_loses_at_most_the_torn_line() {
        let folder = folder("torn");
        let path = folder.join("ledger.jsonl");
        let whole = written(&path);
        let ends: Vec<usize> = (0..whole.len())
            .filter(|at| whole[*at] == b'\n')
            .map(|at| at + 1)
            .collect();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let kept = ends.iter().filter(|end| **end <= cut).count() as u64;
            let mut ledger = Ledger::open(&path).unwrap();
            assert_eq!(ledger.sequence, kept, "cut at {cut}");
            let event = Event::Cleared {
                delivery: "d".repeat(64),
            };
            ledger.append(now(), event).unwrap();
            assert_eq!(Ledger::open(&path).unwrap().sequence, kept + 1);
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_ledger_that_is_too_long_is_told_and_not_cut() {
        let folder = folder("long");
        let path = folder.join("ledger.jsonl");
        written(&path);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(LONGEST_LEDGER + 1).unwrap();
        assert!(matches!(
            Ledger::open(&path),
            Err(LedgerError::Damaged { .. })
        ));
        assert_eq!(file.metadata().unwrap().len(), LONGEST_LEDGER + 1);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn zeros_behind_the_last_line_are_a_torn_tail_and_any_other_change_is_damage() {
        let folder = folder("damage");
        let path = folder.join("ledger.jsonl");
        let whole = written(&path);
        let mut zeros = whole.clone();
        zeros.extend_from_slice(&[0; 512]);
        std::fs::write(&path, &zeros).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().sequence, 3);
        let second = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for at in 0..second {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert!(
                matches!(Ledger::open(&path), Err(LedgerError::Damaged { .. })),
                "octet {at}"
            );
        }
        std::fs::write(&path, &whole[second..]).unwrap();
        let error = Ledger::open(&path).unwrap_err().to_string();
        assert!(error.contains(":1: the number"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
