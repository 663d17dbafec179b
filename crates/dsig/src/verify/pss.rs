//! The generic RSA-PSS method of RFC 9231 §2.3.10, whose parameters stand in the message. Only the default ones are taken: anything
//! else would let a message weaken its own signature (K5).

use octroi_xml::Element;

use super::shape::is_empty;
use crate::{algorithm::SignatureAlgorithm, error::SignatureError};

pub(super) const GENERIC: &str = "http://www.w3.org/2007/05/xmldsig-more#rsa-pss";

/// The algorithm that a generic method stands for: without parameters, SHA-256 throughout.
pub(super) fn algorithm(method: Element<'_>) -> Result<SignatureAlgorithm, SignatureError> {
    if is_empty(method) {
        Ok(SignatureAlgorithm::RsaPssSha256)
    } else {
        Err(SignatureError::SignatureParameters)
    }
}
