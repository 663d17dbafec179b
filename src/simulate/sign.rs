//! Keys of simulated partners. RSA-SHA1, which the product never produces, is asked of the `openssl` program, so that
//! a legacy portal can be played without a signer for SHA-1 in this house.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use octroi_dsig::{SignError, SignatureAlgorithm, Signer, SoftwareSigner};

use super::settings::{self, SettingsError};

/// Reads a PKCS#8 key; the algorithm follows from its kind, with SHA-256.
///
/// # Errors
/// [`SettingsError`], naming the file.
pub fn read_key(path: &Path) -> Result<SoftwareSigner, SettingsError> {
    SoftwareSigner::from_pkcs8_pem(&settings::read(path)?, None, None).map_err(|error| {
        SettingsError::Key {
            path: path.to_owned(),
            error,
        }
    })
}

/// A signer for RSA-SHA1. Each signature starts a process: use it where blocking is allowed.
#[derive(Debug)]
pub struct Sha1Signer(PathBuf);

impl Sha1Signer {
    /// A signer with the key of this file, which `openssl` reads.
    #[must_use]
    pub fn new(key: PathBuf) -> Self {
        Self(key)
    }

    fn run(&self, message: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut child = Command::new("openssl")
            .args(["dgst", "-sha1", "-binary", "-sign"])
            .arg(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        // Dropped at once, so that the program sees the end; a SignedInfo is far smaller than a pipe's buffer.
        child
            .stdin
            .take()
            .map_or(Ok(()), |mut stdin| stdin.write_all(message))?;
        let output = child.wait_with_output()?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Ok(Vec::new())
        }
    }
}

impl Signer for Sha1Signer {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RsaSha1
    }

    fn certificate(&self) -> Option<&[u8]> {
        None
    }

    fn fingerprint(&self) -> &str {
        ""
    }

    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), SignError> {
        let signature = self.run(message).unwrap_or_default();
        if signature.is_empty() {
            return Err(SignError::Failed);
        }
        out.extend_from_slice(&signature);
        Ok(())
    }
}
