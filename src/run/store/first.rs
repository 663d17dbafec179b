//! The first directory of a node that follows a store: its own copies when they are good, else it waits for the store.
//!
//! Meanwhile there is no gateway yet; `/status` says what is waited for.

use std::sync::Arc;
use std::time::Duration;

use octroi_entitlements::Directory;

use super::{log_stopped, own_runtime, tell_once, tell_pending, tell_refused};
use crate::clock::Clock;
use crate::observe::metrics::Metrics;
use crate::run::reload::{seconds, whole};
use crate::run::start::StartError;
use crate::run::status::Status;
use crate::store::follow::{Candidate, Node, NotReady, Refused};
use crate::store::log::LogError;
use crate::store::{Manifest, Thresholds};

/// How long a start waits for the store when the node has copies of its own.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a start has found.
pub(in crate::run) struct First {
    pub(in crate::run) directory: Arc<Directory>,
    /// A newer manifest, to be followed while serving.
    pub(in crate::run) pending: Option<Candidate>,
}

/// What a start follows the store with, before there is a gateway.
pub(in crate::run) struct Following {
    pub(in crate::run) node: Arc<Node>,
    pub(in crate::run) metrics: Arc<Metrics>,
    pub(in crate::run) status: Arc<Status>,
    pub(in crate::run) clock: Clock,
}

impl Following {
    /// The first directory: from the node's own copies, else from the store, for which it waits.
    ///
    /// Blocks: not for a worker.
    pub(in crate::run) fn first(
        &self,
        thresholds: Thresholds,
        poll: Duration,
    ) -> Result<First, StartError> {
        let node = &self.node;
        let mut resumed = node.resume()?;
        let runtime = own_runtime().map_err(StartError::State)?;
        if let Some(candidate) = &resumed.candidate {
            self.status.store.found(self.clock.now(), candidate);
            tell_pending(&self.metrics, &self.status);
        }
        if let (Some(snapshot), Some(manifest)) = (resumed.snapshot.take(), &resumed.manifest) {
            self.in_force(manifest);
            // Changes since the last run: worth a moment, not worth a start.
            let mut found = None;
            let asked = runtime.block_on(async {
                let ask = self.catch_up(snapshot.overlay_sequence(), &mut found);
                tokio::time::timeout(PATIENCE, ask).await
            });
            let trouble = match asked {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("it does not answer".to_owned()),
            };
            if let Some(error) = trouble {
                tracing::error!(error, "starting without the store");
                self.status.store.away(self.clock.now(), &error);
            }
            let pending = self.newest(found, resumed.candidate);
            let directory = Arc::new(Directory::new(snapshot, &node.entries()));
            return Ok(First { directory, pending });
        }
        tracing::warn!("no snapshot on this node: waiting for the store");
        let mut told = String::new();
        loop {
            let mut found = None;
            if let Err(error) = runtime.block_on(self.catch_up(0, &mut found)) {
                let error = error.to_string();
                self.status.store.away(self.clock.now(), &error);
                tell_once(&mut told, &error);
            }
            resumed.candidate = self.newest(found, resumed.candidate.take());
            for candidate in resumed.wanted().cloned().collect::<Vec<_>>() {
                let sequence = candidate.manifest.sequence;
                match runtime.block_on(node.prepare(&candidate, thresholds, None)) {
                    Ok(snapshot) => {
                        node.accept(&candidate)?;
                        if let Err(error) = node.prune(&candidate) {
                            tracing::error!(%error, "older bodies cannot be removed");
                        }
                        self.in_force(&candidate.manifest);
                        let directory = Arc::new(Directory::new(snapshot, &node.entries()));
                        let pending = resumed.candidate;
                        let pending = pending.filter(|newer| newer.manifest.sequence > sequence);
                        return Ok(First { directory, pending });
                    }
                    Err(NotReady::Refused(refused)) => {
                        node.put_aside(&candidate, &refused);
                        self.refused(&refused, Some(sequence));
                        resumed.forget(sequence);
                    }
                    Err(NotReady::Later(why)) => {
                        self.status.store.waits(sequence, &why);
                        tell_once(&mut told, &why);
                    }
                }
            }
            std::thread::sleep(poll);
        }
    }

    /// What is to be followed: what was just found, else what was followed before.
    fn newest(&self, found: Option<Candidate>, before: Option<Candidate>) -> Option<Candidate> {
        if let Some(candidate) = &found {
            self.status.store.found(self.clock.now(), candidate);
            tell_pending(&self.metrics, &self.status);
        }
        found.or(before)
    }

    /// Asks for changes and for a newer manifest, which is in `found` whatever fails afterwards.
    async fn catch_up(&self, contains: u64, found: &mut Option<Candidate>) -> Result<(), LogError> {
        let now = self.clock.now();
        let mut away = None;
        match self.node.read_log(true, contains).await {
            Ok(_) => self.status.store.log_read(now),
            Err(error @ LogError::Store(_)) => away = Some(error),
            Err(error) => log_stopped(
                &self.status,
                &self.metrics,
                now,
                error.code(),
                error.to_string(),
            ),
        }
        let refused = |refused: &Refused| self.refused(refused, None);
        self.node.look(true, found, refused).await?;
        away.map_or(Ok(()), Err)?;
        self.metrics.service.store_last_success.set(seconds(now));
        self.status.store.checked(now);
        Ok(())
    }

    fn in_force(&self, manifest: &Manifest) {
        let sequence = whole(manifest.sequence);
        self.metrics.service.manifest_sequence.set(sequence);
        self.status.store.in_force(self.clock.now(), manifest);
        tell_pending(&self.metrics, &self.status);
    }

    fn refused(&self, refused: &Refused, sequence: Option<u64>) {
        tell_refused(&self.metrics, refused);
        let now = self.clock.now();
        self.status.store.refused(now, refused, sequence);
        tell_pending(&self.metrics, &self.status);
    }
}
