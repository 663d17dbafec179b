//! `octroi snapshot {check,show}`, and where its other commands are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use octroi_saml::Time;

use super::build::Build;
use super::diff::Diff;
use super::publish::{Activate, Gc, List, Publish, Rollback};
use super::{Ended, complain, say};

/// Build, check or show a snapshot of the directory.
#[derive(Debug, Subcommand)]
pub(super) enum Snapshot {
    /// Build a snapshot from a source directory, and with a store from its log of changes.
    Build(Build),
    /// Make a copy of production for another environment, in which nobody is to be found again.
    Anonymise(super::anonymise::Anonymise),
    /// Read every record of a snapshot.
    Check {
        /// The snapshot file.
        file: PathBuf,
    },
    /// Check every record of a body and upload it under its root hash; nothing is put in force.
    Publish(Publish),
    /// Put a body in force at every node: upload it if needed, and sign the next manifest.
    Activate(Activate),
    /// Say whom another body would let in or shut out, by school and resource.
    Diff(Diff),
    /// Put an older body in force again, by a new manifest. Changes since are applied on it: nobody revoked comes back.
    Rollback(Rollback),
    /// Remove old bodies, their manifests, and the changes that every kept body contains.
    Gc(Gc),
    /// Write the map from old pseudonyms to new ones, for a publisher whose pseudonym domain changes.
    Rekey(super::rekey::Rekey),
    /// List the manifests of a store, newest first.
    List(List),
    /// Show what a snapshot is.
    Show {
        /// The snapshot file.
        file: PathBuf,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
}

impl Snapshot {
    pub(super) fn run(&self) -> Ended {
        let done = match self {
            Self::Build(build) => build.run(),
            Self::Anonymise(anonymise) => anonymise.run(),
            Self::Check { file } => check(file),
            Self::Publish(publish) => publish.run(),
            Self::Activate(activate) => activate.run(),
            Self::Diff(diff) => diff.run(),
            Self::Rollback(rollback) => rollback.run(),
            Self::Gc(gc) => gc.run(),
            Self::Rekey(rekey) => rekey.run(),
            Self::List(list) => list.run(),
            Self::Show { file, json } => show(file, *json),
        };
        done.unwrap_or_else(|error| {
            complain(error);
            Ended::Failed
        })
    }
}

fn check(file: &Path) -> Result<Ended, String> {
    let checked = octroi_entitlements::Snapshot::open(file).and_then(|snapshot| {
        snapshot.check()?;
        Ok(snapshot)
    });
    match checked {
        Ok(snapshot) => {
            let text = format!(
                "{}: sound: generation {}, digest {}\n",
                file.display(),
                snapshot.generation(),
                snapshot.digest()
            );
            say(&text);
            Ok(Ended::Fine)
        }
        Err(octroi_entitlements::SnapshotError::Io(error)) => {
            Err(format!("{}: {error}", file.display()))
        }
        Err(error) => {
            say(&format!("{}: {error}\n", file.display()));
            Ok(Ended::Refused)
        }
    }
}

fn show(file: &Path, as_json: bool) -> Result<Ended, String> {
    let snapshot = open(file)?;
    let built_at = Time::from_unix_seconds(snapshot.built_at()).to_string();
    let counts = snapshot.counts();
    if as_json {
        let value = serde_json::json!({
            "generation": snapshot.generation(),
            "built_at": built_at,
            "digest": snapshot.digest(),
            "sources_digest": snapshot.sources_digest(),
            "overlay_sequence": snapshot.overlay_sequence(),
            "bytes": snapshot.size(),
            "counts": counts,
            "sections": snapshot.sections().collect::<std::collections::BTreeMap<_, _>>(),
        });
        say(&json(&value)?);
        return Ok(Ended::Fine);
    }
    let mut text = format!(
        "{}\n  generation      {}\n  built at        {built_at}\n  digest          {}\n  sources         {}\n  changes to      {}\n  bytes           {}\n",
        file.display(),
        snapshot.generation(),
        snapshot.digest(),
        snapshot.sources_digest(),
        snapshot.overlay_sequence(),
        snapshot.size(),
    );
    for (name, count) in [
        ("ENT projects", counts.ents),
        ("establishments", counts.establishments),
        ("groups", counts.groups),
        ("people", counts.people),
        ("publishers", counts.publishers),
        ("resources", counts.resources),
        ("subscriptions", counts.subscriptions),
    ] {
        let _ = writeln!(text, "  {name:<15} {count}");
    }
    for (name, octets) in snapshot.sections() {
        let _ = writeln!(text, "  section {name:<24} {octets:>12} bytes");
    }
    say(&text);
    Ok(Ended::Fine)
}

fn open(file: &Path) -> Result<octroi_entitlements::Snapshot, String> {
    octroi_entitlements::Snapshot::open(file)
        .map_err(|error| format!("{}: {error}", file.display()))
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| error.to_string())
}
