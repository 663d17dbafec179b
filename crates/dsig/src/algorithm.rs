//! The allow-list of algorithms: exact URIs to enums and back. An algorithm that has no variant here does not exist for this gateway
//! (C6: no HMAC, DSA, MD5, RSA 1.5, XPath, XSLT). Nothing here decides policy; that is `policy.rs`.

use aws_lc_rs::digest;

use crate::key::KeyKind;

/// Namespace of XML Signature.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Namespace of XML Encryption.
pub const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// Namespace of XML Encryption 1.1.
pub const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// Namespace of the `InclusiveNamespaces` parameter, and the URI of exclusive canonicalisation.
pub const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// URI of the enveloped-signature transform.
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A signature method of XML Signature, RFC 9231 and RFC 9231's predecessors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaSha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// RSASSA-PSS with SHA-256, MGF1-SHA-256, salt of 32 bytes.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384, MGF1-SHA-384, salt of 48 bytes.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512, MGF1-SHA-512, salt of 64 bytes.
    RsaPssSha512,
    /// ECDSA on P-256 with SHA-256, `r ‖ s` of 64 bytes.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384, `r ‖ s` of 96 bytes.
    EcdsaP384Sha384,
    /// ECDSA on P-521 with SHA-512, `r ‖ s` of 132 bytes.
    EcdsaP521Sha512,
    /// Ed25519.
    Ed25519,
    /// RSASSA-PKCS1-v1_5 with SHA-1: verified only by [`crate::AlgorithmPolicy::sha1`], never produced.
    RsaSha1,
}

impl SignatureAlgorithm {
    /// Every algorithm, the legacy one last.
    pub const ALL: [Self; 11] = [
        Self::RsaSha256,
        Self::RsaSha384,
        Self::RsaSha512,
        Self::RsaPssSha256,
        Self::RsaPssSha384,
        Self::RsaPssSha512,
        Self::EcdsaP256Sha256,
        Self::EcdsaP384Sha384,
        Self::EcdsaP521Sha512,
        Self::Ed25519,
        Self::RsaSha1,
    ];

    /// The algorithm's URI, as in `SignatureMethod/@Algorithm` and in `SigAlg`.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::RsaSha384 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::RsaPssSha256 => "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
            Self::RsaPssSha384 => "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
            Self::RsaPssSha512 => "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
            Self::EcdsaP256Sha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::EcdsaP384Sha384 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
            Self::EcdsaP521Sha512 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
            Self::Ed25519 => "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        }
    }

    /// The algorithm with exactly this URI (no trimming, no case folding).
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.uri() == uri)
    }

    /// The short name used in configuration and metrics, such as `rsa-sha256`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::RsaSha384 => "rsa-sha384",
            Self::RsaSha512 => "rsa-sha512",
            Self::RsaPssSha256 => "rsa-pss-sha256",
            Self::RsaPssSha384 => "rsa-pss-sha384",
            Self::RsaPssSha512 => "rsa-pss-sha512",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::EcdsaP521Sha512 => "ecdsa-p521-sha512",
            Self::Ed25519 => "ed25519",
            Self::RsaSha1 => "rsa-sha1",
        }
    }

    /// The algorithm with this short name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }

    /// The one kind of key that this algorithm works with: an algorithm never picks how a key is read (K3).
    #[must_use]
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::EcdsaP256Sha256 => KeyKind::P256,
            Self::EcdsaP384Sha384 => KeyKind::P384,
            Self::EcdsaP521Sha512 => KeyKind::P521,
            Self::Ed25519 => KeyKind::Ed25519,
            _ => KeyKind::Rsa,
        }
    }

    /// The hash of the message, or `None` for Ed25519, which hashes inside.
    pub(crate) fn hash(self) -> Option<&'static digest::Algorithm> {
        match self {
            Self::RsaSha256 | Self::RsaPssSha256 | Self::EcdsaP256Sha256 => Some(&digest::SHA256),
            Self::RsaSha384 | Self::RsaPssSha384 | Self::EcdsaP384Sha384 => Some(&digest::SHA384),
            Self::RsaSha512 | Self::RsaPssSha512 | Self::EcdsaP521Sha512 => Some(&digest::SHA512),
            Self::RsaSha1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            Self::Ed25519 => None,
        }
    }

    /// Length of a signature by a key of `bits` bits.
    pub(crate) fn signature_length(self, bits: u32) -> usize {
        match self {
            Self::EcdsaP256Sha256 | Self::Ed25519 => 64,
            Self::EcdsaP384Sha384 => 96,
            Self::EcdsaP521Sha512 => 132,
            _ => bits.div_ceil(8) as usize,
        }
    }
}

/// A digest method of a `Reference`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA-1: only by [`crate::AlgorithmPolicy::sha1`].
    Sha1,
}

impl DigestAlgorithm {
    const ALL: [Self; 4] = [Self::Sha256, Self::Sha384, Self::Sha512, Self::Sha1];

    /// The algorithm's URI, as in `DigestMethod/@Algorithm`.
    #[must_use]
    pub fn uri(self) -> &'static str {
        match self {
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha384 => "http://www.w3.org/2001/04/xmldsig-more#sha384",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        }
    }

    /// The algorithm with exactly this URI.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.uri() == uri)
    }

    pub(crate) fn hash(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_and_names_are_exact() {
        for a in SignatureAlgorithm::ALL {
            assert_eq!(SignatureAlgorithm::from_uri(a.uri()), Some(a));
            assert_eq!(SignatureAlgorithm::from_name(a.name()), Some(a));
            assert_eq!(SignatureAlgorithm::from_uri(&format!("{} ", a.uri())), None);
            assert_eq!(SignatureAlgorithm::from_uri(&a.uri().to_uppercase()), None);
        }
        for a in DigestAlgorithm::ALL {
            assert_eq!(DigestAlgorithm::from_uri(a.uri()), Some(a));
        }
        assert_eq!(
            SignatureAlgorithm::from_uri("http://www.w3.org/2000/09/xmldsig#hmac-sha1"),
            None
        );
    }
}
