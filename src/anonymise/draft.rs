//! The folder in which a result is made before it has its name. Dropped, it is gone.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::{AnonymiseError, io_at};

/// A result that is being made: a hidden folder beside it, for its owner alone.
pub(super) struct Draft(PathBuf);

impl Draft {
    /// Makes the folder; what a killed run may have left there goes first.
    pub(super) fn beside(out: &Path) -> Result<Self, AnonymiseError> {
        let name = out.file_name().unwrap_or_default().to_string_lossy();
        let path = out.with_file_name(format!(".{name}.draft"));
        if path.exists() {
            fs::remove_dir_all(&path).map_err(io_at(&path))?;
        }
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .map_err(io_at(&path))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the folder its name, durably.
    pub(super) fn publish(self, out: &Path) -> Result<(), AnonymiseError> {
        fs::rename(&self.0, out).map_err(io_at(out))?;
        let parent = out.parent().filter(|p| !p.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        File::open(parent)
            .and_then(|folder| folder.sync_all())
            .map_err(io_at(parent))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Nothing there after a rename.
        let _ = fs::remove_dir_all(&self.0);
    }
}
