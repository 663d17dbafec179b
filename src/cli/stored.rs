//! What `octroi check` looks at of a `[store]`: keys, the newest manifest, and the copies that a node starts from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::{Problems, Settings, StoreSettings};
use crate::store::manifest::Manifest;
use crate::store::own::{Own, OwnError, own};
use crate::store::publish::{PublishError, newest};
use crate::store::{Keys, Remote, public_keys, secret_key};
use crate::trust::compile::compare_with_snapshot;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A `[store]` whose keys are good.
pub(super) struct Stored<'s> {
    settings: &'s StoreSettings,
    base: PathBuf,
    keys: Keys,
}

impl<'s> Stored<'s> {
    /// Reads the keys.
    pub(super) fn new(
        settings: &'s StoreSettings,
        base: &Path,
        problems: &mut Problems,
    ) -> Option<Self> {
        let keys = match public_keys(settings, base) {
            Ok(keys) => keys,
            Err((place, what)) => {
                let remedy = "name PEM files of Ed25519 public keys (`openssl pkey -pubout`)";
                // Reading the gateway's file has told it already.
                if !problems
                    .iter()
                    .any(|known| known.place == place && known.what == what)
                {
                    problems.error(place, what, remedy);
                }
                return None;
            }
        };
        if let Some(named) = &settings.private_key {
            match secret_key(settings, base) {
                Ok(secret) if keys.trust(&secret) => {}
                Ok(_) => problems.error(
                    named.place,
                    "this key belongs to none of public_keys",
                    "nodes would refuse what it signs; add its public half here and at every node first",
                ),
                Err(what) => problems.error(named.place, what, "nothing can be published without it"),
            }
        }
        Some(Self {
            settings,
            base: base.to_owned(),
            keys,
        })
    }

    /// The newest manifest of the store.
    pub(super) fn newest(&self, problems: &mut Problems) -> Option<Manifest> {
        let url = &self.settings.url;
        let away = "a node serves and starts from its own copies meanwhile; nothing new arrives, nobody can be revoked";
        // Opening one makes its folder.
        if let Some(folder) = Remote::folder(url, &self.base)
            && !folder.is_dir()
        {
            let what = format!("{}: no folder is there", folder.display());
            problems.warning(url.place, what, away);
            return None;
        }
        let asked = Remote::open(url, &self.base)
            .map_err(PublishError::from)
            .and_then(|remote| self.ask(&remote));
        match asked {
            Ok(Some(manifest)) if manifest.environment != self.settings.environment.value => {
                problems.error(
                    self.settings.environment.place,
                    format!(
                        "the store's newest manifest is for the environment {:?}",
                        manifest.environment
                    ),
                    "name the store of this environment: no node follows another's",
                );
                None
            }
            Ok(Some(manifest)) => Some(manifest),
            Ok(None) => {
                let remedy = "activate a body with `octroi snapshot activate`";
                problems.warning(url.place, "nothing was ever activated in the store", remedy);
                None
            }
            Err(PublishError::Store(error)) => {
                problems.warning(url.place, error.to_string(), away);
                None
            }
            Err(error) => {
                let remedy = "public_keys lack the key that signed it, or somebody else writes to the store: \
                              docs/snapshot-lifecycle.md §4";
                problems.error(url.place, error.to_string(), remedy);
                None
            }
        }
    }

    fn ask(&self, remote: &Remote) -> Result<Option<Manifest>, PublishError> {
        let io = |error| PublishError::from(crate::store::StoreError::asking(error));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(io)?;
        let newest = runtime
            .block_on(async { tokio::time::timeout(PATIENCE, newest(remote, &self.keys)).await });
        let slow = |_| io(std::io::Error::other("no answer within ten seconds"));
        Ok(newest.map_err(slow)??.map(|newest| newest.document))
    }

    /// What a start without the store would serve.
    pub(super) fn own(&self, settings: &Settings, problems: &mut Problems) -> Option<Own> {
        let named = &self.settings.directory;
        let folder = self.base.join(&named.value);
        let environment = &self.settings.environment.value;
        let waits = "a start waits for the store (/readyz 503)";
        match own(&folder, &self.keys, environment) {
            Ok(Some(own)) => {
                compare_with_snapshot(settings, &own.snapshot, problems);
                Some(own)
            }
            Ok(None) => {
                let what = format!("{}: no copy of a snapshot yet", folder.display());
                problems.warning(named.place, what, waits);
                None
            }
            Err(error) => {
                let remedy = match &error {
                    OwnError::OtherEnvironment(_) => {
                        "name another folder, or remove this one: it belongs to a node of that environment"
                    }
                    OwnError::Manifest(_) => {
                        "public_keys lack the key that signed it: a start takes nothing of it and waits for the store"
                    }
                    OwnError::Gap { .. } => {
                        "a start waits for a newer body: build and activate one; a node that runs goes on, do not restart it"
                    }
                    _ => {
                        "a start fetches it anew and waits for the store; a node that runs goes on, do not restart it before \
                         the store answers"
                    }
                };
                problems.error(
                    named.place,
                    format!("{}: {error}", folder.display()),
                    remedy,
                );
                None
            }
        }
    }
}
