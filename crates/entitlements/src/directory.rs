//! A snapshot and the changes since: what an access pins and asks.
//!
//! It is immutable. New entries, or another snapshot, make another `Directory`, away from the workers; whoever holds
//! the old one keeps answering from it.

use std::sync::Arc;

use crate::overlay::{Entry, Overlay};
use crate::snapshot::View;
use crate::{Denied, Grant, Query, Snapshot};

/// A snapshot and the changes since, compiled together so that they cannot be mixed up.
#[derive(Debug)]
pub struct Directory {
    snapshot: Arc<Snapshot>,
    overlay: Overlay,
}

impl Directory {
    /// Applies a log to a snapshot.
    ///
    /// Give all entries that are kept, also those up to the snapshot's own sequence: of these only revocations and
    /// suspensions are applied ([`crate::overlay::Change::is_standing`]). The order of the slice does not matter.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, entries: &[Arc<Entry>]) -> Self {
        let mut overlay = Overlay::default();
        overlay.extend(&snapshot, entries);
        Self { snapshot, overlay }
    }

    /// A snapshot by itself.
    #[must_use]
    pub fn bare(snapshot: Arc<Snapshot>) -> Self {
        Self::new(snapshot, &[])
    }

    /// The same with later entries. Those up to [`Overlay::last_sequence`] are here already and are not applied again.
    #[must_use]
    pub fn extended(&self, entries: &[Arc<Entry>]) -> Self {
        let mut overlay = self.overlay.clone();
        overlay.extend(&self.snapshot, entries);
        Self {
            snapshot: Arc::clone(&self.snapshot),
            overlay,
        }
    }

    /// The same snapshot with a log as it is now, when this was made of the log as it was before: as it is when nothing
    /// has changed, with later entries when some came, and anew when some went.
    #[must_use]
    pub fn caught_up(self, before: &[Arc<Entry>], now: &[Arc<Entry>]) -> Self {
        let stand = before.iter().zip(now).all(|(a, b)| Arc::ptr_eq(a, b));
        if before.len() > now.len() || !stand {
            Self::new(self.snapshot, now)
        } else if before.len() < now.len() {
            self.extended(now)
        } else {
            self
        }
    }

    /// The same entries on another snapshot, newer or older.
    #[must_use]
    pub fn onto(&self, snapshot: Arc<Snapshot>) -> Self {
        Self::new(snapshot, self.overlay.entries())
    }

    /// The snapshot, for names and lists. Rights are asked of [`Self::resolve`].
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The changes since.
    #[must_use]
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// May this person use this resource, through which of their schools, until when? As [`Snapshot::resolve`], with
    /// the changes since the build. Somebody revoked is refused before anything else is looked up; a suspension
    /// comes before the switch of the same publisher or resource.
    ///
    /// # Errors
    /// [`Denied`] with the rule that said no.
    pub fn resolve<'s>(&'s self, query: &Query<'s>) -> Result<Grant<'s>, Denied> {
        View::from(self).resolve(query)
    }
}
