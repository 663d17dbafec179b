//! Where a build reads from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::overlay::Entry;

/// What a snapshot is built from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sources {
    /// Folder of tables, see `docs/directory.md`.
    pub tables: PathBuf,
    /// Folder of the directory's segments, one per portal and flow, see `octroi_directory`. With it the four tables
    /// about schools, groups and people may be absent; what is there adds to the segments.
    pub directory: Option<PathBuf>,
    /// Entries of the overlay's log. Those after what the tables contain (`BuildOptions::overlay_sequence`) are taken in,
    /// and the body says up to which; see `docs/overlay.md`.
    pub changes: Vec<Arc<Entry>>,
}

impl Sources {
    /// A folder of tables and nothing else.
    #[must_use]
    pub fn tables(folder: impl AsRef<Path>) -> Self {
        Self {
            tables: folder.as_ref().to_owned(),
            directory: None,
            changes: Vec::new(),
        }
    }

    /// Adds a directory of segments.
    #[must_use]
    pub fn with_directory(mut self, folder: impl AsRef<Path>) -> Self {
        self.directory = Some(folder.as_ref().to_owned());
        self
    }

    /// Adds entries of the overlay's log, in any order.
    #[must_use]
    pub fn with_changes(mut self, entries: Vec<Arc<Entry>>) -> Self {
        self.changes = entries;
        self
    }
}
