//! One person while they are put together: schools, groups and codes, whose memory is reused for the next.

use octroi_directory::{AffiliationList, MAX_AFFILIATIONS, MAX_FACTS, Person};

use crate::number::NONE;
use crate::profile::PUPIL;

/// What the person is in one school.
#[derive(Debug, Default)]
struct InSchool {
    school: u32,
    profiles: u16,
    groups: Vec<u32>,
    codes: Vec<u32>,
}

/// The person at hand.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) present: bool,
    civility: String,
    name: String,
    given_name: String,
    mail: String,
    /// Only the first `used` count.
    schools: Vec<InSchool>,
    used: usize,
    list: AffiliationList,
}

/// The person has as many schools or facts as the directory takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl Draft {
    /// Begins with somebody of whom nothing is known.
    pub(crate) fn begin(&mut self, id: &str) {
        self.id.clear();
        self.id.push_str(id);
        self.present = false;
        self.used = 0;
    }

    /// Names the person: civility, name, given name, mail.
    pub(crate) fn called(&mut self, texts: [&str; 4]) {
        let mine = [
            &mut self.civility,
            &mut self.name,
            &mut self.given_name,
            &mut self.mail,
        ];
        for (mine, text) in mine.into_iter().zip(texts) {
            mine.clear();
            mine.push_str(text);
        }
        self.present = true;
    }

    /// Adds profiles in a school.
    pub(crate) fn profiles(&mut self, school: u32, profiles: u16) -> Result<(), Full> {
        if let Some(known) = self.find(school) {
            known.profiles |= profiles;
            return Ok(());
        }
        if self.used == MAX_AFFILIATIONS as usize {
            return Err(Full);
        }
        if self.used == self.schools.len() {
            self.schools.push(InSchool::default());
        }
        let place = &mut self.schools[self.used];
        place.school = school;
        place.profiles = profiles;
        place.groups.clear();
        place.codes.clear();
        self.used += 1;
        Ok(())
    }

    fn find(&mut self, school: u32) -> Option<&mut InSchool> {
        self.schools[..self.used]
            .iter_mut()
            .find(|known| known.school == school)
    }

    /// Whether the person is in a school, and a pupil there.
    pub(crate) fn is_in(&mut self, school: u32) -> Option<bool> {
        self.find(school).map(|known| known.profiles & PUPIL != 0)
    }

    /// Adds a class or group of a school.
    pub(crate) fn group(&mut self, school: u32, group: u32) -> Result<(), Full> {
        match self.find(school) {
            Some(known) => add(&mut known.groups, group),
            None => Ok(()),
        }
    }

    /// Adds a code in a school; [`NONE`] adds nothing.
    pub(crate) fn code(&mut self, school: u32, code: u32) -> Result<(), Full> {
        match self.find(school) {
            Some(known) if code != NONE => add(&mut known.codes, code),
            _ => Ok(()),
        }
    }

    /// The person, ready to be written; `None` for somebody who is in no school.
    pub(crate) fn finish(&mut self) -> Option<Person<'_>> {
        if !self.present || self.used == 0 {
            return None;
        }
        let schools = &mut self.schools[..self.used];
        schools.sort_unstable_by_key(|known| known.school);
        self.list.clear();
        for known in schools {
            known.groups.sort_unstable();
            known.codes.sort_unstable();
            self.list
                .push(known.school, known.profiles, &known.groups, &known.codes);
        }
        Some(Person {
            id: &self.id,
            civility: &self.civility,
            name: &self.name,
            given_name: &self.given_name,
            mail: &self.mail,
            affiliations: self.list.view(),
        })
    }
}

fn add(facts: &mut Vec<u32>, fact: u32) -> Result<(), Full> {
    if facts.contains(&fact) {
        return Ok(());
    }
    if facts.len() == MAX_FACTS as usize {
        return Err(Full);
    }
    facts.push(fact);
    Ok(())
}
