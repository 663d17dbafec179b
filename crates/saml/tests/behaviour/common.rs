//! Keys made at run time, a message with one thing wrong at a time, and what it is expected to match.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use octroi_dsig::{DecryptionKey, EncryptionRecipient, PublicKey, SoftwareSigner, base64};
use octroi_saml::issue::SignWhat;
use octroi_saml::portal_side::{PortalResponse, PortalSignature, sign_document};
use octroi_saml::response::{AcceptedAssertion, Expectations, InResponseTo, accept};
use octroi_saml::{Random, Refusal, Time};
use std::sync::LazyLock;

pub(crate) const PORTAL: &str = "https://portal.example/idp";
pub(crate) const GATEWAY: &str = "https://octroi.example/saml/metadata";
pub(crate) const ACS: &str = "https://octroi.example/saml/acs";
pub(crate) const REQUEST: &str = "_request";

/// 2026-11-23T14:00:00Z.
pub(crate) const NOW: Time = Time::from_unix_seconds(1_795_442_400);

pub(crate) fn seconds(seconds: i64) -> Time {
    Time::from_unix_seconds(NOW.unix_seconds() + seconds)
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        base64::encode_to_string(der)
    )
}

fn p256_signer() -> SoftwareSigner {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .unwrap();
    let pem_key = pem("PRIVATE KEY", der.as_ref());
    let bare = SoftwareSigner::from_pkcs8_pem(&pem_key, None, None).unwrap();
    let certificate = pem("CERTIFICATE", &certificate(bare.public_key().spki_der()));
    SoftwareSigner::from_pkcs8_pem(&pem_key, Some(&certificate), None).unwrap()
}

fn rsa_pem() -> String {
    let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048)
        .unwrap()
        .as_der()
        .unwrap();
    pem("PRIVATE KEY", der.as_ref())
}

/// The portal's key, somebody else's, and ours.
pub(crate) static SIGNER: LazyLock<SoftwareSigner> = LazyLock::new(p256_signer);
pub(crate) static OTHER_SIGNER: LazyLock<SoftwareSigner> = LazyLock::new(p256_signer);
pub(crate) static KEYS: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [SIGNER.public_key().clone()]);
pub(crate) static OTHER_KEYS: LazyLock<[PublicKey; 1]> =
    LazyLock::new(|| [OTHER_SIGNER.public_key().clone()]);

static RSA_PEM: LazyLock<String> = LazyLock::new(rsa_pem);
pub(crate) static RSA_SIGNER: LazyLock<SoftwareSigner> =
    LazyLock::new(|| SoftwareSigner::from_pkcs8_pem(&RSA_PEM, None, None).unwrap());
pub(crate) static DECRYPTION_KEYS: LazyLock<[DecryptionKey; 1]> =
    LazyLock::new(|| [DecryptionKey::from_pkcs8_pem(&RSA_PEM).unwrap()]);
pub(crate) static OTHER_DECRYPTION_KEYS: LazyLock<[DecryptionKey; 1]> =
    LazyLock::new(|| [DecryptionKey::from_pkcs8_pem(&rsa_pem()).unwrap()]);

pub(crate) fn recipient() -> EncryptionRecipient {
    EncryptionRecipient {
        key: RSA_SIGNER.public_key().clone(),
        data: octroi_dsig::DataEncryption::Aes256Gcm,
        transport: octroi_dsig::KeyTransport::OaepSha1Mgf1Sha1,
    }
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let [high, low] = length.to_be_bytes();
    let start = match length {
        0..0x80 => vec![tag, low],
        0x80..0x100 => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [&start[..], content].concat()
}

/// The outline of a certificate: everything but the key is nonsense, and nothing else is read.
pub(crate) fn certificate(spki: &[u8]) -> Vec<u8> {
    let nonsense = der(0x30, b"\xff\xffexpired in 1993");
    let parts = [
        &der(0x02, &[1])[..],
        &nonsense,
        &nonsense,
        &nonsense,
        &nonsense,
        spki,
    ];
    let tbs = der(0x30, &parts.concat());
    der(0x30, &[tbs, nonsense, der(0x03, &[0])].concat())
}

/// Octets that are different each time and the same in each run.
pub(crate) struct Counter(pub(crate) u8);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for octet in out {
            self.0 = self.0.wrapping_mul(5).wrapping_add(57);
            *octet = self.0;
        }
    }
}

/// A message that is accepted as it stands, until something is changed.
pub(crate) struct Message {
    pub(crate) response: PortalResponse,
    pub(crate) sign: Option<SignWhat>,
    pub(crate) encrypt: Option<EncryptionRecipient>,
    assertion_edits: Vec<(&'static str, &'static str)>,
    response_edits: Vec<(&'static str, &'static str)>,
    late_edits: Vec<(&'static str, &'static str)>,
}

impl Message {
    pub(crate) fn new() -> Self {
        let mut response = PortalResponse::usual(NOW, PORTAL);
        response.to(GATEWAY, ACS).answers(Some(REQUEST));
        response
            .attribute("idEnt", ["B0"])
            .attribute("GARPersonIdentifiant", ["p-123"]);
        Self {
            response,
            sign: Some(SignWhat::Both),
            encrypt: None,
            assertion_edits: Vec::new(),
            response_edits: Vec::new(),
            late_edits: Vec::new(),
        }
    }

    /// Replaces text of the Assertion before it is signed.
    pub(crate) fn assertion(&mut self, from: &'static str, to: &'static str) {
        self.assertion_edits.push((from, to));
    }

    /// Replaces text of the Response before it is signed; its assertion is in it already.
    pub(crate) fn envelope(&mut self, from: &'static str, to: &'static str) {
        self.response_edits.push((from, to));
    }

    /// Replaces text after everything was signed.
    pub(crate) fn late(&mut self, from: &'static str, to: &'static str) {
        self.late_edits.push((from, to));
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let sign = |text: &str, what| {
            let signature = PortalSignature {
                include_certificate: true,
                ..PortalSignature::new(&*SIGNER, what)
            };
            String::from_utf8(sign_document(text.as_bytes(), &signature).unwrap()).unwrap()
        };
        let mut original = Vec::new();
        self.response.write_assertion(None, &mut original).unwrap();
        let original = String::from_utf8(original).unwrap();
        let mut assertion = edited(original.clone(), &self.assertion_edits);
        if matches!(self.sign, Some(SignWhat::Assertion | SignWhat::Both)) {
            assertion = sign(&assertion, SignWhat::Assertion);
        }
        if let Some(recipient) = &self.encrypt {
            let mut encrypted = Vec::new();
            octroi_dsig::encrypt(assertion.as_bytes(), recipient, &mut encrypted).unwrap();
            assertion = format!(
                "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:EncryptedAssertion>",
                String::from_utf8(encrypted).unwrap()
            );
        }
        let mut response = Vec::new();
        self.response.write(None, None, &mut response).unwrap();
        let response = String::from_utf8(response)
            .unwrap()
            .replace(&original, &assertion);
        let mut response = edited(response, &self.response_edits);
        if matches!(self.sign, Some(SignWhat::Response | SignWhat::Both)) {
            response = sign(&response, SignWhat::Response);
        }
        edited(response, &self.late_edits).into_bytes()
    }

    pub(crate) fn accept(&self) -> Result<AcceptedAssertion, Refusal> {
        accept(&self.build(), &expectations())
    }
}

/// Each text must be there, so that no edit silently does nothing; its first occurrence is replaced.
pub(crate) fn edited(mut text: String, edits: &[(&str, &str)]) -> String {
    for (from, to) in edits {
        assert!(text.contains(from), "{from:?} is not in {text}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// What [`Message::new`] matches.
pub(crate) fn expectations() -> Expectations<'static> {
    let mut expect = Expectations::strict(
        NOW,
        GATEWAY,
        ACS,
        PORTAL,
        &*KEYS,
        InResponseTo::Required(REQUEST),
    );
    expect.decryption_keys = &*DECRYPTION_KEYS;
    expect
}
