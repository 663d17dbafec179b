//! Writes a segment: tables first, then people and managers in the order of their identifiers, one block at a time.
//!
//! Memory is one block, the numbers of the groups' schools and the table of blocks. Nothing is visible under the
//! segment's name before [`SegmentWriter::finish`] has made all of it durable. What is written is checked as it would
//! be when read: a writer cannot make a segment that a reader refuses.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::durable;
use crate::error::WriteError;
use crate::format::{self, BLOCK, Block, HEADER, Kind, MAX_RECORD, sha256};
use crate::kinds::{Counts, Head, is_ent_code};
use crate::record::{Code, Course, Group, Manager, Person, School, Tables};
use crate::room::{Room, Share};
use crate::varint::Octets;

/// A segment that is being written.
#[derive(Debug)]
pub struct SegmentWriter {
    path: PathBuf,
    beside: PathBuf,
    file: File,
    head: Head,
    counts: Counts,
    tables: Tables,
    blocks: Vec<Block>,
    open: Open,
    end: u64,
    /// Key of the last record.
    last: (u64, String),
    /// Where the record at hand begins in the open block.
    record: usize,
    finished: bool,
    share: Share,
}

/// The block that is being filled.
#[derive(Debug)]
struct Open {
    kind: Kind,
    octets: Vec<u8>,
    records: u32,
    first: String,
}

/// A segment that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Octets of the file.
    pub length: u64,
    /// Names its content.
    pub root: [u8; 32],
    /// How much it holds.
    pub counts: Counts,
}

impl SegmentWriter {
    /// Begins the segment that will stand at `path`. Its folder exists.
    pub fn create(path: &Path, head: Head) -> Result<Self, WriteError> {
        if !is_ent_code(&head.ent) {
            return Err(WriteError::Ent);
        }
        let io = |error| WriteError::io(path, error);
        let beside = durable::beside(path).map_err(io)?;
        let mut file = durable::create(&beside).map_err(io)?;
        file.seek(SeekFrom::Start(HEADER as u64)).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            beside,
            file,
            head,
            counts: Counts::default(),
            tables: Tables::default(),
            blocks: Vec::new(),
            open: Open {
                kind: Kind::Schools,
                octets: Vec::with_capacity(BLOCK + BLOCK / 4),
                records: 0,
                first: String::new(),
            },
            end: HEADER as u64,
            last: (0, String::new()),
            record: 0,
            finished: false,
            share: Room::default().share(),
        })
    }

    /// Takes the octets of the file from this room while it is written. Where there is none, [`WriteError::NoRoom`].
    #[must_use]
    pub fn within(mut self, room: &Room) -> Self {
        self.share = room.share();
        self
    }

    /// Adds a school; schools ascend by UAI.
    pub fn school(&mut self, school: &School<'_>) -> Result<(), WriteError> {
        let number = u64::from(self.counts.schools);
        self.ascend(Kind::Schools, number, (0, school.uai))?;
        school.put(&mut self.open.octets);
        self.check(number, |octets, _| School::take(octets).is_some())?;
        self.counts.schools += 1;
        self.tables.schools += 1;
        self.close_if_full()
    }

    /// Adds a class or group, after all schools; they ascend by school, kind and code.
    pub fn group(&mut self, group: &Group<'_>) -> Result<(), WriteError> {
        let number = u64::from(self.counts.groups);
        let place = u64::from(group.school) << 8 | group.kind as u64;
        self.ascend(Kind::Groups, number, (place, group.code))?;
        group.put(&mut self.open.octets);
        self.check(number, |octets, tables| {
            Group::take(octets, tables).is_some()
        })?;
        self.counts.groups += 1;
        self.tables.group_schools.push(group.school);
        self.close_if_full()
    }

    /// Adds a code, after all groups; they ascend by kind and code.
    pub fn code(&mut self, code: &Code<'_>) -> Result<(), WriteError> {
        let number = u64::from(self.counts.codes);
        self.ascend(Kind::Codes, number, (code.kind as u64, code.code))?;
        code.put(&mut self.open.octets);
        self.check(number, |octets, _| Code::take(octets).is_some())?;
        self.counts.codes += 1;
        self.tables.codes += 1;
        self.close_if_full()
    }

    /// Adds a course of a school, after all codes; they ascend by school, kind and code.
    pub fn course(&mut self, course: &Course<'_>) -> Result<(), WriteError> {
        let number = u64::from(self.counts.courses);
        self.ascend(Kind::Courses, number, course.key())?;
        course.put(&mut self.open.octets);
        self.check(number, |octets, tables| {
            Course::take(octets, tables).is_some()
        })?;
        self.counts.courses += 1;
        self.close_if_full()
    }

    /// Adds a person, after all tables; people ascend by identifier, octet by octet.
    pub fn person(&mut self, person: &Person<'_>) -> Result<(), WriteError> {
        let number = self.counts.people;
        self.ascend(Kind::People, number, (0, person.id))?;
        person.put(&mut self.open.octets);
        self.check(number, |octets, tables| {
            Person::take(octets, tables).is_some()
        })?;
        self.counts.people += 1;
        self.counts.affiliations += person.affiliations.len() as u64;
        self.close_if_full()
    }

    /// Adds an assignment manager, after all people; managers ascend by identifier.
    pub fn manager(&mut self, manager: &Manager<'_>) -> Result<(), WriteError> {
        let number = u64::from(self.counts.managers);
        self.ascend(Kind::Managers, number, (0, manager.id))?;
        manager.put(&mut self.open.octets);
        self.check(number, |octets, tables| {
            Manager::take(octets, tables).is_some()
        })?;
        self.counts.managers += 1;
        self.close_if_full()
    }

    /// How much was added so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Makes the segment durable and gives it its name, in place of what stood there.
    pub fn finish(mut self) -> Result<Written, WriteError> {
        self.close()?;
        let blocks = u32::try_from(self.blocks.len()).map_err(|_| WriteError::TooMuch)?;
        let table = format::write_table(&self.blocks);
        let (header, root) =
            format::write_header(&self.head, &self.counts, blocks, self.end, &table);
        let written = self
            .file
            .write_all(&table)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .and_then(|_| self.file.write_all(&header))
            .and_then(|()| durable::publish(&self.file, &self.beside, &self.path));
        written.map_err(|error| WriteError::io(&self.path, error))?;
        self.finished = true;
        Ok(Written {
            length: self.end + table.len() as u64,
            root,
            counts: self.counts,
        })
    }

    /// Goes on to blocks of `kind`, and demands that `key` comes after the last one of that kind.
    fn ascend(&mut self, kind: Kind, number: u64, key: (u64, &str)) -> Result<(), WriteError> {
        let after = number == 0 || (self.last.0, self.last.1.as_str()) < key;
        if kind < self.open.kind || !after {
            return Err(WriteError::order(kind, number));
        }
        if number == u64::from(u32::MAX) {
            return Err(WriteError::TooMuch);
        }
        if kind > self.open.kind {
            self.close()?;
            self.open.kind = kind;
        }
        self.last.0 = key.0;
        self.last.1.clear();
        self.last.1.push_str(key.1);
        if self.open.records == 0 {
            self.open.first.clear();
            if kind >= Kind::People {
                self.open.first.push_str(key.1);
            }
        }
        self.record = self.open.octets.len();
        Ok(())
    }

    /// Reads the record that was just appended as a reader will; one that does not hold is taken away again.
    fn check(
        &mut self,
        number: u64,
        holds: impl FnOnce(&mut Octets<'_>, &Tables) -> bool,
    ) -> Result<(), WriteError> {
        let mut octets = Octets(&self.open.octets[self.record..]);
        if octets.0.len() <= MAX_RECORD && holds(&mut octets, &self.tables) && octets.0.is_empty() {
            return Ok(());
        }
        self.open.octets.truncate(self.record);
        Err(WriteError::record(self.open.kind, number))
    }

    fn close_if_full(&mut self) -> Result<(), WriteError> {
        self.open.records += 1;
        if self.open.octets.len() >= BLOCK {
            self.close()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), WriteError> {
        if self.open.records == 0 {
            return Ok(());
        }
        let octets = &self.open.octets;
        self.share
            .take(octets.len() as u64)
            .and_then(|()| self.file.write_all(octets))
            .map_err(|error| WriteError::io(&self.path, error))?;
        self.blocks.push(Block {
            kind: self.open.kind,
            offset: self.end,
            length: octets.len() as u32,
            records: self.open.records,
            hash: sha256(octets),
            first: std::mem::take(&mut self.open.first),
        });
        self.end += octets.len() as u64;
        self.open.octets.clear();
        self.open.records = 0;
        Ok(())
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        if !self.finished {
            // What is left of the attempt is of no use to anybody.
            let _ = durable::remove(&self.beside);
        }
    }
}
