//! What entries come to, by the snapshot's own numbers: what a look-up asks.
//!
//! Each question is one probe of a hash table; of an empty one, none. Nothing is locked, allocated or followed further.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;

use super::unknown::Tally;
use crate::format::fact::Fact;
use crate::rules::{Period, Terms};

/// By which subscription: one as the body has it, or one that entries made or changed, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Through {
    Body(u32),
    Entries(u32),
}

/// What the entries come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Effects {
    /// Fingerprints of people who are revoked, and by which entry.
    pub(super) revoked: FxHashMap<u128, u64>,
    /// Numbers of publishers that are suspended, and by which entry.
    pub(super) publishers: FxHashMap<u32, u64>,
    /// Numbers of resources that are suspended, and by which entry.
    pub(super) resources: FxHashMap<u32, u64>,
    /// Subscriptions that entries made, changed or named.
    pub(super) subscriptions: Vec<Changed>,
    /// Positions of those that the body has, by its number.
    pub(super) of_body: FxHashMap<u32, u32>,
    /// Positions of the others.
    pub(super) by_id: FxHashMap<Arc<str>, u32>,
    /// Subscriptions put, by school and resource.
    pub(super) extra: FxHashMap<(u32, u32), SmallVec<[Extra; 1]>>,
    /// Licences given and taken back, by position of the subscription and school.
    pub(super) given: FxHashMap<(u32, u32), Given>,
    pub(super) unknown: Tally,
}

/// A subscription that entries made, changed or named.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    /// Its id (`idAbonnement`).
    pub(crate) id: Arc<str>,
    /// The last entry that changed it; 0 when entries only gave licences.
    pub(crate) sequence: u64,
    /// What it says now; `None` while nothing but licences is known of it.
    pub(crate) terms: Option<Terms>,
    /// Where it was put; `None` when the body's offers of it are still those in force.
    pub(super) put: Option<Put>,
    /// Its number in the body.
    pub(super) body: Option<u32>,
    /// Entries that named it before it was known.
    pub(super) waiting: usize,
}

/// Where a subscription was put.
#[derive(Debug, Clone)]
pub(super) struct Put {
    /// Its resource, and those that it opens.
    pub(super) resources: Arc<[u32]>,
    pub(super) schools: Arc<[u32]>,
}

/// A subscription put in one school.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extra {
    /// Its position.
    pub(crate) position: u32,
    /// The licences that the body knows for it there.
    pub(crate) body: Licences,
}

/// The licences that a body knows for a subscription in a school, as its offers have them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Licences {
    pub(crate) targets_list: u32,
    pub(crate) dated_list: u32,
}

/// What entries say of licences of one subscription in one school: facts, ascending, and since when until when they
/// have one; `None` when it was taken back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given(SmallVec<[(Fact, Option<Period>); 1]>);

impl Given {
    /// What entries say of a fact, if they say anything.
    #[inline]
    pub(crate) fn says(&self, fact: Fact) -> Option<Option<Period>> {
        let at = self.0.binary_search_by_key(&fact, |said| said.0).ok()?;
        Some(self.0[at].1)
    }

    /// Each fact of which something is said, ascending, with what is said.
    pub(crate) fn facts(&self) -> impl Iterator<Item = (Fact, Option<Period>)> {
        self.0.iter().copied()
    }

    pub(super) fn set(&mut self, fact: Fact, period: Option<Period>) {
        match self.0.binary_search_by_key(&fact, |said| said.0) {
            Ok(at) => self.0[at].1 = period,
            Err(at) => self.0.insert(at, (fact, period)),
        }
    }
}

impl Effects {
    pub(crate) const NONE: Self = Self {
        revoked: HashMap::with_hasher(FxBuildHasher),
        publishers: HashMap::with_hasher(FxBuildHasher),
        resources: HashMap::with_hasher(FxBuildHasher),
        subscriptions: Vec::new(),
        of_body: HashMap::with_hasher(FxBuildHasher),
        by_id: HashMap::with_hasher(FxBuildHasher),
        extra: HashMap::with_hasher(FxBuildHasher),
        given: HashMap::with_hasher(FxBuildHasher),
        unknown: Tally::NONE,
    };

    /// The entry that revoked the person with this fingerprint.
    #[inline]
    pub(crate) fn revoked(&self, fingerprint: u128) -> Option<u64> {
        self.revoked.get(&fingerprint).copied()
    }

    /// The entry that suspended a publisher.
    #[inline]
    pub(crate) fn publisher_suspended(&self, number: u32) -> Option<u64> {
        self.publishers.get(&number).copied()
    }

    /// The entry that suspended a resource.
    #[inline]
    pub(crate) fn resource_suspended(&self, number: u32) -> Option<u64> {
        self.resources.get(&number).copied()
    }

    /// A subscription of the body that entries changed.
    #[inline]
    pub(crate) fn of_body(&self, number: u32) -> Option<(u32, &Changed)> {
        let position = *self.of_body.get(&number)?;
        Some((position, self.changed(position)?))
    }

    /// A subscription by its position.
    #[inline]
    pub(crate) fn changed(&self, position: u32) -> Option<&Changed> {
        self.subscriptions.get(position as usize)
    }

    /// Subscriptions to a resource that entries put into a school.
    #[inline]
    pub(crate) fn extra(&self, establishment: u32, resource: u32) -> &[Extra] {
        self.extra
            .get(&(establishment, resource))
            .map_or(&[], SmallVec::as_slice)
    }

    /// School and resource of every subscription that entries put somewhere.
    pub(crate) fn extras(&self) -> impl Iterator<Item = (u32, u32)> {
        self.extra.keys().copied()
    }

    /// Every fact of which entries say something.
    pub(crate) fn given_facts(&self) -> impl Iterator<Item = Fact> {
        self.given
            .values()
            .flat_map(|given| given.0.iter().map(|said| said.0))
    }

    /// What entries say of the licences of a subscription in a school.
    #[inline]
    pub(crate) fn given(&self, position: u32, establishment: u32) -> Option<&Given> {
        self.given.get(&(position, establishment))
    }
}

impl Changed {
    /// Whether it was put anew, so that the body's offers of it no longer count.
    #[inline]
    pub(crate) fn is_put(&self) -> bool {
        self.put.is_some()
    }
}
