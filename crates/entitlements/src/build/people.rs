//! People and what they are in their schools.
//!
//! A person is known here by the fingerprint of ENT project and identifier; the identifier itself is not kept. People
//! are numbered in the order of their fingerprints, so that the order of lines does not matter to the index.

use super::Work;
use super::places::{Ents, MAX_CODE};
use super::pool::Lists;
use super::report::{BuildError, Fault, Reason};
use super::source::{Row, Stop, Table, optional, required};
use crate::format::fact::{Fact, FactKind, MAX_NUMBER};
use crate::format::fingerprint::Domain;
use crate::format::records::{self, CODE_KINDS};
use crate::format::{MAX_FACTS, MAX_PERSON, MAX_SCHOOLS, NONE, Section};
use crate::{Attribute, Profile, ProfileSet};

pub(crate) const PEOPLE: Table<6> = Table {
    file: "people.tsv",
    columns: [
        required("ent"),
        required("person"),
        optional("civility"),
        optional("name"),
        optional("given_name"),
        optional("mail"),
    ],
};
pub(crate) const AFFILIATIONS: Table<9> = Table {
    file: "affiliations.tsv",
    columns: [
        required("ent"),
        required("person"),
        required("uai"),
        required("profiles"),
        optional("divisions"),
        optional("groups"),
        optional("p_ms4"),
        optional("p_mat"),
        optional("e_ms1"),
    ],
};
/// Columns of [`AFFILIATIONS`] with codes of groups, and the kind of group.
const GROUP_COLUMNS: [(usize, u32); 2] = [(4, 0), (5, 1)];
/// Columns of [`AFFILIATIONS`] with other codes, and what releases them.
const CODE_COLUMNS: [(usize, Attribute); 3] = [
    (6, Attribute::PMs4),
    (7, Attribute::PMat),
    (8, Attribute::EMs1),
];

struct Line {
    key: u128,
    line: u32,
    record: records::Person,
}

/// Everybody's fingerprint, in order: a person's number is their position.
pub(crate) struct People {
    keys: Vec<u128>,
    records: Vec<records::Person>,
}

impl People {
    /// Number of the person with this fingerprint.
    pub(crate) fn number(&self, key: u128) -> Option<u32> {
        self.keys
            .binary_search(&key)
            .ok()
            .map(|number| number as u32)
    }
}

/// The fingerprint of the person whom two columns name, and the project that first named them.
pub(crate) fn person_key<const N: usize>(
    row: &Row<'_, N>,
    [ent, person]: [usize; 2],
    ents: &Ents,
    work: &Work<'_>,
) -> Result<(u128, u16), Fault> {
    let code = row.key(ent, 64)?;
    let person = row.key(person, MAX_PERSON)?;
    let number = ents
        .number(&code)
        .ok_or_else(|| row.fault(ent, Reason::Unknown))?;
    Ok((
        work.key(Domain::Person, ents.current(number), &*person),
        number,
    ))
}

/// Reads people.
pub(crate) fn people(work: &mut Work<'_>, ents: &Ents) -> Result<People, BuildError> {
    let mut lines: Vec<Line> = Vec::new();
    work.read(&PEOPLE, |row, work| {
        let (key, origin_ent) = person_key(row, [0, 1], ents, work)?;
        let civility = row.text(2, 30)?;
        let name = row.text(3, 500)?;
        let given_name = row.text(4, 500)?;
        let mail = row.text(5, 255)?;
        lines.push(Line {
            key,
            line: row.line,
            record: records::Person {
                establishment: NONE,
                facts_list: 0,
                profiles: 0,
                origin_ent,
                more: 0,
                name_text: work.text(&name)?,
                given_name_text: work.text(&given_name)?,
                // Nobody shares a mail address: looking for an equal one would only cost memory.
                mail_text: work.texts.append(&mail)?,
                civility_text: work.text(&civility)?,
            },
        });
        Ok(())
    })?;
    lines.sort_unstable_by_key(|line| (line.key, line.line));
    let mut keys = Vec::with_capacity(lines.len());
    let mut records = Vec::with_capacity(lines.len());
    for same in lines.chunk_by(|a, b| a.key == b.key) {
        let first = &same[0];
        let rejected = if same
            .iter()
            .all(|line| line.record.origin_ent == first.record.origin_ent)
        {
            keys.push(first.key);
            records.push(first.record);
            (&same[1..], Reason::Duplicate)
        } else {
            // Nobody can tell whom an assertion means: no line may stand for both.
            (same, Reason::AmbiguousPerson)
        };
        for line in rejected.0 {
            let fault = Fault {
                column: Some("person"),
                reason: rejected.1,
            };
            work.log.aside(PEOPLE.file, line.line, fault);
        }
    }
    if keys.len() >= MAX_NUMBER as usize {
        return Err(BuildError::TooLarge { what: "people" });
    }
    Ok(People { keys, records })
}

struct Affiliated {
    key: u128,
    origin_ent: u16,
    profiles: u16,
    line: u32,
    establishment: u32,
    facts: u32,
}

/// Reads affiliations and writes the people; `work.codes` then has a number for each level and subject code.
pub(crate) fn affiliations(
    work: &mut Work<'_>,
    ents: &Ents,
    people: &mut People,
) -> Result<(), BuildError> {
    let mut lines: Vec<Affiliated> = Vec::new();
    work.read(&AFFILIATIONS, |row, work| {
        let (key, origin_ent) = person_key(row, [0, 1], ents, work)?;
        let establishment = work.school(row, 2)?;
        let profiles: ProfileSet = row
            .list(3, 31, &mut work.log, |word| {
                Profile::parse(word).ok_or(Reason::NotAWord)
            })
            .into_iter()
            .collect();
        if profiles.is_empty() {
            return Err(row.fault(3, Reason::Empty).into());
        }
        let facts = facts_of(row, establishment, work)?;
        lines.push(Affiliated {
            key,
            origin_ent,
            profiles: profiles.0,
            line: row.line,
            establishment,
            facts: work.lists.intern(&facts)?,
        });
        Ok(())
    })?;
    lines.sort_unstable_by_key(|line| (line.key, line.establishment, line.line));
    let mut sets = Lists::new(3);
    for lines in lines.chunk_by(|a, b| a.key == b.key) {
        let Some(number) = people.number(lines[0].key) else {
            aside(work, lines, "person", Reason::Unknown);
            continue;
        };
        let person = &mut people.records[number as usize];
        let mut schools = one_person(work, lines, person.origin_ent)?.into_iter();
        if let Some((establishment, profiles, facts_list)) = schools.next() {
            (person.establishment, person.profiles, person.facts_list) =
                (establishment, profiles, facts_list);
        }
        let more: Vec<u32> = schools
            .flat_map(|(establishment, profiles, facts_list)| {
                [establishment, profiles.into(), facts_list]
            })
            .collect();
        person.more = sets.intern(&more)?;
    }
    work.sections.put(Section::Affiliations, sets.into_octets());
    for record in &people.records {
        work.sections.push(record);
    }
    people.records = Vec::new();
    work.sections.index(Section::PersonIndex, &people.keys)
}

/// The affiliations of one person: school, profiles and facts of each.
fn one_person(
    work: &mut Work<'_>,
    lines: &[Affiliated],
    origin_ent: u16,
) -> Result<Vec<(u32, u16, u32)>, BuildError> {
    let mut set = Vec::new();
    for lines in lines.chunk_by(|a, b| a.establishment == b.establishment) {
        if set.len() == MAX_SCHOOLS {
            aside(work, lines, "uai", Reason::TooMany { max: MAX_SCHOOLS });
            continue;
        }
        let mut profiles = 0;
        let mut facts: Vec<u32> = Vec::new();
        for line in lines {
            if line.origin_ent != origin_ent {
                // Filed under a project that did not name this person.
                aside(
                    work,
                    std::slice::from_ref(line),
                    "person",
                    Reason::AmbiguousPerson,
                );
                continue;
            }
            let mut united = facts.clone();
            united.extend(work.lists.get(line.facts));
            united.sort_unstable();
            united.dedup();
            if united.len() > MAX_FACTS {
                aside(
                    work,
                    std::slice::from_ref(line),
                    "groups",
                    Reason::TooMany { max: MAX_FACTS },
                );
                continue;
            }
            facts = united;
            profiles |= line.profiles;
        }
        if profiles != 0 {
            set.push((lines[0].establishment, profiles, work.lists.intern(&facts)?));
        }
    }
    Ok(set)
}

fn aside(work: &mut Work<'_>, lines: &[Affiliated], column: &'static str, reason: Reason) {
    for line in lines {
        let fault = Fault {
            column: Some(column),
            reason,
        };
        work.log.aside(AFFILIATIONS.file, line.line, fault);
    }
}

/// Classes, groups and codes of one line, ascending.
fn facts_of(row: &Row<'_, 9>, establishment: u32, work: &mut Work<'_>) -> Result<Vec<u32>, Stop> {
    let mut facts = Vec::new();
    for (column, kind) in GROUP_COLUMNS {
        let (groups, sections, texts) = (&work.groups, &work.sections, &work.texts);
        let found = row.list(column, MAX_CODE, &mut work.log, |code| {
            groups
                .find(sections, texts, establishment, kind, code)
                .ok_or(Reason::Unknown)
        });
        facts.extend(
            found
                .into_iter()
                .filter_map(|number| Fact::new(FactKind::Group, number)),
        );
    }
    for (column, attribute) in CODE_COLUMNS {
        let codes = row.list(column, MAX_CODE, &mut work.log, |code| Ok(code.to_owned()));
        for code in codes {
            facts.push(code_fact(work, attribute, &code)?);
        }
    }
    let mut facts: Vec<u32> = facts.into_iter().map(|fact| fact.0).collect();
    facts.sort_unstable();
    facts.dedup();
    if facts.len() > MAX_FACTS {
        return Err(row.fault(5, Reason::TooMany { max: MAX_FACTS }).into());
    }
    Ok(facts)
}

/// The fact for a level or subject code, which gets a number when it is new.
pub(crate) fn code_fact(
    work: &mut Work<'_>,
    attribute: Attribute,
    code: &str,
) -> Result<Fact, Stop> {
    let kind = CODE_KINDS
        .iter()
        .position(|kind| *kind == attribute)
        .unwrap_or_default() as u32;
    let key = work.key(Domain::Code, kind.to_le_bytes(), code);
    let number = match work.codes.get(&key) {
        Some(number) => *number,
        None => {
            let number = work.codes.len() as u32;
            let record = records::Code {
                kind,
                code_text: work.text(code)?,
            };
            work.sections.push(&record);
            work.codes.insert(key, number);
            number
        }
    };
    let too_large = BuildError::TooLarge { what: "codes" };
    Fact::new(FactKind::Code, number).ok_or(Stop::Build(too_large))
}
