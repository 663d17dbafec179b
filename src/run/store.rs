//! Following a store while serving: two threads of their own, so that no worker ever waits for the store, a disk or a
//! hash.
//!
//! *store-poll* asks for manifests and changes and applies changes at once. *store-install* fetches, checks and warms
//! bodies at the lowest priority and then swaps. Both end when the gateway is gone. What is in force is replaced in one
//! place here, under one lock, so that a swap never loses an entry that arrives at the same moment.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use octroi_entitlements::{Directory, Snapshot};
use octroi_saml::Time;
use parking_lot::{Condvar, Mutex};
use rustix::process::setpriority_process;
use tokio::runtime::Runtime;

use super::reload::{reap, seconds, tell_snapshot, whole};
use super::start::{Running, StartError};
use crate::clock::Clock;
use crate::observe::metrics::Metrics;
use crate::store::follow::{Candidate, Changes, LOG_GAP, Node, NotReady, Refused};
use crate::store::log::LogError;
use crate::store::{StoreError, Thresholds};

/// How often the beginning of everything is looked at, for what was collected.
const THOROUGH: Duration = Duration::from_secs(60);
/// How long a start waits for the store when the node has copies of its own.
const PATIENCE: Duration = Duration::from_secs(3);
/// The lowest priority.
const IDLE: i32 = 19;

/// What a start has found.
pub(super) struct First {
    pub(super) directory: Arc<Directory>,
    /// A newer manifest, to be followed while serving.
    pub(super) pending: Option<Candidate>,
}

/// The first directory: from the node's own copies, else from the store, for which it waits.
///
/// Blocks: not for a worker.
pub(super) fn first(
    node: &Node,
    thresholds: Thresholds,
    metrics: &Metrics,
    clock: &Clock,
    poll: Duration,
) -> Result<First, StartError> {
    let resumed = node.resume()?;
    let runtime = own_runtime().map_err(StartError::State)?;
    let mut pending = resumed.candidate;
    if let Some(snapshot) = resumed.snapshot {
        // Changes since the last run: worth a moment, not worth a start.
        let ask = catch_up(node, snapshot.overlay_sequence(), metrics, clock);
        let asked = runtime.block_on(async { tokio::time::timeout(PATIENCE, ask).await });
        match asked {
            Ok(Ok(found)) => pending = found.or(pending),
            Ok(Err(error)) => tracing::error!(%error, "starting without the store"),
            Err(_) => tracing::error!("starting without the store: it does not answer"),
        }
        let directory = Arc::new(Directory::new(snapshot, &node.entries()));
        return Ok(First { directory, pending });
    }
    tracing::warn!("no snapshot on this node: waiting for the store");
    let mut told = String::new();
    loop {
        match runtime.block_on(catch_up(node, 0, metrics, clock)) {
            Ok(found) => pending = found.or(pending),
            Err(error) => tell_once(&mut told, &error.to_string()),
        }
        if let Some(candidate) = &pending {
            match runtime.block_on(node.prepare(candidate, thresholds, None)) {
                Ok(snapshot) => {
                    node.accept(candidate)?;
                    metrics
                        .service
                        .manifest_sequence
                        .set(whole(candidate.manifest.sequence));
                    let directory = Arc::new(Directory::new(snapshot, &node.entries()));
                    return Ok(First {
                        directory,
                        pending: None,
                    });
                }
                Err(NotReady::Refused(refused)) => {
                    tell_refused(metrics, &refused);
                    pending = None;
                }
                Err(NotReady::Later(why)) => tell_once(&mut told, &why),
            }
        }
        std::thread::sleep(poll);
    }
}

async fn catch_up(
    node: &Node,
    contains: u64,
    metrics: &Metrics,
    clock: &Clock,
) -> Result<Option<Candidate>, LogError> {
    if let Err(error) = node.read_log(true, contains).await {
        if matches!(error, LogError::Store(_)) {
            return Err(error);
        }
        metrics.service.overlay_stopped.set(1);
        tracing::error!(code = error.code(), %error, "the log of changes stops at its last good entry");
    }
    let found = node
        .look(true, |refused| tell_refused(metrics, refused))
        .await?;
    metrics.service.store_last_success.set(seconds(clock.now()));
    Ok(found)
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

    fn take(&self, patience: Duration) -> Option<Candidate> {
        let mut candidate = self.candidate.lock();
        if candidate.is_none() {
            self.filled.wait_for(&mut candidate, patience);
        }
        candidate.take()
    }
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
        match runtime.block_on(running.poll(node, slot, thorough)) {
            Ok(()) => {
                if !told.is_empty() {
                    tracing::info!("the store answers again");
                    told.clear();
                }
                if thorough {
                    thorough_at = Instant::now() + THOROUGH;
                }
            }
            Err(error) => tell_once(&mut told, &error.to_string()),
        }
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
    if let Err(error) = setpriority_process(Some(rustix::thread::gettid()), IDLE) {
        tracing::warn!(%error, "bodies are installed at the usual priority");
    }
    let mut told = String::new();
    loop {
        let candidate = slot.take(Duration::from_secs(1));
        let Some(gateway) = running.upgrade() else {
            return;
        };
        let Some(candidate) = candidate else { continue };
        let before = gateway.engine.current.pin().snapshot().counts();
        let thresholds = gateway.in_force.lock().settings.snapshot.thresholds;
        drop(gateway);
        let prepared = runtime.block_on(node.prepare(&candidate, thresholds, Some(&before)));
        let Some(gateway) = running.upgrade() else {
            return;
        };
        match prepared {
            Ok(snapshot) => {
                told.clear();
                if let Err(error) = gateway.install(node, &candidate, snapshot) {
                    tell_once(&mut told, &error.to_string());
                    slot.put_back(candidate);
                }
            }
            Err(NotReady::Refused(refused)) => gateway.refused_by_store(&refused),
            Err(NotReady::Later(why)) => {
                tell_once(&mut told, &why);
                slot.put_back(candidate);
                drop(gateway);
                std::thread::sleep(every);
            }
        }
    }
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

impl Running {
    async fn poll(&self, node: &Node, slot: &Slot, thorough: bool) -> Result<(), StoreError> {
        let contains = self.engine.current.pin().snapshot().overlay_sequence();
        let read = node.read_log(thorough, contains).await;
        // What was good before an error counts.
        self.apply_changes(node, matches!(read, Ok(Changes::Rebased)));
        let stopped = &self.metrics.service.overlay_stopped;
        match read {
            // The store has let go of changes that the body in force does not contain: a newer body has them.
            Ok(_) if node.log_begins_after() > contains => {
                if stopped.get() == 0 {
                    tracing::error!(
                        code = LOG_GAP,
                        contains,
                        begins = node.log_begins_after(),
                        "changes are missing between the body in force and the log, until a newer body comes"
                    );
                }
                stopped.set(1);
            }
            Ok(_) => stopped.set(0),
            Err(LogError::Store(error)) => return Err(error),
            Err(error) => {
                if stopped.get() == 0 {
                    tracing::error!(code = error.code(), %error, "the log of changes stops at its last good entry");
                }
                stopped.set(1);
            }
        }
        let found = node
            .look(thorough, |refused| self.refused_by_store(refused))
            .await?;
        if let Some(candidate) = found {
            slot.put(candidate);
        }
        self.metrics
            .service
            .store_last_success
            .set(seconds(self.engine.clock.now()));
        Ok(())
    }

    /// Puts the log as it is now in force; `anew` when entries went, too.
    fn apply_changes(&self, node: &Node, anew: bool) {
        let _order = self.order.lock();
        let old = Arc::clone(&self.engine.current.pin().directory);
        let last = node.log_end().sequence;
        if !anew && last <= old.overlay().last_sequence() {
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
    fn install(
        &self,
        node: &Node,
        candidate: &Candidate,
        snapshot: Arc<Snapshot>,
    ) -> Result<(), StoreError> {
        let now = self.engine.clock.now();
        let order = self.order.lock();
        let directory = Directory::new(Arc::clone(&snapshot), &node.entries());
        node.accept(candidate)?;
        let old = Arc::clone(&self.engine.current.pin().directory);
        let last = directory.overlay().last_sequence();
        self.engine.current.swap_directory(Arc::new(directory));
        drop(order);
        self.tell_manifest(candidate.manifest.sequence, last);
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
        Ok(())
    }

    pub(super) fn tell_manifest(&self, sequence: u64, overlay: u64) {
        let service = &self.metrics.service;
        service.manifest_sequence.set(whole(sequence));
        service.overlay_sequence.set(whole(overlay));
    }

    fn refused_by_store(&self, refused: &Refused) {
        tell_refused(&self.metrics, refused);
        self.count("snapshot", false);
        let now: Time = self.engine.clock.now();
        self.status.snapshot_refused(now, refused.to_string());
    }
}
