//! What a comparison tells: counts first, then where, then examples.

use std::fmt;

use serde::Serialize;

use super::names::Names;
use super::{ARRIVED, GONE, LET_IN, SHUT_OUT, Tally};
use crate::snapshot::hex;
use crate::{ProfileSet, Snapshot, View};

/// Which bodies hold a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Both.
    Stayed,
    /// The newer only.
    Arrived,
    /// The older only.
    Gone,
}

/// What another body would change. Printable ([`fmt::Display`]) and serialisable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Instant at which rights were compared, Unix seconds.
    pub at: i64,
    /// The older body.
    pub before: Side,
    /// The newer body.
    pub after: Side,
    /// People.
    pub people: People,
    /// Rights, as a person in a school with a resource, that people of both bodies would gain.
    pub rights_let_in: u64,
    /// The same that they would lose.
    pub rights_shut_out: u64,
    /// Schools in which something changes for somebody.
    pub schools_changed: u64,
    /// Those with most people shut out, then let in.
    pub schools: Vec<SchoolChange>,
    /// Resources that somebody of both bodies gains or loses.
    pub resources_changed: u64,
    /// Those with most people shut out, then let in.
    pub resources: Vec<ResourceChange>,
    /// Pairs of school and resource with most people shut out, then let in.
    pub pairs: Vec<PairChange>,
    /// People who would be let in.
    pub examples_let_in: Vec<Example>,
    /// People who would be shut out.
    pub examples_shut_out: Vec<Example>,
}

/// One of the two bodies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its generation.
    pub generation: u64,
    /// Its root hash.
    pub digest: String,
    /// Last change applied on it.
    pub overlay: u64,
    /// People in it.
    pub people: u64,
}

/// How many people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct People {
    /// In both bodies.
    pub stayed: u64,
    /// In the newer only.
    pub arrived: u64,
    /// In the older only.
    pub gone: u64,
    /// In both, and gaining something.
    pub let_in: u64,
    /// In both, and losing something.
    pub shut_out: u64,
}

/// What changes in a school: people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SchoolChange {
    /// Its identifier (UAI).
    pub school: String,
    /// Its name.
    pub name: String,
    /// In both bodies, gaining something there.
    pub let_in: u64,
    /// In both bodies, losing something there.
    pub shut_out: u64,
    /// In the newer body only, with rights there.
    pub arrived: u64,
    /// In the older body only, with rights there.
    pub gone: u64,
}

/// What changes for a resource: people in schools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceChange {
    /// Its ARK.
    pub resource: String,
    /// Its title.
    pub name: String,
    /// Gaining it.
    pub let_in: u64,
    /// Losing it.
    pub shut_out: u64,
}

/// What changes for a resource in a school: people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairChange {
    /// The school (UAI).
    pub school: String,
    /// The resource's ARK.
    pub resource: String,
    /// Gaining it there.
    pub let_in: u64,
    /// Losing it there.
    pub shut_out: u64,
}

/// Somebody, without name or identifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Beginning of the keyed fingerprint: tells two people apart, and nobody who.
    pub person: String,
    /// Their profiles.
    pub profiles: Vec<&'static str>,
    /// Where (UAI).
    pub school: String,
    /// What (ARK).
    pub resource: String,
    #[serde(skip)]
    place: (u32, u32),
}

impl Example {
    pub(super) fn new(fingerprint: u128, profiles: ProfileSet, school: u32, resource: u32) -> Self {
        Self {
            person: hex(&fingerprint.to_be_bytes()[4..8]),
            profiles: profiles.iter().map(crate::Profile::as_str).collect(),
            school: String::new(),
            resource: String::new(),
            place: (school, resource),
        }
    }
}

impl Side {
    fn of(view: View<'_>) -> Self {
        let snapshot: &Snapshot = view.snapshot;
        Self {
            generation: snapshot.generation(),
            digest: snapshot.digest().to_owned(),
            overlay: view.overlay.last_sequence(),
            people: snapshot.counts().people.into(),
        }
    }
}

impl Tally {
    pub(super) fn finish(self, before: View<'_>, after: View<'_>, names: &Names<'_>) -> Difference {
        let mut found = self.difference;
        found.before = Side::of(before);
        found.after = Side::of(after);
        let listed = self.options.listed;
        let mut resources = vec![[0_u64; 2]; names.resources.len()];
        let mut pairs: Vec<((u32, u32), [u64; 2])> = self.pairs.into_iter().collect();
        for ((_, resource), counts) in &pairs {
            found.rights_let_in += counts[LET_IN];
            found.rights_shut_out += counts[SHUT_OUT];
            if let Some(all) = resources.get_mut(*resource as usize) {
                all[LET_IN] += counts[LET_IN];
                all[SHUT_OUT] += counts[SHUT_OUT];
            }
        }
        pairs.sort_unstable_by_key(|(pair, counts)| {
            (
                std::cmp::Reverse(counts[SHUT_OUT]),
                std::cmp::Reverse(counts[LET_IN]),
                names.schools.get(pair.0).0,
                names.resources.get(pair.1).0,
            )
        });
        found.pairs = pairs
            .iter()
            .take(listed)
            .map(|((school, resource), counts)| PairChange {
                school: names.schools.get(*school).0.to_owned(),
                resource: names.resources.get(*resource).0.to_owned(),
                let_in: counts[LET_IN],
                shut_out: counts[SHUT_OUT],
            })
            .collect();
        let mut schools: Vec<SchoolChange> = (0..)
            .zip(&self.schools)
            .filter(|(_, counts)| **counts != [0; 4])
            .map(|(number, counts)| {
                let (school, name) = names.schools.get(number);
                SchoolChange {
                    school: school.to_owned(),
                    name: name.to_owned(),
                    let_in: counts[LET_IN],
                    shut_out: counts[SHUT_OUT],
                    arrived: counts[ARRIVED],
                    gone: counts[GONE],
                }
            })
            .collect();
        found.schools_changed = schools.len() as u64;
        schools.sort_by_key(|one| std::cmp::Reverse((one.shut_out, one.let_in, one.gone)));
        schools.truncate(listed);
        found.schools = schools;
        let mut changed: Vec<ResourceChange> = (0..)
            .zip(&resources)
            .filter(|(_, counts)| **counts != [0; 2])
            .map(|(number, counts)| {
                let (resource, name) = names.resources.get(number);
                ResourceChange {
                    resource: resource.to_owned(),
                    name: name.to_owned(),
                    let_in: counts[LET_IN],
                    shut_out: counts[SHUT_OUT],
                }
            })
            .collect();
        found.resources_changed = changed.len() as u64;
        changed.sort_by_key(|one| std::cmp::Reverse((one.shut_out, one.let_in)));
        changed.truncate(listed);
        found.resources = changed;
        for example in found
            .examples_let_in
            .iter_mut()
            .chain(&mut found.examples_shut_out)
        {
            let (school, resource) = example.place;
            names.schools.get(school).0.clone_into(&mut example.school);
            names
                .resources
                .get(resource)
                .0
                .clone_into(&mut example.resource);
        }
        found
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let People {
            stayed,
            arrived,
            gone,
            let_in,
            shut_out,
        } = self.people;
        for (word, side) in [("from", &self.before), ("to", &self.after)] {
            writeln!(
                f,
                "{word:<5} generation {}, changes to {}, {} people, {}",
                side.generation, side.overlay, side.people, side.digest
            )?;
        }
        writeln!(
            f,
            "people: {stayed} in both, {arrived} arrive, {gone} go; of those in both {shut_out} lose something, {let_in} gain something"
        )?;
        writeln!(
            f,
            "rights: {} lost, {} gained; {} schools and {} resources change",
            self.rights_shut_out, self.rights_let_in, self.schools_changed, self.resources_changed
        )?;
        if !self.schools.is_empty() {
            writeln!(f, "schools (people):   lose   gain   gone arrive")?;
        }
        for one in &self.schools {
            writeln!(
                f,
                "  {:<14} {:>8} {:>6} {:>6} {:>6}  {}",
                one.school, one.shut_out, one.let_in, one.gone, one.arrived, one.name
            )?;
        }
        if !self.resources.is_empty() {
            writeln!(f, "resources (people in schools):  lose   gain")?;
        }
        for one in &self.resources {
            writeln!(
                f,
                "  {:<26} {:>8} {:>6}  {}",
                one.resource, one.shut_out, one.let_in, one.name
            )?;
        }
        if !self.pairs.is_empty() {
            writeln!(f, "resources in schools (people):  lose   gain")?;
        }
        for one in &self.pairs {
            writeln!(
                f,
                "  {:<10} {:<26} {:>8} {:>6}",
                one.school, one.resource, one.shut_out, one.let_in
            )?;
        }
        for (word, examples) in [
            ("loses", &self.examples_shut_out),
            ("gains", &self.examples_let_in),
        ] {
            for one in examples {
                writeln!(
                    f,
                    "  example: {} ({}) {word} {} in {}",
                    one.person,
                    one.profiles.join(", "),
                    one.resource,
                    one.school
                )?;
            }
        }
        Ok(())
    }
}
