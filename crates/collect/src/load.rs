//! Takes the records of all files: schools, groups and courses into tables, people and what refers to them into sorters.
//!
//! Nothing is resolved here, because a relation may come before its person, its group or its school.

use octroi_directory::{Degree, GroupKind, Sorter};

use crate::entry::{self, Kind};
use crate::error::ImportError;
use crate::log::Log;
use crate::options::Options;
use crate::pack;
use crate::profile;
use crate::rule::{Loss, Rule};
use crate::scan::{Found, Position, Sink};
use crate::schema::{Means, RecordKind, RecordType};
use crate::tables::{Budget, Defined, GroupSaid, MefSaid, Names, Origin, Tables};
use crate::values::Values;

/// What was read of a delivery.
pub(crate) struct Load<'o> {
    pub(crate) degree: Degree,
    pub(crate) tables: Tables,
    pub(crate) people: Sorter,
    pub(crate) managers: Sorter,
    pub(crate) log: Log<'o>,
    pub(crate) read: Read,
    pub(crate) budget: Budget,
    key: Vec<u8>,
    said: Vec<u8>,
    numbers: Vec<(u32, u16)>,
    subjects: Vec<u32>,
}

/// How many records were read that their schema allows, and how many said again what was said already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) by_kind: [u64; 13],
    pub(crate) repeated: u64,
    /// Pupils and staff, good or bad.
    pub(crate) people_seen: u64,
}

impl<'o> Load<'o> {
    pub(crate) fn new(degree: Degree, options: &Options, log: Log<'o>) -> Self {
        let buffer = options.sort_buffer;
        Self {
            degree,
            tables: Tables::default(),
            people: Sorter::new(&options.work, buffer).within(&options.room),
            managers: Sorter::new(&options.work, buffer / 16).within(&options.room),
            log,
            read: Read::default(),
            budget: Budget {
                left: options.limits.tables,
                limit: options.limits.tables as u64,
            },
            key: Vec::new(),
            said: Vec::new(),
            numbers: Vec::new(),
            subjects: Vec::new(),
        }
    }

    /// Says that a person, or an assignment manager, is to be taken away.
    pub(crate) fn remove(&mut self, person: &str, manager: bool) -> Result<(), ImportError> {
        entry::key(&mut self.key, person, Kind::Remove, None);
        let sorter = if manager {
            &mut self.managers
        } else {
            &mut self.people
        };
        push(sorter, &self.key, &[])
    }

    /// Begins what an entry says with where it stands.
    fn begin(&mut self, at: Position) {
        let origin = self.origin(at);
        entry::origin(&mut self.said, origin);
    }

    fn origin(&self, at: Position) -> Origin {
        Origin {
            file: self.log.file(),
            at,
        }
    }

    fn school(&mut self, uai: &str) -> Result<u32, ImportError> {
        self.tables.schools.number(0, uai, &mut self.budget)
    }

    /// A pupil or a member of the staff.
    fn person(
        &mut self,
        record: &'static RecordType,
        at: Position,
        raw: &str,
        values: &Values<'_>,
    ) -> Result<(), ImportError> {
        self.numbers.clear();
        let (mut school, mut unknown) = (0, false);
        for (means, text) in values.iter() {
            match means {
                Means::ProfileSchool => school = self.school(text)?,
                Means::Profile => match profile::parse(text) {
                    Some(bit) => {
                        match self.numbers.iter_mut().find(|(known, _)| *known == school) {
                            Some((_, profiles)) => *profiles |= bit,
                            None => self.numbers.push((school, bit)),
                        }
                    }
                    None => unknown = true,
                },
                _ => {}
            }
        }
        let whole = self.numbers.is_empty();
        if unknown {
            self.log.found(&Found {
                at,
                element: record.name,
                rule: Rule::Profile,
                reason: "GARPersonProfil is not a profile that is known",
                loss: if whole { Loss::Record } else { Loss::Part },
                raw,
            })?;
            if whole {
                return Ok(());
            }
        } else {
            for uai in values.all(Means::PersonSchool) {
                let school = self.school(uai)?;
                if self.numbers.iter().all(|(known, _)| *known != school) {
                    self.log.found(&Found {
                        at,
                        element: record.name,
                        rule: Rule::NoProfile,
                        reason: "no profile in a school of GARPersonEtab",
                        loss: Loss::Part,
                        raw,
                    })?;
                    break;
                }
            }
        }
        self.begin(at);
        let said = &mut self.said;
        pack::number(said, u64::from(record.kind == RecordKind::Pupil));
        for means in [Means::Civility, Means::Name, Means::GivenName, Means::Mail] {
            pack::text(said, values.first(means));
        }
        pack::number(said, self.numbers.len() as u64);
        for (school, profiles) in &self.numbers {
            pack::number(said, u64::from(*school));
            pack::number(said, u64::from(*profiles));
        }
        let whose = values.first(Means::Person);
        entry::key(&mut self.key, whose, Kind::Person, None);
        push(&mut self.people, &self.key, &self.said)
    }

    fn manager(&mut self, at: Position, values: &Values<'_>) -> Result<(), ImportError> {
        self.subjects.clear();
        for uai in values.all(Means::PersonSchool) {
            let school = self.tables.schools.number(0, uai, &mut self.budget)?;
            self.subjects.push(school);
        }
        self.begin(at);
        let said = &mut self.said;
        for means in [Means::Civility, Means::Name, Means::GivenName] {
            pack::text(said, values.first(means));
        }
        pack::number(said, values.all(Means::Mail).count() as u64);
        values
            .all(Means::Mail)
            .for_each(|mail| pack::text(said, mail));
        pack::number(said, self.subjects.len() as u64);
        for school in &self.subjects {
            pack::number(said, u64::from(*school));
        }
        let whose = values.first(Means::Person);
        entry::key(&mut self.key, whose, Kind::Person, None);
        push(&mut self.managers, &self.key, &self.said)
    }

    /// Something that a person has in a school.
    fn relation(
        &mut self,
        kind: Kind,
        at: Position,
        values: &Values<'_>,
    ) -> Result<(), ImportError> {
        let school = self.school(values.first(Means::School))?;
        let (tables, budget) = (&mut self.tables, &mut self.budget);
        self.subjects.clear();
        let code = match kind {
            Kind::Mef => tables
                .mefs
                .number(school, values.first(Means::Code), budget)?,
            Kind::Level => tables.levels.number(0, values.first(Means::Code), budget)?,
            Kind::Subject => {
                tables
                    .subjects
                    .number(school, values.first(Means::Subject), budget)?
            }
            _ => {
                for subject in values.all(Means::Subject) {
                    let subject = tables.subjects.number(school, subject, budget)?;
                    self.subjects.push(subject);
                }
                tables
                    .groups
                    .number(school, values.first(Means::Code), budget)?
            }
        };
        self.begin(at);
        for subject in &self.subjects {
            pack::number(&mut self.said, u64::from(*subject));
        }
        let whose = values.first(Means::Person);
        entry::key(&mut self.key, whose, kind, Some((school, code)));
        push(&mut self.people, &self.key, &self.said)
    }

    fn group(
        &mut self,
        record: &'static RecordType,
        at: Position,
        raw: &str,
        values: &Values<'_>,
    ) -> Result<(), ImportError> {
        let status = values.first(Means::Status);
        let kind = if status.eq_ignore_ascii_case("DIVISION") {
            GroupKind::Division
        } else if status.eq_ignore_ascii_case("GROUPE") {
            GroupKind::Group
        } else {
            return self.log.found(&Found {
                at,
                element: record.name,
                rule: Rule::GroupKind,
                reason: "GARGroupeStatut is neither DIVISION nor GROUPE",
                loss: Loss::Record,
                raw,
            });
        };
        let said = GroupSaid {
            kind,
            label: values.first(Means::Label).to_owned(),
            divisions: values.all(Means::Division).map(str::to_owned).collect(),
        };
        let school = self.school(values.first(Means::School))?;
        let code = values.first(Means::Code);
        let number = self.tables.groups.number(school, code, &mut self.budget)?;
        let origin = self.origin(at);
        self.budget.take(raw.len())?;
        let state = define(&mut self.tables.groups, number, said, origin);
        self.settle(state, record, at, raw)
    }

    /// Tells what a second definition is.
    fn settle(
        &mut self,
        state: Definition,
        record: &'static RecordType,
        at: Position,
        raw: &str,
    ) -> Result<(), ImportError> {
        let (rule, reason) = match state {
            Definition::First => return Ok(()),
            Definition::Again => {
                self.read.repeated += 1;
                return Ok(());
            }
            Definition::Key => (Rule::Key, KEY),
            Definition::Duplicate => (Rule::Duplicate, DUPLICATE),
        };
        self.log.found(&Found {
            at,
            element: record.name,
            rule,
            reason,
            loss: Loss::Record,
            raw,
        })
    }
}

/// The reason of [`Rule::Key`].
pub(crate) const KEY: &str = "the key of an earlier record of this file";
/// The reason of [`Rule::Duplicate`].
pub(crate) const DUPLICATE: &str =
    "the key of a record of an earlier file that says something else";

/// What a definition is to one before it. One rule for all records: the first in the order of the archive holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Definition {
    /// There was none.
    First,
    /// An earlier file said the same.
    Again,
    /// This file had the key already.
    Key,
    /// An earlier file said something else.
    Duplicate,
}

pub(crate) fn compare(same: bool, before: Origin, now: Origin) -> Definition {
    if before.file == now.file {
        Definition::Key
    } else if same {
        Definition::Again
    } else {
        Definition::Duplicate
    }
}

fn define<T: PartialEq>(
    names: &mut Names<Defined<T>>,
    number: u32,
    said: T,
    origin: Origin,
) -> Definition {
    let place = &mut names.known[number as usize];
    if let Some(Defined {
        said: before,
        origin: Some(first),
    }) = place
    {
        return compare(*before == said, *first, origin);
    }
    *place = Some(Defined {
        said,
        origin: Some(origin),
    });
    Definition::First
}

impl Sink for Load<'_> {
    fn record(
        &mut self,
        record: &'static RecordType,
        at: Position,
        raw: &str,
        values: &Values<'_>,
    ) -> Result<(), ImportError> {
        self.read.by_kind[record.kind as usize] += 1;
        self.log.progress.records += 1;
        let state = match record.kind {
            RecordKind::Pupil | RecordKind::Staff => {
                self.read.people_seen += 1;
                return self.person(record, at, raw, values);
            }
            RecordKind::Manager => return self.manager(at, values),
            RecordKind::Group => return self.group(record, at, raw, values),
            RecordKind::School => {
                let number = self.school(values.first(Means::School))?;
                let name = values.first(Means::SchoolName).to_owned();
                let origin = self.origin(at);
                define(&mut self.tables.schools, number, name, origin)
            }
            RecordKind::Mef => {
                let school = self.school(values.first(Means::School))?;
                let code = values.first(Means::Code);
                let number = self.tables.mefs.number(school, code, &mut self.budget)?;
                let said = MefSaid {
                    stat: values.first(Means::MefStat).to_owned(),
                    attached: values.first(Means::Attached).to_owned(),
                };
                let origin = self.origin(at);
                define(&mut self.tables.mefs, number, said, origin)
            }
            RecordKind::Subject => {
                let school = self.school(values.first(Means::School))?;
                let code = values.first(Means::Subject);
                let number = self
                    .tables
                    .subjects
                    .number(school, code, &mut self.budget)?;
                let origin = self.origin(at);
                define(&mut self.tables.subjects, number, (), origin)
            }
            kind => {
                return match Kind::of(kind) {
                    Some(kind) => self.relation(kind, at, values),
                    None => Ok(()),
                };
            }
        };
        self.settle(state, record, at, raw)
    }

    fn found(&mut self, found: &Found<'_>) -> Result<(), ImportError> {
        if matches!(found.element, "GAREleve" | "GAREnseignant") && found.loss == Loss::Record {
            self.read.people_seen += 1;
        }
        self.log.found(found)
    }

    fn moved(&mut self) -> Result<(), ImportError> {
        self.log.advance()
    }
}

/// Sends an entry on its way to its person.
fn push(sorter: &mut Sorter, key: &[u8], said: &[u8]) -> Result<(), ImportError> {
    sorter.push(key, said).map_err(ImportError::temporary)
}
