//! Which algorithms a signature names, and whether the profile and the policy have them: signature and digest methods, transforms,
//! canonicalisations with their prefix lists. Exact URIs, no parameters but the two that SAML knows (W9, K3, K4, T2).

use octroi_xml::{Element, c14n};

use super::shape::{exactly, has_text, is_empty};
use crate::{
    algorithm::{DigestAlgorithm, ENVELOPED, EXC_C14N, SignatureAlgorithm},
    error::SignatureError,
    policy::AlgorithmPolicy,
};

/// Bounds on `InclusiveNamespaces/@PrefixList` (P2).
const MAX_PREFIX_LIST: usize = 1024;
const MAX_PREFIXES: usize = 32;

/// A canonicalisation with its inclusive prefixes.
pub(super) struct Canonicalization<'d> {
    pub(super) algorithm: c14n::Algorithm,
    pub(super) prefixes: Vec<&'d str>,
}

pub(super) fn signature_method(
    method: Element<'_>,
    policy: &AlgorithmPolicy,
) -> Result<SignatureAlgorithm, SignatureError> {
    let uri = method
        .attribute("Algorithm")
        .ok_or(SignatureError::SignatureMethod)?;
    let algorithm = if uri == super::pss::GENERIC {
        super::pss::algorithm(method)?
    } else {
        let algorithm = SignatureAlgorithm::from_uri(uri).ok_or(SignatureError::SignatureMethod)?;
        if !is_empty(method) {
            return Err(SignatureError::SignatureParameters);
        }
        algorithm
    };
    if algorithm == SignatureAlgorithm::RsaSha1 && !policy.sha1 {
        return Err(SignatureError::SignatureMethod);
    }
    Ok(algorithm)
}

pub(super) fn digest_method(
    method: Element<'_>,
    policy: &AlgorithmPolicy,
) -> Result<DigestAlgorithm, SignatureError> {
    let algorithm = method
        .attribute("Algorithm")
        .and_then(DigestAlgorithm::from_uri)
        .ok_or(SignatureError::DigestMethod)?;
    if (algorithm == DigestAlgorithm::Sha1 && !policy.sha1) || !is_empty(method) {
        return Err(SignatureError::DigestMethod);
    }
    Ok(algorithm)
}

/// Enveloped, then canonicalisation. Without the second, the octets are by definition inclusive canonical XML, so that is by policy.
pub(super) fn transforms<'d>(
    element: Element<'d>,
    policy: &AlgorithmPolicy,
) -> Result<Canonicalization<'d>, SignatureError> {
    if let Some([enveloped, c14n]) = exactly(element, ["Transform", "Transform"]) {
        is_enveloped(enveloped)?;
        return canonicalization(c14n, policy, SignatureError::Transform);
    }
    let [enveloped] = exactly(element, ["Transform"]).ok_or(SignatureError::Transform)?;
    is_enveloped(enveloped)?;
    if !policy.inclusive_c14n {
        return Err(SignatureError::Transform);
    }
    Ok(Canonicalization {
        algorithm: c14n::Algorithm::Inclusive,
        prefixes: Vec::new(),
    })
}

fn is_enveloped(transform: Element<'_>) -> Result<(), SignatureError> {
    if transform.attribute("Algorithm") == Some(ENVELOPED) && is_empty(transform) {
        Ok(())
    } else {
        Err(SignatureError::Transform)
    }
}

/// An allowed canonicalisation; `refusal` tells where a refused one stood.
pub(super) fn canonicalization<'d>(
    method: Element<'d>,
    policy: &AlgorithmPolicy,
    refusal: SignatureError,
) -> Result<Canonicalization<'d>, SignatureError> {
    let algorithm = method
        .attribute("Algorithm")
        .and_then(c14n::Algorithm::from_uri);
    match algorithm {
        Some(c14n::Algorithm::Exclusive) => Ok(Canonicalization {
            algorithm: c14n::Algorithm::Exclusive,
            prefixes: prefixes(method)?,
        }),
        Some(c14n::Algorithm::Inclusive) if policy.inclusive_c14n && is_empty(method) => {
            Ok(Canonicalization {
                algorithm: c14n::Algorithm::Inclusive,
                prefixes: Vec::new(),
            })
        }
        _ => Err(refusal),
    }
}

/// The prefixes of an optional `InclusiveNamespaces`.
fn prefixes(method: Element<'_>) -> Result<Vec<&str>, SignatureError> {
    if is_empty(method) {
        return Ok(Vec::new());
    }
    let mut elements = method.elements();
    let list = match (elements.next(), elements.next()) {
        (Some(only), None) if only.is(EXC_C14N, "InclusiveNamespaces") && !has_text(method) => {
            only.attribute("PrefixList").filter(|_| is_empty(only))
        }
        _ => None,
    };
    let list = list
        .filter(|list| list.len() <= MAX_PREFIX_LIST)
        .ok_or(SignatureError::PrefixList)?;
    let prefixes: Vec<&str> = list.split_ascii_whitespace().collect();
    if prefixes.len() > MAX_PREFIXES {
        return Err(SignatureError::PrefixList);
    }
    Ok(prefixes)
}
