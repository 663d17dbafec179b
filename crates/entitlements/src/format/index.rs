//! Indexes from fingerprints to record numbers: cuckoo buckets of one cache line.
//!
//! A bucket is four slots of 16 octets: 12 octets of fingerprint and a record number, all ones when the slot is free.
//! A fingerprint can only stand in one of two buckets, so that a look-up reads two cache lines at most, whatever the
//! size and whatever is asked. The 32 bits that choose the first bucket are not stored.

use super::{Corrupt, NONE};
use crate::map;

/// Octets of a bucket.
pub(crate) const BUCKET: usize = 64;
/// Octets of a slot.
pub(crate) const SLOT: usize = 16;

/// What is stored of a fingerprint: bits 32 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    high: u64,
    low: u32,
}

impl Stored {
    #[inline]
    pub(crate) fn of(fingerprint: u128) -> Self {
        Self {
            high: (fingerprint >> 64) as u64,
            low: (fingerprint >> 32) as u32,
        }
    }

    /// The same 96 bits as one number.
    pub(crate) fn bits(self) -> u128 {
        u128::from(self.high) << 32 | u128::from(self.low)
    }

    /// The slot for this fingerprint and record.
    pub(crate) fn slot(self, record: u32) -> [u8; SLOT] {
        let mut slot = [0; SLOT];
        slot[..8].copy_from_slice(&self.high.to_le_bytes());
        slot[8..12].copy_from_slice(&self.low.to_le_bytes());
        slot[12..].copy_from_slice(&record.to_le_bytes());
        slot
    }
}

/// A slot that holds nothing.
pub(crate) const FREE_SLOT: [u8; SLOT] = [0xff; SLOT];

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

/// Begins to fetch both buckets in which a fingerprint may stand: [`find`] then has them near.
#[inline]
pub(crate) fn send_for(buckets: &[[u8; BUCKET]], fingerprint: u128) {
    if let Ok(count @ 1..) = u32::try_from(buckets.len()) {
        for home in homes(fingerprint, count) {
            map::send_for(buckets.as_flattened(), home as usize * BUCKET);
        }
    }
}

/// The record number of a fingerprint, `None` when it is not there.
#[inline]
pub(crate) fn find(buckets: &[[u8; BUCKET]], fingerprint: u128) -> Result<Option<u32>, Corrupt> {
    let count = u32::try_from(buckets.len()).map_err(|_| Corrupt)?;
    if count == 0 {
        return Ok(None);
    }
    let wanted = Stored::of(fingerprint);
    let [first, second] = homes(fingerprint, count);
    let first = buckets.get(first as usize).ok_or(Corrupt)?;
    let second = buckets.get(second as usize).ok_or(Corrupt)?;
    // All eight slots are compared, without a branch, so that the two cache lines are fetched at the same time. A free
    // slot holds NONE as its number and leaves what was found as it is.
    let mut found = NONE;
    for (stored, record) in slots(first).chain(slots(second)) {
        found = if stored == wanted {
            record.min(found)
        } else {
            found
        };
    }
    Ok((found != NONE).then_some(found))
}

/// The slots of a bucket, free ones included.
#[inline]
pub(crate) fn slots(bucket: &[u8; BUCKET]) -> impl Iterator<Item = (Stored, u32)> {
    let (slots, _) = bucket.as_chunks::<SLOT>();
    slots.iter().map(|slot| {
        let word =
            |at: usize| u32::from_le_bytes([slot[at], slot[at + 1], slot[at + 2], slot[at + 3]]);
        let stored = Stored {
            high: u64::from(word(4)) << 32 | u64::from(word(0)),
            low: word(8),
        };
        (stored, word(12))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_stands_in_either_home_and_nothing_else() {
        let fingerprint = 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978_u128;
        for home in 0..2 {
            let mut buckets = vec![[0xff_u8; BUCKET]; 7];
            let at = homes(fingerprint, 7)[home] as usize;
            buckets[at][2 * SLOT..3 * SLOT].copy_from_slice(&Stored::of(fingerprint).slot(42));
            assert_eq!(find(&buckets, fingerprint), Ok(Some(42)));
            assert_eq!(find(&buckets, fingerprint ^ 1 << 40), Ok(None));
            assert_eq!(find(&buckets, fingerprint ^ 1 << 100), Ok(None));
        }
        assert_eq!(find(&[], fingerprint), Ok(None));
    }

    #[test]
    fn free_slots_match_nothing() {
        assert_eq!(find(&[[0xff; BUCKET]], u128::MAX), Ok(None));
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
}
