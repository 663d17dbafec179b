//! Reads one table of the source directory: lines, cells, lists, as `docs/directory.md` has them.
//!
//! Memory is bounded by the longest allowed line. A line that is not well-formed never reaches the table's own rules.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use smallvec::SmallVec;

use super::lines::Lines;
use super::report::{BuildError, Fault, Log, Reason};

/// A table: its file and columns.
pub(crate) struct Table<const N: usize> {
    pub(crate) file: &'static str,
    pub(crate) columns: [Column; N],
}

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    required: bool,
}

/// A column that must be there.
pub(crate) const fn required(name: &'static str) -> Column {
    Column {
        name,
        required: true,
    }
}

/// A column that may be left out; its cells are then empty.
pub(crate) const fn optional(name: &'static str) -> Column {
    Column {
        name,
        required: false,
    }
}

/// One line of a table.
pub(crate) struct Row<'r, const N: usize> {
    table: &'r Table<N>,
    pub(crate) line: u32,
    cells: [&'r str; N],
}

impl<'r, const N: usize> Row<'r, N> {
    /// A fault of one column.
    pub(crate) fn fault(&self, column: usize, reason: Reason) -> Fault {
        Fault {
            column: Some(self.table.columns[column].name),
            reason,
        }
    }

    /// A cell that may be empty.
    pub(crate) fn text(&self, column: usize, max: usize) -> Result<Cow<'r, str>, Fault> {
        unescape(self.cells[column], max).map_err(|reason| self.fault(column, reason))
    }

    /// A cell that must not be empty.
    pub(crate) fn key(&self, column: usize, max: usize) -> Result<Cow<'r, str>, Fault> {
        let text = self.text(column, max)?;
        if text.is_empty() {
            return Err(self.fault(column, Reason::Empty));
        }
        Ok(text)
    }

    /// The values of a list, each read by `value`. A value that is at fault is set aside alone.
    pub(crate) fn list<T>(
        &self,
        column: usize,
        max: usize,
        log: &mut Log,
        mut value: impl FnMut(&str) -> Result<T, Reason>,
    ) -> SmallVec<[T; 8]> {
        let mut values = SmallVec::new();
        if self.cells[column].is_empty() {
            return values;
        }
        for item in split_list(self.cells[column]) {
            let read = unescape(item, max).and_then(|text| {
                if text.is_empty() {
                    return Err(Reason::Empty);
                }
                value(&text)
            });
            match read {
                Ok(value) => values.push(value),
                Err(reason) => log.aside(self.table.file, self.line, self.fault(column, reason)),
            }
        }
        values
    }

    /// `yes`, `no` or empty, which is no.
    pub(crate) fn switch(&self, column: usize) -> Result<bool, Fault> {
        match self.cells[column] {
            "yes" => Ok(true),
            "no" | "" => Ok(false),
            _ => Err(self.fault(column, Reason::NotAWord)),
        }
    }

    /// A word of a vocabulary.
    pub(crate) fn word<T>(
        &self,
        column: usize,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, Fault> {
        parse(self.cells[column]).ok_or_else(|| self.fault(column, Reason::NotAWord))
    }
}

/// Why a line was not taken: it is set aside, or the build cannot go on.
#[derive(Debug)]
pub(crate) enum Stop {
    Line(Fault),
    Build(BuildError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Line(fault)
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Line(reason.into())
    }
}

impl From<BuildError> for Stop {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

/// Reads a table line by line and answers the SHA-256 of the file. A line for which `take` answers a fault is set aside.
pub(crate) fn read<const N: usize, C: AsMut<Log>>(
    dir: &Path,
    table: &Table<N>,
    context: &mut C,
    mut take: impl FnMut(&Row<'_, N>, &mut C) -> Result<(), Stop>,
) -> Result<[u8; 32], BuildError> {
    let file = table.file;
    context.as_mut().file(file);
    let path = dir.join(file);
    let fail = |error| BuildError::io(&path, error);
    let mut lines = Lines::new(File::open(&path).map_err(fail)?);
    let header = match lines.next().map_err(fail)? {
        Some(Ok(line)) => {
            String::from_utf8(line.to_vec()).map_err(|_| BuildError::NoHeader { file })?
        }
        _ => return Err(BuildError::NoHeader { file }),
    };
    let (places, width) = places(table, &header)?;
    let mut number = 1_u32;
    let (mut lines_read, mut lines_taken) = (0, 0);
    while let Some(line) = lines.next().map_err(fail)? {
        number = number.saturating_add(1);
        if line == Ok(&[]) {
            continue;
        }
        let cells = line.and_then(|line| cells(line, &places, width));
        let taken = cells.map_err(Stop::from).and_then(|cells| {
            let row = Row {
                table,
                line: number,
                cells,
            };
            take(&row, context)
        });
        lines_read += 1;
        match taken {
            Ok(()) => lines_taken += 1,
            Err(Stop::Line(fault)) => context.as_mut().aside(file, number, fault),
            Err(Stop::Build(error)) => return Err(error),
        }
    }
    let report = context.as_mut().file(file);
    report.lines += lines_read;
    report.taken += lines_taken;
    Ok(lines.digest())
}

/// For each column of the table, where the header has it; and how many columns the header has.
fn places<const N: usize>(
    table: &Table<N>,
    header: &str,
) -> Result<([Option<usize>; N], usize), BuildError> {
    let mut places = [None; N];
    let mut width = 0;
    for (at, name) in header.split('\t').enumerate() {
        let column = table.columns.iter().position(|column| column.name == name);
        match column {
            Some(column) if places[column].is_none() => places[column] = Some(at),
            _ => {
                return Err(BuildError::UnexpectedColumn {
                    file: table.file,
                    column: name
                        .chars()
                        .take(40)
                        .flat_map(char::escape_default)
                        .collect(),
                });
            }
        }
        width = at + 1;
    }
    for (column, place) in table.columns.iter().zip(&places) {
        if column.required && place.is_none() {
            return Err(BuildError::MissingColumn {
                file: table.file,
                column: column.name,
            });
        }
    }
    Ok((places, width))
}

fn cells<'l, const N: usize>(
    line: &'l [u8],
    places: &[Option<usize>; N],
    width: usize,
) -> Result<[&'l str; N], Reason> {
    let line = std::str::from_utf8(line).map_err(|_| Reason::NotUtf8)?;
    if has_forbidden(line) {
        return Err(Reason::ForbiddenCharacter);
    }
    let cells: SmallVec<[&str; 16]> = line.split('\t').collect();
    if cells.len() != width {
        return Err(Reason::WrongCellCount {
            found: cells.len(),
            expected: width,
        });
    }
    Ok(places.map(|place| place.map_or("", |at| cells[at])))
}

/// Characters that XML 1.0 cannot carry; tabs separate cells and are not looked at here.
fn has_forbidden(line: &str) -> bool {
    let bytes = line.as_bytes();
    bytes.iter().any(|byte| *byte < 0x20 && *byte != b'\t')
        || (memchr::memchr(0xef, bytes).is_some() && line.contains(['\u{fffe}', '\u{ffff}']))
}

/// A cell or list item with its escapes resolved.
fn unescape(cell: &str, max: usize) -> Result<Cow<'_, str>, Reason> {
    let text = if memchr::memchr(b'\\', cell.as_bytes()).is_none() {
        Cow::Borrowed(cell)
    } else {
        let mut text = String::with_capacity(cell.len());
        let mut characters = cell.chars();
        while let Some(character) = characters.next() {
            text.push(match character {
                '\\' => match characters.next() {
                    Some('t') => '\t',
                    Some('n') => '\n',
                    Some('\\') => '\\',
                    Some('|') => '|',
                    _ => return Err(Reason::BadEscape),
                },
                plain => plain,
            });
        }
        Cow::Owned(text)
    };
    if text.len() > max {
        return Err(Reason::TooLong { max });
    }
    Ok(text)
}

/// The items of a list, still escaped: split at each `|` that no backslash escapes.
fn split_list(cell: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(cell);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut escaped = false;
        let end = text.bytes().position(|byte| {
            let ends = byte == b'|' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        match end {
            Some(end) => {
                rest = Some(&text[end + 1..]);
                Some(&text[..end])
            }
            None => rest.take(),
        }
    })
}
