//! What a node knows about the store that it follows, for `/status`: asked at night, when something does not arrive.
//!
//! It holds numbers, times and what was told in the log already; never a change of the log, which may name a person.

use octroi_saml::Time;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::store::Manifest;
use crate::store::follow::{Candidate, Node, Refused};

/// What is known; filled by `run::store`.
#[derive(Debug, Default)]
pub(super) struct Followed(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The manifest in force, and when this process put it in force.
    manifest: Option<(Manifest, Time)>,
    /// When the store last answered everything.
    checked: Option<Time>,
    /// Since when it does not, and what it says now.
    trouble: Option<(Time, String)>,
    /// A manifest that is being followed, since when, and what it waits for.
    pending: Option<(Manifest, Time, Option<String>)>,
    refused: Option<(Time, Refused)>,
    /// When the log of changes was last read to its end.
    log_read: Option<Time>,
    /// Since when it cannot be, by which code, and why.
    stopped: Option<(Time, &'static str, String)>,
}

impl Followed {
    /// The store answered everything.
    pub(super) fn checked(&self, now: Time) {
        let mut known = self.0.lock();
        known.checked = Some(now);
        known.trouble = None;
    }

    /// It did not.
    pub(super) fn away(&self, now: Time, error: &str) {
        let mut known = self.0.lock();
        let since = known.trouble.as_ref().map_or(now, |(since, _)| *since);
        known.trouble = Some((since, error.to_owned()));
    }

    /// The log was read to its end, and nothing is missing.
    pub(super) fn log_read(&self, now: Time) {
        let mut known = self.0.lock();
        known.log_read = Some(now);
        known.stopped = None;
    }

    /// The log cannot be read on, or something is missing. Whether that is new.
    pub(super) fn log_stopped(&self, now: Time, code: &'static str, error: String) -> bool {
        let mut known = self.0.lock();
        let same = known.stopped.as_ref().filter(|(_, was, _)| *was == code);
        let (since, is_new) = same.map_or((now, true), |(since, ..)| (*since, false));
        known.stopped = Some((since, code, error));
        is_new
    }

    /// A manifest was found that may be followed.
    pub(super) fn found(&self, now: Time, candidate: &Candidate) {
        self.0.lock().pending = Some((candidate.manifest.clone(), now, None));
    }

    /// A manifest that is followed waits for something.
    pub(super) fn waits(&self, sequence: u64, why: &str) {
        if let Some((pending, _, waits)) = &mut self.0.lock().pending
            && pending.sequence == sequence
        {
            *waits = Some(why.to_owned());
        }
    }

    /// The manifest that is being followed and not in force yet; 0 when there is none.
    pub(super) fn pending(&self) -> u64 {
        let known = self.0.lock();
        known
            .pending
            .as_ref()
            .map_or(0, |(manifest, ..)| manifest.sequence)
    }

    /// Something was refused. `sequence` is the manifest's, when one was being followed.
    pub(super) fn refused(&self, now: Time, refused: &Refused, sequence: Option<u64>) {
        let mut known = self.0.lock();
        known.refused = Some((now, refused.clone()));
        if let Some(sequence) = sequence {
            known.forget_pending(sequence);
        }
    }

    /// A manifest is in force from now on.
    pub(super) fn in_force(&self, now: Time, manifest: &Manifest) {
        let mut known = self.0.lock();
        known.forget_pending(manifest.sequence);
        known.manifest = Some((manifest.clone(), now));
    }

    /// The section of `/status`. `applied` is the last change that accesses are answered with.
    pub(super) fn json(&self, now: Time, node: &Node, applied: Option<u64>) -> Value {
        let known = self.0.lock();
        let end = node.log_end().sequence;
        let manifest = known.manifest.as_ref().map(|(manifest, taken)| {
            let mut facts = facts(manifest, now);
            facts["taken_at"] = json!(taken.to_string());
            facts
        });
        let pending = known.pending.as_ref().map(|(manifest, since, waits)| {
            let mut facts = facts(manifest, now);
            facts["found_at"] = json!(since.to_string());
            facts["waits_for"] = json!(waits);
            facts
        });
        let refused = known
            .refused
            .as_ref()
            .map(|(at, why)| json!({ "at": at.to_string(), "code": why.code, "error": why.text }));
        let trouble = known
            .trouble
            .as_ref()
            .map(|(since, error)| json!({ "since": since.to_string(), "error": error }));
        let stopped = known.stopped.as_ref().map(|(since, code, error)| {
            json!({ "since": since.to_string(), "code": code, "error": error })
        });
        // What somebody has signed to be there, also by a manifest that is not in force yet.
        let manifests = [
            known.manifest.as_ref().map(|(manifest, _)| manifest),
            known.pending.as_ref().map(|(manifest, ..)| manifest),
        ];
        let known_end = manifests
            .into_iter()
            .flatten()
            .map(|manifest| manifest.log.sequence)
            .fold(end, u64::max);
        let contained = known.manifest.as_ref();
        let contained = contained.map_or(0, |(manifest, _)| manifest.body.overlay_sequence);
        json!({
            "environment": node.environment(),
            "last_check": told(known.checked, now),
            "trouble": trouble,
            "manifest": manifest,
            "pending": pending,
            "highest_seen": node.seen(),
            "last_refused": refused,
            "overlay": {
                "contained": contained,
                "applied": applied,
                "behind": applied.map(|applied| known_end.saturating_sub(applied)),
                "last_read": told(known.log_read, now),
                "stopped": stopped,
            },
        })
    }
}

impl Known {
    fn forget_pending(&mut self, sequence: u64) {
        let done = self
            .pending
            .take_if(|(pending, ..)| pending.sequence <= sequence);
        drop(done);
    }
}

fn facts(manifest: &Manifest, now: Time) -> Value {
    let age = Time::parse(&manifest.at).ok().map(|at| age(at, now));
    json!({
        "sequence": manifest.sequence,
        "signed_at": manifest.at,
        "age_seconds": age,
        "reason": manifest.reason,
        "generation": manifest.body.generation,
        "root": manifest.body.root,
    })
}

fn told(at: Option<Time>, now: Time) -> Value {
    at.map_or(
        Value::Null,
        |at| json!({ "at": at.to_string(), "age_seconds": age(at, now) }),
    )
}

fn age(at: Time, now: Time) -> i64 {
    now.unix_seconds().saturating_sub(at.unix_seconds())
}
