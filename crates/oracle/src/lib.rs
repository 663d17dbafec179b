//! A second opinion: libxml2, xmlsec1 and OpenSSL asked the same questions as `octroi-xml` and `octroi-dsig`.
//!
//! Used by property tests, fuzz targets and by whoever wants to shadow production off the hot path. The product never
//! depends on this crate (it is not a default member, and no product crate may name it): it calls C code through
//! `unsafe`, and xmlsec1 with its default settings accepts documents that the SAML profile must refuse.
//!
//! * [`Tree`]: a document as libxml2 reads it, and its canonical form ([`Tree::canonicalize`]).
//! * [`verify_with_xmlsec`], [`sign_with_xmlsec`]: xmlsec1's opinion of a signature, and *which element it covers*.
//! * [`openssl_verifies`]: OpenSSL's opinion of one signature value, for the algorithms that the installed xmlsec1
//!   (1.2.37) does not have: RSA-PSS and Ed25519.

mod raw;
mod signature;
mod tree;

pub use raw::{RawAlgorithm, generate_key, openssl_signs, openssl_verifies};
pub use signature::{Opinion, TrustedKey, sign_with_xmlsec, verify_with_xmlsec};
pub use tree::{C14n, ElementIndex, Tree};
