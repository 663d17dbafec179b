//! What the log is made of in the store: batches, and the base that stands for those that were collected.
//!
//! Here is only what they say; whether one may follow another is the log's own question.

use std::sync::Arc;

use octroi_entitlements::overlay::{Change, Entry};
use serde::{Deserialize, Serialize};

use crate::store::envelope::Signed;
use crate::store::manifest::LogEnd;

/// Entries of one batch.
pub const MOST_IN_BATCH: usize = 10_000;
/// Where the base stands.
pub const BASE: &str = "overlay/base.json";

/// Entries that were appended together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The environment that it is for.
    pub environment: String,
    /// Digest of the batch before, or of the last that a base stands for; empty for the first of all.
    pub previous: String,
    /// The entries, numbered one after the other.
    pub entries: Vec<Entry>,
}

/// What stands for the entries that were collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// The environment that it is for.
    pub environment: String,
    /// The last entry that was collected, and the digest of its batch.
    pub end: LogEnd,
    /// Revocations and suspensions among the collected entries that were not lifted.
    pub standing: Vec<Entry>,
}

impl Signed for Batch {
    const TYPE: &'static str = "application/vnd.octroi.overlay.v1+json";
    const LONGEST: usize = 16 << 20;
}

impl Signed for Base {
    const TYPE: &'static str = "application/vnd.octroi.overlay-base.v1+json";
    const LONGEST: usize = 64 << 20;
}

/// Name of the batch whose first entry has this number.
#[must_use]
pub fn batch_name(first: u64) -> String {
    format!("overlay/{first:020}.json")
}

/// The revocations and suspensions up to `until` that were not lifted by then.
#[must_use]
pub fn standing(entries: &[Arc<Entry>], until: u64) -> Vec<Entry> {
    let mut last: std::collections::BTreeMap<(u8, &str, &str), &Arc<Entry>> =
        std::collections::BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.sequence <= until) {
        if let Some(key) = concerns(&entry.change) {
            last.insert(key, entry);
        }
    }
    let mut kept: Vec<Entry> = last
        .into_values()
        .filter(|entry| takes_away(&entry.change))
        .map(|entry| Entry::clone(entry))
        .collect();
    kept.sort_by_key(|entry| entry.sequence);
    kept
}

/// Whom or what a standing change is about.
fn concerns(change: &Change) -> Option<(u8, &str, &str)> {
    match change {
        Change::PersonRevoked { ent, person } | Change::PersonRestored { ent, person } => {
            Some((0, ent, person))
        }
        Change::PublisherSuspended { publisher } | Change::PublisherResumed { publisher } => {
            Some((1, publisher, ""))
        }
        Change::ResourceSuspended { resource } | Change::ResourceResumed { resource } => {
            Some((2, resource, ""))
        }
        _ => None,
    }
}

fn takes_away(change: &Change) -> bool {
    matches!(
        change,
        Change::PersonRevoked { .. }
            | Change::PublisherSuspended { .. }
            | Change::ResourceSuspended { .. }
    )
}
