//! What is wrong in a configuration, told so that the reader can mend it: file, place, what, remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use super::place::Place;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The configuration is refused; what was in force stays.
    Error,
    /// The configuration is taken; somebody should look.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file in which to look.
    pub file: PathBuf,
    /// Where in it.
    pub place: Place,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, with the offending value where it is not secret.
    pub what: String,
    /// What would be right.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.place.line > 0 {
            write!(f, ":{}:{}", self.place.line, self.place.column)?;
        }
        f.write_str(": ")?;
        if self.severity == Severity::Warning {
            f.write_str("warning: ")?;
        }
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

/// All that is wrong, in the order of the file.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub struct Problems {
    file: PathBuf,
    list: Vec<Problem>,
}

impl Problems {
    /// No problem yet, in this file.
    #[must_use]
    pub fn new(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            list: Vec::new(),
        }
    }

    /// Adds an error.
    pub fn error(&mut self, place: Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Error, place, what.into(), remedy.into());
    }

    /// Adds a warning.
    pub fn warning(&mut self, place: Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.push(Severity::Warning, place, what.into(), remedy.into());
    }

    fn push(&mut self, severity: Severity, place: Place, what: String, remedy: String) {
        self.list.push(Problem {
            file: self.file.clone(),
            place,
            severity,
            what,
            remedy,
        });
    }

    /// Puts the problems into the order of the file; those of one place keep their order.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|problem| problem.place);
    }

    /// Whether the configuration must be refused.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// How many errors and how many warnings.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let errors = self
            .list
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count();
        (errors, self.list.len() - errors)
    }

    /// All problems.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// Whether there is none, not even a warning.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list
            .iter()
            .try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

impl std::error::Error for Problems {}
