//! A node's side: what the store says that is new, judged step by step, and remembered across a kill at any moment.
//!
//! [`Node`] knows no sockets and no gateway: `run::store` drives it from two threads of its own, one that polls and one
//! that installs, and puts what it yields in force. The order of writes is what makes a kill harmless: a manifest's number
//! is remembered before it is looked at (`seen`), the manifest before its body is fetched (`pending.json`), the body
//! before it is accepted (`accepted.json`), and that before the swap.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use octroi_entitlements::overlay::Entry;
use octroi_entitlements::{Counts, Snapshot};
use parking_lot::Mutex;

use super::envelope::{Opened, Signed as _, SignedError, open};
use super::fetch::{FetchError, fetch};
use super::judge::Thresholds;
use super::keys::Keys;
use super::local::{Local, read_log_in};
use super::log::{self, BASE, Base, Log, LogError, batch_name};
use super::manifest::{BodyFacts, LogEnd, Manifest, NotFollowed};
use super::publish::{LATEST, manifest_name};
use super::remote::{Remote, StoreError};

const ACCEPTED: &str = "accepted.json";
const PENDING: &str = "pending.json";

/// What a node is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its environment.
    pub environment: String,
    /// Whose signatures are believed.
    pub keys: Keys,
    /// Bodies that are kept here.
    pub keep: usize,
}

/// A node that follows a store.
#[derive(Debug)]
pub struct Node {
    options: Options,
    remote: Remote,
    local: Local,
    log: Mutex<Log>,
    seen: Mutex<u64>,
    /// Whether the copy of the newest manifest lagged behind the numbered ones when it was last looked at.
    lags: Mutex<bool>,
    /// The object that was refused last, so that the same is told once.
    told: Mutex<Option<(String, String)>>,
}

/// A manifest that may be followed, with the octets that were signed.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What it says.
    pub manifest: Manifest,
    envelope: Bytes,
}

/// Something was refused; what is in force stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {text}")]
pub struct Refused {
    /// Stable code for logs and metrics.
    pub code: &'static str,
    /// What was found.
    pub text: String,
}

/// Why a candidate is not ready.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It never will be.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// To be tried again.
    #[error("{0}")]
    Later(String),
}

/// What a node has of its own when it starts.
#[derive(Debug, Default)]
pub struct Resumed {
    /// The snapshot in force.
    pub snapshot: Option<Arc<Snapshot>>,
    /// A manifest that was being followed.
    pub candidate: Option<Candidate>,
}

/// What a look at the log has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changes {
    /// Nothing new.
    None,
    /// New entries at the end.
    More,
    /// Old entries were collected: to be applied anew as a whole.
    Rebased,
}

impl Node {
    /// Opens a node's folder and its store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(remote: Remote, directory: &Path, options: Options) -> Result<Self, StoreError> {
        let local = Local::open(directory)?;
        let seen = local.seen()?;
        Ok(Self {
            log: Mutex::new(Log::new(&options.environment)),
            remote,
            seen: Mutex::new(seen),
            local,
            options,
            lags: Mutex::new(false),
            told: Mutex::new(None),
        })
    }

    /// Reads the node's own copies. A copy that is not good is told and fetched again; nothing unsigned is taken from
    /// the node's own disk either.
    ///
    /// # Errors
    /// [`StoreError`] of the node's folder.
    pub fn resume(&self) -> Result<Resumed, StoreError> {
        self.resume_log()?;
        let mut resumed = Resumed::default();
        if let Some(accepted) = self.own(ACCEPTED)? {
            let mut seen = self.seen.lock();
            *seen = (*seen).max(accepted.manifest.sequence);
            drop(seen);
            let reached = self.log.lock().passes(&accepted.manifest.log);
            match self.opened(&accepted.manifest.body) {
                // Without them somebody revoked would be let in: the store has them.
                Ok(_) if reached != Some(true) => {
                    tracing::error!(
                        code = "log-behind",
                        "the local copy of the log lacks changes that the manifest in force demands"
                    );
                    resumed.candidate = Some(accepted);
                }
                Ok(snapshot) => resumed.snapshot = Some(snapshot),
                Err(refused) => {
                    tracing::error!(code = refused.code, error = %refused.text, "the local body is fetched anew");
                    let manifest = &accepted.manifest;
                    self.local.refuse(
                        manifest.sequence,
                        &manifest.body.root,
                        &accepted.envelope,
                        &format!("{refused}\n"),
                    )?;
                    resumed.candidate = Some(accepted);
                }
            }
        }
        if let Some(pending) = self.own(PENDING)? {
            resumed.candidate = Some(pending);
        }
        Ok(resumed)
    }

    fn resume_log(&self) -> Result<(), StoreError> {
        let mut log = self.log.lock();
        match read_log_in(self.local.folder(), &self.options.keys, &mut log) {
            Ok(()) => Ok(()),
            Err(LogError::Store(error)) => Err(error),
            Err(error) => {
                tracing::error!(code = error.code(), %error, "the local copy of the log is fetched anew from there");
                // What is there from the last good entry on, good or not, is fetched again.
                let good = batch_name(log.end().sequence + 1);
                for name in self.local.overlay()? {
                    if name >= good {
                        self.local.remove(&name)?;
                    }
                }
                if log.end().sequence == 0 {
                    self.local.remove(BASE)?;
                }
                Ok(())
            }
        }
    }

    /// A manifest of the node's own folder.
    fn own(&self, name: &str) -> Result<Option<Candidate>, StoreError> {
        let Some(octets) = self.local.read(name)? else {
            return Ok(None);
        };
        match open::<Manifest>(&octets, &self.options.keys) {
            Ok(opened) if opened.document.environment == self.options.environment => {
                Ok(Some(Candidate {
                    manifest: opened.document,
                    envelope: octets.into(),
                }))
            }
            Ok(_) => {
                tracing::error!(code = "other-environment", file = name, "not taken");
                Ok(None)
            }
            Err(error) => {
                tracing::error!(code = signed_code(&error), file = name, %error, "not taken");
                Ok(None)
            }
        }
    }

    /// Looks for a newer manifest. `thorough` also asks where a new node would begin, for a node that was away so long
    /// that manifests between were collected.
    ///
    /// # Errors
    /// [`StoreError`] when the store is away.
    pub async fn look(
        &self,
        thorough: bool,
        mut refused: impl FnMut(&Refused),
    ) -> Result<Option<Candidate>, StoreError> {
        let mut found = None;
        loop {
            let name = manifest_name(*self.seen.lock() + 1);
            let Some(octets) = self.remote.get(&name, Manifest::LONGEST).await? else {
                break;
            };
            match self.judged(&name, octets)? {
                Ok(candidate) => found = Some(candidate),
                Err(why) => {
                    self.tell_once(&name, &why, &mut refused);
                    break;
                }
            }
        }
        if thorough && let Some(octets) = self.remote.get(LATEST, Manifest::LONGEST).await? {
            match self.judged(LATEST, octets)? {
                Ok(candidate) => found = Some(candidate),
                Err(why) if why.code == SAME => *self.lags.lock() = false,
                // A publisher writes it after the numbered one: it may lag once.
                Err(why)
                    if why.code == NOT_HIGHER
                        && !std::mem::replace(&mut *self.lags.lock(), true) => {}
                Err(why) => self.tell_once(LATEST, &why, &mut refused),
            }
        }
        Ok(found)
    }

    /// Judges a manifest by itself; one that may be followed is remembered.
    fn judged(
        &self,
        name: &str,
        envelope: Bytes,
    ) -> Result<Result<Candidate, Refused>, StoreError> {
        let manifest = match open::<Manifest>(&envelope, &self.options.keys) {
            Ok(opened) => opened.document,
            Err(error) => {
                return Ok(Err(Refused {
                    code: signed_code(&error),
                    text: format!("{name}: {error}"),
                }));
            }
        };
        let mut seen = self.seen.lock();
        if let Err(error) = manifest.may_follow(&self.options.environment, *seen) {
            let code = match error {
                NotFollowed::NotHigher { found, seen } if found == seen => SAME,
                NotFollowed::NotHigher { .. } => NOT_HIGHER,
                NotFollowed::OtherEnvironment { .. } => "other-environment",
                _ => "implausible",
            };
            return Ok(Err(Refused {
                code,
                text: format!("{name}: {error}"),
            }));
        }
        self.local.write(PENDING, &envelope)?;
        self.local.set_seen(manifest.sequence)?;
        *seen = manifest.sequence;
        Ok(Ok(Candidate { manifest, envelope }))
    }

    fn tell_once(&self, name: &str, why: &Refused, refused: &mut impl FnMut(&Refused)) {
        let now = Some((name.to_owned(), why.text.clone()));
        let mut told = self.told.lock();
        if *told != now {
            *told = now;
            drop(told);
            refused(why);
        }
    }

    /// Fetches, opens and judges the body of a candidate beside what is in force.
    ///
    /// # Errors
    /// [`NotReady`]. What is refused is kept in `refused/`.
    pub async fn prepare(
        &self,
        candidate: &Candidate,
        thresholds: Thresholds,
        before: Option<&Counts>,
    ) -> Result<Arc<Snapshot>, NotReady> {
        let prepared = self.prepared(candidate, thresholds, before).await;
        if let Err(NotReady::Refused(refused)) = &prepared {
            let manifest = &candidate.manifest;
            let kept = self.local.refuse(
                manifest.sequence,
                &manifest.body.root,
                &candidate.envelope,
                &format!("{refused}\n"),
            );
            let forgotten = self.forget_pending(manifest.sequence);
            if let Err(error) = kept.and(forgotten) {
                tracing::error!(%error, "what was refused cannot be kept");
            }
        }
        prepared
    }

    async fn prepared(
        &self,
        candidate: &Candidate,
        thresholds: Thresholds,
        before: Option<&Counts>,
    ) -> Result<Arc<Snapshot>, NotReady> {
        let Manifest {
            body,
            log,
            approved,
            ..
        } = &candidate.manifest;
        let refused = |code, text: String| NotReady::Refused(Refused { code, text });
        // What the manifest says is judged first: a body that would be refused is not worth two gigabytes.
        let told = Counts {
            people: body.counts.people,
            establishments: body.counts.schools,
            subscriptions: body.counts.subscriptions,
            ..Counts::default()
        };
        let thresholds = if *approved { MEANT } else { thresholds };
        thresholds
            .judge(before, &told)
            .map_err(|shrink| refused(shrink.code(), shrink.to_string()))?;
        match self.log.lock().passes(log) {
            Some(true) => {}
            Some(false) => {
                let text = format!("the log did not go through its entry {}", log.sequence);
                return Err(refused("log-differs", text));
            }
            None => {
                let text = format!("the log has not come to entry {}", log.sequence);
                return Err(NotReady::Later(text));
            }
        }
        let own = self.local.body(&body.root);
        if own.exists() {
            match self.opened(body) {
                Err(refused) if refused.code == "body-corrupt" => {
                    tracing::error!(error = %refused.text, "the local body is fetched anew");
                    let removed = std::fs::remove_file(&own);
                    removed.map_err(|error| NotReady::Later(error.to_string()))?;
                }
                opened => return opened.map_err(NotReady::Refused),
            }
        }
        let part = self.local.part(&body.root);
        match fetch(&self.remote, body, &part).await {
            Ok(()) => {}
            Err(FetchError::Away(error)) => return Err(NotReady::Later(error.to_string())),
            Err(error @ FetchError::Missing(_)) => {
                return Err(NotReady::Later(error.to_string()));
            }
            Err(error) => return Err(refused("body-corrupt", error.to_string())),
        }
        self.local
            .install(&body.root)
            .map_err(|error| NotReady::Later(error.to_string()))?;
        self.opened(body).map_err(NotReady::Refused)
    }

    /// Opens a body that is here and compares it with what its manifest says.
    fn opened(&self, body: &BodyFacts) -> Result<Arc<Snapshot>, Refused> {
        let path = self.local.body(&body.root);
        let snapshot = Snapshot::open(&path).map_err(|error| Refused {
            code: "body-corrupt",
            text: format!("{}: {error}", path.display()),
        })?;
        if BodyFacts::of(&snapshot) != *body {
            return Err(Refused {
                code: "body-mismatch",
                text: format!("{}: not what its manifest says", path.display()),
            });
        }
        // All of it is in memory before anybody is served from it.
        snapshot.warm();
        Ok(Arc::new(snapshot))
    }

    /// Remembers that a candidate is in force from now on; before the swap.
    ///
    /// # Errors
    /// [`StoreError`] of the node's folder.
    pub fn accept(&self, candidate: &Candidate) -> Result<(), StoreError> {
        self.local.write(ACCEPTED, &candidate.envelope)?;
        self.forget_pending(candidate.manifest.sequence)?;
        let mut kept = vec![candidate.manifest.body.root.clone()];
        if let Some(pending) = self.own(PENDING)? {
            kept.push(pending.manifest.body.root);
        }
        for root in self.local.bodies()? {
            if kept.len() < self.options.keep && !kept.contains(&root) {
                kept.push(root);
            }
        }
        self.local.prune(&kept)
    }

    /// What is pending up to this manifest is done with. A newer one, which may come at any moment, stays.
    fn forget_pending(&self, sequence: u64) -> Result<(), StoreError> {
        let _written = self.seen.lock();
        match self.own(PENDING)? {
            Some(pending) if pending.manifest.sequence > sequence => Ok(()),
            _ => self.local.remove(PENDING),
        }
    }

    /// Reads on in the log. Each batch is on this node's disk before it counts. `contains` is the last entry that the
    /// body in force contains: entries up to there may be collected here too.
    ///
    /// # Errors
    /// [`LogError`]; the log stays at its last good entry.
    pub async fn read_log(&self, thorough: bool, contains: u64) -> Result<Changes, LogError> {
        // Read aside: nobody waits for the network with the lock in hand.
        let mut ahead = self.log.lock().at_end();
        let followed = ahead
            .follow(&self.remote, &self.options.keys, |name, octets| {
                self.local.write(name, octets)
            })
            .await;
        let mut changes = Changes::None;
        if !ahead.entries().is_empty() {
            self.log.lock().absorb(ahead)?;
            changes = Changes::More;
        }
        if thorough
            && followed.is_ok()
            && let Some(octets) = self.remote.get(BASE, Base::LONGEST).await?
        {
            let base: Opened<Base> = log::open_base(&octets, &self.options.keys)?;
            let end = base.document.end.sequence;
            let mut log = self.log.lock().clone();
            let ours = log.ends().first().map_or(0, |end| end.sequence);
            let behind = end > log.end().sequence;
            // The first end of a log without base is that of its first batch: not a base.
            let is_new = behind || (end >= ours && end <= contains && self.has_batches(end)?);
            if is_new {
                log.rebase(base)?;
                self.local.write(BASE, &octets)?;
                for name in self.local.overlay()? {
                    if name < batch_name(end + 1) {
                        self.local.remove(&name)?;
                    }
                }
                log.follow(&self.remote, &self.options.keys, |name, octets| {
                    self.local.write(name, octets)
                })
                .await?;
                *self.log.lock() = log;
                changes = Changes::Rebased;
            }
        }
        followed.map(|()| changes)
    }

    /// Whether copies of batches up to this entry are here.
    fn has_batches(&self, end: u64) -> Result<bool, StoreError> {
        let names = self.local.overlay()?;
        Ok(names
            .first()
            .is_some_and(|first| *first < batch_name(end + 1)))
    }

    /// Every entry of the log so far.
    #[must_use]
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.log.lock().entries().to_vec()
    }

    /// The end of the log so far.
    #[must_use]
    pub fn log_end(&self) -> LogEnd {
        self.log.lock().end()
    }

    /// The highest manifest ever seen.
    #[must_use]
    pub fn seen(&self) -> u64 {
        *self.seen.lock()
    }

    /// The environment that is followed.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.options.environment
    }
}

/// The manifest that was seen last, seen again: nothing new.
const SAME: &str = "same";
const NOT_HIGHER: &str = "sequence-not-higher";

/// The loss is meant; nothing at all never is.
const MEANT: Thresholds = Thresholds {
    people: 100,
    schools: 100,
    subscriptions: 100,
};

fn signed_code(error: &SignedError) -> &'static str {
    match error {
        SignedError::Unsigned => "unsigned",
        SignedError::UntrustedSignature { .. } => "wrong-signature",
        _ => "malformed",
    }
}
