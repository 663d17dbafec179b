//! Encrypting to a publisher (C7, C8): a fresh key for each content, AES-GCM, RSA-OAEP. The text is in canonical form, so that it can
//! stand inside what is signed. Nothing weak is ever produced.

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    rand,
};
use zeroize::Zeroizing;

use crate::{
    base64,
    error::EncryptError,
    key::{KeyKind, PublicKey},
    oaep::{Hash, Oaep},
};

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

impl DataEncryption {
    fn uri(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
        }
    }

    fn algorithm(self) -> &'static aead::Algorithm {
        match self {
            Self::Aes128Gcm => &aead::AES_128_GCM,
            Self::Aes256Gcm => &aead::AES_256_GCM,
        }
    }
}

impl KeyTransport {
    fn oaep(self) -> Oaep {
        let (digest, mgf1) = match self {
            Self::OaepSha1Mgf1Sha1 => (Hash::Sha1, Hash::Sha1),
            Self::OaepSha256Mgf1Sha1 => (Hash::Sha256, Hash::Sha1),
            Self::OaepSha256Mgf1Sha256 => (Hash::Sha256, Hash::Sha256),
        };
        Oaep { digest, mgf1 }
    }

    /// `xenc:EncryptionMethod` of the key, canonical where `ds` and `xenc` are declared.
    fn method(self) -> &'static str {
        match self {
            Self::OaepSha1Mgf1Sha1 => {
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">\
                 <ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"></ds:DigestMethod></xenc:EncryptionMethod>"
            }
            Self::OaepSha256Mgf1Sha1 => {
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">\
                 <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod></xenc:EncryptionMethod>"
            }
            Self::OaepSha256Mgf1Sha256 => {
                "<xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\">\
                 <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
                 <xenc11:MGF xmlns:xenc11=\"http://www.w3.org/2009/xmlenc11#\" \
                 Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"></xenc11:MGF></xenc:EncryptionMethod>"
            }
        }
    }
}

const NONCE: usize = 12;

/// Appends `xenc:EncryptedData` with `plaintext` (one XML element) encrypted under a fresh key, which is inside encrypted to the
/// recipient. The text is canonical and declares its own prefixes.
///
/// # Errors
/// [`EncryptError::Key`] when the recipient's key is not RSA of at least 2048 bits, [`EncryptError::Failed`] from the library.
pub fn encrypt(
    plaintext: &[u8],
    recipient: &EncryptionRecipient,
    out: &mut Vec<u8>,
) -> Result<(), EncryptError> {
    let public = &recipient.key;
    if public.kind() != KeyKind::Rsa || public.is_small_rsa() {
        return Err(EncryptError::Key);
    }
    let public = public.encryption_key().ok_or(EncryptError::Key)?;
    let algorithm = recipient.data.algorithm();
    let mut key = Zeroizing::new(vec![0; algorithm.key_len()]);
    rand::fill(&mut key).map_err(|_| EncryptError::Failed)?;
    let encrypted_key = public
        .encrypt(recipient.transport.oaep(), &key)
        .ok_or(EncryptError::Failed)?;
    let sealed = seal(algorithm, &key, plaintext)?;

    out.reserve(sealed.len() / 3 * 4 + encrypted_key.len() / 3 * 4 + 1024);
    for part in [
        "<xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" \
         Type=\"http://www.w3.org/2001/04/xmlenc#Element\"><xenc:EncryptionMethod Algorithm=\"",
        recipient.data.uri(),
        "\"></xenc:EncryptionMethod><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><xenc:EncryptedKey>",
        recipient.transport.method(),
        "<xenc:CipherData><xenc:CipherValue>",
    ] {
        out.extend_from_slice(part.as_bytes());
    }
    base64::encode(&encrypted_key, out);
    out.extend_from_slice(
        b"</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>",
    );
    base64::encode(&sealed, out);
    out.extend_from_slice(b"</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>");
    Ok(())
}

/// Nonce, ciphertext and tag, one after the other. The key is used once, so any nonce is unique for it.
fn seal(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, EncryptError> {
    let failed = |_| EncryptError::Failed;
    let mut nonce = [0; NONCE];
    rand::fill(&mut nonce).map_err(failed)?;
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(failed)?);
    let mut sealed = Vec::with_capacity(NONCE + plaintext.len() + algorithm.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::empty(), &mut sealed[NONCE..])
        .map_err(failed)?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}
