//! What an import is told besides its archive, and how much of anything it takes.

use std::path::{Path, PathBuf};

use octroi_directory::{DEFAULT_SORT_BUFFER, Room};

/// What an import is told besides its archive.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder for temporary files. They hold personal data and have no name once they are open.
    pub work: PathBuf,
    /// The segment in force, to tell the differences.
    pub previous: Option<PathBuf>,
    /// Octets of memory for sorting people; managers take a sixteenth of it.
    pub sort_buffer: usize,
    /// What of a MEFSTAT code is released.
    pub levels: Levels,
    /// How much of anything is taken.
    pub limits: Limits,
    /// Room on the disk for temporary files and the draft of the segment, together.
    pub room: Room,
}

impl Options {
    /// The defaults, with temporary files in `work`.
    #[must_use]
    pub fn new(work: &Path) -> Self {
        Self {
            work: work.to_owned(),
            previous: None,
            sort_buffer: DEFAULT_SORT_BUFFER,
            levels: Levels::default(),
            limits: Limits::default(),
            room: Room::default(),
        }
    }
}

/// How many leading characters of a MEFSTAT code make the released level codes. A MEFSTAT11 begins with the MEFSTAT4 that
/// it refines, and that with the MEFSTAT1. Inferred (`gar.md` §2 marks `E_MS1` as unknown), hence a setting; 0 releases none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// For `P_MS4`, of everybody: 4.
    pub person: usize,
    /// For `E_MS1`, of pupils: 1.
    pub pupil: usize,
}

impl Default for Levels {
    fn default() -> Self {
        Self {
            person: 4,
            pupil: 1,
        }
    }
}

/// How much of anything an import takes before it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the tar.
    pub members: u32,
    /// Octets after decompression.
    pub inflated: u64,
    /// Octets after decompression for each octet before, once they are more than 64 MiB.
    pub ratio: u64,
    /// Octets of memory for schools, groups and courses.
    pub tables: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            members: 100_000,
            inflated: 256 << 30,
            ratio: 300,
            tables: 1 << 30,
        }
    }
}
