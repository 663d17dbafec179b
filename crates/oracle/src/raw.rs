//! OpenSSL's opinion of bare signature values, and keys made at run time (no private key is ever committed).

use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer, Verifier};

/// A signature algorithm as XML-DSig sees it: ECDSA values are r‖s of fixed length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawAlgorithm {
    /// RSASSA-PKCS1-v1_5 with the SHA-2 of that many bits.
    Rsa(u16),
    /// RSASSA-PSS with the SHA-2 of that many bits, MGF1 and salt of the same.
    RsaPss(u16),
    /// ECDSA with the SHA-2 of that many bits, coordinates of that many octets.
    Ecdsa(u16, usize),
    /// Ed25519.
    Ed25519,
}

fn digest(bits: u16) -> MessageDigest {
    match bits {
        384 => MessageDigest::sha384(),
        512 => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    }
}

/// Whether OpenSSL accepts `signature` over `message` with the SubjectPublicKeyInfo `spki` (DER).
#[must_use]
pub fn openssl_verifies(
    algorithm: RawAlgorithm,
    spki: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    let attempt = || -> Option<bool> {
        let key = PKey::public_key_from_der(spki).ok()?;
        match algorithm {
            RawAlgorithm::Rsa(bits) => Verifier::new(digest(bits), &key)
                .ok()?
                .verify_oneshot(signature, message)
                .ok(),
            RawAlgorithm::RsaPss(bits) => {
                let mut verifier = Verifier::new(digest(bits), &key).ok()?;
                verifier.set_rsa_padding(Padding::PKCS1_PSS).ok()?;
                verifier
                    .set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
                    .ok()?;
                verifier.verify_oneshot(signature, message).ok()
            }
            RawAlgorithm::Ecdsa(bits, size) => {
                let (r, s) = signature.split_at_checked(size)?;
                if s.len() != size {
                    return None;
                }
                let r = openssl::bn::BigNum::from_slice(r).ok()?;
                let s = openssl::bn::BigNum::from_slice(s).ok()?;
                let der = EcdsaSig::from_private_components(r, s)
                    .ok()?
                    .to_der()
                    .ok()?;
                Verifier::new(digest(bits), &key)
                    .ok()?
                    .verify_oneshot(&der, message)
                    .ok()
            }
            RawAlgorithm::Ed25519 => Verifier::new_without_digest(&key)
                .ok()?
                .verify_oneshot(signature, message)
                .ok(),
        }
    };
    attempt().unwrap_or(false)
}

/// Signs with OpenSSL; `None` when the key (PKCS#8 PEM) does not fit the algorithm.
#[must_use]
pub fn openssl_signs(algorithm: RawAlgorithm, key_pem: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let key = PKey::private_key_from_pem(key_pem).ok()?;
    match algorithm {
        RawAlgorithm::Rsa(bits) => Signer::new(digest(bits), &key)
            .ok()?
            .sign_oneshot_to_vec(message)
            .ok(),
        RawAlgorithm::RsaPss(bits) => {
            let mut signer = Signer::new(digest(bits), &key).ok()?;
            signer.set_rsa_padding(Padding::PKCS1_PSS).ok()?;
            signer
                .set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
                .ok()?;
            signer.sign_oneshot_to_vec(message).ok()
        }
        RawAlgorithm::Ecdsa(bits, size) => {
            let der = Signer::new(digest(bits), &key)
                .ok()?
                .sign_oneshot_to_vec(message)
                .ok()?;
            let signature = EcdsaSig::from_der(&der).ok()?;
            let size = i32::try_from(size).ok()?;
            let mut octets = signature.r().to_vec_padded(size).ok()?;
            octets.extend(signature.s().to_vec_padded(size).ok()?);
            Some(octets)
        }
        RawAlgorithm::Ed25519 => Signer::new_without_digest(&key)
            .ok()?
            .sign_oneshot_to_vec(message)
            .ok(),
    }
}

/// A new key for `algorithm` (RSA-2048, P-256 or P-384, Ed25519) as PKCS#8 PEM and SubjectPublicKeyInfo PEM.
#[must_use]
pub fn generate_key(algorithm: RawAlgorithm) -> Option<(Vec<u8>, Vec<u8>)> {
    let key: PKey<Private> = match algorithm {
        RawAlgorithm::Rsa(_) | RawAlgorithm::RsaPss(_) => {
            PKey::from_rsa(Rsa::generate(2048).ok()?).ok()?
        }
        RawAlgorithm::Ecdsa(_, size) => {
            let curve = if size == 48 {
                Nid::SECP384R1
            } else {
                Nid::X9_62_PRIME256V1
            };
            let group = EcGroup::from_curve_name(curve).ok()?;
            PKey::from_ec_key(EcKey::generate(&group).ok()?).ok()?
        }
        RawAlgorithm::Ed25519 => PKey::generate_ed25519().ok()?,
    };
    Some((
        key.private_key_to_pem_pkcs8().ok()?,
        key.public_key_to_pem().ok()?,
    ))
}
