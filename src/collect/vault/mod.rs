//! The vault: archives and records that are kept beside the directory, encrypted, for a time.
//!
//! Everything in here is personal data (S5). It is written as a stream, never held whole in memory and never
//! on the disk in the clear: an archive goes from the drop box straight into the vault, and the importer reads it
//! from there. An entry appears under its name only when it is whole and durable.
//!
//! The vault does not decide who may look and does not write the audit trail: [`super::desk::Desk`] is the one
//! place that opens entries, and records each look. Names of entries name nobody.
//!
//! The format is described in [`format`] and in `docs/collect-vault.md`.

pub mod format;
mod key;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use octroi_saml::Time;

pub use format::{Sealing, Unsealing};
pub use key::{KeyError, VaultKey};

/// What an entry is; part of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A delivery that was received whole: an archive or a file of differences.
    Delivery,
    /// A delivery that was refused.
    Refused,
    /// Records that were set aside, of one delivery.
    SetAside,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Delivery, Self::Refused, Self::SetAside];

    /// As in names of files and in the audit trail.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Refused => "refused",
            Self::SetAside => "set-aside",
        }
    }
}

/// The name of an entry: the flow it belongs to, the delivery, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryName {
    /// `<idENT>-<2D|1D>`
    pub flow: String,
    /// The delivery: hex digits of the SHA-256 of its octets.
    pub delivery: String,
    /// What it is.
    pub kind: Kind,
}

impl EntryName {
    /// The name as text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}/{}.{}", self.flow, self.delivery, self.kind.name())
    }

    /// What the cipher binds the entry to: portal, flow and kind, and for records the delivery, so that no entry opens in
    /// the place of another. An archive's hash is known only when all of it was sealed, and whether it is refused later
    /// still; whoever reads one compares its content with the hash in its name.
    #[must_use]
    pub fn bound(&self) -> String {
        let records_of = (self.kind == Kind::SetAside).then_some(self.delivery.as_str());
        bound(&self.flow, records_of)
    }

    fn read(flow: &str, file: &str) -> Option<Self> {
        let (delivery, kind) = file.split_once('.')?;
        let kind = Kind::ALL.into_iter().find(|each| each.name() == kind)?;
        let digits = delivery.len() == 64 && delivery.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| Self {
            flow: flow.to_owned(),
            delivery: delivery.to_owned(),
            kind,
        })
    }
}

fn bound(flow: &str, records_of: Option<&str>) -> String {
    match records_of {
        Some(delivery) => format!("{flow}/{delivery}.{}", Kind::SetAside.name()),
        None => format!("{flow}/archive"),
    }
}

/// An entry as it lies there.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: EntryName,
    /// When it was put in.
    pub created: Time,
    /// Its size on the disk, bytes.
    pub bytes: u64,
}

/// Why the vault does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file or folder of the vault.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The entry is not there: it was purged, or never was.
    #[error("{name}: there is no such entry in the vault")]
    Missing {
        /// The entry.
        name: String,
    },
}

/// The folder and its key.
#[derive(Debug)]
pub struct Vault {
    directory: PathBuf,
    key: VaultKey,
}

impl Vault {
    /// A vault in a folder, which is made with mode 0700 when it is not there.
    ///
    /// # Errors
    /// [`VaultError`] when the folder or the key cannot be used.
    pub fn open(directory: &Path, key_file: &Path) -> Result<Self, VaultError> {
        let key = VaultKey::read(key_file)?;
        make(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
            key,
        })
    }

    /// Begins an entry. It is there when [`Putting::finish`] has returned, and leaves nothing behind otherwise.
    ///
    /// It is an archive, or the records that were set aside of the delivery `records_of`. `salt` must be random: the key
    /// of the entry follows from it.
    ///
    /// # Errors
    /// [`VaultError`] when the file cannot be made.
    pub fn put(
        &self,
        flow: &str,
        records_of: Option<&str>,
        now: Time,
        salt: [u8; 32],
    ) -> Result<Putting<'_>, VaultError> {
        let folder = self.directory.join(flow);
        make(&folder)?;
        let path = folder.join(format!(".{}", super::hex(&salt[..8])));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        let bound = bound(flow, records_of);
        let sealing = Sealing::begin(
            BufWriter::with_capacity(1 << 17, file),
            &self.key,
            &bound,
            now,
            salt,
        )
        .map_err(at(&path))?;
        Ok(Putting {
            vault: self,
            flow: flow.to_owned(),
            bound,
            temporary: Temporary(Some(path)),
            sealing,
        })
    }

    /// Opens an entry for reading. Whoever calls this has recorded it.
    ///
    /// # Errors
    /// [`VaultError::Missing`] when it is not there; what was altered or cut shows while reading.
    pub(super) fn get(&self, name: &EntryName) -> Result<Unsealing<BufReader<File>>, VaultError> {
        let path = self.path(name);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(VaultError::Missing { name: name.text() });
            }
            opened => opened.map_err(at(&path))?,
        };
        let reader = BufReader::with_capacity(1 << 17, file);
        Unsealing::begin(reader, &self.key, &name.bound()).map_err(at(&path))
    }

    /// Whether an entry is there.
    #[must_use]
    pub fn has(&self, name: &EntryName) -> bool {
        self.path(name).exists()
    }

    /// Gives an entry another kind: what was received turned out to be refused.
    ///
    /// # Errors
    /// [`VaultError::Io`]; an entry that is not there any more is no error.
    pub fn rename(&self, name: &EntryName, kind: Kind) -> Result<(), VaultError> {
        let to = EntryName {
            kind,
            ..name.clone()
        };
        let (from, to) = (self.path(name), self.path(&to));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done.map_err(at(&from)),
        }?;
        sync(&to)
    }

    /// Removes an entry. One that is not there is no error.
    ///
    /// # Errors
    /// [`VaultError::Io`]
    pub fn remove(&self, name: &EntryName) -> Result<(), VaultError> {
        remove(&self.path(name))
    }

    /// Every entry, in order of name. Files that are no entries are passed over.
    ///
    /// # Errors
    /// [`VaultError::Io`]
    pub fn entries(&self) -> Result<Vec<Entry>, VaultError> {
        let mut entries = Vec::new();
        for folder in list(&self.directory)? {
            let flow = file_name(&folder);
            if !folder.is_dir() {
                continue;
            }
            for path in list(&folder)? {
                let Some(name) = EntryName::read(&flow, &file_name(&path)) else {
                    continue;
                };
                let file = match File::open(&path) {
                    // Another portal's, purged meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    opened => opened.map_err(at(&path))?,
                };
                let status = file.metadata().map_err(at(&path))?;
                let bytes = status.len();
                // A damaged one must neither hide the others nor be kept longer than they are.
                let created = format::created(file)
                    .unwrap_or_else(|_| Time::from_unix_seconds(status.mtime()));
                entries.push(Entry {
                    name,
                    created,
                    bytes,
                });
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// What lies in the folder of a flow, octets, half written entries among it.
    ///
    /// # Errors
    /// [`VaultError::Io`]
    pub fn octets(&self, flow: &str) -> Result<u64, VaultError> {
        let folder = self.directory.join(flow);
        super::room::octets(&folder).map_err(at(&folder))
    }

    /// Its folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Removes what a killed process left half written in a flow. Only for whoever holds the flow's lock.
    ///
    /// # Errors
    /// [`VaultError::Io`]
    pub fn sweep(&self, flow: &str) -> Result<(), VaultError> {
        let folder = self.directory.join(flow);
        if !folder.is_dir() {
            return Ok(());
        }
        list(&folder)?
            .iter()
            .filter(|path| file_name(path).starts_with('.'))
            .try_for_each(|path| remove(path))
    }

    fn path(&self, name: &EntryName) -> PathBuf {
        self.directory
            .join(&name.flow)
            .join(format!("{}.{}", name.delivery, name.kind.name()))
    }
}

/// An entry being written. Dropped before [`Putting::finish`], it never was.
#[derive(Debug)]
pub struct Putting<'v> {
    vault: &'v Vault,
    flow: String,
    bound: String,
    temporary: Temporary,
    sealing: Sealing<BufWriter<File>>,
}

impl io::Write for Putting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sealing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sealing.flush()
    }
}

impl Putting<'_> {
    /// Ends the entry and gives it its name, which may depend on what was written. An entry of that name is replaced.
    ///
    /// # Errors
    /// [`VaultError::Io`]; also for a name under which the entry would not open.
    pub fn finish(mut self, delivery: &str, kind: Kind) -> Result<EntryName, VaultError> {
        let name = EntryName {
            flow: self.flow.clone(),
            delivery: delivery.to_owned(),
            kind,
        };
        let path = self.vault.path(&name);
        if name.bound() != self.bound {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "sealed for another name");
            return Err(at(&path)(error));
        }
        let file = self.sealing.finish().map_err(at(&path))?;
        let file = file
            .into_inner()
            .map_err(|error| at(&path)(error.into_error()))?;
        file.sync_all().map_err(at(&path))?;
        if let Some(temporary) = self.temporary.0.take() {
            fs::rename(&temporary, &path).map_err(at(&path))?;
        }
        sync(&path)?;
        Ok(name)
    }
}

/// A file that goes when nobody gave it a name.
#[derive(Debug)]
struct Temporary(Option<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            let _ = fs::remove_file(path);
        }
    }
}

fn make(directory: &Path) -> Result<(), VaultError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(at(directory))
}

/// The name of a file must survive, too.
fn sync(path: &Path) -> Result<(), VaultError> {
    let folder = path.parent().unwrap_or(path);
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

fn remove(path: &Path) -> Result<(), VaultError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.map_err(at(path)),
    }
}

fn list(directory: &Path) -> Result<Vec<PathBuf>, VaultError> {
    fs::read_dir(directory)
        .map_err(at(directory))?
        .map(|entry| entry.map(|entry| entry.path()).map_err(at(directory)))
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> VaultError + use<> {
    let path = path.to_owned();
    move |error| VaultError::Io { path, error }
}
