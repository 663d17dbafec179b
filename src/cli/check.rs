//! `octroi check --config FILE`: is this configuration, with everything that it names, good?

use std::path::PathBuf;

use clap::Args;

use super::{Ended, say};
use crate::clock::system_now;
use crate::run::load;

/// Check a configuration and everything that it names.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// Do not open the snapshot.
    #[arg(long)]
    without_snapshot: bool,
}

impl Check {
    pub(super) fn run(&self) -> Ended {
        let mut loaded = load(&self.config, system_now());
        let snapshot = if self.without_snapshot {
            None
        } else {
            loaded.snapshot()
        };
        say(&loaded.problems.to_string());
        let (errors, warnings) = loaded.problems.counts();
        if errors > 0 {
            say(&format!(
                "{}: refused: {errors} error(s), {warnings} warning(s)\n",
                self.config.display()
            ));
            return Ended::Refused;
        }
        let settings = &loaded.settings;
        let snapshot = snapshot.map_or_else(String::new, |snapshot| {
            format!(
                ", snapshot {} with {} people",
                snapshot.generation(),
                snapshot.counts().people
            )
        });
        say(&format!(
            "{}: good: {} portal(s), {} publisher(s){snapshot}, {warnings} warning(s)\n",
            self.config.display(),
            settings.portals.len(),
            settings.publishers.len(),
        ));
        Ended::Fine
    }
}
