//! The importer's audit trail: who let a delivery pass, who looked into the vault, what was purged (S2, S5).
//!
//! The same chain as the gateway's ([`crate::observe::audit`]), in a folder of its own, because the importer may run on
//! another machine. The watcher and a command may want to write at the same time: each takes the trail for one line
//! and waits for the other. What cannot be recorded is not done.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use octroi_saml::Time;

use crate::config::AuditPolicy;
use crate::http::exchange::TraceId;
use crate::observe::audit::{Audit, AuditEntry, AuditError, Options, Outcome};
use crate::observe::metrics::Metrics;

/// The whole segment is read when the trail is taken: it is kept short.
const SEGMENT: u64 = 1 << 20;
/// How long another writer is waited for, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// Where the trail is.
#[derive(Debug, Clone)]
pub struct Trail {
    directory: PathBuf,
    metrics: Arc<Metrics>,
}

/// One line of the trail.
#[derive(Clone, Copy, Debug)]
pub struct Note<'n> {
    /// What was done: `collect-approved`, `collect-vault-read`, …
    pub event: &'n str,
    /// Whose data.
    pub ent: &'n str,
    /// The delivery, hex digits of its SHA-256; its first half is the line's trace.
    pub delivery: &'n str,
    /// Who, and what for.
    pub detail: &'n str,
}

impl Trail {
    /// A trail in a folder.
    #[must_use]
    pub fn new(directory: &Path, metrics: Arc<Metrics>) -> Self {
        Self {
            directory: directory.to_owned(),
            metrics,
        }
    }

    /// Writes a line; when this returns, it is on the disk.
    ///
    /// # Errors
    /// [`AuditError`]: then what was to be recorded must not be done.
    pub fn record(&self, now: Time, note: Note<'_>) -> Result<(), AuditError> {
        let mut waited = Duration::ZERO;
        let audit = loop {
            match self.open(now) {
                Err(AuditError::Locked(_)) if waited < PATIENCE => {
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                opened => break opened?,
            }
        };
        audit.record(&AuditEntry {
            time: now,
            trace: TraceId::from_bytes(trace(note.delivery)),
            event: note.event,
            outcome: Outcome::Done,
            code: None,
            endpoint: "collect",
            portal: None,
            publisher: None,
            resource: None,
            ent: Some(note.ent),
            person: None,
            pseudonym: None,
            upstream_assertion: None,
            issued_assertion: None,
            generation: 0,
            overlay: 0,
            detail: note.detail,
        })
        // Dropping the trail forces the line to the disk.
    }

    fn open(&self, now: Time) -> Result<Audit, AuditError> {
        let options = Options {
            directory: self.directory.clone(),
            policy: AuditPolicy::Block,
            segment_bytes: SEGMENT,
            sync: Duration::from_secs(60),
        };
        Audit::open(&options, now, Arc::clone(&self.metrics))
    }
}

fn trace(delivery: &str) -> [u8; 16] {
    let mut trace = [0; 16];
    for (byte, pair) in trace.iter_mut().zip(delivery.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16).unwrap_or(0);
        *byte = u8::try_from(digit(0) * 16 + digit(1)).unwrap_or(0);
    }
    trace
}
