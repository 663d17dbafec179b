//! Facts: one word for each thing that an assignment can be made to.
//!
//! A fact is a kind in the upper three bits and a number in the lower 29, so that what a person is in a school and
//! what a licence is assigned to are lists of the same words, ascending, and the rule is "do they meet".

use super::Corrupt;

const NUMBER_BITS: u32 = 29;
/// Numbers must be below this.
pub(crate) const MAX_NUMBER: u32 = 1 << NUMBER_BITS;

/// One fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fact(pub(crate) u32);

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub(crate) enum FactKind {
    /// Number of a person.
    Person = 0,
    /// Number of a class or group.
    Group = 1,
    /// Number of a level or subject code.
    Code = 2,
    /// Number of a profile in the vocabulary.
    Profile = 3,
}

impl Fact {
    /// `None` when the number does not fit.
    pub(crate) fn new(kind: FactKind, number: u32) -> Option<Self> {
        (number < MAX_NUMBER).then_some(Self((kind as u32) << NUMBER_BITS | number))
    }

    /// What it is about, and its number there.
    pub(crate) fn split(self) -> Result<(FactKind, u32), Corrupt> {
        let kind = match self.0 >> NUMBER_BITS {
            0 => FactKind::Person,
            1 => FactKind::Group,
            2 => FactKind::Code,
            3 => FactKind::Profile,
            _ => return Err(Corrupt),
        };
        Ok((kind, self.0 & (MAX_NUMBER - 1)))
    }
}

/// A list of words in a snapshot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words<'s>(&'s [[u8; 4]]);

impl<'s> Words<'s> {
    pub(crate) fn new(octets: &'s [u8]) -> Self {
        Self(octets.as_chunks().0)
    }

    /// How many.
    #[inline]
    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    /// Each in turn.
    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> + use<'s> {
        self.0.iter().map(|word| u32::from_le_bytes(*word))
    }

    /// Whether an ascending list has the word.
    #[inline]
    pub(crate) fn has(self, word: u32) -> bool {
        self.0
            .binary_search_by_key(&word, |at| u32::from_le_bytes(*at))
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_and_number_come_back() {
        for kind in [
            FactKind::Person,
            FactKind::Group,
            FactKind::Code,
            FactKind::Profile,
        ] {
            for number in [0, 1, MAX_NUMBER - 1] {
                assert_eq!(Fact::new(kind, number).unwrap().split(), Ok((kind, number)));
            }
            assert_eq!(Fact::new(kind, MAX_NUMBER), None);
        }
        assert_eq!(Fact(4 << NUMBER_BITS).split(), Err(Corrupt));
    }

    #[test]
    fn lists_are_searched() {
        let octets: Vec<u8> = [1_u32, 5, 1 << 30]
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        let words = Words::new(&octets);
        assert_eq!(words.iter().collect::<Vec<_>>(), [1, 5, 1 << 30]);
        assert!(words.has(5) && words.has(1 << 30) && !words.has(0) && !words.has(6));
        assert!(!Words::new(&[]).has(0));
    }
}
