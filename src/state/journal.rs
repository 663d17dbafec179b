//! An append-only journal of fingerprints that expire, so that what was used once stays used after
//! `kill -9` and a restart.
//!
//! Records of 28 bytes (see [`Record`]; little-endian, with a CRC-32) are appended
//! with one `write(2)` before the caller goes on: the kernel has them when the process dies. Power loss
//! may take what was written since the last [`Journal::sync`] (the sweeper calls it every second).
//! Segments are whole files; one is deleted when everything in it has expired.
//!
//! Never reads anything but its own files, and never trusts them: a torn or foreign record is skipped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// 128 bits of a hash over what must not come twice.
pub type Fingerprint = [u8; 16];

/// Bytes of one record on disk: fingerprint, two times, checksum.
const RECORD: usize = 16 + 4 + 4 + 4;
/// A segment takes records for this long, then the next one begins.
const SEGMENT_SECONDS: u32 = 300;

/// One fact: `fingerprint` was seen at `at` and may be forgotten at `until` (Unix seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// What was seen.
    pub fingerprint: Fingerprint,
    /// When (Unix seconds).
    pub at: u32,
    /// From when on it may be forgotten (Unix seconds).
    pub until: u32,
}

impl Record {
    fn write(self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.fingerprint);
        out.extend_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(&self.until.to_le_bytes());
        let sum = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&sum.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (body, sum) = bytes.split_at_checked(RECORD - 4)?;
        if crc32fast::hash(body).to_le_bytes() != sum {
            return None;
        }
        let word = |at: usize| body[at..at + 4].try_into().map(u32::from_le_bytes).ok();
        Some(Self {
            fingerprint: body[..16].try_into().ok()?,
            at: word(16)?,
            until: word(20)?,
        })
    }
}

struct Segment {
    file: File,
    path: PathBuf,
    opened: u32,
    /// The latest `until` of its records.
    until: u32,
    dirty: bool,
}

/// An open journal: one folder, one process.
pub struct Journal {
    folder: PathBuf,
    name: &'static str,
    current: Option<Segment>,
    /// Full segments that still hold something unexpired: path and latest `until`.
    closed: Vec<(PathBuf, u32)>,
    buffer: Vec<u8>,
    _lock: File,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("folder", &self.folder)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal `name` in `folder` (made when missing) and hands every unexpired record to `replay`.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process has it.
    pub fn open(
        folder: &Path,
        name: &'static str,
        now: u32,
        mut replay: impl FnMut(Record),
    ) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join(format!("{name}.lock")))?;
        lock.try_lock().map_err(|_| {
            io::Error::new(
                io::ErrorKind::WouldBlock,
                format!("{}: another process uses this folder", folder.display()),
            )
        })?;
        let mut closed = Vec::new();
        for path in segments(folder, name)? {
            let mut bytes = Vec::new();
            File::open(&path)?.read_to_end(&mut bytes)?;
            let mut latest = 0;
            for record in records(&bytes).filter(|record| record.until > now) {
                latest = latest.max(record.until);
                replay(record);
            }
            if latest == 0 {
                fs::remove_file(&path)?
            } else {
                closed.push((path, latest))
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            name,
            current: None,
            closed,
            buffer: Vec::new(),
            _lock: lock,
        })
    }

    /// Appends the records in one write; when it returns they outlive the process.
    ///
    /// # Errors
    /// When the system refuses the write; the caller must then take back what it claimed.
    pub fn append(&mut self, now: u32, records: &[Record]) -> io::Result<()> {
        self.rotate(now)?;
        let Some(segment) = self.current.as_mut() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        self.buffer.clear();
        for record in records {
            record.write(&mut self.buffer);
            segment.until = segment.until.max(record.until);
        }
        segment.dirty = true;
        let written = segment.file.write_all(&self.buffer);
        if written.is_err()
            && let Some(torn) = self.current.take()
        {
            // Part of it may be on disk: what comes next begins a segment of its own.
            self.closed.push((torn.path, torn.until));
        }
        written
    }

    /// Asks the disk to keep what was appended, and deletes the segments that have expired.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn sync(&mut self, now: u32) -> io::Result<()> {
        if let Some(segment) = self.current.as_mut().filter(|segment| segment.dirty) {
            segment.file.sync_data()?;
            segment.dirty = false;
        }
        let (kept, expired) = std::mem::take(&mut self.closed)
            .into_iter()
            .partition(|(_, until)| *until > now);
        self.closed = kept;
        expired
            .into_iter()
            .try_for_each(|(path, _)| fs::remove_file(path))
    }

    fn rotate(&mut self, now: u32) -> io::Result<()> {
        if self
            .current
            .as_ref()
            .is_some_and(|segment| now.saturating_sub(segment.opened) < SEGMENT_SECONDS)
        {
            return Ok(());
        }
        let mut serial = 0;
        let (file, path) = loop {
            let path = self
                .folder
                .join(format!("{}-{now:010}-{serial:04}.log", self.name));
            match OpenOptions::new().create_new(true).append(true).open(&path) {
                Ok(file) => break (file, path),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && serial < 9999 => serial += 1,
                Err(e) => return Err(e),
            }
        };
        if let Some(full) = self.current.replace(Segment {
            file,
            path,
            opened: now,
            until: 0,
            dirty: false,
        }) {
            full.file.sync_data()?;
            self.closed.push((full.path, full.until));
        }
        Ok(())
    }
}

fn segments(folder: &Path, name: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let ours = path
            .file_name()
            .and_then(|file| file.to_str())
            .is_some_and(|file| {
                file.starts_with(name)
                    && file[name.len()..].starts_with('-')
                    && file.ends_with(".log")
            });
        if ours {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The records of a segment. A write that was cut short leaves a torn record, and a later process begins
/// a segment of its own, so that only the last record of a file can be torn.
fn records(bytes: &[u8]) -> impl Iterator<Item = Record> + '_ {
    bytes.chunks_exact(RECORD).filter_map(Record::read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("octroi-journal-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn read(folder: &Path, now: u32) -> Vec<Record> {
        let mut found = Vec::new();
        drop(Journal::open(folder, "t", now, |record| found.push(record)).unwrap());
        found
    }

    #[test]
    fn gives_back_what_has_not_expired() {
        let folder = folder("back");
        let mut journal = Journal::open(&folder, "t", 100, |_| panic!("empty")).unwrap();
        let a = Record {
            fingerprint: [1; 16],
            at: 100,
            until: 700,
        };
        let b = Record {
            fingerprint: [2; 16],
            at: 100,
            until: 300,
        };
        journal.append(100, &[a, b]).unwrap();
        drop(journal);
        assert_eq!(read(&folder, 200), [a, b]);
        assert_eq!(read(&folder, 300), [a]);
        assert_eq!(read(&folder, 700), []);
        assert!(
            segments(&folder, "t").unwrap().is_empty(),
            "an expired segment is deleted"
        );
    }

    #[test]
    fn a_torn_or_changed_record_is_skipped() {
        let folder = folder("torn");
        let mut journal = Journal::open(&folder, "t", 100, |_| ()).unwrap();
        let records: Vec<_> = (0..3)
            .map(|i| Record {
                fingerprint: [i; 16],
                at: 100,
                until: 700,
            })
            .collect();
        journal.append(100, &records).unwrap();
        drop(journal);
        let path = segments(&folder, "t").unwrap().remove(0);
        let mut bytes = fs::read(&path).unwrap();
        bytes[RECORD] ^= 1;
        bytes.truncate(3 * RECORD - 5);
        fs::write(&path, bytes).unwrap();
        assert_eq!(read(&folder, 200), records[..1]);
    }

    #[test]
    fn two_processes_cannot_share_a_folder() {
        let folder = folder("lock");
        let _journal = Journal::open(&folder, "t", 100, |_| ()).unwrap();
        assert!(Journal::open(&folder, "t", 100, |_| ()).is_err());
    }

    #[test]
    fn segments_rotate_and_go_when_they_expire() {
        let folder = folder("rotate");
        let mut journal = Journal::open(&folder, "t", 1000, |_| ()).unwrap();
        journal
            .append(
                1000,
                &[Record {
                    fingerprint: [1; 16],
                    at: 1000,
                    until: 1600,
                }],
            )
            .unwrap();
        journal
            .append(
                1400,
                &[Record {
                    fingerprint: [2; 16],
                    at: 1400,
                    until: 2000,
                }],
            )
            .unwrap();
        assert_eq!(segments(&folder, "t").unwrap().len(), 2);
        journal.sync(1599).unwrap();
        assert_eq!(segments(&folder, "t").unwrap().len(), 2);
        journal.sync(1600).unwrap();
        assert_eq!(segments(&folder, "t").unwrap().len(), 1);
    }
}
