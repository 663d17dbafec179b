//! The key of the vault: 32 octets in a file that nobody else may read.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::{digest, hkdf};
use zeroize::Zeroizing;

/// Why a key file is not taken. The content is never told.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read it.
    #[error("{}: mode {mode:04o} lets others read the key; chmod 600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is no key.
    #[error("{}: not 64 hex digits; make one with `openssl rand -hex 32`", path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
}

/// The key from which the key of each entry follows.
pub struct VaultKey {
    material: hkdf::Prk,
    id: [u8; 8],
}

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VaultKey({})", crate::collect::hex(&self.id))
    }
}

/// Length of the key of an entry.
struct Key32;

impl hkdf::KeyType for Key32 {
    fn len(&self) -> usize {
        32
    }
}

impl VaultKey {
    /// Reads the key file.
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let io = |error| KeyError::Io {
            path: path.to_owned(),
            error,
        };
        let mode = std::fs::metadata(path).map_err(io)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Open {
                path: path.to_owned(),
                mode,
            });
        }
        let text = Zeroizing::new(std::fs::read(path).map_err(io)?);
        let key = parse(text.trim_ascii()).ok_or_else(|| KeyError::Form {
            path: path.to_owned(),
        })?;
        Ok(Self::new(&key))
    }

    /// A key from its octets.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let hash = digest::digest(&digest::SHA256, key);
        let mut id = [0; 8];
        id.copy_from_slice(&hash.as_ref()[..8]);
        Self {
            material: hkdf::Salt::new(hkdf::HKDF_SHA256, b"octroi vault").extract(key),
            id,
        }
    }

    /// Names the key without telling it.
    pub(super) fn id(&self) -> [u8; 8] {
        self.id
    }

    /// The key of the entry with this header that lies where `bound` says.
    pub(super) fn of(&self, header: &[u8], bound: &str) -> io::Result<Zeroizing<[u8; 32]>> {
        let mut key = Zeroizing::new([0; 32]);
        self.material
            .expand(&[b"entry 2", header, bound.as_bytes()], Key32)
            .and_then(|okm| okm.fill(&mut *key))
            .map_err(|_| io::Error::other("the key of the entry cannot be derived"))?;
        Ok(key)
    }
}

fn parse(text: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    if text.len() != 64 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(key)
}
