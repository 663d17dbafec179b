//! Production's directory, made into one for another environment: the same shape, nobody's data (`docs/anonymise.md`).
//!
//! People's identifiers, names and mail addresses, schools' numbers and names, classes' codes and labels and numbers of
//! subscriptions are replaced, each the same way everywhere, so that every relation and every size stays. Resources,
//! publishers and codes of the national nomenclatures stay as they are: they are public.
//!
//! What replaces a value is computed with a key that exists in memory for one run and is wiped after it. This module must
//! never write the key, a map from old to new, or a value that it does not know how to replace.

mod cell;
mod draft;
mod pseudonym;
mod schools;
mod segments;
mod tables;

use std::io;
use std::path::{Path, PathBuf};

use octroi_directory::current::{Directory, PutError};
use octroi_directory::{SegmentError, WriteError};
use thiserror::Error;

use draft::Draft;
use pseudonym::Pseudonyms;
pub use pseudonym::{KEY, Key};
use schools::Schools;

/// What is read.
#[derive(Debug, Clone)]
pub struct Production {
    /// Folder of tables, as `docs/directory.md` says. Tables that are not there are not made.
    pub tables: PathBuf,
    /// Folder of segments in force, if people come from there.
    pub directory: Option<PathBuf>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Distinct school numbers.
    pub schools: u64,
    /// Segments.
    pub segments: u64,
    /// People in segments.
    pub people: u64,
    /// Lines of tables.
    pub lines: u64,
    /// Lines of tables that were left out because they do not have the columns of their table.
    pub left_out: u64,
}

/// Why nothing was written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnonymiseError {
    /// There is something at the place of the result.
    #[error("{}: exists already", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A table has a column of which nobody has said what is to become of it.
    #[error("{file}: nobody has said how the column {column:?} is anonymised")]
    UnknownColumn {
        /// The table.
        file: &'static str,
        /// The column, cut short.
        column: String,
    },
    /// A table's line is longer than tables allow.
    #[error("{file}: line {line} is longer than {max} octets", max = tables::MAX_LINE)]
    LongLine {
        /// The table.
        file: &'static str,
        /// The line.
        line: u64,
    },
    /// A segment cannot be read.
    #[error(transparent)]
    Read(#[from] SegmentError),
    /// A segment cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A segment cannot be put in force.
    #[error(transparent)]
    Put(#[from] PutError),
    /// More schools than there are numbers that no school has.
    #[error("more schools than made-up numbers")]
    TooManySchools,
    /// Somebody asked to stop.
    #[error("stopped; nothing is left")]
    Stopped,
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> AnonymiseError {
    let path = path.to_owned();
    move |error| AnonymiseError::Io { path, error }
}

/// Writes `out/tables` and, from segments, `out/directory`. `out` appears whole, or not at all: an error, or `stop`
/// answering true, leaves nothing. Tests give a key; everybody else a new random one ([`Key::random`]).
///
/// # Errors
/// [`AnonymiseError`].
pub fn anonymise(
    production: &Production,
    out: &Path,
    key: Key,
    stop: &dyn Fn() -> bool,
) -> Result<Counts, AnonymiseError> {
    if out.exists() {
        return Err(AnonymiseError::Exists(out.to_owned()));
    }
    // A folder that is not there is no country without tables.
    std::fs::read_dir(&production.tables).map_err(io_at(&production.tables))?;
    let draft = Draft::beside(out)?;
    let directory = production.directory.as_deref().map(Directory::new);
    let in_force = directory.map_or(Ok(Vec::new()), |d| d.all())?;
    let names = Pseudonyms::new(key);
    let mut numbers = Vec::new();
    segments::numbers(&in_force, &mut numbers)?;
    tables::numbers(&production.tables, &mut numbers, stop)?;
    let schools = Schools::invent(numbers, &names)?;
    let mut counts = Counts {
        schools: schools.len(),
        ..Counts::default()
    };
    let new = Directory::new(&draft.path().join("directory"));
    for segment in &in_force {
        counts.people += segments::write(&segment.path, &new, &names, &schools, stop)?;
        counts.segments += 1;
    }
    let folder = draft.path().join("tables");
    std::fs::create_dir(&folder).map_err(io_at(&folder))?;
    tables::write(
        &production.tables,
        &folder,
        &names,
        &schools,
        &mut counts,
        stop,
    )?;
    draft.publish(out)?;
    Ok(counts)
}
