//! Why an archive is refused as a whole. Nothing of it is taken then.

use std::io;
use std::path::{Path, PathBuf};

use octroi_directory::{NoRoom, SegmentError, WriteError};

/// An archive is refused, or an import failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The name is not `{idENT}_GAR-ENT_Complet_{yyyyMMdd_HHmmss}_{2D|1D}.tar.gz`.
    #[error(
        "not the name of an archive: {{idENT}}_GAR-ENT_Complet_{{yyyyMMdd_HHmmss}}_{{2D|1D}}.tar.gz"
    )]
    Name,
    /// The file with the sum does not hold 32 hexadecimal digits and nothing else.
    #[error("the .md5 file does not hold 32 hexadecimal digits and nothing else")]
    SumForm,
    /// The archive is not the one whose sum was sent.
    #[error("the archive's MD5 is {found}, the .md5 file says {expected}")]
    Sum {
        /// According to the `.md5` file.
        expected: String,
        /// Of the archive.
        found: String,
    },
    /// The gzip stream ends early or is damaged.
    #[error("the gzip stream is truncated or damaged: {0}")]
    Gzip(io::Error),
    /// The tar ends without its end mark, or is damaged.
    #[error("the tar is truncated or damaged: {0}")]
    Tar(&'static str),
    /// More than the limits allow.
    #[error("more than {limit} {what}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The archive has people and every one of them was set aside: an empty directory is never made of it.
    #[error("all {read} people of the archive were set aside")]
    NobodyLeft {
        /// Records of people that were read.
        read: u64,
    },
    /// Temporary files, the draft of the segment and what is set aside have more octets than there is room for.
    #[error("{0}")]
    NoRoom(NoRoom),
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Temporary files cannot be written or read.
    #[error("temporary files: {0}")]
    Temporary(io::Error),
    /// What is set aside could not be kept, or progress not be told.
    #[error("what is set aside cannot be kept: {0}")]
    Observer(io::Error),
    /// The previous segment cannot be read.
    #[error("the segment in force: {0}")]
    Previous(SegmentError),
    /// The new segment cannot be written.
    #[error("the new segment: {0}")]
    Segment(WriteError),
}

impl From<WriteError> for ImportError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NoRoom { source, .. } => Self::NoRoom(source),
            other => Self::Segment(other),
        }
    }
}

impl ImportError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn temporary(error: io::Error) -> Self {
        NoRoom::of(&error).map_or_else(|| Self::Temporary(error), Self::NoRoom)
    }

    pub(crate) fn observer(error: io::Error) -> Self {
        NoRoom::of(&error).map_or_else(|| Self::Observer(error), Self::NoRoom)
    }

    /// An error while the archive was read, wherever in the chain of its readers it arose.
    pub(crate) fn reading(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(other) => Self::Gzip(other),
        }
    }

    /// Whether the delivery is to blame, rather than this machine.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self,
            Self::Read { .. }
                | Self::NoRoom(_)
                | Self::Temporary(_)
                | Self::Observer(_)
                | Self::Previous(_)
                | Self::Segment(_)
        )
    }
}
