//! A record on its way to its person: the key that sorts it there, and what it says.
//!
//! A key is the person's identifier, a zero octet (no identifier has one), what the entry is, and for a relation the
//! numbers of school and code. So a person's own record comes before all relations, whichever file they were in,
//! and equal relations are neighbours.

use crate::pack::{self, Packed};
use crate::scan::Position;
use crate::schema::RecordKind;
use crate::tables::Origin;

/// What an entry is, in the order in which a person's entries are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Kind {
    /// The person is to be taken away.
    Remove = 0,
    Person = 1,
    Mef = 2,
    Level = 3,
    Subject = 4,
    Group = 5,
    TeacherGroup = 6,
    TeacherClass = 7,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Remove,
        Self::Person,
        Self::Mef,
        Self::Level,
        Self::Subject,
        Self::Group,
        Self::TeacherGroup,
        Self::TeacherClass,
    ];

    /// The element of the record.
    pub(crate) fn element(self) -> &'static str {
        match self {
            Self::Remove | Self::Person => "",
            Self::Mef => "GARPersonMEF",
            Self::Level => "GARPersonMEFSTAT4",
            Self::Subject => "GAREleveEnseignement",
            Self::Group => "GARPersonGroupe",
            Self::TeacherGroup => "GAREnsGroupeMatiere",
            Self::TeacherClass => "GAREnsClasseMatiere",
        }
    }

    pub(crate) fn of(record: RecordKind) -> Option<Self> {
        Some(match record {
            RecordKind::Pupil | RecordKind::Staff | RecordKind::Manager => Self::Person,
            RecordKind::PersonMef => Self::Mef,
            RecordKind::PersonLevel => Self::Level,
            RecordKind::PupilSubject => Self::Subject,
            RecordKind::PersonGroup => Self::Group,
            RecordKind::TeacherGroup => Self::TeacherGroup,
            RecordKind::TeacherClass => Self::TeacherClass,
            RecordKind::School | RecordKind::Mef | RecordKind::Subject | RecordKind::Group => {
                return None;
            }
        })
    }
}

/// Writes the key of an entry.
pub(crate) fn key(out: &mut Vec<u8>, person: &str, kind: Kind, relation: Option<(u32, u32)>) {
    out.clear();
    out.extend_from_slice(person.as_bytes());
    out.push(0);
    out.push(kind as u8);
    if let Some((school, code)) = relation {
        out.extend_from_slice(&school.to_be_bytes());
        out.extend_from_slice(&code.to_be_bytes());
    }
}

/// A key, taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    pub(crate) person: &'a str,
    pub(crate) kind: Kind,
    /// Number of the school and of the code, of a relation.
    pub(crate) school: u32,
    pub(crate) code: u32,
}

impl<'a> Key<'a> {
    pub(crate) fn read(key: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(0, key)?;
        let (&kind, numbers) = key[end + 1..].split_first()?;
        let word = |at: usize| {
            let octets = numbers.get(at..at + 4)?;
            Some(u32::from_be_bytes(octets.try_into().ok()?))
        };
        Some(Self {
            person: std::str::from_utf8(&key[..end]).ok()?,
            kind: Kind::ALL.get(usize::from(kind)).copied()?,
            school: word(0).unwrap_or(0),
            code: word(4).unwrap_or(0),
        })
    }
}

/// Begins what an entry says with where it was said.
pub(crate) fn origin(out: &mut Vec<u8>, origin: Origin) {
    out.clear();
    pack::number(out, u64::from(origin.file));
    pack::number(out, origin.at.offset);
    pack::number(out, origin.at.record);
}

/// Where an entry was said.
pub(crate) fn take_origin(packed: &mut Packed<'_>) -> Option<Origin> {
    Some(Origin {
        file: packed.small()?,
        at: Position {
            offset: packed.number()?,
            record: packed.number()?,
        },
    })
}
