//! Schools, their classes and groups: which portal a school belongs to, what kind it is, how many people it has.

use super::names::{PATRONS, TOWNS};
use super::person::Seat;
use super::{Country, uai};
use crate::simulate::prng::Draw;

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
    /// Such as `6ème`.
    pub label: &'static str,
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

    fn levels(&self) -> &'static [Level] {
        match self.kind {
            Kind::Primary => PRIMARY,
            Kind::College => COLLEGE,
            Kind::Lycee => LYCEE,
        }
    }

    /// The level of the class at this place (taken modulo the number of classes).
    #[must_use]
    pub fn level(&self, place: u32) -> Level {
        let levels = self.levels();
        levels[(place % self.classes()) as usize % levels.len()]
    }

    /// The class at this place (taken modulo the number of classes).
    #[must_use]
    pub fn class(&self, place: u32) -> Class {
        let place = place % self.classes();
        let count = u32::try_from(self.levels().len()).unwrap_or(1);
        let level = self.level(place);
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
        let kind = self.draw_kind(&mut draw);
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
        if let Some(&start) = self.school_starts.get(school as usize) {
            return start;
        }
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

    fn draw_kind(&self, draw: &mut Draw) -> Kind {
        let weights = if self.shape.national {
            &[80, 12, 8]
        } else {
            &[25, 45, 30]
        };
        [Kind::Primary, Kind::College, Kind::Lycee][draw.weighted(weights).min(2)]
    }

    /// People before each school of a national country: shares in proportion to 1 (first degree), 4 (*collège*) or
    /// 8 (*lycée*), moved by up to six tenths either way.
    pub(super) fn national_starts(&self) -> Vec<u64> {
        let mut sum = 0u64;
        let before: Vec<u64> = (0..self.shape.schools)
            .map(|index| {
                let kind = self.draw_kind(&mut self.seeds.school.at(u64::from(index), 0));
                let share = match kind {
                    Kind::Primary => 1,
                    Kind::College => 4,
                    Kind::Lycee => 8,
                };
                let before = sum;
                sum += share * (400 + self.seeds.size.at(u64::from(index), 0).below(1201));
                before
            })
            .collect();
        let part = |before: u64| {
            let people =
                u128::from(self.shape.people) * u128::from(before) / u128::from(sum.max(1));
            u64::try_from(people).unwrap_or(self.shape.people)
        };
        before.into_iter().map(part).collect()
    }

    /// Where the person of this rank in the whole country sits, if there are that many.
    #[must_use]
    pub fn seat_at(&self, rank: u64) -> Option<Seat> {
        if rank >= self.shape.people {
            return None;
        }
        // The last school that begins at or before the rank.
        let (mut low, mut high) = (0, self.shape.schools);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.people_before(middle) <= rank {
                low = middle;
            } else {
                high = middle;
            }
        }
        let seat = u32::try_from(rank - self.people_before(low)).ok()?;
        Some(Seat { school: low, seat })
    }

    /// `idENT` of the ENT project to which a school belongs.
    #[must_use]
    pub fn ident_of(&self, school: u32) -> &str {
        let Some(portal) = self.portals.get(self.portal_of_school(school)) else {
            return "";
        };
        portal
            .idents()
            .nth(self.project_in_portal(school))
            .unwrap_or(&portal.ident)
    }

    /// The schools of a portal's project: an even part of the portal's.
    #[must_use]
    pub fn schools_of_part(&self, portal: usize, project: usize) -> std::ops::Range<u32> {
        let range = self.schools_of(portal);
        let parts = self.portals.get(portal).map_or(1, |p| p.idents().count());
        let length = u64::from(range.end - range.start);
        let at = |n: usize| {
            range.start + u32::try_from(length * n as u64 / parts as u64).unwrap_or_default()
        };
        at(project.min(parts))..at((project + 1).min(parts))
    }

    /// The schools of the project to which this one belongs.
    pub(super) fn schools_of_project(&self, school: u32) -> std::ops::Range<u32> {
        let portal = self.portal_of_school(school);
        self.schools_of_part(portal, self.project_in_portal(school))
    }

    fn project_in_portal(&self, school: u32) -> usize {
        let portal = self.portal_of_school(school);
        let parts = self.portals.get(portal).map_or(1, |p| p.idents().count());
        (0..parts)
            .find(|&part| self.schools_of_part(portal, part).contains(&school))
            .unwrap_or(0)
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
