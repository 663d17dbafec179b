//! Every way in which this crate says no. Variants are causes, each with a stable code for counters, audit and tests; none carries
//! content of a message, and lists are bounded. Decryption alone has one opaque error: which step failed would be an oracle (K6, S11).

use std::fmt;

use thiserror::Error;

use crate::fingerprint::Fingerprint;

/// Why a key or certificate is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No usable PEM section, or a broken one.
    #[error("no such section in the PEM text, or it is broken")]
    Pem,
    /// The outline is not that of an X.509 certificate.
    #[error("not an X.509 certificate in DER")]
    Certificate,
    /// The key itself does not parse.
    #[error("malformed key")]
    Malformed,
    /// A kind of key, or a curve, that is not used here.
    #[error("unsupported kind of key (RSA, P-256, P-384, P-521 and Ed25519 are supported)")]
    Unsupported,
    /// An RSA modulus outside the bounds.
    #[error("RSA key of {bits} bits is outside the bounds")]
    RsaSize {
        /// Its size.
        bits: u32,
    },
    /// The certificate's key is not the private key's.
    #[error("the certificate does not belong to the private key")]
    Mismatch,
    /// The algorithm does not fit the key or the policy.
    #[error("the algorithm does not fit the key or the policy")]
    Refused,
    /// The signature does not verify.
    #[error("bad signature")]
    BadSignature,
}

/// Why signing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The identifier to refer to is not an `xs:ID` of ASCII letters, digits, `_`, `-`, `.`.
    #[error("the reference identifier is not a plain xs:ID")]
    ReferenceId,
    /// A value handed over as percent-escaped has a character that is not.
    #[error("the query value is not percent-escaped")]
    NotEscaped,
    /// The key or token failed.
    #[error("the signing key failed")]
    Failed,
}

/// Fingerprints of the keys that were tried: the first eight, and how many there were.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeysTried {
    first: Vec<Fingerprint>,
    count: usize,
}

impl KeysTried {
    /// How many fingerprints are kept.
    pub const SHOWN: usize = 8;

    pub(crate) fn push(&mut self, fingerprint: Fingerprint) {
        if self.first.len() < Self::SHOWN {
            self.first.push(fingerprint);
        }
        self.count += 1;
    }

    /// How many keys were tried.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first of their fingerprints, at most [`KeysTried::SHOWN`].
    pub fn fingerprints(&self) -> impl Iterator<Item = &Fingerprint> {
        self.first.iter()
    }
}

impl fmt::Display for KeysTried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tried", self.count)?;
        for fingerprint in self.fingerprints() {
            write!(f, " {fingerprint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for KeysTried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeysTried({self})")
    }
}

macro_rules! signature_errors {
    ($( $(#[doc = $doc:literal])+ $variant:ident $({ $field:ident : $type:ty $(= $fdoc:literal)? })? => $code:literal, $text:literal; )+) => {
        /// Why a signature was not accepted: one variant per cause.
        #[derive(Clone, Debug, PartialEq, Eq, Error)]
        #[non_exhaustive]
        pub enum SignatureError {
            $( $(#[doc = $doc])+ #[error($text)] $variant $({ $(#[doc = $fdoc])? $field: $type })?, )+
        }

        impl SignatureError {
            /// Every code, for documentation and tests.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The stable code of this cause.
            #[must_use]
            pub fn code(&self) -> &'static str {
                match self { $( Self::$variant { .. } => $code, )+ }
            }
        }
    };
}

signature_errors! {
    /// The element has no `ds:Signature` child: unsigned, or signed elsewhere (K2, W1, W4).
    Missing => "signature-missing", "no Signature as a direct child";
    /// More than one `ds:Signature` child (W7).
    Several => "signature-several", "several Signatures";
    /// The Signature is not at its place in the schema, or the element is none that can be signed (W2, W10).
    Misplaced => "signature-misplaced", "the Signature is not at its place in the schema";
    /// The signed element has no un-namespaced `ID` (W3).
    IdMissing => "signature-id-missing", "the signed element has no ID";
    /// The document resolves the ID to another element (W3).
    IdAmbiguous => "signature-id-ambiguous", "the ID does not lead to the signed element";
    /// A comment inside the signed message (T1).
    CommentInContent => "signature-comment-in-content", "comment inside the signed element";
    /// A comment or stray text inside the Signature (W7).
    CommentInSignature => "signature-comment-inside", "comment inside the Signature";
    /// Children of Signature other than SignedInfo, SignatureValue, KeyInfo, in this order (W7).
    Shape => "signature-shape", "children of Signature are not SignedInfo, SignatureValue, KeyInfo?";
    /// A `ds:Object` (W2).
    Object => "signature-object", "Signature contains an Object";
    /// Children of SignedInfo other than CanonicalizationMethod, SignatureMethod, Reference.
    SignedInfoShape => "signature-signedinfo-shape", "unexpected content of SignedInfo";
    /// A canonicalisation of SignedInfo that is not allowed (T2, W9).
    CanonicalizationMethod => "signature-c14n-method", "canonicalisation method not allowed";
    /// A signature method that is not on the list (K3, K4).
    SignatureMethod => "signature-method", "signature method not allowed";
    /// Parameters of the signature method that are not allowed: HMAC length, PSS values other than the defaults (K3, K5).
    SignatureParameters => "signature-method-parameters", "parameters of the signature method not allowed";
    /// Not exactly one Reference (W9).
    ReferenceCount => "signature-reference-count", "not exactly one Reference";
    /// Children of Reference other than Transforms, DigestMethod, DigestValue.
    ReferenceShape => "signature-reference-shape", "unexpected content of Reference";
    /// A Reference whose URI is absent, empty, external or a pointer expression (W9).
    ReferenceUri => "signature-reference-uri", "the Reference's URI is not a plain #ID";
    /// A Reference to something else than the Signature's own parent (W1, W10, W11).
    ReferenceTarget => "signature-reference-target", "the Reference does not name the Signature's parent";
    /// Transforms other than enveloped, exclusive canonicalisation, in this order (W9, P5).
    Transform => "signature-transform", "transforms are not enveloped then exclusive canonicalisation";
    /// An `InclusiveNamespaces` that is malformed or too long (P2).
    PrefixList => "signature-prefix-list", "InclusiveNamespaces malformed or too long";
    /// A digest method that is not on the list (K4).
    DigestMethod => "signature-digest-method", "digest method not allowed";
    /// A DigestValue that is not base64 of the digest's length (W7).
    DigestValue => "signature-digest-value", "DigestValue is not base64 of the right length";
    /// A SignatureValue that is not base64 (W7).
    SignatureValue => "signature-value", "SignatureValue is not base64";
    /// No trusted key was given (K2).
    NoKey => "signature-no-key", "no trusted key";
    /// No trusted key is of the algorithm's kind (K3).
    NoMatchingKey => "signature-no-matching-key", "no trusted key of the algorithm's kind";
    /// The only keys of this kind are RSA keys that are too small (K4).
    KeyTooSmall => "signature-key-too-small", "the trusted RSA keys are too small";
    /// Canonicalisation failed; it never yields an empty text instead (W6).
    Canonicalization => "signature-c14n-failed", "canonicalisation failed";
    /// Nothing was to be digested (W6).
    Empty => "signature-empty", "nothing was signed";
    /// No trusted key verifies the signature over SignedInfo, or over the query.
    Invalid { tried: KeysTried = "The keys." } => "signature-invalid", "no trusted key verifies the signature ({tried})";
    /// The signature holds, the digest of the content does not: the content was changed.
    Digest { key: Fingerprint = "The key that signed." } => "signature-digest-mismatch", "content changed after signing (key {key})";
    /// Redirect binding: `SigAlg` or `Signature` without the other.
    QueryIncomplete => "signature-query-incomplete", "SigAlg or Signature is missing from the query";
}

/// Why something could not be decrypted. One value for every cause, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("cannot be decrypted")]
pub struct DecryptError;

/// Why something could not be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The recipient's key is not RSA of at least 2048 bits.
    #[error("the recipient's key is not RSA of at least 2048 bits")]
    Key,
    /// The cryptographic library failed.
    #[error("encryption failed")]
    Failed,
}

/// Why a query of the HTTP-Redirect binding is not a SAML message (L11, P3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedirectError {
    /// Neither SAMLRequest nor SAMLResponse.
    #[error("no SAML message in the query")]
    NoMessage,
    /// Both SAMLRequest and SAMLResponse.
    #[error("both SAMLRequest and SAMLResponse in the query")]
    BothMessages,
    /// A parameter of the binding occurs twice, also under an escaped spelling of its name.
    #[error("a parameter occurs twice")]
    Duplicate,
    /// A parameter's name is spelt with percent escapes.
    #[error("a parameter's name is escaped")]
    EscapedName,
    /// The query or one of its values is too long.
    #[error("the query is too long")]
    TooLong,
    /// A broken percent escape, or octets that are not UTF-8 where text is due.
    #[error("broken escape in the query")]
    Escape,
    /// `SAMLEncoding` names another encoding than DEFLATE.
    #[error("unsupported SAMLEncoding")]
    Encoding,
    /// Not base64.
    #[error("the message is not base64")]
    Base64,
    /// Not a DEFLATE stream, or octets after its end.
    #[error("the message is not a DEFLATE stream")]
    Deflate,
    /// The inflated message is larger than allowed.
    #[error("the message inflates to more than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: usize,
    },
}
impl RedirectError {
    /// The stable code of this cause.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoMessage => "redirect-no-message",
            Self::BothMessages => "redirect-both-messages",
            Self::Duplicate => "redirect-duplicate-parameter",
            Self::EscapedName => "redirect-escaped-name",
            Self::TooLong => "redirect-too-long",
            Self::Escape => "redirect-bad-escape",
            Self::Encoding => "redirect-encoding",
            Self::Base64 => "redirect-base64",
            Self::Deflate => "redirect-deflate",
            Self::TooLarge { .. } => "redirect-too-large",
        }
    }
}
