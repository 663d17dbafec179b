//! Assignment managers: fewer than people by three orders of magnitude, with nothing that refers to them.

use octroi_directory::{Degree, Manager, NumberList, SegmentWriter, Sorter, TextList};

use crate::assemble::{Beneath, broken};
use crate::entry::{self, Key, Kind};
use crate::error::ImportError;
use crate::load::{self, DUPLICATE, Definition, KEY};
use crate::log::Log;
use crate::number::{NONE, UNKNOWN_SCHOOL};
use crate::pack::Packed;
use crate::rewrite::Rewrite;
use crate::rule::{Loss, Rule};
use crate::tables::{Origin, Tables};

const ELEMENT: &str = "GARRespAff";

pub(crate) struct Managers<'a, 'o> {
    pub(crate) degree: Degree,
    pub(crate) tables: &'a Tables,
    /// Numbers of schools in the segment.
    pub(crate) schools: &'a [u32],
    pub(crate) log: &'a mut Log<'o>,
    pub(crate) repeated: &'a mut u64,
    pub(crate) writer: &'a mut SegmentWriter,
}

/// The manager at hand.
#[derive(Debug, Default)]
struct Draft {
    id: String,
    civility: String,
    name: String,
    given_name: String,
    mails: Vec<String>,
    schools: Vec<u32>,
}

impl Managers<'_, '_> {
    pub(crate) fn run(
        mut self,
        entries: Sorter,
        beneath: Option<&Beneath<'_>>,
    ) -> Result<(), ImportError> {
        let mut entries = entries.finish().map_err(ImportError::temporary)?;
        let mut base = beneath.map(|beneath| beneath.segment.managers());
        let mut below = Draft::default();
        let mut next_below = |into: &mut Draft| -> Result<bool, ImportError> {
            let (Some(base), Some(beneath)) = (&mut base, beneath) else {
                return Ok(false);
            };
            match base.next().map_err(ImportError::Previous)? {
                Some(manager) => {
                    into.take(&manager, &beneath.numbers.schools);
                    Ok(true)
                }
                None => Ok(false),
            }
        };
        let mut more = next_below(&mut below)?;
        let mut draft = Draft::default();
        let (mut before, mut before_said): (Option<Origin>, Vec<u8>) = (None, Vec::new());
        while let Some((key, said)) = entries.next().map_err(ImportError::temporary)? {
            let parts = Key::read(key).ok_or_else(broken)?;
            if parts.person != draft.id {
                self.write(&mut draft)?;
                while more && below.id.as_str() < parts.person {
                    self.write(&mut below)?;
                    more = next_below(&mut below)?;
                }
                draft = Draft {
                    id: parts.person.to_owned(),
                    ..Draft::default()
                };
                before = None;
                if more && below.id == parts.person {
                    std::mem::swap(&mut draft, &mut below);
                    more = next_below(&mut below)?;
                }
            }
            if parts.kind == Kind::Remove {
                draft.schools.clear();
                continue;
            }
            let mut packed = Packed(said);
            let origin = entry::take_origin(&mut packed).ok_or_else(broken)?;
            if let Some(first) = before {
                match load::compare(before_said == packed.0, first, origin) {
                    Definition::First => {}
                    Definition::Again => *self.repeated += 1,
                    Definition::Key => {
                        self.set_aside(parts.person, packed, origin, Rule::Key, KEY, Loss::Record)?
                    }
                    Definition::Duplicate => {
                        self.set_aside(
                            parts.person,
                            packed,
                            origin,
                            Rule::Duplicate,
                            DUPLICATE,
                            Loss::Record,
                        )?;
                    }
                }
                continue;
            }
            before = Some(origin);
            before_said.clear();
            before_said.extend_from_slice(packed.0);
            let replace = beneath.is_some_and(|beneath| beneath.replace);
            self.take(&mut draft, packed, origin, replace)?;
        }
        self.write(&mut draft)?;
        while more {
            self.write(&mut below)?;
            more = next_below(&mut below)?;
        }
        Ok(())
    }

    fn take(
        &mut self,
        draft: &mut Draft,
        packed: Packed<'_>,
        origin: Origin,
        replace: bool,
    ) -> Result<(), ImportError> {
        let said = ManagerSaid::read(packed).ok_or_else(broken)?;
        let mut known = Vec::new();
        for school in &said.schools {
            let number = self.schools.get(*school as usize).copied();
            known.extend(number.filter(|number| *number != NONE));
        }
        if known.len() < said.schools.len() {
            let loss = if known.is_empty() {
                Loss::Record
            } else {
                Loss::Part
            };
            let id = draft.id.clone();
            self.set_aside(
                &id,
                packed,
                origin,
                Rule::UnknownSchool,
                UNKNOWN_SCHOOL,
                loss,
            )?;
        }
        // A record that is set aside as a whole takes the place of nothing.
        if replace && !known.is_empty() {
            draft.schools.clear();
        }
        if draft.schools.is_empty() && !known.is_empty() {
            [draft.civility, draft.name, draft.given_name] = said.texts.map(str::to_owned);
            draft.mails = said.mails.iter().map(|mail| (*mail).to_owned()).collect();
        }
        draft.schools.extend(known);
        Ok(())
    }

    fn write(&mut self, draft: &mut Draft) -> Result<(), ImportError> {
        if draft.schools.is_empty() {
            return Ok(());
        }
        draft.schools.sort_unstable();
        draft.schools.dedup();
        let mut schools = NumberList::default();
        schools.set(&draft.schools);
        let mails: TextList = draft.mails.iter().map(String::as_str).collect();
        self.writer.manager(&Manager {
            id: &draft.id,
            civility: &draft.civility,
            name: &draft.name,
            given_name: &draft.given_name,
            mails: mails.view(),
            schools: schools.view(),
        })?;
        draft.schools.clear();
        Ok(())
    }

    fn set_aside(
        &mut self,
        person: &str,
        packed: Packed<'_>,
        origin: Origin,
        rule: Rule,
        reason: &str,
        loss: Loss,
    ) -> Result<(), ImportError> {
        let said = ManagerSaid::read(packed).ok_or_else(broken)?;
        let [civility, name, given_name] = said.texts;
        let mut rewrite = Rewrite::default();
        rewrite
            .begin(self.degree, ELEMENT)
            .field("GARPersonIdentifiant", person)
            .field("GARPersonNom", name)
            .field("GARPersonPrenom", given_name)
            .optional("GARPersonCivilite", civility);
        for mail in said.mails {
            rewrite.field("GARPersonMail", mail);
        }
        for school in said.schools {
            rewrite.field("GARRespAffEtab", self.tables.schools.name(school).1);
        }
        self.log
            .late(origin, ELEMENT, rule, reason, loss, rewrite.end())
    }
}

impl Draft {
    /// Takes a manager of the segment beneath.
    fn take(&mut self, manager: &Manager<'_>, schools: &[u32]) {
        *self = Self {
            id: manager.id.to_owned(),
            civility: manager.civility.to_owned(),
            name: manager.name.to_owned(),
            given_name: manager.given_name.to_owned(),
            mails: manager.mails.map(str::to_owned).collect(),
            schools: manager
                .schools
                .filter_map(|school| schools.get(school as usize).copied())
                .filter(|school| *school != NONE)
                .collect(),
        };
    }
}

/// What a manager's record said.
struct ManagerSaid<'a> {
    /// Civility, name, given name.
    texts: [&'a str; 3],
    mails: Vec<&'a str>,
    schools: Vec<u32>,
}

impl<'a> ManagerSaid<'a> {
    fn read(mut packed: Packed<'a>) -> Option<Self> {
        let texts = [packed.text()?, packed.text()?, packed.text()?];
        let mails = (0..packed.number()?)
            .map(|_| packed.text())
            .collect::<Option<_>>()?;
        let schools = (0..packed.number()?)
            .map(|_| packed.small())
            .collect::<Option<_>>()?;
        Some(Self {
            texts,
            mails,
            schools,
        })
    }
}
