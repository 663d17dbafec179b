//! The segments of the directory that are in force, and what their own numbers mean in the snapshot.
//!
//! A segment numbers its schools, groups and codes for itself. A builder maps each table through one array, so that
//! memory grows with schools, groups and codes and never with people.

use std::io;
use std::path::Path;

use octroi_directory::current::Directory;
use octroi_directory::{CodeKind, Degree, Segment, SegmentError};

use super::Work;
use super::people::code_fact;
use super::places::Ents;
use super::report::{BuildError, Fault, Reason};
use super::source::Stop;
use crate::Attribute;
use crate::format::NONE;

/// A segment in force.
pub(crate) struct Opened {
    pub(crate) segment: Segment,
    /// What reports call it: `directory/<ENT>/<flow>`.
    pub(crate) name: String,
    /// Number of its ENT project.
    pub(crate) ent: u16,
    /// For each of its schools the number in the snapshot, or none.
    pub(crate) schools: Vec<u32>,
    /// For each of its classes and groups the number in the snapshot, or none.
    pub(crate) groups: Vec<u32>,
    /// For each of its codes the fact in the snapshot, or none.
    pub(crate) codes: Vec<u32>,
}

impl Opened {
    /// The error that says which segment is damaged.
    pub(crate) fn damaged(&self, error: SegmentError) -> BuildError {
        BuildError::Segment {
            file: self.name.clone(),
            error,
        }
    }
}

/// Opens what is in force, in the order of ENT project and flow, the second degree first.
pub(crate) fn open(directory: Option<&Path>) -> Result<Vec<Opened>, BuildError> {
    let Some(folder) = directory else {
        return Ok(Vec::new());
    };
    // A folder that is not there must not look like a country without portals.
    std::fs::read_dir(folder).map_err(|error| BuildError::io(folder, error))?;
    let unreadable = |file: &str| {
        let file = file.to_owned();
        |error| BuildError::Segment { file, error }
    };
    let mut in_force = Directory::new(folder)
        .all()
        .map_err(unreadable("directory"))?;
    in_force.sort_by(|a, b| (&a.ent, flow(a.degree)).cmp(&(&b.ent, flow(b.degree))));
    let mut all = Vec::with_capacity(in_force.len());
    for one in in_force {
        let name = format!("directory/{}/{}", one.ent, one.degree);
        let segment = Segment::open(&one.path).map_err(unreadable(&name))?;
        if (segment.head().ent.as_str(), segment.head().degree) != (&one.ent, one.degree) {
            // A segment of another portal would speak for the wrong people.
            return Err(BuildError::io(&one.path, io::ErrorKind::InvalidData.into()));
        }
        all.push(Opened {
            segment,
            name,
            ent: 0,
            schools: Vec::new(),
            groups: Vec::new(),
            codes: Vec::new(),
        });
    }
    Ok(all)
}

fn flow(degree: Degree) -> u8 {
    match degree {
        Degree::Second => 0,
        Degree::First => 1,
    }
}

/// Leaves out the segments of projects that `ents.tsv` does not name; each counts as one entry set aside.
pub(crate) fn of_known_projects(
    work: &mut Work<'_>,
    ents: &Ents,
    segments: Vec<Opened>,
) -> Vec<Opened> {
    let mut kept = Vec::with_capacity(segments.len());
    for mut opened in segments {
        match ents.number(&opened.segment.head().ent) {
            Some(number) => {
                opened.ent = number;
                work.log.file(&opened.name);
                kept.push(opened);
            }
            None => {
                let fault = Fault {
                    column: Some("ent"),
                    reason: Reason::Unknown,
                };
                work.log.aside(&opened.name, 0, fault);
            }
        }
    }
    kept
}

/// Gives every code of the segments its fact.
pub(crate) fn codes(work: &mut Work<'_>, segments: &mut [Opened]) -> Result<(), BuildError> {
    for opened in segments {
        let mut codes = Vec::with_capacity(opened.segment.counts().codes as usize);
        for code in opened.segment.codes() {
            let attribute = match code.kind {
                CodeKind::PMs4 => Attribute::PMs4,
                CodeKind::PMat => Attribute::PMat,
                CodeKind::EMs1 => Attribute::EMs1,
            };
            let fault = key_fault(code.code, usize::MAX, "code");
            codes.push(match fault {
                None => match code_fact(work, attribute, code.code) {
                    Ok(fact) => fact.0,
                    Err(Stop::Build(error)) => return Err(error),
                    Err(Stop::Line(_)) => NONE,
                },
                Some(fault) => {
                    work.log.aside(&opened.name, codes.len() as u32 + 1, fault);
                    NONE
                }
            });
        }
        opened.codes = codes;
    }
    Ok(())
}

/// What is wrong with a key of a segment, if something is.
pub(crate) fn key_fault(key: &str, max: usize, column: &'static str) -> Option<Fault> {
    let reason = if key.is_empty() {
        Reason::Empty
    } else if key.len() > max {
        Reason::TooLong { max }
    } else if !is_carried(key) {
        Reason::ForbiddenCharacter
    } else {
        return None;
    };
    Some(Fault {
        column: Some(column),
        reason,
    })
}

/// Whether XML 1.0 can carry a text.
pub(crate) fn is_carried(text: &str) -> bool {
    let octets = text.as_bytes();
    octets
        .iter()
        .all(|octet| *octet >= 0x20 || matches!(octet, b'\t' | b'\n' | b'\r'))
        && (memchr::memchr(0xef, octets).is_none() || !text.contains(['\u{fffe}', '\u{ffff}']))
}
