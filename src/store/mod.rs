//! Where snapshots come from: bodies by their content, signed manifests, and the log of changes between builds.
//!
//! One machine *publishes*: it has the private key, uploads a body, and signs a manifest that names it. Every node
//! *follows*: it reads what was signed, fetches what it names, judges it, and puts it in force. Between both stands
//! an object store (a folder, S3, or a web server that nodes only read), which is trusted with nothing: whoever can
//! write it can withhold news, and cannot put anything in force.
//!
//! | object | what | written |
//! |---|---|---|
//! | `bodies/<root>.octroi` | a snapshot, named by its root hash | once |
//! | `manifests/<sequence>.json` | [`Manifest`]: which body is in force | once; who creates the number has it |
//! | `manifests/latest.json` | a copy of the newest manifest, where a new node begins | each time |
//! | `overlay/<first>.json` | [`log::Batch`]: changes since, chained | once; who creates the number has it |
//! | `overlay/base.json` | [`log::Base`]: what stands for the entries that were collected | each time |
//!
//! Files here, in the order in which a change meets them: `keys` and `envelope` (what is signed and how), `manifest`,
//! `remote` (the object store), `publish` (upload, activate, roll back, collect), `log` (the overlay), `local` (a node's
//! own copies), `fetch` (a body, checked while it arrives), `judge` (is it plausible?), `follow` (a node, from poll to swap), `own`
//! (what a node has, for commands that only look).
//!
//! Nothing here may run on a worker that answers accesses, and nothing unsigned may ever be put in force.

pub mod envelope;
pub mod fetch;
pub mod follow;
pub mod judge;
pub mod keys;
pub mod local;
pub mod log;
pub mod manifest;
pub mod own;
pub mod publish;
pub mod remote;

use std::fmt::Display;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::config::{Place, StoreSettings};

pub use envelope::SignedError;
pub use judge::{Shrink, Thresholds};
pub use keys::{Keys, SecretKey};
pub use manifest::{Manifest, Why};
pub use remote::{Remote, StoreError};

/// Reads the public keys that a node trusts. An error names the file and where the settings name it.
///
/// # Errors
/// The place in the settings, and what is wrong.
pub fn public_keys(settings: &StoreSettings, base: &Path) -> Result<Keys, (Place, String)> {
    let mut keys = Keys::default();
    for name in &settings.public_keys {
        let path = base.join(&name.value);
        let told = |error: &dyn Display| (name.place, format!("{}: {error}", path.display()));
        let pem = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
        keys.add_pem(&pem).map_err(|error| told(&error))?;
    }
    Ok(keys)
}

/// Reads the secret key of a publisher.
///
/// # Errors
/// What is wrong: no `private_key`, a file that others may read, or no Ed25519 key in it.
pub fn secret_key(settings: &StoreSettings, base: &Path) -> Result<SecretKey, String> {
    let name = settings.private_key.as_ref();
    let name = name.ok_or("[store] has no private_key: this machine does not publish")?;
    let path = base.join(&name.value);
    let told = |error: &dyn Display| format!("{}: {error}", path.display());
    let mode = std::fs::metadata(&path)
        .map_err(|error| told(&error))?
        .mode();
    if mode & 0o077 != 0 {
        let why = format!(
            "it holds a secret and its mode is {:04o}: chmod 0600",
            mode & 0o777
        );
        return Err(told(&why));
    }
    let pem = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
    SecretKey::from_pem(&zeroize::Zeroizing::new(pem)).map_err(|error| told(&error))
}

/// Lower-case hex of a SHA-256 or another hash.
#[must_use]
pub fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Whether this is a SHA-256 in lower-case hex: the only names that a body may have.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
