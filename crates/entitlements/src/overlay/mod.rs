//! Changes since the build: a log of entries, compiled against one snapshot and asked before it.
//!
//! Compiling is a fold: each entry changes the effects that stand so far, in the order of the log, and nothing is ever
//! undone. So adding entries costs a copy of the effects and the new entries, on whatever thread adds them, never on
//! one that answers. Files of this module: `change` (what an entry says), `ruled` (the rules that whoever makes one
//! keeps), `compile` (the fold), `effects` (what a look-up asks), `unknown` (what the snapshot does not know). The
//! semantics are in `docs/overlay.md`.
//! Nothing here decides a right; `rules` does.

mod change;
mod compile;
mod effects;
mod ruled;
mod unknown;

use std::sync::Arc;

pub use self::change::{
    Assignment, AssignmentPut, Change, Entry, EntryError, MAX_SCHOOLS, SubscriptionPut, Target,
};
pub(crate) use self::effects::{Changed, Effects, Given, Licences, Through};
pub use self::ruled::{Contradiction, consistent};
pub use self::unknown::{MAX_TOLD, Unknown, What};
use crate::Snapshot;

/// Entries compiled against one snapshot; only a [`crate::Directory`] has one.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    entries: Vec<Arc<Entry>>,
    pub(crate) effects: Effects,
}

impl Overlay {
    /// No entries.
    pub(crate) const EMPTY: Self = Self {
        entries: Vec::new(),
        effects: Effects::NONE,
    };

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

    /// What entries name and the snapshot does not know, in the order of the log; at most [`MAX_TOLD`] of them. It is
    /// kept and looked up again in the next snapshot.
    #[must_use]
    pub fn unknown(&self) -> &[Unknown] {
        self.effects.unknown.told()
    }

    /// How much the snapshot does not know, also beyond [`MAX_TOLD`].
    #[must_use]
    pub fn unknown_total(&self) -> usize {
        self.effects.unknown.total()
    }

    /// Adds the entries whose sequence is above [`Self::last_sequence`], in the order of their sequence.
    pub(crate) fn extend(&mut self, snapshot: &Snapshot, entries: &[Arc<Entry>]) {
        let after = self.last_sequence();
        let mut new: Vec<_> = entries
            .iter()
            .filter(|entry| entry.sequence > after)
            .cloned()
            .collect();
        new.sort_by_key(|entry| entry.sequence);
        new.dedup_by_key(|entry| entry.sequence);
        self.effects.apply(snapshot, &new);
        self.entries.append(&mut new);
    }
}
