//! High-water marks: what a flow and its schools held before they lost something (F4).
//!
//! Whoever compares only with the last delivery lets a flow be emptied in small steps. So beside the segment in force
//! stands, for each count that went down, what it was and on which day it last was so. What is in force itself is not
//! in here: only counts above it are, so that this is small for schools that stay as they are, and empty for those that
//! grow.
//!
//! Must never: name anybody; lose a mark before the delivery that makes it pointless is in force.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::desk::{DeskError, at};

/// The version that is written and read.
const VERSION: u32 = 1;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// Schools, of the flow only.
    Schools,
    /// People.
    People,
    /// Classes (*divisions*).
    Classes,
    /// Groups.
    Groups,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Schools, Self::People, Self::Classes, Self::Groups];

    /// The word of findings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schools => "schools",
            Self::People => "people",
            Self::Classes => "classes",
            Self::Groups => "groups",
        }
    }
}

/// A count that was higher than it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The last day on which it was so.
    pub day: Date,
    /// How many there were.
    pub count: u64,
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.day.to_string(), self.count).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (day, count) = <(String, u64)>::deserialize(deserializer)?;
        let day = day.parse().map_err(D::Error::custom)?;
        Ok(Self { day, count })
    }
}

/// The marks of one flow. Those of a count descend, and their days ascend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    version: u32,
    /// By UAI; the whole flow has the empty one.
    series: BTreeMap<String, BTreeMap<What, Vec<Mark>>>,
}

impl Marks {
    /// Reads the marks of a flow; none when there is no file.
    ///
    /// # Errors
    /// [`DeskError::Io`] for a file that cannot be read or is not as it was written: without its marks no flow is judged.
    pub fn read(path: &Path) -> Result<Self, DeskError> {
        let text = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.map_err(at(path))?,
        };
        let marks: Self = serde_json::from_slice(&text).map_err(|error| at(path)(error.into()))?;
        if marks.version != VERSION {
            let other = io::Error::new(io::ErrorKind::InvalidData, "of another version of octroi");
            return Err(at(path)(other));
        }
        Ok(marks)
    }

    /// The marks as they are written.
    ///
    /// # Errors
    /// [`DeskError::Io`], by a mistake of this program.
    pub fn octets(&self, path: &Path) -> Result<Vec<u8>, DeskError> {
        serde_json::to_vec(self).map_err(|error| at(path)(error.into()))
    }

    /// Schools with a mark; the empty one is the whole flow.
    pub fn schools(&self) -> impl Iterator<Item = &str> {
        self.series.keys().map(String::as_str)
    }

    /// The highest mark of a count that was in force on `since` or later.
    #[must_use]
    pub fn highest(&self, uai: &str, what: What, since: Date) -> Option<Mark> {
        let marks = self.series.get(uai)?.get(&what)?;
        marks.iter().find(|mark| mark.day >= since).copied()
    }

    /// Takes the marks over that still count when `before` gives way to `after` on `day`.
    pub(super) fn carry(
        &mut self,
        from: &Self,
        (uai, what): (&str, What),
        (before, after): (u64, u64),
        (day, since): (Date, Date),
    ) {
        let old = from.series.get(uai).and_then(|series| series.get(&what));
        let mut marks: Vec<Mark> = old
            .into_iter()
            .flatten()
            .filter(|mark| mark.day >= since && mark.count > before.max(after))
            .copied()
            .collect();
        if before > after {
            marks.push(Mark { day, count: before });
        }
        if !marks.is_empty() {
            let series = self.series.entry(uai.to_owned()).or_default();
            series.insert(what, marks);
        }
    }
}

/// None: those of a flow that begins.
impl Default for Marks {
    fn default() -> Self {
        Self {
            version: VERSION,
            series: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(number: i32) -> Date {
        jiff::civil::date(2026, 9, 1).saturating_add(jiff::Span::new().days(number))
    }

    proptest! {
        /// The marks and what is in force together are the highest count of the window, however it went up and down.
        #[test]
        fn the_highest_is_that_of_all_that_was_in_force(
            counts in proptest::collection::vec(0u64..50, 1..40),
            window in 1i32..20,
        ) {
            let mut marks = Marks::default();
            for (at, pair) in counts.windows(2).enumerate() {
                let now = i32::try_from(at).unwrap() + 1;
                let mut next = Marks::default();
                let since = day(now - window);
                next.carry(&marks, ("", What::People), (pair[0], pair[1]), (day(now), since));
                marks = next;
                // What gave way on day n was in force up to day n; what came that day is in force now.
                let first = usize::try_from((now - window - 1).max(0)).unwrap();
                let wanted = counts[first..=at + 1].iter().max().copied();
                let highest = marks.highest("", What::People, since).map(|mark| mark.count);
                prop_assert_eq!(highest.into_iter().chain([pair[1]]).max(), wanted);
            }
            let text = serde_json::to_vec(&marks).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Marks>(&text).unwrap(), marks);
        }
    }
}
