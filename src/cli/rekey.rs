//! `octroi snapshot rekey`: the map old → new for a publisher that gets new pseudonyms.
//!
//! The file is for that publisher alone: whoever has it can follow a person from one domain into the other. It is
//! written with mode 0600, never over another file, and holds nothing but pseudonyms.

use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use octroi_entitlements::{Pseudonymizer, Rekeyed, Sources, rekey};

use super::{Ended, complain, say};
use crate::clock::system_now;
use crate::run::load;

/// Write the map from old pseudonyms to new ones, for a publisher whose pseudonym domain changes.
#[derive(Debug, Args)]
pub(super) struct Rekey {
    /// The gateway's configuration, for its pseudonym key.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
    /// The source directory (docs/directory.md says what is in it).
    source: PathBuf,
    /// The map: a line `old<TAB>new` for each person. It must not exist.
    out: PathBuf,
    /// Portals' segments, as for `snapshot build`.
    #[arg(long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
    /// The pseudonym domain that the publisher had.
    #[arg(long, value_name = "DOMAIN")]
    old: String,
    /// The one that it gets.
    #[arg(long, value_name = "DOMAIN")]
    new: String,
}

impl Rekey {
    pub(super) fn run(&self) -> Result<Ended, String> {
        let loaded = load(&self.config, system_now());
        let Some(compiled) = loaded.compiled else {
            complain(loaded.problems);
            return Ok(Ended::Refused);
        };
        let pseudonyms = &compiled.trust.gateway().pseudonyms;
        let named = |error: io::Error| format!("{}: {error}", self.out.display());
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.out)
            .map_err(named)?;
        let written = self.write(file, pseudonyms);
        if written.is_err() {
            // A part of a map looks like a map.
            remove_file(&self.out).map_err(named)?;
        }
        let done = written?;
        say(&format!(
            "{}: {} people, {} lines that name nobody\n",
            self.out.display(),
            done.people,
            done.set_aside
        ));
        Ok(Ended::Fine)
    }

    fn write(&self, file: File, pseudonyms: &Pseudonymizer) -> Result<Rekeyed, String> {
        let mut sources = Sources::tables(&self.source);
        if let Some(directory) = &self.directory {
            sources = sources.with_directory(directory);
        }
        let temporary = match self.out.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut map = BufWriter::new(file);
        let mut written = Ok(());
        let domains = [self.old.as_str(), &self.new];
        let done = rekey(&sources, temporary, pseudonyms, domains, |old, new| {
            if written.is_ok() {
                written = writeln!(map, "{}\t{}", old.as_str(), new.as_str());
            }
        })
        .map_err(|error| error.to_string())?;
        written
            .and_then(|()| map.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|file| file.sync_all())
            .map_err(|error| format!("{}: {error}", self.out.display()))?;
        Ok(done)
    }
}
