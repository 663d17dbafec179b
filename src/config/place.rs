//! Where a value stands in its file, so that every later complaint can name it.

use std::ops::Range;

/// A line and a column in a text, both from 1; column counts characters. 0 means the whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1; 0 for the file as a whole.
    pub line: u32,
    /// The column in characters, from 1; 0 for the file as a whole.
    pub column: u32,
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> At<T> {
    /// A value at a place.
    pub const fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// The same place, another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> At<U> {
        At {
            value: f(self.value),
            place: self.place,
        }
    }
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Turns byte offsets of one text into places.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        Self { text, starts }
    }

    /// The place of the first byte of a span. Offsets past the end give the end of the text.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let offset = span.start.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1) - 1;
        let start = self.starts.get(line).copied().unwrap_or(0);
        let column = self.text.as_bytes()[start..offset]
            .iter()
            .filter(|byte| (**byte & 0xC0) != 0x80)
            .count();
        Place {
            line: bounded(line + 1),
            column: bounded(column + 1),
        }
    }
}

fn bounded(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_columns() {
        let lines = Lines::new("a = 1\néé = 2\n\nz");
        assert_eq!(lines.place(&(0..1)), Place { line: 1, column: 1 });
        assert_eq!(lines.place(&(4..5)), Place { line: 1, column: 5 });
        assert_eq!(lines.place(&(11..12)), Place { line: 2, column: 4 });
        assert_eq!(lines.place(&(15..15)), Place { line: 3, column: 1 });
        assert_eq!(lines.place(&(16..16)), Place { line: 4, column: 1 });
        assert_eq!(lines.place(&(900..901)), Place { line: 4, column: 2 });
    }

    #[test]
    fn an_empty_text_has_one_place() {
        assert_eq!(Lines::new("").place(&(0..0)), Place { line: 1, column: 1 });
    }
}
