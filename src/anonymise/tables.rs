//! Tables, line by line: each column has one entry that says what becomes of it, and a column without one refuses the run.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use super::cell::{escape, unescape, values};
use super::pseudonym::Pseudonyms;
use super::schools::Schools;
use super::{AnonymiseError, Counts, io_at};

/// Longest line of a table.
pub(super) const MAX_LINE: usize = 65_536;
/// After so many lines somebody may ask to stop.
const STOP_EVERY: u64 = 4096;

/// What becomes of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// Public, or of a nomenclature.
    Keep,
    /// Free text of which nothing is needed.
    Empty,
    /// Numbers of schools.
    Schools,
    /// A person's identifier, in the project of the column `ent`.
    Person,
    /// Text of this kind.
    Text(&'static str),
    /// A mail address.
    Mail,
    /// The code of a group, of the kind of the column `kind`, in the school of the column `uai`.
    Group,
    /// Codes of classes or of groups in the school of the column `uai`.
    Groups(&'static str),
    /// The number of a subscription.
    Subscription,
    /// What the column `kind` says that it is.
    Target,
}
use Act::{Empty, Group, Groups, Keep, Mail, Person, Subscription, Target, Text};

/// File and columns.
type Table = (&'static str, &'static [(&'static str, Act)]);

const TABLES: [Table; 10] = [
    (
        "ents.tsv",
        &[("code", Keep), ("name", Keep), ("alias_of", Keep)],
    ),
    (
        "establishments.tsv",
        &[
            ("uai", Act::Schools),
            ("name", Text("school")),
            ("nature", Keep),
            ("degree", Keep),
        ],
    ),
    (
        "groups.tsv",
        &[
            ("uai", Act::Schools),
            ("kind", Keep),
            ("code", Group),
            ("label", Text("label")),
            ("divisions", Groups("division")),
        ],
    ),
    (
        "people.tsv",
        &[
            ("ent", Keep),
            ("person", Person),
            ("civility", Keep),
            ("name", Text("name")),
            ("given_name", Text("given name")),
            ("mail", Mail),
        ],
    ),
    (
        "affiliations.tsv",
        &[
            ("ent", Keep),
            ("person", Person),
            ("uai", Act::Schools),
            ("profiles", Keep),
            ("divisions", Groups("division")),
            ("groups", Groups("group")),
            ("p_ms4", Keep),
            ("p_mat", Keep),
            ("e_ms1", Keep),
        ],
    ),
    (
        "publishers.tsv",
        &[
            ("id", Keep),
            ("name", Keep),
            ("pseudonym_domain", Keep),
            ("disabled", Keep),
            ("from", Keep),
            ("until", Keep),
        ],
    ),
    (
        "resources.tsv",
        &[
            ("id", Keep),
            ("name", Keep),
            ("publisher", Keep),
            ("delivery", Keep),
            ("access_url", Keep),
            ("urls", Keep),
            ("family", Keep),
            ("acs_index", Keep),
            ("disabled", Keep),
            ("mother", Keep),
            ("opens_family", Keep),
            ("from", Keep),
            ("until", Keep),
        ],
    ),
    (
        "release.tsv",
        &[
            ("resource", Keep),
            ("attribute", Keep),
            ("from", Keep),
            ("until", Keep),
        ],
    ),
    (
        "subscriptions.tsv",
        &[
            ("id", Subscription),
            ("comment", Empty),
            ("distributor", Keep),
            ("resource", Keep),
            ("resource_type", Keep),
            ("label", Empty),
            ("from", Keep),
            ("until", Keep),
            ("until_year", Keep),
            ("schools", Act::Schools),
            ("nature", Keep),
            ("category", Keep),
            ("kind", Keep),
            ("licences_teachers", Keep),
            ("licences_pupils", Keep),
            ("licences_librarians", Keep),
            ("licences_other_staff", Keep),
            ("licences", Keep),
            ("publics", Keep),
            ("project", Text("project")),
        ],
    ),
    (
        "assignments.tsv",
        &[
            ("subscription", Subscription),
            ("uai", Act::Schools),
            ("kind", Keep),
            ("ent", Keep),
            ("target", Target),
            ("from", Keep),
            ("until", Keep),
            ("since", Keep),
        ],
    ),
];

/// A table that is being read.
struct Reader {
    file: &'static str,
    from: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    columns: Vec<(&'static str, Act)>,
}

impl Reader {
    /// Opens a table and reads its header; none when there is no such table.
    fn open(folder: &Path, table: Table) -> Result<Option<Self>, AnonymiseError> {
        let (file, known) = table;
        let path = folder.join(file);
        let from = match File::open(&path) {
            Ok(file) => BufReader::with_capacity(1 << 18, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_at(&path)(error)),
        };
        let mut reader = Self {
            file,
            from,
            line: Vec::new(),
            number: 0,
            columns: Vec::new(),
        };
        let header = reader.next(folder)?.unwrap_or_default().into_owned();
        for name in header.split('\t') {
            let column = known.iter().find(|(known, _)| *known == name);
            let column = column.ok_or_else(|| AnonymiseError::UnknownColumn {
                file,
                column: name.chars().take(40).collect(),
            })?;
            reader.columns.push(*column);
        }
        Ok(Some(reader))
    }

    /// The next line that is not empty.
    fn next(&mut self, folder: &Path) -> Result<Option<Cow<'_, str>>, AnonymiseError> {
        loop {
            self.line.clear();
            self.number += 1;
            let most = MAX_LINE as u64 + 2;
            let read = (&mut self.from)
                .take(most)
                .read_until(b'\n', &mut self.line);
            if read.map_err(io_at(&folder.join(self.file)))? == 0 {
                return Ok(None);
            }
            while matches!(self.line.last(), Some(b'\n' | b'\r')) {
                self.line.pop();
            }
            if self.line.len() > MAX_LINE {
                return Err(AnonymiseError::LongLine {
                    file: self.file,
                    line: self.number,
                });
            }
            if !self.line.is_empty() {
                break;
            }
        }
        Ok(Some(String::from_utf8_lossy(&self.line)))
    }
}

/// Collects the numbers of schools that tables name.
pub(super) fn numbers(
    folder: &Path,
    numbers: &mut Vec<String>,
    stop: &dyn Fn() -> bool,
) -> Result<(), AnonymiseError> {
    let mut seen: std::collections::HashSet<String> = numbers.drain(..).collect();
    for table in TABLES {
        let Some(mut reader) = Reader::open(folder, table)? else {
            continue;
        };
        let columns = reader.columns.clone();
        while let Some(line) = reader.next(folder)? {
            for (cell, (_, act)) in line.split('\t').zip(&columns) {
                if *act == Act::Schools {
                    for value in values(cell) {
                        let number = unescape(value);
                        if !seen.contains(&number) {
                            seen.insert(number);
                        }
                    }
                }
            }
            stop_at(reader.number, stop)?;
        }
    }
    numbers.extend(seen);
    Ok(())
}

fn stop_at(number: u64, stop: &dyn Fn() -> bool) -> Result<(), AnonymiseError> {
    if number.is_multiple_of(STOP_EVERY) && stop() {
        return Err(AnonymiseError::Stopped);
    }
    Ok(())
}

/// Writes every table that is there.
pub(super) fn write(
    from: &Path,
    to: &Path,
    names: &Pseudonyms,
    schools: &Schools,
    counts: &mut Counts,
    stop: &dyn Fn() -> bool,
) -> Result<(), AnonymiseError> {
    for table in TABLES {
        let Some(mut reader) = Reader::open(from, table)? else {
            continue;
        };
        let path = to.join(reader.file);
        let mut out = BufWriter::with_capacity(1 << 18, File::create(&path).map_err(io_at(&path))?);
        let columns = reader.columns.clone();
        let header: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let mut text = header.join("\t");
        loop {
            text.push('\n');
            out.write_all(text.as_bytes()).map_err(io_at(&path))?;
            text.clear();
            stop_at(reader.number, stop)?;
            // What is not a line of the table is left out: nobody knows what is in it.
            let line = loop {
                let Some(line) = reader.next(from)? else {
                    break None;
                };
                let line = line.into_owned();
                if line.split('\t').count() == columns.len() {
                    break Some(line);
                }
                counts.left_out += 1;
            };
            let Some(line) = line else { break };
            Row {
                cells: line.split('\t').collect(),
                columns: &columns,
                names,
                schools,
            }
            .write(&mut text);
            counts.lines += 1;
        }
        let file = out.into_inner().map_err(|e| io_at(&path)(e.into_error()))?;
        file.sync_all().map_err(io_at(&path))?;
    }
    Ok(())
}

/// A line and what its cells are read with.
struct Row<'a> {
    cells: Vec<&'a str>,
    columns: &'a [(&'static str, Act)],
    names: &'a Pseudonyms,
    schools: &'a Schools,
}

impl Row<'_> {
    /// The text of a column, empty when the table has none of this name.
    fn of(&self, name: &str) -> String {
        let at = self.columns.iter().position(|(column, _)| *column == name);
        at.and_then(|at| self.cells.get(at))
            .map_or_else(String::new, |cell| unescape(cell))
    }

    fn write(&self, text: &mut String) {
        for (at, (cell, (_, act))) in self.cells.iter().zip(self.columns).enumerate() {
            if at > 0 {
                text.push('\t');
            }
            self.cell(cell, *act, text);
        }
    }

    fn cell(&self, cell: &str, act: Act, out: &mut String) {
        if act == Keep {
            out.push_str(cell);
            return;
        }
        if act == Empty || cell.is_empty() {
            return;
        }
        let names = self.names;
        let each = |out: &mut String, new: &dyn Fn(&str) -> String| {
            for (at, value) in values(cell).into_iter().enumerate() {
                if at > 0 {
                    out.push('|');
                }
                escape(&new(&unescape(value)), out);
            }
        };
        match act {
            Keep | Empty => {}
            Act::Schools => each(out, &|number| self.schools.new_of(number).to_owned()),
            Groups(kind) => {
                let uai = self.of("uai");
                each(out, &|code| names.group(&uai, kind, code));
            }
            Person => escape(&names.person(&self.of("ent"), &unescape(cell)), out),
            Text(kind) => escape(&names.text(kind, &unescape(cell)), out),
            Mail => escape(&names.mail(&unescape(cell)), out),
            Group => escape(
                &names.group(&self.of("uai"), &self.of("kind"), &unescape(cell)),
                out,
            ),
            Subscription => {
                let school = |number: &str| self.schools.new_of(number);
                escape(&names.subscription(&unescape(cell), school), out);
            }
            Target => match self.of("kind").as_str() {
                "person" => self.cell(cell, Person, out),
                "division" | "group" => self.cell(cell, Group, out),
                "level" | "subject" | "profile" => out.push_str(cell),
                // A kind that does not exist: the build sets the line aside, whatever its target is.
                _ => out.push_str("unknown"),
            },
        }
    }
}
