//! One registry and one snapshot, pinned together for the length of an access.
//!
//! A swap of either makes a new pair; an access that has begun ends with the pair it began with. Nobody
//! waits: readers take a reference count, writers store a pointer.

use super::Trust;
use arc_swap::ArcSwap;
use octroi_entitlements::Snapshot;
use std::sync::Arc;

/// What an access reads: never changed, only replaced.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// Partners and keys.
    pub trust: Arc<Trust>,
    /// The directory.
    pub snapshot: Arc<Snapshot>,
}

/// The pair that new accesses begin with.
#[derive(Debug)]
pub struct Current(ArcSwap<Pinned>);

impl Current {
    /// The first pair.
    #[must_use]
    pub fn new(trust: Arc<Trust>, snapshot: Arc<Snapshot>) -> Self {
        Self(ArcSwap::from_pointee(Pinned { trust, snapshot }))
    }

    /// Pins the current pair.
    #[must_use]
    pub fn pin(&self) -> Arc<Pinned> {
        self.0.load_full()
    }

    /// Puts new partners and keys beside the snapshot in force.
    pub fn swap_trust(&self, trust: Arc<Trust>) {
        self.0.rcu(|now| Pinned {
            trust: Arc::clone(&trust),
            snapshot: Arc::clone(&now.snapshot),
        });
    }

    /// Puts a new snapshot beside the partners in force.
    pub fn swap_snapshot(&self, snapshot: Arc<Snapshot>) {
        self.0.rcu(|now| Pinned {
            trust: Arc::clone(&now.trust),
            snapshot: Arc::clone(&snapshot),
        });
    }
}
