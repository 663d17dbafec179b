//! Signing what is issued: the [`Signer`] trait behind which a token can stand, keys in memory, and the text of `ds:Signature`, written
//! in canonical form so that the bytes hashed are the bytes sent. Nothing is parsed or canonicalised to sign, and no signer here makes SHA-1.

use std::fmt;

use aws_lc_rs::{
    digest,
    encoding::AsDer,
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{self as lc, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use rustls_pki_types::pem::SectionKind;
use zeroize::Zeroizing;

use crate::{
    algorithm::SignatureAlgorithm,
    base64,
    certificate::{certificates_from_pem, sections},
    error::{KeyError, SignError},
    key::{KeyKind, PublicKey, RSA_MIN_BITS},
};

/// One signing key with its one algorithm: in memory ([`SoftwareSigner`]) or in a token.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The algorithm of every signature this makes.
    fn algorithm(&self) -> SignatureAlgorithm;

    /// The DER certificate to publish and, where a partner wants it, to put into `KeyInfo`.
    fn certificate(&self) -> Option<&[u8]>;

    /// SHA-256 of the public key's SubjectPublicKeyInfo in hexadecimal.
    fn fingerprint(&self) -> &str;

    /// Appends the signature over `message` (ECDSA as `r ‖ s`).
    ///
    /// # Errors
    /// [`SignError::Failed`] when the key or token fails.
    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), SignError>;
}

/// A signing key in memory, parsed once.
pub struct SoftwareSigner {
    algorithm: SignatureAlgorithm,
    public: PublicKey,
    certificate: Option<Box<[u8]>>,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair, &'static dyn lc::RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SoftwareSigner {
    /// A key from PEM text: `PRIVATE KEY` (PKCS#8), `RSA PRIVATE KEY` or `EC PRIVATE KEY`; with the PEM text of its certificate, and an
    /// algorithm or the usual one of this kind of key (SHA-256; on P-384 SHA-384, on P-521 SHA-512).
    ///
    /// # Errors
    /// [`KeyError::Pem`] or [`KeyError::Malformed`] when there is no key, [`KeyError::RsaSize`] below 2048 bits, [`KeyError::Refused`]
    /// when the algorithm does not fit the key or is SHA-1, [`KeyError::Mismatch`] when the certificate is another key's.
    pub fn from_pkcs8_pem(
        pem: &str,
        certificate_pem: Option<&str>,
        algorithm: Option<SignatureAlgorithm>,
    ) -> Result<Self, KeyError> {
        let (kind, der) = private_key(pem)?;
        let pair = Pair::from_der(kind, &der)?;
        let public = PublicKey::from_spki_der(&pair.spki()?)?;
        if public.kind() == KeyKind::Rsa && public.bits() < RSA_MIN_BITS {
            return Err(KeyError::RsaSize {
                bits: public.bits(),
            });
        }
        let algorithm = algorithm.unwrap_or(match public.kind() {
            KeyKind::Rsa => SignatureAlgorithm::RsaSha256,
            KeyKind::P256 => SignatureAlgorithm::EcdsaP256Sha256,
            KeyKind::P384 => SignatureAlgorithm::EcdsaP384Sha384,
            KeyKind::P521 => SignatureAlgorithm::EcdsaP521Sha512,
            KeyKind::Ed25519 => SignatureAlgorithm::Ed25519,
        });
        if algorithm.key_kind() != public.kind() {
            return Err(KeyError::Refused);
        }
        let key = match pair {
            Pair::Rsa(pair) => Key::Rsa(pair, rsa_encoding(algorithm).ok_or(KeyError::Refused)?),
            Pair::Ecdsa(pair) => Key::Ecdsa(pair),
            Pair::Ed25519(pair) => Key::Ed25519(pair),
        };
        let certificate = match certificate_pem {
            None => None,
            Some(pem) => {
                let der = certificates_from_pem(pem)?
                    .into_iter()
                    .next()
                    .ok_or(KeyError::Pem)?;
                if PublicKey::from_certificate_der(&der)? != public {
                    return Err(KeyError::Mismatch);
                }
                Some(der.into_boxed_slice())
            }
        };
        Ok(Self {
            algorithm,
            public,
            certificate,
            key,
        })
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

impl Signer for SoftwareSigner {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    fn fingerprint(&self) -> &str {
        self.public.fingerprint()
    }

    fn sign(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), SignError> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rsa(pair, encoding) => {
                let start = out.len();
                out.resize(start + pair.public_modulus_len(), 0);
                pair.sign(*encoding, &random, message, &mut out[start..])
                    .map_err(|_| {
                        out.truncate(start);
                        SignError::Failed
                    })?;
            }
            Key::Ecdsa(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| SignError::Failed)?;
                out.extend_from_slice(signature.as_ref());
            }
            Key::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| SignError::Failed)?;
                out.extend_from_slice(signature.as_ref());
            }
        }
        Ok(())
    }
}

impl fmt::Debug for SoftwareSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SoftwareSigner({} {:?})",
            self.algorithm.name(),
            self.public
        )
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Pair {
    fn from_der(kind: SectionKind, der: &[u8]) -> Result<Self, KeyError> {
        let rsa = || match kind {
            SectionKind::RsaPrivateKey => RsaKeyPair::from_der(der),
            _ => RsaKeyPair::from_pkcs8(der),
        };
        let ecdsa = |algorithm| EcdsaKeyPair::from_private_key_der(algorithm, der);
        rsa()
            .map(Self::Rsa)
            .or_else(|_| ecdsa(&lc::ECDSA_P256_SHA256_FIXED_SIGNING).map(Self::Ecdsa))
            .or_else(|_| ecdsa(&lc::ECDSA_P384_SHA384_FIXED_SIGNING).map(Self::Ecdsa))
            .or_else(|_| ecdsa(&lc::ECDSA_P521_SHA512_FIXED_SIGNING).map(Self::Ecdsa))
            .or_else(|_| Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Self::Ed25519))
            .map_err(|_| KeyError::Malformed)
    }

    fn spki(&self) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Rsa(pair) => pair.public_key().as_der(),
            Self::Ecdsa(pair) => pair.public_key().as_der(),
            Self::Ed25519(pair) => pair.public_key().as_der(),
        }
        .map(|der| der.as_ref().to_vec())
        .map_err(|_| KeyError::Malformed)
    }
}

/// The first private key of PEM text.
pub(crate) fn private_key(pem: &str) -> Result<(SectionKind, Zeroizing<Vec<u8>>), KeyError> {
    for section in sections(pem) {
        let (kind, der) = section?;
        let der = Zeroizing::new(der);
        if let SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey =
            kind
        {
            return Ok((kind, der));
        }
    }
    Err(KeyError::Pem)
}

fn rsa_encoding(algorithm: SignatureAlgorithm) -> Option<&'static dyn lc::RsaEncoding> {
    Some(match algorithm {
        SignatureAlgorithm::RsaSha256 => &lc::RSA_PKCS1_SHA256,
        SignatureAlgorithm::RsaSha384 => &lc::RSA_PKCS1_SHA384,
        SignatureAlgorithm::RsaSha512 => &lc::RSA_PKCS1_SHA512,
        SignatureAlgorithm::RsaPssSha256 => &lc::RSA_PSS_SHA256,
        SignatureAlgorithm::RsaPssSha384 => &lc::RSA_PSS_SHA384,
        SignatureAlgorithm::RsaPssSha512 => &lc::RSA_PSS_SHA512,
        _ => return None,
    })
}

/// SHA-256, for the digest that [`signature_element`] takes.
#[must_use]
pub fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
    out
}

const SIGNATURE_START: &str = "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">";
const SIGNED_INFO_START_HASHED: &str =
    "<ds:SignedInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">";
const SIGNED_INFO_START_SENT: &str = "<ds:SignedInfo>";

/// Appends `<ds:Signature>` for the element whose ID is `reference_id` and whose canonical form (exclusive, without this Signature)
/// has the SHA-256 `digest`. The text is canonical and declares its own prefix, so it stands anywhere in canonical text.
///
/// # Errors
/// [`SignError::ReferenceId`] when the ID is not made of `A-Z a-z 0-9 _ - .` after a letter or `_`; [`SignError::Failed`] from the signer.
pub fn signature_element(
    signer: &dyn Signer,
    reference_id: &str,
    digest: &[u8; 32],
    include_certificate: bool,
    out: &mut Vec<u8>,
) -> Result<(), SignError> {
    if !is_plain_id(reference_id) {
        return Err(SignError::ReferenceId);
    }
    // As hashed, SignedInfo is an apex and declares the prefix; as sent, it inherits it from Signature. The rest is the same bytes.
    let mut signed_info = Vec::with_capacity(1024);
    signed_info.extend_from_slice(SIGNED_INFO_START_HASHED.as_bytes());
    for part in [
        "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"",
        signer.algorithm().uri(),
        "\"></ds:SignatureMethod><ds:Reference URI=\"#",
        reference_id,
        "\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>\
         </ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>",
    ] {
        signed_info.extend_from_slice(part.as_bytes());
    }
    base64::encode(digest, &mut signed_info);
    signed_info.extend_from_slice(b"</ds:DigestValue></ds:Reference></ds:SignedInfo>");

    let mut signature = Vec::with_capacity(512);
    signer.sign(&signed_info, &mut signature)?;

    let certificate = if include_certificate {
        signer.certificate()
    } else {
        None
    };
    out.reserve(
        signed_info.len() + signature.len() * 2 + certificate.map_or(0, |der| der.len() * 2) + 256,
    );
    out.extend_from_slice(SIGNATURE_START.as_bytes());
    out.extend_from_slice(SIGNED_INFO_START_SENT.as_bytes());
    out.extend_from_slice(&signed_info[SIGNED_INFO_START_HASHED.len()..]);
    out.extend_from_slice(b"<ds:SignatureValue>");
    base64::encode(&signature, out);
    out.extend_from_slice(b"</ds:SignatureValue>");
    if let Some(der) = certificate {
        out.extend_from_slice(b"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>");
        base64::encode(der, out);
        out.extend_from_slice(b"</ds:X509Certificate></ds:X509Data></ds:KeyInfo>");
    }
    out.extend_from_slice(b"</ds:Signature>");
    Ok(())
}

/// An `xs:ID` that needs no escaping anywhere: what this gateway writes, and nothing an attacker could break out with (L14).
fn is_plain_id(id: &str) -> bool {
    let mut bytes = id.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}
