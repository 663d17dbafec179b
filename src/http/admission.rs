//! Who is let in when there is more work than processors (design §5, *Overload*).
//!
//! Two signs of overload, both read before any cryptography:
//! * more accesses under way than `[limits] in_flight`: they wait for something (the disk of the audit trail);
//! * ready work waits longer for a processor than `[limits] lag_milliseconds`. A [`probe`] measures that: it
//!   asks to be woken and sees how late it is. With all work on the same workers that is the wait of a request.
//!
//! While the lag lasts, new connections wait in the kernel too: a handshake costs half an access.
//!
//! What is not let in is answered at once, so that what is let in ends in time: goodput stays flat.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::refusal::EdgeRefusal;
use crate::observe::metrics::Metrics;

/// How often the lag is measured.
const EVERY: Duration = Duration::from_millis(10);

/// The door.
#[derive(Debug)]
pub struct Admission {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    /// The last sample, microseconds.
    sample: AtomicU64,
    /// The smaller of the last two: one stall of the machine is no overload, two in a row are.
    lag: AtomicU64,
    most_lag: AtomicU64,
    draining: AtomicBool,
    metrics: Arc<Metrics>,
}

impl Admission {
    /// A door that lets `most` accesses in at once while the lag is below `most_lag`.
    #[must_use]
    pub fn new(most: usize, most_lag: Duration, metrics: Arc<Metrics>) -> Arc<Self> {
        let admission = Self {
            in_flight: AtomicUsize::new(0),
            most: AtomicUsize::new(most),
            sample: AtomicU64::new(0),
            lag: AtomicU64::new(0),
            most_lag: AtomicU64::new(micros(most_lag)),
            draining: AtomicBool::new(false),
            metrics,
        };
        Arc::new(admission)
    }

    /// Changes the limits while running (A3).
    pub fn set_limits(&self, most: usize, most_lag: Duration) {
        self.most.store(most, Ordering::Relaxed);
        self.most_lag.store(micros(most_lag), Ordering::Relaxed);
    }

    /// The gateway is stopping: answers say so to their connection, readiness says so to the balancer. What
    /// still comes over open connections is answered, so that nobody feels the restart (A2).
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether [`Self::drain`] was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// How late ready work is now.
    #[must_use]
    pub fn lag(&self) -> Duration {
        Duration::from_micros(self.lag.load(Ordering::Relaxed))
    }

    /// Accesses under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Asks to come in. The ticket is kept until the answer is there.
    pub fn enter(self: &Arc<Self>) -> Result<Ticket, EdgeRefusal> {
        let refused = |reason: &str, refusal| {
            self.metrics.http.shed.with_label_values(&[reason]).inc();
            Err(refusal)
        };
        if self.is_late() {
            return refused("lag", EdgeRefusal::Overloaded);
        }
        if self.in_flight.fetch_add(1, Ordering::Relaxed) >= self.most.load(Ordering::Relaxed) {
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
            return refused("in-flight", EdgeRefusal::Overloaded);
        }
        self.metrics.http.in_flight.inc();
        Ok(Ticket(Arc::clone(self)))
    }

    /// Whether a new connection had better wait in the kernel: its handshake would take the time of those that are
    /// already inside.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.lag.load(Ordering::Relaxed) > self.most_lag.load(Ordering::Relaxed)
    }

    fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.metrics.http.in_flight.dec();
    }

    fn saw_lag(&self, lag: Duration) {
        self.metrics.http.lag.observe(lag.as_secs_f64());
        let sample = micros(lag);
        let before = self.sample.swap(sample, Ordering::Relaxed);
        self.lag.store(sample.min(before), Ordering::Relaxed);
    }
}

/// A place inside; dropping it gives the place back.
#[derive(Debug)]
pub struct Ticket(Arc<Admission>);

impl Drop for Ticket {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Measures the lag until the door is gone. Runs on the same workers as the accesses.
pub async fn probe(admission: std::sync::Weak<Admission>) {
    loop {
        let due = tokio::time::Instant::now() + EVERY;
        tokio::time::sleep_until(due).await;
        // The timer has ticks of a millisecond; then once through the queue of ready work.
        tokio::task::yield_now().await;
        let late = due.elapsed().saturating_sub(Duration::from_millis(1));
        match admission.upgrade() {
            Some(admission) => admission.saw_lag(late),
            None => return,
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(most: usize) -> Arc<Admission> {
        Admission::new(
            most,
            Duration::from_millis(100),
            Arc::new(Metrics::new().unwrap()),
        )
    }

    #[test]
    fn a_full_house_lets_nobody_in_and_a_leaving_guest_makes_room() {
        let door = door(2);
        let first = door.enter().unwrap();
        let _second = door.enter().unwrap();
        assert_eq!(door.enter().unwrap_err(), EdgeRefusal::Overloaded);
        assert_eq!(door.in_flight(), 2);
        drop(first);
        assert!(door.enter().is_ok());
        assert_eq!(
            door.metrics
                .http
                .shed
                .with_label_values(&["in-flight"])
                .get(),
            1
        );
    }

    #[test]
    fn lag_closes_the_door_and_quiet_opens_it() {
        let door = door(2);
        door.saw_lag(Duration::from_millis(400));
        assert!(door.enter().is_ok(), "one stall is no overload");
        door.saw_lag(Duration::from_millis(300));
        assert_eq!(door.lag(), Duration::from_millis(300));
        assert_eq!(door.enter().unwrap_err(), EdgeRefusal::Overloaded);
        assert!(door.is_late());
        door.saw_lag(Duration::ZERO);
        assert!(door.enter().is_ok());
        door.saw_lag(Duration::from_millis(10));
        door.saw_lag(Duration::from_millis(10));
        assert!(door.enter().is_ok());
        door.set_limits(2, Duration::from_millis(5));
        assert!(door.enter().is_err());
    }

    #[test]
    fn a_draining_house_still_answers() {
        let door = door(2);
        let inside = door.enter().unwrap();
        door.drain();
        assert!(door.is_draining());
        assert!(door.enter().is_ok());
        drop(inside);
        assert_eq!(door.in_flight(), 0);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_probe_sees_a_busy_worker() {
        let door = door(2);
        let probe = tokio::spawn(probe(Arc::downgrade(&door)));
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            std::thread::sleep(Duration::from_millis(300));
        }
        tokio::task::yield_now().await;
        assert!(door.lag() >= Duration::from_millis(100), "{:?}", door.lag());
        drop(door);
        probe.await.unwrap();
    }
}
