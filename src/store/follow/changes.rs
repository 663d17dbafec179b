//! The log of changes as a node reads it: each batch on its own disk before it counts, and let go of when the store has.

use std::sync::Arc;

use octroi_entitlements::overlay::Entry;

use super::{Changes, Node};
use crate::store::envelope::Opened;
use crate::store::log::{self, BASE, Base, LogError, batch_name};
use crate::store::manifest::LogEnd;
use crate::store::remote::StoreError;

impl Node {
    /// Reads on in the log. Each batch is on this node's disk before it counts. `contains` is the last entry that the
    /// body in force contains: entries up to there may be collected here too.
    ///
    /// # Errors
    /// [`LogError`]; the log stays at its last good entry.
    pub async fn read_log(&self, thorough: bool, contains: u64) -> Result<Changes, LogError> {
        // Read aside: nobody waits for the network with the lock in hand.
        let mut ahead = self.log.lock().at_end();
        let followed = ahead
            .follow(&self.remote, &self.options.keys, |name, octets| {
                self.local.write(name, octets)
            })
            .await;
        let mut changes = Changes::None;
        if !ahead.entries().is_empty() {
            self.log.lock().absorb(ahead)?;
            changes = Changes::More;
        }
        if thorough
            && followed.is_ok()
            && let Some(octets) = log::get_base(&self.remote).await?
        {
            let base: Opened<Base> = log::open_base(&octets, &self.options.keys)?;
            let end = base.document.end.sequence;
            let mut log = self.log.lock().clone();
            let ours = log.ends().first().map_or(0, |end| end.sequence);
            let behind = end > log.end().sequence;
            // The first end of a log without base is that of its first batch: not a base.
            let is_new = behind || (end >= ours && end <= contains && self.has_batches(end)?);
            if is_new {
                // What was applied to the body in force stays, until a body that contains it comes.
                log.rebase_under(base, contains)?;
                self.local.write(BASE, &octets)?;
                for name in self.local.overlay()? {
                    if name < batch_name(end + 1) {
                        self.local.remove(&name)?;
                    }
                }
                log.follow(&self.remote, &self.options.keys, |name, octets| {
                    self.local.write(name, octets)
                })
                .await?;
                *self.log.lock() = log;
                changes = Changes::Rebased;
            }
        }
        followed.map(|()| changes)
    }

    /// Whether copies of batches up to this entry are here.
    fn has_batches(&self, end: u64) -> Result<bool, StoreError> {
        let names = self.local.overlay()?;
        Ok(names
            .first()
            .is_some_and(|first| *first < batch_name(end + 1)))
    }

    /// Every entry of the log so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.log.lock().entries().to_vec()
    }

    /// Every change after this one is in the log; of those up to it, at most what still takes away.
    #[must_use]
    pub fn log_begins_after(&self) -> u64 {
        self.log.lock().begins_after()
    }

    /// Up to which change a directory is that has the entries of the log up to `last`. Entries that were collected and
    /// stand no more are part of it though nothing has their numbers.
    #[must_use]
    pub fn applied(&self, last: u64) -> u64 {
        let log = self.log.lock();
        let entries = log.entries().last().map_or(0, |entry| entry.sequence);
        if last >= entries {
            log.end().sequence
        } else {
            last
        }
    }

    /// The end of the log so far.
    #[must_use]
    pub fn log_end(&self) -> LogEnd {
        self.log.lock().end()
    }
}
