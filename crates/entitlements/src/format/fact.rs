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

    /// Whether it is what a person's list may say of them in a school: never a person, nor a profile.
    #[inline]
    pub(crate) fn is_group_or_code(self) -> bool {
        let kind = self.0 >> NUMBER_BITS;
        kind == FactKind::Group as u32 || kind == FactKind::Code as u32
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

    /// The same as octets.
    #[inline]
    pub(crate) fn octets(self) -> &'s [u8] {
        self.0.as_flattened()
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

impl Words<'_> {
    /// Whether two ascending lists of facts have a class, group or code in common.
    #[inline]
    pub(crate) fn share_group_or_code(self, others: Self) -> bool {
        /// A list so many times as long as the other is searched, not walked.
        const LONG: usize = 8;
        let (few, many) = match self.len() < others.len() {
            true => (self, others),
            false => (others, self),
        };
        if many.len() > LONG * few.len() {
            return few
                .iter()
                .any(|fact| Fact(fact).is_group_or_code() && many.has(fact));
        }
        let (mut one, mut other) = (self.0.iter(), others.0.iter());
        let (mut left, mut right) = (one.next(), other.next());
        while let (Some(a), Some(b)) = (left, right) {
            let (a, b) = (u32::from_le_bytes(*a), u32::from_le_bytes(*b));
            if a == b && Fact(a).is_group_or_code() {
                return true;
            }
            if a <= b {
                left = one.next();
            }
            if b <= a {
                right = other.next();
            }
        }
        false
    }
}

/// A list of pairs of a fact and a word, ascending.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs<'s>(&'s [[u8; 8]]);

impl<'s> Pairs<'s> {
    /// The words of a list, two by two.
    #[inline]
    pub(crate) fn of(words: Words<'s>) -> Result<Self, Corrupt> {
        let (pairs, rest) = words.octets().as_chunks();
        if rest.is_empty() {
            Ok(Self(pairs))
        } else {
            Err(Corrupt)
        }
    }

    /// Whether there is none, which is the rule.
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Each in turn.
    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = (Fact, u32)> + use<'s> {
        self.0.iter().map(Self::pair)
    }

    /// What stands beside a fact: at most `most` words, of which there must not be more.
    #[inline]
    pub(crate) fn of_fact(
        self,
        fact: Fact,
        most: usize,
    ) -> Result<impl Iterator<Item = u32> + use<'s>, Corrupt> {
        let first = self.0.partition_point(|pair| Self::pair(pair).0 < fact);
        let rest = &self.0[first..];
        let count = rest
            .iter()
            .take_while(|pair| Self::pair(pair).0 == fact)
            .take(most + 1)
            .count();
        if count > most {
            return Err(Corrupt);
        }
        Ok(rest[..count].iter().map(|pair| Self::pair(pair).1))
    }

    fn pair(octets: &[u8; 8]) -> (Fact, u32) {
        let [a, b, c, d, e, f, g, h] = *octets;
        (
            Fact(u32::from_le_bytes([a, b, c, d])),
            u32::from_le_bytes([e, f, g, h]),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    fn pairs_are_searched() {
        let octets: Vec<u8> = [1_u32, 7, 3, 8, 3, 9, 5, 7]
            .iter()
            .flat_map(|w| w.to_le_bytes())
            .collect();
        let pairs = Pairs::of(Words::new(&octets)).unwrap();
        let of = |fact, most| {
            pairs
                .of_fact(Fact(fact), most)
                .map(Iterator::collect::<Vec<_>>)
        };
        assert_eq!(of(3, 2), Ok(vec![8, 9]));
        assert_eq!(of(5, 2), Ok(vec![7]));
        assert_eq!(of(4, 2), Ok(vec![]));
        assert_eq!(of(6, 2), Ok(vec![]));
        assert_eq!(of(3, 1), Err(Corrupt), "more than there may be");
        assert_eq!(pairs.iter().count(), 4);
        assert!(Pairs::of(Words::new(&octets[..12])).is_err(), "half a pair");
    }

    proptest! {
        #[test]
        fn what_two_lists_share_is_found(
            mut one in proptest::collection::vec((0_u32..5, 0_u32..30), 0..60),
            mut other in proptest::collection::vec((0_u32..5, 0_u32..30), 0..6),
        ) {
            one.sort_unstable();
            other.sort_unstable();
            let octets = |list: &[(u32, u32)]| -> Vec<u8> {
                list.iter().flat_map(|(kind, n)| (kind << NUMBER_BITS | n).to_le_bytes()).collect()
            };
            let (a, b) = (octets(&one), octets(&other));
            let expected = one.iter().any(|fact| (1..=2).contains(&fact.0) && other.contains(fact));
            prop_assert_eq!(Words::new(&a).share_group_or_code(Words::new(&b)), expected);
            prop_assert_eq!(Words::new(&b).share_group_or_code(Words::new(&a)), expected);
        }
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
