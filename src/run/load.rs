//! A configuration file and everything that it names, read whole.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use octroi_entitlements::Snapshot;
use octroi_saml::Time;

use crate::config::{Place, Problems, Settings};
use crate::store::public_keys;
use crate::trust::compile::{Compiled, compare_with_snapshot, compile};

/// No configuration file is longer.
const LONGEST: u64 = 16 << 20;

/// What a configuration file says, and what is wrong with it.
#[derive(Debug)]
pub struct Loaded {
    /// The settings; defaults stand where a value could not be read.
    pub settings: Settings,
    /// What they became; `None` when there was an error.
    pub compiled: Option<Compiled>,
    /// Errors and warnings in the order of the file.
    pub problems: Problems,
    base: PathBuf,
}

impl Loaded {
    /// A path that the settings name, from where the process stands.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.base.join(name)
    }

    /// The folder that relative paths of the settings begin at.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Opens the snapshot that the settings name and compares both. Errors and warnings join the others.
    /// `None` without a problem when snapshots come from a store.
    pub fn snapshot(&mut self) -> Option<Snapshot> {
        if self.settings.store.is_some() {
            return None;
        }
        let named = &self.settings.snapshot.path;
        if named.is_empty() {
            return None;
        }
        let path = self.base.join(&named.value);
        match Snapshot::open(&path) {
            Ok(snapshot) => {
                compare_with_snapshot(&self.settings, &snapshot, &mut self.problems);
                self.problems.sort();
                Some(snapshot)
            }
            Err(error) => {
                let what = format!("{}: {error}", path.display());
                self.problems
                    .error(named.place, what, "build one with `octroi snapshot build`");
                self.problems.sort();
                None
            }
        }
    }
}

/// Reads a configuration file and compiles it.
#[must_use]
pub fn load(file: &Path, now: Time) -> Loaded {
    // The parent of a bare name is empty, which is no folder that can be looked at.
    let base = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut text = String::new();
    let read =
        File::open(file).and_then(|opened| opened.take(LONGEST + 1).read_to_string(&mut text));
    let trouble = match read {
        Ok(_) if text.len() as u64 > LONGEST => Some(format!("longer than {LONGEST} bytes")),
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    };
    if let Some(what) = trouble {
        // Only this is told: that every key is missing from an unreadable file helps nobody.
        let (settings, _) = Settings::read(file, "");
        let mut problems = Problems::new(file);
        problems.error(Place::default(), what, "name a readable configuration file");
        return Loaded {
            settings,
            compiled: None,
            problems,
            base,
        };
    }
    let (settings, mut problems) = Settings::read(file, &text);
    let compiled = compile(&settings, &base, now, &mut problems);
    if let Some(store) = &settings.store
        && let Err((place, what)) = public_keys(store, &base)
    {
        let remedy = "name PEM files of Ed25519 public keys (`openssl pkey -pubout`)";
        problems.error(place, what, remedy);
    }
    // A problem that was found late counts like one that was found early.
    let compiled = compiled.filter(|_| problems.counts().0 == 0);
    problems.sort();
    Loaded {
        settings,
        compiled,
        problems,
        base,
    }
}
