//! All portals, each on a thread of its own (F1).
//!
//! A portal whose disk hangs, whose archive makes a defect panic, or whose ledger is damaged, stops itself. Loads, which
//! cost processor and disk, pass a gate that lets `workers` through at a time.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::alarm::{self, Code};
use super::batch::{Batch, Ended};
use super::desk::{Desk, DeskError, Office, run_number};
use super::gauge;
use crate::config::{CollectPortal, paris_day};

/// How often the metrics are written, and how often a portal is looked after although nothing lies in its drop boxes.
const SELDOM: Duration = Duration::from_secs(60);
/// Work that failed or panicked is not tried again before.
const REST: Duration = Duration::from_secs(60);

/// Lets so many through at a time, and counts panics.
#[derive(Debug)]
pub struct Gate {
    places: Mutex<Places>,
    freed: Condvar,
    panics: Mutex<BTreeMap<String, u64>>,
}

impl Gate {
    /// A gate for so many.
    #[must_use]
    pub fn new(places: usize) -> Self {
        Self {
            places: Mutex::new(Places {
                free: places.max(1),
                ..Places::default()
            }),
            freed: Condvar::new(),
            panics: Mutex::default(),
        }
    }

    /// Panics so far, by portal.
    #[must_use]
    pub fn panics(&self) -> BTreeMap<String, u64> {
        self.panics.lock().clone()
    }

    /// Does something for a portal. A panic is this portal's alone: it is told and counted, and there is no answer.
    pub fn guard<T>(&self, portal: &CollectPortal, work: impl FnOnce() -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(work)).ok();
        if done.is_none() {
            let text = "a defect of the importer; the other portals go on";
            alarm::raise(Code::Panic, &portal.ent, "", "", text);
            let mut panics = self.panics.lock();
            *panics.entry(portal.ent.value.clone()).or_default() += 1;
        }
        done
    }

    /// Waits for a place, in the order of those who ask: whoever has much to do lets the others come between.
    fn pass(&self) -> Passed<'_> {
        let mut places = self.places.lock();
        let mine = places.asked;
        places.asked += 1;
        while places.free == 0 || places.called != mine {
            self.freed.wait(&mut places);
        }
        places.called += 1;
        places.free -= 1;
        // There may be another place for the next.
        self.freed.notify_all();
        Passed(self)
    }
}

/// The places behind a gate.
#[derive(Debug, Default)]
struct Places {
    free: usize,
    /// How many have asked for one, and how many were let in.
    asked: u64,
    called: u64,
}

struct Passed<'g>(&'g Gate);

impl Drop for Passed<'_> {
    fn drop(&mut self) {
        self.0.places.lock().free += 1;
        self.0.freed.notify_all();
    }
}

/// One pass for one portal: take in, work, look at the clock. A panic is this portal's alone.
///
/// `rest` is how long files must have kept still; `at_once` does not wait after failed attempts.
pub fn pass(
    office: &Office,
    portal: &CollectPortal,
    gate: &Gate,
    rest: Duration,
    at_once: bool,
) -> Ended {
    let worked = gate.guard(portal, || {
        let mut batch = Batch::quiet("import", &portal.ent, run_number());
        let worked = pass_desk(office, portal, gate, &mut batch, rest, at_once);
        match worked {
            Err(DeskError::Busy { .. }) if !at_once => {}
            Err(error) => {
                let code = match error {
                    DeskError::Ledger(_) => Code::Ledger,
                    _ => Code::Failed,
                };
                let text = error.to_string();
                batch.error(&text);
                alarm::raise(code, &portal.ent, "", "", &text);
            }
            Ok(()) => {}
        }
        batch.end()
    });
    worked.unwrap_or(Ended::Error)
}

fn pass_desk(
    office: &Office,
    portal: &CollectPortal,
    gate: &Gate,
    batch: &mut Batch,
    rest: Duration,
    at_once: bool,
) -> Result<(), DeskError> {
    // A command waits for the watcher to leave the portal; the watcher comes again by itself.
    let mut desk = if at_once {
        Desk::wait(office, portal, Duration::from_secs(30))?
    } else {
        Desk::take(office, portal)?
    };
    // A drop box that cannot be read must not keep what has been received from being worked on.
    let came = desk.take_in(batch, rest);
    if desk.has_work() {
        desk.work(batch, at_once, || gate.pass())?;
    }
    desk.look_at_the_clock(batch)?;
    came.map(|_| ())
}

/// Watches until told to stop.
#[derive(Debug)]
pub struct Watch {
    stop: Arc<AtomicBool>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Watch {
    /// Starts a thread for each portal, and one for the metrics.
    ///
    /// # Errors
    /// What the system says when it has no thread.
    pub fn start(office: &Arc<Office>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let gate = Arc::new(Gate::new(office.settings.workers));
        let mut threads = Vec::new();
        for at in 0..office.settings.portals.len() {
            let (office, stop) = (Arc::clone(office), Arc::clone(&stop));
            let gate = Arc::clone(&gate);
            let thread = std::thread::Builder::new().name(format!("portal-{at}"));
            threads.push(thread.spawn(move || watch_portal(&office, at, &gate, &stop))?);
        }
        let (office, told) = (Arc::clone(office), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("metrics".to_owned());
        threads.push(thread.spawn(move || {
            while !told.load(Ordering::Relaxed) {
                // The counts of all portals: a defect in them must not end those of tomorrow.
                let panics = gate.panics();
                let written = catch_unwind(AssertUnwindSafe(|| gauge::write(&office, &panics)));
                match written {
                    Ok(Err(error)) => {
                        tracing::error!(%error, "the metrics file cannot be written");
                    }
                    Err(_) => tracing::error!("the metrics file cannot be written: a defect"),
                    Ok(Ok(())) => {}
                }
                std::thread::park_timeout(SELDOM.min(office.settings.look * 6));
            }
        })?);
        Ok(Self { stop, threads })
    }

    /// Asks all to stop and waits so long for those that work. Whoever is not done is killed with the process, which
    /// the ledger survives.
    pub fn stop(self, patience: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        let until = Instant::now() + patience;
        for thread in self.threads {
            thread.thread().unpark();
            while !thread.is_finished() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

fn watch_portal(office: &Office, at: usize, gate: &Gate, stop: &AtomicBool) {
    let Some(portal) = office
        .settings
        .portals
        .get(at)
        .filter(|portal| !portal.disabled)
    else {
        return;
    };
    let mut purged = None;
    let mut looked: Option<Instant> = None;
    while !stop.load(Ordering::Relaxed) {
        let lies = gate.guard(portal, || lies(office, portal));
        if lies.unwrap_or(true) || looked.is_none_or(|looked| looked.elapsed() >= SELDOM) {
            looked = Some(Instant::now());
            let ended = pass(office, portal, gate, office.settings.rest, false);
            let today = paris_day(office.clock.now());
            if purged != Some(today) {
                // One that panicked waits for tomorrow: it would panic again, and deliveries come first.
                let done = gate.guard(portal, || purge(office, portal));
                if done.unwrap_or(true) {
                    purged = Some(today);
                }
            }
            if ended == Ended::Error || lies.is_none() {
                std::thread::park_timeout(REST);
            }
        }
        std::thread::park_timeout(office.settings.look);
    }
}

/// Whether anything lies in the drop boxes of a portal, or they cannot be looked into.
fn lies(office: &Office, portal: &CollectPortal) -> bool {
    portal.drop_boxes.iter().any(|folder| {
        let folder = office.base.join(&folder.value);
        super::dropbox::look(&folder, &portal.ent).map_or(true, |seen| !seen.lying.is_empty())
    })
}

/// What has been kept long enough goes, once a day.
fn purge(office: &Office, portal: &CollectPortal) -> bool {
    let mut batch = Batch::quiet("purge", &portal.ent, run_number());
    match Desk::take(office, portal).and_then(|mut desk| desk.purge()) {
        Ok(gone) => {
            if gone > 0 {
                batch.progress(&format!("{gone} entries of the vault purged"));
            }
            batch.end();
            true
        }
        Err(DeskError::Busy { .. }) => {
            batch.end();
            false
        }
        Err(error) => {
            batch.error(&error.to_string());
            batch.end();
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_first_is_let_in_first() {
        let gate = Gate::new(1);
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            let first = gate.pass();
            for name in ["other", "again"] {
                let asked = gate.places.lock().asked;
                let (gate, order) = (&gate, &order);
                scope.spawn(move || {
                    let _passed = gate.pass();
                    order.lock().push(name);
                });
                while gate.places.lock().asked == asked {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(*order.lock(), ["other", "again"]);
        assert_eq!(gate.places.lock().free, 1);
    }
}
