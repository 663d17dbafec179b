//! The desk of one portal: its ledgers, its lock, its part of the vault.
//!
//! Whoever works for a portal takes its desk first. There is one at a time: the lock is the kernel's and goes with the
//! process that held it. Only a desk opens entries of the vault, and it records each look before it looks (S5).

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufReader};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use octroi_directory::{Degree, current};

use super::alarm::{self, Code};
use super::ledger::{Event, FlowState, Ledger, LedgerError};
use super::trail::{Note, Trail};
use super::vault::{EntryName, KeyError, Unsealing, Vault, VaultError};
use crate::clock::Clock;
use crate::config::{CollectPortal, CollectSettings};
use crate::observe::audit::AuditError;
use crate::observe::metrics::{Metrics, MetricsError};

/// Why work for a portal cannot go on. Nothing is lost: it begins again where it stood.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The audit trail.
    #[error("the audit trail: {0}")]
    Audit(#[from] AuditError),
    /// A segment in force cannot be read.
    #[error(transparent)]
    Segment(#[from] octroi_directory::SegmentError),
    /// A segment cannot be written.
    #[error(transparent)]
    Write(#[from] octroi_directory::WriteError),
    /// A segment cannot be put in force.
    #[error(transparent)]
    Put(#[from] current::PutError),
    /// A file or folder.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process works for this portal.
    #[error("{ent}: another process works for this portal")]
    Busy {
        /// The portal.
        ent: String,
    },
    /// What was asked for is not known, or not in the state that it would have to be.
    #[error("{0}")]
    Asked(String),
    /// Metrics, by a mistake of this program.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

impl From<KeyError> for DeskError {
    fn from(error: KeyError) -> Self {
        Self::Vault(error.into())
    }
}

/// Names the file in an error.
pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> DeskError + use<> {
    let path = path.to_owned();
    move |error| DeskError::Io { path, error }
}

/// What all portals share: settings, vault, directory, trail, clock. Nothing in here is changed by work.
#[derive(Debug)]
pub struct Office {
    /// The settings.
    pub settings: CollectSettings,
    /// Where the configuration lies: paths are relative to it.
    pub base: PathBuf,
    /// The vault.
    pub vault: Vault,
    /// The segments in force.
    pub directory: current::Directory,
    /// The audit trail.
    pub trail: Trail,
    /// The clock.
    pub clock: Arc<Clock>,
}

impl Office {
    /// Opens what the settings name.
    ///
    /// # Errors
    /// [`DeskError`]
    pub fn open(
        settings: CollectSettings,
        base: &Path,
        clock: Arc<Clock>,
    ) -> Result<Self, DeskError> {
        let metrics = Arc::new(Metrics::new()?);
        let place = |path: &str| base.join(path);
        Ok(Self {
            vault: Vault::open(&place(&settings.vault), &place(&settings.vault_key))?,
            directory: current::Directory::new(&place(&settings.directory)),
            trail: Trail::new(&place(&settings.audit), metrics),
            base: base.to_owned(),
            settings,
            clock,
        })
    }

    /// The folder of a portal's ledgers and reports.
    #[must_use]
    pub fn folder(&self, ent: &str) -> PathBuf {
        self.base.join(&*self.settings.state).join(ent)
    }

    /// Where the flows of a portal stand, without its lock.
    ///
    /// # Errors
    /// [`LedgerError`]
    pub fn peek(&self, portal: &CollectPortal) -> Result<BTreeMap<Degree, FlowState>, LedgerError> {
        let folder = self.folder(&portal.ent);
        portal
            .flows
            .iter()
            .map(|degree| Ok((*degree, Ledger::peek(&ledger_path(&folder, *degree))?)))
            .collect()
    }
}

fn ledger_path(folder: &Path, degree: Degree) -> PathBuf {
    folder.join(format!("{degree}.ledger.jsonl"))
}

/// The name of a flow in the vault.
#[must_use]
pub fn flow_name(ent: &str, degree: Degree) -> String {
    format!("{ent}-{degree}")
}

/// One portal's desk.
#[derive(Debug)]
pub struct Desk<'o> {
    /// What all portals share.
    pub office: &'o Office,
    /// The portal.
    pub portal: &'o CollectPortal,
    /// The folder of its ledgers and reports.
    pub folder: PathBuf,
    pub(super) ledgers: BTreeMap<Degree, Ledger>,
    _lock: File,
}

impl<'o> Desk<'o> {
    /// Takes the desk: locks the portal, opens its ledgers, sweeps up what a killed process left half done.
    ///
    /// # Errors
    /// [`DeskError::Busy`] when somebody else has it.
    pub fn take(office: &'o Office, portal: &'o CollectPortal) -> Result<Self, DeskError> {
        let folder = office.folder(&portal.ent);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder.join("reports"))
            .map_err(at(&folder))?;
        let lock = lock(&folder.join("lock"), &portal.ent)?;
        let mut desk = Self {
            office,
            portal,
            ledgers: BTreeMap::new(),
            _lock: lock,
            folder,
        };
        for degree in &portal.flows {
            office.vault.sweep(&flow_name(&portal.ent, *degree))?;
            let mut ledger = Ledger::open(&ledger_path(&desk.folder, *degree))?;
            if ledger.state().opened.is_none() {
                ledger.append(office.clock.now(), Event::Opened)?;
            }
            desk.ledgers.insert(*degree, ledger);
        }
        Ok(desk)
    }

    /// Takes the desk, waiting so long for whoever works there.
    ///
    /// # Errors
    /// [`DeskError::Busy`] when they still do.
    pub fn wait(
        office: &'o Office,
        portal: &'o CollectPortal,
        patience: Duration,
    ) -> Result<Self, DeskError> {
        const PAUSE: Duration = Duration::from_millis(50);
        let mut waited = Duration::ZERO;
        loop {
            match Self::take(office, portal) {
                Err(DeskError::Busy { .. }) if waited < patience => {
                    std::thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                taken => return taken,
            }
        }
    }

    /// Where a flow stands.
    ///
    /// # Errors
    /// [`DeskError::Asked`] when the portal has no such flow.
    pub fn state(&self, degree: Degree) -> Result<&FlowState, DeskError> {
        self.ledgers
            .get(&degree)
            .map(Ledger::state)
            .ok_or_else(|| self.no_flow(degree))
    }

    fn no_flow(&self, degree: Degree) -> DeskError {
        DeskError::Asked(format!("{} delivers no {degree}", self.portal.ent.value))
    }

    /// Writes an event down.
    pub(super) fn note(&mut self, degree: Degree, event: Event) -> Result<(), DeskError> {
        let now = self.office.clock.now();
        match self.ledgers.get_mut(&degree) {
            Some(ledger) => Ok(ledger.append(now, event)?),
            None => Err(self.no_flow(degree)),
        }
    }

    /// Raises an alarm for something that lasts, unless the last one of this code was about the same.
    pub(super) fn alarm_once(
        &mut self,
        degree: Degree,
        code: Code,
        about: &str,
        text: String,
    ) -> Result<(), DeskError> {
        if self.state(degree)?.is_alarmed(code, about) {
            return Ok(());
        }
        self.alarm(degree, code, about, text)
    }

    /// Raises an alarm for something that happened.
    pub(super) fn alarm(
        &mut self,
        degree: Degree,
        code: Code,
        about: &str,
        text: String,
    ) -> Result<(), DeskError> {
        alarm::raise(code, &self.portal.ent, degree.as_str(), about, &text);
        let event = Event::Alarm {
            code,
            about: about.to_owned(),
            text,
        };
        self.note(degree, event)
    }

    /// Records a deed in the audit trail.
    pub(super) fn record(
        &self,
        event: &str,
        delivery: &str,
        detail: &str,
    ) -> Result<(), DeskError> {
        let note = Note {
            event,
            ent: &self.portal.ent,
            delivery,
            detail,
        };
        Ok(self.office.trail.record(self.office.clock.now(), note)?)
    }

    /// Opens an entry of the vault, recorded.
    pub(super) fn read(
        &self,
        name: &EntryName,
        purpose: &str,
    ) -> Result<Unsealing<BufReader<File>>, DeskError> {
        let detail = format!("{} for {purpose}", name.text());
        self.record("collect-vault-read", &name.delivery, &detail)?;
        Ok(self.office.vault.get(name)?)
    }
}

fn lock(path: &Path, ent: &str) -> Result<File, DeskError> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(at(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(DeskError::Busy {
            ent: ent.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(at(path)(error)),
    }
}

/// Sixteen or thirty-two random octets from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], DeskError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| DeskError::Asked("the system has no randomness".to_owned()))?;
    Ok(bytes)
}

/// The number that joins the log lines of one run.
#[must_use]
pub fn run_number() -> [u8; 4] {
    random().unwrap_or([0; 4])
}
