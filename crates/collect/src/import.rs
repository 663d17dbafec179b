//! One archive from beginning to end: read once, checked, resolved, written as a segment that appears whole or not at all.

use std::io;
use std::path::Path;

use octroi_directory::{Counts, Degree, Head, Segment, SegmentWriter};

use crate::archive::{self, Entry, Sums};
use crate::assemble::assemble;
use crate::error::ImportError;
use crate::load::{Load, Read};
use crate::log::Log;
use crate::name::ArchiveName;
use crate::options::Options;
use crate::report::{self, Report};
use crate::rule::{Loss, Observe, Rule};
use crate::scan::{self, Found, Position, Sink};
use crate::window::Window;

/// How an import ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The segment stands at the path that was asked for. Putting it in force is another step.
    Imported(Report),
    /// The delivery names nobody: it is legal and means "nothing to send" (F4). No segment was written.
    Nothing(Report),
}

impl Outcome {
    /// What there is to tell.
    #[must_use]
    pub fn report(&self) -> &Report {
        match self {
            Self::Imported(report) | Self::Nothing(report) => report,
        }
    }
}

/// Imports the archive at `archive`, whose sum stands in `md5`, into a segment at `out`.
///
/// The name of the archive says whose it is and when it was made. Nothing stands at `out` before everything was read, the
/// sum matched and the segment is durable; an error leaves nothing behind.
pub fn import(
    archive: &Path,
    md5: &Path,
    out: &Path,
    options: &Options,
    observe: &mut dyn Observe,
) -> Result<Outcome, ImportError> {
    let file = archive.file_name().and_then(|name| name.to_str());
    let name = file.and_then(ArchiveName::parse).ok_or(ImportError::Name)?;
    let expected = archive::sum(md5)?;
    let from = std::fs::File::open(archive).map_err(|error| ImportError::read(archive, error))?;
    let total = from
        .metadata()
        .map_err(|error| ImportError::read(archive, error))?
        .len();
    let from = (Box::new(from) as Box<dyn io::Read>, total);
    run(from, &name, Some(expected), out, options, observe)
}

/// The same from anything that can be read, `total` octets long, whose sum the caller has compared already: an archive that
/// lies encrypted, for instance. Errors of `from` are told as those of a damaged gzip stream.
pub fn import_from(
    from: &mut dyn io::Read,
    total: u64,
    name: &ArchiveName,
    out: &Path,
    options: &Options,
    observe: &mut dyn Observe,
) -> Result<Outcome, ImportError> {
    run((Box::new(from), total), name, None, out, options, observe)
}

fn run(
    (from, total): (Box<dyn io::Read + '_>, u64),
    name: &ArchiveName,
    expected: Option<[u8; 16]>,
    out: &Path,
    options: &Options,
    observe: &mut dyn Observe,
) -> Result<Outcome, ImportError> {
    let mut log = Log::new(observe);
    log.progress.total = total;
    let mut load = Load::new(name.degree, options, log);
    let mut window = Window::new();
    let mut files = 0;
    let place = Path::new("the archive");
    let sums = archive::read_from(from, place, name, &options.limits, &mut |entry, read| {
        load.log.progress.read = read;
        file_of(entry, name.degree, &mut load, &mut window, &mut files)
    })?;
    if let Some(expected) = expected {
        matches(expected, &sums)?;
    }
    load.log.progress.read = sums.packed;
    load.log.advance()?;
    let mut report = report(name, &sums, files, &load.log, &load.read);
    if load.read.people_seen == 0 {
        return Ok(Outcome::Nothing(report));
    }
    let seen = load.read.people_seen;
    let head = Head {
        ent: name.ent.clone(),
        degree: name.degree,
        delivered: name.delivered,
        sequence: 0,
        source: sums.sha256,
    };
    let previous = previous(options)?;
    let writer = SegmentWriter::create(out, head)?.within(&options.room);
    let done = assemble(load, options.levels, None, writer, |counts| {
        if counts.people == 0 {
            return Err(ImportError::NobodyLeft { read: seen });
        }
        Ok(())
    })?;
    report.repeated = done.read.repeated;
    report.set_aside = report::set_aside(&done.log);
    report.directory = done.written.counts;
    report.root = report::hex(&done.written.root);
    report.segment_octets = done.written.length;
    report.differences = differences(previous.as_ref(), out)?;
    Ok(Outcome::Imported(report))
}

pub(crate) fn previous(options: &Options) -> Result<Option<Segment>, ImportError> {
    let previous = options.previous.as_deref();
    previous
        .map(|path| Segment::open(path).map_err(ImportError::Previous))
        .transpose()
}

pub(crate) fn differences(
    previous: Option<&Segment>,
    out: &Path,
) -> Result<Option<octroi_directory::Differences>, ImportError> {
    let Some(previous) = previous else {
        return Ok(None);
    };
    let segment = Segment::open(out).map_err(ImportError::Previous)?;
    let differences = octroi_directory::compare(previous, &segment, &mut |_, _, _| {});
    differences.map(Some).map_err(ImportError::Previous)
}

/// Takes records, and has a log.
pub(crate) trait Logged<'o>: Sink {
    fn log(&mut self) -> &mut Log<'o>;
}

impl<'o> Logged<'o> for Load<'o> {
    fn log(&mut self) -> &mut Log<'o> {
        &mut self.log
    }
}

pub(crate) fn matches(expected: [u8; 16], sums: &Sums) -> Result<(), ImportError> {
    if sums.md5 == expected {
        return Ok(());
    }
    Err(ImportError::Sum {
        expected: report::hex(&expected),
        found: report::hex(&sums.md5),
    })
}

/// The report of an archive of which nothing was written yet.
pub(crate) fn report(
    name: &ArchiveName,
    sums: &Sums,
    files: u64,
    log: &Log<'_>,
    read: &Read,
) -> Report {
    Report {
        ent: name.ent.clone(),
        degree: name.degree,
        delivered: name.delivered,
        source: name.to_string(),
        sha256: report::hex(&sums.sha256),
        packed_octets: sums.packed,
        xml_octets: log.progress.xml,
        files,
        records: report::records(read),
        repeated: read.repeated,
        set_aside: report::set_aside(log),
        directory: Counts::default(),
        root: String::new(),
        segment_octets: 0,
        differences: None,
    }
}

/// Reads an entry of the archive.
pub(crate) fn file_of<'o>(
    entry: Entry<'_>,
    degree: Degree,
    sink: &mut dyn Logged<'o>,
    window: &mut Window,
    files: &mut u64,
) -> Result<(), ImportError> {
    match entry {
        Entry::File {
            name,
            kind,
            content,
        } => {
            *files += 1;
            let log = sink.log();
            log.files.push(name.to_owned());
            let before = log.progress.xml;
            let mut content = Counted {
                inner: content,
                octets: 0,
            };
            scan::scan(degree, kind, window, &mut content, sink)?;
            sink.log().progress.xml = before + content.octets;
            Ok(())
        }
        Entry::Other { name, reason } => {
            sink.log().files.push(name.to_owned());
            sink.log().found(&Found {
                at: Position {
                    offset: 0,
                    record: 0,
                },
                element: "",
                rule: Rule::Member,
                reason,
                loss: Loss::File,
                raw: "",
            })
        }
    }
}

/// A file of an archive, and how long it is so far.
struct Counted<'r> {
    inner: &'r mut dyn std::io::Read,
    octets: u64,
}

impl std::io::Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.inner.read(into)?;
        self.octets += length as u64;
        Ok(length)
    }
}
