//! Walks the people or managers of a segment: one block in memory, records borrowed from it.
//!
//! These are not `Iterator`s, because what they hand out lives only until the next step:
//! `while let Some(person) = people.next()? { … }`.

use std::ops::Range;

use crate::error::SegmentError;
use crate::read::Segment;
use crate::record::{Course, Manager, Person, Tables};
use crate::varint::Octets;

/// Where a walk stands.
#[derive(Debug)]
struct Walk<'s> {
    segment: &'s Segment,
    blocks: Range<u32>,
    block: Vec<u8>,
    /// Number of the block at hand.
    number: u32,
    at: usize,
    left: u32,
    records: u32,
    /// The key of the record handed out last.
    last: (u64, String),
}

impl<'s> Walk<'s> {
    fn new(segment: &'s Segment, blocks: Range<u32>) -> Self {
        Self {
            segment,
            number: blocks.start,
            blocks,
            block: Vec::new(),
            at: 0,
            left: 0,
            records: 0,
            last: (0, String::new()),
        }
    }

    /// The next record, which ends the block exactly if it is its last.
    fn next<'w, T>(
        &'w mut self,
        kind: &'static str,
        take: impl FnOnce(&mut Octets<'w>, &'w Tables) -> Option<T>,
        key: impl FnOnce(&T) -> (u64, &'w str),
    ) -> Result<Option<T>, SegmentError> {
        let first = self.left == 0;
        if first {
            let Some(number) = self.blocks.next() else {
                return Ok(None);
            };
            self.number = number;
            self.records = self.segment.read_block(number, &mut self.block)?;
            self.left = self.records;
            self.at = 0;
        }
        // After an error there is nothing more.
        let wrong = SegmentError::Record {
            block: self.number,
            record: self.records - self.left,
            kind,
        };
        let mut octets = Octets(&self.block[self.at..]);
        let Some(record) = take(&mut octets, self.segment.tables()) else {
            self.left = 0;
            self.blocks = 0..0;
            return Err(wrong);
        };
        self.left -= 1;
        self.at = self.block.len() - octets.0.len();
        let key = key(&record);
        let said = self.segment.first_of(self.number);
        let as_said = !first || said == key.1 || kind == "course";
        if !as_said
            || (self.last.0, self.last.1.as_str()) >= key
            || (self.left == 0 && !octets.0.is_empty())
        {
            self.left = 0;
            self.blocks = 0..0;
            return Err(wrong);
        }
        self.last.0 = key.0;
        self.last.1.clear();
        self.last.1.push_str(key.1);
        Ok(Some(record))
    }
}

/// People of a segment in the order of their identifiers.
#[derive(Debug)]
pub struct People<'s>(Walk<'s>);

impl<'s> People<'s> {
    pub(crate) fn new(segment: &'s Segment, blocks: Range<u32>) -> Self {
        Self(Walk::new(segment, blocks))
    }

    /// The next person; `None` after the last, and after an error.
    #[inline]
    #[expect(
        clippy::should_implement_trait,
        reason = "the person is borrowed until the next call"
    )]
    pub fn next(&mut self) -> Result<Option<Person<'_>>, SegmentError> {
        self.0.next("person", Person::take, |person| (0, person.id))
    }
}

/// Assignment managers of a segment in the order of their identifiers.
#[derive(Debug)]
pub struct Managers<'s>(Walk<'s>);

impl<'s> Managers<'s> {
    pub(crate) fn new(segment: &'s Segment, blocks: Range<u32>) -> Self {
        Self(Walk::new(segment, blocks))
    }

    /// The next manager; `None` after the last, and after an error.
    #[expect(
        clippy::should_implement_trait,
        reason = "the manager is borrowed until the next call"
    )]
    pub fn next(&mut self) -> Result<Option<Manager<'_>>, SegmentError> {
        self.0
            .next("manager", Manager::take, |manager| (0, manager.id))
    }
}

/// Courses of the schools of a segment, by school, kind and code.
#[derive(Debug)]
pub struct Courses<'s>(Walk<'s>);

impl<'s> Courses<'s> {
    pub(crate) fn new(segment: &'s Segment, blocks: Range<u32>) -> Self {
        Self(Walk::new(segment, blocks))
    }

    /// The next course; `None` after the last, and after an error.
    #[expect(
        clippy::should_implement_trait,
        reason = "the course is borrowed until the next call"
    )]
    pub fn next(&mut self) -> Result<Option<Course<'_>>, SegmentError> {
        self.0.next("course", Course::take, Course::key)
    }
}
