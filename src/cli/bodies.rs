//! Which body a command means: a file, a root hash, a generation, or what is in force; with the changes since.
//!
//! A node's own copies are asked first, then the store. A body that is only in the store is fetched to a file that is
//! gone as soon as it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use octroi_entitlements::{Directory, Pace, Snapshot};

use super::complain;
use super::publish::{Store, settings};
use crate::config::Settings;
use crate::store::fetch::fetch;
use crate::store::is_digest;
use crate::store::local::{body_in, read_log_in};
use crate::store::log::{self, Log};
use crate::store::manifest::BodyFacts;
use crate::store::own;
use crate::store::publish::{manifests, newest};

/// Which body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// What is in force.
    Current,
    /// A file.
    File(PathBuf),
    /// The body with this root hash.
    Root(String),
    /// The newest body of this generation.
    Generation(u64),
}

impl Which {
    /// `current`, a root hash, or a file.
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "current" => Self::Current,
            root if is_digest(root) => Self::Root(root.to_owned()),
            file => Self::File(PathBuf::from(file)),
        }
    }
}

/// Opens a body with the changes since. Without `config` it must be a file, and there are no changes.
pub(super) fn directory(config: Option<&Path>, which: &Which) -> Result<Directory, String> {
    let store = match config {
        Some(config) => settings(config)?.map(|_| Store {
            config: config.to_owned(),
        }),
        None => None,
    };
    match (store, config, which) {
        (Some(store), ..) => from_store(&store, which),
        (None, _, Which::File(file)) => Ok(Directory::bare(Arc::new(read(file)?))),
        (None, Some(config), Which::Current) => {
            Ok(Directory::bare(Arc::new(read(&path_of(config)?)?)))
        }
        (None, ..) => Err("only files can be named without [store] url".to_owned()),
    }
}

fn read(file: &Path) -> Result<Snapshot, String> {
    Snapshot::open(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// `[snapshot] path` of a configuration. Only the path is wanted: keys need not be readable for whoever asks.
fn path_of(config: &Path) -> Result<PathBuf, String> {
    let text = std::fs::read_to_string(config)
        .map_err(|error| format!("{}: {error}", config.display()))?;
    let (settings, _) = Settings::read(config, &text);
    if settings.snapshot.path.is_empty() {
        return Err(format!("{}: no [snapshot] path", config.display()));
    }
    let base = config.parent().unwrap_or(Path::new(""));
    Ok(base.join(&settings.snapshot.path.value))
}

fn from_store(store: &Store, which: &Which) -> Result<Directory, String> {
    let opened = store.open()?;
    let folder = opened.base.join(&opened.settings.directory.value);
    let environment = &opened.settings.environment.value;
    let own = own::manifest(&folder, &opened.keys).map_err(|error| error.to_string())?;
    if let (Which::Current, Some(own)) = (which, &own) {
        // What this node has in force, whatever the store says by now.
        let mut log = Log::new(environment);
        read_log_in(&folder, &opened.keys, &mut log).map_err(|error| error.to_string())?;
        let snapshot = read(&body_in(&folder, &own.body.root))?;
        return Ok(Directory::new(Arc::new(snapshot), log.entries()));
    }
    let told = |error: crate::store::publish::PublishError| error.to_string();
    let facts = match which {
        Which::File(_) => None,
        Which::Current => {
            let newest = opened
                .runtime
                .block_on(newest(&opened.remote, &opened.keys))
                .map_err(told)?;
            Some(newest.ok_or("the store has no manifest")?.document.body)
        }
        Which::Root(_) | Which::Generation(_) => {
            let all = opened
                .runtime
                .block_on(manifests(&opened.remote, &opened.keys))
                .map_err(told)?;
            let bodies = all.into_iter().map(|manifest| manifest.body);
            let found = bodies.into_iter().find(|body| match which {
                Which::Root(root) => body.root == *root,
                Which::Generation(generation) => body.generation == *generation,
                _ => false,
            });
            Some(found.ok_or("no manifest names such a body")?)
        }
    };
    let snapshot = match (which, facts) {
        (Which::File(file), _) => read(file)?,
        (_, Some(facts)) => {
            let own = body_in(&folder, &facts.root);
            if own.exists() {
                read(&own)?
            } else {
                fetched(&opened, &facts)?
            }
        }
        (_, None) => return Err("no body is named".to_owned()),
    };
    let log = opened
        .runtime
        .block_on(log::load(&opened.remote, &opened.keys, environment));
    let log = match log {
        Ok(log) => log,
        Err(error) => {
            complain(format!("{error}: asking this node's copy of the changes"));
            let mut log = Log::new(environment);
            read_log_in(&folder, &opened.keys, &mut log).map_err(|error| error.to_string())?;
            log
        }
    };
    Ok(Directory::new(Arc::new(snapshot), log.entries()))
}

fn fetched(opened: &super::publish::Opened, facts: &BodyFacts) -> Result<Snapshot, String> {
    let name = format!("octroi-{}-{}.octroi", std::process::id(), facts.root);
    let file = std::env::temp_dir().join(name);
    let fetched = opened
        .runtime
        .block_on(fetch(&opened.remote, facts, &file, Pace::Whole))
        .map_err(|error| error.to_string())
        .and_then(|()| read(&file));
    // Reading has taken it into memory.
    let _ = std::fs::remove_file(&file);
    fetched
}
