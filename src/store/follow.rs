//! A node's side: what the store says that is new, judged step by step, and remembered across a kill at any moment.
//!
//! [`Node`] knows no sockets and no gateway: `run::store` drives it from two threads of its own, one that polls and one
//! that installs, and puts what it yields in force. The order of writes is what makes a kill harmless: a manifest's number
//! is remembered before it is looked at (`seen`), the manifest before its body is fetched (`pending.json`), the body
//! before it is accepted (`accepted.json`), and that before the swap.

mod changes;
mod install;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use octroi_entitlements::{Pace, Snapshot};
use parking_lot::Mutex;

pub use self::install::LOG_GAP;
use super::envelope::{Signed as _, SignedError, open};
use super::keys::Keys;
use super::local::{Local, read_log_in};
use super::log::{BASE, Log, LogError, batch_name};
use super::manifest::{Manifest, NotFollowed};
use super::publish::{LATEST, manifest_name};
use super::remote::{Remote, StoreError};

pub(super) const ACCEPTED: &str = "accepted.json";
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
    /// Whether the copy of the newest manifest was missing when it was last asked for: then it is asked for each time.
    lost: Mutex<bool>,
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
    /// The manifest that put it in force.
    pub manifest: Option<Manifest>,
    /// A manifest that was being followed.
    pub candidate: Option<Candidate>,
    /// The manifest that was in force, when its body or the log that it demands must be fetched again.
    pub again: Option<Candidate>,
}

impl Resumed {
    /// What is to be asked for: the newer one, and where it does not come, what was in force.
    pub fn wanted(&self) -> impl Iterator<Item = &Candidate> {
        self.candidate.iter().chain(&self.again)
    }

    /// What was refused is not asked for again.
    pub fn forget(&mut self, sequence: u64) {
        for candidate in [&mut self.candidate, &mut self.again] {
            candidate.take_if(|candidate| candidate.manifest.sequence == sequence);
        }
    }
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
            lost: Mutex::new(false),
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
            let gap = self.reaches(&accepted.manifest.body);
            match self.opened(&accepted.manifest.body, Pace::Whole) {
                // Without them somebody revoked would be let in: the store has them.
                Ok(_) if reached != Some(true) => {
                    tracing::error!(
                        code = "log-behind",
                        "the local copy of the log lacks changes that the manifest in force demands"
                    );
                    resumed.again = Some(accepted);
                }
                Ok(snapshot) => match gap {
                    Ok(()) => {
                        resumed.snapshot = Some(snapshot);
                        resumed.manifest = Some(accepted.manifest);
                    }
                    // The store has let go of them: only a newer body has them.
                    Err(gap) => {
                        tracing::error!(code = gap.code, error = %gap.text, "the local body is not served");
                    }
                },
                Err(NotReady::Refused(refused)) => {
                    tracing::error!(code = refused.code, error = %refused.text, "the local body is fetched anew");
                    let manifest = &accepted.manifest;
                    self.local.withdraw(&manifest.body.root)?;
                    self.local.refuse(
                        &manifest_name(manifest.sequence),
                        &accepted.envelope,
                        &format!("{refused}\n"),
                        Some(&manifest.body.root),
                    )?;
                    resumed.again = Some(accepted);
                }
                Err(NotReady::Later(error)) => {
                    tracing::error!(
                        code = "store",
                        error,
                        "the local body cannot be read; it is asked for again"
                    );
                    resumed.again = Some(accepted);
                }
            }
        }
        resumed.candidate = self.own(PENDING)?;
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

    /// Looks for a newer manifest and puts it into `found`, where it stays whatever fails afterwards: it is remembered as seen,
    /// and the store is not asked for it again. `thorough` also asks where a new node would begin, for a node that was away so
    /// long that manifests between were collected.
    ///
    /// # Errors
    /// [`StoreError`] when the store is away, or is not the one that was followed so far.
    pub async fn look(
        &self,
        thorough: bool,
        found: &mut Option<Candidate>,
        mut refused: impl FnMut(&Refused),
    ) -> Result<(), StoreError> {
        loop {
            let name = manifest_name(*self.seen.lock() + 1);
            let Some(octets) = self.remote.get(&name, Manifest::LONGEST).await? else {
                break;
            };
            match self.judged(&name, octets.clone())? {
                Ok(candidate) => *found = Some(candidate),
                Err(why) => {
                    self.tell_once(&name, &octets, &why, &mut refused);
                    break;
                }
            }
        }
        if !thorough && !*self.lost.lock() {
            return Ok(());
        }
        let Some(octets) = self.remote.get(LATEST, Manifest::LONGEST).await? else {
            // A folder that is not mounted, or a server that knows nothing of the store, has no news either. A publisher writes
            // it after the numbered one, the first of which may just have been found.
            let seen = self.seen();
            *self.lost.lock() = seen > 0 && found.is_none();
            return match *self.lost.lock() {
                true => Err(StoreError::Lost { seen }),
                false => Ok(()),
            };
        };
        *self.lost.lock() = false;
        match self.judged(LATEST, octets.clone())? {
            Ok(candidate) => *found = Some(candidate),
            Err(why) if why.code == SAME => *self.lags.lock() = false,
            // A publisher writes it after the numbered one: it may lag once.
            Err(why)
                if why.code == NOT_HIGHER && !std::mem::replace(&mut *self.lags.lock(), true) => {}
            Err(why) => self.tell_once(LATEST, &octets, &why, &mut refused),
        }
        Ok(())
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

    /// Tells a refusal once, and keeps what was refused for whoever wants to know who wrote it.
    fn tell_once(
        &self,
        name: &str,
        octets: &[u8],
        why: &Refused,
        refused: &mut impl FnMut(&Refused),
    ) {
        if self.is_new(name, &why.text) {
            refused(why);
            if let Err(error) = self.local.refuse(name, octets, &format!("{why}\n"), None) {
                tracing::error!(%error, "what was refused cannot be kept");
            }
        }
    }

    /// Whether this was not the last trouble that was told of an object.
    fn is_new(&self, name: &str, text: &str) -> bool {
        let now = Some((name.to_owned(), text.to_owned()));
        let mut told = self.told.lock();
        let is_new = *told != now;
        *told = now;
        is_new
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

fn signed_code(error: &SignedError) -> &'static str {
    match error {
        SignedError::Unsigned => "unsigned",
        SignedError::UntrustedSignature { .. } => "wrong-signature",
        _ => "malformed",
    }
}
