//! What the gateway says about itself: ready or not and why, what is in force since when, what was refused.

use std::sync::atomic::{AtomicBool, Ordering};

use octroi_saml::Time;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::followed::Followed;
use super::start::Running;
use crate::store::follow::Node;

/// The changing part of the status.
#[derive(Debug)]
pub struct Status {
    started: Time,
    ready: AtomicBool,
    configuration: Mutex<Taken>,
    snapshot: Mutex<Taken>,
    pub(super) store: Followed,
}

/// What was last taken and what was last refused.
#[derive(Clone, Debug, Default)]
struct Taken {
    at: Option<Time>,
    count: u64,
    refused: Option<(Time, Vec<String>)>,
}

impl Taken {
    fn take(&mut self, now: Time) {
        self.at = Some(now);
        self.count += 1;
        self.refused = None;
    }

    fn json(&self) -> Value {
        let refused = self
            .refused
            .as_ref()
            .map(|(at, errors)| json!({ "at": at.to_string(), "errors": errors }));
        json!({
            "taken_at": self.at.map(|at| at.to_string()),
            "times_taken": self.count,
            "last_refused": refused,
        })
    }
}

impl Status {
    pub(super) fn new(now: Time) -> Self {
        Self {
            started: now,
            ready: AtomicBool::new(false),
            configuration: Mutex::default(),
            snapshot: Mutex::default(),
            store: Followed::default(),
        }
    }

    /// The status of a gateway that has no snapshot yet, and why.
    pub(super) fn starting_json(&self, now: Time, node: &Node) -> Value {
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "now": now.to_string(),
            "started": self.started.to_string(),
            "ready": false,
            "unready": ["waiting for a first snapshot from the store"],
            "store": self.store.json(now, node, None),
        })
    }

    pub(super) fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::SeqCst);
    }

    pub(super) fn configuration_taken(&self, now: Time) {
        self.configuration.lock().take(now);
    }

    pub(super) fn configuration_refused(&self, now: Time, errors: Vec<String>) {
        self.configuration.lock().refused = Some((now, errors));
    }

    pub(super) fn snapshot_taken(&self, now: Time) {
        self.snapshot.lock().take(now);
    }

    pub(super) fn snapshot_refused(&self, now: Time, error: String) {
        self.snapshot.lock().refused = Some((now, vec![error]));
    }
}

impl Running {
    /// Why the gateway should get no new accesses; empty when it should.
    #[must_use]
    pub fn unready(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        if !self.status.ready.load(Ordering::SeqCst) {
            reasons.push("starting or stopping");
        }
        if !self.observer.audit().takes_lines() {
            reasons.push("the audit trail does not take lines");
        }
        reasons
    }

    /// The whole status as JSON. It names partners and never people.
    #[must_use]
    pub fn status_json(&self) -> Value {
        let now = self.engine.clock.now();
        let pinned = self.engine.current.pin();
        let snapshot = pinned.snapshot();
        let partners: Vec<Value> = pinned
            .trust
            .inventory()
            .map(|(kind, id, disabled, until)| {
                let expired = until.is_some_and(|until| now >= until);
                json!({
                    "kind": kind,
                    "id": id,
                    "state": if disabled { "disabled" } else if expired { "metadata-expired" } else { "enabled" },
                    "metadata_valid_until": until.map(|until| until.to_string()),
                })
            })
            .collect();
        let mut snapshot_json = self.status.snapshot.lock().json();
        snapshot_json["generation"] = json!(snapshot.generation());
        snapshot_json["digest"] = json!(snapshot.digest());
        snapshot_json["built_at"] = json!(Time::from_unix_seconds(snapshot.built_at()).to_string());
        snapshot_json["counts"] = json!(snapshot.counts());
        let mut configuration = self.status.configuration.lock().json();
        configuration["file"] = json!(self.config.display().to_string());
        let applied: u64 = pinned.directory.overlay().last_sequence();
        let store = self.node.as_ref();
        let store = store.map(|node| {
            self.status
                .store
                .json(now, node, Some(node.applied(applied)))
        });
        let head = self.observer.audit().head();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "now": now.to_string(),
            "started": self.status.started.to_string(),
            "ready": self.unready().is_empty(),
            "unready": self.unready(),
            "configuration": configuration,
            "snapshot": snapshot_json,
            "store": store,
            "partners": partners,
            "audit": { "sequence": head.sequence, "head": head.hash.to_string() },
            "load": {
                "in_flight": self.admission().in_flight(),
                "lag_microseconds": u64::try_from(self.admission().lag().as_micros()).unwrap_or(u64::MAX),
                "replay_entries": self.engine.guard.len(),
            },
        })
    }
}
