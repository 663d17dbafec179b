//! What is done for a body before its swap, in a thread of the lowest priority: hours of it must not disturb an access (A4).
//!
//! Nothing here may hold a lock that changes wait for.

use std::sync::Arc;

use octroi_entitlements::overlay::Entry;
use octroi_entitlements::{Directory, Snapshot};

use crate::priority;
use crate::store::follow::NotReady;

/// Does work in a thread of the lowest priority and waits for it. A thread that has lowered itself may not go back.
///
/// # Errors
/// What the work answers; later, when the system gives no thread.
pub(super) fn apart<T: Send>(
    work: impl FnOnce() -> Result<T, NotReady> + Send,
) -> Result<T, NotReady> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("store-prepare".to_owned())
            .spawn_scoped(scope, || {
                priority::lowest();
                work()
            })
            .map_err(|error| NotReady::Later(format!("no thread: {error}")))?;
        let worked = thread.join();
        worked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A body with the log compiled onto it.
pub(super) struct Prepared {
    pub(super) directory: Directory,
    /// The log of which it was made.
    entries: Vec<Arc<Entry>>,
}

impl Prepared {
    pub(super) fn new(snapshot: Arc<Snapshot>, entries: Vec<Arc<Entry>>) -> Self {
        let directory = Directory::new(snapshot, &entries);
        Self { directory, entries }
    }

    /// With the log as it is now.
    pub(super) fn caught_up(self, entries: Vec<Arc<Entry>>) -> Self {
        let directory = self.directory.caught_up(&self.entries, &entries);
        Self { directory, entries }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::priority::tests::mine;

    #[test]
    fn the_work_is_idle_and_who_waits_for_it_is_not() {
        let before = mine();
        let worked = apart(|| Ok(mine()));
        assert!(matches!(worked, Ok((19, 5))), "{worked:?}");
        assert_eq!(mine(), before);
        let later = apart(|| Err::<(), _>(NotReady::Later("away".to_owned())));
        assert!(matches!(later, Err(NotReady::Later(why)) if why == "away"));
    }
}
