//! Keys made at run time, and a forge: signatures whose SignedInfo was altered before it was signed, so that what refuses them is
//! their shape and never a broken value.
#![allow(dead_code, missing_docs, reason = "shared by several test programs")]

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{self as lc, EcdsaKeyPair, Ed25519KeyPair},
};
use octroi_dsig::{
    PublicKey, SignatureAlgorithm, Signer, SoftwareSigner, base64, sha256, signature_element,
};

/// A key pair as PEM text.
pub(crate) struct Pair {
    pub(crate) pem: String,
    pub(crate) public: PublicKey,
}

impl Pair {
    fn from_pkcs8(der: &[u8]) -> Self {
        let pem = pem("PRIVATE KEY", der);
        let public = SoftwareSigner::from_pkcs8_pem(&pem, None, None)
            .unwrap()
            .public_key()
            .clone();
        Self { pem, public }
    }

    fn rsa(size: KeySize) -> Self {
        let der: Pkcs8V1Der<'_> = KeyPair::generate(size).unwrap().as_der().unwrap();
        Self::from_pkcs8(der.as_ref())
    }

    fn ecdsa(algorithm: &'static lc::EcdsaSigningAlgorithm) -> Self {
        let der = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
        Self::from_pkcs8(der.as_ref())
    }

    pub(crate) fn signer(&self, algorithm: SignatureAlgorithm) -> SoftwareSigner {
        SoftwareSigner::from_pkcs8_pem(&self.pem, None, Some(algorithm)).unwrap()
    }

    /// The public key, as the keys of whoever signs.
    pub(crate) fn keys(&self) -> &[PublicKey] {
        std::slice::from_ref(&self.public)
    }

    pub(crate) fn public_pem(&self) -> String {
        pem("PUBLIC KEY", self.public.spki_der())
    }
}

pub(crate) static RSA: LazyLock<Pair> = LazyLock::new(|| Pair::rsa(KeySize::Rsa2048));
pub(crate) static OTHER_RSA: LazyLock<Pair> = LazyLock::new(|| Pair::rsa(KeySize::Rsa2048));
pub(crate) static RSA_3072: LazyLock<Pair> = LazyLock::new(|| Pair::rsa(KeySize::Rsa3072));
pub(crate) static P256: LazyLock<Pair> =
    LazyLock::new(|| Pair::ecdsa(&lc::ECDSA_P256_SHA256_FIXED_SIGNING));
pub(crate) static P384: LazyLock<Pair> =
    LazyLock::new(|| Pair::ecdsa(&lc::ECDSA_P384_SHA384_FIXED_SIGNING));
pub(crate) static P521: LazyLock<Pair> =
    LazyLock::new(|| Pair::ecdsa(&lc::ECDSA_P521_SHA512_FIXED_SIGNING));
pub(crate) static ED25519: LazyLock<Pair> = LazyLock::new(|| {
    Pair::from_pkcs8(
        Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .unwrap()
            .as_ref(),
    )
});

/// Every algorithm that can be produced, with a key.
pub(crate) fn producible() -> Vec<(SignatureAlgorithm, &'static Pair)> {
    SignatureAlgorithm::ALL
        .into_iter()
        .filter(|algorithm| *algorithm != SignatureAlgorithm::RsaSha1)
        .map(|algorithm| (algorithm, pair_for(algorithm)))
        .collect()
}

pub(crate) fn pair_for(algorithm: SignatureAlgorithm) -> &'static Pair {
    match algorithm {
        SignatureAlgorithm::EcdsaP256Sha256 => &P256,
        SignatureAlgorithm::EcdsaP384Sha384 => &P384,
        SignatureAlgorithm::EcdsaP521Sha512 => &P521,
        SignatureAlgorithm::Ed25519 => &ED25519,
        _ => &RSA,
    }
}

pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64::encode_to_string(der).as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap());
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

/// An Assertion and a Response around it, canonical, with `{signature}` where each one's Signature goes.
pub(crate) const ASSERTION: &str = "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_a1\" \
    IssueInstant=\"2026-11-23T14:00:00Z\" Version=\"2.0\"><saml:Issuer>https://idp.example</saml:Issuer>{signature}\
    <saml:Subject><saml:NameID>ada@example.org</saml:NameID></saml:Subject><saml:AttributeStatement>\
    <saml:Attribute Name=\"mail\"><saml:AttributeValue>ada &amp; co</saml:AttributeValue></saml:Attribute>\
    </saml:AttributeStatement></saml:Assertion>";
pub(crate) const RESPONSE: &str = "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_r1\" Version=\"2.0\">\
    <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://idp.example</saml:Issuer>{signature}\
    <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>\
    {assertion}</samlp:Response>";
pub(crate) const METADATA: &str = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m1\" \
    entityID=\"https://idp.example\">{signature}<md:IDPSSODescriptor></md:IDPSSODescriptor></md:EntityDescriptor>";

pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Fills `{signature}` of canonical text with our own signature.
pub(crate) fn sign(template: &str, id: &str, signer: &dyn Signer) -> String {
    let digest = sha256(template.replace("{signature}", "").as_bytes());
    let mut signature = Vec::new();
    signature_element(signer, id, &digest, false, &mut signature).unwrap();
    template.replace("{signature}", std::str::from_utf8(&signature).unwrap())
}

/// The default assertion, signed.
pub(crate) fn signed_assertion(signer: &dyn Signer) -> String {
    sign(ASSERTION, "_a1", signer)
}

/// A Response around an unsigned assertion, signed.
pub(crate) fn signed_response(signer: &dyn Signer) -> String {
    let assertion = ASSERTION.replace("{signature}", "");
    sign(&RESPONSE.replace("{assertion}", &assertion), "_r1", signer)
}

/// A signature made to order.
pub(crate) struct Forge<'a> {
    pub(crate) signer: &'a dyn Signer,
    pub(crate) id: &'a str,
    /// The SignatureMethod's URI, when it is to lie.
    pub(crate) method: Option<&'a str>,
    pub(crate) digest_method: &'a str,
    pub(crate) digest: Option<Vec<u8>>,
}

impl<'a> Forge<'a> {
    pub(crate) fn new(signer: &'a dyn Signer, id: &'a str) -> Self {
        Self {
            signer,
            id,
            method: None,
            digest_method: "http://www.w3.org/2001/04/xmlenc#sha256",
            digest: None,
        }
    }

    /// Signs `template`; `signed_info` alters the canonical SignedInfo before it is signed, `signature` the whole afterwards.
    pub(crate) fn sign(
        &self,
        template: &str,
        signed_info: impl Fn(String) -> String,
        signature: impl Fn(String) -> String,
    ) -> String {
        let content = template.replace("{signature}", "");
        let digest = self
            .digest
            .clone()
            .unwrap_or_else(|| sha256(content.as_bytes()).to_vec());
        let info = signed_info(format!(
            "<ds:SignedInfo xmlns:ds=\"{DS}\">\
             <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
             <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
            self.method.unwrap_or(self.signer.algorithm().uri()),
            self.id,
            self.digest_method,
            base64::encode_to_string(&digest),
        ));
        let mut value = Vec::new();
        self.signer.sign(info.as_bytes(), &mut value).unwrap();
        let whole = signature(format!(
            "<ds:Signature xmlns:ds=\"{DS}\">{info}<ds:SignatureValue>{}</ds:SignatureValue></ds:Signature>",
            base64::encode_to_string(&value)
        ));
        template.replace("{signature}", &whole)
    }
}

/// The folder of the shared vectors, or `None` with a line that says so.
pub(crate) fn vectors(test: &str) -> Option<std::path::PathBuf> {
    match std::env::var_os("OCTROI_VECTORS").filter(|path| !path.is_empty()) {
        Some(path) => Some(path.into()),
        None => {
            println!("skipped: {test} (OCTROI_VECTORS is not set)");
            None
        }
    }
}

/// Hexadecimal digits to octets.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
