//! Gives schools, groups, codes and courses their numbers in the segment: each table in the order of its keys.

use octroi_directory::{
    Code, CodeKind, Course, CourseKind, Group, GroupKind, School, SegmentWriter, TextList,
};

use crate::error::ImportError;
use crate::load::Load;
use crate::options::Levels;
use crate::rewrite::Rewrite;
use crate::rule::{Loss, Rule};
use crate::tables::Tables;

/// No number: not defined in this delivery.
pub(crate) const NONE: u32 = u32::MAX;

/// Numbers in the segment, by the numbers of the tables.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) schools: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    pub(crate) mefs: Vec<LevelCodes>,
    pub(crate) levels: Vec<LevelCodes>,
    pub(crate) subjects: Vec<u32>,
    /// The codes of the segment, ascending.
    pub(crate) codes: Vec<(CodeKind, String)>,
}

/// The codes of a course of study or level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LevelCodes {
    pub(crate) known: bool,
    pub(crate) person: u32,
    pub(crate) pupil: u32,
}

impl Numbers {
    /// The number of a code, or [`NONE`].
    pub(crate) fn code(&self, kind: CodeKind, code: &str) -> u32 {
        find(&self.codes, kind, code)
    }
}

fn find(codes: &[(CodeKind, String)], kind: CodeKind, code: &str) -> u32 {
    codes
        .binary_search_by(|(known, text)| (*known, text.as_str()).cmp(&(kind, code)))
        .map_or(NONE, |number| number as u32)
}

/// The MEFSTAT code of a course of study: its own, or that of the one to which it is attached.
fn stat(tables: &Tables, mef: u32) -> &str {
    let Some(said) = tables.mefs.get(mef).map(|defined| &defined.said) else {
        return "";
    };
    if !said.stat.is_empty() || said.attached.is_empty() {
        return &said.stat;
    }
    let (school, _) = tables.mefs.name(mef);
    let attached = tables.mefs.find(school, &said.attached);
    attached
        .and_then(|number| tables.mefs.get(number))
        .map_or("", |defined| &defined.said.stat)
}

/// The first `length` characters of a code, if it has as many.
fn leading(code: &str, length: usize) -> Option<&str> {
    if length == 0 {
        return None;
    }
    match code.char_indices().nth(length) {
        Some((end, _)) => Some(&code[..end]),
        None => (code.chars().count() == length).then_some(code),
    }
}

/// Numbers everything, writes the tables of the segment, and sets aside what belongs to no school.
/// `base` gives the codes of the segment beneath.
pub(crate) fn number(
    load: &mut Load<'_>,
    levels: Levels,
    base: &[(CodeKind, String)],
    writer: &mut SegmentWriter,
) -> Result<Numbers, ImportError> {
    let mut numbers = Numbers::default();
    schools(load, &mut numbers, writer)?;
    groups(load, &mut numbers, writer)?;
    codes(load, levels, base, &mut numbers, writer)?;
    courses(load, &mut numbers, writer)?;
    Ok(numbers)
}

fn schools(
    load: &mut Load<'_>,
    numbers: &mut Numbers,
    writer: &mut SegmentWriter,
) -> Result<(), ImportError> {
    let names = &load.tables.schools;
    let mut order: Vec<u32> = names.defined().collect();
    order.sort_unstable_by_key(|number| names.name(*number).1);
    numbers.schools = vec![NONE; names.len()];
    for (at, number) in (0..).zip(order) {
        numbers.schools[number as usize] = at;
        let name = names.get(number).map_or("", |defined| &defined.said);
        let uai = names.name(number).1;
        writer.school(&School { uai, name })?;
    }
    Ok(())
}

fn groups(
    load: &mut Load<'_>,
    numbers: &mut Numbers,
    writer: &mut SegmentWriter,
) -> Result<(), ImportError> {
    let names = &load.tables.groups;
    let mut order: Vec<(u32, GroupKind, u32)> = Vec::new();
    let mut rewrite = Rewrite::default();
    for number in names.defined() {
        let (school, code) = names.name(number);
        let Some(defined) = names.get(number) else {
            continue;
        };
        let said = &defined.said;
        match (numbers.schools[school as usize], defined.origin) {
            (NONE, Some(origin)) => {
                let status = match said.kind {
                    GroupKind::Division => "DIVISION",
                    GroupKind::Group => "GROUPE",
                };
                rewrite
                    .begin(load.degree, "GARGroupe")
                    .field("GARGroupeCode", code)
                    .field("GARStructureUAI", load.tables.schools.name(school).1)
                    .field("GARGroupeLibelle", &said.label)
                    .field("GARGroupeStatut", status);
                for division in &said.divisions {
                    rewrite.field("GARGroupeDivAppartenance", division);
                }
                let (rule, reason) = (Rule::UnknownSchool, UNKNOWN_SCHOOL);
                load.log.late(
                    origin,
                    "GARGroupe",
                    rule,
                    reason,
                    Loss::Record,
                    rewrite.end(),
                )?;
            }
            (NONE, None) => {}
            (school, _) => order.push((school, said.kind, number)),
        }
    }
    order
        .sort_unstable_by(|a, b| (a.0, a.1, names.name(a.2).1).cmp(&(b.0, b.1, names.name(b.2).1)));
    numbers.groups = vec![NONE; names.len()];
    let mut divisions = TextList::new();
    for (at, (school, kind, number)) in (0..).zip(order) {
        numbers.groups[number as usize] = at;
        let Some(defined) = names.get(number) else {
            continue;
        };
        divisions.clear();
        let all = &defined.said.divisions;
        all.iter().for_each(|division| divisions.push(division));
        writer.group(&Group {
            school,
            kind,
            code: names.name(number).1,
            label: &defined.said.label,
            divisions: divisions.view(),
        })?;
    }
    Ok(())
}

/// The reason of [`Rule::UnknownSchool`].
pub(crate) const UNKNOWN_SCHOOL: &str = "no GAREtab with this GARStructureUAI in the delivery";

fn codes(
    load: &Load<'_>,
    levels: Levels,
    base: &[(CodeKind, String)],
    numbers: &mut Numbers,
    writer: &mut SegmentWriter,
) -> Result<(), ImportError> {
    let tables = &load.tables;
    let mut codes: Vec<(CodeKind, String)> = base.to_vec();
    let mut add = |kind, code: Option<&str>| {
        if let Some(code) = code {
            codes.push((kind, code.to_owned()));
        }
    };
    for mef in tables.mefs.defined() {
        let stat = stat(tables, mef);
        add(CodeKind::PMs4, leading(stat, levels.person));
        add(CodeKind::EMs1, leading(stat, levels.pupil));
    }
    for level in 0..tables.levels.len() as u32 {
        let code = tables.levels.name(level).1;
        add(CodeKind::PMs4, (levels.person > 0).then_some(code));
        add(CodeKind::EMs1, leading(code, levels.pupil));
    }
    for subject in tables.subjects.defined() {
        add(CodeKind::PMat, Some(tables.subjects.name(subject).1));
    }
    codes.sort_unstable();
    codes.dedup();
    for (kind, code) in &codes {
        writer.code(&Code { kind: *kind, code })?;
    }
    let of = |kind, code: Option<&str>| code.map_or(NONE, |code| find(&codes, kind, code));
    numbers.mefs = (0..tables.mefs.len() as u32)
        .map(|mef| {
            let stat = stat(tables, mef);
            LevelCodes {
                known: tables.mefs.get(mef).is_some(),
                person: of(CodeKind::PMs4, leading(stat, levels.person)),
                pupil: of(CodeKind::EMs1, leading(stat, levels.pupil)),
            }
        })
        .collect();
    numbers.levels = (0..tables.levels.len() as u32)
        .map(|level| {
            let code = tables.levels.name(level).1;
            LevelCodes {
                known: true,
                person: of(CodeKind::PMs4, Some(code)),
                pupil: of(CodeKind::EMs1, leading(code, levels.pupil)),
            }
        })
        .collect();
    numbers.subjects = (0..tables.subjects.len() as u32)
        .map(|subject| {
            let code = tables
                .subjects
                .get(subject)
                .map(|_| tables.subjects.name(subject).1);
            of(CodeKind::PMat, code)
        })
        .collect();
    numbers.codes = codes;
    Ok(())
}

fn courses(
    load: &mut Load<'_>,
    numbers: &mut Numbers,
    writer: &mut SegmentWriter,
) -> Result<(), ImportError> {
    let tables = &load.tables;
    let mefs = tables.mefs.defined().map(|mef| (CourseKind::Mef, mef));
    let subjects = tables
        .subjects
        .defined()
        .map(|one| (CourseKind::Subject, one));
    let name = |kind, number| match kind {
        CourseKind::Mef => tables.mefs.name(number),
        CourseKind::Subject => tables.subjects.name(number),
    };
    let mut order = Vec::new();
    let mut rewrite = Rewrite::default();
    for (kind, number) in mefs.chain(subjects) {
        let (school, code) = name(kind, number);
        let at = numbers.schools[school as usize];
        if at != NONE {
            order.push((at, kind, number));
            continue;
        }
        let (element, code_name, label, origin) = match kind {
            CourseKind::Mef => {
                let origin = tables.mefs.get(number).and_then(|defined| defined.origin);
                ("GARMEF", "GARMEFCode", "GARMEFLibelle", origin)
            }
            CourseKind::Subject => {
                let origin = tables
                    .subjects
                    .get(number)
                    .and_then(|defined| defined.origin);
                ("GARMatiere", "GARMatiereCode", "GARMatiereLibelle", origin)
            }
        };
        let Some(origin) = origin else {
            continue;
        };
        rewrite
            .begin(load.degree, element)
            .field("GARStructureUAI", tables.schools.name(school).1)
            .field(code_name, code)
            .field(label, "");
        if kind == CourseKind::Mef
            && let Some(defined) = tables.mefs.get(number)
        {
            rewrite
                .optional("GARMEFRattach", &defined.said.attached)
                .optional("GARMEFSTAT11", &defined.said.stat);
        }
        let (rule, reason) = (Rule::UnknownSchool, UNKNOWN_SCHOOL);
        load.log
            .late(origin, element, rule, reason, Loss::Record, rewrite.end())?;
    }
    order.sort_unstable_by(|a, b| (a.0, a.1, name(a.1, a.2).1).cmp(&(b.0, b.1, name(b.1, b.2).1)));
    for (school, kind, number) in order {
        writer.course(&Course {
            school,
            kind,
            code: name(kind, number).1,
            level: match kind {
                CourseKind::Mef => stat(tables, number),
                CourseKind::Subject => "",
            },
        })?;
    }
    Ok(())
}
