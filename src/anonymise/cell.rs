//! Cells of tables as `docs/directory.md` writes them: escapes, and the bar between values of a list.

/// The text of a cell; an escape that is none stays as it is.
pub(super) fn unescape(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('t') => text.push('\t'),
                Some('n') => text.push('\n'),
                Some(escaped @ ('\\' | '|')) => text.push(escaped),
                Some(other) => text.extend(['\\', other]),
                None => text.push('\\'),
            },
            (c, false) => text.push(c),
        }
    }
    text
}

/// A text as a cell, or as a value of a list.
pub(super) fn escape(text: &str, cell: &mut String) {
    for c in text.chars() {
        match c {
            '\t' => cell.push_str("\\t"),
            '\n' => cell.push_str("\\n"),
            '\\' => cell.push_str("\\\\"),
            '|' => cell.push_str("\\|"),
            c => cell.push(c),
        }
    }
}

/// The values of a list, still escaped.
pub(super) fn values(cell: &str) -> Vec<&str> {
    let mut values = Vec::new();
    if cell.is_empty() {
        return values;
    }
    let (mut from, mut escaped) = (0, false);
    for (at, octet) in cell.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'|' => {
                values.push(&cell[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    values.push(&cell[from..]);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_comes_back_as_it_was() {
        for text in ["", "a|b", "tab\there", "back\\slash\\|", "line\nfeed é"] {
            let mut cell = String::new();
            escape(text, &mut cell);
            assert_eq!(unescape(&cell), text);
            assert!(values(&cell).len() <= 1, "one value, whatever is in it");
        }
        assert_eq!(values(r"a|b\|c|d"), ["a", r"b\|c", "d"]);
        assert!(values("").is_empty());
    }
}
