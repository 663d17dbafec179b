//! At start: where the trail ends, and whether it is whole.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::line::LineError;
use super::trail::{AuditError, Head, NEXT, at};
use super::verify::{Lines, Walk, begins_with};

/// A segment that lines can be added to.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) length: u64,
    pub(super) head: Head,
}

/// What was found.
#[derive(Debug)]
pub(super) enum Recovered {
    /// No segment.
    Empty,
    /// The last segment is whole.
    Whole(Segment),
    /// The last line was half written; it lies aside now.
    Torn {
        segment: Segment,
        bytes: u64,
        aside: PathBuf,
    },
    /// The last segment was altered. The chain goes on from its last line in a new segment.
    Broken {
        head: Head,
        segment: PathBuf,
        error: LineError,
    },
}

/// No trail has so many lines: a segment with a larger number is not ours to go on with.
const LAST: u64 = 1 << 60;

/// The number in the name of a segment.
fn number(path: &Path) -> u64 {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(begins_with).unwrap_or_default()
}

pub(super) fn recover(directory: &Path) -> Result<Recovered, AuditError> {
    put_away_next(directory)?;
    let mut segments = super::verify::segments(directory)?;
    segments.retain(|path| number(path) <= LAST);
    let Some(path) = segments.pop() else {
        return Ok(Recovered::Empty);
    };
    let file = File::open(&path).map_err(at(&path))?;
    let length = file.metadata().map_err(at(&path))?.len();
    let mut walk = Walk::default();
    let mut lines = Lines::new(BufReader::new(file));
    let mut broken = None;
    let mut count = 0_u64;
    while let Some(line) = lines.next().map_err(at(&path))? {
        if !line.complete {
            break;
        }
        count += 1;
        if let Err(error) = walk.step(line.bytes) {
            broken = broken.or(Some(error));
        }
    }
    let whole = lines.offset();
    let mut head = walk.head();
    if let Some(error) = broken {
        // Whatever an altered line says: the next segment sorts after this one and before nothing, or the next start would
        // take another one for the last.
        head.sequence = number(&path).saturating_add(count).saturating_sub(1);
        return Ok(Recovered::Broken {
            head,
            segment: path,
            error,
        });
    }
    if whole == length && length > 0 {
        return Ok(Recovered::Whole(Segment { path, length, head }));
    }
    if whole == 0 {
        // Not even the first line was finished: the segment's number is what its name says.
        return torn_opening(&path, length);
    }
    let aside = set_aside(&path, whole)?;
    Ok(Recovered::Torn {
        segment: Segment {
            path,
            length: whole,
            head,
        },
        bytes: length - whole,
        aside,
    })
}

/// A segment that had not begun when the process ended. After a power cut it may hold lines whose file had another name.
fn put_away_next(directory: &Path) -> Result<(), AuditError> {
    let path = directory.join(NEXT);
    match std::fs::metadata(&path) {
        Err(_) => Ok(()),
        Ok(found) if found.len() == 0 => std::fs::remove_file(&path).map_err(at(&path)),
        Ok(found) => {
            let aside = free_name(&path);
            tracing::warn!(bytes = found.len(), aside = %aside.display(), "a segment had lost its name; it was set aside");
            std::fs::rename(&path, &aside).map_err(at(&path))
        }
    }
}

/// Copies everything from `from` into a file of its own and cuts it off.
fn set_aside(path: &Path, from: u64) -> Result<PathBuf, AuditError> {
    let aside = free_name(path);
    let mut source = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(at(path))?;
    source.seek(SeekFrom::Start(from)).map_err(at(path))?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&aside)
        .map_err(at(&aside))?;
    std::io::copy(&mut source, &mut target).map_err(at(&aside))?;
    target
        .flush()
        .and_then(|()| target.sync_all())
        .map_err(at(&aside))?;
    source
        .set_len(from)
        .and_then(|()| source.sync_all())
        .map_err(at(path))?;
    Ok(aside)
}

/// A segment without a whole line is put aside as a whole; the one before it goes on.
fn torn_opening(path: &Path, length: u64) -> Result<Recovered, AuditError> {
    let aside = free_name(path);
    std::fs::rename(path, &aside).map_err(at(path))?;
    let directory = path.parent().unwrap_or(Path::new("."));
    tracing::warn!(bytes = length, aside = %aside.display(), "an audit segment had no whole line; it was set aside");
    recover(directory)
}

fn free_name(path: &Path) -> PathBuf {
    (1_u32..)
        .map(|number| path.with_extension(format!("torn-{number}")))
        .find(|name| !name.exists())
        .unwrap_or_default()
}
