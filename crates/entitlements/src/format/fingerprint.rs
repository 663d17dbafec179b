//! Keyed 128-bit fingerprints: what the indexes look up instead of texts.
//!
//! SipHash-2-4 with 128 bits of output under the snapshot's key. Without the key nobody can choose identifiers that
//! collide or crowd a bucket; with 15 million people the chance that an unknown identifier meets a stored fingerprint
//! is below 2⁻⁹⁰ a question.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher24};

/// Key of the fingerprints of one snapshot.
pub(crate) type Key = [u8; 16];

/// What is named: keeps the kinds apart under one key.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(crate) enum Domain {
    Ent = 1,
    Establishment = 2,
    Publisher = 3,
    Resource = 4,
    Person = 5,
    // Below 128 stand in files; from 128 on only while building.
    Code = 129,
    Subscription = 130,
}

/// The fingerprint of `domain ‖ len(first) ‖ first ‖ second`, the length a `u32`.
#[inline]
pub(crate) fn fingerprint(
    key: &Key,
    domain: Domain,
    first: impl AsRef<[u8]>,
    second: impl AsRef<[u8]>,
) -> u128 {
    let (first, second) = (first.as_ref(), second.as_ref());
    const INLINE: usize = 160;
    let length = u32::try_from(first.len()).unwrap_or(u32::MAX);
    let total = 5 + first.len() + second.len();
    let mut hasher = SipHasher24::new_with_key(key);
    if total <= INLINE {
        // One contiguous message costs about half of four writes.
        let mut message = [0; INLINE];
        message[0] = domain as u8;
        message[1..5].copy_from_slice(&length.to_le_bytes());
        message[5..5 + first.len()].copy_from_slice(first);
        message[5 + first.len()..total].copy_from_slice(second);
        return hasher.hash(&message[..total]).as_u128();
    }
    hasher.write(&[domain as u8]);
    hasher.write(&length.to_le_bytes());
    hasher.write(first);
    hasher.write(second);
    hasher.finish128().as_u128()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_siphash_2_4_128_of_the_documented_message() {
        // Key and message of the reference implementation's test vector for 15 octets (vectors_sip128[15], read as
        // two little-endian words): domain 0 cannot be asked for, so the primitive is checked by itself.
        let key: Key = std::array::from_fn(|n| n as u8);
        let message: Vec<u8> = (0..15).collect();
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write(&message);
        let (low, high) = hasher.finish128().as_u64();
        assert_eq!(
            [low.to_le_bytes(), high.to_le_bytes()].concat(),
            [
                0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11, 0x7e, 0x08, 0xec, 0x0f, 0x97, 0xcf,
                0xc3, 0xd9
            ]
        );
    }

    #[test]
    fn short_and_long_messages_are_hashed_alike() {
        let key = [7; 16];
        let long = "x".repeat(300);
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write(&[Domain::Person as u8, 2, 0, 0, 0]);
        hasher.write(b"B0p1");
        assert_eq!(
            fingerprint(&key, Domain::Person, "B0", "p1"),
            hasher.finish128().as_u128()
        );
        let mut hasher = SipHasher24::new_with_key(&key);
        hasher.write(&[Domain::Person as u8, 2, 0, 0, 0]);
        hasher.write(b"B0");
        hasher.write(long.as_bytes());
        assert_eq!(
            fingerprint(&key, Domain::Person, "B0", &long),
            hasher.finish128().as_u128()
        );
    }

    #[test]
    fn kind_key_and_boundary_matter() {
        let reference = fingerprint(&[1; 16], Domain::Person, "ab", "c");
        assert_ne!(reference, fingerprint(&[2; 16], Domain::Person, "ab", "c"));
        assert_ne!(reference, fingerprint(&[1; 16], Domain::Code, "ab", "c"));
        assert_ne!(reference, fingerprint(&[1; 16], Domain::Person, "a", "bc"));
    }
}
