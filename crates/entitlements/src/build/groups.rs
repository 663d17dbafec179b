//! Classes and groups of schools, from the table and from the segments.
//!
//! All sources are brought into one order without copying their texts; of several that name the same class the first
//! stands, the table before the segments and these in the order of ENT project and flow.

use std::cmp::Ordering;

use octroi_directory::GroupKind;

use super::Work;
use super::places::{MAX_CODE, group_kind};
use super::pool::Texts;
use super::report::{BuildError, Fault, Reason};
use super::segments::{Opened, is_carried, key_fault};
use super::source::{Row, Table, optional, required};
use super::write::Sections;
use crate::format::fact::MAX_NUMBER;
use crate::format::records::{self, Packed};
use crate::format::{NONE, Section};

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
    line: u32,
    establishment: u32,
    kind: u32,
    code: String,
    label: String,
    divisions: Vec<String>,
}

/// Where a group is named.
#[derive(Clone, Copy)]
struct Named {
    establishment: u32,
    kind: u32,
    /// 0 for the table, else a segment's position and one.
    source: u32,
    /// Row of the table, or number in the segment.
    index: u32,
}

/// Code, label and classes of a group in either kind of source.
struct Said<'s> {
    code: &'s str,
    label: &'s str,
    divisions: Vec<&'s str>,
}

struct Sources<'s> {
    rows: &'s [GroupRow],
    segments: &'s [Opened],
}

impl<'s> Sources<'s> {
    fn code(&self, named: Named) -> &'s str {
        match named.source.checked_sub(1) {
            None => &self.rows[named.index as usize].code,
            Some(at) => self.segments[at as usize]
                .segment
                .group(named.index)
                .map_or("", |group| group.code),
        }
    }

    fn said(&self, named: Named) -> Said<'s> {
        match named.source.checked_sub(1) {
            None => {
                let row = &self.rows[named.index as usize];
                Said {
                    code: &row.code,
                    label: &row.label,
                    divisions: row.divisions.iter().map(String::as_str).collect(),
                }
            }
            Some(at) => {
                let group = self.segments[at as usize].segment.group(named.index);
                let mut said = group.map_or_else(
                    || Said {
                        code: "",
                        label: "",
                        divisions: Vec::new(),
                    },
                    |group| Said {
                        code: group.code,
                        label: group.label,
                        divisions: group.divisions.collect(),
                    },
                );
                said.divisions.sort_unstable();
                said.divisions.dedup();
                said
            }
        }
    }
}

/// Reads classes and groups; `work.groups` then finds each, and each segment knows the numbers of its own.
pub(crate) fn groups(work: &mut Work<'_>, segments: &mut [Opened]) -> Result<(), BuildError> {
    let rows = table(work)?;
    let mut named: Vec<Named> = (0..)
        .zip(&rows)
        .map(|(index, row)| Named {
            establishment: row.establishment,
            kind: row.kind,
            source: 0,
            index,
        })
        .collect();
    for (source, opened) in (1..).zip(segments.iter()) {
        in_segment(work, opened, source, &mut named)?;
    }
    let mut numbers: Vec<Vec<u32>> = segments
        .iter()
        .map(|opened| vec![NONE; opened.segment.counts().groups as usize])
        .collect();
    let sources = Sources {
        rows: &rows,
        segments,
    };
    // Every source is sorted already: a merge of runs, and stable, so that the first source stands first.
    named.sort_by(|a, b| {
        (a.establishment, a.kind)
            .cmp(&(b.establishment, b.kind))
            .then_with(|| sources.code(*a).cmp(sources.code(*b)))
    });
    let mut first = Vec::with_capacity(work.schools.len() + 1);
    let mut number = 0;
    let same = |a: &Named, b: &Named| {
        (a.establishment, a.kind) == (b.establishment, b.kind)
            && sources.code(*a) == sources.code(*b)
    };
    for same in named.chunk_by(same) {
        let said = sources.said(same[0]);
        write(work, &same[0], &said)?;
        while first.len() <= same[0].establishment as usize {
            first.push(number);
        }
        for one in same {
            match one.source.checked_sub(1) {
                Some(at) => numbers[at as usize][one.index as usize] = number,
                None if one.index != same[0].index => {
                    let fault = Fault {
                        column: Some("code"),
                        reason: Reason::Duplicate,
                    };
                    work.log
                        .aside(GROUPS.file, rows[one.index as usize].line, fault);
                }
                None => {}
            }
            if one.source > same[0].source {
                let other = sources.said(*one);
                if (other.label, &other.divisions) != (said.label, &said.divisions) {
                    let file = &segments[one.source as usize - 1].name;
                    work.log.differs(file, one.index + 1, "label");
                }
            }
        }
        number += 1;
    }
    if number as usize >= MAX_NUMBER as usize {
        return Err(BuildError::TooLarge { what: "groups" });
    }
    first.resize(work.schools.len() + 1, number);
    work.groups = GroupNumbers { first };
    for (opened, numbers) in segments.iter_mut().zip(numbers) {
        opened.groups = numbers;
    }
    Ok(())
}

fn write(work: &mut Work<'_>, named: &Named, said: &Said<'_>) -> Result<(), BuildError> {
    let (code, label) = (said.code, said.label);
    let mut values = Vec::with_capacity(said.divisions.len() + 1);
    if named.kind == 0 {
        values.push(work.texts.intern(&format!("{code}##{label}"))?);
    } else if said.divisions.is_empty() {
        values.push(work.texts.intern(&format!("{code}##{label}##"))?);
    }
    for division in &said.divisions {
        values.push(work.texts.intern(&format!("{code}##{label}##{division}"))?);
    }
    let record = records::Group {
        establishment: named.establishment,
        kind: named.kind,
        code_text: work.texts.intern(code)?,
        values_list: work.lists.intern(&values)?,
    };
    work.sections.push(&record);
    Ok(())
}

/// The groups of a segment that hold, in their own order; the others are set aside.
fn in_segment(
    work: &mut Work<'_>,
    opened: &Opened,
    source: u32,
    named: &mut Vec<Named>,
) -> Result<(), BuildError> {
    for (index, group) in (0..).zip(opened.segment.groups()) {
        let establishment = opened.schools.get(group.school as usize).copied();
        let establishment = establishment.filter(|number| *number != NONE);
        let has_hashes = |text: &str| text.contains("##");
        let fault = key_fault(group.code, usize::MAX, "code").or_else(|| {
            let (column, reason) = if has_hashes(group.code) {
                ("code", Reason::DoubleHash)
            } else if has_hashes(group.label) || group.divisions.clone().any(has_hashes) {
                ("label", Reason::DoubleHash)
            } else if !is_carried(group.label) || !group.divisions.clone().all(is_carried) {
                ("label", Reason::ForbiddenCharacter)
            } else if establishment.is_none() {
                ("uai", Reason::Unknown)
            } else {
                return None;
            };
            Some(Fault {
                column: Some(column),
                reason,
            })
        });
        match (fault, establishment) {
            (None, Some(establishment)) => named.push(Named {
                establishment,
                kind: match group.kind {
                    GroupKind::Division => 0,
                    GroupKind::Group => 1,
                },
                source,
                index,
            }),
            (fault, _) => {
                let fault = fault.unwrap_or_else(|| Reason::Unknown.into());
                work.log.aside(&opened.name, index + 1, fault);
            }
        }
    }
    Ok(())
}

fn table(work: &mut Work<'_>) -> Result<Vec<GroupRow>, BuildError> {
    let mut rows: Vec<GroupRow> = Vec::new();
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
        rows.push(GroupRow {
            line: row.line,
            establishment,
            kind,
            code,
            label,
            divisions,
        });
        Ok(())
    })?;
    Ok(rows)
}

fn part<const N: usize>(row: &Row<'_, N>, column: usize) -> Result<String, Fault> {
    let text = row.text(column, MAX_CODE)?.into_owned();
    if text.contains("##") {
        return Err(row.fault(column, Reason::DoubleHash));
    }
    Ok(text)
}
