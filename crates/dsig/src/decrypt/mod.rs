//! Decrypting what a portal encrypted to us (XML Encryption 1.1; K6). Whatever goes wrong past the shape costs the same work and gives
//! the same error: a key that does not open is replaced by a random one and the content is still run through the cipher (S11).

mod content;
mod shape;

#[cfg(test)]
pub(crate) use content::DataMethod;

use std::fmt;

use aws_lc_rs::{encoding::AsDer, rand, rsa::KeyPair as RsaKeyPair, signature::KeyPair};
use octroi_xml::{Document, Element, Limits};
use rustls_pki_types::pem::SectionKind;
use zeroize::Zeroizing;

use crate::{
    error::{DecryptError, KeyError},
    key::{PublicKey, RSA_MIN_BITS},
    oaep::RsaKey,
    policy::AlgorithmPolicy,
    sign::private_key,
    verified::Verified,
};

/// A private RSA key of ours for decrypting, parsed once.
pub struct DecryptionKey {
    key: RsaKey,
    public: Option<PublicKey>,
}

impl DecryptionKey {
    /// From PEM text: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY`.
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Malformed`] when there is no RSA key, [`KeyError::RsaSize`] outside 1024 to 8192 bits. A key
    /// below 2048 bits serves only where the policy says so.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, KeyError> {
        let (kind, der) = private_key(pem)?;
        let key = match kind {
            SectionKind::RsaPrivateKey => RsaKey::from_pkcs8(&pkcs8_around(&der)),
            _ => RsaKey::from_pkcs8(&der),
        }
        .ok_or(KeyError::Malformed)?;
        let bits = key.bits();
        if !(1024..=8192).contains(&bits) {
            return Err(KeyError::RsaSize { bits });
        }
        let public = match kind {
            SectionKind::RsaPrivateKey => RsaKeyPair::from_der(&der),
            _ => RsaKeyPair::from_pkcs8(&der),
        }
        .ok()
        .and_then(|pair| pair.public_key().as_der().ok())
        .and_then(|spki| PublicKey::from_spki_der(spki.as_ref()).ok());
        Ok(Self { key, public })
    }

    /// The public half, to compare with the certificate that is published. `None` for a key below 2048 bits.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }

    /// Size of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.key.bits()
    }

    /// Whether the policy lets this key serve.
    fn is_allowed(&self, policy: &AlgorithmPolicy) -> bool {
        self.bits() >= RSA_MIN_BITS || policy.small_rsa
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecryptionKey({} bits)", self.bits())
    }
}

/// Decrypts an `xenc:EncryptedData` with any of our keys; gives the octets that were inside, one XML element by the profile.
///
/// The keys of the content are read from its `KeyInfo`, or from the `EncryptedKey`s beside it in an `EncryptedAssertion`. Decrypting
/// costs RSA private operations: call it only for somebody who proved something before (a flow cookie, an outer signature), and where
/// an outer signature covers it use [`Verified::decrypt`].
///
/// # Errors
/// [`DecryptError`], one for all causes.
pub fn decrypt(
    encrypted_data: Element<'_>,
    keys: &[DecryptionKey],
    policy: &AlgorithmPolicy,
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let data = shape::read(encrypted_data, policy).ok_or(DecryptError)?;
    for encrypted_key in &data.keys {
        for key in keys.iter().filter(|key| key.is_allowed(policy)) {
            if key.key.length() != encrypted_key.ciphertext.len() {
                continue;
            }
            let content_key = content_key(&key.key, encrypted_key, data.method.key_length())?;
            let plaintext = data.method.open(&content_key.octets, &data.ciphertext);
            // CBC has no tag: one random key in sixteen leaves a padding that looks right, and must not hide the key that opens.
            if let (true, Some(plaintext)) = (content_key.opened, plaintext) {
                return Ok(plaintext);
            }
        }
    }
    Err(DecryptError)
}

/// The content's key, or a random one in its place when it cannot be had: the content is decrypted either way.
struct ContentKey {
    octets: Zeroizing<Vec<u8>>,
    opened: bool,
}

fn content_key(
    key: &RsaKey,
    encrypted: &shape::EncryptedKey,
    length: usize,
) -> Result<ContentKey, DecryptError> {
    let mut random = Zeroizing::new(vec![0; length]);
    rand::fill(&mut random).map_err(|_| DecryptError)?;
    let mut opened = Zeroizing::new(vec![0; key.length()]);
    let found = key.decrypt(encrypted.oaep, &encrypted.ciphertext, &mut opened) == Some(length);
    if found {
        opened.truncate(length);
    }
    Ok(ContentKey {
        octets: if found { opened } else { random },
        opened: found,
    })
}

impl Verified<Element<'_>> {
    /// Decrypts this `xenc:EncryptedData`, which a signature covers, and parses what was inside. The signature vouches for the
    /// content as well, so its root is [`Verified`] without a signature of its own ([`Verified::root`]).
    ///
    /// # Errors
    /// [`DecryptError`], one for all causes, also for content that is not XML within the limits.
    pub fn decrypt(
        &self,
        keys: &[DecryptionKey],
        policy: &AlgorithmPolicy,
        limits: &Limits,
    ) -> Result<Verified<Document>, DecryptError> {
        let plaintext = decrypt(self.value, keys, policy)?;
        let in_scope = self.value.namespaces_in_scope();
        let document = octroi_xml::parse_in_context(&plaintext, limits, &in_scope)
            .map_err(|_| DecryptError)?;
        Ok(Verified {
            value: document,
            info: self.info,
            enveloping: false,
        })
    }
}

impl Verified<Document> {
    /// The whole document, all of which the outer signature covers: to verify a signature that is inside as well.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.value
    }

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

/// PKCS#8 (RFC 5208) around an `RSAPrivateKey` (RFC 8017).
fn pkcs8_around(rsa_private_key: &[u8]) -> Zeroizing<Vec<u8>> {
    /// INTEGER 0, then SEQUENCE { OID rsaEncryption, NULL }.
    const START: [u8; 18] = [
        0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
        0x01, 0x05, 0x00,
    ];
    let mut inner = Zeroizing::new(START.to_vec());
    push_der(0x04, rsa_private_key, &mut inner);
    let mut out = Zeroizing::new(Vec::with_capacity(inner.len() + 8));
    push_der(0x30, &inner, &mut out);
    out
}

fn push_der(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = content.len().to_be_bytes();
    let significant = length
        .iter()
        .position(|byte| *byte != 0)
        .unwrap_or(length.len() - 1);
    if content.len() >= 0x80 {
        out.push(0x80 | (length.len() - significant) as u8);
    }
    out.extend_from_slice(&length[significant..]);
    out.extend_from_slice(content);
}
