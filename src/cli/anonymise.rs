//! `octroi snapshot anonymise`: production's tables and segments as ones that another environment may have.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{Ended, complain, say};
use crate::anonymise::{AnonymiseError, Counts, Key, Production, anonymise};

/// Make a copy of production for another environment, in which nobody is to be found again.
#[derive(Debug, Args)]
pub(super) struct Anonymise {
    /// Production's source tables (docs/directory.md).
    #[arg(long, value_name = "FOLDER")]
    tables: PathBuf,
    /// Production's directory of segments.
    #[arg(long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
    /// Where to write `tables/` and `directory/`. It must not exist.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
}

impl Anonymise {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let key = Key::random().ok_or("no randomness")?;
        match self.until_stopped(key)? {
            Ok(counts) => {
                say(&format!(
                    "{}: {} schools, {} segments with {} people, {} lines of tables ({} left out). The key is gone.\n",
                    self.out.display(),
                    counts.schools,
                    counts.segments,
                    counts.people,
                    counts.lines,
                    counts.left_out
                ));
                Ok(Ended::Fine)
            }
            Err(
                error @ (AnonymiseError::UnknownColumn { .. } | AnonymiseError::LongLine { .. }),
            ) => {
                complain(format!("refused: {error}"));
                Ok(Ended::Refused)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Works in a thread while this one waits for SIGINT and SIGTERM, upon which the work stops and clears up.
    fn until_stopped(&self, key: Key) -> Result<Result<Counts, AnonymiseError>, String> {
        let production = Production {
            tables: self.tables.clone(),
            directory: self.directory.clone(),
        };
        let out = self.out.clone();
        let stopped = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stopped);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(async move {
            let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| e.to_string())?;
            let mut terminate = signal(SignalKind::terminate()).map_err(|e| e.to_string())?;
            let mut work = tokio::task::spawn_blocking(move || {
                anonymise(&production, &out, key, &|| asked.load(Ordering::Relaxed))
            });
            loop {
                tokio::select! {
                    done = &mut work => return done.map_err(|e| e.to_string()),
                    _ = interrupt.recv() => stopped.store(true, Ordering::Relaxed),
                    _ = terminate.recv() => stopped.store(true, Ordering::Relaxed),
                }
            }
        })
    }
}
