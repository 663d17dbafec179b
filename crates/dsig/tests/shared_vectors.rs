//! The field's own test documents (`dsig`, `xmlenc`, `saml-response` rows of the shared vectors): nothing that must be refused is accepted,
//! and what is refused though valid elsewhere is refused for its class, counted by refusal. Skipped where OCTROI_VECTORS is not set.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "common/mod.rs"]
mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use common::vectors;
use octroi_dsig::{
    AlgorithmPolicy, DecryptionKey, PublicKey, SignatureError, Verified, base64,
    certificates_from_pem, decrypt, redirect, verify,
};
use octroi_xml::{Document, Element, Limits, parse};
use serde_json::Value;

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// Valid rows that are refused, each with its reason. A row that is refused and not here fails the test.
const REFUSED_THOUGH_VALID: [(&str, &str); 12] = [
    (
        "1advice-signed.xml",
        "the Signature is the last child of the Assertion, against the schema (C3)",
    ),
    (
        "2advice-signed.xml",
        "the Signature is the last child of the Assertion, against the schema (C3)",
    ),
    (
        "unsigned_message_des192_encrypted_signed_assertion.xml.base64",
        "triple DES",
    ),
    (
        "java-saml/core/src/test/resources/data/responses/signed_encrypted_assertion.xml.base64",
        "RSA 1.5",
    ),
    ("PSource.xml", "OAEP with a label"),
    ("rsa_oaep_sha1-params.xml", "OAEP with a label"),
    (
        "xmlseclibs/tests/aes128-gcm-res.xml",
        "a content key of 32 bytes for AES-128 (K6)",
    ),
    (
        "xmlseclibs/tests/aes192-gcm-res.xml",
        "a content key of 32 bytes for AES-192 (K6)",
    ),
    (
        "oaep_sha1-content",
        "KeyInfo after CipherData, against the schema",
    ),
    (
        "tests/oaep_sha1",
        "KeyInfo after CipherData, against the schema",
    ),
    (
        "resources/xml/oaep_sha1",
        "KeyInfo after CipherData, against the schema",
    ),
    (
        "retrievalmethod-findkey.xml",
        "the EncryptedKey is no sibling of its EncryptedData",
    ),
];

fn reason(row: &Row) -> Option<&'static str> {
    REFUSED_THOUGH_VALID
        .iter()
        .find(|(path, _)| row.path.contains(path))
        .map(|(_, reason)| *reason)
}

/// A row of the manifest.
struct Row {
    path: String,
    verdict: String,
    signature: String,
    default_policy: String,
    encoding: String,
    expect: String,
    context: Value,
}

impl Row {
    /// The document, decoded; `None` when it is not even that.
    fn octets(&self, root: &Path) -> Option<Vec<u8>> {
        let octets = fs::read(root.join(&self.path)).unwrap();
        if self.encoding == "xml" {
            return Some(octets);
        }
        let octets = base64::decode(std::str::from_utf8(&octets).ok()?, 1 << 22).ok()?;
        if self.encoding == "base64" {
            Some(octets)
        } else {
            redirect::inflate(&octets, 1 << 22).ok()
        }
    }

    /// Public keys in the files that the context names under `name`.
    fn keys(&self, root: &Path, name: &str) -> Vec<PublicKey> {
        self.files(root, name)
            .flat_map(|pem| {
                let certificates = certificates_from_pem(&pem).unwrap_or_default();
                let mut keys: Vec<PublicKey> = certificates
                    .iter()
                    .filter_map(|der| PublicKey::from_certificate_der(der).ok())
                    .collect();
                if keys.is_empty() {
                    keys.extend(PublicKey::from_pem(&pem).ok());
                }
                keys
            })
            .collect()
    }

    fn files<'a>(&'a self, root: &'a Path, name: &str) -> impl Iterator<Item = String> + 'a {
        let names: Vec<&str> = match &self.context[name] {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            Value::String(name) => vec![name],
            _ => Vec::new(),
        };
        names
            .into_iter()
            .filter_map(|name| fs::read_to_string(root.join(name)).ok())
    }

    fn is_legacy(&self) -> bool {
        self.default_policy.starts_with("invalid(")
    }
}

/// The rows of a layer.
fn rows(root: &Path, layer: &str) -> Vec<Row> {
    let manifest = fs::read_to_string(root.join("MANIFEST.tsv")).unwrap();
    let mut lines = manifest.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let column = |name: &str| header.iter().position(|field| *field == name).unwrap();
    let (path, verdict, signature, default_policy, encoding, expect, context, layers) = (
        column("path"),
        column("verdict"),
        column("sig_verdict"),
        column("default_policy"),
        column("encoding"),
        column("expect"),
        column("ctx"),
        column("layer"),
    );
    lines
        .map(|line| line.split('\t').map(unquoted).collect::<Vec<String>>())
        .filter(|fields| fields[layers] == layer)
        .map(|fields| Row {
            path: fields[path].clone(),
            verdict: fields[verdict].clone(),
            signature: fields[signature].clone(),
            default_policy: fields[default_policy].clone(),
            encoding: fields[encoding].clone(),
            expect: fields[expect].clone(),
            context: serde_json::from_str(&fields[context]).unwrap_or_default(),
        })
        .collect()
}

fn unquoted(field: &str) -> String {
    match field
        .strip_prefix('"')
        .and_then(|field| field.strip_suffix('"'))
    {
        Some(inner) => inner.replace("\"\"", "\""),
        None => field.to_owned(),
    }
}

fn descendants<'d>(element: Element<'d>, found: &mut Vec<Element<'d>>) {
    found.push(element);
    for child in element.elements() {
        descendants(child, found);
    }
}

/// Counts by label, printed.
#[derive(Default)]
struct Counts(BTreeMap<String, usize>);

impl Counts {
    fn add(&mut self, label: impl Into<String>) {
        *self.0.entry(label.into()).or_default() += 1;
    }

    fn get(&self, label: &str) -> usize {
        self.0.get(label).copied().unwrap_or_default()
    }

    fn print(&self, title: &str) {
        println!("{title}");
        for (label, count) in &self.0 {
            println!("  {count:5}  {label}");
        }
    }
}

/// Every certificate that a KeyInfo in the document holds: only here is it ever looked at, where no key is named otherwise.
fn keys_inside(document: &Document) -> Vec<PublicKey> {
    let mut all = Vec::new();
    descendants(document.root(), &mut all);
    all.into_iter()
        .filter(|element| element.is(DS, "X509Certificate"))
        .filter_map(|element| base64::decode(element.text().ok()?, 1 << 16).ok())
        .filter_map(|der| PublicKey::from_certificate_der(&der).ok())
        .collect()
}

#[test]
fn signatures() {
    let Some(root) = vectors("dsig rows") else {
        return;
    };
    let mut counts = Counts::default();
    for row in rows(&root, "dsig") {
        let Ok(document) = parse(&row.octets(&root).unwrap(), &Limits::METADATA) else {
            counts.add("refused by the parser's profile");
            continue;
        };
        let mut keys = row.keys(&root, "key");
        if keys.is_empty() {
            keys = keys_inside(&document);
        }
        let mut all = Vec::new();
        descendants(document.root(), &mut all);
        let signed: Vec<Element<'_>> = all
            .into_iter()
            .filter(|element| element.first_child(DS, "Signature").is_some())
            .collect();
        let results: Vec<Result<(), SignatureError>> = signed
            .iter()
            .map(|element| verify(*element, &keys, &AlgorithmPolicy::LEGACY).map(|_| ()))
            .collect();
        if !results.is_empty() && results.iter().all(Result::is_ok) {
            assert_ne!(row.verdict, "invalid", "{} was accepted", row.path);
            counts.add("accepted");
        } else if let Some(error) = results.iter().find_map(|result| result.as_ref().err()) {
            if row.verdict == "valid"
                && matches!(
                    error.code(),
                    "signature-invalid" | "signature-digest-mismatch" | "signature-c14n-failed"
                )
            {
                assert!(reason(&row).is_some(), "{}: {error}", row.path);
            }
            counts.add(format!("refused, {}: {}", row.verdict, error.code()));
        } else {
            counts.add(format!("refused, {}: signature-missing", row.verdict));
        }
    }
    counts.print("dsig");
    assert!(counts.get("accepted") > 0);
}

/// Every RSA private key in PEM under a folder.
fn private_keys(folder: &Path, found: &mut Vec<DecryptionKey>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            private_keys(&path, found);
        } else if let Some(text) = pem(&path)
            && let Ok(key) = DecryptionKey::from_pkcs8_pem(&text)
        {
            found.push(key);
        }
    }
}

/// A private key as PEM: some collections keep theirs as PKCS#8 DER alone.
fn pem(path: &Path) -> Option<String> {
    let octets = fs::read(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "der") {
        return Some(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::encode_to_string(&octets)
        ));
    }
    String::from_utf8(octets)
        .ok()
        .filter(|text| text.contains("PRIVATE KEY-----"))
}

/// AES and RSA-OAEP with hashes that the profile knows; everything else in the rows (RSA 1.5, key wrap, key agreement, triple DES,
/// Camellia, ChaCha20, SHA-3, RIPEMD, MGF1 other than SHA-1 under `rsa-oaep-mgf1p`) is not SAML's.
fn is_in_profile(all: &[Element<'_>]) -> bool {
    let methods: Vec<Element<'_>> = all
        .iter()
        .copied()
        .filter(|element| element.is(XENC, "EncryptionMethod"))
        .collect();
    let uri = |method: &Element<'_>| method.attribute("Algorithm").unwrap_or_default().to_owned();
    let content =
        |uri: &str| uri.contains("#aes") && (uri.ends_with("-gcm") || uri.ends_with("-cbc"));
    let transport = |method: &Element<'_>| {
        let mgf = method
            .elements()
            .find(|element| element.local_name() == "MGF")
            .map(|mgf| uri(&mgf))
            .unwrap_or_default();
        let digest = method
            .elements()
            .find(|element| element.local_name() == "DigestMethod")
            .map(|digest| uri(&digest))
            .unwrap_or_default();
        let known = |uri: &str| {
            uri.is_empty()
                || ["sha1", "sha256", "sha384", "sha512"].iter().any(|hash| {
                    uri.ends_with(&format!("#{hash}")) || uri.ends_with(&format!("mgf1{hash}"))
                })
        };
        let mgf_fits = uri(method).ends_with("xmlenc11#rsa-oaep")
            || mgf.is_empty()
            || mgf.ends_with("mgf1sha1");
        uri(method).contains("rsa-oaep") && known(&digest) && known(&mgf) && mgf_fits
    };
    let keys: Vec<Element<'_>> = all
        .iter()
        .copied()
        .filter(|element| element.is(XENC, "EncryptedKey"))
        .collect();
    let data = methods.iter().filter(|method| {
        method
            .parent()
            .is_some_and(|parent| parent.is(XENC, "EncryptedData"))
    });
    let mut data = data.map(uri).peekable();
    data.peek().is_some()
        && data.all(|uri| content(&uri))
        && !keys.is_empty()
        && keys.iter().all(|key| {
            key.first_child(XENC, "EncryptionMethod")
                .is_some_and(|method| transport(&method))
        })
}

#[test]
fn encryption() {
    let Some(root) = vectors("xmlenc rows") else {
        return;
    };
    let mut keys = Vec::new();
    private_keys(&root, &mut keys);
    let mut counts = Counts::default();
    for row in rows(&root, "xmlenc") {
        let Ok(document) = parse(&row.octets(&root).unwrap(), &Limits::METADATA) else {
            counts.add("refused by the parser's profile");
            continue;
        };
        let mut all = Vec::new();
        descendants(document.root(), &mut all);
        let opens = |policy: &AlgorithmPolicy| {
            all.iter()
                .filter(|element| element.is(XENC, "EncryptedData"))
                .any(|data| decrypt(*data, &keys, policy).is_ok())
        };
        let methods: Vec<&str> = all
            .iter()
            .filter(|element| element.is(XENC, "EncryptionMethod"))
            .filter_map(|element| element.attribute("Algorithm")?.rsplit('/').next())
            .take(2)
            .collect();
        let methods = methods.join(" + ");
        if methods.contains("cbc") {
            assert!(
                !opens(&AlgorithmPolicy::default()),
                "{}: CBC without the policy",
                row.path
            );
        }
        if opens(&AlgorithmPolicy::LEGACY) {
            assert_ne!(row.verdict, "invalid", "{} was opened", row.path);
            counts.add(format!("opened: {methods}"));
        } else if !is_in_profile(&all) {
            counts.add(format!("refused, {}, by profile: {methods}", row.verdict));
        } else {
            let reason = reason(&row).unwrap_or_default();
            assert!(
                row.verdict != "valid" || !reason.is_empty(),
                "{} was not opened: {methods}",
                row.path
            );
            counts.add(format!("refused, {}: {reason}", row.verdict));
        }
    }
    counts.print("xmlenc");
}

/// What dsig makes of a Response: the verified elements among the Response itself and its assertions, decrypted ones too.
fn verified_names(
    octets: &[u8],
    keys: &[PublicKey],
    decryption: &[DecryptionKey],
    policy: &AlgorithmPolicy,
) -> Result<Vec<String>, String> {
    let document = parse(octets, &Limits::default()).map_err(|_| "not parsed".to_owned())?;
    let root = document.root();
    let mut names = Vec::new();
    let mut refusal = String::new();
    let mut note = |result: Result<Verified<Element<'_>>, SignatureError>| match result {
        Ok(verified) => names.push(name_id(verified).unwrap_or_default()),
        Err(error) => {
            if error != SignatureError::Missing {
                refusal = error.code().to_owned();
            }
        }
    };
    note(verify(root, keys, policy));
    for child in root.elements() {
        if child.is(SAML, "Assertion") {
            note(verify(child, keys, policy));
        } else if child.is(SAML, "EncryptedAssertion")
            && let Some(data) = child.first_child(XENC, "EncryptedData")
            && let Ok(plaintext) = decrypt(data, decryption, policy)
            && let Ok(inner) = octroi_xml::parse_in_context(
                &plaintext,
                &Limits::default(),
                &data.namespaces_in_scope(),
            )
        {
            note(verify(inner.root(), keys, policy));
        }
    }
    if names.is_empty() {
        Err(refusal)
    } else {
        Ok(names)
    }
}

/// The NameID of a verified Assertion, or of the one inside a verified Response.
fn name_id(verified: Verified<Element<'_>>) -> Option<String> {
    let assertion = if verified.is(SAML, "Assertion") {
        verified
    } else {
        verified.first_child(SAML, "Assertion")?
    };
    let name_id = assertion
        .first_child(SAML, "Subject")?
        .first_child(SAML, "NameID")?;
    name_id.text().ok().map(str::to_owned)
}

#[test]
fn responses() {
    let Some(root) = vectors("saml-response rows") else {
        return;
    };
    let mut counts = Counts::default();
    for row in rows(&root, "saml-response") {
        let Some(octets) = row.octets(&root) else {
            continue;
        };
        let keys = row.keys(&root, "idp_certs");
        let decryption: Vec<DecryptionKey> = row
            .files(&root, "dec_key")
            .filter_map(|pem| DecryptionKey::from_pkcs8_pem(&pem).ok())
            .collect();
        let policy = if row.is_legacy() || row.default_policy.is_empty() {
            AlgorithmPolicy::LEGACY
        } else {
            AlgorithmPolicy::default()
        };
        let result = verified_names(&octets, &keys, &decryption, &policy);
        if let Ok(names) = &result {
            let forged =
                row.verdict == "invalid" && names.iter().any(|name| name == "admin@example.org");
            assert!(!forged, "critical: {}", row.path);
            if let (Some((_, expected)), "unknown") = (
                row.expect.split_once("accept with nameid="),
                row.verdict.as_str(),
            ) {
                assert!(
                    names.iter().all(|name| expected.starts_with(name)),
                    "critical: {} {names:?}",
                    row.path
                );
            }
        }
        if row.is_legacy() {
            let strict = verified_names(&octets, &keys, &decryption, &AlgorithmPolicy::default());
            assert!(
                strict.is_err(),
                "accepted without the legacy policy: {}",
                row.path
            );
        }
        let label = match &result {
            Ok(_) => "verified".to_owned(),
            Err(error) => format!("refused {error}"),
        };
        assert!(
            row.verdict != "valid" || result.is_ok() || reason(&row).is_some(),
            "{}: {label}",
            row.path
        );
        counts.add(format!(
            "{} (signature: {}): {label}",
            row.verdict, row.signature
        ));
    }
    counts.print("saml-response");
}
