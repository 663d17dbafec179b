//! What a node has of its own, for commands that only look: the manifest in force, its body, its copy of the log.
//!
//! The same questions as at a start of the node, in the same order, but nothing is changed, locked or fetched.

use std::path::Path;

use octroi_entitlements::{Snapshot, SnapshotError};

use super::envelope::{SignedError, open};
use super::follow::ACCEPTED;
use super::keys::Keys;
use super::local::{body_in, read_in, read_log_in};
use super::log::{Log, LogError};
use super::manifest::{BodyFacts, Manifest};
use super::remote::StoreError;

/// What a start would serve.
#[derive(Debug)]
pub struct Own {
    /// The manifest in force.
    pub manifest: Manifest,
    /// Its body.
    pub snapshot: Snapshot,
    /// The changes.
    pub log: Log,
}

/// Why a start would wait for the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnError {
    /// A file of the folder.
    #[error(transparent)]
    File(#[from] StoreError),
    /// The manifest is not signed by a key that is trusted.
    #[error("{ACCEPTED}: {0}")]
    Manifest(SignedError),
    /// It is another environment's.
    #[error("{ACCEPTED}: it is for the environment {0:?}")]
    OtherEnvironment(String),
    /// The body.
    #[error("{path}: {error}")]
    Body {
        /// Its file.
        path: String,
        /// Why.
        error: SnapshotError,
    },
    /// The body is sound and another than the manifest says.
    #[error("{0}: not what its manifest says")]
    Mismatch(String),
    /// The copy of the log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The copy of the log ends too early.
    #[error("the copy of the log ends at change {ends}, the manifest in force demands {demanded}")]
    Behind {
        /// Where it ends.
        ends: u64,
        /// Where the manifest was signed.
        demanded: u64,
    },
    /// Changes are missing between body and log.
    #[error(
        "the body contains the changes up to {contains}, and the copy of the log begins after {begins}"
    )]
    Gap {
        /// The last change that the body contains.
        contains: u64,
        /// The last change that is not in the log whole.
        begins: u64,
    },
}

/// The manifest that a node has in force; `None` when it has none yet.
///
/// # Errors
/// [`OwnError`].
pub fn manifest(folder: &Path, keys: &Keys) -> Result<Option<Manifest>, OwnError> {
    let Some(octets) = read_in(folder, ACCEPTED)? else {
        return Ok(None);
    };
    let opened = open::<Manifest>(&octets, keys).map_err(OwnError::Manifest)?;
    Ok(Some(opened.document))
}

/// What a start without the store would serve; `None` when the node has nothing yet.
///
/// # Errors
/// [`OwnError`].
pub fn own(folder: &Path, keys: &Keys, environment: &str) -> Result<Option<Own>, OwnError> {
    let Some(manifest) = manifest(folder, keys)? else {
        return Ok(None);
    };
    if manifest.environment != environment {
        return Err(OwnError::OtherEnvironment(manifest.environment));
    }
    let path = body_in(folder, &manifest.body.root);
    let shown = || path.display().to_string();
    let snapshot = Snapshot::open(&path).map_err(|error| OwnError::Body {
        path: shown(),
        error,
    })?;
    if BodyFacts::of(&snapshot) != manifest.body {
        return Err(OwnError::Mismatch(shown()));
    }
    let mut log = Log::new(environment);
    read_log_in(folder, keys, &mut log)?;
    if log.passes(&manifest.log) != Some(true) {
        return Err(OwnError::Behind {
            ends: log.end().sequence,
            demanded: manifest.log.sequence,
        });
    }
    let (contains, begins) = (snapshot.overlay_sequence(), log.begins_after());
    if contains < begins {
        return Err(OwnError::Gap { contains, begins });
    }
    Ok(Some(Own {
        manifest,
        snapshot,
        log,
    }))
}
