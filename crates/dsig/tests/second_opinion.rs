//! Against programs that share no code with us: xmlsec1 and openssl. What we sign xmlsec1 verifies, what it signs we verify; what one
//! encrypts the other decrypts. Skipped, with a line that says so, where a program is not installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "common/mod.rs"]
mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use common::{
    ASSERTION, METADATA, P256, P384, P521, Pair, RSA, RSA_3072, sign, signed_assertion,
    signed_response,
};
use octroi_dsig::{
    AlgorithmPolicy, DataEncryption, DecryptionKey, EncryptionRecipient, KeyTransport,
    SignatureAlgorithm, base64, decrypt, encrypt, verify,
};
use octroi_xml::{Limits, parse};

/// A folder of its own that goes when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "octroi-dsig-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn has(program: &str, test: &str) -> bool {
    let found = Command::new(program).arg("version").output().is_ok();
    if !found {
        println!("skipped: {test} ({program} is not installed)");
    }
    found
}

/// Runs a program; whether it succeeded, and its standard output.
fn run(program: &str, arguments: &[&str], files: &[&Path]) -> (bool, Vec<u8>) {
    let output = Command::new(program)
        .args(arguments)
        .args(files)
        .output()
        .unwrap();
    (output.status.success(), output.stdout)
}

/// The `--id-attr` arguments for every element that we sign.
const IDS: [&str; 6] = [
    "--id-attr:ID",
    "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
    "--id-attr:ID",
    "urn:oasis:names:tc:SAML:2.0:protocol:Response",
    "--id-attr:ID",
    "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
];

fn xmlsec1_verifies(folder: &Folder, pair: &Pair, text: &str) -> bool {
    let key = folder.file("public.pem", pair.public_pem());
    let document = folder.file("signed.xml", text);
    let key = key.to_str().unwrap();
    let arguments = [&["--verify", "--pubkey-pem", key][..], &IDS].concat();
    run("xmlsec1", &arguments, &[&document]).0
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    if !has("xmlsec1", "xmlsec1_verifies_what_we_sign") {
        return;
    }
    let folder = Folder::new();
    for (algorithm, pair) in [
        (SignatureAlgorithm::RsaSha256, &*RSA),
        (SignatureAlgorithm::RsaSha384, &*RSA),
        (SignatureAlgorithm::RsaSha512, &*RSA_3072),
        (SignatureAlgorithm::EcdsaP256Sha256, &*P256),
        (SignatureAlgorithm::EcdsaP384Sha384, &*P384),
        (SignatureAlgorithm::EcdsaP521Sha512, &*P521),
    ] {
        let signer = pair.signer(algorithm);
        for text in [
            signed_assertion(&signer),
            signed_response(&signer),
            sign(METADATA, "_m1", &signer),
        ] {
            assert!(xmlsec1_verifies(&folder, pair, &text), "{algorithm:?}");
        }
        let changed = signed_assertion(&signer).replace("ada@", "eve@");
        assert!(!xmlsec1_verifies(&folder, pair, &changed));
    }
}

#[test]
fn we_verify_what_xmlsec1_signs() {
    if !has("xmlsec1", "we_verify_what_xmlsec1_signs") {
        return;
    }
    let folder = Folder::new();
    for (algorithm, pair) in [
        (SignatureAlgorithm::RsaSha1, &*RSA),
        (SignatureAlgorithm::RsaSha256, &*RSA),
        (SignatureAlgorithm::RsaSha512, &*RSA),
        (SignatureAlgorithm::EcdsaP256Sha256, &*P256),
        (SignatureAlgorithm::EcdsaP384Sha384, &*P384),
        (SignatureAlgorithm::EcdsaP521Sha512, &*P521),
    ] {
        // Indented, other prefixes, an unused declaration, a PrefixList: nothing is as we would write it.
        let signature = format!(
            "\n  <Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">\n    <SignedInfo>\n      <CanonicalizationMethod \
             Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/>\n      <SignatureMethod Algorithm='{}'/>\n      \
             <Reference URI='#_a1'>\n        <Transforms>\n          <Transform \
             Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'/>\n          <Transform \
             Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'><ec:InclusiveNamespaces \
             xmlns:ec='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='xs #default'/></Transform>\n        </Transforms>\n        \
             <DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>\n        <DigestValue/>\n      </Reference>\n    \
             </SignedInfo>\n    <SignatureValue/>\n  </Signature>\n",
            algorithm.uri()
        );
        let template = ASSERTION
            .replace(
                "<saml:Assertion ",
                "<saml:Assertion xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns=\"urn:x\" ",
            )
            .replace("{signature}", &signature);
        let key = folder.file("private.pem", &pair.pem);
        let template = folder.file("template.xml", template);
        let signed = folder.0.join("by-xmlsec1.xml");
        let arguments = [
            "--sign",
            "--privkey-pem",
            key.to_str().unwrap(),
            "--output",
            signed.to_str().unwrap(),
            IDS[0],
            IDS[1],
        ];
        assert!(run("xmlsec1", &arguments, &[&template]).0, "{algorithm:?}");
        let text = fs::read(signed).unwrap();
        let document = parse(&text, &Limits::default()).unwrap();
        let is_sha1 = algorithm == SignatureAlgorithm::RsaSha1;
        let strict = verify(document.root(), pair.keys(), &AlgorithmPolicy::default());
        assert_eq!(strict.is_err(), is_sha1);
        let policy = AlgorithmPolicy {
            sha1: is_sha1,
            ..AlgorithmPolicy::default()
        };
        let verified = verify(document.root(), pair.keys(), &policy).unwrap();
        assert_eq!(verified.info().legacy.sha1, is_sha1);
        assert_eq!(verified.info().algorithm, algorithm);
    }
}

fn recipient(data: DataEncryption, transport: KeyTransport) -> EncryptionRecipient {
    EncryptionRecipient {
        key: RSA.public.clone(),
        data,
        transport,
    }
}

#[test]
fn xmlsec1_decrypts_what_we_encrypt() {
    if !has("xmlsec1", "xmlsec1_decrypts_what_we_encrypt") {
        return;
    }
    let folder = Folder::new();
    let key = folder.file("private.pem", &RSA.pem);
    for data in [DataEncryption::Aes128Gcm, DataEncryption::Aes256Gcm] {
        let mut out = Vec::new();
        encrypt(
            b"<x>content</x>",
            &recipient(data, KeyTransport::OaepSha1Mgf1Sha1),
            &mut out,
        )
        .unwrap();
        let document = folder.file("encrypted.xml", out);
        let (success, plaintext) = run(
            "xmlsec1",
            &["--decrypt", "--privkey-pem", key.to_str().unwrap()],
            &[&document],
        );
        assert!(success, "{data:?}");
        assert!(
            String::from_utf8(plaintext)
                .unwrap()
                .contains("<x>content</x>")
        );
    }
}

#[test]
fn we_decrypt_what_xmlsec1_encrypts() {
    if !has("xmlsec1", "we_decrypt_what_xmlsec1_encrypts") {
        return;
    }
    let folder = Folder::new();
    let key = folder.file("public.pem", RSA.public_pem());
    let content = folder.file("content.xml", "<x>content</x>");
    let ours = DecryptionKey::from_pkcs8_pem(&RSA.pem).unwrap();
    for (bits, mode) in [
        (128, "gcm"),
        (192, "gcm"),
        (256, "gcm"),
        (128, "cbc"),
        (192, "cbc"),
        (256, "cbc"),
    ] {
        let namespace = if mode == "gcm" {
            "http://www.w3.org/2009/xmlenc11#"
        } else {
            "http://www.w3.org/2001/04/xmlenc#"
        };
        let template = folder.file(
            "template.xml",
            format!(
                "<EncryptedData xmlns='http://www.w3.org/2001/04/xmlenc#' Type='http://www.w3.org/2001/04/xmlenc#Element'>\n \
                 <EncryptionMethod Algorithm='{namespace}aes{bits}-{mode}'/>\n <KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'>\n  \
                 <EncryptedKey xmlns='http://www.w3.org/2001/04/xmlenc#'>\n   <EncryptionMethod \
                 Algorithm='http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'/>\n   <CipherData><CipherValue/></CipherData>\n  \
                 </EncryptedKey>\n </KeyInfo>\n <CipherData><CipherValue/></CipherData>\n</EncryptedData>"
            ),
        );
        let session = format!("aes-{bits}");
        let arguments = [
            "--encrypt",
            "--pubkey-pem",
            key.to_str().unwrap(),
            "--session-key",
            &session,
            "--xml-data",
            content.to_str().unwrap(),
        ];
        let (success, encrypted) = run("xmlsec1", &arguments, &[&template]);
        assert!(success, "{bits} {mode}");
        let document = parse(&encrypted, &Limits::default()).unwrap();
        let policy = AlgorithmPolicy {
            cbc: mode == "cbc",
            ..AlgorithmPolicy::default()
        };
        let plaintext = decrypt(document.root(), std::slice::from_ref(&ours), &policy).unwrap();
        assert_eq!(plaintext.trim_ascii(), b"<x>content</x>");
    }
}

const MIXED: [&str; 6] = [
    "-pkeyopt",
    "rsa_padding_mode:oaep",
    "-pkeyopt",
    "rsa_oaep_md:sha256",
    "-pkeyopt",
    "rsa_mgf1_md:sha1",
];

#[test]
fn openssl_opens_our_mixed_oaep_and_we_open_its() {
    if !has("openssl", "openssl_opens_our_mixed_oaep_and_we_open_its") {
        return;
    }
    let folder = Folder::new();
    let private = folder.file("private.pem", &RSA.pem);
    let public = folder.file("public.pem", RSA.public_pem());

    // Ours: openssl opens the content key, with which the content opens.
    let mut out = Vec::new();
    encrypt(
        b"<x/>",
        &recipient(DataEncryption::Aes256Gcm, KeyTransport::OaepSha256Mgf1Sha1),
        &mut out,
    )
    .unwrap();
    let text = String::from_utf8(out).unwrap();
    let mut values = text
        .split("<xenc:CipherValue>")
        .skip(1)
        .map(|rest| base64::decode(rest.split('<').next().unwrap(), 4096).unwrap());
    let encrypted_key = folder.file("key.bin", values.next().unwrap());
    let arguments = [
        "pkeyutl",
        "-decrypt",
        "-inkey",
        private.to_str().unwrap(),
        "-in",
        encrypted_key.to_str().unwrap(),
    ];
    let (success, content_key) = run("openssl", &[&arguments[..], &MIXED].concat(), &[]);
    assert!(success && content_key.len() == 32);
    let mut sealed = values.next().unwrap();
    let nonce = Nonce::try_assume_unique_for_key(&sealed[..12]).unwrap();
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key).unwrap());
    assert_eq!(
        cipher
            .open_in_place(nonce, Aad::empty(), &mut sealed[12..])
            .unwrap(),
        b"<x/>"
    );

    // Theirs: the same content with its key encrypted again by openssl.
    let plain_key = folder.file("plain.bin", &content_key);
    let arguments = [
        "pkeyutl",
        "-encrypt",
        "-pubin",
        "-inkey",
        public.to_str().unwrap(),
        "-in",
        plain_key.to_str().unwrap(),
    ];
    let (success, theirs) = run("openssl", &[&arguments[..], &MIXED].concat(), &[]);
    assert!(success);
    let start = text.find("<xenc:CipherValue>").unwrap() + 18;
    let end = start + text[start..].find('<').unwrap();
    let again = format!(
        "{}{}{}",
        &text[..start],
        base64::encode_to_string(&theirs),
        &text[end..]
    );
    let document = parse(again.as_bytes(), &Limits::default()).unwrap();
    let ours = DecryptionKey::from_pkcs8_pem(&RSA.pem).unwrap();
    assert_eq!(
        decrypt(document.root(), &[ours], &AlgorithmPolicy::default())
            .unwrap()
            .as_slice(),
        b"<x/>"
    );
}
