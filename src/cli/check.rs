//! `octroi check --config FILE`: is this configuration, with everything that it names, good?
//!
//! A gateway's file, a publisher's (`[store]` alone) or an importer's (`[collect]` alone). Nothing is changed: no folder
//! is made, nothing is fetched, and a running node is not disturbed.

use std::path::{Path, PathBuf};

use clap::Args;

use super::stored::Stored;
use super::{Ended, complain, say};
use crate::clock::system_now;
use crate::collect::vault::VaultKey;
use crate::config::{CollectSettings, Part, Problems};
use crate::run::load;

/// Check a configuration and everything that it names.
///
/// Takes the file of a gateway, of a publisher (nothing but [store]) or of an importer (nothing but [collect]). Exit
/// code 0 when it is good, warnings or not; 1 when it is refused; 2 when the file cannot be read.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Open no snapshot and ask no store.
    #[arg(long)]
    without_snapshot: bool,
}

impl Check {
    pub(super) fn run(&self) -> Ended {
        let text = match std::fs::read_to_string(&self.config) {
            Ok(text) => text,
            Err(error) => {
                complain(format!("{}: {error}", self.config.display()));
                return Ended::Failed;
            }
        };
        match Part::read(&self.config, &text) {
            Some(part) => self.part(part),
            None => self.gateway(),
        }
    }

    fn gateway(&self) -> Ended {
        let mut loaded = load(&self.config, system_now());
        let mut facts = vec![
            format!("{} portal(s)", loaded.settings.portals.len()),
            format!("{} publisher(s)", loaded.settings.publishers.len()),
        ];
        if !self.without_snapshot {
            let base = loaded.base().to_owned();
            let settings = loaded.settings.clone();
            let stored = match &settings.store {
                Some(store) => Stored::new(store, &base, &mut loaded.problems),
                None => None,
            };
            let own = stored.as_ref().and_then(|stored| {
                let problems = &mut loaded.problems;
                stored.newest(problems);
                stored.own(&settings, problems)
            });
            let snapshot = match own {
                Some(own) => {
                    facts.push(format!("manifest {}", own.manifest.sequence));
                    Some(own.snapshot)
                }
                None => loaded.snapshot(),
            };
            if let Some(snapshot) = snapshot {
                let people = snapshot.counts().people;
                let generation = snapshot.generation();
                facts.push(format!("snapshot {generation} with {people} people"));
            }
        }
        self.told(&mut loaded.problems, &facts)
    }

    fn part(&self, part: Part) -> Ended {
        let Part {
            store,
            collect,
            mut problems,
        } = part;
        let base = match self.config.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut facts = Vec::new();
        if let Some(store) = &store {
            let stored = Stored::new(store, base, &mut problems);
            if let Some(stored) = stored.filter(|_| !self.without_snapshot)
                && let Some(newest) = stored.newest(&mut problems)
            {
                facts.push(format!(
                    "manifest {} with {} people",
                    newest.sequence, newest.body.counts.people
                ));
            }
            facts.push(match store.private_key {
                Some(_) => "publishes".to_owned(),
                None => "does not publish".to_owned(),
            });
        }
        if let Some(collect) = &collect {
            facts.push(collected(collect, base, &mut problems));
        }
        self.told(&mut problems, &facts)
    }

    /// Says what was found.
    fn told(&self, problems: &mut Problems, facts: &[String]) -> Ended {
        problems.sort();
        say(&problems.to_string());
        let file = self.config.display();
        let (errors, warnings) = problems.counts();
        if errors > 0 {
            say(&format!(
                "{file}: refused: {errors} error(s), {warnings} warning(s)\n"
            ));
            return Ended::Refused;
        }
        let facts = facts.join(", ");
        say(&format!("{file}: good: {facts}, {warnings} warning(s)\n"));
        Ended::Fine
    }
}

/// What `[collect]` names: the key of the vault and the drop boxes. The other folders are made when they are needed.
/// Not asked of a gateway's file, which may be on another machine than they.
fn collected(settings: &CollectSettings, base: &Path, problems: &mut Problems) -> String {
    let named = &settings.vault_key;
    if !named.is_empty()
        && let Err(error) = VaultKey::read(&base.join(&named.value))
    {
        let remedy = "nothing is taken in without it";
        problems.error(named.place, error.to_string(), remedy);
    }
    let delivering = || settings.portals.iter().filter(|portal| !portal.disabled);
    for drop_box in delivering().flat_map(|portal| &portal.drop_boxes) {
        let path = base.join(&drop_box.value);
        if !path.is_dir() {
            let what = format!("{}: no folder is there", path.display());
            let remedy = "the portal cannot deliver; make it, as docs/collect-operations.md shows";
            problems.warning(drop_box.place, what, remedy);
        }
    }
    format!("{} portal(s) deliver", delivering().count())
}
