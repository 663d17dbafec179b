//! One registry and one directory, pinned together for the length of an access.
//!
//! A swap of either makes a new pair; an access that has begun ends with the pair it began with. Nobody
//! waits: readers take a reference count, writers store a pointer.

use super::Trust;
use arc_swap::ArcSwap;
use octroi_entitlements::{Directory, Snapshot};
use std::sync::Arc;

/// What an access reads: never changed, only replaced.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// Partners and keys.
    pub trust: Arc<Trust>,
    /// The directory: a snapshot and the changes since.
    pub directory: Arc<Directory>,
}

impl Pinned {
    /// The directory's snapshot, for names and lists; rights are asked of the directory.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        self.directory.snapshot()
    }
}

/// The pair that new accesses begin with.
#[derive(Debug)]
pub struct Current(ArcSwap<Pinned>);

impl Current {
    /// The first pair.
    #[must_use]
    pub fn new(trust: Arc<Trust>, directory: Arc<Directory>) -> Self {
        Self(ArcSwap::from_pointee(Pinned { trust, directory }))
    }

    /// Pins the current pair.
    #[must_use]
    pub fn pin(&self) -> Arc<Pinned> {
        self.0.load_full()
    }

    /// Puts new partners and keys beside the directory in force.
    pub fn swap_trust(&self, trust: Arc<Trust>) {
        self.0.rcu(|now| Pinned {
            trust: Arc::clone(&trust),
            directory: Arc::clone(&now.directory),
        });
    }

    /// Puts a new directory beside the partners in force.
    pub fn swap_directory(&self, directory: Arc<Directory>) {
        self.0.rcu(|now| Pinned {
            trust: Arc::clone(&now.trust),
            directory: Arc::clone(&directory),
        });
    }
}
