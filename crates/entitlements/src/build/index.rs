//! Fills the buckets of an index, so that each fingerprint stands in one of its two homes.
//!
//! Cuckoo hashing with four slots a bucket: at the load used here it succeeds at once for all practical sizes; when it
//! does not, the table grows and the walk starts again. Choices are pseudo-random but fixed: same input, same octets.

use super::report::BuildError;
use crate::format::index::{Entry, SLOTS, homes, write, write_free};
use crate::format::records::Numbered;

/// Share of slots in use, in per cent: a record costs 1.09 slots.
const LOAD: usize = 92;
/// Moves allowed for one fingerprint before the table grows.
const MAX_MOVES: usize = 2000;
/// A free slot while building; record numbers stay below.
const FREE: u32 = u32::MAX;

/// The octets of an index in which record `n` has fingerprint `fingerprints[n]`. All must differ.
pub(crate) fn of_numbers(fingerprints: &[u128]) -> Result<Vec<u8>, BuildError> {
    fill(fingerprints, |record| Numbered { record })
}

/// The octets of an index in which `entry(n)` stands by fingerprint `fingerprints[n]`. All must differ.
pub(crate) fn fill<E: Entry>(
    fingerprints: &[u128],
    entry: impl Fn(u32) -> E,
) -> Result<Vec<u8>, BuildError> {
    let too_large = || BuildError::TooLarge { what: "index" };
    if fingerprints.len() >= FREE as usize {
        return Err(too_large());
    }
    let mut buckets = (fingerprints.len() * 100).div_ceil(SLOTS * LOAD);
    loop {
        let count = u32::try_from(buckets).map_err(|_| too_large())?;
        if let Some(slots) = place(fingerprints, count) {
            let mut octets = Vec::with_capacity(buckets * E::BUCKET);
            for record in slots {
                match fingerprints.get(record as usize) {
                    Some(fingerprint) => write(*fingerprint, &entry(record), &mut octets),
                    None => write_free::<E>(&mut octets),
                }
            }
            return Ok(octets);
        }
        if buckets > 16 * (fingerprints.len() + 16) {
            // Only equal fingerprints can fill a bucket of such a table.
            return Err(too_large());
        }
        buckets += buckets / 20 + 1;
    }
}

/// A record number for each slot, or `None` when the table is too small.
fn place(fingerprints: &[u128], buckets: u32) -> Option<Vec<u32>> {
    let mut slots = vec![FREE; buckets as usize * SLOTS];
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for record in 0..fingerprints.len() as u32 {
        let mut homeless = record;
        let mut moves = 0;
        'place: loop {
            let homes = homes(fingerprints[homeless as usize], buckets);
            for home in homes {
                let start = home as usize * SLOTS;
                if let Some(free) = slots[start..start + SLOTS]
                    .iter_mut()
                    .find(|slot| **slot == FREE)
                {
                    *free = homeless;
                    break 'place;
                }
            }
            moves += 1;
            if moves > MAX_MOVES {
                return None;
            }
            // xorshift64*: which of the two homes, and whom to move there.
            random ^= random >> 12;
            random ^= random << 25;
            random ^= random >> 27;
            let choice = (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 60) as usize;
            let victim = homes[choice & 1] as usize * SLOTS + (choice >> 1) % SLOTS;
            std::mem::swap(&mut slots[victim], &mut homeless);
        }
    }
    Some(slots)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::fingerprint::{Domain, fingerprint};
    use crate::format::index::Index;

    fn fingerprints(count: u32) -> Vec<u128> {
        (0..count)
            .map(|n| fingerprint(&[3; 16], Domain::Person, n.to_le_bytes(), ""))
            .collect()
    }

    #[test]
    fn everybody_is_found_and_nobody_else() {
        for count in [0, 1, 2, 3, 4, 5, 8, 9, 100, 20_000] {
            let all = fingerprints(count);
            let octets = of_numbers(&all).unwrap();
            let index = Index::<Numbered>::new(&octets);
            for (record, wanted) in (0..).zip(&all) {
                assert_eq!(index.find(*wanted), Ok(Some(Numbered { record })));
            }
            for n in count..count + 1000 {
                let unknown = fingerprint(&[3; 16], Domain::Person, n.to_le_bytes(), "");
                assert_eq!(index.find(unknown), Ok(None));
            }
        }
    }

    #[test]
    fn costs_little_more_than_a_slot_each() {
        let octets = of_numbers(&fingerprints(100_000)).unwrap();
        assert!(octets.len() < 100_000 * 18, "{}", octets.len());
    }

    #[test]
    fn equal_fingerprints_end_in_an_error_not_in_a_loop() {
        assert!(of_numbers(&[7; 9]).is_err());
    }
}
