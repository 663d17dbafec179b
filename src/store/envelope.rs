//! A signed document: a DSSE envelope (Dead Simple Signing Envelope, protocol 1.0.2) with Ed25519.
//!
//! What is signed are the exact octets of the payload with its type before them, so that nothing is canonicalised and a
//! manifest never passes for a batch of the log. The payload is parsed only when a trusted key has signed it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::keys::{Keys, SecretKey};

/// A kind of signed document.
pub trait Signed: Serialize + DeserializeOwned {
    /// Its media type: part of what is signed.
    const TYPE: &'static str;
    /// Octets of the longest envelope that is read.
    const LONGEST: usize;
}

/// Why a document is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedError {
    /// Longer than any document of its kind.
    #[error("longer than {longest} octets")]
    TooLong {
        /// The bound.
        longest: usize,
    },
    /// Not an envelope.
    #[error("no signed document: {0}")]
    Malformed(String),
    /// A document of another kind.
    #[error("another kind of document")]
    OtherType,
    /// There is no signature.
    #[error("unsigned")]
    Unsigned,
    /// No trusted key has made any of the signatures.
    #[error("no trusted key has signed it (signed by: {claimed})")]
    UntrustedSignature {
        /// The keys that the envelope names, unproven.
        claimed: String,
    },
    /// A trusted key signed what this version cannot read.
    #[error("signed, and not understood: {0}")]
    Payload(String),
}

/// A document whose signature was verified, with the octets that were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<T> {
    /// What it says.
    pub document: T,
    /// SHA-256 of the payload, hex: what the next of a chain names.
    pub digest: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

/// More signatures than this are not looked at: each costs a verification.
const MOST_SIGNATURES: usize = 8;

/// What is signed: the pre-authentication encoding of DSSE.
fn signed_octets(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut octets = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    octets.extend_from_slice(payload);
    octets
}

/// Signs a document.
///
/// # Errors
/// [`SignedError::Payload`] when it cannot be written or signed, [`SignedError::TooLong`] when nobody would read it.
pub fn seal<T: Signed>(document: &T, key: &SecretKey) -> Result<(Vec<u8>, Opened<T>), SignedError> {
    let payload =
        serde_json::to_vec(document).map_err(|error| SignedError::Payload(error.to_string()))?;
    let signature = key
        .sign(&signed_octets(T::TYPE, &payload))
        .map_err(|error| SignedError::Payload(error.to_string()))?;
    let envelope = Envelope {
        payload_type: T::TYPE.to_owned(),
        payload: BASE64.encode(&payload),
        signatures: vec![Signature {
            keyid: key.id().to_owned(),
            sig: BASE64.encode(signature),
        }],
    };
    let octets =
        serde_json::to_vec(&envelope).map_err(|error| SignedError::Payload(error.to_string()))?;
    if octets.len() > T::LONGEST {
        return Err(SignedError::TooLong {
            longest: T::LONGEST,
        });
    }
    let opened = read(&payload)?;
    Ok((octets, opened))
}

/// Reads a document that one of `keys` has signed.
///
/// # Errors
/// [`SignedError`]; the payload is not looked at before a signature holds.
pub fn open<T: Signed>(octets: &[u8], keys: &Keys) -> Result<Opened<T>, SignedError> {
    if octets.len() > T::LONGEST {
        return Err(SignedError::TooLong {
            longest: T::LONGEST,
        });
    }
    let envelope: Envelope = serde_json::from_slice(octets)
        .map_err(|error| SignedError::Malformed(error.to_string()))?;
    if envelope.payload_type != T::TYPE {
        return Err(SignedError::OtherType);
    }
    if envelope.signatures.is_empty() {
        return Err(SignedError::Unsigned);
    }
    let payload = BASE64
        .decode(&envelope.payload)
        .map_err(|error| SignedError::Malformed(error.to_string()))?;
    let signed = signed_octets(T::TYPE, &payload);
    let trusted = envelope.signatures.iter().take(MOST_SIGNATURES).any(|one| {
        BASE64
            .decode(&one.sig)
            .is_ok_and(|signature| keys.verify(&signed, &signature))
    });
    if !trusted {
        let claimed = envelope.signatures.iter().take(MOST_SIGNATURES);
        let claimed: Vec<String> = claimed.map(|one| shown(&one.keyid)).collect();
        return Err(SignedError::UntrustedSignature {
            claimed: claimed.join(", "),
        });
    }
    read(&payload)
}

fn read<T: Signed>(payload: &[u8]) -> Result<Opened<T>, SignedError> {
    let document =
        serde_json::from_slice(payload).map_err(|error| SignedError::Payload(error.to_string()))?;
    Ok(Opened {
        document,
        digest: super::hex(&octroi_dsig::sha256(payload)),
    })
}

/// A key's name as an unknown hand wrote it, fit for a log.
fn shown(keyid: &str) -> String {
    let start: String = keyid.chars().take(16).collect();
    start.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::keys::tests::{key, keys};

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        text: String,
    }

    impl Signed for Note {
        const TYPE: &'static str = "application/vnd.octroi.note+json";
        const LONGEST: usize = 1024;
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Other {
        text: String,
    }

    impl Signed for Other {
        const TYPE: &'static str = "application/vnd.octroi.other+json";
        const LONGEST: usize = 1024;
    }

    fn note() -> Note {
        Note {
            text: "été".to_owned(),
        }
    }

    #[test]
    fn what_is_sealed_opens_with_that_key_and_no_other() {
        let (octets, sealed) = seal(&note(), &key(1)).unwrap();
        assert_eq!(open::<Note>(&octets, &keys(&[2, 1])).unwrap(), sealed);
        assert!(matches!(
            open::<Note>(&octets, &keys(&[2])),
            Err(SignedError::UntrustedSignature { .. })
        ));
        assert_eq!(
            open::<Other>(&octets, &keys(&[1])),
            Err(SignedError::OtherType)
        );
    }

    #[test]
    fn the_type_is_signed_too() {
        let (octets, _) = seal(&note(), &key(1)).unwrap();
        let text = String::from_utf8(octets).unwrap();
        let renamed = text.replace("octroi.note", "octroi.other");
        assert!(matches!(
            open::<Other>(renamed.as_bytes(), &keys(&[1])),
            Err(SignedError::UntrustedSignature { .. })
        ));
    }

    #[test]
    fn no_octet_of_payload_or_signature_can_change() {
        let (octets, sealed) = seal(&note(), &key(1)).unwrap();
        for at in 0..octets.len() {
            let mut bad = octets.clone();
            bad[at] ^= 1;
            // Only the name of the key, which proves nothing, may be another.
            if let Ok(opened) = open::<Note>(&bad, &keys(&[1])) {
                assert_eq!(opened, sealed, "octet {at}");
            }
        }
    }

    #[test]
    fn a_document_without_signature_is_refused() {
        let payload = BASE64.encode(br#"{"text":"x"}"#);
        let bare = format!(
            r#"{{"payloadType":"{}","payload":"{payload}","signatures":[]}}"#,
            Note::TYPE
        );
        assert_eq!(
            open::<Note>(bare.as_bytes(), &keys(&[1])),
            Err(SignedError::Unsigned)
        );
        for garbage in ["", "{}", "null", "[[[[[["] {
            assert!(matches!(
                open::<Note>(garbage.as_bytes(), &keys(&[1])),
                Err(SignedError::Malformed(_))
            ));
        }
    }

    #[test]
    fn what_is_signed_is_the_encoding_of_dsse() {
        // The example of the protocol's text.
        assert_eq!(
            signed_octets("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }
}
