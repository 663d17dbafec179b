//! Reads a delivery as an import does and keeps nothing of it: what a portal asks before it sends, and what reading costs.
//!
//! Sum, gunzip, tar, XML and the schema are all checked; what needs more than one record (keys, references) is not.

use std::path::Path;

use octroi_directory::Counts;

use crate::archive::{self, Entry};
use crate::error::ImportError;
use crate::import::{Counted, member};
use crate::load::Read;
use crate::log::Log;
use crate::name::ArchiveName;
use crate::options::Options;
use crate::report::{self, Report};
use crate::rule::Observe;
use crate::scan::{self, Found, Position, Sink};
use crate::schema::{RecordKind, RecordType};
use crate::values::Values;
use crate::window::Window;

/// Counts records and lets them go.
struct Reading<'o> {
    log: Log<'o>,
    read: Read,
}

impl Sink for Reading<'_> {
    fn record(
        &mut self,
        record: &'static RecordType,
        _: Position,
        _: &str,
        _: &Values<'_>,
    ) -> Result<(), ImportError> {
        self.read.by_kind[record.kind as usize] += 1;
        if matches!(record.kind, RecordKind::Pupil | RecordKind::Staff) {
            self.read.people_seen += 1;
        }
        self.log.progress.records += 1;
        Ok(())
    }

    fn found(&mut self, found: &Found<'_>) -> Result<(), ImportError> {
        self.log.found(found)
    }

    fn moved(&mut self) -> Result<(), ImportError> {
        self.log.advance()
    }
}

/// Reads the archive at `archive`, whose sum stands in `md5`, to its end. The report's `directory` and `root` are those of no
/// segment.
///
/// # Errors
/// As [`crate::import`], but for what concerns writing.
pub fn validate(
    archive: &Path,
    md5: &Path,
    options: &Options,
    observe: &mut dyn Observe,
) -> Result<Report, ImportError> {
    let file = archive.file_name().and_then(|name| name.to_str());
    let name = file.and_then(ArchiveName::parse).ok_or(ImportError::Name)?;
    let expected = archive::sum(md5)?;
    let mut reading = Reading {
        log: Log::new(observe),
        read: Read::default(),
    };
    let mut window = Window::new();
    let (mut files, mut xml) = (0, 0);
    let sums = archive::read(archive, &name, &options.limits, &mut |entry, read| {
        reading.log.progress.read = read;
        match entry {
            Entry::File {
                name: file,
                kind,
                content,
            } => {
                files += 1;
                reading.log.files.push(file.to_owned());
                let mut content = Counted {
                    inner: content,
                    octets: 0,
                };
                scan::scan(name.degree, kind, &mut window, &mut content, &mut reading)?;
                xml += content.octets;
                reading.log.progress.xml = xml;
                Ok(())
            }
            Entry::Other { name, reason } => {
                reading.log.files.push(name.to_owned());
                reading.log.found(&member(reason))
            }
        }
    })?;
    if sums.md5 != expected {
        return Err(ImportError::Sum {
            expected: report::hex(&expected),
            found: report::hex(&sums.md5),
        });
    }
    reading.log.advance()?;
    Ok(Report {
        ent: name.ent.clone(),
        degree: name.degree,
        delivered: name.delivered,
        source: name.to_string(),
        sha256: report::hex(&sums.sha256),
        packed_octets: sums.packed,
        xml_octets: xml,
        files,
        records: report::records(&reading.read),
        repeated: 0,
        set_aside: report::set_aside(&reading.log),
        directory: Counts::default(),
        root: String::new(),
        segment_octets: 0,
        differences: None,
    })
}
