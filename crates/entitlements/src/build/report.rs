//! What a build tells: what was set aside and why, what was built, why it refused.
//!
//! Nothing here holds personal data: a line is named by file and number, its content is not repeated.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Serialize;
use thiserror::Error;

use super::changes::CHANGES;
use crate::subscription::RuleBroken;
use crate::{BuildOptions, Counts, SnapshotError};

/// Why a line, or one value of it, was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Error)]
#[non_exhaustive]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Reason {
    /// The line is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The line is too long.
    #[error("longer than 64 KiB")]
    LineTooLong,
    /// A character that XML cannot carry.
    #[error("a character that is not allowed")]
    ForbiddenCharacter,
    /// More or fewer cells than the header has.
    #[error("{found} cells, the header has {expected}")]
    WrongCellCount {
        /// Cells of the line.
        found: usize,
        /// Cells of the header.
        expected: usize,
    },
    /// A backslash that is not followed by `t`, `n`, `\` or `|`.
    #[error("a backslash that is not followed by t, n, \\ or |")]
    BadEscape,
    /// Empty where a value is needed.
    #[error("empty")]
    Empty,
    /// Too long a value.
    #[error("longer than {max} octets")]
    TooLong {
        /// Octets allowed.
        max: usize,
    },
    /// A line with this key came before.
    #[error("an earlier line has the same key")]
    Duplicate,
    /// Names something that no table has, or that was itself set aside.
    #[error("names nothing that is known")]
    Unknown,
    /// Not one of the words of the vocabulary.
    #[error("not one of the words allowed here")]
    NotAWord,
    /// Neither a date nor an instant with offset.
    #[error("neither a date (YYYY-MM-DD) nor an instant with offset")]
    NotAnInstant,
    /// Ends before it begins.
    #[error("ends before it begins")]
    EmptyPeriod,
    /// Not an absolute http or https URL in ASCII.
    #[error("not an absolute http or https URL in ASCII")]
    NotAUrl,
    /// Not a bare ARK.
    #[error("not a bare ARK (ark:/…/…)")]
    NotAnArk,
    /// Not a number in range.
    #[error("not a number from 0 to 65535")]
    NotANumber,
    /// `##` separates the parts of DIV and GRO.
    #[error("contains ##")]
    DoubleHash,
    /// An alias must name a project that is not an alias.
    #[error("names a project that is itself an alias")]
    AliasOfAlias,
    /// Two merged projects both have this person identifier.
    #[error("another project merged with this one has the same person identifier")]
    AmbiguousPerson,
    /// More than the format holds.
    #[error("more than {max}")]
    TooMany {
        /// How many are allowed.
        max: usize,
    },
    /// An earlier source says something else of the same school, group or person; it stands.
    #[error("an earlier source says something else, which stands")]
    Differs,
    /// An assignment to a subscription that is not INDIV.
    #[error("the subscription is not INDIV")]
    NotIndividual,
    /// A rule of subscriptions is broken.
    #[error("{0}")]
    RuleBroken(RuleBroken),
    /// An assignment outside the subscription's validity.
    #[error("the subscription is not valid at that time")]
    SubscriptionNotValid,
    /// An assignment for whose people there are not licences enough.
    #[error("no licences left for it")]
    LicencesExhausted,
    /// A mother without a family, one of several mothers, or what only a mother does.
    #[error("only the one mother of a family is one")]
    NotTheMother,
    /// An assignment in a school that the subscription does not cover.
    #[error("the subscription does not cover this school")]
    SchoolNotCovered,
}

/// A reason and the column it is about, if it is about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) column: Option<&'static str>,
    pub(crate) reason: Reason,
}

impl From<Reason> for Fault {
    fn from(reason: Reason) -> Self {
        Self {
            column: None,
            reason,
        }
    }
}

/// A line, or one value of it, that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetAside {
    /// Table, or segment as `directory/<ENT>/<flow>`.
    pub file: String,
    /// Line of a table, from 1, the header being line 1; of a segment, the number of the record, from 1.
    pub line: u64,
    /// Column, when the reason is about one.
    pub column: Option<&'static str>,
    /// What was wrong.
    pub reason: Reason,
}

impl SetAside {
    fn of(file: &str, line: u32, fault: Fault) -> Self {
        Self {
            file: file.to_owned(),
            line: line.into(),
            column: fault.column,
            reason: fault.reason,
        }
    }
}

impl std::fmt::Display for SetAside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(column) = self.column {
            write!(f, "{column}: ")?;
        }
        write!(f, "{}", self.reason)
    }
}

/// What one table gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct FileReport {
    /// Lines with content, the header not counted.
    pub lines: u64,
    /// Lines that were taken, perhaps without some values.
    pub taken: u64,
    /// Lines and values set aside.
    pub set_aside: u64,
    /// Of these, assignments for which there was no licence left. They do not count against the thresholds: what was
    /// bought ran out, nothing is wrong with the table.
    pub licences_exhausted: u64,
    /// Records that differ from what an earlier source says of the same thing, and give way to it.
    pub differing: u64,
}

/// What a build did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct BuildReport {
    /// What the snapshot holds.
    pub counts: Counts,
    /// Octets of the file.
    pub bytes: u64,
    /// Root hash, lower-case hex.
    pub digest: String,
    /// Lines by table, and records by segment.
    pub files: BTreeMap<String, FileReport>,
    /// The first lines and values set aside, by file and line; all are counted in `files`.
    pub set_aside: Vec<SetAside>,
    /// The first records that gave way to what an earlier source says; all are counted in `files`.
    pub differing: Vec<SetAside>,
}

impl BuildReport {
    /// Lines and values set aside in all files.
    #[must_use]
    pub fn set_aside_total(&self) -> u64 {
        self.files.values().map(|file| file.set_aside).sum()
    }
}

/// Why no snapshot was written. The file at the output path, if any, is untouched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// A table has no header line, or one that is too long or not UTF-8.
    #[error("{file}: the first line must name the columns")]
    NoHeader {
        /// Which table.
        file: &'static str,
    },
    /// A column that the table must have is not there.
    #[error("{file}: column `{column}` is missing")]
    MissingColumn {
        /// Which table.
        file: &'static str,
        /// Which column.
        column: &'static str,
    },
    /// A column that the table does not have, or that is named twice.
    #[error("{file}: column `{column}` is not known here, or is named twice")]
    UnexpectedColumn {
        /// Which table.
        file: &'static str,
        /// As written, shortened.
        column: String,
    },
    /// Too much of a table was set aside; see the report.
    #[error("{file}: {set_aside} entries set aside of {lines} lines, more than the threshold")]
    TooManySetAside {
        /// Which table or segment.
        file: String,
        /// Entries set aside.
        set_aside: u64,
        /// Lines of the table.
        lines: u64,
        /// What was wrong, as far as it is listed.
        listed: Vec<SetAside>,
    },
    /// A table that no snapshot can do without gave nothing.
    #[error("{file}: nothing in it to build from")]
    Nothing {
        /// Which table; the directory, when there is one.
        file: &'static str,
    },
    /// A table changed while it was read.
    #[error("{file}: changed while it was read")]
    SourceChanged {
        /// Which table.
        file: &'static str,
    },
    /// A segment of the directory is damaged or cannot be read.
    #[error("{file}: {error}")]
    Segment {
        /// Which segment.
        file: String,
        /// What is wrong with it.
        error: octroi_directory::SegmentError,
    },
    /// A publisher's pseudonym domain is not that of the previous snapshot.
    #[error(
        "publisher `{publisher}`: the pseudonym domain differs from the previous snapshot's, which would give everybody \
         new pseudonyms there; name it in `rekeyed` if that is meant"
    )]
    DomainChanged {
        /// Which publisher.
        publisher: String,
    },
    /// The previous snapshot could not be read.
    #[error("the previous snapshot: {0}")]
    Previous(SnapshotError),
    /// More than the format holds.
    #[error("{what}: more than the snapshot format holds")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
    },
    /// The bundled time zone database lacks Europe/Paris.
    #[error("the time zone Europe/Paris is missing from this program")]
    NoTimeZone,
}

impl BuildError {
    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io {
            path: path.display().to_string(),
            error,
        }
    }
}

/// What a log has to tell.
pub(crate) struct Told {
    pub(crate) files: BTreeMap<String, FileReport>,
    pub(crate) set_aside: Vec<SetAside>,
    pub(crate) differing: Vec<SetAside>,
}

/// Collects what is set aside while tables are read.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) files: BTreeMap<String, FileReport>,
    set_aside: Vec<SetAside>,
    differing: Vec<SetAside>,
    listed: usize,
}

impl Log {
    pub(crate) fn new(options: &BuildOptions) -> Self {
        Self {
            files: BTreeMap::new(),
            set_aside: Vec::new(),
            differing: Vec::new(),
            listed: options.listed,
        }
    }

    /// Notes a line or value that is left out.
    pub(crate) fn aside(&mut self, file: &str, line: u32, fault: Fault) {
        let listed = self.listed as u64;
        let report = self.file(file);
        report.set_aside += 1;
        report.licences_exhausted += u64::from(fault.reason == Reason::LicencesExhausted);
        // Each table may list as many, so that a bad one does not hide another.
        if report.set_aside <= listed {
            self.set_aside.push(SetAside::of(file, line, fault));
        }
    }

    /// Notes a record that gives way to what an earlier source says.
    pub(crate) fn differs(&mut self, file: &str, line: u32, column: &'static str) {
        let listed = self.listed as u64;
        let report = self.file(file);
        report.differing += 1;
        if report.differing <= listed {
            let fault = Fault {
                column: Some(column),
                reason: Reason::Differs,
            };
            self.differing.push(SetAside::of(file, line, fault));
        }
    }

    /// What a table or segment gave so far.
    pub(crate) fn file(&mut self, file: &str) -> &mut FileReport {
        self.files.entry(file.to_owned()).or_default()
    }

    /// The list in the order of files and lines; refuses when a table lost too much, or one that is needed gave
    /// nothing. Of several it is the first in the order of `files` that is told: the others may follow from it.
    pub(crate) fn finish(
        mut self,
        options: &BuildOptions,
        files: &[&str],
        needed: &[(&'static str, u32)],
    ) -> Result<Told, BuildError> {
        for list in [&mut self.set_aside, &mut self.differing] {
            list.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        }
        for file in files {
            let report = self.files.get(*file).copied().unwrap_or_default();
            let wrong = report.set_aside - report.licences_exhausted;
            let ratio = wrong as f64 / report.lines.max(1) as f64;
            let too_many = wrong > options.max_set_aside && ratio > options.max_set_aside_ratio;
            // What an entry names may come to be known only with a later delivery: no reason to keep this one.
            let too_many = too_many && *file != CHANGES;
            if too_many || (report.lines > 0 && report.taken == 0) {
                self.set_aside.retain(|aside| aside.file == *file);
                return Err(BuildError::TooManySetAside {
                    file: (*file).to_owned(),
                    set_aside: report.set_aside,
                    lines: report.lines,
                    listed: self.set_aside,
                });
            }
            if let Some((file, _)) = needed.iter().find(|needed| **needed == (*file, 0)) {
                return Err(BuildError::Nothing { file });
            }
        }
        if let Some((file, _)) = needed.iter().find(|(_, count)| *count == 0) {
            return Err(BuildError::Nothing { file });
        }
        Ok(Told {
            files: self.files,
            set_aside: self.set_aside,
            differing: self.differing,
        })
    }
}

impl AsMut<Self> for Log {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}
