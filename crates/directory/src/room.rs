//! Room on the disk for what is being made: temporary runs and segments that are not finished.
//!
//! Whoever writes takes room before it writes and gives it back when its file goes. Several writers share one room, so that
//! together they stay within it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// There is no room for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no room for more than {limit} octets of temporary files and drafts")]
pub struct NoRoom {
    /// How many octets there may be at once.
    pub limit: u64,
}

impl NoRoom {
    /// What an error of the file system means, when it is this one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Self>().copied()
    }
}

/// How many octets may be on the disk at once; shared by all its clones.
#[derive(Debug, Clone)]
pub struct Room {
    limit: u64,
    used: Arc<AtomicU64>,
}

impl Room {
    /// Room for so many octets.
    #[must_use]
    pub fn of(limit: u64) -> Self {
        Self {
            limit,
            used: Arc::default(),
        }
    }

    /// A share of it, of no octet yet.
    #[must_use]
    pub fn share(&self) -> Share {
        Share {
            room: self.clone(),
            octets: 0,
        }
    }
}

/// As much as there may be: for whoever sees to it in another way.
impl Default for Room {
    fn default() -> Self {
        Self::of(u64::MAX)
    }
}

/// What one file has of the room. Dropped with the file, it is given back.
#[derive(Debug)]
pub struct Share {
    room: Room,
    octets: u64,
}

impl Share {
    /// Takes room for so many octets more, before they are written. The error is [`NoRoom`].
    pub fn take(&mut self, octets: u64) -> io::Result<()> {
        let limit = self.room.limit;
        let more = |used: u64| used.checked_add(octets).filter(|sum| *sum <= limit);
        let taken = self
            .room
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        if taken.is_err() {
            return Err(io::Error::other(NoRoom { limit }));
        }
        self.octets += octets;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.used.fetch_sub(self.octets, Ordering::Relaxed);
    }
}
