//! Reads a delivery as an import does and keeps nothing of it: what a portal asks before it sends, and what reading costs.
//!
//! Sum, gunzip, tar, XML and the schema are all checked; what needs more than one record (keys, references) is not.

use std::path::Path;

use crate::archive;
use crate::error::ImportError;
use crate::import::{Logged, file_of, matches, report};
use crate::load::Read;
use crate::log::Log;
use crate::name::ArchiveName;
use crate::options::Options;
use crate::report::Report;
use crate::rule::Observe;
use crate::scan::{Found, Position, Sink};
use crate::schema::RecordType;
use crate::values::Values;
use crate::window::Window;

/// Reads an archive and checks each record against its schema, without looking at what records refer to and without writing
/// anything. For a portal's developers, and for measuring.
pub fn validate(
    archive: &Path,
    md5: &Path,
    options: &Options,
    observe: &mut dyn Observe,
) -> Result<Report, ImportError> {
    let file = archive.file_name().and_then(|name| name.to_str());
    let name = file.and_then(ArchiveName::parse).ok_or(ImportError::Name)?;
    let expected = archive::sum(md5)?;
    let mut read = Checked {
        log: Log::new(observe),
        read: Read::default(),
    };
    let mut window = Window::new();
    let mut files = 0;
    let sums = archive::read(archive, &name, &options.limits, &mut |entry, octets| {
        read.log.progress.read = octets;
        file_of(entry, name.degree, &mut read, &mut window, &mut files)
    })?;
    matches(expected, &sums)?;
    read.log.advance()?;
    Ok(report(&name, &sums, files, &read.log, &read.read))
}

/// Only counts.
struct Checked<'o> {
    log: Log<'o>,
    read: Read,
}

impl Sink for Checked<'_> {
    fn record(
        &mut self,
        record: &'static RecordType,
        _at: Position,
        _raw: &str,
        _values: &Values<'_>,
    ) -> Result<(), ImportError> {
        self.read.by_kind[record.kind as usize] += 1;
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

impl<'o> Logged<'o> for Checked<'o> {
    fn log(&mut self) -> &mut Log<'o> {
        &mut self.log
    }
}
