//! The one clock of the gateway.
//!
//! Everything below the endpoints takes the time as an argument, so that a test can stand anywhere on
//! the time line. Never call the system's clock anywhere else: `clippy.toml` forbids it.

use octroi_saml::Time;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the time comes from: the system, or a hand set by a test.
#[derive(Debug, Default)]
pub struct Clock {
    /// Unix milliseconds; `0` means the system's clock.
    hand: AtomicI64,
}

impl Clone for Clock {
    /// Another clock that stands where this one does now, or follows the system like it.
    fn clone(&self) -> Self {
        Self {
            hand: AtomicI64::new(self.hand.load(Ordering::Relaxed)),
        }
    }
}

impl Clock {
    /// A clock that follows the system.
    #[must_use]
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `time` until it is set again.
    #[must_use]
    pub fn standing_at(time: Time) -> Self {
        Self {
            hand: AtomicI64::new(time.unix_millis()),
        }
    }

    /// Moves a standing clock.
    pub fn set(&self, time: Time) {
        self.hand.store(time.unix_millis(), Ordering::Relaxed);
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Time {
        match self.hand.load(Ordering::Relaxed) {
            0 => system_now(),
            milliseconds => Time::from_unix_millis(milliseconds),
        }
    }
}

/// The system's time, for what runs outside an access (command line, start-up).
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the system's clock"
)]
pub fn system_now() -> Time {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Time::from_unix_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
