//! `octroi snapshot {build,check,show}`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use octroi_entitlements::{BuildError, BuildOptions, BuildReport, Sources, build};
use octroi_saml::Time;

use super::diff::Diff;
use super::progress::Shown;
use super::publish::{Activate, Gc, List, Publish, Rollback};
use super::{Ended, complain, say};
use crate::clock::system_now;

/// Build, check or show a snapshot of the directory.
#[derive(Debug, Subcommand)]
pub(super) enum Snapshot {
    /// Build a snapshot from a source directory.
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

/// Build a snapshot from a source directory.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The source directory (docs/directory.md says what is in it).
    source: PathBuf,
    /// The snapshot file, replaced by rename when the build succeeds.
    out: PathBuf,
    /// Portals' segments, as `octroi collect` leaves them; their people are added to those of the tables.
    #[arg(long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
    /// Generation number; one more than the previous snapshot's when absent.
    #[arg(long)]
    generation: Option<u64>,
    /// The snapshot in force, compared with the new one; the file at OUT when absent.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// A publisher whose pseudonym domain is meant to change. May be repeated.
    #[arg(long, value_name = "ID")]
    rekeyed: Vec<String>,
    /// Lines of one table that may be set aside before the ratio counts.
    #[arg(long, default_value_t = BuildOptions::default().max_set_aside)]
    max_set_aside: u64,
    /// Share of one table's lines that may be set aside.
    #[arg(long, default_value_t = BuildOptions::default().max_set_aside_ratio)]
    max_set_aside_ratio: f64,
    /// Report in JSON.
    #[arg(long)]
    json: bool,
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
            Self::List(list) => list.run(),
            Self::Show { file, json } => show(file, *json),
        };
        done.unwrap_or_else(|error| {
            complain(error);
            Ended::Failed
        })
    }
}

impl Build {
    fn run(&self) -> Result<Ended, String> {
        let previous = self
            .previous
            .clone()
            .or_else(|| self.out.exists().then(|| self.out.clone()));
        // Only its head is wanted; the build compares the rest.
        let before = match &previous {
            Some(file) => Some(
                octroi_entitlements::Snapshot::open_without_hashing(file)
                    .map_err(|error| format!("{}: {error}", file.display()))?,
            ),
            None => None,
        };
        let following = before.as_ref().map(|it| it.generation().saturating_add(1));
        let generation = self.generation.or(following).unwrap_or(1);
        // The same key as before, so that `octroi snapshot diff` knows people again.
        let hash_key = before
            .as_ref()
            .map(octroi_entitlements::Snapshot::fingerprint_key);
        drop(before);
        let options = BuildOptions {
            generation,
            built_at: system_now().unix_seconds(),
            max_set_aside: self.max_set_aside,
            max_set_aside_ratio: self.max_set_aside_ratio,
            previous,
            hash_key,
            rekeyed: self.rekeyed.clone(),
            ..BuildOptions::default()
        };
        let mut sources = Sources::tables(&self.source);
        if let Some(directory) = &self.directory {
            sources = sources.with_directory(directory);
        }
        let shown = Shown::new();
        let built = build(&sources, &self.out, &options, &shown);
        shown.end();
        match built {
            Ok(report) => {
                say(&if self.json {
                    json(&report)?
                } else {
                    self.words(&report, generation)
                });
                Ok(Ended::Fine)
            }
            Err(BuildError::Io { path, error }) => Err(format!("{path}: {error}")),
            Err(error) => {
                if let BuildError::TooManySetAside { listed, .. } = &error {
                    listed.iter().for_each(|line| say(&format!("{line}\n")));
                }
                complain(format!("refused: {error}"));
                Ok(Ended::Refused)
            }
        }
    }

    fn words(&self, report: &BuildReport, generation: u64) -> String {
        let mut text = String::new();
        for line in &report.set_aside {
            let _ = writeln!(text, "set aside: {line}");
        }
        for (file, table) in &report.files {
            let _ = writeln!(
                text,
                "{file:<24} {:>10} lines {:>10} taken {:>6} set aside",
                table.lines, table.taken, table.set_aside
            );
        }
        let _ = writeln!(
            text,
            "{}: generation {generation}, {} people, {} resources, {} subscriptions, {} bytes, {} set aside, digest {}",
            self.out.display(),
            report.counts.people,
            report.counts.resources,
            report.counts.subscriptions,
            report.bytes,
            report.set_aside_total(),
            report.digest
        );
        text
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
        "{}\n  generation      {}\n  built at        {built_at}\n  digest          {}\n  sources         {}\n  bytes           {}\n",
        file.display(),
        snapshot.generation(),
        snapshot.digest(),
        snapshot.sources_digest(),
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

fn json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| error.to_string())
}
