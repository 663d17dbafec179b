//! Keys, made once for a test process; none is ever written to a file.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use octroi_dsig::SoftwareSigner;
use std::sync::{Arc, OnceLock};

/// A signing key and its PEM text.
pub struct Pair {
    pub signer: Arc<SoftwareSigner>,
    pub pem: String,
}

/// Everybody's keys.
pub struct Keys {
    pub gateway: Arc<SoftwareSigner>,
    pub portal_b: Pair,
    pub portal_c: Pair,
    pub publisher: Pair,
    pub stranger: Pair,
    pub decryption_pem: String,
    /// The gateway's decryption key as portals see it.
    pub decryption_public: octroi_dsig::PublicKey,
}

impl Keys {
    pub fn get() -> &'static Self {
        static KEYS: OnceLock<Keys> = OnceLock::new();
        KEYS.get_or_init(|| {
            let decryption = rsa();
            Self {
                gateway: rsa().signer,
                portal_b: rsa(),
                portal_c: rsa(),
                publisher: rsa(),
                stranger: rsa(),
                decryption_public: decryption.signer.public_key().clone(),
                decryption_pem: decryption.pem,
            }
        })
    }
}

fn rsa() -> Pair {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    pair(key.as_der().unwrap().as_ref())
}

/// A fresh P-256 key.
pub fn p256() -> Pair {
    let document = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        &aws_lc_rs::rand::SystemRandom::new(),
    )
    .unwrap();
    pair(document.as_ref())
}

/// A fresh RSA key of 3072 bits.
pub fn rsa3072() -> Pair {
    let key = KeyPair::generate(KeySize::Rsa3072).unwrap();
    pair(key.as_der().unwrap().as_ref())
}

fn pair(pkcs8: &[u8]) -> Pair {
    let text = base64::engine::general_purpose::STANDARD.encode(pkcs8);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    );
    Pair {
        signer: Arc::new(SoftwareSigner::from_pkcs8_pem(&pem, None, None).unwrap()),
        pem,
    }
}
