//! Tab-separated tables as `docs/directory.md` describes them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// One table being written.
pub(super) struct Table {
    out: BufWriter<File>,
    line: String,
    lines: u64,
}

impl Table {
    pub(super) fn create(directory: &Path, name: &str, header: &[&str]) -> io::Result<Self> {
        let file = File::create(directory.join(name))?;
        let mut table = Self {
            out: BufWriter::with_capacity(1 << 18, file),
            line: String::new(),
            lines: 0,
        };
        table.row(header.iter().copied())?;
        table.lines = 0;
        Ok(table)
    }

    /// Writes one line; cells are escaped.
    pub(super) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        self.line.clear();
        for (index, cell) in cells.into_iter().enumerate() {
            if index > 0 {
                self.line.push('\t');
            }
            escape(cell, &mut self.line);
        }
        self.line.push('\n');
        self.lines += 1;
        self.out.write_all(self.line.as_bytes())
    }

    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.lines)
    }
}

/// A cell; the bar between the values of a list is written by [`list`] and kept.
fn escape(cell: &str, line: &mut String) {
    for c in cell.chars() {
        match c {
            '\t' => line.push_str("\\t"),
            '\n' => line.push_str("\\n"),
            '\\' => line.push_str("\\\\"),
            c => line.push(c),
        }
    }
}

/// A cell that holds a list.
pub(super) fn list<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    let mut cell = String::new();
    for value in values {
        if !cell.is_empty() {
            cell.push('|');
        }
        cell.push_str(value.as_ref());
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_escaped_and_lists_are_not() {
        let mut line = String::new();
        escape("a\tb\nc\\d", &mut line);
        assert_eq!(line, "a\\tb\\nc\\\\d");
        assert_eq!(list(["a", "b"]), "a|b");
        assert_eq!(list::<&str>([]), "");
    }
}
