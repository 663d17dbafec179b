//! `octroi snapshot diff`: whom another body would let in or shut out, before it is put in force.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use octroi_entitlements::{DiffError, DiffOptions, diff};
use octroi_saml::Time;

use super::bodies::{Which, directory};
use super::{Ended, complain, say};
use crate::clock::system_now;

/// Say whom another body would let in or shut out, by school and resource.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// A configuration: bodies may then be named by their root hash or as `current`, and changes since are applied to both.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The older body: a file, a root hash, or `current`.
    before: String,
    /// The newer body: a file or a root hash.
    after: String,
    /// The instant at which rights are compared, such as 2026-11-23T14:00:00Z; now when absent.
    #[arg(long)]
    at: Option<String>,
    /// Schools, resources and pairs listed.
    #[arg(long, default_value_t = 20)]
    listed: usize,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let at = match &self.at {
            Some(text) => Time::parse(text).map_err(|error| format!("--at {text}: {error}"))?,
            None => system_now(),
        };
        let config = self.config.as_deref();
        let before = directory(config, &Which::parse(&self.before))?;
        let after = directory(config, &Which::parse(&self.after))?;
        let options = DiffOptions {
            at: at.unix_seconds(),
            listed: self.listed,
            examples: 5,
        };
        let terminal = std::io::stderr().is_terminal();
        let found = diff(&before, &after, options, &mut |done, of| {
            if terminal {
                let percent = done * 100 / of.max(1);
                let _ = write!(std::io::stderr(), "\r{percent:>3} % of {of} people");
            }
        });
        if terminal {
            let _ = writeln!(std::io::stderr());
        }
        match found {
            Ok(found) => {
                let text = if self.json {
                    let json = serde_json::to_string_pretty(&found);
                    json.map_err(|error| error.to_string())? + "\n"
                } else {
                    found.to_string()
                };
                say(&text);
                Ok(Ended::Fine)
            }
            Err(error @ DiffError::Corrupt) => {
                complain(error);
                Ok(Ended::Refused)
            }
            Err(error) => Err(error.to_string()),
        }
    }
}
