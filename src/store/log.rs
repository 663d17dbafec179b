//! The log of changes between builds, as it stands in the store: batches, signed and chained.
//!
//! A batch is created under the number of its first entry, if nobody has created it: that gives every entry its one
//! place. Each names the digest of the one before, so that nothing can be taken out or put between. When the oldest kept
//! body contains the first entries, they are collected, and a signed *base* says which revocations and suspensions among
//! them still stand.
//!
//! A reader stops at the last good batch; it never skips one, and never applies what it could not verify. Entries name
//! people: nothing here may log one.

mod objects;

use std::sync::Arc;

use octroi_entitlements::overlay::Entry;

pub use self::objects::{BASE, Base, Batch, MOST_IN_BATCH, batch_name, standing};
use super::envelope::{Opened, Signed as _, SignedError, open};
use super::keys::Keys;
use super::manifest::LogEnd;
use super::remote::{Remote, StoreError};

/// Entries that a log holds at most: past this, build and collect first.
pub const MOST_ENTRIES: usize = 1_000_000;
/// Why a batch or base is not taken. The log stays at its last good entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its signature or form.
    #[error("{name}: {error}")]
    Signed {
        /// Which object.
        name: String,
        /// Why.
        error: SignedError,
    },
    /// It is another environment's.
    #[error("{0}: of another environment")]
    OtherEnvironment(String),
    /// It does not follow the last good entry.
    #[error("{name} does not follow entry {after}: {why}")]
    Chain {
        /// Which object.
        name: String,
        /// The last good entry.
        after: u64,
        /// What does not fit.
        why: &'static str,
    },
    /// There are more entries than a node holds.
    #[error("more than {MOST_ENTRIES} entries: build a body and collect")]
    Full,
}

impl LogError {
    /// Its stable code in logs and metrics.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Signed { .. } => "overlay-signature",
            Self::OtherEnvironment(_) => "overlay-environment",
            Self::Chain { .. } => "overlay-chain",
            Self::Full => "overlay-full",
        }
    }
}

/// The log as far as it was read and verified.
#[derive(Debug, Clone)]
pub struct Log {
    environment: String,
    entries: Vec<Arc<Entry>>,
    /// Where the base ends and where each batch ends, in order.
    ends: Vec<LogEnd>,
    /// The last entry that is not here whole.
    begins_after: u64,
}

impl Log {
    /// An empty log.
    #[must_use]
    pub fn new(environment: &str) -> Self {
        Self {
            environment: environment.to_owned(),
            entries: Vec::new(),
            ends: Vec::new(),
            begins_after: 0,
        }
    }

    /// A log without entries whose end somebody trusted has signed: enough to append.
    #[must_use]
    pub fn from_end(environment: &str, end: LogEnd) -> Self {
        Self {
            begins_after: end.sequence,
            ends: vec![end],
            ..Self::new(environment)
        }
    }

    /// Every entry, those that a base kept included.
    #[must_use]
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// Its end.
    #[must_use]
    pub fn end(&self) -> LogEnd {
        self.ends.last().cloned().unwrap_or_default()
    }

    /// Where the base and each batch end.
    #[must_use]
    pub fn ends(&self) -> &[LogEnd] {
        &self.ends
    }

    /// Every entry after this one is here; of those up to it, at most what a base kept. 0 for a whole log.
    #[must_use]
    pub fn begins_after(&self) -> u64 {
        self.begins_after
    }

    /// Whether this log goes through `end`: `None` when it has not come so far.
    #[must_use]
    pub fn passes(&self, end: &LogEnd) -> Option<bool> {
        if end.sequence == 0 {
            return Some(true);
        }
        match self.ends.iter().find(|own| own.sequence >= end.sequence) {
            // Before the base nothing is known any more: the base is signed, and stands for it.
            Some(own) if own.sequence > end.sequence && self.ends.first() == Some(own) => {
                Some(true)
            }
            Some(own) => Some(own == end),
            None => None,
        }
    }

    /// Takes the next batch.
    ///
    /// # Errors
    /// [`LogError`]; the log is as before.
    pub fn accept(&mut self, name: &str, batch: Opened<Batch>) -> Result<(), LogError> {
        let end = self.end();
        let chain = |why| {
            Err(LogError::Chain {
                name: name.to_owned(),
                after: end.sequence,
                why,
            })
        };
        let Opened { document, digest } = batch;
        if document.environment != self.environment {
            return Err(LogError::OtherEnvironment(name.to_owned()));
        }
        if document.previous != end.digest {
            return chain("it names another batch before it");
        }
        if document.entries.is_empty() || document.entries.len() > MOST_IN_BATCH {
            return chain("it has no entries or too many");
        }
        let mut last = end.sequence;
        for entry in &document.entries {
            if Some(entry.sequence) != last.checked_add(1) {
                return chain("its numbers are not one after the other");
            }
            last = entry.sequence;
        }
        if self.entries.len() + document.entries.len() > MOST_ENTRIES {
            return Err(LogError::Full);
        }
        self.entries
            .extend(document.entries.into_iter().map(Arc::new));
        self.ends.push(LogEnd {
            sequence: last,
            digest,
        });
        Ok(())
    }

    /// Puts a base in the place of everything up to its end: of a log that does not reach so far, or has been there.
    ///
    /// # Errors
    /// [`LogError`]; the log is as before.
    pub fn rebase(&mut self, base: Opened<Base>) -> Result<(), LogError> {
        self.rebase_under(base, u64::MAX)
    }

    /// The same for a log that is applied to a body which contains the changes up to `contains` only: those after it
    /// that were read are kept, so that what they took away does not come back before a newer body does.
    ///
    /// # Errors
    /// [`LogError`]; the log is as before.
    pub fn rebase_under(&mut self, base: Opened<Base>, contains: u64) -> Result<(), LogError> {
        let base = base.document;
        if base.environment != self.environment {
            return Err(LogError::OtherEnvironment(BASE.to_owned()));
        }
        let bad = |why| {
            Err(LogError::Chain {
                name: BASE.to_owned(),
                after: self.end().sequence,
                why,
            })
        };
        if self.passes(&base.end) == Some(false) {
            return bad("it ends in another batch than the log went through");
        }
        let standing = &base.standing;
        if standing
            .iter()
            .any(|entry| entry.sequence > base.end.sequence || !entry.change.is_standing())
            || !standing.is_sorted_by_key(|entry| entry.sequence)
        {
            return bad("its entries are not standing ones up to its end");
        }
        // Of what stands the base alone knows what was lifted meanwhile.
        let kept = self.entries.iter().filter(|entry| {
            let later = entry.sequence > base.end.sequence;
            later || (entry.sequence > contains && !entry.change.is_standing())
        });
        let mut entries: Vec<_> = kept.cloned().collect();
        entries.extend(base.standing.into_iter().map(Arc::new));
        entries.sort_by_key(|entry| entry.sequence);
        self.entries = entries;
        self.ends.retain(|end| end.sequence > base.end.sequence);
        self.begins_after = base.end.sequence;
        self.ends.insert(0, base.end);
        Ok(())
    }

    /// Begins where the store begins: at its base, if it has one.
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn begin(&mut self, remote: &Remote, keys: &Keys) -> Result<(), LogError> {
        match get_base(remote).await? {
            Some(octets) => self.rebase(open_base(&octets, keys)?),
            None => Ok(()),
        }
    }

    /// Reads what the store has after the last good entry, `taken` being told of each object before it counts.
    ///
    /// # Errors
    /// [`LogError`]; what was good before it is kept.
    pub async fn follow(
        &mut self,
        remote: &Remote,
        keys: &Keys,
        mut taken: impl FnMut(&str, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), LogError> {
        while let Some((name, octets)) = self.next(remote).await? {
            let batch = self.verified(&name, &octets, keys)?;
            let mut longer = self.at_end();
            longer.accept(&name, batch.clone())?;
            taken(&name, &octets)?;
            self.accept(&name, batch)?;
        }
        Ok(())
    }

    async fn next(&self, remote: &Remote) -> Result<Option<(String, bytes::Bytes)>, LogError> {
        let name = batch_name(self.end().sequence + 1);
        let octets = remote.get(&name, Batch::LONGEST).await;
        Ok(octets.map_err(of_object)?.map(|octets| (name, octets)))
    }

    fn verified(&self, name: &str, octets: &[u8], keys: &Keys) -> Result<Opened<Batch>, LogError> {
        open(octets, keys).map_err(|error| LogError::Signed {
            name: name.to_owned(),
            error,
        })
    }

    /// The same place without the entries: where another log goes on, or a batch is tried.
    #[must_use]
    pub fn at_end(&self) -> Self {
        match self.end() {
            end if end.sequence == 0 => Self::new(&self.environment),
            end => Self::from_end(&self.environment, end),
        }
    }

    /// Takes what a log that began [`Self::at_end`] has read since.
    ///
    /// # Errors
    /// [`LogError::Full`]; the log is as before.
    pub fn absorb(&mut self, since: Self) -> Result<(), LogError> {
        if self.entries.len() + since.entries.len() > MOST_ENTRIES {
            return Err(LogError::Full);
        }
        let end = self.end().sequence;
        self.entries.extend(since.entries);
        let ends = since.ends.into_iter();
        self.ends.extend(ends.filter(|one| one.sequence > end));
        Ok(())
    }
}

/// An object that is longer than any of its kind is not the store's trouble but its own.
fn of_object(error: StoreError) -> LogError {
    match error {
        StoreError::TooLong { name, longest } => LogError::Signed {
            name,
            error: SignedError::TooLong { longest },
        },
        error => error.into(),
    }
}

/// The base of a store, when it has one.
///
/// # Errors
/// [`LogError`].
pub async fn get_base(remote: &Remote) -> Result<Option<bytes::Bytes>, LogError> {
    remote.get(BASE, Base::LONGEST).await.map_err(of_object)
}

/// Reads a base.
///
/// # Errors
/// [`LogError::Signed`].
pub fn open_base(octets: &[u8], keys: &Keys) -> Result<Opened<Base>, LogError> {
    open(octets, keys).map_err(|error| LogError::Signed {
        name: BASE.to_owned(),
        error,
    })
}

/// The whole log of a store: its base, and every batch after it.
///
/// # Errors
/// [`LogError`] at the first object that is not good.
pub async fn load(remote: &Remote, keys: &Keys, environment: &str) -> Result<Log, LogError> {
    let mut log = Log::new(environment);
    log.begin(remote, keys).await?;
    log.follow(remote, keys, |_, _| Ok(())).await?;
    Ok(log)
}

#[cfg(test)]
mod tests {
    use octroi_entitlements::overlay::Change;

    use super::*;
    use crate::store::envelope::seal;
    use crate::store::keys::tests::{key, keys};

    fn revoked(person: &str) -> Change {
        Change::PersonRevoked {
            ent: "B0".to_owned(),
            person: person.to_owned(),
        }
    }

    fn restored(person: &str) -> Change {
        Change::PersonRestored {
            ent: "B0".to_owned(),
            person: person.to_owned(),
        }
    }

    fn batch(previous: &str, first: u64, changes: &[Change]) -> Opened<Batch> {
        let document = Batch {
            environment: "test".to_owned(),
            previous: previous.to_owned(),
            entries: (first..)
                .zip(changes)
                .map(|(sequence, change)| Entry {
                    sequence,
                    at: 1,
                    change: change.clone(),
                })
                .collect(),
        };
        let (octets, _) = seal(&document, &key(1)).unwrap();
        open(&octets, &keys(&[1])).unwrap()
    }

    fn log() -> Log {
        let mut log = Log::new("test");
        log.accept("1", batch("", 1, &[revoked("a"), revoked("b")]))
            .unwrap();
        let end = log.end().digest;
        log.accept("3", batch(&end, 3, &[restored("a")])).unwrap();
        log
    }

    #[test]
    fn a_batch_follows_the_one_that_it_names() {
        let log = log();
        assert_eq!(log.end().sequence, 3);
        let end = log.end().digest;
        for (bad, code) in [
            (batch("", 4, &[revoked("c")]), "overlay-chain"),
            (batch(&end, 5, &[revoked("c")]), "overlay-chain"),
            (batch(&end, 3, &[revoked("c")]), "overlay-chain"),
            (batch(&end, 4, &[]), "overlay-chain"),
        ] {
            let mut log = log.clone();
            assert_eq!(log.accept("x", bad).unwrap_err().code(), code);
            assert_eq!(log.end().sequence, 3, "the last good entry");
        }
        let mut other = Log::new("production");
        assert!(matches!(
            other.accept("1", batch("", 1, &[revoked("a")])),
            Err(LogError::OtherEnvironment(_))
        ));
    }

    #[test]
    fn what_was_lifted_stands_no_more() {
        let log = log();
        let persons = |until| {
            standing(log.entries(), until)
                .into_iter()
                .map(|entry| entry.sequence)
                .collect::<Vec<_>>()
        };
        assert_eq!(persons(2), [1, 2]);
        assert_eq!(persons(3), [2]);
    }

    #[test]
    fn a_base_stands_for_what_was_collected() {
        let whole = log();
        let base = Opened {
            document: Base {
                environment: "test".to_owned(),
                end: whole.ends()[0].clone(),
                standing: standing(whole.entries(), 2),
            },
            digest: String::new(),
        };
        // A new node begins with the base and goes on with the batches after it.
        let mut fresh = Log::new("test");
        fresh.rebase(base.clone()).unwrap();
        assert_eq!(fresh.end().sequence, 2);
        fresh
            .accept("3", batch(&whole.ends()[0].digest, 3, &[restored("a")]))
            .unwrap();
        assert_eq!(fresh.end(), whole.end());
        // An old one lets go of what is collected.
        let mut old = whole.clone();
        old.rebase(base.clone()).unwrap();
        assert_eq!(old.end(), whole.end());
        assert_eq!(old.entries(), fresh.entries());
        assert_eq!(
            [&whole, &old, &fresh].map(Log::begins_after),
            [0, base.document.end.sequence, base.document.end.sequence]
        );
        // A base of another history is refused.
        let mut forged = base;
        forged.document.end.digest = "00".repeat(32);
        assert!(old.rebase(forged).is_err());
    }

    #[test]
    fn a_log_knows_whether_it_went_through_a_place() {
        let log = log();
        assert_eq!(log.passes(&LogEnd::default()), Some(true));
        assert_eq!(log.passes(&log.ends()[0].clone()), Some(true));
        let mut other = log.end();
        other.digest = "00".repeat(32);
        assert_eq!(log.passes(&other), Some(false));
        other.sequence = 9;
        assert_eq!(log.passes(&other), None);
    }
}
