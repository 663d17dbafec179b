//! ENT projects and schools.

use std::collections::HashMap;

use octroi_directory::Degree;

use super::Work;
use super::pool::KeyMap;
use super::report::{BuildError, Fault, Reason};
use super::school_kinds::{MAX_NATURE, is_first_degree};
use super::segments::{Opened, is_carried, key_fault};
use super::source::{Table, optional, required};
use crate::Attribute;
use crate::format::fingerprint::Domain;
use crate::format::records::{self, GROUP_KINDS};
use crate::format::{NONE, Section};

pub(crate) const ENTS: Table<3> = Table {
    file: "ents.tsv",
    columns: [required("code"), required("name"), optional("alias_of")],
};
pub(crate) const ESTABLISHMENTS: Table<4> = Table {
    file: "establishments.tsv",
    columns: [
        required("uai"),
        required("name"),
        optional("nature"),
        optional("degree"),
    ],
};
/// Octets allowed in names for operators.
pub(crate) const MAX_NAME: usize = 500;
/// Octets allowed in the identifier of a school.
pub(crate) const MAX_UAI: usize = 45;
/// Octets allowed in codes and labels of classes, groups, levels and subjects.
pub(crate) const MAX_CODE: usize = 255;

/// The ENT projects by code.
pub(crate) struct Ents {
    numbers: HashMap<String, u16>,
    /// For each project, the code of the one that speaks for its people now.
    current: Vec<String>,
}

impl Ents {
    /// Number of the project with this code.
    pub(crate) fn number(&self, code: &str) -> Option<u16> {
        self.numbers.get(code).copied()
    }

    /// Number of the project that speaks now for the people of this one.
    pub(crate) fn current_number(&self, number: u16) -> u16 {
        self.number(self.current(number)).unwrap_or(number)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u16 {
        self.current.len() as u16
    }

    /// Code of the project that speaks now for the people of this one.
    pub(crate) fn current(&self, number: u16) -> &str {
        self.current
            .get(usize::from(number))
            .map_or("", String::as_str)
    }
}

struct EntRow {
    line: u32,
    code: String,
    name: u32,
    alias_of: String,
}

/// Reads the ENT projects.
pub(crate) fn ents(work: &mut Work<'_>) -> Result<Ents, BuildError> {
    let mut rows: Vec<EntRow> = Vec::new();
    let mut seen = KeyMap::default();
    work.read(&ENTS, |row, work| {
        let code = row.key(0, 64)?.into_owned();
        let name = row.text(1, MAX_NAME)?;
        let alias_of = row.text(2, 64)?.into_owned();
        let name = work.text(&name)?;
        work.unique(
            &mut seen,
            Domain::Ent,
            "",
            &code,
            row.fault(0, Reason::Duplicate),
        )?;
        rows.push(EntRow {
            line: row.line,
            code,
            name,
            alias_of,
        });
        Ok(())
    })?;
    rows.sort_by(|a, b| a.code.cmp(&b.code));
    let roots: HashMap<String, bool> = rows
        .iter()
        .map(|row| (row.code.clone(), row.alias_of.is_empty()))
        .collect();
    rows.retain(|row| {
        let reason = match roots.get(&row.alias_of) {
            _ if row.alias_of.is_empty() => return true,
            Some(true) => return true,
            Some(false) => Reason::AliasOfAlias,
            None => Reason::Unknown,
        };
        work.log.aside(
            ENTS.file,
            row.line,
            Fault {
                column: Some("alias_of"),
                reason,
            },
        );
        false
    });
    if rows.len() > usize::from(u16::MAX) {
        return Err(BuildError::TooLarge {
            what: "ENT projects",
        });
    }
    let numbers: HashMap<String, u16> = (0..)
        .zip(&rows)
        .map(|(n, row)| (row.code.clone(), n))
        .collect();
    let mut current = Vec::with_capacity(rows.len());
    let mut fingerprints = Vec::with_capacity(rows.len());
    for row in &rows {
        let speaks = if row.alias_of.is_empty() {
            &row.code
        } else {
            &row.alias_of
        };
        current.push(speaks.clone());
        fingerprints.push(work.key(Domain::Ent, "", &row.code));
        let record = records::Ent {
            code_text: work.texts.intern(&row.code)?,
            name_text: row.name,
            current: numbers.get(speaks).copied().map_or(NONE, u32::from),
            reserved: 0,
        };
        work.sections.push(&record);
    }
    work.sections.index(Section::EntIndex, &fingerprints)?;
    Ok(Ents { numbers, current })
}

/// Reads the schools: a number for each key, and for each school of the segments.
///
/// Several portals may name the same school. What is known of it is what the table says, else its name is that of the
/// first segment and it is of the first degree if only such flows name it.
pub(crate) fn establishments(
    work: &mut Work<'_>,
    segments: &mut [Opened],
) -> Result<Vec<records::Establishment>, BuildError> {
    let mut rows: Vec<(String, u32, String, bool)> = Vec::new();
    let mut seen = KeyMap::default();
    work.read(&ESTABLISHMENTS, |row, work| {
        let uai = row.key(0, MAX_UAI)?.into_owned();
        let name = row.text(1, MAX_NAME)?;
        let nature = row.text(2, MAX_NATURE)?.into_owned();
        let first_degree = row.word(3, is_first_degree)?;
        let name = work.text(&name)?;
        let key = work.key(Domain::Establishment, "", &uai);
        if seen.contains_key(&key) {
            return Err(row.fault(0, Reason::Duplicate).into());
        }
        seen.insert(key, rows.len() as u32);
        rows.push((uai, name, nature, first_degree));
        Ok(())
    })?;
    let in_table = rows.len();
    for opened in segments.iter() {
        for (number, school) in (1..).zip(opened.segment.schools()) {
            let name = Some(Fault {
                column: Some("name"),
                reason: Reason::ForbiddenCharacter,
            });
            let name = name.filter(|_| !is_carried(school.name));
            if let Some(fault) = key_fault(school.uai, MAX_UAI, "uai").or(name) {
                work.log.aside(&opened.name, number, fault);
                continue;
            }
            let key = work.key(Domain::Establishment, "", school.uai);
            let first_degree = opened.segment.head().degree == Degree::First;
            let Some(at) = seen.get(&key).map(|row| *row as usize) else {
                seen.insert(key, rows.len() as u32);
                let name = work.text(school.name)?;
                rows.push((school.uai.to_owned(), name, String::new(), first_degree));
                continue;
            };
            if work.texts.get(rows[at].1) != school.name {
                work.log.differs(&opened.name, number, "name");
            }
            if at >= in_table {
                // Whose people come in both flows has classes of both.
                rows[at].3 &= first_degree;
            }
        }
    }
    rows.sort();
    let mut schools = Vec::with_capacity(rows.len());
    let mut fingerprints = Vec::with_capacity(rows.len());
    for (number, (uai, name_text, nature, first_degree)) in (0..).zip(rows) {
        let key = work.key(Domain::Establishment, "", &uai);
        fingerprints.push(key);
        work.schools.insert(key, number);
        work.school_kinds.note(number, &nature, first_degree);
        schools.push(records::Establishment {
            uai_text: work.texts.intern(&uai)?,
            name_text,
            first_offer: 0,
            offers: 0,
        });
    }
    work.sections
        .index(Section::EstablishmentIndex, &fingerprints)?;
    for opened in segments {
        let number = |uai| work.schools.get(&work.key(Domain::Establishment, "", uai));
        let numbers = opened
            .segment
            .schools()
            .map(|school| number(school.uai).copied().unwrap_or(NONE));
        opened.schools = numbers.collect();
    }
    Ok(schools)
}

/// `division` or `group`.
pub(crate) fn group_kind(word: &str) -> Option<u32> {
    let released = match word {
        "division" => Attribute::Div,
        "group" => Attribute::Gro,
        _ => return None,
    };
    GROUP_KINDS
        .iter()
        .position(|kind| *kind == released)
        .map(|kind| kind as u32)
}
