//! Sets of test numbers, written compactly as `1-5,9`: what a file of known-answer tests accepted.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Writes the set as ranges in rising order.
pub(crate) fn write(numbers: &BTreeSet<u64>) -> String {
    let mut text = String::new();
    let mut numbers = numbers.iter().copied().peekable();
    while let Some(first) = numbers.next() {
        let mut last = first;
        while numbers.peek() == Some(&(last + 1)) {
            last += 1;
            numbers.next();
        }
        if !text.is_empty() {
            text.push(',');
        }
        let _ = if first == last {
            write!(text, "{first}")
        } else {
            write!(text, "{first}-{last}")
        };
    }
    text
}

/// Reads what [`fn@write`] wrote; parts that are not ranges are left out.
pub(crate) fn read(text: &str) -> BTreeSet<u64> {
    text.split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.parse::<u64>().ok()?..=last.parse::<u64>().ok()?)
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[test]
    fn ranges_read_back() {
        for numbers in [vec![], vec![7], vec![1, 2, 3, 5, 8, 9]] {
            let set = numbers.into_iter().collect();
            assert_eq!(read(&write(&set)), set);
        }
        assert_eq!(write(&[1, 2, 3, 5].into()), "1-3,5");
    }
}
