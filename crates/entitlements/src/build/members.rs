//! Who is what in which school, once people are written: for whoever counts members.

use super::Work;
use super::pool::Lists;
use crate::ProfileSet;
use crate::format::{NONE, Section};

/// What a person is in one of their schools.
pub(crate) struct Member<'w> {
    /// Number of the person.
    pub(crate) person: u32,
    pub(crate) establishment: u32,
    pub(crate) profiles: ProfileSet,
    facts: u32,
    lists: &'w Lists,
}

impl<'w> Member<'w> {
    /// Their classes, groups and codes there, ascending.
    pub(crate) fn facts(&self) -> impl Iterator<Item = u32> + use<'w> {
        self.lists.get(self.facts)
    }
}

impl Work<'_> {
    /// Everybody in each of their schools, in the order of people and schools.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'_>> {
        let further = self.sections.octets(Section::Affiliations);
        self.known.iter().flat_map(move |person| {
            let first = (person.establishment != NONE).then_some([
                person.establishment,
                person.profiles.into(),
                person.facts_list,
            ]);
            let member = move |[establishment, profiles, facts]: [u32; 3]| Member {
                person: person.person,
                establishment,
                profiles: ProfileSet(profiles as u16),
                facts,
                lists: &self.lists,
            };
            first
                .into_iter()
                .chain(affiliations(further, person.more))
                .map(member)
        })
    }
}

/// The affiliations at a word index.
fn affiliations(section: &[u8], index: u32) -> impl Iterator<Item = [u32; 3]> {
    let words = |octets: &[u8]| u32::from_le_bytes([octets[0], octets[1], octets[2], octets[3]]);
    let at = index as usize * 4;
    let count = section.get(at..at + 4).map_or(0, words) as usize;
    section
        .get(at + 4..)
        .unwrap_or_default()
        .chunks_exact(12)
        .take(count)
        .map(move |three| [words(&three[..4]), words(&three[4..8]), words(&three[8..])])
}
