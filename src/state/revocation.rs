//! Sessions that ended before their time: a portal's logout, or the person's own.
//!
//! Sessions live in the browser, so ending one means remembering its mark until no cookie that carries
//! it can be valid any more (6 hours). A mark is a hash; a session that was opened *after* its mark was
//! revoked is not touched, since a portal may use the same NameID again.

use super::journal::{Fingerprint, Journal, Record};
use dashmap::DashMap;
use std::io;
use std::path::Path;

/// The marks of ended sessions.
#[derive(Debug)]
pub struct Revocations {
    ended: DashMap<Fingerprint, (u32, u32)>,
    journal: Option<Journal>,
}

impl Revocations {
    /// A list that is forgotten with the process: for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            ended: DashMap::new(),
            journal: None,
        }
    }

    /// A list with its journal in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process has it.
    pub fn open(folder: &Path, now: u32) -> io::Result<Self> {
        let ended = DashMap::new();
        let journal = Journal::open(folder, "ended", now, |record| {
            ended.insert(record.fingerprint, (record.at, record.until));
        })?;
        Ok(Self {
            ended,
            journal: Some(journal),
        })
    }

    /// Ends every session that carries `mark` and was opened up to `now`; remembered until `until` (Unix seconds).
    ///
    /// # Errors
    /// When it could not be written down; it holds in memory all the same.
    pub fn end(&self, mark: Fingerprint, now: u32, until: u32) -> io::Result<()> {
        self.ended.insert(mark, (now, until));
        match &self.journal {
            Some(journal) => journal.append(
                now,
                &[Record {
                    fingerprint: mark,
                    at: now,
                    until,
                }],
            ),
            None => Ok(()),
        }
    }

    /// Whether a session that carries `mark` and was opened at `opened` has been ended.
    #[must_use]
    pub fn has_ended(&self, mark: &Fingerprint, opened: u32) -> bool {
        self.ended.get(mark).is_some_and(|ended| opened <= ended.0)
    }

    /// Forgets what no valid session can carry any more.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn sweep(&self, now: u32) -> io::Result<()> {
        self.ended.retain(|_, (_, until)| *until > now);
        match &self.journal {
            Some(journal) => journal.sync(now),
            None => Ok(()),
        }
    }

    /// Marks held now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ended.len()
    }

    /// No mark is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_what_was_opened_before_and_nothing_after() {
        let list = Revocations::in_memory();
        list.end([1; 16], 1000, 5000).unwrap();
        assert!(list.has_ended(&[1; 16], 999));
        assert!(list.has_ended(&[1; 16], 1000));
        assert!(!list.has_ended(&[1; 16], 1001));
        assert!(!list.has_ended(&[2; 16], 999));
        list.sweep(5000).unwrap();
        assert!(list.is_empty());
    }

    #[test]
    fn an_ended_session_stays_ended_after_a_restart() {
        let folder = std::env::temp_dir().join(format!("octroi-ended-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Revocations::open(&folder, 1000)
            .unwrap()
            .end([1; 16], 1000, 5000)
            .unwrap();
        assert!(
            Revocations::open(&folder, 1010)
                .unwrap()
                .has_ended(&[1; 16], 900)
        );
    }
}
