//! The files that a configuration names: relative to it, bounded, and secret where they must be.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::config::{At, Place, Problems};

/// Keys and certificates are small.
const LONGEST_KEY: u64 = 256 << 10;
/// Metadata of a federation are not.
const LONGEST_METADATA: u64 = 64 << 20;

/// Reads files and tells what is wrong with them at the place of the key that named them.
#[derive(Debug)]
pub(super) struct Files<'p> {
    base: PathBuf,
    pub(super) problems: &'p mut Problems,
}

impl<'p> Files<'p> {
    pub(super) fn new(base: &Path, problems: &'p mut Problems) -> Self {
        Self {
            base: base.to_owned(),
            problems,
        }
    }

    /// A certificate or another public file. An empty name was told before.
    pub(super) fn public(&mut self, name: &At<String>) -> Option<String> {
        let bytes = self.read(name, LONGEST_KEY)?;
        self.utf8(name, bytes)
    }

    /// Metadata.
    pub(super) fn metadata(&mut self, name: &At<String>) -> Option<Vec<u8>> {
        self.read(name, LONGEST_METADATA)
    }

    /// A key: read into memory that is wiped, refused when others of the machine may read or write it.
    pub(super) fn secret(&mut self, name: &At<String>) -> Option<Zeroizing<Vec<u8>>> {
        let path = self.path(name)?;
        if let Ok(status) = std::fs::metadata(&path) {
            let mode = status.mode() & 0o777;
            if mode & 0o027 != 0 {
                let what = format!(
                    "{} holds a secret and its mode is {mode:04o}",
                    path.display()
                );
                self.problems.error(
                    name.place,
                    what,
                    format!("chmod 0600 {} (0640 at most)", path.display()),
                );
                return None;
            }
        }
        self.read(name, LONGEST_KEY).map(Zeroizing::new)
    }

    /// [`Self::secret`] as text.
    pub(super) fn secret_text(&mut self, name: &At<String>) -> Option<Zeroizing<String>> {
        let bytes = self.secret(name)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Some(Zeroizing::new(text.to_owned())),
            Err(_) => {
                self.problems.error(
                    name.place,
                    format!("{} is no text", name.value),
                    "name a PEM file",
                );
                None
            }
        }
    }

    /// A folder of ours. When it is not there it is made at start, so its parent must be.
    pub(super) fn folder(&mut self, name: &At<String>) {
        let Some(path) = self.path(name) else { return };
        match std::fs::metadata(&path) {
            Ok(status) if status.is_dir() => {
                let mode = status.mode() & 0o777;
                if mode & 0o007 != 0 {
                    let what = format!("{} is open to everybody (mode {mode:04o})", path.display());
                    self.problems.warning(
                        name.place,
                        what,
                        format!("chmod 0750 {}", path.display()),
                    );
                }
            }
            Ok(_) => self.problems.error(
                name.place,
                format!("{} is no folder", path.display()),
                "name a folder",
            ),
            Err(_) if path.parent().is_some_and(Path::is_dir) => {}
            Err(error) => self.problems.error(
                name.place,
                format!("{}: {error}", path.display()),
                format!("mkdir -p -m 0750 {}", path.display()),
            ),
        }
    }

    pub(super) fn path(&self, name: &At<String>) -> Option<PathBuf> {
        (!name.is_empty()).then(|| self.base.join(&name.value))
    }

    fn read(&mut self, name: &At<String>, longest: u64) -> Option<Vec<u8>> {
        let path = self.path(name)?;
        let mut bytes = Vec::new();
        let read =
            File::open(&path).and_then(|file| file.take(longest + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) if bytes.len() as u64 > longest => {
                self.problems.error(
                    name.place,
                    format!("{} is longer than {longest} bytes", path.display()),
                    "name the right file",
                );
                None
            }
            Ok(_) => Some(bytes),
            Err(error) => {
                self.problems.error(
                    name.place,
                    format!("{}: {error}", path.display()),
                    "paths are relative to the configuration file; the user of the gateway must be able to read it",
                );
                None
            }
        }
    }

    fn utf8(&mut self, name: &At<String>, bytes: Vec<u8>) -> Option<String> {
        String::from_utf8(bytes)
            .map_err(|_| {
                self.problems.error(
                    name.place,
                    format!("{} is no text", name.value),
                    "name a PEM file",
                )
            })
            .ok()
    }

    /// An error at a place.
    pub(super) fn error(
        &mut self,
        place: Place,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.error(place, what, remedy);
    }

    /// A warning at a place.
    pub(super) fn warning(
        &mut self,
        place: Place,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.problems.warning(place, what, remedy);
    }
}
