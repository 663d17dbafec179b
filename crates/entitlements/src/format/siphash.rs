//! SipHash with 128 bits of output (Aumasson and Bernstein; the 128-bit variant of their reference code).
//!
//! Here because a look-up makes four of them, of messages in parts, which the `siphasher` crate hashes slowly unless they
//! are copied together first. Its octets are these, which a test compares (docs/adr/0009).

/// A hash under way, with `C` rounds for each word and `D` at the end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SipHash<const C: usize, const D: usize> {
    state: [u64; 4],
    /// Octets that do not make a word yet, the first lowest.
    carry: u64,
    /// How many they are, below 8.
    held: u32,
    /// Octets written, of which the lowest 8 bits count.
    length: u64,
}

impl<const C: usize, const D: usize> SipHash<C, D> {
    /// Begins with the `held` lowest octets of `carry`, fewer than 8; the others are 0.
    #[inline(always)]
    pub(crate) fn beginning_with(key: &[u8; 16], carry: u64, held: u32) -> Self {
        let [a, b, c, d, e, f, g, h, rest @ ..] = *key;
        let (k0, k1) = (
            u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            u64::from_le_bytes(rest),
        );
        Self {
            state: [
                k0 ^ 0x736f_6d65_7073_6575,
                k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee,
                k0 ^ 0x6c79_6765_6e65_7261,
                k1 ^ 0x7465_6462_7974_6573,
            ],
            carry,
            held,
            length: held.into(),
        }
    }

    /// Goes on with octets.
    #[inline(always)]
    pub(crate) fn write(&mut self, octets: &[u8]) {
        self.length = self.length.wrapping_add(octets.len() as u64);
        let shift = 8 * self.held;
        let (words, rest) = octets.as_chunks();
        for word in words {
            let word = u64::from_le_bytes(*word);
            self.absorb(self.carry | word << shift);
            // In two steps, because a shift by 64 is none.
            self.carry = word >> 1 >> (63 - shift);
        }
        let left = rest.len() as u32;
        let rest = word_of(rest);
        self.carry |= rest << shift;
        self.held += left;
        if self.held >= 8 {
            self.absorb(self.carry);
            self.held -= 8;
            self.carry = rest >> (8 * (left - self.held));
        }
    }

    /// The hash: the first 8 octets of the output are its lower half.
    #[inline(always)]
    pub(crate) fn finish(mut self) -> u128 {
        self.absorb(self.carry | self.length << 56);
        self.state[2] ^= 0xee;
        let low = self.output();
        self.state[1] ^= 0xdd;
        let high = self.output();
        u128::from(high) << 64 | u128::from(low)
    }

    #[inline(always)]
    fn output(&mut self) -> u64 {
        for _ in 0..D {
            self.round();
        }
        self.state.iter().fold(0, |all, part| all ^ part)
    }

    #[inline(always)]
    fn absorb(&mut self, word: u64) {
        self.state[3] ^= word;
        for _ in 0..C {
            self.round();
        }
        self.state[0] ^= word;
    }

    #[inline(always)]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.state;
        a = a.wrapping_add(b);
        b = b.rotate_left(13) ^ a;
        a = a.rotate_left(32);
        c = c.wrapping_add(d);
        d = d.rotate_left(16) ^ c;
        a = a.wrapping_add(d);
        d = d.rotate_left(21) ^ a;
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        c = c.rotate_left(32);
        self.state = [a, b, c, d];
    }
}

/// Fewer than 8 octets as a word, the first lowest. What is read twice is the same twice.
#[inline(always)]
fn word_of(octets: &[u8]) -> u64 {
    let at = |nth: usize| u64::from(octets[nth]) << (8 * nth);
    match (octets.first_chunk::<4>(), octets.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let last = u64::from(u32::from_le_bytes(*last)) << (8 * (octets.len() - 4));
            u64::from(u32::from_le_bytes(*first)) | last
        }
        _ => match octets.len() {
            0 => 0,
            length => at(0) | at(length / 2) | at(length - 1),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use proptest::prelude::*;
    use siphasher::sip128::{Hasher128, SipHasher13, SipHasher24};

    use super::*;

    #[test]
    fn is_the_reference_implementation_s() {
        // vectors_sip128[15] of the reference code: key and message are 0, 1, 2, …
        let key = std::array::from_fn(|n| n as u8);
        let mut hash = SipHash::<2, 4>::beginning_with(&key, 0, 0);
        hash.write(&(0..15).collect::<Vec<u8>>());
        assert_eq!(
            hash.finish().to_le_bytes(),
            [
                0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11, 0x7e, 0x08, 0xec, 0x0f, 0x97, 0xcf,
                0xc3, 0xd9
            ]
        );
    }

    #[test]
    fn may_begin_with_octets() {
        let mut whole = SipHash::<1, 3>::beginning_with(&[9; 16], 0, 0);
        whole.write(&[1, 2, 3, 4, 5]);
        whole.write(b"abcdef");
        let mut begun = SipHash::<1, 3>::beginning_with(&[9; 16], 0x05_04_03_02_01, 5);
        begun.write(b"abcdef");
        assert_eq!(begun.finish(), whole.finish());
    }

    proptest! {
        #[test]
        fn agrees_with_the_crate_however_it_is_cut(
            key: [u8; 16],
            parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..12),
        ) {
            let mut ours = (
                SipHash::<1, 3>::beginning_with(&key, 0, 0),
                SipHash::<2, 4>::beginning_with(&key, 0, 0),
            );
            let mut theirs = (SipHasher13::new_with_key(&key), SipHasher24::new_with_key(&key));
            for part in &parts {
                ours.0.write(part);
                ours.1.write(part);
                theirs.0.write(part);
                theirs.1.write(part);
            }
            prop_assert_eq!(ours.0.finish(), theirs.0.finish128().as_u128());
            prop_assert_eq!(ours.1.finish(), theirs.1.finish128().as_u128());
        }
    }
}
