//! Reads a segment. Opening checks header, table of blocks and the small tables; each block is checked as it is read.
//!
//! Schools, groups and codes are in memory; people and managers are walked block by block, without an allocation for each.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::error::SegmentError;
use crate::format::{self, Block, HEADER, Kind, Refused, sha256};
use crate::kinds::{Counts, Head};
use crate::record::{Code, Group, School, Tables};
use crate::varint::Octets;
use crate::walk::{Courses, Managers, People};

/// A segment, open for reading. Many may walk it at the same time.
#[derive(Debug)]
pub struct Segment {
    path: PathBuf,
    file: File,
    layout: format::Layout,
    schools: Table,
    groups: Table,
    codes: Table,
    tables: Tables,
}

/// The records of one kind, in memory.
#[derive(Debug, Default)]
struct Table {
    octets: Vec<u8>,
    starts: Vec<u32>,
}

impl Segment {
    /// Opens the segment at `path`.
    pub fn open(path: &Path) -> Result<Self, SegmentError> {
        let io = |error| SegmentError::io(path, error);
        let file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let mut header = [0; HEADER];
        if length < HEADER as u64 {
            return Err(SegmentError::NotASegment);
        }
        file.read_exact_at(&mut header, 0).map_err(io)?;
        let (at, table) = format::table_span(&header, length).map_err(|refused| match refused {
            Refused::NotASegment => SegmentError::NotASegment,
            Refused::Version(version) => SegmentError::Version(version),
            Refused::Length(expected) => SegmentError::Length {
                expected,
                found: length,
            },
            Refused::Damaged => SegmentError::Table,
        })?;
        let mut octets = vec![0; table];
        file.read_exact_at(&mut octets, at).map_err(io)?;
        let layout = format::read(&header, &octets).ok_or(SegmentError::Table)?;
        let mut segment = Self {
            path: path.to_owned(),
            file,
            layout,
            schools: Table::default(),
            groups: Table::default(),
            codes: Table::default(),
            tables: Tables::default(),
        };
        segment.load()?;
        Ok(segment)
    }

    /// Reads the tables into memory, each checked against those before it.
    fn load(&mut self) -> Result<(), SegmentError> {
        let mut last = String::new();
        self.schools = self.table(Kind::Schools, |octets| {
            let school = School::take(octets)?;
            let ascends = last.as_str() < school.uai;
            last.clear();
            last.push_str(school.uai);
            ascends.then_some(())
        })?;
        self.tables.schools = self.layout.counts.schools;
        let (tables, mut schools) = (&self.tables, Vec::new());
        let mut last: Option<(u32, crate::GroupKind, String)> = None;
        self.groups = self.table(Kind::Groups, |octets| {
            let group = Group::take(octets, tables)?;
            let ascends = last
                .as_ref()
                .is_none_or(|(school, kind, code)| (*school, *kind, code.as_str()) < group.key());
            schools.push(group.school);
            last = Some((group.school, group.kind, group.code.to_owned()));
            ascends.then_some(())
        })?;
        let mut last: Option<(crate::CodeKind, String)> = None;
        self.codes = self.table(Kind::Codes, |octets| {
            let code = Code::take(octets)?;
            let ascends = last
                .as_ref()
                .is_none_or(|(kind, text)| (*kind, text.as_str()) < code.key());
            last = Some((code.kind, code.code.to_owned()));
            ascends.then_some(())
        })?;
        self.tables.group_schools = schools;
        self.tables.codes = self.layout.counts.codes;
        Ok(())
    }

    fn table(
        &self,
        kind: Kind,
        mut take: impl FnMut(&mut Octets<'_>) -> Option<()>,
    ) -> Result<Table, SegmentError> {
        let mut table = Table::default();
        let mut block = Vec::new();
        for number in self.blocks(kind) {
            let records = self.read_block(number, &mut block)?;
            let base = table.octets.len();
            let mut octets = Octets(&block);
            let damaged = |record| SegmentError::Record {
                block: number,
                record,
                kind: kind.as_str(),
            };
            for record in 0..records {
                let start = base + block.len() - octets.0.len();
                table
                    .starts
                    .push(u32::try_from(start).map_err(|_| damaged(record))?);
                take(&mut octets).ok_or_else(|| damaged(record))?;
            }
            if !octets.0.is_empty() {
                return Err(damaged(records));
            }
            table.octets.extend_from_slice(&block);
        }
        Ok(table)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of itself.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.layout.head
    }

    /// How much it holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.layout.counts
    }

    /// Names its content: equal roots, equal segments.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.layout.root
    }

    /// School number `number`.
    #[must_use]
    pub fn school(&self, number: u32) -> Option<School<'_>> {
        self.schools.at(number, School::take)
    }

    /// Class or group number `number`.
    #[must_use]
    pub fn group(&self, number: u32) -> Option<Group<'_>> {
        self.groups
            .at(number, |octets| Group::take(octets, &self.tables))
    }

    /// Code number `number`.
    #[must_use]
    pub fn code(&self, number: u32) -> Option<Code<'_>> {
        self.codes.at(number, Code::take)
    }

    /// Every school in the order of its number, which is that of the UAI.
    pub fn schools(&self) -> impl ExactSizeIterator<Item = School<'_>> {
        self.schools.all(School::take)
    }

    /// Every class and group in the order of its number: by school, kind and code.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = Group<'_>> {
        self.groups.all(|octets| Group::take(octets, &self.tables))
    }

    /// Every code in the order of its number: by kind and code.
    pub fn codes(&self) -> impl ExactSizeIterator<Item = Code<'_>> {
        self.codes.all(Code::take)
    }

    /// Walks what schools say of their course codes, by school, kind and code.
    #[must_use]
    pub fn courses(&self) -> Courses<'_> {
        Courses::new(self, self.blocks(Kind::Courses))
    }

    /// Walks all people in the order of their identifiers.
    #[must_use]
    pub fn people(&self) -> People<'_> {
        People::new(self, self.blocks(Kind::People))
    }

    /// How many blocks hold people: a share of them is a share of the work for one of several workers.
    #[must_use]
    pub fn people_blocks(&self) -> u32 {
        self.blocks(Kind::People).len() as u32
    }

    /// Walks the people of some blocks, numbered from 0; numbers that do not exist are left out.
    #[must_use]
    pub fn people_in(&self, blocks: Range<u32>) -> People<'_> {
        let all = self.blocks(Kind::People);
        let at = |number: u32| all.start.saturating_add(number).min(all.end);
        People::new(self, at(blocks.start)..at(blocks.end))
    }

    /// Walks the people from the block on in which `id` stands, if it is there: earlier people may come first.
    #[must_use]
    pub fn people_near(&self, id: &str) -> People<'_> {
        let all = self.blocks(Kind::People);
        let blocks = &self.layout.blocks[all.start as usize..all.end as usize];
        let after = blocks.partition_point(|block| block.first.as_str() <= id) as u32;
        People::new(self, all.start + after.saturating_sub(1)..all.end)
    }

    /// Walks all assignment managers in the order of their identifiers.
    #[must_use]
    pub fn managers(&self) -> Managers<'_> {
        Managers::new(self, self.blocks(Kind::Managers))
    }

    /// Reads everything: hashes, order, references. Answers nothing but yes.
    pub fn check(&self) -> Result<(), SegmentError> {
        let mut courses = self.courses();
        while courses.next()?.is_some() {}
        let mut people = self.people();
        while people.next()?.is_some() {}
        let mut managers = self.managers();
        while managers.next()?.is_some() {}
        Ok(())
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Numbers of the blocks of one kind.
    fn blocks(&self, kind: Kind) -> Range<u32> {
        let at = |kind_from: Option<Kind>| {
            self.layout
                .blocks
                .partition_point(|block| kind_from.is_none_or(|from| block.kind < from))
                as u32
        };
        let next = [
            Kind::Groups,
            Kind::Codes,
            Kind::Courses,
            Kind::People,
            Kind::Managers,
        ]
        .into_iter()
        .find(|next| *next > kind);
        at(Some(kind))..at(next)
    }

    /// Reads block `number` into `out` and answers how many records it holds.
    pub(crate) fn read_block(&self, number: u32, out: &mut Vec<u8>) -> Result<u32, SegmentError> {
        let block: &Block = &self.layout.blocks[number as usize];
        out.resize(block.length as usize, 0);
        self.file
            .read_exact_at(out, block.offset)
            .map_err(|error| SegmentError::io(&self.path, error))?;
        if sha256(out) != block.hash {
            return Err(SegmentError::Block { block: number });
        }
        Ok(block.records)
    }

    /// The identifier with which block `number` says that it begins.
    pub(crate) fn first_of(&self, number: u32) -> &str {
        &self.layout.blocks[number as usize].first
    }
}

impl Table {
    fn at<'a, T>(
        &'a self,
        number: u32,
        take: impl FnOnce(&mut Octets<'a>) -> Option<T>,
    ) -> Option<T> {
        let start = *self.starts.get(number as usize)? as usize;
        take(&mut Octets(&self.octets[start..]))
    }

    fn all<'a, T>(
        &'a self,
        mut take: impl FnMut(&mut Octets<'a>) -> Option<T>,
    ) -> impl ExactSizeIterator<Item = T> {
        let mut octets = Octets(&self.octets);
        // Every record was taken once when the segment was opened.
        let records = (0..self.starts.len()).map(move |_| take(&mut octets));
        Records {
            left: self.starts.len(),
            records: records.flatten(),
        }
    }
}

/// An iterator that knows how many records it will give.
struct Records<I> {
    left: usize,
    records: I,
}

impl<I: Iterator> Iterator for Records<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.left = self.left.saturating_sub(1);
        self.records.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<I: Iterator> ExactSizeIterator for Records<I> {}
