//! What one source says of one person, in the snapshot's numbers. Its memory is used again for the next.

use octroi_directory::People as SegmentPeople;

use super::report::{BuildError, Fault, Reason};
use super::segments::{Opened, is_carried, key_fault};
use crate::Profile;
use crate::format::fact::{Fact, FactKind};
use crate::format::{MAX_PERSON, NONE};

/// Bits of all profiles.
const ALL_PROFILES: u16 = (1 << Profile::ALL.len()) - 1;

/// That a source names a person.
#[derive(Debug)]
pub(crate) struct Naming {
    /// The project that named them.
    pub(crate) origin: u16,
    pub(crate) file: u16,
    pub(crate) line: u32,
    /// Where civility, name, given name and mail end in the texts, the first beginning at `start`.
    start: usize,
    pub(crate) lengths: [u16; 4],
}

/// What the person is in one school.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) establishment: u32,
    pub(crate) profiles: u16,
    pub(crate) origin: u16,
    pub(crate) file: u16,
    pub(crate) line: u32,
    start: usize,
    end: usize,
}

/// What one source says of one person.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The project that speaks for them now.
    pub(crate) ent: u16,
    pub(crate) id: String,
    pub(crate) namings: Vec<Naming>,
    pub(crate) said: Vec<Said>,
    /// What was set aside on the way here.
    pub(crate) faults: Vec<(u32, Fault)>,
    /// Records of a segment on the way here, how many of them were left out whole, and its file.
    pub(crate) records: u32,
    pub(crate) left_out: u32,
    pub(crate) file: u16,
    /// Number of the segment's record at hand, from 1.
    line: u32,
    texts: String,
    facts: Vec<u32>,
}

impl Held {
    /// For a source whose people one project speaks for.
    pub(crate) fn of(ent: u16) -> Self {
        Self {
            ent,
            ..Self::default()
        }
    }

    pub(crate) fn clear(&mut self) {
        self.id.clear();
        self.namings.clear();
        self.said.clear();
        self.faults.clear();
        self.records = 0;
        self.left_out = 0;
        self.texts.clear();
        self.facts.clear();
    }

    /// Notes that a source names the person. Texts are at most 65 535 octets long.
    pub(crate) fn name(&mut self, origin: u16, file: u16, line: u32, texts: [&str; 4]) {
        let start = self.texts.len();
        texts.iter().for_each(|text| self.texts.push_str(text));
        self.namings.push(Naming {
            origin,
            file,
            line,
            start,
            lengths: texts.map(|text| text.len() as u16),
        });
    }

    /// Notes what the person is in a school; facts are brought into order.
    pub(crate) fn say(
        &mut self,
        [origin, file]: [u16; 2],
        line: u32,
        (establishment, profiles): (u32, u16),
        facts: impl Iterator<Item = u32>,
    ) {
        let start = self.facts.len();
        self.facts.extend(facts);
        self.facts[start..].sort_unstable();
        self.said.push(Said {
            establishment,
            profiles,
            origin,
            file,
            line,
            start,
            end: self.facts.len(),
        });
    }

    /// Civility, name, given name and mail, one after the other.
    pub(crate) fn texts_of(&self, naming: &Naming) -> &str {
        let length: usize = naming.lengths.iter().map(|n| usize::from(*n)).sum();
        &self.texts[naming.start..naming.start + length]
    }

    /// Classes, groups and codes, ascending.
    pub(crate) fn facts_of(&self, said: &Said) -> &[u32] {
        &self.facts[said.start..said.end]
    }

    /// Reads the next person of a segment who can be taken; false at the end.
    pub(crate) fn read(
        &mut self,
        people: &mut SegmentPeople<'_>,
        opened: &Opened,
        file: u16,
    ) -> Result<bool, BuildError> {
        self.file = file;
        loop {
            let Some(person) = people.next().map_err(|error| opened.damaged(error))? else {
                return Ok(false);
            };
            self.records += 1;
            self.line += 1;
            let line = self.line;
            let texts = [person.civility, person.name, person.given_name, person.mail];
            let fault = key_fault(person.id, MAX_PERSON, "person").or_else(|| {
                (!texts.iter().all(|text| is_carried(text))).then_some(Fault {
                    column: Some("name"),
                    reason: Reason::ForbiddenCharacter,
                })
            });
            if let Some(fault) = fault {
                self.faults.push((line, fault));
                self.left_out += 1;
                continue;
            }
            self.id.push_str(person.id);
            self.name(opened.ent, file, line, texts);
            for affiliation in person.affiliations {
                let mut leave = |column, reason| {
                    let fault = Fault {
                        column: Some(column),
                        reason,
                    };
                    self.faults.push((line, fault));
                };
                let establishment = number(&opened.schools, affiliation.school);
                let profiles = affiliation.profiles & ALL_PROFILES;
                if profiles != affiliation.profiles {
                    leave("profiles", Reason::NotAWord);
                }
                let Some(establishment) = establishment else {
                    leave("uai", Reason::Unknown);
                    continue;
                };
                if profiles == 0 {
                    leave("profiles", Reason::Empty);
                    continue;
                }
                let known = |of: &[u32], n: &u32| number(of, *n).is_some();
                if !affiliation
                    .groups
                    .clone()
                    .all(|n| known(&opened.groups, &n))
                {
                    leave("groups", Reason::Unknown);
                }
                if !affiliation.codes.clone().all(|n| known(&opened.codes, &n)) {
                    leave("codes", Reason::Unknown);
                }
                let groups = affiliation.groups.filter_map(|n| {
                    let number = number(&opened.groups, n)?;
                    Some(Fact::new(FactKind::Group, number)?.0)
                });
                let codes = affiliation.codes.filter_map(|n| number(&opened.codes, n));
                self.say(
                    [opened.ent, file],
                    line,
                    (establishment, profiles),
                    groups.chain(codes),
                );
            }
            return Ok(true);
        }
    }
}

/// The snapshot's number for a segment's own.
fn number(of: &[u32], own: u32) -> Option<u32> {
    of.get(own as usize)
        .copied()
        .filter(|number| *number != NONE)
}
