//! Resources: what publishers offer, how each is delivered and which attributes it may know.

use super::Country;
use super::names::{SHAPES, SUBJECTS};

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
}

const STYLES: &[&str] = &["r14x", "r20x", "p."];
const LEVELS: &[&str] = &["CM2", "6e", "5e", "4e", "3e", "2de", "1re", "Tle"];

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
        Resource {
            index,
            ark: format!("ark:/99999/{name}"),
            title: format!("{subject} {level} — {shape} n° {number}"),
            publisher,
            delivery,
            access_url: format!("{origin}/r/{slug}-{number}"),
            release,
            mother: (family && index != first && count > 1).then_some(first),
        }
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
