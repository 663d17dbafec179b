//! Differences between full loads: our own format, for portals that can (F8). `docs/collect-delta.md` is its description.
//!
//! The records are those of an archive, one a line; what they mean is `octroi_collect`'s business. Here is what makes them
//! a sequence: a header that says on which full load the file builds and which number it has, and a last line that
//! says that the file is whole. Lines and file are bounded.
//!
//! Must never: let half a file be applied, or one whose number does not follow; repeat what stands in a line.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use octroi_collect::Amendment;
use octroi_directory::{Degree, Head, Stamp};
use serde::Deserialize;

/// The format that is read.
pub const FORMAT: &str = "octroi-delta-1";
/// The longest line.
const LONGEST_LINE: u64 = 1 << 20;
/// The longest file, uncompressed.
const LONGEST: u64 = 16 << 30;

/// Why a file of differences is refused.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// It cannot be read: cut off, or no gzip.
    #[error("behind line {line}: {error}")]
    Read {
        /// Lines before it were read.
        line: u64,
        /// Why.
        error: io::Error,
    },
    /// A line breaks the format.
    #[error("line {line}: {what}")]
    Form {
        /// Which, from 1.
        line: u64,
        /// What is wrong; never what stands there.
        what: String,
    },
    /// It is of another portal or flow than its name says.
    #[error("the header is of another portal or flow than the name of the file")]
    Other,
    /// It does not follow on what is in force.
    #[error(
        "it is number {found} on the full load of {found_base}; number {wanted} on that of {wanted_base} is due"
    )]
    Gap {
        /// The number in its header.
        found: u64,
        /// The full load in its header.
        found_base: Stamp,
        /// The number that would follow.
        wanted: u64,
        /// The full load in force.
        wanted_base: Stamp,
    },
}

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`]
    pub format: String,
    /// The ENT project.
    pub ent: String,
    /// The flow.
    pub degree: Degree,
    /// The date in the name of the full load that this builds on.
    pub base: Stamp,
    /// 1 for the first file after the full load, then one more each time.
    pub sequence: u64,
}

impl Header {
    /// Whether the file is the next on what is in force.
    ///
    /// # Errors
    /// [`DeltaError::Other`] or [`DeltaError::Gap`].
    pub fn follows(&self, head: &Head) -> Result<(), DeltaError> {
        if self.ent != head.ent || self.degree != head.degree {
            return Err(DeltaError::Other);
        }
        let wanted = head.sequence.saturating_add(1);
        if self.base != head.delivered || self.sequence != wanted {
            return Err(DeltaError::Gap {
                found: self.sequence,
                found_base: self.base,
                wanted,
                wanted_base: head.delivered,
            });
        }
        Ok(())
    }
}

/// One change.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change<'l> {
    /// A record as it would stand in an archive.
    #[serde(borrow)]
    Record(Cow<'l, str>),
    /// Something goes.
    #[serde(borrow)]
    Remove(Remove<'l>),
}

/// What goes.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Remove<'l> {
    /// A person, by identifier.
    #[serde(borrow)]
    Person(Cow<'l, str>),
    /// An assignment manager, by identifier.
    Manager(Cow<'l, str>),
    /// A school with everything in it, by UAI.
    School(Cow<'l, str>),
    /// A class or group.
    Group(GroupKey<'l>),
}

/// What names a class or group.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupKey<'l> {
    /// Its school.
    #[serde(borrow)]
    uai: Cow<'l, str>,
    /// Its code.
    code: Cow<'l, str>,
}

impl Change<'_> {
    /// The change as the importer takes it; `source` is the name of the file.
    #[must_use]
    pub fn amendment<'c>(&'c self, source: &'c str) -> Amendment<'c> {
        match self {
            Self::Record(raw) => Amendment::Record { source, raw },
            Self::Remove(Remove::Person(id)) => Amendment::RemovePerson(id),
            Self::Remove(Remove::Manager(id)) => Amendment::RemoveManager(id),
            Self::Remove(Remove::School(uai)) => Amendment::RemoveSchool(uai),
            Self::Remove(Remove::Group(group)) => Amendment::RemoveGroup {
                uai: &group.uai,
                code: &group.code,
            },
        }
    }
}

/// Somebody: managers are told apart from people, as in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Whom {
    manager: bool,
    id: String,
}

impl Change<'_> {
    /// Whom the change speaks of as a whole: what was said of them before counts no more.
    pub(super) fn whom(&self) -> Option<Whom> {
        let named = |manager, id: &str| {
            let id = id.to_owned();
            Some(Whom { manager, id })
        };
        match self {
            Self::Record(raw) if PEOPLE.contains(&element(raw)) => whom(raw),
            Self::Remove(Remove::Person(id)) => named(false, id),
            Self::Remove(Remove::Manager(id)) => named(true, id),
            _ => None,
        }
    }
}

/// The elements that say everything of somebody.
const PEOPLE: [&str; 3] = ["GAREleve", "GAREnseignant", "GARRespAff"];

/// The local name of a record's element.
fn element(raw: &str) -> &str {
    let name = raw.trim_start().trim_start_matches('<');
    let name = name.split(['>', '/', ' ', '\t', '\r', '\n']).next();
    let name = name.unwrap_or_default();
    name.split_once(':').map_or(name, |(_, local)| local)
}

/// Whose record this is, or whose relation.
pub(super) fn whom(raw: &str) -> Option<Whom> {
    let (_, rest) = raw.split_once("GARPersonIdentifiant")?;
    let (id, _) = rest.split_once('>')?.1.split_once('<')?;
    let mut id = id.trim().to_owned();
    for (reference, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        if id.contains('&') {
            id = id.replace(reference, character);
        }
    }
    Some(Whom {
        manager: element(raw) == "GARRespAff",
        id,
    })
}

/// The last line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    end: u64,
}

/// A file of differences, read line by line.
pub struct Delta<R> {
    from: io::Take<BufReader<MultiGzDecoder<R>>>,
    line: Vec<u8>,
    number: u64,
    header: Header,
}

impl<R: Read> Delta<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`DeltaError`]
    pub fn begin(from: R) -> Result<Self, DeltaError> {
        let mut delta = Self {
            from: BufReader::with_capacity(1 << 16, MultiGzDecoder::new(from)).take(LONGEST),
            line: Vec::new(),
            number: 0,
            header: Header {
                format: String::new(),
                ent: String::new(),
                degree: Degree::Second,
                base: Stamp::default(),
                sequence: 0,
            },
        };
        if !delta.advance()? {
            return Err(delta.form("the file is empty"));
        }
        delta.header = serde_json::from_slice(&delta.line).map_err(|error| delta.json(&error))?;
        if delta.header.format != FORMAT {
            return Err(delta.form(format!("the format is not {FORMAT}")));
        }
        Ok(delta)
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How many changes were read.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.number.saturating_sub(2)
    }

    /// The next change; `None` when the file has ended as it should. Only then may anything be put in force.
    ///
    /// # Errors
    /// [`DeltaError`]
    #[expect(
        clippy::should_implement_trait,
        reason = "the change is borrowed until the next call"
    )]
    pub fn next(&mut self) -> Result<Option<Change<'_>>, DeltaError> {
        if !self.advance()? {
            return Err(self.form("the file ends without its last line"));
        }
        if self.line.starts_with(b"{\"end\"") {
            let end: End = serde_json::from_slice(&self.line).map_err(|error| self.json(&error))?;
            let changes = self.changes();
            if end.end != changes {
                return Err(self.form(format!("the last line does not count {changes} changes")));
            }
            if self.advance()? {
                return Err(self.form("something follows the last line"));
            }
            return Ok(None);
        }
        let change = serde_json::from_slice(&self.line).map_err(|error| self.json(&error))?;
        Ok(Some(change))
    }

    /// Reads the next line; false at the end.
    fn advance(&mut self) -> Result<bool, DeltaError> {
        self.line.clear();
        let read = (&mut self.from)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut self.line)
            .map_err(|error| DeltaError::Read {
                line: self.number,
                error,
            })?;
        if read == 0 {
            return Ok(false);
        }
        self.number += 1;
        if self.line.pop() != Some(b'\n') {
            return Err(self.form("the line has no end, or more than 1 MiB"));
        }
        Ok(true)
    }

    fn form(&self, what: impl Into<String>) -> DeltaError {
        DeltaError::Form {
            line: self.number,
            what: what.into(),
        }
    }

    /// serde's words may repeat what stands in the line: only the kind of error and the column are told.
    fn json(&self, error: &serde_json::Error) -> DeltaError {
        use serde_json::error::Category;
        let column = error.column();
        self.form(match error.classify() {
            Category::Syntax => format!("no JSON at column {column}"),
            Category::Eof => "the JSON object does not end".to_owned(),
            _ => format!("a field is unknown, missing or of another type, at column {column}"),
        })
    }
}

impl<R> std::fmt::Debug for Delta<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delta(line {})", self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const HEADER: &str = r#"{"format":"octroi-delta-1","ent":"B0","degree":"2D","base":"20261127_020000","sequence":3}"#;

    fn packed(text: &str) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    fn read(packed: &[u8]) -> Result<Vec<String>, DeltaError> {
        let mut delta = Delta::begin(packed)?;
        let mut changes = Vec::new();
        while let Some(change) = delta.next()? {
            changes.push(format!("{:?}", change.amendment("f")));
        }
        assert_eq!(delta.changes(), changes.len() as u64);
        Ok(changes)
    }

    fn whole() -> Vec<u8> {
        packed(&format!(
            "{HEADER}\n{}\n{}\n{}\n{}\n",
            r#"{"record":"<men:GAREtab>é \u00e9 \" </men:GAREtab>"}"#,
            r#"{"remove":{"person":"p1"}}"#,
            r#"{"remove":{"group":{"uai":"0350000A","code":"C1"}}}"#,
            r#"{"end":3}"#
        ))
    }

    #[test]
    fn changes_are_read_as_they_stand() {
        let changes = read(&whole()).unwrap();
        assert!(changes[0].contains("é é"), "{changes:?}");
        assert_eq!(changes[1], "RemovePerson(\"p1\")");
        assert_eq!(changes.len(), 3);
    }

    #[test]
    fn a_file_cut_at_any_octet_is_refused() {
        let whole = whole();
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn lines_that_break_the_format_are_told_without_their_content() {
        for (line, wanted) in [
            (r#"{"end":1}"#, "does not count 0 changes"),
            (r#"{"remove":{"pupil":"Secret"}}"#, "a field is unknown"),
            (r#"{"record":"Secret","remove":{}}"#, "line 2"),
            (r#"{"record":Secret}"#, "no JSON"),
            ("", "the JSON object does not end"),
        ] {
            let told = read(&packed(&format!("{HEADER}\n{line}\n")))
                .unwrap_err()
                .to_string();
            assert!(told.contains(wanted), "{line}: {told}");
            assert!(!told.contains("Secret"), "{told}");
        }
        let more = packed(&format!("{HEADER}\n{{\"end\":0}}\n{{\"end\":0}}\n"));
        assert!(
            read(&more)
                .unwrap_err()
                .to_string()
                .contains("follows the last line")
        );
        let other = HEADER.replace("delta-1", "delta-2");
        assert!(Delta::begin(&packed(&format!("{other}\n"))[..]).is_err());
    }

    #[test]
    fn a_file_follows_only_on_the_one_before_it() {
        let whole = whole();
        let header = Delta::begin(&whole[..]).unwrap().header().clone();
        let head = |delivered: &str, sequence| Head {
            ent: "B0".to_owned(),
            degree: Degree::Second,
            delivered: delivered.parse().unwrap(),
            sequence,
            source: [0; 32],
        };
        assert!(header.follows(&head("20261127_020000", 2)).is_ok());
        for (base, sequence) in [
            ("20261127_020000", 1),
            ("20261127_020000", 3),
            ("20261126_020000", 2),
        ] {
            let error = header.follows(&head(base, sequence)).unwrap_err();
            assert!(matches!(error, DeltaError::Gap { .. }), "{error}");
        }
        let other = Head {
            degree: Degree::First,
            ..head("20261127_020000", 2)
        };
        assert!(matches!(header.follows(&other), Err(DeltaError::Other)));
    }
}
