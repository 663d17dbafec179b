//! Replacing what is in force: checked whole, then swapped; when it is bad the old stays and the error is told
//! (log, metric, `/status`).

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use octroi_entitlements::{Directory, Pace, Snapshot};
use octroi_saml::Time;

use super::load::load;
use super::start::{Running, front};
use crate::config::{Problems, Settings, Severity};
use crate::http::tls::TlsError;
use crate::observe::logs;
use crate::store::Shrink;
use crate::trust::compile::{End, Ending};

/// What is in force, as far as a reload must know it.
#[derive(Debug)]
pub(super) struct InForce {
    pub(super) settings: Settings,
    pub(super) snapshot_file: SnapshotFile,
}

/// A file as it was when it was last looked at, taken or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SnapshotFile {
    path: PathBuf,
    identity: Option<(u64, u64, u64, i64, i64)>,
}

impl SnapshotFile {
    pub(super) fn of(path: &Path) -> Self {
        let identity = std::fs::metadata(path).ok().map(|file| {
            (
                file.dev(),
                file.ino(),
                file.size(),
                file.mtime(),
                file.mtime_nsec(),
            )
        });
        Self {
            path: path.to_owned(),
            identity,
        }
    }
}

/// Why the old stayed.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The configuration is refused.
    #[error("the configuration is refused:\n{0}")]
    Configuration(Problems),
    /// The snapshot cannot be used.
    #[error("{}: {error}", path.display())]
    Snapshot {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: octroi_entitlements::SnapshotError,
    },
    /// The snapshot lost too much.
    #[error("{}: {shrink}", path.display())]
    Shrunken {
        /// Which file.
        path: PathBuf,
        /// What it lost.
        shrink: Shrink,
    },
    /// rustls refuses what was accepted when it was read.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
}

/// What a reload changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// Whether another snapshot is in force now.
    pub snapshot: bool,
}

impl Running {
    /// Reads configuration and snapshot anew (SIGHUP). Either both are good, or nothing changes.
    ///
    /// Blocks while files are read and hashed: not for a worker.
    pub fn reload(&self) -> Result<Reloaded, ReloadError> {
        let now = self.engine.clock.now();
        let mut in_force = self.in_force.lock();
        let done = self.reload_both(&mut in_force, now);
        match &done {
            Ok(reloaded) => tracing::info!(snapshot = reloaded.snapshot, "configuration reloaded"),
            Err(error) => {
                tracing::error!(%error, "reload refused; what was in force stays");
                self.count("configuration", false);
                self.status.configuration_refused(now, lines(error));
            }
        }
        done
    }

    fn reload_both(&self, in_force: &mut InForce, now: Time) -> Result<Reloaded, ReloadError> {
        let loaded = load(&self.config, now);
        for problem in loaded
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Warning)
        {
            tracing::warn!(%problem, "configuration");
        }
        let path = loaded.path(&loaded.settings.snapshot.path);
        let Some(compiled) = loaded.compiled else {
            return Err(ReloadError::Configuration(loaded.problems));
        };
        let file = SnapshotFile::of(&path);
        // A store is followed by itself; the file is only looked at where there is none.
        let snapshot = if self.node.is_some() || file == in_force.snapshot_file {
            None
        } else {
            Some(self.candidate(&path, &loaded.settings)?)
        };

        // From here on nothing can fail but TLS, which comes first.
        self.tls.replace(&compiled.identity)?;
        self.engine.current.swap_trust(Arc::new(compiled.trust));
        self.service.set_front(front(&loaded.settings));
        self.service
            .admission()
            .set_limits(loaded.settings.limits.in_flight, loaded.settings.limits.lag);
        self.set_drain(&loaded.settings);
        logs::set_level(loaded.settings.log.level);
        for key in needs_restart(&in_force.settings, &loaded.settings) {
            tracing::warn!(key, "this change takes effect at the next restart");
        }
        tell_configuration(self, &compiled.ends, now);
        let swapped = snapshot.is_some();
        if let Some(snapshot) = snapshot {
            self.swap_snapshot(snapshot, now);
        }
        *in_force = InForce {
            settings: loaded.settings,
            snapshot_file: file,
        };
        Ok(Reloaded { snapshot: swapped })
    }

    /// Takes the snapshot file if it was replaced. `Ok(false)` when it was not.
    ///
    /// Blocks while the file is hashed: not for a worker.
    pub fn reload_snapshot(&self) -> Result<bool, ReloadError> {
        if self.node.is_some() {
            return Ok(false);
        }
        let mut in_force = self.in_force.lock();
        let path = in_force.snapshot_file.path.clone();
        let file = SnapshotFile::of(&path);
        if file == in_force.snapshot_file || file.identity.is_none() {
            return Ok(false);
        }
        // Looked at once, taken or refused: the same bad file is not read again every few seconds.
        in_force.snapshot_file = file;
        let now = self.engine.clock.now();
        match self.candidate(&path, &in_force.settings) {
            Ok(snapshot) => {
                self.swap_snapshot(snapshot, now);
                Ok(true)
            }
            Err(error) => {
                tracing::error!(%error, "snapshot refused; the one in force stays");
                self.count("snapshot", false);
                self.status.snapshot_refused(now, error.to_string());
                Err(error)
            }
        }
    }

    /// Opens and judges a candidate.
    fn candidate(&self, path: &Path, settings: &Settings) -> Result<Arc<Snapshot>, ReloadError> {
        let snapshot =
            Snapshot::open_at(path, Pace::Beside).map_err(|error| ReloadError::Snapshot {
                path: path.to_owned(),
                error,
            })?;
        let before = self.engine.current.pin().snapshot().counts();
        let thresholds = settings.snapshot.thresholds;
        thresholds
            .judge(Some(&before), &snapshot.counts())
            .map_err(|shrink| ReloadError::Shrunken {
                path: path.to_owned(),
                shrink,
            })?;
        Ok(Arc::new(snapshot))
    }

    fn swap_snapshot(&self, snapshot: Arc<Snapshot>, now: Time) {
        let old = Arc::clone(&self.engine.current.pin().directory);
        let directory = Arc::new(old.onto(Arc::clone(&snapshot)));
        self.engine.current.swap_directory(directory);
        tell_snapshot(self, &snapshot, now);
        tracing::info!(
            from = old.snapshot().generation(),
            to = snapshot.generation(),
            people = snapshot.counts().people,
            "snapshot swapped"
        );
        reap(old);
    }

    pub(super) fn count(&self, what: &str, taken: bool) {
        let service = &self.metrics.service;
        service
            .reloads
            .with_label_values(&[what, if taken { "taken" } else { "refused" }])
            .inc();
        service
            .last_reload_success
            .with_label_values(&[what])
            .set(i64::from(taken));
    }
}

/// Unmapping gigabytes takes time: the last reference is dropped here and not by the access that held it.
pub(super) fn reap(old: Arc<Directory>) {
    let reaper = std::thread::Builder::new()
        .name("snapshot-reaper".to_owned())
        .spawn(move || {
            // Not idle: put aside while it gives gigabytes back, it would keep others from asking for memory.
            //
            // Accesses may hold other directories of the same snapshot, from before the last change.
            let snapshot = Arc::clone(old.snapshot());
            drop(old);
            while Arc::strong_count(&snapshot) > 1 {
                std::thread::sleep(Duration::from_millis(100));
            }
            drop(snapshot);
        });
    if let Err(error) = reaper {
        tracing::warn!(%error, "no thread for the old snapshot; its last access drops it");
    }
}

/// Looks whether the snapshot file was replaced, every `watch_seconds`, until the gateway is gone.
pub async fn watch(running: Weak<Running>) {
    loop {
        let Some(every) = running
            .upgrade()
            .map(|running| running.in_force.lock().settings.snapshot.watch)
        else {
            return;
        };
        tokio::time::sleep(every.unwrap_or(Duration::from_secs(5))).await;
        let Some(running) = running.upgrade() else {
            return;
        };
        if every.is_some() {
            // An error is told where it is found.
            let _ = tokio::task::spawn_blocking(move || running.reload_snapshot()).await;
        }
    }
}

/// Metrics and status after a configuration was taken.
pub(super) fn tell_configuration(running: &Running, ends: &[End], now: Time) {
    running.count("configuration", true);
    running.status.configuration_taken(now);
    let service = &running.metrics.service;
    service
        .last_reload
        .with_label_values(&["configuration"])
        .set(seconds(now));
    for family in [
        &service.certificate_not_after,
        &service.metadata_valid_until,
        &service.legacy_until,
    ] {
        family.reset();
    }
    for end in ends {
        let at = seconds(end.at);
        let certificate = |usage| {
            service
                .certificate_not_after
                .with_label_values(&[usage, end.name.as_str()])
                .set(at)
        };
        match end.what {
            Ending::TlsCertificate => certificate("tls"),
            Ending::SigningCertificate => certificate("signing"),
            Ending::DecryptionCertificate => certificate("decryption"),
            Ending::Metadata => service
                .metadata_valid_until
                .with_label_values(&[&end.name])
                .set(at),
            Ending::Legacy(kind) => service
                .legacy_until
                .with_label_values(&[end.name.as_str(), kind])
                .set(at),
        }
    }
    service.partners.reset();
    let pinned = running.engine.current.pin();
    for (kind, _, disabled, _) in pinned.trust.inventory() {
        let state = if disabled { "disabled" } else { "enabled" };
        service.partners.with_label_values(&[kind, state]).inc();
    }
}

/// Metrics and status after a snapshot was taken.
pub(super) fn tell_snapshot(running: &Running, snapshot: &Snapshot, now: Time) {
    running.count("snapshot", true);
    running.status.snapshot_taken(now);
    let service = &running.metrics.service;
    let counts = snapshot.counts();
    service
        .last_reload
        .with_label_values(&["snapshot"])
        .set(seconds(now));
    service
        .snapshot_generation
        .set(whole(snapshot.generation()));
    service
        .snapshot_built
        .set(seconds(Time::from_unix_seconds(snapshot.built_at())));
    service.snapshot_people.set(counts.people.into());
    service
        .snapshot_subscriptions
        .set(counts.subscriptions.into());
}

/// The keys that a running process cannot change.
fn needs_restart(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let mut keys = Vec::new();
    let mut differs = |key, differs: bool| {
        if differs {
            keys.push(key);
        }
    };
    differs("[listen]", {
        let (old, new) = (&old.listen, &new.listen);
        old.public.value != new.public.value
            || old.admin.value != new.admin.value
            || old.workers != new.workers
    });
    differs("[store]", {
        let facts = |settings: &Settings| {
            settings.store.as_ref().map(|store| {
                let keys: Vec<_> = store
                    .public_keys
                    .iter()
                    .map(|key| key.value.clone())
                    .collect();
                let names = [&store.url, &store.environment, &store.directory];
                (
                    names.map(|name| name.value.clone()),
                    keys,
                    store.poll,
                    store.keep,
                )
            })
        };
        facts(old) != facts(new)
    });
    differs(
        "[state] directory",
        old.state.directory.value != new.state.directory.value,
    );
    differs("[audit]", {
        let (old, new) = (&old.audit, &new.audit);
        old.directory.value != new.directory.value
            || old.policy != new.policy
            || old.segment_bytes != new.segment_bytes
            || old.sync != new.sync
    });
    differs(
        "[limits] connections, header_bytes or a time of connections",
        {
            let (old, new) = (&old.limits, &new.limits);
            old.connections != new.connections
                || old.header_bytes != new.header_bytes
                || old.handshake != new.handshake
                || old.header != new.header
                || old.idle != new.idle
        },
    );
    keys
}

fn lines(error: &ReloadError) -> Vec<String> {
    match error {
        ReloadError::Configuration(problems) => problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(ToString::to_string)
            .collect(),
        other => vec![other.to_string()],
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 fit a double for millions of years"
)]
pub(super) fn seconds(time: Time) -> f64 {
    time.unix_millis() as f64 / 1000.0
}

pub(super) fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
