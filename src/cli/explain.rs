//! `octroi explain`: may this person use that resource?

use std::path::PathBuf;

use clap::Args;
use octroi_entitlements::{Query, Snapshot, explain};
use octroi_saml::Time;

use super::{Ended, complain, say};
use crate::clock::system_now;
use crate::config::Settings;

/// Say whether a person may use a resource, by which subscription, or which rule says no.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The configuration whose snapshot is asked.
    #[arg(short, long, value_name = "FILE", required_unless_present = "snapshot")]
    config: Option<PathBuf>,
    /// A snapshot file, such as a candidate, instead of the one of a configuration.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    snapshot: Option<PathBuf>,
    /// The ENT project, decoded (`B0`).
    #[arg(long)]
    ent: String,
    /// The person, as the portal names it (GARPersonIdentifiant).
    #[arg(long)]
    person: String,
    /// The resource, an ARK bare or as a URL.
    #[arg(long)]
    resource: String,
    /// The school that the tile names (idEtab); it only narrows.
    #[arg(long)]
    school: Option<String>,
    /// The instant, such as 2026-11-23T14:00:00Z; now when absent.
    #[arg(long)]
    at: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(&self) -> Ended {
        self.ask().unwrap_or_else(|error| {
            complain(error);
            Ended::Failed
        })
    }

    fn ask(&self) -> Result<Ended, String> {
        let at = match &self.at {
            Some(text) => Time::parse(text).map_err(|error| format!("--at {text}: {error}"))?,
            None => system_now(),
        };
        let path = self.path()?;
        let snapshot =
            Snapshot::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let query = Query {
            ent: &self.ent,
            person: &self.person,
            resource: &self.resource,
            school: self.school.as_deref(),
            at: at.unix_seconds(),
        };
        let explanation = explain(&snapshot, &query);
        if self.json {
            let json =
                serde_json::to_string_pretty(&explanation).map_err(|error| error.to_string())?;
            say(&format!("{json}\n"));
        } else {
            say(&explanation.to_string());
        }
        Ok(if explanation.granted {
            Ended::Fine
        } else {
            Ended::Refused
        })
    }

    fn path(&self) -> Result<PathBuf, String> {
        if let Some(snapshot) = &self.snapshot {
            return Ok(snapshot.clone());
        }
        let Some(config) = &self.config else {
            return Err("name --config or --snapshot".to_owned());
        };
        let text = std::fs::read_to_string(config)
            .map_err(|error| format!("{}: {error}", config.display()))?;
        // Only the path is wanted: keys need not be readable for whoever asks.
        let (settings, _) = Settings::read(config, &text);
        if settings.snapshot.path.is_empty() {
            return Err(format!("{}: no [snapshot] path", config.display()));
        }
        Ok(config
            .parent()
            .map(|base| base.join(&settings.snapshot.path.value))
            .unwrap_or_default())
    }
}
