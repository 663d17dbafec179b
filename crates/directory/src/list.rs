//! Lists inside a record: ascending numbers and texts. A list to be written is built in octets, a list that is read is
//! walked in the octets of its block; both are the same octets, so nothing is copied or allocated for a person.

use crate::varint::{self, Octets};

/// An ascending list of numbers without repetition, as differences.
#[derive(Debug, Clone, Copy, Default)]
pub struct Numbers<'a> {
    left: u32,
    next: u32,
    octets: &'a [u8],
}

impl<'a> Numbers<'a> {
    /// Takes a list from the front of `octets` after checking it: ascending, each number fit for `fits`.
    #[inline]
    pub(crate) fn take(
        octets: &mut Octets<'a>,
        most: u32,
        mut fits: impl FnMut(u32) -> bool,
    ) -> Option<Self> {
        let count = octets.number().filter(|count| *count <= most)?;
        let whole = octets.0;
        let mut next = 0u32;
        for _ in 0..count {
            let number = next.checked_add(octets.number()?)?;
            if !fits(number) {
                return None;
            }
            next = number.checked_add(1)?;
        }
        Some(Self {
            left: count,
            next: 0,
            octets: &whole[..whole.len() - octets.0.len()],
        })
    }

    /// How many are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.left as usize
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Appends the numbers `all`, which ascend, and answers whether they do.
    pub(crate) fn put(out: &mut Vec<u8>, all: &[u32]) -> bool {
        varint::put(out, all.len() as u32);
        let mut next = 0u32;
        for &number in all {
            let Some(step) = number.checked_sub(next) else {
                return false;
            };
            varint::put(out, step);
            let Some(after) = number.checked_add(1) else {
                return false;
            };
            next = after;
        }
        true
    }

    /// Appends what is left of this list.
    pub(crate) fn put_again(self, out: &mut Vec<u8>) {
        varint::put(out, self.left);
        let mut next = 0;
        for number in self {
            varint::put(out, number - next);
            next = number.wrapping_add(1);
        }
    }
}

impl Iterator for Numbers<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let mut octets = Octets(self.octets);
        let number = self.next.checked_add(octets.number()?)?;
        self.octets = octets.0;
        self.next = number.wrapping_add(1);
        Some(number)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

/// A list of numbers that is being built; it keeps its memory from one record to the next.
#[derive(Debug, Clone, Default)]
pub struct NumberList {
    octets: Vec<u8>,
    count: u32,
}

impl NumberList {
    /// Becomes the list of `all`; false, and empty, when they do not ascend strictly.
    pub fn set(&mut self, all: &[u32]) -> bool {
        self.octets.clear();
        let ascending = Numbers::put(&mut self.octets, all);
        self.count = if ascending { all.len() as u32 } else { 0 };
        ascending
    }

    /// The list, as a record takes it.
    #[must_use]
    pub fn view(&self) -> Numbers<'_> {
        let mut octets = Octets(&self.octets);
        let _ = octets.number();
        Numbers {
            left: self.count,
            next: 0,
            octets: octets.0,
        }
    }
}

/// A list of texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a> {
    left: u32,
    octets: &'a [u8],
}

impl<'a> Texts<'a> {
    /// Takes a list from the front of `octets` after checking it.
    #[inline]
    pub(crate) fn take(octets: &mut Octets<'a>, most: u32, longest: usize) -> Option<Self> {
        let count = octets.number().filter(|count| *count <= most)?;
        let whole = octets.0;
        for _ in 0..count {
            octets.text().filter(|text| text.len() <= longest)?;
        }
        Some(Self {
            left: count,
            octets: &whole[..whole.len() - octets.0.len()],
        })
    }

    /// How many are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.left as usize
    }

    /// Whether none is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    pub(crate) fn put(self, out: &mut Vec<u8>) {
        varint::put(out, self.left);
        out.extend_from_slice(self.octets);
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a str;

    #[inline]
    fn next(&mut self) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        let mut octets = Octets(self.octets);
        let text = octets.text()?;
        self.octets = octets.0;
        Some(text)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

/// A list of texts that is being built; it keeps its memory from one record to the next.
#[derive(Debug, Clone, Default)]
pub struct TextList {
    octets: Vec<u8>,
    count: u32,
}

impl TextList {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.octets.clear();
        self.count = 0;
    }

    /// Appends a text.
    pub fn push(&mut self, text: &str) {
        varint::put_text(&mut self.octets, text);
        self.count += 1;
    }

    /// The list, as a record takes it.
    #[must_use]
    pub fn view(&self) -> Texts<'_> {
        Texts {
            left: self.count,
            octets: &self.octets,
        }
    }
}

impl<'a> FromIterator<&'a str> for TextList {
    fn from_iter<I: IntoIterator<Item = &'a str>>(texts: I) -> Self {
        let mut list = Self::new();
        texts.into_iter().for_each(|text| list.push(text));
        list
    }
}
