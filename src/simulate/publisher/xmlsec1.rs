//! The real `xmlsec1` program as the publisher's judge of signatures: another implementation, another parser.
//!
//! Each call starts processes and writes files; it is for tests. It says whether the signature that stands at the
//! place asked for holds under the gateway's certificate, and over which element.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use crate::simulate::country::partner::KeyKind;

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion";
const RESPONSE: &str = "urn:oasis:names:tc:SAML:2.0:protocol:Response";

/// Which element's own Signature is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The Response's.
    Response,
    /// The Assertion's.
    Assertion,
}

/// What `xmlsec1` said when it did not say yes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Objection {
    /// It cannot be started, or a file cannot be written.
    #[error("xmlsec1 cannot be run: {0}")]
    Run(String),
    /// No certificate of the gateway verifies the signature.
    #[error("xmlsec1 does not verify the {0:?}'s signature")]
    Verify(Place),
    /// The key does not decrypt.
    #[error("xmlsec1 does not decrypt")]
    Decrypt,
}

/// Where it works and with which keys.
#[derive(Debug, Clone)]
pub struct Xmlsec1 {
    directory: PathBuf,
    certificates: Vec<PathBuf>,
}

/// A message in a file of its own, removed with this value.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Xmlsec1 {
    /// Works in a directory that exists, with the gateway's certificates.
    #[must_use]
    pub fn new(directory: PathBuf, certificates: Vec<PathBuf>) -> Self {
        Self {
            directory,
            certificates,
        }
    }

    /// The message with its EncryptedData replaced by what was in it.
    ///
    /// # Errors
    /// [`Objection`].
    pub fn decrypt(&self, xml: &[u8], key: &Path) -> Result<Vec<u8>, Objection> {
        let file = self.scratch(xml)?;
        let output = Command::new("xmlsec1")
            .args(["--decrypt", "--privkey-pem"])
            .arg(key)
            .arg(&file.0)
            .stderr(Stdio::null())
            .output()
            .map_err(|error| Objection::Run(error.to_string()))?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(Objection::Decrypt)
        }
    }

    /// The same with the certificates of this kind of key tried first: only to start fewer processes.
    #[must_use]
    pub fn trying_first(&self, kind: KeyKind) -> Self {
        let mut other = self.clone();
        let named = |path: &PathBuf| path.to_string_lossy().contains(kind.word());
        other.certificates.sort_by_key(|path| !named(path));
        other
    }

    /// Whether the Signature at this place holds.
    ///
    /// # Errors
    /// [`Objection`].
    pub fn verify(&self, xml: &[u8], place: Place) -> Result<(), Objection> {
        let file = self.scratch(xml)?;
        let signature = match place {
            Place::Response => "/*[local-name()='Response']/*[local-name()='Signature']",
            Place::Assertion => {
                "/*[local-name()='Response']//*[local-name()='Assertion']/*[local-name()='Signature']"
            }
        };
        for certificate in &self.certificates {
            let status = Command::new("xmlsec1")
                .args([
                    "--verify",
                    "--enabled-reference-uris",
                    "same-doc",
                    "--id-attr:ID",
                    ASSERTION,
                    "--id-attr:ID",
                    RESPONSE,
                ])
                .args(["--node-xpath", signature, "--pubkey-cert-pem"])
                .arg(certificate)
                .arg(&file.0)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .map_err(|error| Objection::Run(error.to_string()))?;
            if status.success() {
                return Ok(());
            }
        }
        Err(Objection::Verify(place))
    }

    fn scratch(&self, xml: &[u8]) -> Result<Scratch, Objection> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "{}-{}.xml",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = self.directory.join(name);
        std::fs::write(&path, xml)
            .map_err(|error| Objection::Run(format!("{}: {error}", path.display())))?;
        Ok(Scratch(path))
    }
}
