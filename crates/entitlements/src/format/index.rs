//! Indexes from fingerprints to what is looked up: cuckoo buckets of whole cache lines.
//!
//! A bucket is four slots. A slot is 12 octets of fingerprint and an [`Entry`]: at the least the number of a record,
//! and for what every access reads the very words that it decides by, so that it need not go on to the record. In a free
//! slot all bits are set. A fingerprint can only stand in one of two buckets, so that a look-up reads two buckets at
//! most, whatever the size and whatever is asked. The 32 bits that choose the first bucket are not stored.

use std::marker::PhantomData;

use super::records::{Known, Listed, Numbered, Offered, Packed};
use super::{Corrupt, NONE, Section};
use crate::map;

/// Slots of a bucket.
pub(crate) const SLOTS: usize = 4;
/// Octets of the stored part of a fingerprint.
const STORED: usize = 12;

/// What stands in a slot beside the fingerprint. The first of its words is never all ones.
pub(crate) trait Entry: Packed + Copy {
    /// Octets of a slot.
    const SLOT: usize = STORED + Self::SIZE;
    /// Octets of a bucket.
    const BUCKET: usize = SLOTS * Self::SLOT;
}

impl Entry for Numbered {}
impl Entry for Known {}
impl Entry for Offered {}
impl Entry for Listed {}

/// Octets of a bucket of this index.
pub(crate) const fn bucket(section: Section) -> usize {
    match section {
        Section::PersonIndex => Known::BUCKET,
        Section::OfferIndex => Offered::BUCKET,
        Section::ResourceIndex => Listed::BUCKET,
        _ => Numbered::BUCKET,
    }
}

/// What is stored of a fingerprint: bits 32 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    high: u64,
    low: u32,
}

impl Stored {
    #[inline]
    fn of(fingerprint: u128) -> Self {
        Self {
            high: (fingerprint >> 64) as u64,
            low: (fingerprint >> 32) as u32,
        }
    }

    #[inline]
    fn read(slot: &[u8]) -> Option<(Self, &[u8])> {
        let (high, rest) = slot.split_first_chunk()?;
        let (low, rest) = rest.split_first_chunk()?;
        let stored = Self {
            high: u64::from_le_bytes(*high),
            low: u32::from_le_bytes(*low),
        };
        Some((stored, rest))
    }

    /// The same 96 bits as one number.
    pub(crate) fn bits(self) -> u128 {
        u128::from(self.high) << 32 | u128::from(self.low)
    }
}

/// Appends a slot.
pub(crate) fn write<E: Entry>(fingerprint: u128, entry: &E, out: &mut Vec<u8>) {
    let stored = Stored::of(fingerprint);
    out.extend_from_slice(&stored.high.to_le_bytes());
    out.extend_from_slice(&stored.low.to_le_bytes());
    entry.write(out);
}

/// Appends a slot that holds nothing.
pub(crate) fn write_free<E: Entry>(out: &mut Vec<u8>) {
    out.resize(out.len() + E::SLOT, 0xff);
}

/// The two buckets, of `buckets`, in which a fingerprint may stand. They are one only if there is one.
#[inline]
pub(crate) fn homes(fingerprint: u128, buckets: u32) -> [u32; 2] {
    let scale = |bits: u32| ((u64::from(bits) * u64::from(buckets)) >> 32) as u32;
    let first = scale(fingerprint as u32);
    // An odd constant (2⁶⁴ ÷ golden ratio) spreads the stored half over the buckets once more.
    let mixed = ((fingerprint >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let second = scale((mixed >> 32) as u32);
    if second == first && buckets > 1 {
        [first, if first + 1 == buckets { 0 } else { first + 1 }]
    } else {
        [first, second]
    }
}

/// The octets of an index of entries `E`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Index<'s, E> {
    octets: &'s [u8],
    entries: PhantomData<E>,
}

impl<'s, E: Entry> Index<'s, E> {
    /// An index; what is left after its last whole bucket is not read.
    #[inline]
    pub(crate) fn new(octets: &'s [u8]) -> Self {
        Self {
            octets,
            entries: PhantomData,
        }
    }

    /// Begins to fetch both buckets in which a fingerprint may stand: [`Self::find`] then has them near.
    #[inline]
    pub(crate) fn send_for(self, fingerprint: u128) {
        const LINE: usize = 64;
        if let Ok(count @ 1..) = u32::try_from(self.octets.len() / E::BUCKET) {
            for home in homes(fingerprint, count) {
                let start = home as usize * E::BUCKET;
                for line in (0..E::BUCKET).step_by(LINE) {
                    map::send_for(self.octets, start + line);
                }
            }
        }
    }

    /// The entry of a fingerprint, `None` when it is not there.
    #[inline(always)]
    pub(crate) fn find(self, fingerprint: u128) -> Result<Option<E>, Corrupt> {
        let count = u32::try_from(self.octets.len() / E::BUCKET).map_err(|_| Corrupt)?;
        if count == 0 {
            return Ok(None);
        }
        let wanted = Stored::of(fingerprint);
        let homes = homes(fingerprint, count);
        let [first, second] = homes.map(|home| home as usize * E::BUCKET);
        let first = self.octets.get(first..first + E::BUCKET).ok_or(Corrupt)?;
        let second = self.octets.get(second..second + E::BUCKET).ok_or(Corrupt)?;
        // One bucket after the other: two thirds stand in the first, and the second, which is on its way as well, is then
        // not waited for. Of a bucket's slots the longer part is compared, without a branch; of two fingerprints that agree in
        // it, nearly always, there is none.
        for bucket in [first, second] {
            let mut met = 0_u32;
            for position in 0..SLOTS {
                let slot = bucket.get(position * E::SLOT..).ok_or(Corrupt)?;
                let high = slot.first_chunk().ok_or(Corrupt)?;
                met |= u32::from(u64::from_le_bytes(*high) == wanted.high) << position;
            }
            while met != 0 {
                let place = met.trailing_zeros() as usize;
                met &= met - 1;
                let slot = bucket.get(place * E::SLOT..).and_then(used);
                if let Some((stored, entry)) = slot
                    && stored == wanted
                {
                    return Ok(Some(entry));
                }
            }
        }
        Ok(None)
    }

    /// Every slot in use, each with its position.
    pub(crate) fn slots(self) -> impl Iterator<Item = (u32, Stored, E)> + use<'s, E> {
        (0..)
            .zip(self.octets.chunks_exact(E::SLOT))
            .filter_map(|(position, slot)| {
                let (stored, entry) = used(slot)?;
                Some((position, stored, entry))
            })
    }

    /// The entry in a slot.
    #[inline]
    pub(crate) fn at(self, position: u32) -> Result<E, Corrupt> {
        let start = position as usize * E::SLOT;
        let slot = self.octets.get(start..start + E::SLOT);
        Ok(slot.and_then(used).ok_or(Corrupt)?.1)
    }
}

/// What stands in a slot, unless it is free.
#[inline]
fn used<E: Entry>(slot: &[u8]) -> Option<(Stored, E)> {
    let (stored, entry) = Stored::read(slot)?;
    let first = u32::from_le_bytes(*entry.first_chunk()?);
    (first != NONE).then_some(())?;
    Some((stored, E::read(entry)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(octets: &[u8]) -> Index<'_, Numbered> {
        Index::new(octets)
    }

    #[test]
    fn finds_what_stands_in_either_home_and_nothing_else() {
        let fingerprint = 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978_u128;
        let record = Numbered { record: 42 };
        for home in 0..2 {
            let mut octets = vec![0xff_u8; 7 * Numbered::BUCKET];
            let at = homes(fingerprint, 7)[home] as usize * Numbered::BUCKET + 2 * Numbered::SLOT;
            let mut slot = Vec::new();
            write(fingerprint, &record, &mut slot);
            octets[at..at + Numbered::SLOT].copy_from_slice(&slot);
            assert_eq!(index(&octets).find(fingerprint), Ok(Some(record)));
            assert_eq!(index(&octets).find(fingerprint ^ 1 << 40), Ok(None));
            assert_eq!(index(&octets).find(fingerprint ^ 1 << 100), Ok(None));
            let slots: Vec<_> = index(&octets).slots().collect();
            assert_eq!(slots.len(), 1);
            assert_eq!(slots[0].0 as usize, at / Numbered::SLOT);
            assert_eq!(index(&octets).at(slots[0].0), Ok(record));
            assert_eq!(index(&octets).at(slots[0].0 + 1), Err(Corrupt), "free");
        }
        assert_eq!(index(&[]).find(fingerprint), Ok(None));
    }

    #[test]
    fn free_slots_match_nothing() {
        assert_eq!(index(&[0xff; 64]).find(u128::MAX), Ok(None));
        let mut octets = vec![0xff; 2 * Numbered::SLOT];
        write(u128::MAX, &Numbered { record: 3 }, &mut octets);
        write_free::<Numbered>(&mut octets);
        let found = index(&octets).find(u128::MAX);
        assert_eq!(found, Ok(Some(Numbered { record: 3 })));
    }

    #[test]
    fn homes_are_two_different_buckets_in_range() {
        for buckets in [2, 3, 1000, u32::MAX] {
            for fingerprint in [0, 1, u128::MAX, u128::MAX / 3, 1 << 64, 0xffff_ffff] {
                let [first, second] = homes(fingerprint, buckets);
                assert!(first < buckets && second < buckets && first != second);
            }
        }
        assert_eq!(homes(u128::MAX, 1), [0, 0]);
    }

    #[test]
    fn buckets_are_whole_cache_lines() {
        for section in [
            Section::EntIndex,
            Section::PersonIndex,
            Section::OfferIndex,
            Section::ResourceIndex,
        ] {
            assert_eq!(bucket(section) % 64, 0, "{}", section.name());
        }
    }
}
