//! Pools in which equal texts and equal lists are kept once.
//!
//! Order is the order of first use, so that the same sources give the same octets.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher13;

use super::report::BuildError;

/// Hash of a key that is already a good hash.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.0 = self.0.rotate_left(8) ^ u64::from(*octet);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

/// From a 128-bit fingerprint to a number.
pub(crate) type KeyMap = HashMap<u128, u32, BuildHasherDefault<AsItIs>>;

type Seen = HashMap<u64, u32, BuildHasherDefault<AsItIs>>;

fn hash(octets: &[u8]) -> u64 {
    // The key is fixed: who crafts collisions only gets a text stored twice.
    SipHasher13::new_with_keys(0, 0).hash(octets)
}

/// The section of texts.
#[derive(Debug)]
pub(crate) struct Texts {
    octets: Vec<u8>,
    seen: Seen,
}

impl Texts {
    pub(crate) fn new() -> Self {
        // Offset 0 is the empty text.
        Self {
            octets: vec![0, 0],
            seen: Seen::default(),
        }
    }

    /// Offset of a text, stored once however often it comes.
    pub(crate) fn intern(&mut self, text: &str) -> Result<u32, BuildError> {
        if text.is_empty() {
            return Ok(0);
        }
        let hash = hash(text.as_bytes());
        if let Some(offset) = self.seen.get(&hash)
            && self.get(*offset) == text
        {
            return Ok(*offset);
        }
        let offset = self.append(text)?;
        self.seen.entry(hash).or_insert(offset);
        Ok(offset)
    }

    /// Offset of a text that nobody else has, such as a mail address.
    pub(crate) fn append(&mut self, text: &str) -> Result<u32, BuildError> {
        if text.is_empty() {
            return Ok(0);
        }
        let too_large = BuildError::TooLarge { what: "texts" };
        let (Ok(offset), Ok(length)) =
            (u32::try_from(self.octets.len()), u16::try_from(text.len()))
        else {
            return Err(too_large);
        };
        self.octets.extend_from_slice(&length.to_le_bytes());
        self.octets.extend_from_slice(text.as_bytes());
        Ok(offset)
    }

    /// A text that was stored.
    pub(crate) fn get(&self, offset: u32) -> &str {
        let at = offset as usize;
        let length = usize::from(u16::from_le_bytes([self.octets[at], self.octets[at + 1]]));
        std::str::from_utf8(&self.octets[at + 2..at + 2 + length]).unwrap_or_default()
    }

    pub(crate) fn into_octets(self) -> Vec<u8> {
        self.octets
    }
}

/// A section of lists: a count, then that many items of `stride` words.
#[derive(Debug)]
pub(crate) struct Lists {
    octets: Vec<u8>,
    seen: Seen,
    stride: usize,
}

impl Lists {
    pub(crate) fn new(stride: usize) -> Self {
        // Index 0 is the empty list.
        Self {
            octets: vec![0; 4],
            seen: Seen::default(),
            stride,
        }
    }

    /// Word index of a list, stored once however often it comes.
    pub(crate) fn intern(&mut self, words: &[u32]) -> Result<u32, BuildError> {
        if words.is_empty() {
            return Ok(0);
        }
        let too_large = || BuildError::TooLarge { what: "lists" };
        let start = self.octets.len();
        let index = u32::try_from(start / 4).map_err(|_| too_large())?;
        let count = u32::try_from(words.len() / self.stride).map_err(|_| too_large())?;
        self.octets.extend_from_slice(&count.to_le_bytes());
        for word in words {
            self.octets.extend_from_slice(&word.to_le_bytes());
        }
        let hash = hash(&self.octets[start..]);
        if let Some(earlier) = self.seen.get(&hash) {
            let at = *earlier as usize * 4;
            let (before, this) = self.octets.split_at(start);
            if before.get(at..at + this.len()) == Some(this) {
                self.octets.truncate(start);
                return Ok(*earlier);
            }
        }
        self.seen.entry(hash).or_insert(index);
        Ok(index)
    }

    /// The words of a list that was stored.
    pub(crate) fn get(&self, index: u32) -> impl Iterator<Item = u32> {
        let (words, _) = self.octets[index as usize * 4..].as_chunks::<4>();
        let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
        let count = words.next().unwrap_or(0) as usize * self.stride;
        words.take(count)
    }

    pub(crate) fn into_octets(self) -> Vec<u8> {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_stored_once_and_come_back() {
        let mut texts = Texts::new();
        let a = texts.intern("été").unwrap();
        let b = texts.intern("x").unwrap();
        assert_eq!(texts.intern("été").unwrap(), a);
        assert_ne!(a, b);
        assert_ne!(texts.append("x").unwrap(), b);
        assert_eq!((texts.get(a), texts.get(b), texts.get(0)), ("été", "x", ""));
        assert_eq!(texts.intern("").unwrap(), 0);
        assert!(texts.intern(&"x".repeat(70_000)).is_err());
    }

    #[test]
    fn equal_lists_are_stored_once_and_come_back() {
        let mut lists = Lists::new(3);
        let a = lists.intern(&[1, 2, 3, 4, 5, 6]).unwrap();
        let b = lists.intern(&[1, 2, 3]).unwrap();
        assert_eq!(lists.intern(&[1, 2, 3, 4, 5, 6]).unwrap(), a);
        assert_ne!(a, b);
        assert_eq!(lists.get(a).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(lists.get(b).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(lists.get(0).count(), 0);
    }
}
