//! Following a store while serving: threads of their own, so that no worker ever waits for the store, a disk or a hash.
//!
//! *store-poll* asks for manifests and changes and applies changes at once. *store-install* swaps, once *store-prepare*,
//! which it starts for each body, has fetched, checked and warmed it at the lowest priority. They end when the gateway is
//! gone. What is in force is replaced in one place here, under one lock, so that a swap never loses an entry that arrives
//! at the same moment. A thread of the lowest priority must never hold that lock: it may be put aside for as long as the
//! machine is busy, and a revocation would wait for it.

mod first;
mod prepare;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use octroi_entitlements::Directory;
use octroi_saml::Time;
use parking_lot::{Condvar, Mutex};
use tokio::runtime::Runtime;

pub(super) use self::first::{First, Following};
use self::prepare::Prepared;
use super::reload::{reap, seconds, tell_snapshot, whole};
use super::start::Running;
use super::status::Status;
use crate::observe::metrics::Metrics;
use crate::store::StoreError;
use crate::store::follow::{Candidate, Changes, LOG_GAP, Node, NotReady, Refused};
use crate::store::log::LogError;

/// How often the beginning of everything is looked at, for what was collected.
const THOROUGH: Duration = Duration::from_secs(60);

/// The same after trouble.
const AFTER_TROUBLE: Duration = Duration::from_secs(10);
/// How long a body that cannot be put in force is left alone before it is tried again, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The log cannot be read on: an alarm, told once for each reason.
fn log_stopped(status: &Status, metrics: &Metrics, now: Time, code: &'static str, error: String) {
    metrics.service.overlay_stopped.set(1);
    let text = error.clone();
    if status.store.log_stopped(now, code, error) {
        tracing::error!(
            code,
            error = text,
            "the log of changes stops at its last good entry"
        );
    }
}

/// The candidate that waits to be installed; a newer one takes its place.
#[derive(Debug, Default)]
struct Slot {
    candidate: Mutex<Option<Candidate>>,
    filled: Condvar,
}

impl Slot {
    fn put(&self, candidate: Candidate) {
        *self.candidate.lock() = Some(candidate);
        self.filled.notify_one();
    }

    fn put_back(&self, candidate: Candidate) {
        self.candidate.lock().get_or_insert(candidate);
    }

    fn has_newer(&self, sequence: u64) -> bool {
        is_newer(self.candidate.lock().as_ref(), sequence)
    }

    /// Waits, and not longer than until a newer candidate comes.
    fn rest(&self, sequence: u64, pause: Duration) {
        let mut candidate = self.candidate.lock();
        if !is_newer(candidate.as_ref(), sequence) {
            self.filled.wait_for(&mut candidate, pause);
        }
    }

    fn take(&self, patience: Duration) -> Option<Candidate> {
        let mut candidate = self.candidate.lock();
        if candidate.is_none() {
            self.filled.wait_for(&mut candidate, patience);
        }
        candidate.take()
    }
}

fn is_newer(candidate: Option<&Candidate>, sequence: u64) -> bool {
    candidate.is_some_and(|candidate| candidate.manifest.sequence > sequence)
}

/// Starts both threads.
///
/// # Errors
/// When the system gives none.
pub(super) fn follow(
    running: &Arc<Running>,
    node: &Arc<Node>,
    pending: Option<Candidate>,
    every: Duration,
) -> std::io::Result<()> {
    let slot = Arc::new(Slot::default());
    if let Some(candidate) = pending {
        slot.put(candidate);
    }
    let runtime = own_runtime()?;
    let poll = (Arc::downgrade(running), Arc::clone(node), Arc::clone(&slot));
    std::thread::Builder::new()
        .name("store-poll".to_owned())
        .spawn(move || poll_until_gone(&poll.0, &poll.1, &poll.2, every, &runtime))?;
    let runtime = own_runtime()?;
    let install = (Arc::downgrade(running), Arc::clone(node), slot);
    std::thread::Builder::new()
        .name("store-install".to_owned())
        .spawn(move || install_until_gone(&install.0, &install.1, &install.2, every, &runtime))?;
    Ok(())
}

fn own_runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn poll_until_gone(
    running: &Weak<Running>,
    node: &Node,
    slot: &Slot,
    every: Duration,
    runtime: &Runtime,
) {
    let mut thorough_at = Instant::now();
    let mut told = String::new();
    while let Some(running) = running.upgrade() {
        let thorough = Instant::now() >= thorough_at;
        let polled = unbroken(&running.metrics, || {
            runtime.block_on(running.poll(node, slot, thorough))
        });
        match polled {
            Some(Ok(())) => {
                if !told.is_empty() {
                    tracing::info!("the store answers again");
                    told.clear();
                }
                if thorough {
                    thorough_at = Instant::now() + THOROUGH;
                }
            }
            Some(Err(error)) => {
                let error = error.to_string();
                let now = running.engine.clock.now();
                running.status.store.away(now, &error);
                tell_once(&mut told, &error);
                // The beginning of everything is long: not at each poll, as long as the trouble lasts.
                if thorough {
                    thorough_at = Instant::now() + AFTER_TROUBLE;
                }
            }
            None => {}
        }
        running.tell_pending();
        drop(running);
        std::thread::sleep(every);
    }
}

fn install_until_gone(
    running: &Weak<Running>,
    node: &Node,
    slot: &Slot,
    every: Duration,
    runtime: &Runtime,
) {
    let mut told = String::new();
    // Overtaken by a newer one while it was prepared: its turn comes when the newer one does not.
    let mut overtaken: Option<Candidate> = None;
    let mut again: Option<Candidate> = None;
    let (mut pause, mut highest) = (every, 0);
    loop {
        let is_second = again.is_some();
        let taken = again.take().or_else(|| slot.take(Duration::from_secs(1)));
        let Some(gateway) = running.upgrade() else {
            return;
        };
        let Some(candidate) = taken else { continue };
        let sequence = candidate.manifest.sequence;
        if sequence > highest {
            (pause, highest) = (every, sequence);
        }
        let before = gateway.engine.current.pin().snapshot().counts();
        let thresholds = gateway.in_force.lock().settings.snapshot.thresholds;
        let metrics = Arc::clone(&gateway.metrics);
        drop(gateway);
        let entries = node.entries();
        let prepared = unbroken(&metrics, || {
            prepare::apart(|| {
                let snapshot =
                    runtime.block_on(node.prepare(&candidate, thresholds, Some(&before)))?;
                Ok(Prepared::new(snapshot, entries))
            })
        });
        let Some(gateway) = running.upgrade() else {
            return;
        };
        let outcome = match prepared {
            // Perhaps because this one is bad: it must not be in force for as long as the newer one takes.
            Some(Ok(_)) if !is_second && slot.has_newer(sequence) => {
                overtaken = Some(candidate);
                continue;
            }
            Some(Ok(prepared)) => {
                let installed = || gateway.install(node, &candidate, prepared);
                unbroken(&metrics, installed).unwrap_or_else(defect)
            }
            Some(Err(error)) => Err(error),
            None => defect(),
        };
        match outcome {
            Ok(()) => {
                told.clear();
                overtaken = None;
                pause = every;
            }
            Err(NotReady::Refused(refused)) => {
                node.put_aside(&candidate, &refused);
                gateway.refused_by_store(&refused, Some(sequence));
                again = overtaken.take();
            }
            Err(NotReady::Later(why)) => {
                gateway.status.store.waits(sequence, &why);
                tell_once(&mut told, &why);
                if is_second {
                    overtaken = Some(candidate);
                } else {
                    slot.put_back(candidate);
                    again = overtaken.take();
                }
                drop(gateway);
                slot.rest(sequence, pause);
                // Preparing may read gigabytes only to find the disk full once more.
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

fn defect() -> Result<(), NotReady> {
    Err(NotReady::Later("a defect: see the log".to_owned()))
}

/// Does a piece of work of a thread that must go on whatever happens. A panic is a defect: counted, and `None`.
fn unbroken<T>(metrics: &Metrics, work: impl FnOnce() -> T) -> Option<T> {
    let done = std::panic::catch_unwind(AssertUnwindSafe(work)).ok();
    if done.is_none() {
        // What it says was told by the panic hook.
        metrics.http.panics.inc();
    }
    done
}

/// The same trouble every two seconds is told once.
fn tell_once(told: &mut String, why: &str) {
    if told != why {
        why.clone_into(told);
        tracing::error!(
            code = "store",
            error = why,
            "the store; what is in force stays"
        );
    }
}

fn tell_refused(metrics: &Metrics, refused: &Refused) {
    tracing::error!(code = refused.code, error = %refused.text, "refused; what is in force stays");
    let counted = &metrics.service.snapshot_refused;
    counted.with_label_values(&[refused.code]).inc();
}

fn tell_pending(metrics: &Metrics, status: &Status) {
    let pending = whole(status.store.pending());
    metrics.service.manifest_pending.set(pending);
}

impl Running {
    async fn poll(&self, node: &Node, slot: &Slot, thorough: bool) -> Result<(), StoreError> {
        let contains = self.engine.current.pin().snapshot().overlay_sequence();
        let read = node.read_log(thorough, contains).await;
        // What was good before an error counts.
        self.apply_changes(node, matches!(read, Ok(Changes::Rebased)));
        let now = self.engine.clock.now();
        let stopped = |code, error| log_stopped(&self.status, &self.metrics, now, code, error);
        let mut away = None;
        match read {
            // The store has let go of changes that the body in force does not contain: a newer body has them.
            Ok(_) if node.log_begins_after() > contains => {
                let begins = node.log_begins_after();
                let error = format!(
                    "the body in force contains the changes up to {contains}, and the log begins after {begins}: \
                     what was changed between is missing until a newer body comes"
                );
                stopped(LOG_GAP, error);
            }
            Ok(_) => {
                self.metrics.service.overlay_stopped.set(0);
                self.status.store.log_read(now);
            }
            // One object that cannot be had says nothing of the others.
            Err(LogError::Store(error)) => away = Some(error),
            Err(error) => stopped(error.code(), error.to_string()),
        }
        let mut found = None;
        let looked = node
            .look(thorough, &mut found, |refused| {
                self.refused_by_store(refused, None);
            })
            .await;
        if let Some(candidate) = found {
            self.status.store.found(now, &candidate);
            slot.put(candidate);
        }
        looked?;
        away.map_or(Ok(()), Err)?;
        let now = self.engine.clock.now();
        self.metrics.service.store_last_success.set(seconds(now));
        self.status.store.checked(now);
        Ok(())
    }

    /// Puts the log as it is now in force; `anew` when entries went, too.
    fn apply_changes(&self, node: &Node, anew: bool) {
        let _order = self.order.lock();
        let old = Arc::clone(&self.engine.current.pin().directory);
        let last = node.log_end().sequence;
        // Entries that were collected and stand no more have a number and are not there.
        if !anew && last <= node.applied(old.overlay().last_sequence()) {
            return;
        }
        let entries = node.entries();
        let directory = if anew {
            Directory::new(Arc::clone(old.snapshot()), &entries)
        } else {
            old.extended(&entries)
        };
        self.engine.current.swap_directory(Arc::new(directory));
        self.metrics.service.overlay_sequence.set(whole(last));
        tracing::info!(
            from = old.overlay().last_sequence(),
            to = last,
            "changes applied"
        );
    }

    /// Puts a body of the store in force, with the whole log on it.
    ///
    /// # Errors
    /// [`NotReady`]; what is in force stays.
    fn install(
        &self,
        node: &Node,
        candidate: &Candidate,
        prepared: Prepared,
    ) -> Result<(), NotReady> {
        let now = self.engine.clock.now();
        // What came while it was prepared may be the whole log anew: changes do not wait for that.
        let prepared = prepared.caught_up(node.entries());
        // Dropped after the lock, should nothing come of it: gigabytes take their time.
        let directory;
        let order = self.order.lock();
        directory = Arc::new(prepared.caught_up(node.entries()).directory);
        // The log may have been collected since the body was prepared.
        node.reaches(&candidate.manifest.body)?;
        node.accept(candidate)
            .map_err(|error| NotReady::Later(error.to_string()))?;
        let snapshot = Arc::clone(directory.snapshot());
        let old = Arc::clone(&self.engine.current.pin().directory);
        let last = directory.overlay().last_sequence();
        self.engine.current.swap_directory(directory);
        let service = &self.metrics.service;
        service.overlay_sequence.set(whole(node.applied(last)));
        drop(order);
        service
            .manifest_sequence
            .set(whole(candidate.manifest.sequence));
        self.status.store.in_force(now, &candidate.manifest);
        self.tell_pending();
        tell_snapshot(self, &snapshot, now);
        tracing::info!(
            manifest = candidate.manifest.sequence,
            from = old.snapshot().generation(),
            to = snapshot.generation(),
            overlay = last,
            people = snapshot.counts().people,
            "snapshot swapped"
        );
        reap(old);
        if let Err(error) = node.prune(candidate) {
            tracing::error!(%error, "older bodies cannot be removed");
        }
        Ok(())
    }

    fn refused_by_store(&self, refused: &Refused, sequence: Option<u64>) {
        tell_refused(&self.metrics, refused);
        self.count("snapshot", false);
        let now: Time = self.engine.clock.now();
        self.status.snapshot_refused(now, refused.to_string());
        self.status.store.refused(now, refused, sequence);
        self.tell_pending();
    }

    fn tell_pending(&self) {
        tell_pending(&self.metrics, &self.status);
    }
}
