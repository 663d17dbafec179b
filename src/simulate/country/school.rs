//! Schools, their classes and groups: which portal a school belongs to, what kind it is, how many people it has.

use super::names::{PATRONS, TOWNS};
use super::{Country, uai};

/// First degree (elementary), *collège* or *lycée*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// *École élémentaire*: has no documentalist (RG11 of the subscription service).
    Primary,
    /// *Collège*, from 6e to 3e.
    College,
    /// *Lycée général et technologique*.
    Lycee,
}

/// A school year's level: its code in class names, its label, its MEF code and the four digits of MEF that are
/// released as `P_MS4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    code: &'static str,
    label: &'static str,
    /// Eleven digits, as in portals' archives.
    pub mef: &'static str,
    /// MEF STAT 4.
    pub mefstat4: &'static str,
}

const fn level(
    code: &'static str,
    label: &'static str,
    mef: &'static str,
    mefstat4: &'static str,
) -> Level {
    Level {
        code,
        label,
        mef,
        mefstat4,
    }
}

const PRIMARY: &[Level] = &[
    level("CP", "CP", "00010001310", "1110"),
    level("CE1", "CE1", "00110001310", "1111"),
    level("CE2", "CE2", "00210001310", "1112"),
    level("CM1", "CM1", "00310001310", "1113"),
    level("CM2", "CM2", "00410001310", "1114"),
];
const COLLEGE: &[Level] = &[
    level("6", "6ème", "10010012110", "2110"),
    level("5", "5ème", "10110001110", "2111"),
    level("4", "4ème", "10210001110", "2112"),
    level("3", "3ème", "10310019110", "2115"),
];
const LYCEE: &[Level] = &[
    level("2NDE", "2nde", "20010018110", "2211"),
    level("1RE", "1re générale", "20111010111", "2212"),
    level("TLE", "Tle générale", "20211010112", "2213"),
];

/// One school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct School {
    /// Its place in the country, from 0.
    pub index: u32,
    /// Its national number.
    pub uai: String,
    /// Such as `Collège Marie Curie, Bellecombe`.
    pub name: String,
    /// What it teaches.
    pub kind: Kind,
    /// Index of the portal whose people go there.
    pub portal: usize,
    /// How many people have it as their first school.
    pub seats: u32,
    /// How many people come before its first seat in the whole country.
    pub first_person: u64,
}

/// A class (*division*) of a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Such as `6A`; unique in its school.
    pub code: String,
    /// Such as `6ème A`.
    pub label: String,
    /// Its level.
    pub level: Level,
}

/// A teaching group: part of a class, for one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Such as `6A-LV2`; unique in its school.
    pub code: String,
    /// Such as `Langue vivante 2, 6ème A`.
    pub label: String,
    /// Code of the class that it is drawn from.
    pub division: String,
}

impl School {
    /// Seats of staff come first: documentalist, head, *vie scolaire*, then teachers. The rest are pupils.
    #[must_use]
    pub fn staff(&self) -> u32 {
        self.offices() + self.teachers()
    }

    /// Seats before the first teacher.
    pub(super) fn offices(&self) -> u32 {
        let wanted = if self.kind == Kind::Primary { 1 } else { 3 };
        wanted.min(self.seats / 4)
    }

    fn teachers(&self) -> u32 {
        (self.seats * 9 / 100)
            .max(1)
            .min(self.seats - self.offices())
    }

    /// How many pupils.
    #[must_use]
    pub fn pupils(&self) -> u32 {
        self.seats - self.staff()
    }

    /// How many classes: one for 27 pupils, and at least one.
    #[must_use]
    pub fn classes(&self) -> u32 {
        self.pupils().div_ceil(27).max(1)
    }

    /// The class at this place (taken modulo the number of classes).
    #[must_use]
    pub fn class(&self, place: u32) -> Class {
        let place = place % self.classes();
        let levels = match self.kind {
            Kind::Primary => PRIMARY,
            Kind::College => COLLEGE,
            Kind::Lycee => LYCEE,
        };
        let count = u32::try_from(levels.len()).unwrap_or(1);
        let level = levels[(place % count) as usize];
        let letter = (b'A'..=b'Z')
            .map(char::from)
            .nth((place / count % 26) as usize)
            .unwrap_or('A');
        // Past the alphabet a number follows, so that codes stay unique in very large schools.
        let again = place / count / 26;
        let suffix = if again == 0 {
            String::new()
        } else {
            again.to_string()
        };
        Class {
            code: format!("{}{letter}{suffix}", level.code),
            label: format!("{} {letter}{suffix}", level.label),
            level,
        }
    }

    /// The language group of the class at this place.
    #[must_use]
    pub fn group(&self, place: u32) -> Group {
        let class = self.class(place);
        Group {
            code: format!("{}-LV2", class.code),
            label: format!("Langue vivante 2, {}", class.label),
            division: class.code,
        }
    }
}

impl Country {
    /// The school at this place; places beyond the last are taken modulo the number of schools.
    #[must_use]
    pub fn school(&self, index: u32) -> School {
        let index = index % self.shape.schools;
        let mut draw = self.seeds.school.at(u64::from(index), 0);
        let kind = [Kind::Primary, Kind::College, Kind::Lycee][draw.weighted(&[25, 45, 30]).min(2)];
        let patron = draw.pick(PATRONS).copied().unwrap_or_default();
        let town = draw.pick(TOWNS).copied().unwrap_or_default();
        let name = match kind {
            Kind::Primary => format!("École élémentaire {patron}, {town}"),
            Kind::College => format!("Collège {patron}, {town}"),
            Kind::Lycee => format!("Lycée {patron}, {town}"),
        };
        let first_person = self.people_before(index);
        let seats = self.people_before(index + 1) - first_person;
        School {
            index,
            uai: uai::of_school(index),
            name,
            kind,
            portal: self.portal_of_school(index),
            seats: u32::try_from(seats).unwrap_or(u32::MAX),
            first_person,
        }
    }

    /// How many people sit in the schools before this one. An even share, moved by up to six tenths of a school, so
    /// that sizes differ, the total is exact and no table is needed.
    fn people_before(&self, school: u32) -> u64 {
        if school == 0 {
            return 0;
        }
        if school >= self.shape.schools {
            return self.shape.people;
        }
        let tenths = self.seeds.size.at(u64::from(school), 0).below(600);
        let place = u128::from(school) * 1000 + u128::from(tenths);
        let people =
            u128::from(self.shape.people) * place / (u128::from(self.shape.schools) * 1000);
        u64::try_from(people).unwrap_or(self.shape.people)
    }

    /// Portals own contiguous ranges of schools; earlier portals are larger.
    fn portal_of_school(&self, school: u32) -> usize {
        self.portal_starts
            .partition_point(|&start| start <= school)
            .saturating_sub(1)
    }

    /// First school of each portal: weights fall from the number of portals + 1 to 2.
    pub(super) fn share_out(schools: u32, portals: u16) -> Vec<u32> {
        let portals = u64::from(portals.max(1));
        let weight = |p: u64| portals + 1 - p;
        let total: u64 = (0..portals).map(weight).sum();
        (0..portals)
            .map(|p| {
                let before: u64 = (0..p).map(weight).sum();
                u32::try_from(u64::from(schools) * before / total).unwrap_or(schools)
            })
            .collect()
    }

    /// The schools of a portal.
    #[must_use]
    pub fn schools_of(&self, portal: usize) -> std::ops::Range<u32> {
        let start = self
            .portal_starts
            .get(portal)
            .copied()
            .unwrap_or(self.shape.schools);
        let end = self
            .portal_starts
            .get(portal + 1)
            .copied()
            .unwrap_or(self.shape.schools);
        start..end
    }
}
