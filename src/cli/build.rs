//! `octroi snapshot build`: tables, portals' segments and the log of changes become a body.
//!
//! With a configuration that has `[store]`, the log is read from the store, verified, and taken in up to its head. A
//! build never goes on past an entry that it could not verify, and never without entries that were collected before
//! the tables came to contain them: rights would be gone without a word.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use octroi_entitlements::overlay::Entry;
use octroi_entitlements::{
    BuildError, BuildOptions, BuildReport, Pace, SnapshotError, Sources, build,
};

use super::progress::Shown;
use super::publish::Store;
use super::snapshot::json;
use super::{Ended, complain, say};
use crate::clock::system_now;
use crate::store::log::{self, Log, LogError};
use crate::store::publish::{PublishError, newest};

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
    /// A configuration with [store]: its log of changes is verified and taken in, up to its head.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The last entry of the log that the tables contain already: only later ones are taken in.
    #[arg(
        long,
        value_name = "SEQUENCE",
        default_value_t = 0,
        requires = "config"
    )]
    contained: u64,
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
    /// How many entries set aside of each table the report lists; all are counted.
    #[arg(long, default_value_t = BuildOptions::default().listed)]
    listed: usize,
    /// A gateway serves on this machine: takes one thread, and rests while the snapshot goes to the disk.
    #[arg(long)]
    beside: bool,
    /// Report in JSON.
    #[arg(long)]
    json: bool,
}

impl Build {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let previous = self
            .previous
            .clone()
            .or_else(|| self.out.exists().then(|| self.out.clone()));
        // Only its head is wanted; the build compares the rest.
        let before = match &previous {
            Some(file) => Some(
                octroi_entitlements::Snapshot::open_without_hashing(file).map_err(|error| {
                    let hint = match error {
                        SnapshotError::UnknownVersion { .. } => {
                            "; move it away and give --generation to build without comparing (docs/snapshot-lifecycle.md, 2)"
                        }
                        _ => "",
                    };
                    format!("{}: {error}{hint}", file.display())
                })?,
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
        let mut sources = Sources::tables(&self.source);
        if let Some(directory) = &self.directory {
            sources = sources.with_directory(directory);
        }
        let mut head = 0;
        if let Some(config) = &self.config {
            let taken = load(config)?.and_then(|log| Ok((after(&log, self.contained)?, log.end())));
            match taken {
                Ok((entries, end)) => {
                    sources = sources.with_changes(entries);
                    head = end.sequence;
                }
                Err(why) => {
                    complain(format!("refused: {why}"));
                    return Ok(Ended::Refused);
                }
            }
        }
        let options = BuildOptions {
            generation,
            overlay_sequence: self.contained,
            built_at: system_now().unix_seconds(),
            max_set_aside: self.max_set_aside,
            max_set_aside_ratio: self.max_set_aside_ratio,
            listed: self.listed,
            previous,
            hash_key,
            rekeyed: self.rekeyed.clone(),
            pace: if self.beside {
                Pace::Beside
            } else {
                Pace::Whole
            },
            ..BuildOptions::default()
        };
        let shown = Shown::new();
        let built = build(&sources, &self.out, &options, &shown);
        shown.end();
        match built {
            Ok(report) => {
                say(&if self.json {
                    json(&report)?
                } else {
                    self.words(&report, generation, head)
                });
                Ok(Ended::Fine)
            }
            Err(BuildError::Io { path, error }) => {
                let hint = self.hint(&path, &error);
                Err(format!("{path}: {error}{hint}"))
            }
            Err(error) => {
                if let BuildError::TooManySetAside { listed, .. } = &error {
                    listed.iter().for_each(|line| say(&format!("{line}\n")));
                }
                complain(format!("refused: {error}"));
                Ok(Ended::Refused)
            }
        }
    }

    /// What somebody forgot whose tables have no people.
    fn hint(&self, path: &str, error: &std::io::Error) -> &'static str {
        let of_people = ["establishments", "groups", "people", "affiliations"]
            .iter()
            .any(|table| path.ends_with(&format!("{table}.tsv")));
        let absent = error.kind() == std::io::ErrorKind::NotFound;
        if absent && of_people && self.directory.is_none() {
            "; when people come from portals' deliveries, name their directory with --directory"
        } else {
            ""
        }
    }

    fn words(&self, report: &BuildReport, generation: u64, head: u64) -> String {
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
            "{}: generation {generation}, {} people, {} resources, {} subscriptions, changes to {head}, {} bytes, {} set aside, digest {}",
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

/// The store's log, verified to its end; within, why it must not be built on.
fn load(config: &Path) -> Result<Result<Log, String>, String> {
    let opened = Store {
        config: config.to_owned(),
    }
    .open()?;
    let (remote, keys) = (&opened.remote, &opened.keys);
    let environment = &opened.settings.environment.value;
    // Before the log, which may grow meanwhile.
    let newest = match opened.runtime.block_on(newest(remote, keys)) {
        Ok(newest) => newest,
        Err(PublishError::Store(error)) => return Err(error.to_string()),
        Err(error) => return Ok(Err(error.to_string())),
    };
    let log = match opened
        .runtime
        .block_on(log::load(remote, keys, environment))
    {
        Ok(log) => log,
        Err(LogError::Store(error)) => return Err(error.to_string()),
        Err(error) => return Ok(Err(format!("{}: {error}", error.code()))),
    };
    // The end of a log proves nothing by itself; the newest manifest has signed how far it was.
    Ok(match newest.map(|newest| newest.document) {
        Some(manifest) if log.passes(&manifest.log) != Some(true) => Err(format!(
            "manifest {} was signed with the log at entry {}; the store's log ends at {} or is another",
            manifest.sequence,
            manifest.log.sequence,
            log.end().sequence
        )),
        _ => Ok(log),
    })
}

/// The entries that a build takes in when the tables contain those up to `contained`.
fn after(log: &Log, contained: u64) -> Result<Vec<Arc<Entry>>, String> {
    let head = log.end().sequence;
    let collected = log.begins_after();
    if contained > head {
        return Err(format!(
            "the log ends at entry {head}: the tables cannot contain it up to {contained}"
        ));
    }
    if contained < collected {
        return Err(format!(
            "entries up to {collected} were collected from the log: when the tables contain them, say so with \
             --contained {collected}"
        ));
    }
    let later = log.entries().iter();
    Ok(later
        .filter(|entry| entry.sequence > contained)
        .cloned()
        .collect())
}
