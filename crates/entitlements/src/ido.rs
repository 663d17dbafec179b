//! IDO, the pseudonym under which a publisher knows a person.
//!
//! `IDO = HMAC-SHA-512(key, len(idENT) ‖ idENT ‖ len(person) ‖ person ‖ len(domain) ‖ domain)`, each length a
//! big-endian `u32`, written as 128 lower-case hex digits. It depends on the ENT project, the person and the
//! publisher's pseudonym domain, and on nothing else: never on the school, the resource, the publisher's entityID or
//! the time, so that it survives school years and changes of address (`gar.md` §2). Two publishers with different
//! domains cannot join their identifiers. There is no routine rotation of the key.

use std::fmt;

use aws_lc_rs::hmac;
use thiserror::Error;

use crate::Grant;

/// Shortest accepted key, in octets.
pub const MIN_KEY: usize = 32;

/// The key is too short to keep pseudonyms unlinkable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the pseudonym key has {found} octets, at least {MIN_KEY} are needed")]
pub struct KeyTooShort {
    /// Octets found.
    pub found: usize,
}

/// Derives pseudonyms with one secret key.
///
/// The padded key blocks are hashed once, here. The crypto library wipes them when this value is dropped; the caller
/// wipes the octets it passed (`zeroize::Zeroizing`).
pub struct Pseudonymizer {
    key: hmac::Key,
}

impl Pseudonymizer {
    /// Prepares the key.
    ///
    /// # Errors
    /// [`KeyTooShort`] below [`MIN_KEY`] octets.
    pub fn new(key: &[u8]) -> Result<Self, KeyTooShort> {
        if key.len() < MIN_KEY {
            return Err(KeyTooShort { found: key.len() });
        }
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA512, key),
        })
    }

    /// The pseudonym of `person` of the ENT project `ent` in a pseudonym domain.
    ///
    /// For a person of a merged project, `ent` is the project that first named the person ([`Grant::origin_ent`]).
    #[must_use]
    pub fn derive(&self, ent: &str, person: &str, domain: &str) -> Pseudonym {
        Pseudonym::from_tag(&self.tag(ent, person, domain))
    }

    /// The octets of a pseudonym.
    pub(crate) fn tag(&self, ent: &str, person: &str, domain: &str) -> [u8; 64] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [ent, person, domain] {
            // A length beyond u32 cannot come from the directory or a message; saturating keeps the function total.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            context.update(&length.to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut tag = [0; 64];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    /// The pseudonym that the grant's publisher gets.
    #[must_use]
    pub fn of(&self, grant: &Grant<'_>) -> Pseudonym {
        self.derive(
            grant.origin_ent(),
            grant.person_id(),
            grant.pseudonym_domain(),
        )
    }
}

impl fmt::Debug for Pseudonymizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonymizer(key withheld)")
    }
}

/// A pseudonym: 128 lower-case hex digits, held without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pseudonym([u8; 128]);

impl Pseudonym {
    pub(crate) fn from_tag(tag: &[u8; 64]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [b'0'; 128];
        for (pair, octet) in hex.chunks_exact_mut(2).zip(tag) {
            pair[0] = DIGITS[usize::from(octet >> 4)];
            pair[1] = DIGITS[usize::from(octet & 15)];
        }
        Self(hex)
    }

    /// The digits as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Hex digits are always UTF-8; the fallback is never taken and keeps this free of `unsafe` and of panics.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough to tell two apart in a test; not enough to find the person at a publisher.
        write!(f, "Pseudonym({}…)", &self.as_str()[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with OpenSSL: `openssl dgst -sha512 -mac HMAC -macopt hexkey:000102…1f` over
    /// `00000002 "B0" 00000002 "p1" 00000005 "pub-x"`.
    const OPENSSL: &str = "ef0f4527542c87d319ea05dc77a228fcd4edfa4d2143eb495dc186817203a19e635ad415ca165da8ad7ae9816f906b714234523417f32c7a0c0a61014a96d4cc";

    fn pseudonymizer() -> Pseudonymizer {
        let key: Vec<u8> = (0..32).collect();
        Pseudonymizer::new(&key).unwrap()
    }

    #[test]
    fn agrees_with_openssl() {
        assert_eq!(
            pseudonymizer().derive("B0", "p1", "pub-x").as_str(),
            OPENSSL
        );
    }

    #[test]
    fn every_part_counts_and_no_boundary_can_be_moved() {
        let p = pseudonymizer();
        let reference = p.derive("B0", "p1", "pub-x");
        for (ent, person, domain) in [
            ("C0", "p1", "pub-x"),
            ("B0", "p2", "pub-x"),
            ("B0", "p1", "pub-y"),
            ("B0p", "1", "pub-x"),
            ("B", "0p1", "pub-x"),
            ("B0", "p1p", "ub-x"),
        ] {
            assert_ne!(
                p.derive(ent, person, domain),
                reference,
                "{ent} {person} {domain}"
            );
        }
    }

    #[test]
    fn short_keys_are_refused() {
        assert_eq!(
            Pseudonymizer::new(&[7; 31]).unwrap_err(),
            KeyTooShort { found: 31 }
        );
        assert!(Pseudonymizer::new(&[7; 32]).is_ok());
    }

    #[test]
    fn is_lower_case_hex_of_the_promised_length() {
        let ido = pseudonymizer().derive("B0", "p1", "pub-x");
        assert_eq!(ido.as_str().len(), 128);
        assert!(
            ido.as_str()
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
    }
}
