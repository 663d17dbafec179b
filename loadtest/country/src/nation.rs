//! How large everything is for a number of people: the proportions of the nation at every scale.

use jiff::civil::Date;
use octroi::simulate::country::partner::Hosts;
use octroi::simulate::country::{Country, Shape, ShapeError};

/// People of the nation whose figures the issue tells.
const PEOPLE: u64 = 15_000_000;
/// Its resources.
const RESOURCES: u64 = 14_000;
/// Its portals.
const PORTALS: u64 = 35;
/// Its ENT projects: each sends one archive for the second degree and one for the first, 150 in all.
const PROJECTS: u64 = 75;
/// Its publishers.
const PUBLISHERS: u64 = 120;
/// People for each school.
const PEOPLE_A_SCHOOL: u64 = 250;

/// The shape for this many people: 15 million have 60 000 schools and 35 portals with 75 projects; fewer people have
/// schools in proportion, and enough of the rest that each sort is met.
#[must_use]
pub fn shape(seed: u64, people: u64, day: Date) -> Shape {
    let part = |whole: u64, least: u64| (whole * people / PEOPLE).clamp(least, whole);
    let schools = (people / PEOPLE_A_SCHOOL).max(1);
    let portals = (schools / 20).clamp(1, PORTALS);
    let narrow = |n: u64| u16::try_from(n).unwrap_or(u16::MAX);
    Shape {
        seed,
        schools: u32::try_from(schools).unwrap_or(u32::MAX),
        people,
        resources: u32::try_from(part(RESOURCES, 200)).unwrap_or(u32::MAX),
        portals: narrow(portals),
        projects: narrow(portals * PROJECTS / PORTALS),
        publishers: narrow(part(PUBLISHERS, 12)),
        national: true,
        disabled_partners: false,
        unsolicited: true,
        day,
        hosts: Hosts::default(),
    }
}

/// The nation.
///
/// # Errors
/// [`ShapeError`] for numbers that no country can have.
pub fn nation(seed: u64, people: u64, day: Date) -> Result<Country, ShapeError> {
    Country::new(shape(seed, people, day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_million_have_the_figures_of_the_issue() {
        let country = nation(1, PEOPLE, Date::constant(2026, 11, 27)).unwrap();
        let shape = country.shape();
        assert_eq!(shape.schools, 60_000);
        assert_eq!(shape.resources, 14_000);
        assert_eq!(country.portals.len(), 35);
        let projects: usize = country.portals.iter().map(|p| p.idents().count()).sum();
        assert_eq!(projects, 75);
        // Anybody is found by rank alone, and is who the school says.
        for rank in [0, 1, 7_654_321, PEOPLE - 1] {
            let person = country.person_at(rank).unwrap();
            let school = country.school(person.seat.school);
            assert_eq!(school.first_person + u64::from(person.seat.seat), rank);
        }
        assert_eq!(country.person_at(PEOPLE), None);
    }

    #[test]
    fn small_nations_have_every_sort_of_partner() {
        let country = nation(1, 20_000, Date::constant(2026, 11, 27)).unwrap();
        assert_eq!(country.shape().schools, 80);
        assert!(country.portals.len() >= 4);
    }
}
