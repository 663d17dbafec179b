//! What a message costs: reading it alone, with its signature, and with every check; writing and signing it.
//!
//! The differences count: `accept` less `verify` is what the checks of this crate cost, `issue` less `sign` what
//! writing costs.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark fails by panicking"
)]

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use criterion::{Criterion, criterion_group, criterion_main};
use octroi_dsig::{AlgorithmPolicy, Signer, SoftwareSigner, base64, sha256, verify};
use octroi_saml::issue::{
    AssertionToIssue, AttributeToIssue, NameIdToIssue, ResponseToIssue, SignWhat, write_response,
};
use octroi_saml::portal_side::{PortalResponse, PortalSignature};
use octroi_saml::response::{Expectations, InResponseTo, accept};
use octroi_saml::uri::{context, format, ns};
use octroi_saml::{Random, Time};
use octroi_xml::{Limits, parse};
use std::borrow::Cow;
use std::hint::black_box;
use std::time::Duration;

const NOW: Time = Time::from_unix_seconds(1_795_442_400);
const PORTAL: &str = "https://portal.example/idp";
const GATEWAY: &str = "https://octroi.example/saml/metadata";
const ACS: &str = "https://octroi.example/saml/acs";

struct Counter(u8);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for octet in out {
            self.0 = self.0.wrapping_add(1);
            *octet = self.0;
        }
    }
}

fn signer() -> SoftwareSigner {
    let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048)
        .unwrap()
        .as_der()
        .unwrap();
    let text = base64::encode_to_string(der.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    SoftwareSigner::from_pkcs8_pem(&pem, None, None).unwrap()
}

fn receiving(c: &mut Criterion) {
    let signer = signer();
    let keys = [signer.public_key().clone()];
    let mut response = PortalResponse::usual(NOW, PORTAL);
    response.to(GATEWAY, ACS).answers(Some("_request"));
    response
        .attribute("idEnt", ["B0"])
        .attribute("GARPersonIdentifiant", ["0123456789abcdef"]);
    let mut xml = Vec::new();
    response
        .write(
            Some(&PortalSignature::new(&signer, SignWhat::Assertion)),
            None,
            &mut xml,
        )
        .unwrap();
    let expect = Expectations::strict(
        NOW,
        GATEWAY,
        ACS,
        PORTAL,
        &keys,
        InResponseTo::Required("_request"),
    );
    let policy = AlgorithmPolicy::default();
    c.bench_function("receive/parse", |b| {
        b.iter(|| parse(black_box(&xml), &Limits::default()).unwrap())
    });
    c.bench_function("receive/parse+verify", |b| {
        b.iter(|| {
            let document = parse(black_box(&xml), &Limits::default()).unwrap();
            let assertion = document
                .root()
                .first_child(ns::ASSERTION, "Assertion")
                .unwrap();
            verify(assertion, &keys, &policy)
                .unwrap()
                .attribute("ID")
                .map(str::len)
        });
    });
    c.bench_function("receive/accept", |b| {
        b.iter(|| accept(black_box(&xml), &expect).unwrap())
    });
}

fn issuing(c: &mut Criterion) {
    let signer = signer();
    let values: Vec<Cow<'_, str>> = (0..3).map(|n| Cow::Owned(format!("065049{n}P"))).collect();
    let attribute = |name| AttributeToIssue {
        name,
        name_format: format::ATTRIBUTE_BASIC,
        friendly_name: None,
        values: &values,
    };
    let attributes = ["IDO", "UAI", "PRO", "DIV", "P_MS4"].map(attribute);
    let assertion = AssertionToIssue {
        issuer: "https://octroi.example/idp/metadata",
        audience: "https://publisher.example/sp",
        recipient: "https://publisher.example/acs",
        in_response_to: Some("_request"),
        now: NOW,
        not_before: NOW.minus(Duration::from_secs(60)),
        not_on_or_after: NOW.plus(Duration::from_secs(300)),
        proxy_count: None,
        name_id: NameIdToIssue {
            value: "_0123456789abcdef0123456789abcdef",
            format: format::TRANSIENT,
            name_qualifier: None,
            sp_name_qualifier: Some("https://publisher.example/sp"),
        },
        session_index: Some("_0123456789abcdef"),
        session_not_on_or_after: Some(NOW.plus(Duration::from_secs(3600))),
        authn_instant: NOW,
        authn_context: context::PASSWORD_PROTECTED_TRANSPORT,
        authenticating_authorities: &[PORTAL],
        attributes: &attributes,
    };
    let response = ResponseToIssue {
        assertion,
        sign: SignWhat::Assertion,
        include_certificate: false,
    };
    let mut size = Vec::new();
    write_response(&response, &signer, None, &mut Counter(0), &mut size).unwrap();
    c.bench_function("issue/sign", |b| {
        let mut signature = Vec::with_capacity(256);
        b.iter(|| {
            signature.clear();
            signer
                .sign(&sha256(black_box(&size)), &mut signature)
                .unwrap();
        });
    });
    c.bench_function("issue/response", |b| {
        let mut random = Counter(0);
        b.iter(|| {
            let mut out = Vec::new();
            write_response(black_box(&response), &signer, None, &mut random, &mut out).unwrap();
            out
        });
    });
}

criterion_group!(benches, receiving, issuing);
criterion_main!(benches);
