//! The tables of people and what they are in their schools, and how a person is found while building.
//!
//! A person is known here by the fingerprint of ENT project and identifier; the identifier itself is not kept.

use std::path::Path;

use super::Work;
use super::person_lines::{About, Collected, Lines};
use super::places::{Ents, MAX_CODE};
use super::report::{BuildError, Fault, Reason};
use super::source::{Row, Stop, Table, optional, required};
use crate::format::fact::{Fact, FactKind};
use crate::format::fingerprint::Domain;
use crate::format::index::Index;
use crate::format::records::{self, CODE_KINDS, Known};
use crate::format::{MAX_FACTS, MAX_PERSON};
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

/// The index by which people are found, once they are written.
pub(crate) struct People {
    index: Vec<u8>,
}

impl People {
    /// People of an index.
    pub(crate) fn new(index: Vec<u8>) -> Self {
        Self { index }
    }

    /// Number of the person with this fingerprint.
    pub(crate) fn number(&self, key: u128) -> Option<u32> {
        let found = Index::<Known>::new(&self.index).find(key).ok().flatten();
        found.map(|known| known.person)
    }

    /// The section.
    pub(crate) fn into_octets(self) -> Vec<u8> {
        self.index
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

/// Reads the tables of people and what they are in their schools.
pub(crate) fn lines(
    work: &mut Work<'_>,
    ents: &Ents,
    temporary: &Path,
) -> Result<Lines, BuildError> {
    let mut collected = Collected::new(temporary);
    work.read(&PEOPLE, |row, _| {
        let person = row.key(1, MAX_PERSON)?;
        let about = about(row, ents, &person)?;
        let civility = row.text(2, 30)?;
        let name = row.text(3, 500)?;
        let given_name = row.text(4, 500)?;
        let mail = row.text(5, 255)?;
        let texts: [&str; 4] = [&civility, &name, &given_name, &mail];
        Ok(collected.name(about, texts)?)
    })?;
    work.read(&AFFILIATIONS, |row, work| {
        let person = row.key(1, MAX_PERSON)?;
        let about = about(row, ents, &person)?;
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
        Ok(collected.say(about, (establishment, profiles.0), &facts)?)
    })?;
    collected.finish()
}

/// Whom the first column of a line and an identifier mean.
fn about<'p, const N: usize>(
    row: &Row<'_, N>,
    ents: &Ents,
    person: &'p str,
) -> Result<About<'p>, Fault> {
    let origin = ents
        .number(&row.key(0, 64)?)
        .ok_or_else(|| row.fault(0, Reason::Unknown))?;
    Ok(About {
        ent: ents.current_number(origin),
        origin,
        person,
        line: row.line,
    })
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
