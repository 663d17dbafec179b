//! The body of a POST: form, then base64, then the message's first reader.

use octroi::access::form;
use octroi_dsig::base64;
use octroi_saml::response::unverified_issuer;

const LIMIT: usize = 4096;

/// Bounds hold, a name that comes twice is refused, and whatever is inside is read without harm.
pub fn body(octets: &[u8]) {
    for name in ["SAMLResponse", "RelayState"] {
        let count = octets
            .split(|byte| *byte == b'&')
            .filter(|pair| {
                let end = pair.iter().position(|byte| *byte == b'=');
                &pair[..end.unwrap_or(pair.len())] == name.as_bytes()
            })
            .count();
        match form::raw(octets, name) {
            Ok(found) => assert_eq!(usize::from(found.is_some()), count, "{name}"),
            Err(_) => assert!(count > 1, "{name} was refused although it comes once"),
        }
        if let Ok(Some(value)) = form::octets(octets, name, LIMIT) {
            assert!(value.len() <= LIMIT);
        }
        if let Ok(Some(text)) = form::text(octets, name, LIMIT)
            && let Ok(message) = base64::decode(&text, LIMIT / 2)
        {
            assert!(message.len() <= LIMIT / 2);
            let mut compact = text;
            compact.retain(|c| !matches!(c, ' ' | '\t' | '\r' | '\n'));
            assert_eq!(
                base64::encode_to_string(&message),
                compact,
                "not the one spelling"
            );
            let _ = unverified_issuer(&message);
        }
    }
}
