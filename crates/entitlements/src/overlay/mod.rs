//! Changes since the build: a log of entries, compiled against one snapshot, asked before it.
//!
//! Files of this module: `change` (what an entry says). The semantics are in `docs/overlay.md`.

mod change;

use std::sync::Arc;

pub use self::change::{
    Assignment, Change, Entry, EntryError, MAX_SCHOOLS, SubscriptionPut, Target,
};

/// Entries compiled against one snapshot; only a [`crate::Directory`] has one.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    entries: Vec<Arc<Entry>>,
}

impl Overlay {
    /// Every entry given, in the order of the log, those that the snapshot contains included.
    #[must_use]
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// The last sequence given; 0 for none.
    #[must_use]
    pub fn last_sequence(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.sequence)
    }

    /// Adds the entries whose sequence is above [`Self::last_sequence`], in the order of the log.
    pub(crate) fn extend(&mut self, entries: &[Arc<Entry>]) {
        let after = self.last_sequence();
        let mut new: Vec<_> = entries
            .iter()
            .filter(|entry| entry.sequence > after)
            .cloned()
            .collect();
        new.sort_by_key(|entry| entry.sequence);
        new.dedup_by_key(|entry| entry.sequence);
        self.entries.append(&mut new);
    }
}
