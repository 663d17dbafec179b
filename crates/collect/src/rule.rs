//! Why something is set aside: one stable code for each rule, and what is handed over with it.

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};

/// A rule that a record, a file or a reference broke. Codes are stable: reports, metrics and replays name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    // Of the archive's members.
    /// Not a plain file, or not named as the GAR wants.
    Member,
    // Of a file.
    /// A DOCTYPE: nothing of the file is read.
    Dtd,
    /// An encoding that is not read (file), or octets that are no characters in it (record).
    Encoding,
    /// The root is not the one that the file's name promises.
    Root,
    /// The root has no `Version`. The file is read all the same.
    Version,
    /// Not well-formed: what follows is lost (file), or a stray `&` or an unknown entity (record).
    WellFormed,
    /// A record, or a piece between records, too long to be read; what follows is lost.
    RecordSize,
    /// Elements nested too deep; what follows is lost.
    Depth,
    // Of a record, by the schema.
    /// An element that the schema does not have there.
    UnexpectedElement,
    /// An element that the schema demands is missing.
    MissingElement,
    /// An element more often than the schema allows.
    RepeatedElement,
    /// More characters than the schema allows.
    Length,
    /// Not a date.
    Date,
    /// An attribute that the schema does not have.
    Attribute,
    /// Text where the schema has elements only.
    Text,
    /// A kind of record after one that the schema puts behind it. Told once for a file; the records are read.
    Order,
    /// The key of an earlier record of the same file.
    Key,
    // Of a record, by what the directory needs.
    /// An empty identifier, UAI or code.
    EmptyKey,
    /// A profile that is not known.
    Profile,
    /// A school in `GARPersonEtab` for which the person has no profile.
    NoProfile,
    /// A group that is neither `DIVISION` nor `GROUPE`.
    GroupKind,
    /// More schools of a person, or facts in one school, than the directory takes.
    Limit,
    // Of references and of several files.
    /// The key of a record of an earlier file that says something else.
    Duplicate,
    /// No such school in the delivery.
    UnknownSchool,
    /// No such person in the delivery.
    UnknownPerson,
    /// The person is not in that school.
    NotInSchool,
    /// No such class or group in that school.
    UnknownGroup,
    /// No such course of study in that school.
    UnknownMef,
    /// No such subject in that school.
    UnknownSubject,
}

impl Rule {
    /// The stable code, `unknown-person`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Dtd => "dtd",
            Self::Encoding => "encoding",
            Self::Root => "root",
            Self::Version => "version",
            Self::WellFormed => "well-formed",
            Self::RecordSize => "record-size",
            Self::Depth => "depth",
            Self::UnexpectedElement => "unexpected-element",
            Self::MissingElement => "missing-element",
            Self::RepeatedElement => "repeated-element",
            Self::Length => "length",
            Self::Date => "date",
            Self::Attribute => "attribute",
            Self::Text => "text",
            Self::Order => "order",
            Self::Key => "key",
            Self::EmptyKey => "empty-key",
            Self::Profile => "profile",
            Self::NoProfile => "no-profile",
            Self::GroupKind => "group-kind",
            Self::Limit => "limit",
            Self::Duplicate => "duplicate",
            Self::UnknownSchool => "unknown-school",
            Self::UnknownPerson => "unknown-person",
            Self::NotInSchool => "not-in-school",
            Self::UnknownGroup => "unknown-group",
            Self::UnknownMef => "unknown-mef",
            Self::UnknownSubject => "unknown-subject",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How much is lost to a broken rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Nothing: it is only told.
    None,
    /// A part of the record, such as one of several schools. The rest holds.
    Part,
    /// The record.
    Record,
    /// The file from there on.
    RestOfFile,
    /// The file.
    File,
}

/// Something that was set aside. The octets are personal data.
#[derive(Debug, Clone, Copy)]
pub struct SetAside<'a> {
    /// The member of the archive, or what the caller called the source of a record.
    pub file: &'a str,
    /// Where it begins: octets of the file as UTF-8 (of a Latin-1 file, as if it had been written in UTF-8).
    pub offset: u64,
    /// Which record of the file, counted from 1; 0 for what is no record.
    pub record: u64,
    /// Name of the record's element, empty for what is no record.
    pub element: &'a str,
    /// The rule.
    pub rule: Rule,
    /// What is wrong, in words: names of elements and limits, never a value of the record.
    pub reason: &'a str,
    /// How much is lost.
    pub loss: Loss,
    /// The record as it stood in the file. What only turns out when all files are read is written again from what was kept
    /// of it ([`SetAside::rewritten`]). Octets that are no UTF-8 stand as 0x1A. Empty for what is no record.
    pub raw: &'a str,
    /// Whether `raw` was written again: same element, same keys, without what the directory does not keep.
    pub rewritten: bool,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Octets of the archive read so far.
    pub read: u64,
    /// Octets of the archive.
    pub total: u64,
    /// Octets of XML read so far.
    pub xml: u64,
    /// Records read so far.
    pub records: u64,
    /// People written so far.
    pub people: u64,
}

/// Who is told what happens during an import. An error ends the import: what is set aside must not get lost.
pub trait Observe {
    /// Something was set aside.
    fn set_aside(&mut self, what: &SetAside<'_>) -> io::Result<()>;

    /// Every few megabytes or thousands of people.
    fn progress(&mut self, _progress: &Progress) -> io::Result<()> {
        Ok(())
    }
}

/// Lets go of everything that is set aside; the report counts it all the same.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observe for Unobserved {
    fn set_aside(&mut self, _what: &SetAside<'_>) -> io::Result<()> {
        Ok(())
    }
}
