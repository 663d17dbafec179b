//! A small load over a segment: records that were set aside and are tried again, or the changes of a differential mode.
//!
//! The result is a new segment; the one beneath is not touched. Records mean what they mean in an archive; they may refer
//! to what the segment beneath holds.

use std::collections::BTreeSet;
use std::path::Path;

use octroi_directory::{Counts, CourseKind, Head, Room, Segment, SegmentWriter};

use crate::assemble::{Beneath, Translation, assemble};
use crate::error::ImportError;
use crate::load::Load;
use crate::log::Log;
use crate::options::{Levels, Options};
use crate::report::{self, Report};
use crate::rule::{Loss, Observe, Rule};
use crate::scan::{self, Found, Position};
use crate::tables::{Defined, GroupSaid, MefSaid};

/// What a record of a person does to what is known of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// It adds schools and profiles; names stay as they are. For records that are tried again.
    Add,
    /// It takes the place of everything that was known of the person, with all relations, which must be sent with it. For
    /// changes.
    Replace,
}

/// One piece of a small load, in any order.
#[derive(Debug, Clone, Copy)]
pub enum Amendment<'a> {
    /// A record as it stood in a file, or as it was set aside: `<men:GAREleve>…</men:GAREleve>`. A school, group or course
    /// with a known key takes the place of what was known.
    Record {
        /// What the caller calls its source: a file, a change.
        source: &'a str,
        /// The record.
        raw: &'a str,
    },
    /// A person leaves.
    RemovePerson(&'a str),
    /// An assignment manager leaves.
    RemoveManager(&'a str),
    /// A class or group is dissolved.
    RemoveGroup {
        /// Its school.
        uai: &'a str,
        /// Its code.
        code: &'a str,
    },
    /// A school leaves, with its groups and courses. People who are in no other school leave with it.
    RemoveSchool(&'a str),
}

/// A small load that is being collected over a segment.
pub struct Amend<'b, 'o> {
    base: &'b Segment,
    meaning: Meaning,
    levels: Levels,
    load: Load<'o>,
    removed_schools: BTreeSet<u32>,
    removed_groups: BTreeSet<u32>,
    octets: u64,
    room: Room,
}

impl<'b, 'o> Amend<'b, 'o> {
    /// Begins a small load over `base`. [`Options::previous`] plays no part: differences are told against `base`.
    pub fn new(
        base: &'b Segment,
        meaning: Meaning,
        options: &Options,
        observe: &'o mut dyn Observe,
    ) -> Result<Self, ImportError> {
        let mut load = Load::new(base.head().degree, options, Log::new(observe));
        preload(base, &mut load)?;
        Ok(Self {
            base,
            meaning,
            levels: options.levels,
            load,
            removed_schools: BTreeSet::new(),
            removed_groups: BTreeSet::new(),
            octets: 0,
            room: options.room.clone(),
        })
    }

    /// Takes one piece, in any order. What it removes is removed after all records were taken, but for people: somebody who
    /// is removed and sent anew is there, as sent.
    pub fn apply(&mut self, amendment: Amendment<'_>) -> Result<(), ImportError> {
        let load = &mut self.load;
        match amendment {
            Amendment::Record { source, raw } => {
                self.octets += raw.len() as u64;
                record(load, source, raw)?;
            }
            // Nobody has an empty identifier.
            Amendment::RemovePerson("") | Amendment::RemoveManager("") => {}
            Amendment::RemovePerson(id) => load.remove(id, false)?,
            Amendment::RemoveManager(id) => load.remove(id, true)?,
            Amendment::RemoveGroup { uai, code } => {
                let school = load.tables.schools.find(0, uai);
                let group = school.and_then(|school| load.tables.groups.find(school, code));
                self.removed_groups.extend(group);
            }
            Amendment::RemoveSchool(uai) => {
                self.removed_schools
                    .extend(load.tables.schools.find(0, uai));
            }
        }
        Ok(())
    }

    /// Writes the new segment to `out`, as durable and as sudden as after [`crate::import`]. Other than after a full import
    /// it may be empty: removing the last person is a legal change. `source` is what the report calls this load.
    pub fn finish(self, head: Head, source: &str, out: &Path) -> Result<Report, ImportError> {
        let mut load = self.load;
        for school in self.removed_schools {
            load.tables.schools.known[school as usize] = None;
        }
        for group in self.removed_groups {
            load.tables.groups.known[group as usize] = None;
        }
        let mut report = Report {
            ent: head.ent.clone(),
            degree: head.degree,
            delivered: head.delivered,
            source: source.to_owned(),
            sha256: String::new(),
            packed_octets: 0,
            xml_octets: self.octets,
            files: 0,
            records: report::records(&load.read),
            repeated: 0,
            set_aside: Vec::new(),
            directory: Counts::default(),
            root: String::new(),
            segment_octets: 0,
            differences: None,
        };
        let beneath = Beneath {
            segment: self.base,
            replace: self.meaning == Meaning::Replace,
            numbers: Translation::default(),
        };
        let writer = SegmentWriter::create(out, head)?.within(&self.room);
        let done = assemble(load, self.levels, Some(beneath), writer, |_| Ok(()))?;
        report.repeated = done.read.repeated;
        report.set_aside = report::set_aside(&done.log);
        report.directory = done.written.counts;
        report.root = report::hex(&done.written.root);
        report.segment_octets = done.written.length;
        report.differences = crate::import::differences(Some(self.base), out)?;
        Ok(report)
    }
}

/// Reads a record that stands alone. What is none is set aside again.
fn record(load: &mut Load<'_>, source: &str, raw: &str) -> Result<(), ImportError> {
    if load.log.files.last().is_none_or(|last| last != source) {
        load.log.files.push(source.to_owned());
    }
    let degree = load.degree;
    if !scan::is_record(degree, raw) {
        return load.log.found(&Found {
            at: Position {
                offset: 0,
                record: 1,
            },
            element: "",
            rule: Rule::UnexpectedElement,
            reason: "not a record of an archive",
            loss: Loss::Record,
            raw,
        });
    }
    scan::scan_record(degree, raw, load)
}

/// Knows what the segment beneath knows of schools, groups and courses, so that records may refer to it.
fn preload(segment: &Segment, load: &mut Load<'_>) -> Result<(), ImportError> {
    let (tables, budget) = (&mut load.tables, &mut load.budget);
    let mut schools = Vec::new();
    for school in segment.schools() {
        let number = tables.schools.number(0, school.uai, budget)?;
        tables.schools.known[number as usize] = Some(Defined {
            said: school.name.to_owned(),
            origin: None,
        });
        schools.push(number);
    }
    for group in segment.groups() {
        let number = tables
            .groups
            .number(schools[group.school as usize], group.code, budget)?;
        tables.groups.known[number as usize] = Some(Defined {
            said: GroupSaid {
                kind: group.kind,
                label: group.label.to_owned(),
                divisions: group.divisions.map(str::to_owned).collect(),
            },
            origin: None,
        });
    }
    let mut courses = segment.courses();
    while let Some(course) = courses.next().map_err(ImportError::Previous)? {
        let school = schools[course.school as usize];
        match course.kind {
            CourseKind::Mef => {
                let number = tables.mefs.number(school, course.code, budget)?;
                tables.mefs.known[number as usize] = Some(Defined {
                    said: MefSaid {
                        stat: course.level.to_owned(),
                        attached: String::new(),
                    },
                    origin: None,
                });
            }
            CourseKind::Subject => {
                let number = tables.subjects.number(school, course.code, budget)?;
                tables.subjects.known[number as usize] = Some(Defined {
                    said: (),
                    origin: None,
                });
            }
        }
    }
    Ok(())
}
