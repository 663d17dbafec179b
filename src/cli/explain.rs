//! `octroi explain`: may this person use that resource?

use std::path::PathBuf;

use clap::Args;
use octroi_entitlements::{Query, explain};
use octroi_saml::Time;

use super::bodies::{Which, directory};
use super::{Ended, complain, say};
use crate::clock::system_now;

/// Say whether a person may use a resource, by which subscription, or which rule says no.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The configuration whose snapshot is asked: with [store], what this node has in force, changes since included.
    #[arg(short, long, value_name = "FILE", required_unless_present = "snapshot")]
    config: Option<PathBuf>,
    /// A snapshot file by itself, instead of the one of a configuration.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    snapshot: Option<PathBuf>,
    /// Another body of the store, such as a candidate: a file or a root hash. Changes since are applied on it.
    #[arg(long, value_name = "FILE|HASH", requires = "config")]
    body: Option<String>,
    /// The newest body of this generation in the store.
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "config",
        conflicts_with = "body"
    )]
    generation: Option<u64>,
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
        let directory = directory(self.config.as_deref(), &self.which())?;
        let query = Query {
            ent: &self.ent,
            person: &self.person,
            resource: &self.resource,
            school: self.school.as_deref(),
            at: at.unix_seconds(),
        };
        let explanation = explain(&directory, &query);
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

    fn which(&self) -> Which {
        match (&self.snapshot, &self.body, self.generation) {
            (Some(file), ..) => Which::File(file.clone()),
            (_, Some(body), _) => Which::parse(body),
            (.., Some(generation)) => Which::Generation(generation),
            _ => Which::Current,
        }
    }
}
