//! What verifying, signing, encrypting and decrypting cost above the bare operation of the library, on a Response of 5 KB.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a benchmark fails by panicking"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::{ASSERTION, P256, RESPONSE, RSA, sign};
use criterion::{Criterion, criterion_group, criterion_main};
use octroi_dsig::{
    AlgorithmPolicy, DataEncryption, DecryptionKey, EncryptionRecipient, KeyTransport,
    SignatureAlgorithm, Signer, decrypt, encrypt, sha256, signature_element, verify,
};
use octroi_xml::{Limits, parse};

/// A Response of about 5 KB with a signed assertion inside, as a portal sends it.
fn response(signer: &dyn Signer) -> String {
    let attribute = "<saml:Attribute Name=\"name\"><saml:AttributeValue>a value of some length</saml:AttributeValue></saml:Attribute>";
    let assertion = ASSERTION.replace(
        "</saml:AttributeStatement>",
        &format!("{}</saml:AttributeStatement>", attribute.repeat(25)),
    );
    let signed = sign(&assertion, "_a1", signer);
    RESPONSE
        .replace("{signature}", "")
        .replace("{assertion}", &signed)
}

fn benches(c: &mut Criterion) {
    let policy = AlgorithmPolicy::default();
    for (name, pair, algorithm) in [
        ("rsa-2048", &*RSA, SignatureAlgorithm::RsaSha256),
        ("p-256", &*P256, SignatureAlgorithm::EcdsaP256Sha256),
    ] {
        let signer = pair.signer(algorithm);
        let text = response(&signer);
        let document = parse(text.as_bytes(), &Limits::default()).unwrap();
        let assertion = document.element_by_id("_a1").unwrap();
        println!("{name}: response of {} bytes", text.len());
        let mut signature = Vec::new();
        signer.sign(&[b'x'; 800], &mut signature).unwrap();

        let mut group = c.benchmark_group(name);
        group.bench_function("parse", |b| {
            b.iter(|| parse(black_box(text.as_bytes()), &Limits::default()).unwrap())
        });
        group.bench_function("verify/bare", |b| {
            b.iter(|| {
                pair.public
                    .verify(algorithm, black_box(&[b'x'; 800]), &signature, &policy)
                    .unwrap()
            })
        });
        group.bench_function("verify/digest of 4 KB", |b| {
            b.iter(|| sha256(black_box(&[b'x'; 4096])))
        });
        group.bench_function("verify", |b| {
            b.iter(|| verify(black_box(assertion), pair.keys(), &policy).unwrap())
        });
        group.bench_function("verify/c14n content", |b| {
            let signature = assertion
                .first_child("http://www.w3.org/2000/09/xmldsig#", "Signature")
                .unwrap();
            let mut out = Vec::with_capacity(8192);
            b.iter(|| {
                out.clear();
                octroi_xml::c14n::canonicalize(
                    assertion,
                    octroi_xml::c14n::Algorithm::Exclusive,
                    &[],
                    Some(signature),
                    &mut out,
                )
                .unwrap();
            })
        });
        group.bench_function("sign/bare", |b| {
            b.iter(|| {
                signature.clear();
                signer
                    .sign(black_box(&[b'x'; 800]), &mut signature)
                    .unwrap();
            })
        });
        let mut out = Vec::with_capacity(8192);
        group.bench_function("sign", |b| {
            b.iter(|| {
                out.clear();
                signature_element(&signer, "_a1", black_box(&[7; 32]), false, &mut out).unwrap();
            })
        });
        group.finish();
    }

    let recipient = EncryptionRecipient {
        key: RSA.public.clone(),
        data: DataEncryption::Aes256Gcm,
        transport: KeyTransport::OaepSha256Mgf1Sha1,
    };
    let plaintext = vec![b'x'; 4096];
    let mut out = Vec::with_capacity(16 * 1024);
    c.bench_function("encrypt", |b| {
        b.iter(|| {
            out.clear();
            encrypt(black_box(&plaintext), &recipient, &mut out).unwrap();
        })
    });
    let document = parse(&out, &Limits::default()).unwrap();
    let keys = [DecryptionKey::from_pkcs8_pem(&RSA.pem).unwrap()];
    c.bench_function("decrypt", |b| {
        b.iter(|| decrypt(black_box(document.root()), &keys, &policy).unwrap())
    });
}

criterion_group!(all, benches);
criterion_main!(all);
