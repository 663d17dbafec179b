//! What was written: the figures that an import of it must come to.

use serde::{Deserialize, Serialize};

/// Records that are wrong on purpose, by what is wrong with them. Each is a record more than those that are counted as
/// good, and has no relations, so that setting it aside takes nothing else along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bad {
    /// The same person once more, in a later file of the archive. It does no harm.
    pub duplicate: u64,
    /// The same person in a later file, with another given name.
    pub contradiction: u64,
    /// A person of a school that the archive does not deliver.
    pub unknown_school: u64,
    /// A name longer than the schema allows.
    pub too_long: u64,
    /// A profile that does not exist.
    pub bad_profile: u64,
    /// A level of a person whom the archive does not deliver.
    pub stray_relation: u64,
}

impl Bad {
    /// All of them.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.duplicate
            + self.contradiction
            + self.unknown_school
            + self.too_long
            + self.bad_profile
            + self.stray_relation
    }
}

/// Figures of one archive, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// `GAREtab`.
    pub schools: u64,
    /// `GARGroupe`.
    pub groups: u64,
    /// `GAREleve` and `GAREnseignant`, without the bad ones.
    pub people: u64,
    /// `GARRespAff`.
    pub managers: u64,
    /// Every other element: MEF, subjects, relations; without the bad ones.
    pub relations: u64,
    /// XML files.
    pub members: u64,
    /// Octets of XML.
    pub xml_octets: u64,
    /// Octets of the archives.
    pub archive_octets: u64,
    /// Records that are wrong on purpose.
    pub bad: Bad,
}

impl Counts {
    /// Adds another's figures.
    pub fn add(&mut self, other: &Self) {
        self.schools += other.schools;
        self.groups += other.groups;
        self.people += other.people;
        self.managers += other.managers;
        self.relations += other.relations;
        self.members += other.members;
        self.xml_octets += other.xml_octets;
        self.archive_octets += other.archive_octets;
        self.bad.duplicate += other.bad.duplicate;
        self.bad.contradiction += other.bad.contradiction;
        self.bad.unknown_school += other.bad.unknown_school;
        self.bad.too_long += other.bad.too_long;
        self.bad.bad_profile += other.bad.bad_profile;
        self.bad.stray_relation += other.bad.stray_relation;
    }
}

/// One archive and what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// `idENT`.
    pub ident: String,
    /// `2D` or `1D`.
    pub degree: String,
    /// File name of the archive, in a folder named by `ident`.
    pub archive: String,
    /// Figures.
    pub counts: Counts,
}

/// `country.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Seed.
    pub seed: u64,
    /// People asked for. Somebody who works in both degrees is in two archives, so `all.people` is a little more.
    pub people: u64,
    /// Bad records of each sort for 100 000 people.
    pub bad_per_100k: u32,
    /// Sums.
    pub all: Counts,
    /// By archive.
    pub archives: Vec<Delivered>,
}
