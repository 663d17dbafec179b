//! What can be wrong with a segment, and with what somebody wants to write into one.

use std::io;
use std::path::{Path, PathBuf};

use crate::format::Kind;
use crate::room::NoRoom;

/// A segment cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The segment.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file does not begin like a segment.
    #[error("not a segment of the directory")]
    NotASegment,
    /// The file is of a version that this reader does not know.
    #[error("a segment of format version {0}, which this program does not read")]
    Version(u32),
    /// The file is shorter or longer than its header says.
    #[error("{found} octets where the header says {expected}")]
    Length {
        /// Octets according to the header.
        expected: u64,
        /// Octets of the file.
        found: u64,
    },
    /// Header or table of blocks are not what their hash says.
    #[error("the header or the table of blocks is damaged")]
    Table,
    /// A block is not what its hash says.
    #[error("block {block} is damaged")]
    Block {
        /// Number of the block.
        block: u32,
    },
    /// The hashes are right and a record contradicts the rules of the format.
    #[error("block {block}, record {record}: not a {kind} as the format says")]
    Record {
        /// Number of the block.
        block: u32,
        /// Number of the record in its block.
        record: u32,
        /// What should stand there.
        kind: &'static str,
    },
}

impl SegmentError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}

/// A segment cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The segment, or the file beside it that becomes the segment.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It may not have more octets.
    #[error("{}: {source}", path.display())]
    NoRoom {
        /// The segment.
        path: PathBuf,
        /// How many there may be.
        source: NoRoom,
    },
    /// The code of the ENT project cannot name a folder.
    #[error("not a code of an ENT project")]
    Ent,
    /// A record comes out of order, or twice.
    #[error("{kind} number {number} does not come after the one before it")]
    Order {
        /// What kind of record.
        kind: &'static str,
        /// How many of its kind came before.
        number: u64,
    },
    /// A record is longer than the format takes, refers to nothing, or has a list that does not ascend.
    #[error("{kind} number {number} is not one that a segment takes")]
    Record {
        /// What kind of record.
        kind: &'static str,
        /// How many of its kind came before.
        number: u64,
    },
    /// More records or octets than the format can count.
    #[error("too much for one segment")]
    TooMuch,
}

impl WriteError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match NoRoom::of(&source) {
            Some(source) => Self::NoRoom { path, source },
            None => Self::Io { path, source },
        }
    }

    pub(crate) fn order(kind: Kind, number: u64) -> Self {
        Self::Order {
            kind: kind.as_str(),
            number,
        }
    }

    pub(crate) fn record(kind: Kind, number: u64) -> Self {
        Self::Record {
            kind: kind.as_str(),
            number,
        }
    }
}
