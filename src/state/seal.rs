//! Sealed cookies: what the browser carries for us and can neither read nor change.
//!
//! AES-256-GCM-SIV under a random nonce, so that a repeated nonce (2^96 is not endless at a thousand
//! accesses a second) costs nothing but the knowledge that two plaintexts were equal. The name of the
//! cookie is authenticated with it: one cookie never passes for another.
//!
//! Never seal anything that must be used only once: a browser can always send an old cookie again.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Bytes of a sealing key.
pub const KEY_BYTES: usize = 32;
/// What browsers are sure to keep: name, value and attributes together.
pub const MAX_COOKIE_BYTES: usize = 4096;

const KEY_ID: usize = 4;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Why a cookie could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No key was configured.
    #[error("no cookie key is configured")]
    NoKey,
    /// The key is not [`KEY_BYTES`] long.
    #[error("a cookie key has {0} bytes, it must have 32")]
    KeyLength(usize),
    /// The value is not one of ours, was changed, or its key has been retired.
    #[error("the cookie was not sealed here")]
    NotOurs,
    /// The sealed value would not fit into a cookie.
    #[error("the cookie would have {0} bytes")]
    TooLarge(usize),
    /// The system has no randomness, or the cipher failed.
    #[error("the cookie could not be sealed")]
    Failed,
}

struct SealingKey {
    id: [u8; KEY_ID],
    key: LessSafeKey,
}

/// The sealing keys, newest first: the first one seals, all of them open.
pub struct Sealer {
    keys: Vec<SealingKey>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer")
            .field("keys", &self.keys.len())
            .finish()
    }
}

impl Sealer {
    /// Takes the keys, newest first.
    ///
    /// # Errors
    /// [`SealError::NoKey`] for an empty list, [`SealError::KeyLength`] for a key of another length.
    pub fn new<K: AsRef<[u8]>>(keys: &[K]) -> Result<Self, SealError> {
        if keys.is_empty() {
            return Err(SealError::NoKey);
        }
        let keys = keys
            .iter()
            .map(|bytes| {
                let bytes = bytes.as_ref();
                let key = UnboundKey::new(&AES_256_GCM_SIV, bytes)
                    .map_err(|_| SealError::KeyLength(bytes.len()))?;
                let hash = digest::digest(&digest::SHA256, bytes);
                let mut id = [0; KEY_ID];
                id.copy_from_slice(&hash.as_ref()[..KEY_ID]);
                Ok(SealingKey {
                    id,
                    key: LessSafeKey::new(key),
                })
            })
            .collect::<Result<Vec<_>, SealError>>()?;
        Ok(Self { keys })
    }

    /// Seals `plain` for the cookie `name`; the answer is base64url text.
    ///
    /// # Errors
    /// [`SealError::TooLarge`] when a browser would drop it.
    pub fn seal(&self, name: &str, plain: &[u8]) -> Result<String, SealError> {
        let key = self.keys.first().ok_or(SealError::NoKey)?;
        let mut nonce = [0; NONCE];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| SealError::Failed)?;
        let mut sealed = Vec::with_capacity(KEY_ID + NONCE + plain.len() + TAG);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = key
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut sealed[KEY_ID + NONCE..],
            )
            .map_err(|_| SealError::Failed)?;
        sealed.extend_from_slice(tag.as_ref());
        let text = URL_SAFE_NO_PAD.encode(&sealed);
        let size = name.len() + text.len() + 128;
        if size > MAX_COOKIE_BYTES {
            Err(SealError::TooLarge(size))
        } else {
            Ok(text)
        }
    }

    /// Opens what [`Sealer::seal`] made for the cookie `name`.
    ///
    /// # Errors
    /// [`SealError::NotOurs`], whatever is wrong with it.
    pub fn open(&self, name: &str, text: &str) -> Result<Vec<u8>, SealError> {
        if text.len() > MAX_COOKIE_BYTES {
            return Err(SealError::NotOurs);
        }
        let mut sealed = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| SealError::NotOurs)?;
        if sealed.len() < KEY_ID + NONCE + TAG {
            return Err(SealError::NotOurs);
        }
        let key = self
            .keys
            .iter()
            .find(|key| key.id == sealed[..KEY_ID])
            .ok_or(SealError::NotOurs)?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed[KEY_ID..KEY_ID + NONCE])
            .map_err(|_| SealError::NotOurs)?;
        let opened = key
            .key
            .open_within(
                nonce,
                Aad::from(name.as_bytes()),
                &mut sealed,
                KEY_ID + NONCE..,
            )
            .map_err(|_| SealError::NotOurs)?
            .len();
        sealed.truncate(opened);
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_under_its_own_name_only() {
        let sealer = Sealer::new(&[[7u8; 32]]).unwrap();
        let text = sealer.seal("a", b"who comes").unwrap();
        assert_eq!(sealer.open("a", &text).unwrap(), b"who comes");
        assert_eq!(sealer.open("b", &text), Err(SealError::NotOurs));
    }

    #[test]
    fn a_rolled_key_still_opens_until_it_is_retired() {
        let old = Sealer::new(&[[1u8; 32]]).unwrap();
        let text = old.seal("a", b"x").unwrap();
        let rolled = Sealer::new(&[[2u8; 32], [1u8; 32]]).unwrap();
        assert_eq!(rolled.open("a", &text).unwrap(), b"x");
        let retired = Sealer::new(&[[2u8; 32]]).unwrap();
        assert_eq!(retired.open("a", &text), Err(SealError::NotOurs));
    }

    #[test]
    fn every_changed_character_is_refused() {
        let sealer = Sealer::new(&[[7u8; 32]]).unwrap();
        let text = sealer.seal("a", b"who comes").unwrap();
        for i in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[i] = if bytes[i] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                sealer.open("a", std::str::from_utf8(&bytes).unwrap()),
                Err(SealError::NotOurs),
                "at {i}"
            );
        }
    }

    #[test]
    fn refuses_what_no_browser_would_keep() {
        let sealer = Sealer::new(&[[7u8; 32]]).unwrap();
        assert!(matches!(
            sealer.seal("a", &[0; 4000]),
            Err(SealError::TooLarge(_))
        ));
        assert_eq!(
            sealer.open("a", &"A".repeat(10_000)),
            Err(SealError::NotOurs)
        );
        assert_eq!(sealer.open("a", ""), Err(SealError::NotOurs));
    }

    #[test]
    fn refuses_unusable_keys() {
        assert_eq!(Sealer::new::<[u8; 32]>(&[]).err(), Some(SealError::NoKey));
        assert_eq!(
            Sealer::new(&[[1u8; 31]]).err(),
            Some(SealError::KeyLength(31))
        );
    }
}
