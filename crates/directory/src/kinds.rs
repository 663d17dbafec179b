//! What a segment says of itself: whose it is, of which degree, of when, and how much is in it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which of a portal's two separate flows a load belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Degree {
    /// `2D`: lower and upper secondary schools (*second degré*).
    #[serde(rename = "2D")]
    Second = 0,
    /// `1D`: nursery and primary schools (*premier degré*).
    #[serde(rename = "1D")]
    First = 1,
}

impl Degree {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Second, Self::First];

    /// `2D` or `1D`, as archives are named.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Second => "2D",
            Self::First => "1D",
        }
    }

    /// Reads `2D` or `1D`, exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|degree| degree.as_str() == text)
    }
}

impl fmt::Display for Degree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// When a portal made a delivery, as the archive's name says: `yyyyMMdd_HHmmss`, the portal's wall clock.
///
/// It orders the deliveries of one portal. It is no instant: the name has no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(u64);

impl Stamp {
    /// The number `yyyyMMddHHmmss`, if it is a date and a time of day.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        let (date, time) = (number / 1_000_000, number % 1_000_000);
        let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
        let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        ((1000..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60)
            .then_some(Self(number))
    }

    /// The number `yyyyMMddHHmmss`.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A text is not `yyyyMMdd_HHmmss`, or no such date exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date as yyyyMMdd_HHmmss")]
pub struct NotAStamp;

impl FromStr for Stamp {
    type Err = NotAStamp;

    fn from_str(text: &str) -> Result<Self, NotAStamp> {
        let (date, time) = text.split_once('_').ok_or(NotAStamp)?;
        let digits = |text: &str, length| {
            let fits = text.len() == length && text.bytes().all(|octet| octet.is_ascii_digit());
            fits.then(|| text.parse::<u64>().ok()).flatten()
        };
        let (date, time) = digits(date, 8).zip(digits(time, 6)).ok_or(NotAStamp)?;
        Self::from_number(date * 1_000_000 + time).ok_or(NotAStamp)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}_{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

impl Serialize for Stamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether a code of an ENT project (the decoded `idENT`) can name a folder: 1 to 64 ASCII letters, digits, `-`, `_`
/// or `.`, not beginning with `.`. All known codes are (`B0`, `C00`, `ENTTEST1`).
#[must_use]
pub fn is_ent_code(text: &str) -> bool {
    (1..=MAX_ENT).contains(&text.len())
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.'))
}

/// Octets of the longest code of an ENT project.
pub(crate) const MAX_ENT: usize = 64;

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Code of the ENT project, see [`is_ent_code`].
    pub ent: String,
    /// Of which flow it is.
    pub degree: Degree,
    /// When the portal made the last full delivery that it holds.
    pub delivered: Stamp,
    /// Last change of the differential mode that it holds since that delivery; 0 for none.
    pub sequence: u64,
    /// SHA-256 of what it was made from (the archive), to recognise a delivery by its content.
    pub source: [u8; 32],
}

/// How much a segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Schools.
    pub schools: u32,
    /// Classes and groups.
    pub groups: u32,
    /// Distinct codes of levels and subjects.
    pub codes: u32,
    /// Courses that schools offer.
    pub courses: u32,
    /// Assignment managers (*responsables d'affectation*).
    pub managers: u32,
    /// People: pupils, teachers, other staff.
    pub people: u64,
    /// What people are in a school, one for each person and school.
    pub affiliations: u64,
}

/// Whether a group is a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum GroupKind {
    /// `DIVISION`: a class.
    Division = 0,
    /// `GROUPE`: any other group.
    Group = 1,
}

impl GroupKind {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Division, Self::Group]
            .get(usize::from(number))
            .copied()
    }
}

/// What a code of an affiliation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum CodeKind {
    /// Level (MEFSTAT4), released as `P_MS4`.
    PMs4 = 0,
    /// Subject, released as `P_MAT`.
    PMat = 1,
    /// Pupil's level (MEFSTAT1), released as `E_MS1`.
    EMs1 = 2,
}

impl CodeKind {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::PMs4, Self::PMat, Self::EMs1]
            .get(usize::from(number))
            .copied()
    }
}

/// What a school's course code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum CourseKind {
    /// Course of study (*module élémentaire de formation*, `GARMEF`).
    Mef = 0,
    /// Subject (*matière*, `GARMatiere`).
    Subject = 1,
}

impl CourseKind {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        [Self::Mef, Self::Subject].get(usize::from(number)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_dates() {
        let stamp: Stamp = "20261127_031500".parse().unwrap();
        assert_eq!(
            (stamp.number(), stamp.to_string().as_str()),
            (20_261_127_031_500, "20261127_031500")
        );
        assert!("20240229_000000".parse::<Stamp>().is_ok());
        for bad in [
            "",
            "20261127",
            "20261127-031500",
            "20260229_000000",
            "20261301_000000",
            "20261131_000000",
            "20261127_240000",
            "20261127_006000",
            "20261127_000060",
            "+0261127_000000",
            "20261127_0000001",
        ] {
            assert_eq!(bad.parse::<Stamp>(), Err(NotAStamp), "{bad}");
        }
    }

    #[test]
    fn ent_codes_can_name_a_folder() {
        for good in ["B0", "C00", "ENTTEST1", "a-b_c.d"] {
            assert!(is_ent_code(good), "{good}");
        }
        let long = "x".repeat(65);
        for bad in ["", ".", "..", ".B0", "a/b", "a b", "é", "a\0b", &long] {
            assert!(!is_ent_code(bad), "{bad}");
        }
    }
}
