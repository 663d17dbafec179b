//! Keyed 128-bit fingerprints: what the indexes look up instead of texts.
//!
//! [SipHash-1-3](super::siphash) with 128 bits of output under the snapshot's key. Without the key nobody can choose
//! identifiers that collide or crowd a bucket; with 15 million people the chance that an unknown identifier meets a stored
//! fingerprint is below 2⁻⁹⁰ a question.

use super::siphash;

/// SipHash-1-3, the variant with which hash tables meet keys that are chosen to collide.
type SipHash = siphash::SipHash<1, 3>;

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
#[inline(always)]
pub(crate) fn fingerprint(
    key: &Key,
    domain: Domain,
    first: impl AsRef<[u8]>,
    second: impl AsRef<[u8]>,
) -> u128 {
    let (first, second) = (first.as_ref(), second.as_ref());
    let length = u32::try_from(first.len()).unwrap_or(u32::MAX);
    let begins = u64::from(domain as u8) | u64::from(length) << 8;
    let mut hash = SipHash::beginning_with(key, begins, 5);
    if !first.is_empty() {
        hash.write(first);
    }
    hash.write(second);
    hash.finish()
}

/// The fingerprint of a school and a resource together, from those of each: what a school offers of the resource is
/// found before anybody knows which numbers the two have.
#[inline]
pub(crate) fn of_offer(school: u128, resource: u128) -> u128 {
    school.rotate_left(64) ^ resource
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_of_the_documented_message() {
        let key = [7; 16];
        let long = "x".repeat(300);
        for (first, second) in [("B0", "p1"), ("", "0561622J"), ("B0", &long), (&long, "")] {
            let mut hash = SipHash::beginning_with(&key, 0, 0);
            hash.write(&[Domain::Person as u8]);
            hash.write(&(first.len() as u32).to_le_bytes());
            hash.write(first.as_bytes());
            hash.write(second.as_bytes());
            let expected = hash.finish();
            assert_eq!(fingerprint(&key, Domain::Person, first, second), expected);
        }
    }

    #[test]
    fn of_an_offer_knows_which_is_the_school() {
        assert_ne!(of_offer(1, 2), of_offer(2, 1));
        assert_ne!(of_offer(1, 2), of_offer(1, 3));
        assert_ne!(of_offer(5, 5), 0);
    }

    #[test]
    fn kind_key_and_boundary_matter() {
        let reference = fingerprint(&[1; 16], Domain::Person, "ab", "c");
        assert_ne!(reference, fingerprint(&[2; 16], Domain::Person, "ab", "c"));
        assert_ne!(reference, fingerprint(&[1; 16], Domain::Code, "ab", "c"));
        assert_ne!(reference, fingerprint(&[1; 16], Domain::Person, "a", "bc"));
    }
}
