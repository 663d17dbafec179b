//! Why a file is not a usable snapshot.

use thiserror::Error;

/// Why a file is not a usable snapshot. The last good one stays in force.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file could not be read.
    #[error("cannot read the snapshot: {0}")]
    Io(#[from] std::io::Error),
    /// Group or others may write the file: it could change while it is mapped.
    #[error("group or others may write the snapshot: it must be writable by nobody (mode 0400)")]
    WritableByOthers,
    /// The file is not a snapshot, or was transferred in text mode.
    #[error("not a snapshot: wrong first octets")]
    WrongMagic,
    /// The layout is of another version than this program reads.
    #[error(
        "snapshot format version {found}, this program reads version {}",
        crate::FORMAT_VERSION
    )]
    UnknownVersion {
        /// Version found.
        found: u32,
    },
    /// The file is shorter or longer than its header says.
    #[error("the snapshot's length is not what its header says: truncated or appended to")]
    Truncated,
    /// A section is missing, misplaced, or not a whole number of records.
    #[error("the snapshot's table of sections is wrong")]
    BadSectionTable,
    /// Header or chunk hashes were altered.
    #[error("the snapshot's root hash does not match")]
    RootMismatch,
    /// A chunk of 1 MiB was altered.
    #[error("chunk {chunk} of the snapshot does not match its hash")]
    ChunkMismatch {
        /// Which, from 0.
        chunk: usize,
    },
    /// A record refers to something that is not there or breaks an order.
    #[error("record {record} of section {section} contradicts the rest of the snapshot")]
    BadRecord {
        /// Name of the section.
        section: &'static str,
        /// Which record, from 0.
        record: u32,
    },
}
