//! Resources: what publishers offer, how each is delivered and which attributes it may know.

use jiff::civil::Date;

use super::Country;
use super::names::{SHAPES, SUBJECTS};
use super::validity::{Validity, days_from};
use crate::simulate::prng::Draw;

/// How a person gets from the gateway to the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The gateway posts an unsolicited Response to the publisher.
    Push,
    /// The gateway redirects to the resource, and the publisher asks for an assertion.
    Pull,
}

/// What a resource may know of a person, besides what every resource gets (`IDO`, `IDC`, `UAI`, `PRO`, `idENT`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Nothing more.
    Minimal,
    /// Classes, groups, levels and subjects.
    Teaching,
    /// Name, civility and mail as well.
    Named,
}

impl Release {
    /// Names of the attributes.
    #[must_use]
    pub fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::Minimal => &["IDO", "IDC", "UAI", "PRO", "idENT"],
            Self::Teaching => &[
                "IDO", "IDC", "UAI", "PRO", "idENT", "DIV", "GRO", "P_MS4", "P_MAT", "LRA",
            ],
            Self::Named => &[
                "IDO", "IDC", "UAI", "PRO", "idENT", "DIV", "GRO", "NOM", "PRE", "CIV", "P_MEL",
            ],
        }
    }
}

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its place in the country.
    pub index: u32,
    /// `ark:/99999/…`; 99999 is the authority number kept for tests.
    pub ark: String,
    /// Title.
    pub title: String,
    /// Index of its publisher.
    pub publisher: usize,
    /// The way to it.
    pub delivery: Delivery,
    /// Where it is.
    pub access_url: String,
    /// What it may know.
    pub release: Release,
    /// Index of the resource whose family it belongs to, if it is a member of one.
    pub mother: Option<u32>,
    /// Whether it is the mother of a family of several, or would be.
    pub is_mother: bool,
    /// Whether a subscription to this mother opens her members, too.
    pub opens_family: bool,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Its validity.
    pub validity: Validity,
    /// An attribute that it is given for some times only, and which.
    pub dated: Option<(&'static str, Vec<Validity>)>,
}

impl Resource {
    /// The attributes that it is given on a day.
    pub fn released_on(&self, day: Date) -> impl Iterator<Item = &'static str> + '_ {
        let attributes = self.release.attributes().iter().copied();
        attributes.filter(move |name| match &self.dated {
            Some((dated, times)) if dated == name => times.iter().any(|time| time.holds(day)),
            _ => true,
        })
    }
}

const STYLES: &[&str] = &["r14x", "r20x", "p."];
const LEVELS: &[&str] = &["CM2", "6e", "5e", "4e", "3e", "2de", "1re", "Tle"];

/// For one in eight of the resources that may know something of lessons: one such attribute, given for a time that is
/// over, that holds, that is to come, or for two times. Names of people are given always or never.
fn dated(draw: &mut Draw, release: Release, day: Date) -> Option<(&'static str, Vec<Validity>)> {
    let names = ["DIV", "GRO", "P_MS4", "P_MAT", "LRA"];
    let given = release.attributes().iter().filter(|a| names.contains(a));
    let given: Vec<&str> = given.copied().collect();
    if !draw.chance(125) {
        return None;
    }
    let attribute = draw.pick(&given).copied()?;
    let time = |from: Option<i64>, until: Option<i64>| Validity {
        from: from.map(|days| days_from(day, days)),
        until: until.map(|days| days_from(day, days)),
    };
    let times = match draw.below(6) {
        0 => vec![time(None, Some(-1))],
        1 => vec![time(Some(1), Some(200))],
        2 => vec![time(Some(-60), Some(0))],
        3 => vec![time(Some(0), None)],
        4 => vec![time(Some(-400), Some(-200)), time(Some(-30), Some(90))],
        _ => vec![time(None, Some(-10)), time(Some(20), None)],
    };
    Some((attribute, times))
}

impl Country {
    /// The resource at this place (taken modulo the number of resources).
    #[must_use]
    pub fn resource(&self, index: u32) -> Resource {
        let index = index % self.shape.resources;
        let mut draw = self.seeds.resource.at(u64::from(index), 0);
        let publisher = self.publisher_of_resource(index);
        let subject = draw.pick(SUBJECTS);
        let (slug, subject) = subject.map_or(("divers", "Divers"), |s| (s.slug, s.label));
        let shape = draw.pick(SHAPES).copied().unwrap_or("manuel");
        let level = draw.pick(LEVELS).copied().unwrap_or("6e");
        let number = index + 1;
        // Forms of ARK names that exist: letters and digits, dots and underscores, a qualifier behind a slash.
        let name = match draw.below(8) {
            0 => format!("{slug}_{number}.v2"),
            1 => format!("{slug}-{number}/{}", level.to_lowercase()),
            _ => format!(
                "{}{number:06}{slug}",
                draw.pick(STYLES).copied().unwrap_or("r14x")
            ),
        };
        let release = [Release::Minimal, Release::Teaching, Release::Named]
            [draw.weighted(&[45, 35, 20]).min(2)];
        let delivery = if draw.chance(550) {
            Delivery::Push
        } else {
            Delivery::Pull
        };
        let family = draw.chance(200);
        let origin = self
            .publishers
            .get(publisher)
            .map_or("", |p| p.origin.as_str());
        // A family's mother is the first resource of the publisher, which is in no family itself.
        let (first, count) = self.resources_of(publisher);
        let is_mother = index == first && count > 1;
        let mut times = self.seeds.validity.at(u64::from(index), 0);
        Resource {
            index,
            ark: format!("ark:/99999/{name}"),
            title: format!("{subject} {level} — {shape} n° {number}"),
            publisher,
            delivery,
            access_url: format!("{origin}/r/{slug}-{number}"),
            release,
            mother: (family && index != first && count > 1).then_some(first),
            is_mother,
            opens_family: is_mother && matches!(publisher % 5, 1 | 3),
            validity: Validity::draw(&mut times, self.shape.day),
            disabled: times.chance(15),
            dated: dated(&mut times, release, self.shape.day),
        }
    }

    /// The validity of a publisher: of one in twenty it is over or to come, and in each of those cases by one day.
    #[must_use]
    pub fn publisher_validity(&self, publisher: usize) -> Validity {
        let (from, until) = match publisher % 40 {
            5 => (Some(-800), Some(-1)),
            25 => (Some(1), None),
            6 => (None, Some(0)),
            26 => (Some(0), Some(700)),
            number if number % 4 == 3 => (Some(-800), Some(700)),
            _ => (None, None),
        };
        let day = |days| days_from(self.shape.day, days);
        Validity {
            from: from.map(day),
            until: until.map(day),
        }
    }

    /// The members whose resources a subscription to this one opens besides it.
    pub fn opened_by(&self, mother: &Resource) -> impl Iterator<Item = u32> + '_ {
        let (first, count) = self.resources_of(mother.publisher);
        let all = if mother.opens_family { count } else { 0 };
        let mother = Some(mother.index);
        (first..first + all).filter(move |&index| self.resource(index).mother == mother)
    }

    /// Every publisher has an even, contiguous share of the resources; the last one but one has one only when there
    /// are more resources than publishers, so that a publisher with its only resource exists.
    fn publisher_of_resource(&self, index: u32) -> usize {
        let starts = &self.resource_starts;
        starts
            .partition_point(|&start| start <= index)
            .saturating_sub(1)
    }

    /// First resource of a publisher and how many it has.
    #[must_use]
    pub fn resources_of(&self, publisher: usize) -> (u32, u32) {
        let start = self
            .resource_starts
            .get(publisher)
            .copied()
            .unwrap_or(self.shape.resources);
        let end = self
            .resource_starts
            .get(publisher + 1)
            .copied()
            .unwrap_or(self.shape.resources);
        (start, end - start)
    }

    /// First resource of each publisher.
    pub(super) fn share_resources(resources: u32, publishers: u16) -> Vec<u32> {
        let publishers = u32::from(publishers.max(1));
        let even = |n: u32| {
            u32::try_from(u64::from(resources) * u64::from(n) / u64::from(publishers))
                .unwrap_or(resources)
        };
        let mut starts: Vec<u32> = (0..publishers).map(even).collect();
        if publishers > 2 && resources > 2 * publishers {
            // The last publisher but one keeps a single resource; its neighbour before takes the others.
            let last = starts.len() - 1;
            starts[last - 1] = starts[last] - 1;
        }
        starts
    }
}
