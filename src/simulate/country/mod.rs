//! A made-up country: portals, schools, people, publishers, resources, subscriptions and assignments.
//!
//! Every fact is a function of the seed and a place ([`super::prng`]), so the same [`Shape`] always gives the same
//! country, nothing is held in memory but the partners and, of a national one, where each school begins; any size is
//! written as a stream. What each person may use
//! is worked out here a second time, by [`expect`], from these facts alone: the demo compares the gateway with it, so
//! this module must never call `octroi_entitlements`.

pub mod assignment;
pub mod cases;
pub mod expect;
pub mod licence;
mod names;
pub mod partner;
pub mod person;
pub mod place;
pub mod resource;
pub mod school;
pub mod subscription;
pub mod tables;
mod tsv;
pub mod uai;
pub mod validity;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::prng::{self, Seed};
use partner::{Hosts, Portal, Publisher};

/// The size of a country and what it is drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// What everything is drawn from.
    pub seed: u64,
    /// How many schools.
    pub schools: u32,
    /// How many people, over all schools.
    pub people: u64,
    /// How many resources.
    pub resources: u32,
    /// How many portals.
    pub portals: u16,
    /// How many ENT projects (`idENT`) the portals have together; 0 for one each.
    #[serde(default)]
    pub projects: u16,
    /// Whether schools have the sizes and kinds of a nation: four in five are small first-degree schools, and a
    /// *lycée* has eight times their people.
    #[serde(default)]
    pub national: bool,
    /// How many publishers.
    pub publishers: u16,
    /// Whether the last portal and the last publisher are switched off in the gateway's settings.
    pub disabled_partners: bool,
    /// Whether every portal may send Responses that nobody asked for; otherwise only some styles may.
    pub unsolicited: bool,
    /// The day around which subscriptions begin and end, in Europe/Paris.
    #[serde(with = "day")]
    pub day: Date,
    /// Where simulators listen.
    pub hosts: Hosts,
}

/// A shape that no country can have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ShapeError {
    /// Something must be at least one.
    #[error("a country needs at least one of: {0}")]
    None(&'static str),
    /// Too few people for the schools.
    #[error("{people} people are too few for {schools} schools: at least 20 a school")]
    TooFewPeople {
        /// People asked for.
        people: u64,
        /// Schools asked for.
        schools: u32,
    },
    /// Too many schools.
    #[error("{0} schools are too many: at most {most}", most = uai::MOST_SCHOOLS)]
    TooManySchools(u32),
    /// More portals than schools, or more publishers than resources.
    #[error("more {0} than {1}")]
    MoreThan(&'static str, &'static str),
}

/// A country.
#[derive(Debug, Clone)]
pub struct Country {
    shape: Shape,
    seeds: Seeds,
    /// Portals, in order.
    pub portals: Vec<Portal>,
    /// Publishers, in order.
    pub publishers: Vec<Publisher>,
    portal_starts: Vec<u32>,
    resource_starts: Vec<u32>,
    /// People before each school, when sizes follow from kinds; empty otherwise.
    school_starts: Vec<u64>,
}

#[derive(Debug, Clone)]
struct Seeds {
    school: Seed,
    size: Seed,
    person: Seed,
    classes: Seed,
    id: Seed,
    resource: Seed,
    subscription: Seed,
    territory: Seed,
    assignment: Seed,
    licence: Seed,
    time: Seed,
    validity: Seed,
}

impl Country {
    /// Checks the shape and names the partners.
    ///
    /// # Errors
    /// [`ShapeError`] says what is wrong with the shape.
    pub fn new(shape: Shape) -> Result<Self, ShapeError> {
        for (count, what) in [
            (u64::from(shape.schools), "schools"),
            (u64::from(shape.resources), "resources"),
            (u64::from(shape.portals), "portals"),
            (u64::from(shape.publishers), "publishers"),
        ] {
            if count == 0 {
                return Err(ShapeError::None(what));
            }
        }
        if shape.people < 20 * u64::from(shape.schools) {
            return Err(ShapeError::TooFewPeople {
                people: shape.people,
                schools: shape.schools,
            });
        }
        if shape.schools > uai::MOST_SCHOOLS {
            return Err(ShapeError::TooManySchools(shape.schools));
        }
        if u32::from(shape.portals) > shape.schools {
            return Err(ShapeError::MoreThan("portals", "schools"));
        }
        if shape.projects > 0 && shape.projects < shape.portals {
            return Err(ShapeError::MoreThan("portals", "ENT projects"));
        }
        if u32::from(shape.projects) > shape.schools {
            return Err(ShapeError::MoreThan("ENT projects", "schools"));
        }
        if u32::from(shape.publishers) > shape.resources {
            return Err(ShapeError::MoreThan("publishers", "resources"));
        }
        let seed = Seed::new(shape.seed);
        let seeds = Seeds {
            school: seed.domain("school"),
            size: seed.domain("size"),
            person: seed.domain("person"),
            classes: seed.domain("classes"),
            id: seed.domain("id"),
            resource: seed.domain("resource"),
            subscription: seed.domain("subscription"),
            territory: seed.domain("territory"),
            assignment: seed.domain("assignment"),
            licence: seed.domain("licence"),
            time: seed.domain("time"),
            validity: seed.domain("validity"),
        };
        let last = |count: u16, index: u16| shape.disabled_partners && index + 1 == count;
        let portals = (0..shape.portals)
            .map(|i| {
                let mut portal = partner::portal(i, last(shape.portals, i), &shape.hosts);
                portal.unsolicited |= shape.unsolicited;
                portal.more_idents = partner::more_idents(&portal.ident, i, &shape);
                portal
            })
            .collect();
        let publishers = (0..shape.publishers)
            .map(|i| partner::publisher(i, last(shape.publishers, i), &shape.hosts))
            .collect();
        let mut country = Self {
            portal_starts: Self::share_out(shape.schools, shape.portals),
            resource_starts: Self::share_resources(shape.resources, shape.publishers),
            shape,
            seeds,
            portals,
            publishers,
            school_starts: Vec::new(),
        };
        if country.shape.national {
            country.school_starts = country.national_starts();
        }
        Ok(country)
    }

    /// What the country was made from.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Randomness of its own for a user of the country, such as the demo's choice of people.
    #[must_use]
    pub fn draw(&self, purpose: &str) -> prng::Draw {
        Seed::new(self.shape.seed).domain(purpose).at(0, 0)
    }
}

/// A date as `2026-11-23`.
mod day {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Date, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
