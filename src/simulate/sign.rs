//! Keys of simulated partners, and the enveloped signature as they write it.
//!
//! A writer of its own, so that the gateway does not only read its own hand. RSA-SHA1, which the product never
//! produces, is asked of the `openssl` program, so that a legacy portal can be played without a signer for SHA-1 in
//! this house.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use octroi_dsig::{Signer as _, SoftwareSigner, base64};
use thiserror::Error;

use crate::simulate::settings::{self, SettingsError};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Why nothing was signed.
#[derive(Debug, Error)]
pub enum KeyFailure {
    /// The key refused.
    #[error("signing failed")]
    Sign,
    /// The `openssl` program did not do it.
    #[error("openssl did not sign: {0}")]
    OpenSsl(String),
}

/// A key with the algorithms that go with it.
#[derive(Debug)]
pub enum PartnerKey {
    /// SHA-256 and what the key is.
    Modern(SoftwareSigner),
    /// RSA-SHA1 with SHA-1 digests.
    Sha1(PathBuf),
}

impl PartnerKey {
    /// Reads a key for SHA-256.
    ///
    /// # Errors
    /// [`SettingsError`], naming the file.
    pub fn modern(path: &Path) -> Result<Self, SettingsError> {
        let signer = SoftwareSigner::from_pkcs8_pem(&settings::read(path)?, None, None);
        signer.map(Self::Modern).map_err(|error| SettingsError::Key { path: path.to_owned(), error })
    }

    /// URI of the signature algorithm.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Modern(signer) => signer.algorithm().uri(),
            Self::Sha1(_) => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        }
    }

    /// URI of the digest algorithm.
    #[must_use]
    pub fn digest_algorithm(&self) -> &'static str {
        match self {
            Self::Modern(_) => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha1(_) => "http://www.w3.org/2000/09/xmldsig#sha1",
        }
    }

    /// Digest of some octets.
    #[must_use]
    pub fn digest(&self, octets: &[u8]) -> Vec<u8> {
        use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
        let algorithm = match self {
            Self::Modern(_) => &SHA256,
            Self::Sha1(_) => &SHA1_FOR_LEGACY_USE_ONLY,
        };
        digest(algorithm, octets).as_ref().to_vec()
    }

    /// Signs. With SHA-1 it starts a process: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`KeyFailure`].
    pub fn sign(&self, octets: &[u8]) -> Result<Vec<u8>, KeyFailure> {
        match self {
            Self::Modern(signer) => {
                let mut out = Vec::new();
                signer.sign(octets, &mut out).map_err(|_| KeyFailure::Sign)?;
                Ok(out)
            }
            Self::Sha1(path) => sign_sha1(path, octets),
        }
    }
}

/// Signs the element that `xml` is, in canonical form and without a Signature, and puts the Signature behind the first
/// `after`. A prefix is named in the PrefixList where the style needs one.
///
/// # Errors
/// [`KeyFailure`].
pub fn envelop(xml: &mut String, after: &str, id: &str, prefix: Option<&str>, key: &PartnerKey) -> Result<(), KeyFailure> {
    let prefix_list = prefix.map_or_else(String::new, |prefix| {
        format!("<ec:InclusiveNamespaces xmlns:ec=\"{EXC_C14N}\" PrefixList=\"{prefix}\"></ec:InclusiveNamespaces>")
    });
    let rest = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{DS}enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXC_C14N}\">{prefix_list}</ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        key.algorithm(),
        key.digest_algorithm(),
        base64::encode_to_string(&key.digest(xml.as_bytes())),
    );
    let hashed = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{rest}");
    let value = base64::encode_to_string(&key.sign(hashed.as_bytes())?);
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DS}\"><ds:SignedInfo>{rest}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
    );
    if let Some(at) = xml.find(after) {
        xml.insert_str(at + after.len(), &signature);
    }
    Ok(())
}

fn sign_sha1(key: &Path, octets: &[u8]) -> Result<Vec<u8>, KeyFailure> {
    let failed = |error: std::io::Error| KeyFailure::OpenSsl(error.to_string());
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha1", "-binary", "-sign"])
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // Dropped at once, so that the program sees the end; a SignedInfo is far smaller than a pipe's buffer.
    child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(octets)).map_err(failed)?;
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() && !output.stdout.is_empty() {
        Ok(output.stdout)
    } else {
        Err(KeyFailure::OpenSsl(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}
