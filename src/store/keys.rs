//! The Ed25519 keys of a store: one secret at the publisher, public ones at every node.
//!
//! A node holds several public keys while a new one is rolled in. No key is ever taken from a document.

use octroi_dsig::{
    AlgorithmPolicy, KeyError, KeyKind, PublicKey, SignError, SignatureAlgorithm, Signer,
    SoftwareSigner,
};

/// The public keys that a node trusts.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<PublicKey>);

impl Keys {
    /// Adds the key of a PEM text (`PUBLIC KEY`, as `openssl pkey -pubout` writes it).
    ///
    /// # Errors
    /// [`KeyError`] when there is none or it is not Ed25519.
    pub fn add_pem(&mut self, pem: &str) -> Result<(), KeyError> {
        let key = PublicKey::from_pem(pem)?;
        if key.kind() != KeyKind::Ed25519 {
            return Err(KeyError::Unsupported);
        }
        self.0.push(key);
        Ok(())
    }

    /// Whether one of the keys has made this signature.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let policy = AlgorithmPolicy::default();
        self.0.iter().any(|key| {
            key.verify(SignatureAlgorithm::Ed25519, message, signature, &policy)
                .is_ok()
        })
    }

    /// Whether what this secret key signs is taken.
    #[must_use]
    pub fn trust(&self, secret: &SecretKey) -> bool {
        self.0.iter().any(|key| key.fingerprint() == secret.id())
    }

    /// Whether there is no key: then nothing is ever taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The key that signs manifests and entries of the log. Only publishers have it.
#[derive(Debug)]
pub struct SecretKey(SoftwareSigner);

impl SecretKey {
    /// From PEM text (`PRIVATE KEY`, as `openssl genpkey -algorithm ed25519` writes it).
    ///
    /// # Errors
    /// [`KeyError`] when there is none or it is not Ed25519.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let signer = SoftwareSigner::from_pkcs8_pem(pem, None, None)?;
        if signer.algorithm() != SignatureAlgorithm::Ed25519 {
            return Err(KeyError::Unsupported);
        }
        Ok(Self(signer))
    }

    /// SHA-256 of its public half, hex: its name.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.fingerprint()
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> Keys {
        Keys(vec![self.0.public_key().clone()])
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let mut signature = Vec::with_capacity(64);
        self.0.sign(message, &mut signature)?;
        Ok(signature)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use base64::Engine as _;

    /// A key that is made anew from its number.
    pub(crate) fn key(number: u8) -> SecretKey {
        SecretKey::from_pem(&pem(number)).unwrap()
    }

    /// PKCS#8 of RFC 8410 around a seed.
    pub(crate) fn pem(number: u8) -> String {
        let mut der = vec![
            0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
        ];
        der.extend([number; 32]);
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
    }

    pub(crate) fn keys(numbers: &[u8]) -> Keys {
        Keys(
            numbers
                .iter()
                .flat_map(|number| key(*number).public().0)
                .collect(),
        )
    }

    #[test]
    fn a_machine_that_signs_with_a_key_it_does_not_trust_is_told() {
        assert!(keys(&[1, 2]).trust(&key(2)));
        assert!(!keys(&[1, 2]).trust(&key(3)));
        assert!(!Keys::default().trust(&key(1)));
    }

    #[test]
    fn only_ed25519_signs_here() {
        let p256 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        assert!(SecretKey::from_pem(&p256.serialize_pem()).is_err());
        assert!(Keys::default().add_pem(&p256.public_key_pem()).is_err());
        let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let secret = SecretKey::from_pem(&ed25519.serialize_pem()).unwrap();
        let mut keys = Keys::default();
        keys.add_pem(&ed25519.public_key_pem()).unwrap();
        let signature = secret.sign(b"x").unwrap();
        assert!(keys.verify(b"x", &signature) && !keys.verify(b"y", &signature));
        assert!(!Keys::default().verify(b"x", &signature));
    }
}
