//! XML Signature and XML Encryption for the SAML profile, and nothing more general.
//!
//! # What is read is what was signed
//! [`verify()`] takes the element that must be signed and the keys of whoever must have signed it, and gives [`Verified`] content or a
//! [`SignatureError`]. No function here says "valid" about a document. The order of an access is: cheap checks of shape, the signature
//! over `SignedInfo`, the digest of the content; unauthenticated input buys nothing dearer than one verification by key.
//!
//! # What it must never do
//! Take a key, a certificate or an address out of a message; resolve anything but the ID of the Signature's own parent; run a transform
//! other than enveloped and canonicalisation; say why a decryption failed.
//!
//! # The map, in the order in which an access meets it
//! `key`, `certificate`, `policy`, `algorithm`: whom and what to trust · `verify`, `verified`: a signed element · `decrypt`, `oaep`: an encrypted one ·
//! `sign`, `encrypt`: what is issued · [`redirect`]: the signed query of the HTTP-Redirect binding · [`base64`].

mod algorithm;
pub mod base64;
mod certificate;
mod decrypt;
mod encrypt;
mod error;
mod fingerprint;
mod key;
mod oaep;
mod policy;
pub mod redirect;
mod sign;
mod verified;
mod verify;
#[cfg(test)]
mod wycheproof;

pub use algorithm::{DS, DigestAlgorithm, EXC_C14N, SignatureAlgorithm, XENC, XENC11};
pub use certificate::certificates_from_pem;
pub use decrypt::{DecryptionKey, decrypt};
pub use encrypt::{DataEncryption, EncryptionRecipient, KeyTransport, encrypt};
pub use error::{
    DecryptError, EncryptError, KeyError, KeysTried, RedirectError, SignError, SignatureError,
};
pub use fingerprint::Fingerprint;
pub use key::{KeyKind, PublicKey, RSA_MIN_BITS};
pub use policy::{AlgorithmPolicy, LegacyUse};
pub use sign::{Signer, SoftwareSigner, sha256, signature_element};
pub use verified::{Verified, VerifiedInfo};
pub use verify::verify;
