//! Reading the trail back: is the chain whole?

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::line::{
    GENESIS, Hash, LONGEST, LineError, Opening, SEGMENT_OPENED, open, sequence, split,
};
use super::trail::{AuditError, Head, at};

/// Reads lines of bounded length and knows where the last whole one ended.
pub(super) struct Lines<R> {
    reader: R,
    buffer: Vec<u8>,
    offset: u64,
}

/// A line as read.
pub(super) struct RawLine<'b> {
    /// Without its newline.
    pub(super) bytes: &'b [u8],
    /// Whether it had one.
    pub(super) complete: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            offset: 0,
        }
    }

    /// Where the last whole line ended.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn next(&mut self) -> io::Result<Option<RawLine<'_>>> {
        self.buffer.clear();
        let limit = (LONGEST + 1) as u64;
        let mut read =
            io::Read::take(&mut self.reader, limit).read_until(b'\n', &mut self.buffer)?;
        if read == 0 {
            return Ok(None);
        }
        if self.buffer.len() > LONGEST && self.buffer.last() != Some(&b'\n') {
            // No line of ours is so long: its rest is passed over, and what was read of it breaks the chain.
            read += self.reader.skip_until(b'\n')?;
            self.offset += read as u64;
            return Ok(Some(RawLine {
                bytes: &self.buffer,
                complete: true,
            }));
        }
        let complete = self.buffer.last() == Some(&b'\n');
        if complete {
            self.offset += read as u64;
            self.buffer.pop();
        }
        Ok(Some(RawLine {
            bytes: &self.buffer,
            complete,
        }))
    }
}

/// Goes along the chain. After a break it goes on from what the broken line states, so that one alteration is
/// one break and not one for each line behind it.
#[derive(Debug, Default)]
pub(super) struct Walk {
    head: Option<Head>,
}

impl Walk {
    pub(super) fn head(&self) -> Head {
        self.head.unwrap_or(Head {
            sequence: 0,
            hash: GENESIS,
        })
    }

    pub(super) fn step(&mut self, line: &[u8]) -> Result<(), LineError> {
        let found = self.check(line);
        let before = self.head();
        self.head = Some(match found {
            Ok(head) => head,
            Err(_) => Head {
                sequence: sequence(line).unwrap_or(before.sequence.saturating_add(1)),
                hash: split(line).map_or(before.hash, |(_, stated)| stated),
            },
        });
        found.map(|_| ())
    }

    fn check(&self, line: &[u8]) -> Result<Head, LineError> {
        let previous = match self.head {
            Some(head) => head.hash,
            // The first line of all says where it goes on: what stood before may have been archived.
            None => opening(line).ok_or(LineError::Form)?,
        };
        let (sequence, hash) = open(previous, line)?;
        if self
            .head
            .is_some_and(|head| head.sequence.checked_add(1) != Some(sequence))
        {
            return Err(LineError::Sequence);
        }
        Ok(Head { sequence, hash })
    }
}

/// The hash that the first line of a segment goes on with.
fn opening(line: &[u8]) -> Option<Hash> {
    let opening: Opening = serde_json::from_slice(line).ok()?;
    (opening.event == SEGMENT_OPENED).then(|| Hash::parse(opening.previous.as_bytes()))?
}

/// The line with which the segment of this name begins; `None` when it is not the name of a segment.
pub(super) fn begins_with(name: &str) -> Option<u64> {
    let number = name.strip_prefix("audit-")?.strip_suffix(".jsonl")?;
    let digits = number.len() == 20 && number.bytes().all(|octet| octet.is_ascii_digit());
    digits.then(|| number.parse().ok())?
}

/// The segments of a folder in order.
pub(super) fn segments(directory: &Path) -> Result<Vec<PathBuf>, AuditError> {
    let mut segments = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(at(directory))? {
        let path = entry.map_err(at(directory))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if begins_with(name).is_some() {
            segments.push(path);
        }
    }
    segments.sort();
    Ok(segments)
}

/// A place where the chain does not hold.
#[derive(Debug)]
pub struct Break {
    /// The segment.
    pub segment: PathBuf,
    /// The line in it, from 1.
    pub line: u64,
    /// What is wrong.
    pub error: LineError,
}

/// What a whole trail is like.
#[derive(Debug)]
pub struct Verified {
    /// How many segments.
    pub segments: usize,
    /// How many lines.
    pub lines: u64,
    /// The number of the first line; above 1 when older segments were archived.
    pub first: u64,
    /// The end of the chain.
    pub head: Head,
    /// Whether the last line was only half there (the writer was killed, or is writing).
    pub torn: bool,
    /// Every break.
    pub breaks: Vec<Break>,
    /// Whether the chain ends in or passes through the hash that was asked for, when one was.
    pub head_found: Option<bool>,
}

/// Reads every segment of a folder. `noted` is a hash that was noted elsewhere: a chain that was written anew as a
/// whole does not have it.
pub fn verify(directory: &Path, noted: Option<&str>) -> Result<Verified, AuditError> {
    let paths = segments(directory)?;
    let mut walk = Walk::default();
    let noted = noted.map(|text| Hash::parse(text.as_bytes()));
    let mut verified = Verified {
        segments: paths.len(),
        lines: 0,
        first: 0,
        head: walk.head(),
        torn: false,
        breaks: Vec::new(),
        head_found: noted.map(|_| false),
    };
    let last = paths.len().saturating_sub(1);
    for (index, path) in paths.iter().enumerate() {
        let mut lines = Lines::new(BufReader::new(File::open(path).map_err(at(path))?));
        let mut number = 0;
        while let Some(line) = lines.next().map_err(at(path))? {
            number += 1;
            if !line.complete && index == last {
                verified.torn = true;
                break;
            }
            verified.lines += 1;
            if let Err(error) = walk.step(line.bytes) {
                verified.breaks.push(Break {
                    segment: path.clone(),
                    line: number,
                    error,
                });
            }
            if let Some(Some(noted)) = noted
                && walk.head().hash == noted
            {
                verified.head_found = Some(true);
            }
            if verified.first == 0 {
                verified.first = walk.head().sequence;
            }
        }
    }
    verified.head = walk.head();
    Ok(verified)
}
