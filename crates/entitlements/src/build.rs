//! Builds a snapshot from a source directory: public shape first.

use std::path::Path;

/// What a build is told besides its sources.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// Generation number written into the snapshot.
    pub generation: u64,
    /// Instant of the build, Unix seconds.
    pub built_at: i64,
    /// Key of the look-up hashes; `None` derives it from the sources.
    pub hash_key: Option<[u8; 16]>,
    /// Lines of one file that may be set aside before the ratio counts.
    pub max_set_aside: u64,
    /// Share of a file's lines that may be set aside (0.01 is one in a hundred).
    pub max_set_aside_ratio: f64,
    /// How many set-aside entries the report lists; all are counted.
    pub listed: usize,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            generation: 1,
            built_at: 0,
            hash_key: None,
            max_set_aside: 100,
            max_set_aside_ratio: 0.01,
            listed: 1000,
        }
    }
}

/// A line or value that was left out, and why. Holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SetAside {
    /// File of the source directory.
    pub file: &'static str,
    /// Line, from 1.
    pub line: u64,
    /// What was wrong.
    pub reason: String,
}

/// What a build did.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct BuildReport {
    /// What the snapshot holds.
    pub counts: crate::Counts,
    /// Size of the file, octets.
    pub bytes: u64,
    /// Root hash, lower-case hex.
    pub digest: String,
    /// How many lines or values were set aside.
    pub set_aside_total: u64,
    /// The first of them, file by file.
    pub set_aside: Vec<SetAside>,
}

/// Why no snapshot was written. The file at the output path, if any, is untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file could not be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
}

/// Builds the snapshot `out` from the tables in `dir`.
///
/// # Errors
/// [`BuildError`]; `out` is then untouched.
pub fn build(dir: &Path, out: &Path, options: &BuildOptions) -> Result<BuildReport, BuildError> {
    let _ = (out, options);
    Err(BuildError::Io {
        path: dir.display().to_string(),
        error: std::io::ErrorKind::Unsupported.into(),
    })
}
