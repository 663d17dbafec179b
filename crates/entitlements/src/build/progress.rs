//! How far a build has come.
//!
//! The builder tells counts and never the time: who shows a rate has a clock of their own.

use serde::Serialize;

/// What a build is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Checking what the sources are.
    Sources,
    /// ENT projects, schools, classes and groups.
    Places,
    /// Publishers, resources and what they may be given.
    Catalogue,
    /// People and what they are in their schools.
    People,
    /// The index by which people are found.
    Index,
    /// Subscriptions and assignments.
    Licences,
    /// Writing and hashing the file, in octets.
    Write,
}

impl Phase {
    /// Its name, for people and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sources => "sources",
            Self::Places => "places",
            Self::Catalogue => "catalogue",
            Self::People => "people",
            Self::Index => "index",
            Self::Licences => "licences",
            Self::Write => "write",
        }
    }
}

/// Is told how far a build has come. Phases come in the order of [`Phase`], each at most once.
pub trait Progress: Sync {
    /// A phase begins. `total` is what [`Self::done`] will count up to, where that is known.
    fn begin(&self, phase: Phase, total: Option<u64>);

    /// So much of the phase is done. Told now and then, not for each record.
    fn done(&self, phase: Phase, done: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Phase, _: Option<u64>) {}

    fn done(&self, _: Phase, _: u64) {}
}
