//! Reads one file of an archive: finds its records, checks each, hands them on.
//!
//! The parser sees a window and begins again at the record that did not fit; so it borrows everything and
//! copies nothing. No DTD, no entity but the five, no external anything. What breaks a record breaks it alone;
//! what breaks the file loses what follows.

use std::borrow::Cow;
use std::io::Read;

use octroi_directory::Degree;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use crate::check::{Check, MAX_DEPTH};
use crate::error::ImportError;
use crate::name::FileKind;
use crate::names::{Names, binding, prefix_of, record_name};
use crate::rule::{Loss, Rule};
use crate::schema::{FileType, RecordType, namespace};
use crate::values::Values;
use crate::window::{Stuck, Window};

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) offset: u64,
    pub(crate) record: u64,
}

/// What is set aside while a file is read.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    pub(crate) at: Position,
    pub(crate) element: &'static str,
    pub(crate) rule: Rule,
    pub(crate) reason: &'a str,
    pub(crate) loss: Loss,
    pub(crate) raw: &'a str,
}

/// Who takes the records of a file.
pub(crate) trait Sink {
    /// A record that its schema allows.
    fn record(
        &mut self,
        record: &'static RecordType,
        at: Position,
        raw: &str,
        values: &Values<'_>,
    ) -> Result<(), ImportError>;

    /// Something that was set aside.
    fn found(&mut self, found: &Found<'_>) -> Result<(), ImportError>;

    /// The window moved on.
    fn moved(&mut self) -> Result<(), ImportError>;
}

/// Reads a file of the kind `kind` to its end.
pub(crate) fn scan(
    degree: Degree,
    kind: FileKind,
    window: &mut Window,
    from: &mut dyn Read,
    sink: &mut dyn Sink,
) -> Result<(), ImportError> {
    let mut scan = Scan::new(degree, FileType::of(degree, kind));
    window.restart();
    let mut used = 0;
    loop {
        match window.slide(used, from) {
            Ok(()) => {}
            Err(Stuck::Io(error)) => return Err(ImportError::reading(error)),
            Err(Stuck::Encoding(name)) => {
                let reason = format!("the encoding {name:?} is not read");
                return scan.lose(sink, 0, Rule::Encoding, &reason, Loss::File, "");
            }
            Err(Stuck::Full) => {
                let reason = "a record or a piece between records of more than 1 MiB";
                let at = window.offset();
                return scan.lose(sink, at, Rule::RecordSize, reason, Loss::RestOfFile, "");
            }
        }
        scan.offset = window.offset();
        sink.moved()?;
        match scan.window(window.text(), window.ended(), sink)? {
            Some(octets) if !window.ended() => used = octets,
            _ => return Ok(()),
        }
    }
}

/// Whether a text begins like a record of an archive.
pub(crate) fn is_record(degree: Degree, raw: &str) -> bool {
    FileType::record(degree, record_name(raw).1).is_some()
}

/// Reads one record that stands alone, as it was set aside. Its prefix means the schema's namespace.
pub(crate) fn scan_record(
    degree: Degree,
    raw: &str,
    sink: &mut dyn Sink,
) -> Result<(), ImportError> {
    let (prefix, local) = record_name(raw);
    if let Some((file, _)) = FileType::record(degree, local) {
        let mut scan = Scan::new(degree, file);
        scan.place = Place::Inside;
        scan.names.bound = prefix_of(prefix);
        scan.alone = true;
        scan.window(raw, true, sink)?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Before,
    Inside,
    After,
}

struct Scan {
    file: &'static FileType,
    names: Names,
    place: Place,
    /// The name of the root as it was written.
    root: String,
    /// Where the window begins.
    offset: u64,
    /// Records that ended.
    records: u64,
    /// The kind of the last record, as its place in the schema.
    rank: usize,
    order_told: bool,
    /// Whether a single record is read, without a root.
    alone: bool,
}

/// The record at hand.
struct Open<'w> {
    start: usize,
    record: Option<&'static RecordType>,
    /// A prefix that the record itself binds to the schema's namespace.
    own: Option<String>,
    names: [&'w str; MAX_DEPTH],
    depth: usize,
}

impl Scan {
    fn new(degree: Degree, file: &'static FileType) -> Self {
        Self {
            file,
            names: Names::new(namespace(degree)),
            place: Place::Before,
            root: String::new(),
            offset: 0,
            records: 0,
            rank: 0,
            order_told: false,
            alone: false,
        }
    }

    /// Tells what is lost from `at` on.
    fn lose(
        &mut self,
        sink: &mut dyn Sink,
        offset: u64,
        rule: Rule,
        reason: &str,
        loss: Loss,
        raw: &str,
    ) -> Result<(), ImportError> {
        sink.found(&Found {
            at: Position { offset, record: 0 },
            element: "",
            rule,
            reason,
            loss,
            raw,
        })
    }

    /// Reads what the window shows and answers how many octets are done with; `None` when the rest of the file is lost.
    fn window<'w>(
        &mut self,
        text: &'w str,
        last: bool,
        sink: &mut dyn Sink,
    ) -> Result<Option<usize>, ImportError> {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        config.expand_empty_elements = true;
        let mut check = Check::new();
        let mut open: Option<Open<'w>> = None;
        // Everything before this octet is done with.
        let mut done = 0;
        if text.starts_with('\u{feff}') {
            // The parser would take it for a mark of the encoding and skip it.
            let (at, loss) = (self.offset, self.loss());
            let reason = "text outside of records";
            self.lose(sink, at, Rule::WellFormed, reason, loss, "")?;
            return Ok(None);
        }
        loop {
            let before = reader.buffer_position() as usize;
            let event = reader.read_event();
            let after = reader.buffer_position() as usize;
            let begin = open.as_ref().map_or(before, |open| open.start);
            macro_rules! lost {
                ($rule:expr, $reason:expr) => {{
                    let (at, loss) = (self.offset + begin as u64, self.loss());
                    // What is handed over is bounded by the window.
                    self.lose(sink, at, $rule, $reason, loss, &text[begin..])?;
                    return Ok(None);
                }};
            }
            match event {
                Ok(Event::Text(piece)) => {
                    if after == text.len() && !last {
                        return Ok(Some(done));
                    }
                    let Cow::Borrowed(piece) = piece.into_inner() else {
                        lost!(Rule::WellFormed, "text that does not stand in the file");
                    };
                    if open.is_some() {
                        if piece.contains('&') {
                            check.fault(Rule::WellFormed, || "a stray &".to_owned());
                        }
                        check.text(piece);
                        continue;
                    }
                    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
                    if !piece.chars().all(blank) {
                        lost!(Rule::WellFormed, "text outside of records");
                    }
                }
                Ok(Event::Start(start)) => {
                    let name = &text[before + 1..before + 1 + start.name().into_inner().len()];
                    if let Some(open) = &mut open {
                        if open.depth == MAX_DEPTH {
                            lost!(Rule::Depth, "elements nested too deep");
                        }
                        open.names[open.depth] = name;
                        open.depth += 1;
                        let local = self
                            .names
                            .local(name, &start, open.own.as_deref(), &mut check);
                        check.start(local);
                        continue;
                    }
                    match self.place {
                        Place::Inside => {
                            open = Some(self.open(name, before, &start, &mut check));
                            continue;
                        }
                        Place::Before => {
                            if let Err((rule, reason)) = self.begin(name, &start) {
                                lost!(rule, reason);
                            }
                            if start
                                .attributes()
                                .flatten()
                                .all(|a| a.key.into_inner() != "Version")
                            {
                                let at = self.offset + before as u64;
                                let reason = "the root has no Version";
                                self.lose(sink, at, Rule::Version, reason, Loss::None, "")?;
                            }
                        }
                        Place::After => lost!(Rule::WellFormed, "an element after the root"),
                    }
                }
                Ok(Event::End(end)) => {
                    let name = end.name().into_inner();
                    let Some(record) = &mut open else {
                        if self.place != Place::Inside || self.alone || name != self.root {
                            lost!(Rule::WellFormed, "an end tag without its start");
                        }
                        self.place = Place::After;
                        done = after;
                        continue;
                    };
                    record.depth -= 1;
                    if record.names[record.depth] != name {
                        lost!(Rule::WellFormed, "an end tag that does not fit its start");
                    }
                    check.end();
                    if record.depth > 0 {
                        continue;
                    }
                    let (kind, start) = (record.record, record.start);
                    open = None;
                    self.records += 1;
                    self.close(kind, start, &text[start..after], &mut check, sink)?;
                }
                Ok(Event::CData(piece)) => {
                    let Cow::Borrowed(piece) = piece.into_inner() else {
                        lost!(Rule::WellFormed, "text that does not stand in the file");
                    };
                    if open.is_none() {
                        lost!(Rule::WellFormed, "text outside of records");
                    }
                    check.text(piece);
                    continue;
                }
                Ok(Event::GeneralRef(reference)) => {
                    if open.is_none() {
                        lost!(Rule::WellFormed, "text outside of records");
                    }
                    let character = match &*reference {
                        "amp" => Some('&'),
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => reference.resolve_char_ref().ok().flatten(),
                    };
                    match character {
                        Some(character) => check.character(character),
                        None => check.fault(Rule::WellFormed, || {
                            "a reference that is not one of XML's own".to_owned()
                        }),
                    }
                    continue;
                }
                Ok(Event::Decl(_)) => {
                    if self.offset + before as u64 > 3 || self.place != Place::Before {
                        lost!(
                            Rule::WellFormed,
                            "an XML declaration that is not at the beginning"
                        );
                    }
                }
                Ok(Event::DocType(_)) => lost!(Rule::Dtd, "a DOCTYPE"),
                Ok(Event::Comment(_) | Event::PI(_)) => {
                    if open.is_some() {
                        continue;
                    }
                }
                Ok(Event::Empty(_)) => lost!(Rule::WellFormed, "not well-formed"),
                Ok(Event::Eof) => {
                    if !last {
                        return Ok(Some(done));
                    }
                    if open.is_some() || !(self.place == Place::After || self.alone) {
                        lost!(Rule::WellFormed, "the file ends before its root does");
                    }
                    return Ok(Some(after));
                }
                Err(error) => {
                    if !last {
                        return Ok(Some(done));
                    }
                    // The words of a syntax error name markup, never text.
                    let _ = error;
                    lost!(Rule::WellFormed, "not well-formed");
                }
            }
            done = after;
        }
    }

    /// What is lost when the file breaks here.
    fn loss(&self) -> Loss {
        match self.place {
            Place::Before => Loss::File,
            Place::Inside => Loss::RestOfFile,
            Place::After => Loss::None,
        }
    }

    /// The root begins.
    fn begin(&mut self, name: &str, start: &BytesStart<'_>) -> Result<(), (Rule, &'static str)> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let bound = binding(start, prefix).map_err(|_| {
            (
                Rule::WellFormed,
                "attributes of the root that are not well-formed",
            )
        })?;
        if bound.as_deref() != Some(self.names.uri) {
            return Err((
                Rule::Root,
                "the root is not in the namespace of the archive's degree",
            ));
        }
        if local != self.file.root {
            return Err((
                Rule::Root,
                "the root is not the one that the file's name promises",
            ));
        }
        self.names.bound = prefix_of(prefix);
        self.root = name.to_owned();
        self.place = Place::Inside;
        Ok(())
    }

    /// A record begins.
    fn open<'w>(
        &self,
        name: &'w str,
        at: usize,
        start: &BytesStart<'_>,
        check: &mut Check<'w>,
    ) -> Open<'w> {
        let mut open = Open {
            start: at,
            record: None,
            own: None,
            names: [""; MAX_DEPTH],
            depth: 1,
        };
        open.names[0] = name;
        check.begin(&[]);
        if !start.attributes_raw().is_empty() {
            let (prefix, _) = name.split_once(':').unwrap_or(("", name));
            if let Ok(Some(bound)) = binding(start, prefix)
                && bound == self.names.uri
            {
                open.own = Some(prefix_of(prefix));
            }
        }
        let local = self.names.local(name, start, open.own.as_deref(), check);
        let known = |local: &str| self.file.records.iter().find(|record| record.name == local);
        match local.and_then(known) {
            Some(record) => {
                open.record = Some(record);
                let fault = check.fault.take();
                check.begin(record.fields);
                check.fault = fault;
            }
            None => check.fault(Rule::UnexpectedElement, || {
                format!("not a record of {}", self.file.root)
            }),
        }
        open
    }

    /// A record ended.
    fn close<'w>(
        &mut self,
        record: Option<&'static RecordType>,
        start: usize,
        raw: &str,
        check: &mut Check<'w>,
        sink: &mut dyn Sink,
    ) -> Result<(), ImportError> {
        let at = Position {
            offset: self.offset + start as u64,
            record: self.records,
        };
        let element = record.map_or("", |record| record.name);
        if let Some(fault) = check.fault.take() {
            return sink.found(&Found {
                at,
                element,
                rule: fault.rule,
                reason: &fault.reason,
                loss: Loss::Record,
                raw,
            });
        }
        let Some(record) = record else {
            return Ok(());
        };
        let same = |known: &RecordType| std::ptr::eq(known, record);
        let rank = self.file.records.iter().position(same).unwrap_or(0);
        if rank < self.rank && !self.order_told {
            self.order_told = true;
            sink.found(&Found {
                at,
                element,
                rule: Rule::Order,
                reason: "a kind of record after one that the schema puts behind it",
                loss: Loss::None,
                raw: "",
            })?;
        }
        self.rank = self.rank.max(rank);
        sink.record(record, at, raw, &check.values)
    }
}

#[cfg(test)]
mod tests;
