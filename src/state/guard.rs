//! One-time use: an assertion, and the request that asked for it, are accepted once (C13, L4, L5).
//!
//! Both are claimed together after everything else held: either both are ours from now on, or neither
//! and the access is refused. The claim is in the journal before it is answered; when it cannot be
//! written there, nothing was claimed and the access is refused (fail closed).
//!
//! The guard holds fingerprints and times, never an id in clear and nothing about a person. It forgets
//! what has expired: an assertion is accepted for a bounded time after its IssueInstant, whatever its
//! expiry says, so the guard stays small.

use super::journal::{Fingerprint, Journal, Record};
use aws_lc_rs::digest;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;

/// What an access wants to use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The assertion: issuer and ID.
    pub assertion: Fingerprint,
    /// Our own request, when the assertion answers one.
    pub request: Option<Fingerprint>,
    /// Unix seconds now.
    pub now: u32,
    /// When both may be forgotten (Unix seconds): from then on they are refused as too old.
    pub until: u32,
}

/// Why a claim was not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// This assertion was accepted before.
    #[error("the assertion was used before")]
    AssertionUsed,
    /// Our request was answered before.
    #[error("the request was answered before")]
    RequestUsed,
    /// The guard holds as many ids as it may.
    #[error("the guard is full")]
    Full,
    /// The claim could not be made durable.
    #[error("the claim could not be kept: {0}")]
    NotKept(io::ErrorKind),
}

/// The future of a claim: ready at once on one machine, a round trip with a shared store.
pub type Claiming<'a> = Pin<Box<dyn Future<Output = Result<(), ClaimError>> + Send + 'a>>;

/// Somebody who grants each claim once.
pub trait ReplayGuard: Send + Sync + std::fmt::Debug {
    /// Claims both ids, or none.
    fn claim<'a>(&'a self, claim: Claim) -> Claiming<'a>;
    /// Ids held now.
    fn len(&self) -> usize;
    /// Nothing is held.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Forgets what has expired and asks the disk to keep the rest.
    ///
    /// # Errors
    /// When the journal cannot be written.
    fn sweep(&self, now: u32) -> io::Result<()>;
}

/// The fingerprint of an assertion's (issuer, ID).
#[must_use]
pub fn assertion_fingerprint(issuer: &str, id: &str) -> Fingerprint {
    fingerprint(b'a', issuer, id)
}

/// The fingerprint of a request of ours.
#[must_use]
pub fn request_fingerprint(id: &str) -> Fingerprint {
    fingerprint(b'r', "", id)
}

/// SHA-256 over kind, length of the first part, both parts; the first 128 bits.
#[must_use]
pub fn fingerprint(kind: u8, first: &str, second: &str) -> Fingerprint {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[kind]);
    context.update(&(first.len() as u64).to_le_bytes());
    context.update(first.as_bytes());
    context.update(second.as_bytes());
    let mut short = Fingerprint::default();
    short.copy_from_slice(&context.finish().as_ref()[..16]);
    short
}

/// The guard of one machine: memory, with a journal on its disk.
#[derive(Debug)]
pub struct LocalGuard {
    used: DashMap<Fingerprint, u32>,
    journal: Option<Journal>,
    capacity: usize,
}

impl LocalGuard {
    /// A guard that forgets with the process: for tests and simulators.
    #[must_use]
    pub fn in_memory(capacity: usize) -> Self {
        Self {
            used: DashMap::new(),
            journal: None,
            capacity,
        }
    }

    /// A guard with its journal in `folder`; what was used before the restart stays used.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process has it.
    pub fn open(folder: &Path, capacity: usize, now: u32) -> io::Result<Self> {
        let used = DashMap::new();
        let journal = Journal::open(folder, "replay", now, |record| {
            used.insert(record.fingerprint, record.until);
        })?;
        Ok(Self {
            used,
            journal: Some(journal),
            capacity,
        })
    }

    fn claim_now(&self, claim: Claim) -> Result<(), ClaimError> {
        if self.used.len() >= self.capacity {
            return Err(ClaimError::Full);
        }
        if !self.take(claim.assertion, claim) {
            return Err(ClaimError::AssertionUsed);
        }
        if let Some(request) = claim.request
            && !self.take(request, claim)
        {
            self.used.remove(&claim.assertion);
            return Err(ClaimError::RequestUsed);
        }
        if let Some(journal) = &self.journal {
            let record = |fingerprint| Record {
                fingerprint,
                at: claim.now,
                until: claim.until,
            };
            let assertion = record(claim.assertion);
            let written = match claim.request {
                Some(request) => journal.append(claim.now, &[assertion, record(request)]),
                None => journal.append(claim.now, &[assertion]),
            };
            if let Err(error) = written {
                self.used.remove(&claim.assertion);
                if let Some(request) = claim.request {
                    self.used.remove(&request);
                }
                return Err(ClaimError::NotKept(error.kind()));
            }
        }
        Ok(())
    }

    /// True when `fingerprint` was free, and is now ours.
    fn take(&self, fingerprint: Fingerprint, claim: Claim) -> bool {
        match self.used.entry(fingerprint) {
            Entry::Vacant(free) => {
                free.insert(claim.until);
                true
            }
            Entry::Occupied(mut held) if *held.get() <= claim.now => {
                held.insert(claim.until);
                true
            }
            Entry::Occupied(_) => false,
        }
    }
}

impl ReplayGuard for LocalGuard {
    fn claim<'a>(&'a self, claim: Claim) -> Claiming<'a> {
        Box::pin(std::future::ready(self.claim_now(claim)))
    }

    fn len(&self) -> usize {
        self.used.len()
    }

    fn sweep(&self, now: u32) -> io::Result<()> {
        self.used.retain(|_, until| *until > now);
        match &self.journal {
            Some(journal) => journal.sync(now),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn claim(assertion: u8, request: Option<u8>, now: u32) -> Claim {
        Claim {
            assertion: [assertion; 16],
            request: request.map(|r| [r; 16]),
            now,
            until: now + 600,
        }
    }

    #[test]
    fn grants_each_id_once_and_both_together() {
        let guard = LocalGuard::in_memory(100);
        assert_eq!(guard.claim_now(claim(1, Some(11), 1000)), Ok(()));
        assert_eq!(
            guard.claim_now(claim(1, Some(12), 1000)),
            Err(ClaimError::AssertionUsed)
        );
        assert_eq!(
            guard.claim_now(claim(2, Some(11), 1000)),
            Err(ClaimError::RequestUsed)
        );
        // the refused claim above took nothing with it
        assert_eq!(guard.claim_now(claim(2, Some(12), 1000)), Ok(()));
    }

    #[test]
    fn forgets_only_what_has_expired() {
        let guard = LocalGuard::in_memory(100);
        guard.claim_now(claim(1, None, 1000)).unwrap();
        guard.sweep(1599).unwrap();
        assert_eq!(
            guard.claim_now(claim(1, None, 1599)),
            Err(ClaimError::AssertionUsed)
        );
        guard.sweep(1600).unwrap();
        assert!(guard.is_empty());
    }

    #[test]
    fn one_of_fifty_threads_wins() {
        let guard = Arc::new(LocalGuard::in_memory(1000));
        let wins: usize = (0..50)
            .map(|_| {
                let guard = Arc::clone(&guard);
                std::thread::spawn(move || {
                    usize::from(guard.claim_now(claim(1, Some(2), 1000)).is_ok())
                })
            })
            .collect::<Vec<_>>()
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum();
        assert_eq!(wins, 1);
    }

    #[test]
    fn what_was_used_stays_used_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("octroi-guard-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        LocalGuard::open(&folder, 100, 1000)
            .unwrap()
            .claim_now(claim(1, Some(2), 1000))
            .unwrap();
        let again = LocalGuard::open(&folder, 100, 1010).unwrap();
        assert_eq!(
            again.claim_now(claim(1, None, 1010)),
            Err(ClaimError::AssertionUsed)
        );
        assert_eq!(
            again.claim_now(claim(3, Some(2), 1010)),
            Err(ClaimError::RequestUsed)
        );
    }

    #[test]
    fn a_full_guard_refuses() {
        let guard = LocalGuard::in_memory(1);
        guard.claim_now(claim(1, None, 1000)).unwrap();
        assert_eq!(guard.claim_now(claim(2, None, 1000)), Err(ClaimError::Full));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(
            assertion_fingerprint("ab", "c"),
            assertion_fingerprint("a", "bc")
        );
        assert_ne!(assertion_fingerprint("", "c"), request_fingerprint("c"));
    }
}
