//! Queries of the redirect binding: nothing is read twice, inflated past its bound, or verified unless it was signed.

use octroi_dsig::AlgorithmPolicy;
use octroi_dsig::redirect::{RawQuery, verify};
use octroi_saml::{authn_request, logout};

use crate::signed::{REQUEST, keys};

const LIMIT: usize = 64 << 10;

/// What verifies is the request that was signed.
pub fn body(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    let Ok(query) = RawQuery::parse(text) else {
        return;
    };
    let message = query.message(LIMIT);
    if let Ok(message) = &message {
        assert!(message.len() <= LIMIT);
    }
    let _ = query.relay_state();
    if verify(&query, &keys(), &AlgorithmPolicy::default()).is_ok() {
        let message = message.unwrap_or_default();
        let signed = format!(" ID=\"{REQUEST}\"");
        assert!(
            message
                .windows(signed.len())
                .any(|window| window == signed.as_bytes()),
            "nobody signed this query"
        );
    }
    if let Ok(received) = authn_request::Received::redirect(query) {
        let _ = received.unverified_issuer();
    }
    if let Ok(query) = RawQuery::parse(text)
        && let Ok(received) = logout::Received::redirect(query)
    {
        let _ = received.unverified_issuer();
    }
}
