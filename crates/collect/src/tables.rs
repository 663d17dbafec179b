//! Schools, groups and courses while an archive is read: numbered as they are first named, defined when their record comes.
//!
//! These are in memory, as a segment has them; how much they may take is limited. A number without a definition at the
//! end is an unknown school, group or course.

use std::collections::HashMap;

use crate::error::ImportError;
use crate::scan::Position;

/// A position with the number of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) file: u32,
    pub(crate) at: Position,
}

/// Texts, numbered in the order in which they first came, and what is known of each.
#[derive(Debug)]
pub(crate) struct Names<T> {
    numbers: HashMap<Box<[u8]>, u32>,
    keys: Vec<Box<[u8]>>,
    pub(crate) known: Vec<Option<T>>,
    scratch: Vec<u8>,
    last: Option<u32>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            keys: Vec::new(),
            known: Vec::new(),
            scratch: Vec::new(),
            last: None,
        }
    }
}

/// How much memory all tables may take.
#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) left: usize,
    pub(crate) limit: u64,
}

impl Budget {
    pub(crate) fn take(&mut self, octets: usize) -> Result<(), ImportError> {
        // A rough weight of what the maps and vectors hold beside the text.
        self.left = self
            .left
            .checked_sub(octets + 160)
            .ok_or(ImportError::TooMuch {
                what: "octets of schools, groups and courses",
                limit: self.limit,
            })?;
        Ok(())
    }
}

impl<T> Names<T> {
    /// The number of `text` in `scope` (the number of a school, or 0).
    #[inline]
    pub(crate) fn number(
        &mut self,
        scope: u32,
        text: &str,
        budget: &mut Budget,
    ) -> Result<u32, ImportError> {
        self.scratch.clear();
        self.scratch.extend_from_slice(&scope.to_be_bytes());
        self.scratch.extend_from_slice(text.as_bytes());
        // Records of one school mostly follow one another.
        if let Some(last) = self.last
            && *self.keys[last as usize] == self.scratch[..]
        {
            return Ok(last);
        }
        let number = match self.numbers.get(&self.scratch[..]) {
            Some(number) => *number,
            None => {
                budget.take(2 * self.scratch.len() + size_of::<T>())?;
                let number = self.keys.len() as u32;
                let key: Box<[u8]> = self.scratch.as_slice().into();
                self.numbers.insert(key.clone(), number);
                self.keys.push(key);
                self.known.push(None);
                number
            }
        };
        self.last = Some(number);
        Ok(number)
    }

    /// The number of `text` in `scope`, if it was named.
    pub(crate) fn find(&self, scope: u32, text: &str) -> Option<u32> {
        let key = [&scope.to_be_bytes()[..], text.as_bytes()].concat();
        self.numbers.get(&key[..]).copied()
    }

    /// The scope and text of a number.
    pub(crate) fn name(&self, number: u32) -> (u32, &str) {
        let Some((scope, text)) = self
            .keys
            .get(number as usize)
            .and_then(|key| key.split_first_chunk::<4>())
        else {
            return (0, "");
        };
        let text = std::str::from_utf8(text).unwrap_or_default();
        (u32::from_be_bytes(*scope), text)
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.known.get(number as usize)?.as_ref()
    }

    /// The number of every defined name.
    pub(crate) fn defined(&self) -> impl Iterator<Item = u32> {
        (0u32..)
            .zip(&self.known)
            .filter(|(_, known)| known.is_some())
            .map(|(number, _)| number)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

/// What a record says, with where it said it; `None` for what the segment beneath says.
#[derive(Debug, Clone)]
pub(crate) struct Defined<T> {
    pub(crate) said: T,
    pub(crate) origin: Option<Origin>,
}

/// A class or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupSaid {
    pub(crate) kind: octroi_directory::GroupKind,
    pub(crate) label: String,
    pub(crate) divisions: Vec<String>,
}

/// A course of study.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct MefSaid {
    pub(crate) stat: String,
    pub(crate) attached: String,
}

/// Everything that people refer to.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    /// UAI → name.
    pub(crate) schools: Names<Defined<String>>,
    /// School and code → group.
    pub(crate) groups: Names<Defined<GroupSaid>>,
    /// School and code → course of study.
    pub(crate) mefs: Names<Defined<MefSaid>>,
    /// School and code of a subject.
    pub(crate) subjects: Names<Defined<()>>,
    /// Level codes of the first degree: they are their own definition.
    pub(crate) levels: Names<()>,
}
