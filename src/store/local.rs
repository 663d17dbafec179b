//! A node's own copies, so that it starts when the store is away.
//!
//! ```text
//! accepted.json      the manifest in force, as it was signed
//! seen               the highest sequence ever seen, refused ones included
//! bodies/            snapshots, mode 0400
//! fetching/          a body on its way
//! overlay/           the log of changes, as it was signed
//! refused/           what was refused, with the reason beside it; the newest few are kept
//! ```
//!
//! One process uses a folder, mode 0700: a mapped file that somebody else could change would be no snapshot. Everything
//! is written under another name, forced to the disk and renamed, so that a kill at any moment leaves the old or the new.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::envelope::open;
use super::keys::Keys;
use super::log::{BASE, Log, LogError, batch_name, open_base};
use super::remote::StoreError;

/// Refused bodies that are kept for inspection.
const REFUSED: usize = 2;
/// No small file here is longer.
const LONGEST: u64 = 64 << 20;

/// The folder of one node.
#[derive(Debug)]
pub struct Local {
    root: PathBuf,
    _lock: File,
}

impl Local {
    /// Opens the folder, made when missing, for this process alone.
    ///
    /// # Errors
    /// [`StoreError::File`], also when another process has it.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let told = || StoreError::file(root);
        for folder in ["", "bodies", "fetching", "overlay", "refused"] {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(root.join(folder))
                .map_err(told())?;
        }
        let mode = fs::metadata(root).map_err(told())?.permissions().mode();
        if mode & 0o022 != 0 {
            let why = "group or others may write this folder: chmod 0700";
            return Err(told()(io::Error::other(why)));
        }
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(root.join("lock"))
            .map_err(told())?;
        lock.try_lock().map_err(|_| {
            told()(io::Error::new(
                io::ErrorKind::WouldBlock,
                "another process uses this folder",
            ))
        })?;
        Ok(Self {
            root: root.to_owned(),
            _lock: lock,
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.root
    }

    /// Where a body stands when it is here.
    #[must_use]
    pub fn body(&self, root: &str) -> PathBuf {
        body_in(&self.root, root)
    }

    /// Where a body stands while it is fetched.
    #[must_use]
    pub fn part(&self, root: &str) -> PathBuf {
        self.root.join("fetching").join(format!("{root}.part"))
    }

    /// Gives a fetched body its name: all of it is on the disk, and nobody writes it any more.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn install(&self, root: &str) -> Result<PathBuf, StoreError> {
        let (part, body) = (self.part(root), self.body(root));
        let told = || StoreError::file(&body);
        fs::set_permissions(&part, Permissions::from_mode(0o400)).map_err(told())?;
        fs::rename(&part, &body).map_err(told())?;
        sync_folder(&self.root.join("bodies")).map_err(told())?;
        Ok(body)
    }

    /// Removes bodies and pieces of bodies that are not among `kept`.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn prune(&self, kept: &[String]) -> Result<(), StoreError> {
        self.prune_in("bodies", kept)
            .and(self.prune_in("fetching", kept))
    }

    /// The same of one folder.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn prune_in(&self, folder: &str, kept: &[String]) -> Result<(), StoreError> {
        for path in files(&self.root.join(folder))? {
            let root = path.file_stem().and_then(|stem| stem.to_str());
            if !root.is_some_and(|root| kept.iter().any(|kept| kept == root)) {
                fs::remove_file(&path).map_err(StoreError::file(&path))?;
            }
        }
        Ok(())
    }

    /// The bodies that are here, newest first.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn bodies(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for path in files(&self.root.join("bodies"))? {
            let written = fs::metadata(&path)
                .and_then(|status| status.modified())
                .map_err(StoreError::file(&path))?;
            if let Some(root) = path.file_stem().and_then(|stem| stem.to_str()) {
                found.push((written, root.to_owned()));
            }
        }
        found.sort();
        Ok(found.into_iter().rev().map(|(_, root)| root).collect())
    }

    /// A small file; `None` when it is not there.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read_in(&self.root, name)
    }

    /// Replaces a small file; when this returns it is on the disk.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn write(&self, name: &str, octets: &[u8]) -> Result<(), StoreError> {
        write_in(&self.root, name, octets)
    }

    /// Removes a small file.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.root.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::file(&path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Names of the copies of the log, in the order of their sequences.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn overlay(&self) -> Result<Vec<String>, StoreError> {
        overlay_in(&self.root)
    }

    /// The highest sequence ever seen.
    ///
    /// # Errors
    /// [`StoreError::File`], also when the file says no number: starting from 0 again would take old manifests.
    pub fn seen(&self) -> Result<u64, StoreError> {
        let Some(octets) = self.read("seen")? else {
            return Ok(0);
        };
        let number = std::str::from_utf8(&octets)
            .ok()
            .and_then(|text| text.trim_end().parse().ok());
        number.ok_or_else(|| {
            let path = self.root.join("seen");
            StoreError::file(&path)(io::Error::other(
                "it says no number: write the sequence of the newest manifest that `octroi snapshot list` tells",
            ))
        })
    }

    /// Remembers the highest sequence, before anything is done about it.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn set_seen(&self, sequence: u64) -> Result<(), StoreError> {
        self.write("seen", format!("{sequence}\n").as_bytes())
    }

    /// Takes a body out of those that may be served: it is again one on its way. Nobody may have it mapped.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn withdraw(&self, root: &str) -> Result<(), StoreError> {
        let part = self.part(root);
        let told = || StoreError::file(&part);
        fs::rename(self.body(root), &part).map_err(told())?;
        fs::set_permissions(&part, Permissions::from_mode(0o600)).map_err(told())
    }

    /// Keeps what was refused for inspection, under the name that its object has in the store: the manifest as it
    /// came, the reason, and what has come of the body on its way, if `root` names one. A body in `bodies/` stays: it may be in force.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn refuse(
        &self,
        object: &str,
        manifest: &[u8],
        reason: &str,
        root: Option<&str>,
    ) -> Result<(), StoreError> {
        let stem = Path::new(object).file_stem().unwrap_or_default();
        let name = format!("refused/{}", stem.to_string_lossy());
        self.write(&format!("{name}.json"), manifest)?;
        self.write(&format!("{name}.txt"), reason.as_bytes())?;
        if let Some(part) = root.map(|root| self.part(root))
            && part.exists()
        {
            let kept = self.root.join(format!("{name}.octroi"));
            fs::rename(&part, &kept).map_err(StoreError::file(&kept))?;
        }
        let mut names = files(&self.root.join("refused"))?;
        names.sort();
        // The one copy without a number is overwritten each time and takes no place from the others.
        names.retain(|path| path.file_stem().is_some_and(|stem| stem != "latest"));
        let mut numbers: Vec<_> = names
            .iter()
            .filter_map(|path| path.file_stem().map(ToOwned::to_owned))
            .collect();
        numbers.dedup();
        let old = numbers.len().saturating_sub(REFUSED);
        for path in names {
            if path
                .file_stem()
                .is_some_and(|stem| numbers.iter().take(old).any(|old| old == stem))
            {
                fs::remove_file(&path).map_err(StoreError::file(&path))?;
            }
        }
        Ok(())
    }
}

/// Where a body stands in a node's folder, for commands that only look.
#[must_use]
pub fn body_in(root: &Path, digest: &str) -> PathBuf {
    root.join("bodies").join(format!("{digest}.octroi"))
}

/// A small file of a node's folder, for commands that only look.
///
/// # Errors
/// [`StoreError::File`].
pub fn read_in(root: &Path, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let path = root.join(name);
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::file(&path)(error)),
    };
    let mut octets = Vec::new();
    file.take(LONGEST)
        .read_to_end(&mut octets)
        .map_err(StoreError::file(&path))?;
    Ok(Some(octets))
}

/// Names of the copies of the log in a node's folder, in the order of their sequences.
///
/// # Errors
/// [`StoreError::File`].
pub fn overlay_in(root: &Path) -> Result<Vec<String>, StoreError> {
    let mut names: Vec<String> = files(&root.join("overlay"))?
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .map(|name| format!("overlay/{name}"))
        .collect();
    names.sort();
    Ok(names)
}

/// Reads the copies of the log in a node's folder, as far as they are good.
///
/// # Errors
/// [`LogError`] at the first that is not; the log stays at its last good entry.
pub fn read_log_in(root: &Path, keys: &Keys, log: &mut Log) -> Result<(), LogError> {
    if let Some(octets) = read_in(root, BASE)? {
        log.rebase(open_base(&octets, keys)?)?;
    }
    for name in overlay_in(root)? {
        // A kill may have come between a base and what it stands for.
        if name < batch_name(log.end().sequence + 1) {
            continue;
        }
        let octets = read_in(root, &name)?.unwrap_or_default();
        let batch = open(&octets, keys).map_err(|error| LogError::Signed {
            name: name.clone(),
            error,
        })?;
        log.accept(&name, batch)?;
    }
    Ok(())
}

fn write_in(root: &Path, name: &str, octets: &[u8]) -> Result<(), StoreError> {
    let path = root.join(name);
    let aside = path.with_extension("new");
    let told = || StoreError::file(&path);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)
        .map_err(told())?;
    file.write_all(octets)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&aside, &path))
        .and_then(|()| sync_folder(path.parent().unwrap_or(root)))
        .map_err(told())
}

/// The files of a folder, without what a killed process left half-written.
fn files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let told = || StoreError::file(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(told())? {
        let path = entry.map_err(told())?.path();
        if path.extension().is_some_and(|extension| extension != "new") {
            found.push(path);
        }
    }
    Ok(found)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("octroi-local-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn the_highest_sequence_outlives_the_process_and_garbage_is_no_zero() {
        let root = folder("seen");
        let local = Local::open(&root).unwrap();
        assert_eq!(local.seen().unwrap(), 0);
        local.set_seen(41).unwrap();
        assert!(Local::open(&root).is_err(), "one process");
        drop(local);
        let local = Local::open(&root).unwrap();
        assert_eq!(local.seen().unwrap(), 41);
        fs::write(root.join("seen"), "").unwrap();
        assert!(local.seen().is_err());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let root = folder("open");
        drop(Local::open(&root).unwrap());
        fs::set_permissions(&root, Permissions::from_mode(0o770)).unwrap();
        assert!(Local::open(&root).is_err());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn the_newest_refused_are_kept_with_their_reason() {
        let root = folder("refused");
        let local = Local::open(&root).unwrap();
        for sequence in 1..=4 {
            let name = sequence.to_string();
            fs::write(local.part(&name), "half a body").unwrap();
            fs::write(local.body(&name), "a body").unwrap();
            let object = format!("manifests/{sequence:020}.json");
            local.refuse(&object, b"{}", "why", Some(&name)).unwrap();
            assert!(!local.part(&name).exists());
            assert!(local.body(&name).exists());
            local
                .refuse("manifests/latest.json", b"{}", "why", None)
                .unwrap();
        }
        let mut kept: Vec<String> = files(&root.join("refused"))
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        kept.sort();
        assert_eq!(kept.len(), 2 * 3 + 2, "{kept:?}");
        assert!(kept[0].contains("00000003."));
        assert_eq!(kept[6..], ["latest.json", "latest.txt"]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn an_installed_body_can_be_written_by_nobody() {
        let root = folder("install");
        let local = Local::open(&root).unwrap();
        fs::write(local.part("a"), "body").unwrap();
        let path = local.install("a").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o400);
        fs::write(local.part("b"), "body").unwrap();
        local.install("b").unwrap();
        local.prune(&["b".to_owned()]).unwrap();
        assert_eq!(local.bodies().unwrap(), ["b"]);
        fs::remove_dir_all(root).unwrap();
    }
}
