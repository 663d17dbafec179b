//! `octroi snapshot {publish,activate,rollback,gc,list}`: what a publisher does with a store.
//!
//! Only `[store]` of the configuration is read, so that a publisher needs no other file than that and its key.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use octroi_entitlements::Counts;

use super::{Ended, complain, say};
use crate::clock::system_now;
use crate::config::StoreSettings;
use crate::store::manifest::{BodyFacts, Manifest, Why};
use crate::store::publish::{Publisher, manifests, newest};
use crate::store::{
    Keys, Remote, Thresholds, fetch::body_name, is_digest, public_keys, secret_key,
};

/// Where the store is.
#[derive(Debug, Args)]
pub(super) struct Store {
    /// A configuration with [store].
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
}

/// An open store of the command line.
pub(super) struct Opened {
    pub(super) settings: StoreSettings,
    pub(super) base: PathBuf,
    pub(super) remote: Remote,
    pub(super) keys: Keys,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl Store {
    pub(super) fn settings(&self) -> Result<(StoreSettings, PathBuf), String> {
        settings(&self.config)?.ok_or_else(|| format!("{}: no [store] url", self.config.display()))
    }

    pub(super) fn open(&self) -> Result<Opened, String> {
        // What a command writes into a folder is personal data: nothing for others of the machine.
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o027));
        let (settings, base) = self.settings()?;
        let keys = public_keys(&settings, &base).map_err(|(_, error)| error)?;
        let remote = Remote::open(&settings.url, &base).map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Opened {
            settings,
            base,
            remote,
            keys,
            runtime,
        })
    }

    /// The store with the secret key.
    pub(super) fn publisher(&self) -> Result<(Opened, Publisher), String> {
        let opened = self.open()?;
        let secret = secret_key(&opened.settings, &opened.base)?;
        // A manifest that nobody takes would stand in the way of every later one.
        if !opened.keys.trust(&secret) {
            return Err(format!(
                "[store] private_key (key {}) belongs to none of public_keys: nodes would refuse what it signs; add its \
                 public half there and at every node first",
                secret.id().get(..16).unwrap_or_default()
            ));
        }
        let publisher = Publisher {
            remote: opened.remote.clone(),
            keys: opened.keys.clone(),
            secret,
            environment: opened.settings.environment.value.clone(),
        };
        Ok((opened, publisher))
    }
}

/// `[store]` of a configuration, and the folder that its paths begin at.
pub(super) fn settings(config: &Path) -> Result<Option<(StoreSettings, PathBuf)>, String> {
    let text = std::fs::read_to_string(config)
        .map_err(|error| format!("{}: {error}", config.display()))?;
    let (settings, problems) = StoreSettings::read(config, &text);
    if problems.counts().0 > 0 {
        return Err(problems.to_string());
    }
    let base = config.parent().map(Path::to_owned).unwrap_or_default();
    Ok(settings.map(|settings| (settings, base)))
}

/// Check every record of a body and upload it under its root hash; nothing is put in force.
#[derive(Debug, Args)]
pub(super) struct Publish {
    #[command(flatten)]
    store: Store,
    /// The snapshot file.
    file: PathBuf,
}

impl Publish {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let (opened, publisher) = self.store.publisher()?;
        let facts = opened
            .runtime
            .block_on(publisher.upload(&self.file))
            .map_err(|error| error.to_string())?;
        say(&format!(
            "{}: generation {}, {} people, {} bytes\n",
            body_name(&facts.root),
            facts.generation,
            facts.counts.people,
            facts.bytes
        ));
        Ok(Ended::Fine)
    }
}

/// Put a body in force at every node: upload it if needed, and sign the next manifest.
#[derive(Debug, Args)]
pub(super) struct Activate {
    #[command(flatten)]
    store: Store,
    /// The snapshot file, or the root hash of a body that a manifest has named before.
    body: String,
    /// Somebody has looked at `octroi snapshot diff` and the loss is meant: thresholds are not asked.
    #[arg(long)]
    approved: bool,
}

impl Activate {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let (opened, publisher) = self.store.publisher()?;
        let told = |error: crate::store::publish::PublishError| error.to_string();
        let body = if is_digest(&self.body) {
            let all = opened
                .runtime
                .block_on(manifests(&opened.remote, &opened.keys))
                .map_err(told)?;
            all.into_iter()
                .map(|manifest| manifest.body)
                .find(|body| body.root == self.body)
                .ok_or_else(|| format!("no manifest has named {}: give the file", self.body))?
        } else {
            opened
                .runtime
                .block_on(publisher.upload(Path::new(&self.body)))
                .map_err(told)?
        };
        let before = opened
            .runtime
            .block_on(newest(&opened.remote, &opened.keys))
            .map_err(told)?;
        if let Some(before) = before
            && let Err(refused) = self.plausible(&before.document.body, &body)?
        {
            let meant = match self.approved {
                false => {
                    "; `octroi snapshot diff` says who loses what; if that is meant, add --approved"
                }
                true => "; nobody means to lose all of them",
            };
            say(&format!(
                "refused: {refused}; nodes would refuse it, too{meant}\n"
            ));
            return Ok(Ended::Refused);
        }
        let manifest = opened
            .runtime
            .block_on(publisher.activate(body, Why::Build, self.approved, system_now()))
            .map_err(told)?;
        say(&line(&manifest));
        Ok(Ended::Fine)
    }

    fn plausible(
        &self,
        before: &BodyFacts,
        body: &BodyFacts,
    ) -> Result<Result<(), crate::store::Shrink>, String> {
        let thresholds = match self.approved {
            true => Thresholds::MEANT,
            false => thresholds(&self.store.config)?,
        };
        let counts = |body: &BodyFacts| Counts {
            people: body.counts.people,
            establishments: body.counts.schools,
            subscriptions: body.counts.subscriptions,
            ..Counts::default()
        };
        Ok(thresholds.judge(Some(&counts(before)), &counts(body)))
    }
}

fn thresholds(config: &Path) -> Result<Thresholds, String> {
    let text = std::fs::read_to_string(config)
        .map_err(|error| format!("{}: {error}", config.display()))?;
    // A publisher's file has no other section: their absence is no problem here.
    Ok(crate::config::Settings::read(config, &text)
        .0
        .snapshot
        .thresholds)
}

/// Put an older body in force again, by a new manifest. Changes since are applied on it: nobody revoked comes back.
#[derive(Debug, Args)]
pub(super) struct Rollback {
    #[command(flatten)]
    store: Store,
    /// The manifest whose body comes back; that of the newest other body when absent.
    #[arg(long, value_name = "SEQUENCE")]
    to: Option<u64>,
}

impl Rollback {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let (opened, publisher) = self.store.publisher()?;
        let manifest = opened
            .runtime
            .block_on(publisher.rollback(self.to, system_now()))
            .map_err(|error| error.to_string())?;
        say(&line(&manifest));
        Ok(Ended::Fine)
    }
}

/// Remove old bodies, their manifests, and the changes that every kept body contains.
#[derive(Debug, Args)]
pub(super) struct Gc {
    #[command(flatten)]
    store: Store,
    /// Bodies to keep; `[store] keep` when absent.
    #[arg(long)]
    keep: Option<usize>,
}

impl Gc {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let (opened, publisher) = self.store.publisher()?;
        let keep = self.keep.unwrap_or(opened.settings.keep);
        let done = opened
            .runtime
            .block_on(publisher.collect(keep, system_now()))
            .map_err(|error| error.to_string())?;
        for name in &done.removed {
            say(&format!("removed {name}\n"));
        }
        say(&format!(
            "{} bodies kept, {} objects removed, the log begins after entry {}\n",
            done.kept.len(),
            done.removed.len(),
            done.log_begins_after
        ));
        Ok(Ended::Fine)
    }
}

/// List the manifests of a store, newest first.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    store: Store,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let opened = self.store.open()?;
        let all = opened
            .runtime
            .block_on(manifests(&opened.remote, &opened.keys))
            .map_err(|error| error.to_string())?;
        if self.json {
            let json = serde_json::to_string_pretty(&all).map_err(|error| error.to_string())?;
            say(&format!("{json}\n"));
        } else {
            let lines = all.iter().fold(String::new(), |mut text, manifest| {
                let _ = write!(text, "{}", line(manifest));
                text
            });
            say(&lines);
        }
        Ok(if all.is_empty() {
            complain("the store has no manifest yet: `octroi snapshot activate` signs the first");
            Ended::Refused
        } else {
            Ended::Fine
        })
    }
}

fn line(manifest: &Manifest) -> String {
    let body = &manifest.body;
    let reason = match manifest.reason {
        Why::Build => "build",
        Why::Rollback => "rollback",
    };
    format!(
        "manifest {} of {}: {reason}, generation {}, {} people, changes to {} (in the body to {}), body {}\n",
        manifest.sequence,
        manifest.at,
        body.generation,
        body.counts.people,
        manifest.log.sequence,
        body.overlay_sequence,
        body.root
    )
}
