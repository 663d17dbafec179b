//! The publisher's side: uploading a body, activating it, going back, appending changes, collecting what is old.
//!
//! Everything here holds the secret key and runs on a command line, never in a serving node.

use std::path::Path;

use octroi_entitlements::overlay::{self, Change, Entry};
use octroi_entitlements::subscription::{Checker, RuleBroken};
use octroi_entitlements::{Snapshot, SnapshotError};
use octroi_saml::Time;

use super::envelope::{Opened, Signed as _, SignedError, open, seal};
use super::fetch::body_name;
use super::keys::{Keys, SecretKey};
use super::log::{self, BASE, Base, Batch, Log, LogError, batch_name};
use super::manifest::{BodyFacts, Manifest, Why};
use super::remote::{Listed, Remote, StoreError};

/// Where the newest manifest stands a second time.
pub const LATEST: &str = "manifests/latest.json";
/// Whoever loses the race for a number tries the next, so often.
const RACES: u32 = 16;
/// A body that no manifest names is collected when it is so old, seconds: it may be about to be activated.
const UNNAMED: i64 = 24 * 3600;

/// Name of a manifest.
#[must_use]
pub fn manifest_name(sequence: u64) -> String {
    format!("manifests/{sequence:020}.json")
}

/// Why the publisher did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log of changes.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A document of the store, or one of ours.
    #[error("{name}: {error}")]
    Signed {
        /// Which.
        name: String,
        /// Why.
        error: SignedError,
    },
    /// The body is not sound.
    #[error("{path}: {error}")]
    Body {
        /// Which file.
        path: String,
        /// Why.
        error: SnapshotError,
    },
    /// The store does not have what was asked for.
    #[error("the store has no {0}")]
    Absent(String),
    /// A change is out of bounds.
    #[error("change {number}: {error}")]
    Change {
        /// Which, from 1.
        number: usize,
        /// Why.
        error: octroi_entitlements::overlay::EntryError,
    },
    /// A change breaks a rule of subscriptions.
    #[error("change {number}: {}: {rule}", rule.field().column())]
    Rule {
        /// Which, from 1.
        number: usize,
        /// The first rule that it breaks.
        rule: RuleBroken,
    },
    /// A change contradicts one before it.
    #[error("change {number}: {why}")]
    Contradiction {
        /// Which, from 1.
        number: usize,
        /// What does not fit.
        why: octroi_entitlements::overlay::Contradiction,
    },
    /// Rules cannot be asked.
    #[error("the time zone Europe/Paris is missing from this program")]
    NoTimeZone,
    /// A manifest of the store is another environment's, though a key of ours has signed it.
    #[error("the newest manifest is for the environment {0:?}")]
    OtherEnvironment(String),
    /// The body was built before changes that the log does not have any more.
    #[error(
        "the body contains the changes up to {contains}, and the log begins after {begins}: what was changed between would be lost; build anew"
    )]
    Outlived {
        /// The last change that it contains.
        contains: u64,
        /// The last change that was collected.
        begins: u64,
    },
    /// Others were faster each time.
    #[error("others publish at the same time; try again")]
    Contended,
}

/// Reads and writes a store with a secret key.
#[derive(Debug)]
pub struct Publisher {
    /// The store.
    pub remote: Remote,
    /// Whose signatures are believed here.
    pub keys: Keys,
    /// The key that signs.
    pub secret: SecretKey,
    /// The environment.
    pub environment: String,
}

/// What was collected.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Names of the objects that are gone.
    pub removed: Vec<String>,
    /// Roots of the bodies that are kept, newest first.
    pub kept: Vec<String>,
    /// The log begins after this entry.
    pub log_begins_after: u64,
}

/// The newest manifest of a store.
///
/// # Errors
/// [`PublishError`], also when the newest one is not signed by one of `keys`.
pub async fn newest(
    remote: &Remote,
    keys: &Keys,
) -> Result<Option<Opened<Manifest>>, PublishError> {
    if let Some(found) = newest_from(remote, keys, LATEST.to_owned()).await? {
        return Ok(Some(found));
    }
    // The copy is lost, or nothing was ever activated. Old manifests may be collected: the first proves nothing.
    match remote.list("manifests").await {
        Ok(listed) => match listed.into_iter().rfind(|listed| listed.name != LATEST) {
            Some(highest) => newest_from(remote, keys, highest.name).await,
            None => Ok(None),
        },
        // A web server cannot be asked.
        Err(error) => match newest_from(remote, keys, manifest_name(1)).await? {
            None => Err(error.into()),
            found => Ok(found),
        },
    }
}

/// The last manifest of those that follow `name` without a gap.
async fn newest_from(
    remote: &Remote,
    keys: &Keys,
    mut name: String,
) -> Result<Option<Opened<Manifest>>, PublishError> {
    let mut found: Option<Opened<Manifest>> = None;
    // The copy may lag behind when a publisher was killed between two writes.
    while let Some(octets) = remote.get(&name, Manifest::LONGEST).await? {
        let manifest = open::<Manifest>(&octets, keys).map_err(|error| PublishError::Signed {
            name: name.clone(),
            error,
        })?;
        let sequence = manifest.document.sequence;
        // Another manifest under this name would lead in a circle.
        if name != LATEST && name != manifest_name(sequence) {
            let error = SignedError::Payload("its number is not that of its name".to_owned());
            return Err(PublishError::Signed { name, error });
        }
        name = manifest_name(sequence.saturating_add(1));
        found = Some(manifest);
    }
    Ok(found)
}

/// Every manifest of a store that is signed by one of `keys`, newest first.
///
/// # Errors
/// [`PublishError`]; a web server cannot be asked.
pub async fn manifests(remote: &Remote, keys: &Keys) -> Result<Vec<Manifest>, PublishError> {
    let mut found = Vec::new();
    for listed in remote.list("manifests").await? {
        if listed.name == LATEST {
            continue;
        }
        if let Some(octets) = remote.get(&listed.name, Manifest::LONGEST).await?
            && let Ok(manifest) = open::<Manifest>(&octets, keys)
        {
            found.push(manifest.document);
        }
    }
    found.sort_by_key(|manifest| std::cmp::Reverse(manifest.sequence));
    Ok(found)
}

impl Publisher {
    /// Checks every record of a body and uploads it under its root, unless it is there already.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn upload(&self, file: &Path) -> Result<BodyFacts, PublishError> {
        let body = |error| PublishError::Body {
            path: file.display().to_string(),
            error,
        };
        let snapshot = Snapshot::open(file).map_err(body)?;
        snapshot.check().map_err(body)?;
        let facts = BodyFacts::of(&snapshot);
        drop(snapshot);
        let name = body_name(&facts.root);
        if self.remote.length(&name).await? != Some(facts.bytes) {
            self.remote.upload(&name, file).await?;
        }
        Ok(facts)
    }

    /// Signs a manifest that puts a body in force. `approved` says that somebody has looked and the loss is meant.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn activate(
        &self,
        body: BodyFacts,
        reason: Why,
        approved: bool,
        now: Time,
    ) -> Result<Manifest, PublishError> {
        if self.remote.length(&body_name(&body.root)).await? != Some(body.bytes) {
            return Err(PublishError::Absent(format!("body {}", body.root)));
        }
        if let Some(base) = self.base().await?
            && body.overlay_sequence < base.end.sequence
        {
            return Err(PublishError::Outlived {
                contains: body.overlay_sequence,
                begins: base.end.sequence,
            });
        }
        for _ in 0..RACES {
            let newest = self.newest().await?;
            let end = self.log_end(newest.as_ref()).await?;
            let sequence = newest.map_or(0, |newest| newest.document.sequence) + 1;
            let manifest = Manifest {
                environment: self.environment.clone(),
                sequence,
                at: now.to_string(),
                reason,
                approved,
                body: body.clone(),
                log: end.end(),
            };
            let name = manifest_name(sequence);
            let (octets, _) =
                seal(&manifest, &self.secret).map_err(|error| PublishError::Signed {
                    name: name.clone(),
                    error,
                })?;
            if self.remote.create(&name, octets.clone()).await? {
                self.remote.replace(LATEST, octets).await?;
                return Ok(manifest);
            }
        }
        Err(PublishError::Contended)
    }

    /// Puts an older body in force again: the one of manifest `to`, or the newest other one.
    ///
    /// # Errors
    /// [`PublishError::Absent`] when there is none or it was collected.
    pub async fn rollback(&self, to: Option<u64>, now: Time) -> Result<Manifest, PublishError> {
        let mut all = manifests(&self.remote, &self.keys).await?;
        all.retain(|manifest| manifest.environment == self.environment);
        let current = all.first().map(|manifest| manifest.body.root.clone());
        let target = all.into_iter().find(|manifest| match to {
            Some(sequence) => manifest.sequence == sequence,
            None => Some(&manifest.body.root) != current.as_ref(),
        });
        let target =
            target.ok_or_else(|| PublishError::Absent("manifest to go back to".to_owned()))?;
        self.activate(target.body, Why::Rollback, true, now).await
    }

    /// Appends changes to the log, one batch for each [`log::MOST_IN_BATCH`], when all keep bounds and rules. When this returns, they are durable, and
    /// the answer is the number of the last one.
    ///
    /// # Errors
    /// [`PublishError`]; batches before the one that failed are in the log.
    pub async fn append(&self, changes: &[Change], now: Time) -> Result<u64, PublishError> {
        let checker = Checker::new().ok_or(PublishError::NoTimeZone)?;
        for (number, change) in (1..).zip(changes) {
            change
                .check()
                .map_err(|error| PublishError::Change { number, error })?;
            if let Err(broken) = change.check_rules(&checker)
                && let Some(rule) = broken.first().copied()
            {
                return Err(PublishError::Rule { number, rule });
            }
        }
        overlay::consistent(changes).map_err(|(at, why)| PublishError::Contradiction {
            number: at + 1,
            why,
        })?;
        let newest = self.newest().await?;
        let mut log = self.log_end(newest.as_ref()).await?;
        // A change that no node would hold is not taken: whoever revokes somebody must hear that it does not count.
        let (begins, standing) = match self.base().await? {
            Some(base) => (base.end.sequence, base.standing.len()),
            None => (0, 0),
        };
        let held = log.end().sequence.saturating_sub(begins) + standing as u64;
        if held + changes.len() as u64 > log::MOST_ENTRIES as u64 {
            return Err(LogError::Full.into());
        }
        for some in changes.chunks(log::MOST_IN_BATCH) {
            self.append_batch(&mut log, some, now).await?;
        }
        Ok(log.end().sequence)
    }

    async fn append_batch(
        &self,
        log: &mut Log,
        changes: &[Change],
        now: Time,
    ) -> Result<(), PublishError> {
        for _ in 0..RACES {
            let end = log.end();
            let entries = (end.sequence + 1..).zip(changes);
            let batch = Batch {
                environment: self.environment.clone(),
                previous: end.digest,
                entries: entries
                    .map(|(sequence, change)| Entry {
                        sequence,
                        at: now.unix_seconds(),
                        change: change.clone(),
                    })
                    .collect(),
            };
            let name = batch_name(end.sequence + 1);
            let (octets, sealed) =
                seal(&batch, &self.secret).map_err(|error| PublishError::Signed {
                    name: name.clone(),
                    error,
                })?;
            let created = self.remote.create(&name, octets.clone()).await;
            // When the answer was lost, the object says whether it is ours.
            let ours = match created {
                Ok(ours) => ours,
                Err(error) => {
                    let there = self.remote.get(&name, Batch::LONGEST).await?;
                    if there.is_none() {
                        return Err(error.into());
                    }
                    there.is_some_and(|there| there == octets)
                }
            };
            if ours {
                log.accept(&name, sealed)?;
                return Ok(());
            }
            log.follow(&self.remote, &self.keys, |_, _| Ok(())).await?;
        }
        Err(PublishError::Contended)
    }

    /// The newest manifest, which is of this environment.
    async fn newest(&self) -> Result<Option<Opened<Manifest>>, PublishError> {
        let newest = newest(&self.remote, &self.keys).await?;
        match newest.as_ref().map(|newest| &newest.document.environment) {
            Some(other) if *other != self.environment => {
                Err(PublishError::OtherEnvironment(other.clone()))
            }
            _ => Ok(newest),
        }
    }

    /// What stands for the changes that were collected.
    async fn base(&self) -> Result<Option<Base>, PublishError> {
        let octets = self.remote.get(BASE, Base::LONGEST).await?;
        let base = octets.map(|octets| log::open_base(&octets, &self.keys));
        Ok(base.transpose()?.map(|opened| opened.document))
    }

    /// The log from the last place that a manifest has signed on: enough to know its end.
    async fn log_end(&self, newest: Option<&Opened<Manifest>>) -> Result<Log, PublishError> {
        let mut log = match newest {
            Some(newest) if newest.document.log.sequence > 0 => {
                Log::from_end(&self.environment, newest.document.log.clone())
            }
            _ => return Ok(log::load(&self.remote, &self.keys, &self.environment).await?),
        };
        log.follow(&self.remote, &self.keys, |_, _| Ok(())).await?;
        Ok(log)
    }

    /// Keeps the newest `keep` bodies, their manifests, and the entries that the oldest of them needs; what of the
    /// others still revokes somebody is kept in the base of the log.
    ///
    /// # Errors
    /// [`PublishError`]; nothing that is still needed is gone, whenever it stops.
    pub async fn collect(&self, keep: usize, now: Time) -> Result<Collected, PublishError> {
        self.mend_latest().await?;
        let all = manifests(&self.remote, &self.keys).await?;
        let mut done = Collected::default();
        let Some(mut oldest) = all.first() else {
            return Ok(done);
        };
        for manifest in &all {
            if !done.kept.contains(&manifest.body.root) {
                if done.kept.len() == keep.max(1) {
                    break;
                }
                done.kept.push(manifest.body.root.clone());
            }
            oldest = manifest;
        }
        let needed = all
            .iter()
            .filter(|manifest| done.kept.contains(&manifest.body.root))
            .map(|manifest| manifest.body.overlay_sequence)
            .min()
            .unwrap_or(0);
        self.collect_log(needed, &mut done).await?;
        for manifest in all.iter().filter(|one| one.sequence < oldest.sequence) {
            self.remove(manifest_name(manifest.sequence), &mut done)
                .await?;
        }
        let named = |listed: &Listed| {
            let named = |root: &String| listed.name == body_name(root);
            let superseded = all.iter().any(|one| named(&one.body.root));
            let keep = done.kept.iter().any(named);
            let young = listed.written > now.unix_seconds() - UNNAMED;
            keep || (!superseded && young)
        };
        let bodies = self.remote.list("bodies").await?;
        let old: Vec<_> = bodies.into_iter().filter(|listed| !named(listed)).collect();
        for listed in old {
            self.remove(listed.name, &mut done).await?;
        }
        Ok(done)
    }

    /// Writes the copy of the newest manifest anew where it is lost or lags behind: nothing else tells a new node where
    /// to begin once the first manifests are collected.
    async fn mend_latest(&self) -> Result<(), PublishError> {
        let Some(newest) = self.newest().await? else {
            return Ok(());
        };
        let name = manifest_name(newest.document.sequence);
        // Without it the newest is what `latest.json` says: nothing is there to write it anew from, nor need to.
        if let Some(octets) = self.remote.get(&name, Manifest::LONGEST).await?
            && self.remote.get(LATEST, Manifest::LONGEST).await?.as_ref() != Some(&octets)
        {
            self.remote.replace(LATEST, octets.into()).await?;
        }
        Ok(())
    }

    /// Collects the batches that end at or before entry `needed`.
    async fn collect_log(&self, needed: u64, done: &mut Collected) -> Result<(), PublishError> {
        let log = log::load(&self.remote, &self.keys, &self.environment).await?;
        let collected = log.ends().iter().rev();
        let Some(end) = collected
            .into_iter()
            .find(|end| end.sequence <= needed)
            .cloned()
        else {
            return Ok(());
        };
        done.log_begins_after = end.sequence;
        let base = Base {
            environment: self.environment.clone(),
            standing: log::standing(log.entries(), end.sequence),
            end,
        };
        let (octets, _) = seal(&base, &self.secret).map_err(|error| PublishError::Signed {
            name: BASE.to_owned(),
            error,
        })?;
        // First the base, then what it stands for.
        self.remote.replace(BASE, octets).await?;
        let first_kept = batch_name(base.end.sequence + 1);
        for listed in self.remote.list("overlay").await? {
            if listed.name != BASE && listed.name < first_kept {
                self.remove(listed.name, done).await?;
            }
        }
        Ok(())
    }

    async fn remove(&self, name: String, done: &mut Collected) -> Result<(), PublishError> {
        self.remote.remove(&name).await?;
        done.removed.push(name);
        Ok(())
    }
}
