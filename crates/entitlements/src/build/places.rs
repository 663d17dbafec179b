//! ENT projects, schools, and their classes and groups.

use std::cmp::Ordering;
use std::collections::HashMap;

use super::Work;
use super::pool::{KeyMap, Texts};
use super::report::{BuildError, Fault, Reason};
use super::school_kinds::{MAX_NATURE, is_first_degree};
use super::source::{Row, Table, optional, required};
use super::write::Sections;
use crate::Attribute;
use crate::format::fact::MAX_NUMBER;
use crate::format::fingerprint::Domain;
use crate::format::records::{self, GROUP_KINDS, Record};
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
pub(crate) const GROUPS: Table<5> = Table {
    file: "groups.tsv",
    columns: [
        required("uai"),
        required("kind"),
        required("code"),
        required("label"),
        optional("divisions"),
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

/// Reads the schools: a number for each key.
pub(crate) fn establishments(
    work: &mut Work<'_>,
) -> Result<Vec<records::Establishment>, BuildError> {
    let mut rows: Vec<(String, u32, String, bool)> = Vec::new();
    let mut seen = KeyMap::default();
    work.read(&ESTABLISHMENTS, |row, work| {
        let uai = row.key(0, MAX_UAI)?.into_owned();
        let name = row.text(1, MAX_NAME)?;
        let nature = row.text(2, MAX_NATURE)?.into_owned();
        let first_degree = row.word(3, is_first_degree)?;
        let name = work.text(&name)?;
        work.unique(
            &mut seen,
            Domain::Establishment,
            "",
            &uai,
            row.fault(0, Reason::Duplicate),
        )?;
        rows.push((uai, name, nature, first_degree));
        Ok(())
    })?;
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
    Ok(schools)
}

/// Finds classes and groups, which stand in the order of school, kind and code.
#[derive(Debug, Default)]
pub(crate) struct GroupNumbers {
    /// For each school its first group, and behind the last how many there are.
    first: Vec<u32>,
}

impl GroupNumbers {
    /// Number of a class or group of a school.
    pub(crate) fn find(
        &self,
        sections: &Sections,
        texts: &Texts,
        establishment: u32,
        kind: u32,
        code: &str,
    ) -> Option<u32> {
        let at = establishment as usize;
        let (mut low, mut high) = (*self.first.get(at)?, *self.first.get(at + 1)?);
        let octets = sections.octets(Section::Groups);
        while low < high {
            let middle = low + (high - low) / 2;
            let group = records::Group::read(&octets[middle as usize * records::Group::SIZE..])?;
            match (group.kind, texts.get(group.code_text)).cmp(&(kind, code)) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }
}

struct GroupRow {
    establishment: u32,
    kind: u32,
    code: String,
    label: String,
    divisions: Vec<String>,
}

/// Reads classes and groups; `work.groups` then finds each.
pub(crate) fn groups(work: &mut Work<'_>) -> Result<(), BuildError> {
    let mut rows: Vec<GroupRow> = Vec::new();
    let mut seen = KeyMap::default();
    work.read(&GROUPS, |row, work| {
        let establishment = work.school(row, 0)?;
        let kind = row.word(1, group_kind)?;
        let code = part(row, 2)?;
        let label = part(row, 3)?;
        if code.is_empty() {
            return Err(row.fault(2, Reason::Empty).into());
        }
        let mut divisions = row
            .list(4, MAX_CODE, &mut work.log, |code| {
                if kind == 0 || code.contains("##") {
                    return Err(if kind == 0 {
                        Reason::NotAWord
                    } else {
                        Reason::DoubleHash
                    });
                }
                Ok(code.to_owned())
            })
            .into_vec();
        divisions.sort();
        divisions.dedup();
        let scope = group_scope(establishment, kind);
        work.unique(
            &mut seen,
            Domain::Group,
            scope,
            &code,
            row.fault(2, Reason::Duplicate),
        )?;
        rows.push(GroupRow {
            establishment,
            kind,
            code,
            label,
            divisions,
        });
        Ok(())
    })?;
    rows.sort_by(|a, b| {
        (a.establishment, a.kind, &a.code).cmp(&(b.establishment, b.kind, &b.code))
    });
    if rows.len() >= MAX_NUMBER as usize {
        return Err(BuildError::TooLarge { what: "groups" });
    }
    let mut first = Vec::with_capacity(work.schools.len() + 1);
    let mut values = Vec::new();
    for (number, row) in (0..).zip(&rows) {
        values.clear();
        if row.kind == 0 {
            values.push(work.texts.intern(&format!("{}##{}", row.code, row.label))?);
        } else if row.divisions.is_empty() {
            values.push(
                work.texts
                    .intern(&format!("{}##{}##", row.code, row.label))?,
            );
        }
        for division in &row.divisions {
            values.push(
                work.texts
                    .intern(&format!("{}##{}##{division}", row.code, row.label))?,
            );
        }
        let record = records::Group {
            establishment: row.establishment,
            kind: row.kind,
            code_text: work.texts.intern(&row.code)?,
            values_list: work.lists.intern(&values)?,
        };
        work.sections.push(&record);
        while first.len() <= row.establishment as usize {
            first.push(number);
        }
    }
    first.resize(work.schools.len() + 1, rows.len() as u32);
    work.groups = GroupNumbers { first };
    Ok(())
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

/// What a code is unique in.
pub(crate) fn group_scope(establishment: u32, kind: u32) -> [u8; 5] {
    let [a, b, c, d] = establishment.to_le_bytes();
    [a, b, c, d, kind as u8]
}

fn part<const N: usize>(row: &Row<'_, N>, column: usize) -> Result<String, Fault> {
    let text = row.text(column, MAX_CODE)?.into_owned();
    if text.contains("##") {
        return Err(row.fault(column, Reason::DoubleHash));
    }
    Ok(text)
}
