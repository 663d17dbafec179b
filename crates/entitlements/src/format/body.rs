//! A snapshot's octets with checked access to its sections.
//!
//! Every reader takes a reference found in the file, checks it, and answers [`Corrupt`] where it leads nowhere.

use super::fact::Words;
use super::fingerprint::{Domain, fingerprint};
use super::header::{Header, Span, Spans};
use super::index::{Entry, Index};
use super::records::{Affiliation, Known, Listed, Numbered, Offered, Packed, Record};
use super::{Corrupt, MAX_SCHOOLS, NONE, Section, header, integrity};
use crate::SnapshotError;
use crate::map::{self, Octets};

/// The octets and where the sections stand in them.
#[derive(Debug)]
pub(crate) struct Body {
    octets: Octets,
    pub(crate) header: Header,
    spans: Spans,
}

impl Body {
    /// Reads the header; with `hashes`, also checks root and chunks.
    pub(crate) fn new(octets: Octets, hashes: bool) -> Result<Self, SnapshotError> {
        let file = octets.as_slice();
        let (header, spans) = header::read(file, file.len())?;
        if hashes {
            integrity::verify(file, &header)?;
        }
        Ok(Self {
            octets,
            header,
            spans,
        })
    }

    /// Octets of the whole file.
    pub(crate) fn size(&self) -> usize {
        self.octets.as_slice().len()
    }

    /// The octets of a section.
    #[inline]
    pub(crate) fn section(&self, section: Section) -> &[u8] {
        let Span { start, length } = self.spans[section as usize - 1];
        // The header's reader has checked the span; the fallback keeps this free of panics.
        self.octets
            .as_slice()
            .get(start..start + length)
            .unwrap_or_default()
    }

    /// How many records a section has.
    #[inline]
    pub(crate) fn count(&self, section: Section) -> u32 {
        let count = self.spans[section as usize - 1].length / section.record_size();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// One record.
    #[inline]
    pub(crate) fn record<R: Record>(&self, number: u32) -> Result<R, Corrupt> {
        let start = number as usize * R::SIZE;
        self.section(R::SECTION)
            .get(start..start + R::SIZE)
            .and_then(R::read)
            .ok_or(Corrupt)
    }

    /// Begins to fetch a record that will be read.
    #[inline]
    pub(crate) fn send_for_record<R: Record>(&self, number: u32) {
        map::send_for(self.section(R::SECTION), number as usize * R::SIZE);
    }

    /// Begins to fetch a list that will be read: the 16 to 32 words that most lists do not exceed. The empty one is near.
    #[inline]
    pub(crate) fn send_for_list(&self, index: u32) {
        if index == 0 {
            return;
        }
        const LINE: usize = 64;
        let lists = self.section(Section::Lists);
        for line in 0..2 {
            map::send_for(lists, index as usize * 4 + line * LINE);
        }
    }

    /// `count` records from `first` on.
    #[inline]
    pub(crate) fn records<R: Record>(
        &self,
        first: u32,
        count: u32,
    ) -> Result<Records<'_>, Corrupt> {
        let start = first as usize * R::SIZE;
        let length = count as usize * R::SIZE;
        self.section(R::SECTION)
            .get(start..start + length)
            .map(Records)
            .ok_or(Corrupt)
    }

    /// One text.
    #[inline]
    pub(crate) fn text(&self, offset: u32) -> Result<&str, Corrupt> {
        let rest = self
            .section(Section::Texts)
            .get(offset as usize..)
            .ok_or(Corrupt)?;
        let (length, rest) = rest.split_first_chunk().ok_or(Corrupt)?;
        let length = usize::from(u16::from_le_bytes(*length));
        let text = rest.get(..length).ok_or(Corrupt)?;
        std::str::from_utf8(text).map_err(|_| Corrupt)
    }

    /// One list.
    #[inline]
    pub(crate) fn list(&self, index: u32) -> Result<Words<'_>, Corrupt> {
        self.counted(Section::Lists, index, 1, usize::MAX)
            .map(Words::new)
    }

    /// What a person is in their schools.
    #[inline]
    pub(crate) fn affiliations(&self, person: &Known) -> Result<Affiliations<'_>, Corrupt> {
        const WORDS: usize = Affiliation::SIZE / 4;
        let more = match person.more {
            0 => Records::NONE,
            index => self
                .counted(Section::Affiliations, index, WORDS, MAX_SCHOOLS - 1)
                .map(Records)?,
        };
        let first = (person.establishment != NONE).then_some(Affiliation {
            establishment: person.establishment,
            profiles: person.profiles.into(),
            facts_list: person.facts_list,
        });
        Ok(Affiliations { first, more })
    }

    /// At a word index: a count, and that many items of `words` words.
    #[inline]
    fn counted(
        &self,
        section: Section,
        index: u32,
        words: usize,
        most: usize,
    ) -> Result<&[u8], Corrupt> {
        let rest = self
            .section(section)
            .get(index as usize * 4..)
            .ok_or(Corrupt)?;
        let (count, rest) = rest.split_first_chunk().ok_or(Corrupt)?;
        let count = u32::from_le_bytes(*count) as usize;
        if count > most {
            return Err(Corrupt);
        }
        rest.get(..count * words * 4).ok_or(Corrupt)
    }

    /// An index of record numbers.
    #[inline]
    pub(crate) fn numbers(&self, index: Section) -> Index<'_, Numbered> {
        self.index(index)
    }

    /// The index of people.
    #[inline]
    pub(crate) fn people(&self) -> Index<'_, Known> {
        self.index(Section::PersonIndex)
    }

    /// The index of resources.
    #[inline]
    pub(crate) fn resources(&self) -> Index<'_, Listed> {
        self.index(Section::ResourceIndex)
    }

    /// The index of what schools offer, by [`fingerprint::of_offer`](super::fingerprint::of_offer).
    #[inline]
    pub(crate) fn offered(&self) -> Index<'_, Offered> {
        self.index(Section::OfferIndex)
    }

    /// Empty where a section does not hold such entries.
    #[inline]
    fn index<E: Entry>(&self, section: Section) -> Index<'_, E> {
        let octets = match section.record_size() == E::BUCKET {
            true => self.section(section),
            false => &[],
        };
        Index::new(octets)
    }

    /// Looks a name up in an index of record numbers.
    #[inline]
    pub(crate) fn find(
        &self,
        index: Section,
        domain: Domain,
        first: &str,
        second: &str,
    ) -> Result<Option<u32>, Corrupt> {
        self.find_fingerprint(index, self.fingerprint(domain, first, second))
    }

    /// The fingerprint of a name under this body's key.
    #[inline]
    pub(crate) fn fingerprint(&self, domain: Domain, first: &str, second: &str) -> u128 {
        fingerprint(&self.header.key, domain, first, second)
    }

    /// Looks a fingerprint up in an index of record numbers.
    #[inline]
    pub(crate) fn find_fingerprint(
        &self,
        index: Section,
        fingerprint: u128,
    ) -> Result<Option<u32>, Corrupt> {
        let found = self.numbers(index).find(fingerprint)?;
        Ok(found.map(|entry| entry.record))
    }
}

/// What a person is in their schools, at most [`MAX_SCHOOLS`] of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Affiliations<'s> {
    first: Option<Affiliation>,
    more: Records<'s>,
}

impl<'s> Affiliations<'s> {
    /// Whether the person has no school.
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.first.is_none() && self.more.len::<Affiliation>() == 0
    }

    /// Each in turn, in the order of schools.
    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = Affiliation> + use<'s> {
        self.first.into_iter().chain(self.more.iter())
    }
}

/// Consecutive records of one section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Records<'s>(&'s [u8]);

impl<'s> Records<'s> {
    /// None at all.
    pub(crate) const NONE: Self = Self(&[]);

    /// How many records of kind `R`.
    #[inline]
    pub(crate) fn len<R: Record>(self) -> usize {
        self.0.len() / R::SIZE
    }

    /// The record at a position.
    #[inline]
    pub(crate) fn get<R: Record>(self, at: usize) -> Option<R> {
        self.0.get(at * R::SIZE..).and_then(R::read)
    }

    /// Those from one position up to another; none where these are not in order or beyond the end.
    #[inline]
    pub(crate) fn range<R: Record>(self, first: usize, end: usize) -> Self {
        Self(
            self.0
                .get(first * R::SIZE..end * R::SIZE)
                .unwrap_or_default(),
        )
    }

    /// Each in turn.
    #[inline]
    pub(crate) fn iter<R: Record>(self) -> impl Iterator<Item = R> + use<'s, R> {
        self.0.chunks_exact(R::SIZE).filter_map(R::read)
    }

    /// First position whose record does not satisfy `before`, records being in that order.
    #[inline]
    pub(crate) fn partition_point<R: Record>(self, before: impl Fn(&R) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len::<R>());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get::<R>(middle) {
                Some(record) if before(&record) => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }
}
