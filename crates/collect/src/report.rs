//! What an import tells: counts and differences, never a name.

use octroi_directory::{Counts, Degree, Differences, Stamp};
use serde::Serialize;

use crate::load::Read;
use crate::log::Log;
use crate::rule::{Loss, Rule};

/// What an import tells. As JSON for machines; as a page of text for people by [`crate::page`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Code of the ENT project.
    pub ent: String,
    /// Of which flow.
    pub degree: Degree,
    /// When the portal made the delivery.
    pub delivered: Stamp,
    /// The name of the archive, or what the caller called a small load.
    pub source: String,
    /// SHA-256 of the archive, in hexadecimal; empty for a small load.
    pub sha256: String,
    /// Octets of the archive.
    pub packed_octets: u64,
    /// Octets of XML in it.
    pub xml_octets: u64,
    /// XML files that were read.
    pub files: u64,
    /// Records that their schema allows, by element; only elements that occurred.
    pub records: Vec<RecordCount>,
    /// Records that say again what an earlier file said. They do no harm and are not set aside.
    pub repeated: u64,
    /// What was set aside, by rule, element and loss.
    pub set_aside: Vec<SetAsideCount>,
    /// What the new segment holds; zeros when nothing was sent.
    pub directory: Counts,
    /// Root hash of the new segment, in hexadecimal; empty when nothing was sent.
    pub root: String,
    /// Octets of the new segment.
    pub segment_octets: u64,
    /// Against the segment in force, if there is one.
    pub differences: Option<Differences>,
}

/// How many records of an element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordCount {
    /// The element, `GAREleve`.
    pub element: &'static str,
    /// How many.
    pub count: u64,
}

/// How many were set aside for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetAsideCount {
    /// The rule.
    pub rule: Rule,
    /// The element, or empty for what is no record.
    pub element: &'static str,
    /// How much is lost each time.
    pub loss: Loss,
    /// How many.
    pub count: u64,
}

impl Report {
    /// Records that are lost whole.
    #[must_use]
    pub fn records_lost(&self) -> u64 {
        let lost = self.set_aside.iter().filter(|one| one.loss == Loss::Record);
        lost.map(|one| one.count).sum()
    }

    /// Records that were read, good or lost.
    #[must_use]
    pub fn records_read(&self) -> u64 {
        let read: u64 = self.records.iter().map(|one| one.count).sum();
        let unread = self.set_aside.iter().filter(|one| {
            // These broke their schema and were not counted as records.
            one.loss == Loss::Record && one.rule.is_of_schema()
        });
        read + unread.map(|one| one.count).sum::<u64>()
    }

    /// Whether anything is lost: the outcome is then a warning.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        self.set_aside.iter().any(|one| one.loss != Loss::None)
    }
}

impl Rule {
    /// Whether the schema, or the parser, says so while a record is read.
    pub(crate) fn is_of_schema(self) -> bool {
        matches!(
            self,
            Self::Encoding
                | Self::WellFormed
                | Self::UnexpectedElement
                | Self::MissingElement
                | Self::RepeatedElement
                | Self::Length
                | Self::Date
                | Self::Attribute
                | Self::Text
                | Self::EmptyKey
        )
    }
}

/// The elements of records, in the order of `RecordKind`.
const ELEMENTS: [&str; 13] = [
    "GAREtab",
    "GARMEF",
    "GARMatiere",
    "GAREleve",
    "GAREnseignant",
    "GARRespAff",
    "GARPersonMEF",
    "GARPersonMEFSTAT4",
    "GAREleveEnseignement",
    "GARGroupe",
    "GARPersonGroupe",
    "GAREnsGroupeMatiere",
    "GAREnsClasseMatiere",
];

pub(crate) fn records(read: &Read) -> Vec<RecordCount> {
    ELEMENTS
        .into_iter()
        .zip(read.by_kind)
        .filter(|(_, count)| *count > 0)
        .map(|(element, count)| RecordCount { element, count })
        .collect()
}

pub(crate) fn set_aside(log: &Log<'_>) -> Vec<SetAsideCount> {
    log.counts
        .iter()
        .map(|(&(rule, element, loss), &count)| SetAsideCount {
            rule,
            element,
            loss,
            count,
        })
        .collect()
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut out, octet| {
        out.push_str(&format!("{octet:02x}"));
        out
    })
}
