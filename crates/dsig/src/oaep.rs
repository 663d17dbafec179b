//! RSA-OAEP with a digest and a mask generation function that differ: the one thing of XML Encryption that aws-lc-rs does not offer
//! although the library under it does. So this module calls aws-lc-sys, the same functions in the same order as aws-lc-rs, and is the
//! one place of this crate with `unsafe` (docs/adr/0002-oaep-mixed-hashes.md).
//!
//! It must never do more than OAEP, never hand out a pointer, and never say why a decryption failed.
#![allow(
    unsafe_code,
    reason = "aws-lc-rs offers OAEP with equal hashes only; see the ADR"
)]

use std::{
    ffi::c_int,
    ptr::{self, NonNull},
};

use aws_lc_sys as lc;

/// A hash, as OAEP's digest or inside its mask generation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// The parameters of RSA-OAEP (RFC 8017 §7.1); the label is always empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Oaep {
    pub(crate) digest: Hash,
    pub(crate) mgf1: Hash,
}

/// An RSA key, public or private, owned.
pub(crate) struct RsaKey(NonNull<lc::EVP_PKEY>);

// SAFETY: an `EVP_PKEY` may be used from several threads at once by functions that do not change it (aws-lc, `openssl/evp.h`), and
// its reference count is atomic. Nothing here changes it after it was parsed: `Context::new` only counts a reference up, and the
// Montgomery and blinding values that RSA keeps inside are guarded by the library's own locks.
unsafe impl Send for RsaKey {}
// SAFETY: as above.
unsafe impl Sync for RsaKey {}

impl Drop for RsaKey {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `EVP_parse_*`, is owned by this value alone and freed here only.
        unsafe { lc::EVP_PKEY_free(self.0.as_ptr()) }
    }
}

impl RsaKey {
    /// A private key from PKCS#8 DER. `None` when it does not parse, has more octets after it, or is not RSA.
    pub(crate) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        // SAFETY: `parse` hands over a CBS that is valid for the call.
        Self::parse(der, |cbs| unsafe { lc::EVP_parse_private_key(cbs) })
    }

    /// A public key from a DER SubjectPublicKeyInfo.
    pub(crate) fn from_spki(der: &[u8]) -> Option<Self> {
        // SAFETY: as in `from_pkcs8`.
        Self::parse(der, |cbs| unsafe { lc::EVP_parse_public_key(cbs) })
    }

    fn parse(der: &[u8], parse: impl FnOnce(*mut lc::CBS) -> *mut lc::EVP_PKEY) -> Option<Self> {
        let mut cbs = lc::CBS {
            data: der.as_ptr(),
            len: der.len(),
        };
        // Owned from here on, so that every way out frees it.
        let key = Self(NonNull::new(parse(&mut cbs))?);
        // SAFETY: the key is alive.
        let kind = unsafe { lc::EVP_PKEY_id(key.0.as_ptr()) };
        (cbs.len == 0 && kind == lc::EVP_PKEY_RSA).then_some(key)
    }

    /// Size of the modulus in bits.
    pub(crate) fn bits(&self) -> u32 {
        // SAFETY: the key is alive.
        u32::try_from(unsafe { lc::EVP_PKEY_bits(self.0.as_ptr()) }).unwrap_or_default()
    }

    /// Size of the modulus, and so of a ciphertext, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.bits().div_ceil(8) as usize
    }

    /// Decrypts with the private key. `plaintext` is at least [`RsaKey::length`] long; the number of bytes written is given back.
    pub(crate) fn decrypt(
        &self,
        oaep: Oaep,
        ciphertext: &[u8],
        plaintext: &mut [u8],
    ) -> Option<usize> {
        let context = Context::new(self)?;
        // SAFETY: the context is alive, its key too.
        checked(unsafe { lc::EVP_PKEY_decrypt_init(context.0.as_ptr()) })?;
        context.set(oaep)?;
        let mut length = plaintext.len();
        // SAFETY: both buffers are valid for the lengths given; the library checks that the output is as long as the modulus and
        // writes at most `length` bytes. A `&mut` and a `&` slice do not overlap.
        checked(unsafe {
            lc::EVP_PKEY_decrypt(
                context.0.as_ptr(),
                plaintext.as_mut_ptr(),
                &mut length,
                ciphertext.as_ptr(),
                ciphertext.len(),
            )
        })?;
        (length <= plaintext.len()).then_some(length)
    }

    /// Encrypts with the public key, to [`RsaKey::length`] bytes.
    pub(crate) fn encrypt(&self, oaep: Oaep, plaintext: &[u8]) -> Option<Vec<u8>> {
        let context = Context::new(self)?;
        // SAFETY: the context is alive, its key too.
        checked(unsafe { lc::EVP_PKEY_encrypt_init(context.0.as_ptr()) })?;
        context.set(oaep)?;
        let mut ciphertext = vec![0; self.length()];
        let mut length = ciphertext.len();
        // SAFETY: as in `decrypt`.
        checked(unsafe {
            lc::EVP_PKEY_encrypt(
                context.0.as_ptr(),
                ciphertext.as_mut_ptr(),
                &mut length,
                plaintext.as_ptr(),
                plaintext.len(),
            )
        })?;
        (length == ciphertext.len()).then_some(ciphertext)
    }
}

/// One operation with a key.
struct Context(NonNull<lc::EVP_PKEY_CTX>);

impl Context {
    fn new(key: &RsaKey) -> Option<Self> {
        // SAFETY: the key is alive; the call counts a reference up, so the context could even outlive it. No engine is given.
        NonNull::new(unsafe { lc::EVP_PKEY_CTX_new(key.0.as_ptr(), ptr::null_mut()) }).map(Self)
    }

    fn set(&self, oaep: Oaep) -> Option<()> {
        let context = self.0.as_ptr();
        // SAFETY: the context is alive and initialised for an operation; the digests are static.
        unsafe {
            checked(lc::EVP_PKEY_CTX_set_rsa_padding(
                context,
                lc::RSA_PKCS1_OAEP_PADDING,
            ))?;
            checked(lc::EVP_PKEY_CTX_set_rsa_oaep_md(context, oaep.digest.md()))?;
            checked(lc::EVP_PKEY_CTX_set_rsa_mgf1_md(context, oaep.mgf1.md()))
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `EVP_PKEY_CTX_new` and is freed here only.
        unsafe { lc::EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

impl Hash {
    fn md(self) -> *const lc::EVP_MD {
        // SAFETY: these take nothing and give a pointer to a static.
        unsafe {
            match self {
                Self::Sha1 => lc::EVP_sha1(),
                Self::Sha256 => lc::EVP_sha256(),
                Self::Sha384 => lc::EVP_sha384(),
                Self::Sha512 => lc::EVP_sha512(),
            }
        }
    }
}

/// The library's "1 is success". Its queue of reasons is emptied, so that none is found by somebody else's call on this thread.
fn checked(result: c_int) -> Option<()> {
    if result == 1 {
        return Some(());
    }
    // SAFETY: takes nothing, works on this thread's own queue.
    unsafe { lc::ERR_clear_error() };
    None
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der},
        rsa::{
            KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey,
            PrivateDecryptingKey,
        },
    };

    use super::*;

    const HASHES: [Hash; 4] = [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

    fn pair() -> (PrivateDecryptingKey, RsaKey, RsaKey) {
        let pair = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let private = RsaKey::from_pkcs8(private.as_ref()).unwrap();
        let public = RsaKey::from_spki(public.as_ref()).unwrap();
        (pair, private, public)
    }

    #[test]
    fn every_pair_of_hashes_and_none_for_another() {
        let (_, private, public) = pair();
        let mut out = [0; 256];
        for digest in HASHES {
            for mgf1 in HASHES {
                let ciphertext = public
                    .encrypt(Oaep { digest, mgf1 }, b"sixteen bytes...")
                    .unwrap();
                for other_digest in HASHES {
                    for other_mgf1 in HASHES {
                        let oaep = Oaep {
                            digest: other_digest,
                            mgf1: other_mgf1,
                        };
                        let length = private.decrypt(oaep, &ciphertext, &mut out);
                        if (other_digest, other_mgf1) == (digest, mgf1) {
                            assert_eq!(&out[..length.unwrap()], b"sixteen bytes...");
                        } else {
                            assert_eq!(length, None);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn equal_hashes_agree_with_aws_lc_rs() {
        let (pair, _, public) = pair();
        let theirs = OaepPrivateDecryptingKey::new(pair).unwrap();
        for (hash, algorithm) in [
            (Hash::Sha1, &OAEP_SHA1_MGF1SHA1),
            (Hash::Sha256, &OAEP_SHA256_MGF1SHA256),
        ] {
            let ciphertext = public
                .encrypt(
                    Oaep {
                        digest: hash,
                        mgf1: hash,
                    },
                    b"key",
                )
                .unwrap();
            let mut out = [0; 256];
            assert_eq!(
                theirs
                    .decrypt(algorithm, &ciphertext, &mut out, None)
                    .unwrap(),
                b"key"
            );
        }
    }

    #[test]
    fn wrong_sizes_and_keys_fail_without_harm() {
        let (pair, private, public) = pair();
        let oaep = Oaep {
            digest: Hash::Sha256,
            mgf1: Hash::Sha1,
        };
        let ciphertext = public.encrypt(oaep, b"key").unwrap();
        let mut out = [0; 256];
        assert_eq!(
            private.decrypt(oaep, &ciphertext, &mut out[..255]),
            None,
            "output too small"
        );
        assert_eq!(private.decrypt(oaep, &ciphertext[1..], &mut out), None);
        assert_eq!(private.decrypt(oaep, &[], &mut out), None);
        assert_eq!(
            private.decrypt(oaep, &[0xff; 256], &mut out),
            None,
            "not below the modulus"
        );
        assert_eq!(
            public.decrypt(oaep, &ciphertext, &mut out),
            None,
            "no private key"
        );
        assert!(
            public.encrypt(oaep, &[0; 200]).is_none(),
            "too long for OAEP"
        );
        assert_eq!(
            private.decrypt(oaep, &ciphertext, &mut out),
            Some(3),
            "still in order"
        );

        let private: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let trailing = [private.as_ref(), &[0]].concat();
        assert!(RsaKey::from_pkcs8(&trailing).is_none());
        assert!(RsaKey::from_spki(private.as_ref()).is_none());
        assert!(RsaKey::from_pkcs8(&[]).is_none());
    }

    #[test]
    fn one_key_on_many_threads() {
        let (_, private, public) = pair();
        let oaep = Oaep {
            digest: Hash::Sha256,
            mgf1: Hash::Sha1,
        };
        std::thread::scope(|scope| {
            for n in 0..8u8 {
                let (private, public) = (&private, &public);
                scope.spawn(move || {
                    for _ in 0..10 {
                        let ciphertext = public.encrypt(oaep, &[n; 16]).unwrap();
                        let mut out = [0; 256];
                        assert_eq!(private.decrypt(oaep, &ciphertext, &mut out), Some(16));
                        assert_eq!(out[..16], [n; 16]);
                    }
                });
            }
        });
    }
}
