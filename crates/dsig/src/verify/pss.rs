//! The generic RSA-PSS method of RFC 9231 §2.3.10, whose parameters stand in the message. Only the default ones are taken, left out or
//! spelt out: anything else would let a message weaken its own signature (K5).

use octroi_xml::Element;

use super::shape::is_empty;
use crate::{
    algorithm::{DS, DigestAlgorithm, SignatureAlgorithm},
    error::SignatureError,
};

pub(super) const GENERIC: &str = "http://www.w3.org/2007/05/xmldsig-more#rsa-pss";

const MORE: &str = "http://www.w3.org/2007/05/xmldsig-more#";
const MGF1: &str = "http://www.w3.org/2007/05/xmldsig-more#MGF1";

/// The algorithm that a generic method stands for: SHA-256 throughout.
pub(super) fn algorithm(method: Element<'_>) -> Result<SignatureAlgorithm, SignatureError> {
    let mut children = method.elements();
    let is_default = match (children.next(), children.next()) {
        (None, _) => is_empty(method),
        (Some(parameters), None) => parameters.is(MORE, "RSAPSSParams") && are_default(parameters),
        _ => false,
    };
    if is_default {
        Ok(SignatureAlgorithm::RsaPssSha256)
    } else {
        Err(SignatureError::SignatureParameters)
    }
}

/// `DigestMethod?`, `MaskGenerationFunction?`, `SaltLength?`, `TrailerField?`, each at its default value.
fn are_default(parameters: Element<'_>) -> bool {
    let is_sha256 = |element: &Element<'_>| {
        element.is(DS, "DigestMethod")
            && element.attribute("Algorithm") == Some(DigestAlgorithm::Sha256.uri())
            && is_empty(*element)
    };
    let is_mgf1 = |element: &Element<'_>| {
        let mut inside = element.elements();
        element.is(MORE, "MaskGenerationFunction")
            && element.attribute("Algorithm") == Some(MGF1)
            && inside.next().as_ref().is_none_or(is_sha256)
            && inside.next().is_none()
    };
    let has = |element: &Element<'_>, name, value| {
        element.is(MORE, name) && element.text().is_ok_and(|text| text.trim_ascii() == value)
    };
    let mut children = parameters.elements().peekable();
    children.next_if(is_sha256);
    children.next_if(is_mgf1);
    children.next_if(|element| has(element, "SaltLength", "32"));
    children.next_if(|element| has(element, "TrailerField", "1"));
    children.next().is_none()
}
