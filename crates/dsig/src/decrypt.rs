//! Decrypting what a portal encrypted to us.

use octroi_xml::{Document, Element, Limits};
use zeroize::Zeroizing;

use crate::{
    error::{DecryptError, KeyError},
    policy::AlgorithmPolicy,
    verified::Verified,
};

/// A private RSA key of ours for decrypting, parsed once.
#[derive(Debug)]
pub struct DecryptionKey(());

impl DecryptionKey {
    /// From PEM text: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY`.
    ///
    /// # Errors
    /// [`KeyError`] when there is no RSA key of 1024 to 8192 bits.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, KeyError> {
        let _ = pem;
        Err(KeyError::Unsupported)
    }
}

/// Decrypts an `xenc:EncryptedData` with any of our keys.
///
/// # Errors
/// [`DecryptError`], one for all causes.
pub fn decrypt(
    encrypted_data: Element<'_>,
    keys: &[DecryptionKey],
    policy: &AlgorithmPolicy,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let _ = (encrypted_data, keys, policy);
    Err(DecryptError)
}

impl Verified<Element<'_>> {
    /// Decrypts this `xenc:EncryptedData`, which a signature covers, and parses what was inside. The signature vouches for the
    /// content as well, so its root is [`Verified`] without a signature of its own ([`Verified::root`]).
    ///
    /// # Errors
    /// [`DecryptError`], one for all causes, also for content that is not XML.
    pub fn decrypt(
        &self,
        keys: &[DecryptionKey],
        policy: &AlgorithmPolicy,
        limits: &Limits,
    ) -> Result<Verified<Document>, DecryptError> {
        let _ = limits;
        decrypt(self.value, keys, policy).map(|_| ())?;
        Err(DecryptError)
    }
}

impl Verified<Document> {
    /// The root element.
    #[must_use]
    pub fn root(&self) -> Verified<Element<'_>> {
        Verified {
            value: self.value.root(),
            info: self.info,
            enveloping: false,
        }
    }
}
