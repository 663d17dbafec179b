//! The content's cipher: AES-GCM with a tag of 16 bytes, or AES-CBC where the policy says so. A wrong key, tag or padding is one `None`.

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{self, DecryptingKey, DecryptionContext, UnboundCipherKey},
    iv::FixedLength,
};
use zeroize::Zeroizing;

use crate::policy::AlgorithmPolicy;

const NONCE: usize = 12;
const TAG: usize = 16;
const BLOCK: usize = 16;

/// A block encryption method.
#[derive(Debug)]
pub(crate) enum DataMethod {
    Gcm(&'static aead::Algorithm),
    Cbc(&'static cipher::Algorithm, usize),
}

impl DataMethod {
    /// The method of this URI, if the policy lets it serve.
    pub(crate) fn from_uri(uri: &str, policy: &AlgorithmPolicy) -> Option<Self> {
        let cbc = |algorithm, key| policy.cbc.then_some(Self::Cbc(algorithm, key));
        match uri {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Some(Self::Gcm(&aead::AES_128_GCM)),
            "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Some(Self::Gcm(&aead::AES_192_GCM)),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Some(Self::Gcm(&aead::AES_256_GCM)),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => cbc(&cipher::AES_128, 16),
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => cbc(&cipher::AES_192, 24),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => cbc(&cipher::AES_256, 32),
            _ => None,
        }
    }

    /// Length of its key in bytes.
    pub(crate) fn key_length(&self) -> usize {
        match self {
            Self::Gcm(algorithm) => algorithm.key_len(),
            Self::Cbc(_, length) => *length,
        }
    }

    /// Decrypts `ciphertext`, which starts with the nonce or initialisation vector.
    pub(crate) fn open(&self, key: &[u8], ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Gcm(algorithm) => open_gcm(algorithm, key, ciphertext),
            Self::Cbc(algorithm, _) => open_cbc(algorithm, key, ciphertext),
        }
    }
}

fn open_gcm(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = ciphertext.split_at_checked(NONCE)?;
    if sealed.len() < TAG {
        return None;
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let mut buffer = Zeroizing::new(sealed.to_vec());
    let length = key
        .open_in_place(nonce, Aad::empty(), &mut buffer)
        .ok()?
        .len();
    buffer.truncate(length);
    Some(buffer)
}

fn open_cbc(
    algorithm: &'static cipher::Algorithm,
    key: &[u8],
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let (iv, blocks) = ciphertext.split_at_checked(BLOCK)?;
    if blocks.is_empty() || blocks.len() % BLOCK != 0 {
        return None;
    }
    let context = DecryptionContext::Iv128(FixedLength::try_from(iv).ok()?);
    let key = DecryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
    let mut buffer = Zeroizing::new(blocks.to_vec());
    key.decrypt(&mut buffer, context).ok()?;
    // XML Encryption §5.2: the last byte counts the padding, the others of it are arbitrary.
    let padding = usize::from(*buffer.last()?);
    if !(1..=BLOCK).contains(&padding) {
        return None;
    }
    let length = buffer.len() - padding;
    buffer.truncate(length);
    Some(buffer)
}
