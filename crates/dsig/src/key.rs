//! Public keys that somebody trusts: from metadata or configuration, parsed once, bound to one kind. A key never comes from a message
//! (K1), and nothing of a certificate but its key is used: dates, issuer and extensions are ignored (IIP-MD12).

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use aws_lc_rs::{digest, signature as lc};
use rustls_pki_types::pem::SectionKind;
use x509_cert::der::{Decode, oid::ObjectIdentifier};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::{
    algorithm::SignatureAlgorithm,
    certificate::{certificate_spki, sections},
    error::KeyError,
    fingerprint::Fingerprint,
    oaep::RsaKey,
    policy::AlgorithmPolicy,
};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// Smallest RSA modulus without [`AlgorithmPolicy::small_rsa`], in bits (SDP-MD05).
pub const RSA_MIN_BITS: u32 = 2048;
/// Smallest RSA modulus that is read at all.
const RSA_LEGACY_MIN_BITS: u32 = 1024;
/// Largest RSA modulus: a verification costs the square of this.
const RSA_MAX_BITS: u32 = 8192;

/// What sort of key this is; an algorithm works with exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// Elliptic curve P-256.
    P256,
    /// Elliptic curve P-384.
    P384,
    /// Elliptic curve P-521.
    P521,
    /// Edwards curve 25519.
    Ed25519,
}

/// A trusted public key, parsed once. Clones share it.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    kind: KeyKind,
    bits: u32,
    fingerprint: Fingerprint,
    spki: Box<[u8]>,
    parsed: Parsed,
    encryption: OnceLock<Option<RsaKey>>,
}

/// aws-lc-rs binds a parsed key to one algorithm. An RSA key serves several, so each is parsed when first used and kept.
enum Parsed {
    Rsa(Box<[OnceLock<Option<lc::ParsedPublicKey>>; 7]>),
    Other(lc::ParsedPublicKey),
}

impl PublicKey {
    /// From a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`KeyError::Malformed`], [`KeyError::Unsupported`] for a kind that has no [`KeyKind`], [`KeyError::RsaSize`] outside 1024 to
    /// 8192 bits. A key of 1024 to 2047 bits is read, but serves only where the policy says so.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Malformed)?;
        let (kind, bits) = match spki.algorithm.oid {
            RSA_ENCRYPTION => (KeyKind::Rsa, rsa_bits(&spki)?),
            EC_PUBLIC_KEY => match spki.algorithm.parameters_oid() {
                Ok(P256) => (KeyKind::P256, 256),
                Ok(P384) => (KeyKind::P384, 384),
                Ok(P521) => (KeyKind::P521, 521),
                _ => return Err(KeyError::Unsupported),
            },
            ED25519 => (KeyKind::Ed25519, 256),
            _ => return Err(KeyError::Unsupported),
        };
        let parse =
            |algorithm| lc::ParsedPublicKey::new(algorithm, der).map_err(|_| KeyError::Malformed);
        let parsed = match kind {
            KeyKind::Rsa => {
                let slots = [const { OnceLock::new() }; 7];
                // Parsed now, so that a bad key is refused where it is loaded.
                let first = parse(
                    rsa_parameters(SignatureAlgorithm::RsaSha256, bits)
                        .ok_or(KeyError::Unsupported)?,
                )?;
                let _ = slots[0].set(Some(first));
                Parsed::Rsa(Box::new(slots))
            }
            KeyKind::P256 => Parsed::Other(parse(&lc::ECDSA_P256_SHA256_FIXED)?),
            KeyKind::P384 => Parsed::Other(parse(&lc::ECDSA_P384_SHA384_FIXED)?),
            KeyKind::P521 => Parsed::Other(parse(&lc::ECDSA_P521_SHA512_FIXED)?),
            KeyKind::Ed25519 => Parsed::Other(parse(&lc::ED25519)?),
        };
        Ok(Self(Arc::new(Inner {
            kind,
            bits,
            fingerprint: Fingerprint::of_spki(der),
            spki: der.into(),
            parsed,
            encryption: OnceLock::new(),
        })))
    }

    /// The key of a DER X.509 certificate. Nothing else of it is looked at, so an expired, odd or self-signed one serves.
    ///
    /// # Errors
    /// As [`PublicKey::from_spki_der`]; [`KeyError::Certificate`] when the outline is not a certificate's.
    pub fn from_certificate_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::from_spki_der(certificate_spki(der).ok_or(KeyError::Certificate)?)
    }

    /// The first certificate or public key (`CERTIFICATE`, `PUBLIC KEY`) of PEM text.
    ///
    /// # Errors
    /// As [`PublicKey::from_spki_der`]; [`KeyError::Pem`] when there is none.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        for section in sections(pem) {
            match section? {
                (SectionKind::Certificate, der) => return Self::from_certificate_der(&der),
                (SectionKind::PublicKey, der) => return Self::from_spki_der(&der),
                _ => {}
            }
        }
        Err(KeyError::Pem)
    }

    /// SHA-256 of the SubjectPublicKeyInfo in hexadecimal: the key's name in logs and refusals.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.0.fingerprint.as_str()
    }

    pub(crate) fn fingerprint_value(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// What sort of key this is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// Size in bits: of the modulus or of the curve.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits
    }

    /// The DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// Whether this is an RSA key below [`RSA_MIN_BITS`].
    #[must_use]
    pub fn is_small_rsa(&self) -> bool {
        self.0.kind == KeyKind::Rsa && self.0.bits < RSA_MIN_BITS
    }

    /// Verifies a detached signature over `message` (ECDSA as `r ‖ s`).
    ///
    /// # Errors
    /// [`KeyError::Refused`] when the algorithm does not fit the key or the policy, [`KeyError::BadSignature`] when it does not verify.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
        policy: &AlgorithmPolicy,
    ) -> Result<(), KeyError> {
        let refused = algorithm.key_kind() != self.0.kind
            || (algorithm == SignatureAlgorithm::RsaSha1 && !policy.sha1)
            || (self.is_small_rsa() && !policy.small_rsa);
        if refused {
            return Err(KeyError::Refused);
        }
        if self.verifies(&SignedOctets::new(algorithm, message), signature) {
            Ok(())
        } else {
            Err(KeyError::BadSignature)
        }
    }

    /// The key as RSA-OAEP wants it, parsed when first used; `None` for another kind of key.
    pub(crate) fn encryption_key(&self) -> Option<&RsaKey> {
        self.0
            .encryption
            .get_or_init(|| RsaKey::from_spki(&self.0.spki))
            .as_ref()
    }

    /// Whether `signature` is this key's over `signed`. Policy is the caller's.
    pub(crate) fn verifies(&self, signed: &SignedOctets<'_>, signature: &[u8]) -> bool {
        let algorithm = signed.algorithm;
        if algorithm.key_kind() != self.0.kind
            || signature.len() != algorithm.signature_length(self.0.bits)
        {
            return false;
        }
        let key = match &self.0.parsed {
            Parsed::Other(key) => Some(key),
            Parsed::Rsa(slots) => rsa_slot(algorithm).and_then(|slot| {
                slots[slot]
                    .get_or_init(|| {
                        let parameters = rsa_parameters(algorithm, self.0.bits)?;
                        lc::ParsedPublicKey::new(parameters, &self.0.spki[..]).ok()
                    })
                    .as_ref()
            }),
        };
        match (key, &signed.digest) {
            (Some(key), Some(digest)) => key.verify_digest_sig(digest, signature).is_ok(),
            (Some(key), None) => key.verify_sig(signed.message, signature).is_ok(),
            (None, _) => false,
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PublicKey({:?} {} {})",
            self.0.kind, self.0.bits, self.0.fingerprint
        )
    }
}

/// Octets whose signature is to be checked, hashed once however many keys are tried.
pub(crate) struct SignedOctets<'m> {
    algorithm: SignatureAlgorithm,
    message: &'m [u8],
    digest: Option<digest::Digest>,
}

impl<'m> SignedOctets<'m> {
    pub(crate) fn new(algorithm: SignatureAlgorithm, message: &'m [u8]) -> Self {
        let digest = algorithm.hash().map(|hash| digest::digest(hash, message));
        Self {
            algorithm,
            message,
            digest,
        }
    }
}

fn rsa_slot(algorithm: SignatureAlgorithm) -> Option<usize> {
    Some(match algorithm {
        SignatureAlgorithm::RsaSha256 => 0,
        SignatureAlgorithm::RsaSha384 => 1,
        SignatureAlgorithm::RsaSha512 => 2,
        SignatureAlgorithm::RsaPssSha256 => 3,
        SignatureAlgorithm::RsaPssSha384 => 4,
        SignatureAlgorithm::RsaPssSha512 => 5,
        SignatureAlgorithm::RsaSha1 => 6,
        _ => return None,
    })
}

/// aws-lc-rs' parameters; a small key has some only for the algorithms of its time.
fn rsa_parameters(algorithm: SignatureAlgorithm, bits: u32) -> Option<&'static lc::RsaParameters> {
    Some(match (algorithm, bits < RSA_MIN_BITS) {
        (SignatureAlgorithm::RsaSha1, true) => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (SignatureAlgorithm::RsaSha256, true) => {
            &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
        }
        (SignatureAlgorithm::RsaSha512, true) => {
            &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
        }
        (SignatureAlgorithm::RsaSha1, false) => &lc::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (SignatureAlgorithm::RsaSha256, false) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (SignatureAlgorithm::RsaSha384, false) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (SignatureAlgorithm::RsaSha512, false) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (SignatureAlgorithm::RsaPssSha256, false) => &lc::RSA_PSS_2048_8192_SHA256,
        (SignatureAlgorithm::RsaPssSha384, false) => &lc::RSA_PSS_2048_8192_SHA384,
        (SignatureAlgorithm::RsaPssSha512, false) => &lc::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

fn rsa_bits(spki: &SubjectPublicKeyInfoRef<'_>) -> Result<u32, KeyError> {
    let der = spki
        .subject_public_key
        .as_bytes()
        .ok_or(KeyError::Malformed)?;
    let bits = lc::RsaParameters::public_modulus_len(der).map_err(|_| KeyError::Malformed)?;
    if (RSA_LEGACY_MIN_BITS..=RSA_MAX_BITS).contains(&bits) {
        Ok(bits)
    } else {
        Err(KeyError::RsaSize { bits })
    }
}
