//! Accesses that people of a country may try, drawn until one is of the wanted kind.

use jiff::civil::Date;

use super::Country;
use super::expect::{Refused, Released};
use super::partner::{Portal, Publisher};
use super::person::{Person, Seat};
use super::resource::Resource;
use super::school::School;
use crate::simulate::prng::Draw;

/// How many are drawn before giving up; the rarest kind of a country of 5 000 takes some thousands.
const TRIES: u32 = 300_000;

/// One access: who, through which school, to what, and what must come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Who.
    pub person: Person,
    /// The school that the tile names, in the generations that name one.
    pub school: School,
    /// To what.
    pub resource: Resource,
    /// What must come of it when the school is named.
    pub expected: Result<Released, Refused>,
}

/// Draws cases, always the same ones for a country and a purpose.
#[derive(Debug)]
pub struct Cases<'c> {
    country: &'c Country,
    draw: Draw,
    day: Date,
}

impl Case {
    /// The portal.
    #[must_use]
    pub fn portal<'c>(&self, country: &'c Country) -> Option<&'c Portal> {
        country.portals.get(self.person.portal)
    }

    /// The publisher.
    #[must_use]
    pub fn publisher<'c>(&self, country: &'c Country) -> Option<&'c Publisher> {
        country.publishers.get(self.resource.publisher)
    }
}

impl<'c> Cases<'c> {
    /// Cases for a purpose, on a day.
    #[must_use]
    pub fn new(country: &'c Country, purpose: &str, day: Date) -> Self {
        Self {
            country,
            draw: country.draw(purpose),
            day,
        }
    }

    /// The next case that is wanted; none when many draws brought none.
    pub fn find(&mut self, wanted: impl Fn(&Case) -> bool) -> Option<Case> {
        (0..TRIES).find_map(|_| self.any().filter(|case| wanted(case)))
    }

    /// The next case, of whatever kind. Mostly to what some school of the person has a subscription to.
    pub fn any(&mut self) -> Option<Case> {
        let country = self.country;
        // In a nation everybody comes alike, whatever the size of their school.
        let (school, seat) = if country.shape().national {
            let seat = country.seat_at(self.draw.below(country.shape().people))?;
            (country.school(seat.school), seat)
        } else {
            let school = country.school(self.draw.place(country.shape().schools));
            let seat = Seat {
                school: school.index,
                seat: self.draw.place(school.seats),
            };
            (school, seat)
        };
        let person = country.person(seat)?;
        let resource = if self.draw.chance(900) {
            let subscriptions = country.subscriptions_of(&school);
            let subscribed = self.draw.pick(&subscriptions)?.resource;
            self.opened(subscribed)
        } else {
            self.draw.place(country.shape().resources)
        };
        let resource = country.resource(resource);
        let named = if self.draw.chance(30) {
            let range = country.schools_of(school.portal);
            country.school(range.start + self.draw.place(range.end - range.start))
        } else {
            school
        };
        let expected = country.expected(&person, &resource, Some(&named.uai), self.day);
        Some(Case {
            person,
            school: named,
            resource,
            expected,
        })
    }

    /// A resource that is subscribed to, or one of those that it opens.
    fn opened(&mut self, subscribed: u32) -> u32 {
        let resource = self.country.resource(subscribed);
        if !resource.opens_family || self.draw.chance(500) {
            return subscribed;
        }
        let members: Vec<u32> = self.country.opened_by(&resource).collect();
        self.draw.pick(&members).copied().unwrap_or(subscribed)
    }

    /// A number below a bound, for a caller's own choices.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw.below(bound)
    }
}
