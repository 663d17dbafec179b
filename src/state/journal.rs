//! An append-only journal of fingerprints that expire, so that what was used once stays used after
//! `kill -9` and a restart.
//!
//! Records of 28 bytes (see [`Record`]; little-endian, with a CRC-32) are appended
//! with one `write(2)` before the caller goes on: the kernel has them when the process dies. Power loss
//! may take what was written since the last [`Journal::sync`] (the sweeper calls it every two seconds).
//! Segments are whole files; one is deleted when everything in it has expired. Whoever appends never waits for the disk: it
//! is forced, and segments are deleted, while others append.
//!
//! Never reads anything but its own files, and never trusts them: a torn or foreign record is skipped.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

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
    file: Arc<File>,
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
    segments: Mutex<Segments>,
    _lock: File,
}

#[derive(Default)]
struct Segments {
    current: Option<Segment>,
    /// Full segments that still hold something unexpired: path and latest `until`.
    closed: Vec<(PathBuf, u32)>,
    /// What has been written and is not forced to the disk, apart from the current segment.
    unsynced: Vec<Arc<File>>,
    /// Whether the folder has a name that is not forced to the disk.
    named: bool,
    buffer: Vec<u8>,
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
            segments: Mutex::new(Segments {
                closed,
                ..Segments::default()
            }),
            _lock: lock,
        })
    }

    /// Appends the records in one write; when it returns they outlive the process.
    ///
    /// # Errors
    /// When the system refuses the write; the caller must then take back what it claimed.
    pub fn append(&self, now: u32, records: &[Record]) -> io::Result<()> {
        let segments = &mut *self.segments.lock();
        self.rotate(segments, now)?;
        let Some(segment) = segments.current.as_mut() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        segments.buffer.clear();
        for record in records {
            record.write(&mut segments.buffer);
            segment.until = segment.until.max(record.until);
        }
        let written = (&*segment.file).write_all(&segments.buffer);
        match written {
            Ok(()) => segment.dirty = true,
            // Part of it may be on disk: what comes next begins a segment of its own. One to which nothing was
            // appended before is not kept open for the disk.
            Err(_) => segments.close(),
        }
        written
    }

    /// Asks the disk to keep what was appended before, and deletes the segments that have expired.
    ///
    /// # Errors
    /// When the system refuses; what is not kept is tried again by the next call.
    pub fn sync(&self, now: u32) -> io::Result<()> {
        let (files, named, expired) = self.segments.lock().take_work(now);
        let forced =
            files
                .iter()
                .try_for_each(|file| file.sync_data())
                .and_then(|()| match named {
                    true => File::open(&self.folder)?.sync_all(),
                    false => Ok(()),
                });
        if forced.is_err() {
            let segments = &mut *self.segments.lock();
            segments.not_forced(files);
            segments.named |= named;
        }
        // Each is tried, whatever became of the one before; what stays is found at the next start.
        let removed = expired
            .into_iter()
            .map(|(path, _)| fs::remove_file(path))
            .fold(Ok(()), io::Result::and);
        forced.and(removed)
    }

    fn rotate(&self, segments: &mut Segments, now: u32) -> io::Result<()> {
        if segments
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
        segments.close();
        segments.named = true;
        segments.current = Some(Segment {
            file: Arc::new(file),
            path,
            opened: now,
            until: 0,
            dirty: false,
        });
        Ok(())
    }
}

impl Segments {
    /// Takes no more records into the current segment.
    fn close(&mut self) {
        if let Some(full) = self.current.take() {
            self.closed.push((full.path, full.until));
            if full.dirty {
                self.unsynced.push(full.file);
            }
        }
    }

    /// Takes back what the disk did not take.
    fn not_forced(&mut self, files: Vec<Arc<File>>) {
        for file in files {
            match &mut self.current {
                Some(segment) if Arc::ptr_eq(&segment.file, &file) => segment.dirty = true,
                _ => self.unsynced.push(file),
            }
        }
    }

    /// What is to be forced to the disk, whether names are, and which segments have expired.
    fn take_work(&mut self, now: u32) -> (Vec<Arc<File>>, bool, Vec<(PathBuf, u32)>) {
        let mut files = std::mem::take(&mut self.unsynced);
        if let Some(segment) = self.current.as_mut().filter(|segment| segment.dirty) {
            segment.dirty = false;
            files.push(Arc::clone(&segment.file));
        }
        let (kept, expired) = std::mem::take(&mut self.closed)
            .into_iter()
            .partition(|(_, until)| *until > now);
        self.closed = kept;
        (files, std::mem::take(&mut self.named), expired)
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
        let journal = Journal::open(&folder, "t", 100, |_| panic!("empty")).unwrap();
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
        let journal = Journal::open(&folder, "t", 100, |_| ()).unwrap();
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
    fn what_the_disk_did_not_take_is_tried_again_once_each() {
        let folder = folder("again");
        let journal = Journal::open(&folder, "t", 100, |_| ()).unwrap();
        let append = |now| {
            let record = Record {
                fingerprint: [1; 16],
                at: now,
                until: now + 1000,
            };
            journal.append(now, &[record]).unwrap();
        };
        append(100);
        append(500);
        for _ in 0..3 {
            // Records come while the disk is asked, and the disk refuses.
            let (files, named, _) = journal.segments.lock().take_work(500);
            assert_eq!((files.len(), named), (2, true));
            append(500);
            let segments = &mut *journal.segments.lock();
            segments.not_forced(files);
            segments.named |= named;
        }
        journal.sync(500).unwrap();
        let (files, named, _) = journal.segments.lock().take_work(500);
        assert_eq!((files.len(), named), (0, false), "all of it is kept");
    }

    #[test]
    fn two_processes_cannot_share_a_folder() {
        let folder = folder("lock");
        let _journal = Journal::open(&folder, "t", 100, |_| ()).unwrap();
        assert!(Journal::open(&folder, "t", 100, |_| ()).is_err());
    }

    #[test]
    fn a_refused_write_begins_another_segment_and_keeps_nothing_open() {
        let folder = folder("full");
        let journal = Journal::open(&folder, "t", 100, |_| ()).unwrap();
        let record = Record {
            fingerprint: [1; 16],
            at: 100,
            until: 1000,
        };
        journal.append(100, &[record]).unwrap();
        journal.sync(100).unwrap();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        if let Some(segment) = &mut journal.segments.lock().current {
            segment.file = Arc::new(full);
        }
        let refused = journal.append(101, &[record]).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::StorageFull);
        let (files, ..) = journal.segments.lock().take_work(101);
        assert!(files.is_empty());
        journal.append(101, &[record]).unwrap();
        assert_eq!(segments(&folder, "t").unwrap().len(), 2);
        let mut found = 0;
        drop(journal);
        Journal::open(&folder, "t", 101, |_| found += 1).unwrap();
        assert_eq!(found, 2);
    }

    #[test]
    fn an_expired_segment_that_cannot_be_removed_keeps_no_other() {
        let folder = folder("removed");
        let journal = Journal::open(&folder, "t", 100, |_| ()).unwrap();
        for now in [100, 500, 900] {
            let record = Record {
                fingerprint: [1; 16],
                at: now,
                until: now + 10,
            };
            journal.append(now, &[record]).unwrap();
        }
        let [first, ..] = &segments(&folder, "t").unwrap()[..] else {
            panic!("three segments");
        };
        fs::remove_file(first).unwrap();
        assert!(journal.sync(899).is_err(), "somebody else removed it");
        assert_eq!(segments(&folder, "t").unwrap().len(), 1);
        journal.sync(900).unwrap();
    }

    #[test]
    fn segments_rotate_and_go_when_they_expire() {
        let folder = folder("rotate");
        let journal = Journal::open(&folder, "t", 1000, |_| ()).unwrap();
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
