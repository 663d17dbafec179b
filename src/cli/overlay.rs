//! `octroi overlay {append,list,verify}`: changes between two builds.
//!
//! Entries name people: `list` shows them only to whoever asks for them, and nothing here logs one.

use std::io::{BufRead as _, BufReader, Read};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use octroi_entitlements::overlay::{Change, Entry};
use octroi_saml::Time;

use super::publish::Store;
use super::{Ended, complain, say};
use crate::clock::system_now;
use crate::store::local;
use crate::store::log::{self, Log, LogError};
use crate::store::manifest::Manifest;
use crate::store::publish::{PublishError, newest};

/// Append, list or verify changes between two builds.
#[derive(Debug, Subcommand)]
pub(super) enum Overlay {
    /// Append changes: one JSON object a line (docs/overlay.md). When it ends with 0 they are durable.
    Append(Append),
    /// List the entries of the log.
    List(List),
    /// Verify signatures and chain of the whole log.
    Verify(Verify),
}

impl Overlay {
    pub(super) fn run(&self) -> Ended {
        let done = match self {
            Self::Append(append) => append.run(),
            Self::List(list) => list.run(),
            Self::Verify(verify) => verify.run(),
        };
        done.unwrap_or_else(|error| {
            complain(error);
            Ended::Failed
        })
    }
}

/// Append changes to the log.
#[derive(Debug, Args)]
pub(super) struct Append {
    #[command(flatten)]
    store: Store,
    /// The changes; standard input when absent.
    file: Option<PathBuf>,
}

/// No line is longer: a subscription of 65 536 schools fits.
const LONGEST_LINE: u64 = 4 << 20;

impl Append {
    fn run(&self) -> Result<Ended, String> {
        let changes = match &self.file {
            Some(path) => std::fs::File::open(path)
                .map_err(|error| format!("{}: {error}", path.display()))
                .and_then(read)?,
            None => read(std::io::stdin())?,
        };
        if changes.is_empty() {
            return Err("no changes".to_owned());
        }
        let (opened, publisher) = self.store.publisher()?;
        let last = opened
            .runtime
            .block_on(publisher.append(&changes, system_now()))
            .map_err(|error| error.to_string())?;
        if last == changes.len() as u64 {
            complain(
                "these are the first changes in this store: make sure that [store] url is the one that nodes follow",
            );
        }
        say(&format!(
            "{} change(s), the last is {last}\n",
            changes.len()
        ));
        Ok(Ended::Fine)
    }
}

fn read(from: impl Read) -> Result<Vec<Change>, String> {
    let mut from = BufReader::new(from);
    let mut changes = Vec::new();
    for number in 1.. {
        let mut line = String::new();
        let read = (&mut from).take(LONGEST_LINE).read_line(&mut line);
        if read.map_err(|error| error.to_string())? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        // serde_json tells a value that it does not know, which may be a person: only the place is repeated.
        let change = serde_json::from_str(&line).map_err(|error| {
            format!(
                "line {number}, column {}: {}; docs/overlay.md has examples. Nothing was appended",
                error.column(),
                wrong(&line)
            )
        })?;
        changes.push(change);
        if changes.len() > log::MOST_ENTRIES {
            return Err("more changes than a log holds".to_owned());
        }
    }
    Ok(changes)
}

/// Kinds of changes.
const KINDS: [&str; 10] = [
    "subscription-put",
    "subscription-ended",
    "assignment-put",
    "assignment-ended",
    "person-revoked",
    "person-restored",
    "publisher-suspended",
    "publisher-resumed",
    "resource-suspended",
    "resource-resumed",
];

/// What is wrong with a line that is no change, without a value of it.
fn wrong(line: &str) -> String {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else {
        return "not one JSON object".to_owned();
    };
    let kind = value.get("kind").and_then(serde_json::Value::as_str);
    match kind.and_then(|kind| KINDS.into_iter().find(|known| *known == kind)) {
        Some(kind) => format!("a field is missing, unknown or wrong for {kind}"),
        None if value.get("change").is_some() => {
            "this is an entry: append its `change` alone, the log gives number and time".to_owned()
        }
        None => format!("`kind` must be one of {}", KINDS.join(", ")),
    }
}

/// List the entries of the log.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    store: Store,
    /// Only entries after this one.
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// Show what each changes; this names people.
    #[arg(long)]
    json: bool,
}

impl List {
    fn run(&self) -> Result<Ended, String> {
        let log = load(&self.store).map_err(|(_, error)| error.to_string())?;
        for entry in log.entries().iter().filter(|one| one.sequence > self.after) {
            say(&if self.json {
                serde_json::to_string(&**entry).map_err(|error| error.to_string())? + "\n"
            } else {
                let at = Time::from_unix_seconds(entry.at);
                format!("{} {at} {}\n", entry.sequence, kind(entry))
            });
        }
        Ok(Ended::Fine)
    }
}

/// The kind of a change, without whom it is about.
fn kind(entry: &Entry) -> String {
    serde_json::to_value(&entry.change)
        .ok()
        .and_then(|change| change.get("kind")?.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Verify signatures and chain of the whole log.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    store: Store,
    /// Verify the node's own copies instead of the store.
    #[arg(long)]
    local: bool,
}

impl Verify {
    fn run(&self) -> Result<Ended, String> {
        let verified = if self.local {
            load_local(&self.store)?.map(|log| (log, None))
        } else {
            // Asked before the log is read, which then has all of it; read again, because entries may be collected meanwhile.
            let known = Known::of(&self.store)?;
            let read = || load(&self.store).map(|log| (known.missing(&log), log));
            let found = match read() {
                Ok((Some(_), _)) => read(),
                found => found,
            };
            match found {
                Err((_, LogError::Store(error))) => return Err(error.to_string()),
                found => found.map(|(missing, log)| (log, missing)),
            }
        };
        let (after, trouble) = match verified {
            Ok((log, None)) => {
                say(&format!(
                    "sound: {} entries, the last is {}, {} batches\n",
                    log.entries().len(),
                    log.end().sequence,
                    log.ends().len()
                ));
                return Ok(Ended::Fine);
            }
            Ok((log, Some(missing))) => (log.end().sequence, missing),
            Err((after, error)) => (after, format!("{}: {error}", error.code())),
        };
        say(&format!("sound to entry {after}; then {trouble}\n"));
        Ok(Ended::Refused)
    }
}

/// What somebody knows of a log, whose end is where an object is not there.
struct Known {
    newest: Option<Manifest>,
    /// Names of batches; none where a web server cannot be asked.
    batches: Vec<String>,
}

impl Known {
    fn of(store: &Store) -> Result<Self, String> {
        let opened = store.open()?;
        let (remote, keys) = (&opened.remote, &opened.keys);
        let newest = match opened.runtime.block_on(newest(remote, keys)) {
            // Nothing was activated, and a web server cannot be asked for names.
            Err(PublishError::Store(_)) => None,
            newest => newest.map_err(|error| error.to_string())?,
        };
        let listed = opened.runtime.block_on(remote.list("overlay"));
        let names = listed.into_iter().flatten().map(|listed| listed.name);
        Ok(Self {
            newest: newest.map(|newest| newest.document),
            batches: names.filter(|name| name != log::BASE).collect(),
        })
    }

    fn missing(&self, log: &Log) -> Option<String> {
        let next = log::batch_name(log.end().sequence + 1);
        if let Some(Manifest {
            sequence, log: end, ..
        }) = &self.newest
            && log.passes(end) != Some(true)
        {
            return Some(format!(
                "manifest {sequence} demands the log up to entry {}: {next} is missing, or another",
                end.sequence
            ));
        }
        let behind = self.batches.iter().find(|name| **name > next)?;
        Some(format!("{next} is missing: {behind} is there"))
    }
}

type Loaded = Result<Log, (u64, LogError)>;

fn load(store: &Store) -> Result<Log, (u64, LogError)> {
    let opened = store.open().map_err(|why| {
        let error = crate::store::StoreError::Url {
            url: String::new(),
            why,
        };
        (0, error.into())
    })?;
    let mut log = Log::new(&opened.settings.environment);
    opened
        .runtime
        .block_on(async {
            log.begin(&opened.remote, &opened.keys).await?;
            log.follow(&opened.remote, &opened.keys, |_, _| Ok(()))
                .await
        })
        .map_err(|error| (log.end().sequence, error))?;
    Ok(log)
}

fn load_local(store: &Store) -> Result<Loaded, String> {
    let (settings, base) = store.settings()?;
    let keys = crate::store::public_keys(&settings, &base).map_err(|(_, error)| error)?;
    let folder = base.join(&settings.directory.value);
    let mut log = Log::new(&settings.environment);
    let read = local::read_log_in(&folder, &keys, &mut log);
    Ok(read
        .map_err(|error| (log.end().sequence, error))
        .map(|()| log))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_change_is_told_with_what_to_do_and_without_a_value() {
        let told = |line: &str| read(line.as_bytes()).unwrap_err();
        let change = r#"{"kind":"person-revoked","ent":"B0","person":"secret-7"}"#;
        assert_eq!(read(change.as_bytes()).unwrap().len(), 1);
        let entry = format!(r#"{{"sequence":1,"at":1,"change":{change}}}"#);
        assert!(told(&entry).contains("append its `change` alone"));
        assert!(told("{").contains("not one JSON object"));
        let spelling = told(r#"{"kind":"persn-revoked","person":"secret-7"}"#);
        assert!(spelling.contains("one of subscription-put"), "{spelling}");
        for line in [
            r#"{"kind":"person-revoked","person":"secret-7"}"#,
            r#"{"kind":"person-revoked","ent":"B0","person":"a","secret-7":1}"#,
        ] {
            let field = told(line);
            assert!(field.contains("wrong for person-revoked"), "{field}");
            assert!(!field.contains("secret-7"), "{field}");
        }
        // Every kind is known here: one with no field but its kind is a known kind with fields missing.
        for kind in KINDS {
            let line = format!(r#"{{"kind":"{kind}"}}"#);
            assert!(told(&line).contains(&format!("wrong for {kind}")));
            let error = serde_json::from_str::<Change>(&line).unwrap_err();
            assert!(
                error.to_string().contains("missing field"),
                "{kind}: {error}"
            );
        }
    }
}
