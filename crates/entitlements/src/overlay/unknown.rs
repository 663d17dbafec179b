//! What entries name and the snapshot does not know: told, bounded, and never a reason to stop.
//!
//! People are not named here: this reaches logs and reports.

use serde::Serialize;

/// Most that one overlay tells.
pub const MAX_TOLD: usize = 1000;

/// One thing that an entry names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// Sequence of the entry.
    pub sequence: u64,
    /// What is not known.
    pub what: What,
    /// Its name; empty for a person.
    pub name: String,
}

/// What is not known, or cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// No ENT project has the code.
    Ent,
    /// The ENT project has no such person. A revocation holds all the same, should a later snapshot have them.
    Person,
    /// No school has the UAI.
    School,
    /// No resource has the ARK.
    Resource,
    /// No publisher has the id.
    Publisher,
    /// No subscription has the id, so far.
    Subscription,
    /// The school has no such class or group.
    Group,
    /// Nobody in the snapshot has the level or subject.
    Code,
    /// The school has as many subscriptions to the resource as a look-up is allowed to read: this one is not used there.
    TooMany,
    /// The snapshot is damaged where it was read.
    Damage,
}

/// A bounded list and a count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    told: Vec<Unknown>,
    total: usize,
}

impl Tally {
    pub(crate) const NONE: Self = Self {
        told: Vec::new(),
        total: 0,
    };

    pub(crate) fn told(&self) -> &[Unknown] {
        &self.told
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn tell(&mut self, sequence: u64, what: What, name: &str) {
        self.total += 1;
        if self.told.len() < MAX_TOLD {
            let name = name.to_owned();
            self.told.push(Unknown {
                sequence,
                what,
                name,
            });
        }
    }

    /// A subscription is known now, which `waiting` entries had named.
    pub(crate) fn known(&mut self, subscription: &str, waiting: usize) {
        if waiting > 0 {
            self.total = self.total.saturating_sub(waiting);
            self.told
                .retain(|told| told.what != What::Subscription || told.name != subscription);
        }
    }
}
