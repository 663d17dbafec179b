//! When to send: a fixed schedule, kept by a thread of its own.
//!
//! The thread does nothing but sleep and hand tasks over, so that what a task costs never moves the next one. It must
//! never wait for an answer.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::report::Times;

/// A schedule: `count` instants, `1 / rate` apart.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// The first instant.
    pub start: Instant,
    /// Sends a second.
    pub rate: f64,
    /// How many sends.
    pub count: u64,
}

impl Schedule {
    /// When the send of this number is due.
    #[must_use]
    pub fn due(&self, number: u64) -> Instant {
        #[allow(clippy::cast_precision_loss, reason = "numbers stay far below 2^52")]
        let offset = number as f64 / self.rate;
        self.start + Duration::from_secs_f64(offset)
    }
}

/// What happened to the schedule itself.
#[derive(Debug, Default)]
pub struct Kept {
    /// How late each task began: the generator's own lag.
    pub lag: Mutex<Times>,
    /// Tasks not begun because too many were waiting for answers already.
    pub skipped: AtomicU64,
}

/// Starts `task(number, due)` on the runtime at each instant of the schedule and waits until all have ended. Lags of
/// the first `warm_up` tasks are not kept. No more than `most` tasks are under way at once.
pub fn keep<F, T>(
    schedule: Schedule,
    warm_up: u64,
    most: usize,
    runtime: &Handle,
    task: F,
) -> Arc<Kept>
where
    F: Fn(u64, Instant) -> T,
    T: Future<Output = ()> + Send + 'static,
{
    let kept = Arc::new(Kept::default());
    let places = Arc::new(Semaphore::new(most));
    for number in 0..schedule.count {
        let due = schedule.due(number);
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            kept.skipped.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let work = task(number, due);
        let kept = Arc::clone(&kept);
        runtime.spawn(async move {
            let lag = due.elapsed();
            if number >= warm_up
                && let Ok(mut lags) = kept.lag.lock()
            {
                lags.record(lag);
            }
            work.await;
            drop(place);
        });
    }
    let everybody = u32::try_from(most).unwrap_or(u32::MAX);
    let _ = runtime.block_on(places.acquire_many(everybody));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn the_schedule_is_fixed_and_nothing_moves_it() {
        let start = Instant::now();
        let schedule = Schedule {
            start,
            rate: 200.0,
            count: 400,
        };
        assert_eq!(schedule.due(200) - start, Duration::from_secs(1));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let done = Arc::new(AtomicU64::new(0));
        let kept = keep(schedule, 0, 1000, runtime.handle(), |_, _| {
            let done = Arc::clone(&done);
            async move {
                // Each takes far longer than the distance to the next.
                tokio::time::sleep(Duration::from_millis(300)).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(done.load(Ordering::Relaxed), 400);
        let elapsed = start.elapsed().as_secs_f64();
        assert!((2.2..3.5).contains(&elapsed), "{elapsed}");
        assert_eq!(kept.lag.lock().unwrap().count(), 400);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_not_sent() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let schedule = Schedule {
            start: Instant::now(),
            rate: 1000.0,
            count: 100,
        };
        let kept = keep(schedule, 0, 10, runtime.handle(), |_, _| async {
            tokio::time::sleep(Duration::from_millis(500)).await
        });
        assert_eq!(kept.skipped.load(Ordering::Relaxed), 90);
    }
}
