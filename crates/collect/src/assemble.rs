//! Brings everything together at the end: people in the order of their identifiers, with what refers to them, over
//! the segment beneath if there is one, into the new segment.
//!
//! One pass over two sorted streams; memory is one person.

use octroi_directory::{
    CodeKind, Counts, Degree, Segment, SegmentError, SegmentWriter, Sorter, Written,
};

use crate::entry::{self, Key, Kind};
use crate::error::ImportError;
use crate::load::{self, DUPLICATE, Definition, KEY, Load, Read};
use crate::log::Log;
use crate::manage::Managers;
use crate::number::{self, NONE, Numbers, UNKNOWN_SCHOOL};
use crate::options::Levels;
use crate::pack::Packed;
use crate::person::{Draft, Full};
use crate::rewrite::Rewrite;
use crate::rule::{Loss, Rule};
use crate::tables::{Origin, Tables};

/// The segment beneath a small load, and how the two meet.
#[derive(Debug)]
pub(crate) struct Beneath<'b> {
    pub(crate) segment: &'b Segment,
    /// Whether a person's record takes the place of what was known, with all that refers to them; otherwise it adds.
    pub(crate) replace: bool,
    pub(crate) numbers: Translation,
}

/// Numbers of the segment beneath → numbers of the new one.
#[derive(Debug, Default)]
pub(crate) struct Translation {
    pub(crate) schools: Vec<u32>,
    pub(crate) groups: Vec<u32>,
    pub(crate) codes: Vec<u32>,
}

/// What is left to tell when the segment is written.
pub(crate) struct Assembled<'o> {
    pub(crate) log: Log<'o>,
    pub(crate) read: Read,
    pub(crate) written: Written,
}

/// Writes the new segment, if `accept` agrees with how much it would hold.
pub(crate) fn assemble<'o>(
    mut load: Load<'o>,
    levels: Levels,
    mut beneath: Option<Beneath<'_>>,
    mut writer: SegmentWriter,
    accept: impl FnOnce(Counts) -> Result<(), ImportError>,
) -> Result<Assembled<'o>, ImportError> {
    let codes: Vec<(CodeKind, String)> = match &beneath {
        Some(beneath) => {
            let codes = beneath.segment.codes();
            codes
                .map(|code| (code.kind, code.code.to_owned()))
                .collect()
        }
        None => Vec::new(),
    };
    let numbers = number::number(&mut load, levels, &codes, &mut writer)?;
    if let Some(beneath) = &mut beneath {
        beneath.translate(&load.tables, &numbers, &codes);
    }
    let Load {
        degree,
        tables,
        people,
        managers,
        mut log,
        mut read,
        ..
    } = load;
    People {
        degree,
        tables: &tables,
        numbers: &numbers,
        log: &mut log,
        repeated: &mut read.repeated,
        writer: &mut writer,
        draft: Draft::default(),
        refused: false,
        last: Last::default(),
        rewrite: Rewrite::default(),
    }
    .run(people, beneath.as_ref())?;
    Managers {
        degree,
        tables: &tables,
        schools: &numbers.schools,
        log: &mut log,
        repeated: &mut read.repeated,
        writer: &mut writer,
    }
    .run(managers, beneath.as_ref())?;
    accept(writer.counts())?;
    Ok(Assembled {
        log,
        read,
        written: writer.finish()?,
    })
}

impl Beneath<'_> {
    fn translate(&mut self, tables: &Tables, numbers: &Numbers, codes: &[(CodeKind, String)]) {
        let segment = self.segment;
        let at = |numbers: &[u32], number: Option<u32>| {
            number.map_or(NONE, |number| numbers[number as usize])
        };
        let schools: Vec<Option<u32>> = segment
            .schools()
            .map(|school| tables.schools.find(0, school.uai))
            .collect();
        self.numbers.groups = segment
            .groups()
            .map(|group| {
                let school = schools.get(group.school as usize).copied().flatten();
                at(
                    &numbers.groups,
                    school.and_then(|school| tables.groups.find(school, group.code)),
                )
            })
            .collect();
        self.numbers.schools = schools
            .iter()
            .map(|school| at(&numbers.schools, *school))
            .collect();
        self.numbers.codes = codes
            .iter()
            .map(|(kind, code)| numbers.code(*kind, code))
            .collect();
    }
}

/// The entry before, to find the one that says the same key again.
#[derive(Debug, Default)]
struct Last {
    key: Vec<u8>,
    said: Vec<u8>,
    origin: Option<Origin>,
}

struct People<'a, 'o> {
    degree: Degree,
    tables: &'a Tables,
    numbers: &'a Numbers,
    log: &'a mut Log<'o>,
    repeated: &'a mut u64,
    writer: &'a mut SegmentWriter,
    draft: Draft,
    /// Whether the record of the person at hand was set aside as a whole: what was sent with it goes the same way.
    refused: bool,
    last: Last,
    rewrite: Rewrite,
}

/// A temporary file was changed by somebody.
pub(crate) fn broken() -> ImportError {
    ImportError::Temporary(std::io::Error::other(
        "a temporary file does not hold what was written",
    ))
}

impl People<'_, '_> {
    fn run(mut self, entries: Sorter, beneath: Option<&Beneath<'_>>) -> Result<(), ImportError> {
        let mut entries = entries.finish().map_err(ImportError::temporary)?;
        let mut base = Base::new(beneath);
        base.advance()?;
        while let Some((key, said)) = entries.next().map_err(ImportError::temporary)? {
            let Some(parts) = Key::read(key) else {
                return Err(broken());
            };
            if parts.person != self.draft.id {
                self.write()?;
                while base.id().is_some_and(|id| id < parts.person) {
                    base.load(&mut self.draft);
                    self.write()?;
                    base.advance()?;
                }
                self.draft.begin(parts.person);
                self.refused = false;
                if base.id() == Some(parts.person) {
                    base.load(&mut self.draft);
                    base.advance()?;
                }
            }
            self.entry(
                key,
                parts,
                said,
                beneath.is_some_and(|beneath| beneath.replace),
            )?;
        }
        self.write()?;
        while base.id().is_some() {
            base.load(&mut self.draft);
            self.write()?;
            base.advance()?;
        }
        Ok(())
    }

    /// Writes the person at hand, if there is one.
    fn write(&mut self) -> Result<(), ImportError> {
        if let Some(person) = self.draft.finish() {
            self.writer.person(&person)?;
            self.log.progress.people += 1;
            if self.log.progress.people.is_multiple_of(1 << 14) {
                self.log.advance()?;
            }
        }
        self.draft.present = false;
        Ok(())
    }

    fn entry(
        &mut self,
        key: &[u8],
        parts: Key<'_>,
        said: &[u8],
        replace: bool,
    ) -> Result<(), ImportError> {
        if parts.kind == Kind::Remove {
            self.draft.begin(parts.person);
            self.remember(key, &[], None);
            return Ok(());
        }
        let mut packed = Packed(said);
        let origin = entry::take_origin(&mut packed).ok_or_else(broken)?;
        if self.last.key == key
            && let Some(before) = self.last.origin
        {
            let state = load::compare(self.last.said == packed.0, before, origin);
            return self.again(state, parts, packed, origin);
        }
        self.remember(key, packed.0, Some(origin));
        if parts.kind == Kind::Person {
            self.person(parts, packed, origin, replace)
        } else {
            self.relation(parts, packed, origin)
        }
    }

    fn remember(&mut self, key: &[u8], said: &[u8], origin: Option<Origin>) {
        self.last.key.clear();
        self.last.key.extend_from_slice(key);
        self.last.said.clear();
        self.last.said.extend_from_slice(said);
        self.last.origin = origin;
    }

    /// The key of the entry before.
    fn again(
        &mut self,
        state: Definition,
        parts: Key<'_>,
        packed: Packed<'_>,
        origin: Origin,
    ) -> Result<(), ImportError> {
        let (rule, reason) = match state {
            Definition::First => return Ok(()),
            Definition::Again => {
                *self.repeated += 1;
                return Ok(());
            }
            Definition::Key => (Rule::Key, KEY),
            Definition::Duplicate => (Rule::Duplicate, DUPLICATE),
        };
        self.set_aside(parts, packed, origin, rule, reason, Loss::Record)
    }

    fn person(
        &mut self,
        parts: Key<'_>,
        packed: Packed<'_>,
        origin: Origin,
        replace: bool,
    ) -> Result<(), ImportError> {
        let said = PersonSaid::read(packed).ok_or_else(broken)?;
        let schools = &self.numbers.schools;
        let is_known = |school: u32| {
            let number = schools.get(school as usize);
            number.is_some_and(|number| *number != NONE)
        };
        self.refused = !said.schools().any(|(school, _)| is_known(school));
        // A record that is set aside as a whole takes the place of nothing.
        if replace && !self.refused {
            self.draft.begin(parts.person);
        }
        let (mut known, mut unknown, mut full) = (0, false, false);
        for (school, profiles) in said.schools() {
            match schools.get(school as usize) {
                Some(&number) if number != NONE => match self.draft.profiles(number, profiles) {
                    Ok(()) => known += 1,
                    Err(Full) => full = true,
                },
                _ => unknown = true,
            }
        }
        if known > 0 && !self.draft.present {
            self.draft.called(said.texts);
        }
        let loss = if known > 0 { Loss::Part } else { Loss::Record };
        if unknown {
            let (rule, reason) = (Rule::UnknownSchool, UNKNOWN_SCHOOL);
            self.set_aside(parts, packed, origin, rule, reason, loss)?;
        }
        if full {
            let reason = "more schools of one person than the directory takes";
            self.set_aside(parts, packed, origin, Rule::Limit, reason, loss)?;
        }
        Ok(())
    }

    fn relation(
        &mut self,
        parts: Key<'_>,
        packed: Packed<'_>,
        origin: Origin,
    ) -> Result<(), ImportError> {
        if let Err((rule, reason)) = self.take(parts, packed) {
            return self.set_aside(parts, packed, origin, rule, reason, Loss::Record);
        }
        Ok(())
    }

    /// Adds a relation to the person, or says what it refers to in vain. Nothing of it is taken then.
    fn take(&mut self, parts: Key<'_>, mut packed: Packed<'_>) -> Result<(), (Rule, &'static str)> {
        let get = |numbers: &[u32], number: u32| {
            numbers
                .get(number as usize)
                .copied()
                .filter(|number| *number != NONE)
        };
        let school = get(&self.numbers.schools, parts.school)
            .ok_or((Rule::UnknownSchool, UNKNOWN_SCHOOL))?;
        if !self.draft.present || self.refused {
            return Err((Rule::UnknownPerson, "no such person in the delivery"));
        }
        let pupil = self.draft.is_in(school).ok_or((
            Rule::NotInSchool,
            "the person has no profile in this school",
        ))?;
        let full = |_: Full| {
            (
                Rule::Limit,
                "more facts of one person in one school than the directory takes",
            )
        };
        let unknown_subject = (
            Rule::UnknownSubject,
            "no GARMatiere with this code in the school",
        );
        match parts.kind {
            Kind::Mef | Kind::Level => {
                let codes = match parts.kind {
                    Kind::Mef => self.numbers.mefs.get(parts.code as usize),
                    _ => self.numbers.levels.get(parts.code as usize),
                };
                let codes = codes
                    .filter(|codes| codes.known)
                    .ok_or((Rule::UnknownMef, "no GARMEF with this code in the school"))?;
                self.draft.code(school, codes.person).map_err(full)?;
                if pupil {
                    self.draft.code(school, codes.pupil).map_err(full)?;
                }
            }
            Kind::Subject => {
                let subject = get(&self.numbers.subjects, parts.code).ok_or(unknown_subject)?;
                self.draft.code(school, subject).map_err(full)?;
            }
            _ => {
                let group = get(&self.numbers.groups, parts.code).ok_or((
                    Rule::UnknownGroup,
                    "no GARGroupe with this code in the school",
                ))?;
                let subjects = packed;
                while let Some(subject) = packed.small() {
                    get(&self.numbers.subjects, subject).ok_or(unknown_subject)?;
                }
                packed = subjects;
                self.draft.group(school, group).map_err(full)?;
                while let Some(subject) = packed.small() {
                    let subject = get(&self.numbers.subjects, subject).ok_or(unknown_subject)?;
                    self.draft.code(school, subject).map_err(full)?;
                }
            }
        }
        Ok(())
    }

    fn set_aside(
        &mut self,
        parts: Key<'_>,
        packed: Packed<'_>,
        origin: Origin,
        rule: Rule,
        reason: &str,
        loss: Loss,
    ) -> Result<(), ImportError> {
        let tables = self.tables;
        if parts.kind == Kind::Person {
            let said = PersonSaid::read(packed).ok_or_else(broken)?;
            let element = if said.pupil {
                "GAREleve"
            } else {
                "GAREnseignant"
            };
            let raw = said.rewrite(
                &mut self.rewrite,
                self.degree,
                element,
                parts.person,
                tables,
            );
            return self.log.late(origin, element, rule, reason, loss, raw);
        }
        let element = parts.kind.element();
        let (code, code_name) = match parts.kind {
            Kind::Mef => (tables.mefs.name(parts.code).1, "GARMEFCode"),
            Kind::Level => (tables.levels.name(parts.code).1, "GARMEFSTAT4Code"),
            Kind::Subject => (tables.subjects.name(parts.code).1, "GARMatiereCode"),
            _ => (tables.groups.name(parts.code).1, "GARGroupeCode"),
        };
        self.rewrite
            .begin(self.degree, element)
            .field("GARStructureUAI", tables.schools.name(parts.school).1)
            .field("GARPersonIdentifiant", parts.person)
            .field(code_name, code);
        let mut subjects = packed;
        while let Some(subject) = subjects.small() {
            let code = tables.subjects.name(subject).1;
            self.rewrite.field("GARMatiereCode", code);
        }
        self.log
            .late(origin, element, rule, reason, loss, self.rewrite.end())
    }
}

/// What a person's record said.
#[derive(Debug, Clone, Copy)]
struct PersonSaid<'a> {
    pupil: bool,
    /// Civility, name, given name, mail.
    texts: [&'a str; 4],
    count: u64,
    schools: Packed<'a>,
}

impl<'a> PersonSaid<'a> {
    fn read(mut packed: Packed<'a>) -> Option<Self> {
        Some(Self {
            pupil: packed.number()? != 0,
            texts: [
                packed.text()?,
                packed.text()?,
                packed.text()?,
                packed.text()?,
            ],
            count: packed.number()?,
            schools: packed,
        })
    }

    fn schools(&self) -> impl Iterator<Item = (u32, u16)> {
        let mut packed = self.schools;
        (0..self.count).map_while(move |_| {
            let school = packed.small()?;
            Some((school, u16::try_from(packed.number()?).ok()?))
        })
    }

    fn rewrite<'r>(
        &self,
        rewrite: &'r mut Rewrite,
        degree: Degree,
        element: &'static str,
        person: &str,
        tables: &Tables,
    ) -> &'r str {
        let [civility, name, given_name, mail] = self.texts;
        rewrite
            .begin(degree, element)
            .field("GARPersonIdentifiant", person);
        for (school, profiles) in self.schools() {
            rewrite.profiles(tables.schools.name(school).1, profiles);
        }
        rewrite
            .field("GARPersonNom", name)
            .field("GARPersonPrenom", given_name)
            .field("GARPersonAutresPrenoms", given_name)
            .optional("GARPersonCivilite", civility);
        for (school, _) in self.schools() {
            rewrite.field("GARPersonEtab", tables.schools.name(school).1);
        }
        rewrite.optional("GARPersonMail", mail).end()
    }
}

/// The people of the segment beneath, one at a time.
struct Base<'b> {
    people: Option<octroi_directory::People<'b>>,
    numbers: Option<&'b Translation>,
    /// The person at hand, already in the new numbers.
    next: Draft,
    at_end: bool,
}

impl<'b> Base<'b> {
    fn new(beneath: Option<&'b Beneath<'b>>) -> Self {
        Self {
            people: beneath.map(|beneath| beneath.segment.people()),
            numbers: beneath.map(|beneath| &beneath.numbers),
            next: Draft::default(),
            at_end: beneath.is_none(),
        }
    }

    fn id(&self) -> Option<&str> {
        (!self.at_end).then_some(self.next.id.as_str())
    }

    fn advance(&mut self) -> Result<(), ImportError> {
        let (Some(people), Some(numbers)) = (&mut self.people, self.numbers) else {
            return Ok(());
        };
        let wrong: fn(SegmentError) -> ImportError = ImportError::Previous;
        let Some(person) = people.next().map_err(wrong)? else {
            self.at_end = true;
            return Ok(());
        };
        self.next.begin(person.id);
        self.next
            .called([person.civility, person.name, person.given_name, person.mail]);
        let get = |numbers: &[u32], number: u32| {
            numbers
                .get(number as usize)
                .copied()
                .filter(|number| *number != NONE)
        };
        for affiliation in person.affiliations {
            let Some(school) = get(&numbers.schools, affiliation.school) else {
                continue;
            };
            // What a segment holds is within the limits of a segment.
            let _ = self.next.profiles(school, affiliation.profiles);
            for group in affiliation.groups {
                if let Some(group) = get(&numbers.groups, group) {
                    let _ = self.next.group(school, group);
                }
            }
            for code in affiliation.codes {
                if let Some(code) = get(&numbers.codes, code) {
                    let _ = self.next.code(school, code);
                }
            }
        }
        Ok(())
    }

    /// Hands the person at hand over to `draft`; [`Base::advance`] comes next.
    fn load(&mut self, draft: &mut Draft) {
        std::mem::swap(draft, &mut self.next);
    }
}
