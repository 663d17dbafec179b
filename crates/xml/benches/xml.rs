//! What the hot path asks of this crate: parse a portal's response of 5 KB, canonicalise its assertion, write one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a benchmark that cannot go on must stop"
)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use octroi_xml::c14n::{Algorithm, canonicalize};
use octroi_xml::write::{Namespace, Writer};
use octroi_xml::{Limits, parse};

const SAML: Namespace<'static> = Namespace::new("saml2", "urn:oasis:names:tc:SAML:2.0:assertion");
const ATTRIBUTES: [(&str, &str); 12] = [
    (
        "IDO",
        "b3d4e5f60718293a4b5c6d7e8f901234567890abcdef1234567890abcdef1234567890abcdef",
    ),
    ("UAI", "0750001A"),
    ("PRO", "National_elv"),
    ("CIV", "M."),
    ("NOM", "Dupont &amp; fils"),
    ("PRE", "Camille"),
    ("DIV", "6A|6eme A"),
    ("GRO", "6A-ANG1|Anglais 1"),
    ("P_MEL", "camille.dupont@example.org"),
    ("P_MS1", "10013|SIXIEME"),
    ("E_MS1", "06110|6EME"),
    ("URL", "https://ressource.example.org/a?b=1"),
];

/// A signed response as portals send it: pretty names, one certificate, a dozen attributes.
fn response() -> String {
    let certificate: String =
        "MIIDXTCCAkWgAwIBAgIJAKoSdvLZ9fX1MA0GCSqGSIb3DQEBCwUAMEUxCzAJBgNV\n".repeat(18);
    let signature: String =
        "q1N8kZ2mB7sV5tXwY3pR9uLhJ6cDfGaE4oIiTtWnMlKjHgFdSaPoIuYtReWqZxCv\n".repeat(5);
    let attributes: String = ATTRIBUTES
        .iter()
        .map(|(name, value)| {
            format!("<saml2:Attribute Name=\"{name}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\"><saml2:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\">{value}</saml2:AttributeValue></saml2:Attribute>")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<saml2p:Response xmlns:saml2p=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"https://octroi.example:8443/saml/acs\" ID=\"_4fee3b046395c4e751011e97f8900b5273d56685\" InResponseTo=\"_5fe9d6e499b2f0913206aab3f7191729049bb807\" IssueInstant=\"2026-11-23T14:00:00Z\" Version=\"2.0\"><saml2:Issuer xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://portal.example.org/idp</saml2:Issuer><saml2p:Status><saml2p:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></saml2p:Status><saml2:Assertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" ID=\"_d71a3a8e9fcc45c9e9d248ef7049393fc8f04e5f75\" IssueInstant=\"2026-11-23T14:00:00Z\" Version=\"2.0\"><saml2:Issuer>https://portal.example.org/idp</saml2:Issuer><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/><ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/><ds:Reference URI=\"#_d71a3a8e9fcc45c9e9d248ef7049393fc8f04e5f75\"><ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"xs\"/></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><ds:DigestValue>q7E4cyfCVOJ4RjI5jCoOfGVQbVsBnhMhGvnZnBlNcBs=</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>\n{signature}</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature><saml2:Subject><saml2:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\">_ce3d2948b4cf20146dee0a0b3dd6f69b6cf86f62d7</saml2:NameID><saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml2:SubjectConfirmationData InResponseTo=\"_5fe9d6e499b2f0913206aab3f7191729049bb807\" NotOnOrAfter=\"2026-11-23T14:05:00Z\" Recipient=\"https://octroi.example:8443/saml/acs\"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore=\"2026-11-23T13:59:30Z\" NotOnOrAfter=\"2026-11-23T14:05:00Z\"><saml2:AudienceRestriction><saml2:Audience>https://octroi.example:8443/saml/metadata</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant=\"2026-11-23T14:00:00Z\" SessionIndex=\"_be9967abd904ddcae3c0eb4189adbe3f71e327cf93\"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement>{attributes}</saml2:AttributeStatement></saml2:Assertion></saml2p:Response>"
    )
}

fn write(out: &mut Vec<u8>) -> Result<(), octroi_xml::write::WriteError> {
    let mut writer = Writer::new(out);
    writer.start(SAML, "Assertion")?;
    writer.attribute("ID", "_d71a3a8e9fcc45c9e9d248ef7049393fc8f04e5f75")?;
    writer.attribute("IssueInstant", "2026-11-23T14:00:00Z")?;
    writer.attribute("Version", "2.0")?;
    writer.text_element(SAML, "Issuer", "https://octroi.example:8443/idp/metadata")?;
    writer.start(SAML, "AttributeStatement")?;
    for (name, value) in ATTRIBUTES {
        writer.start(SAML, "Attribute")?;
        writer.attribute("Name", name)?;
        writer.attribute(
            "NameFormat",
            "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        )?;
        writer.text_element(SAML, "AttributeValue", value)?;
        writer.end()?;
    }
    writer.end()?;
    writer.end()?;
    writer.finish()
}

fn benchmarks(criterion: &mut Criterion) {
    let response = response();
    let limits = Limits::default();
    let document = parse(response.as_bytes(), &limits).expect("a response");
    let assertion = document
        .root()
        .first_child(SAML.uri, "Assertion")
        .expect("an assertion");
    let signature = assertion.first_child("http://www.w3.org/2000/09/xmldsig#", "Signature");
    let signed_info = signature
        .and_then(|it| it.elements().next())
        .expect("a signature");
    let mut out = Vec::with_capacity(response.len() * 2);

    let mut group = criterion.benchmark_group("xml");
    println!(
        "response: {} bytes, {} nodes",
        response.len(),
        document.node_count()
    );
    group.throughput(Throughput::Bytes(response.len() as u64));
    group.bench_function("parse response", |b| {
        b.iter(|| parse(black_box(response.as_bytes()), &limits))
    });
    for (name, apex, prefixes, omit) in [
        (
            "exclusive c14n, assertion less signature",
            assertion,
            ["xs"].as_slice(),
            signature,
        ),
        (
            "exclusive c14n, SignedInfo",
            signed_info,
            [].as_slice(),
            None,
        ),
        (
            "exclusive c14n, whole response",
            document.root(),
            ["xs"].as_slice(),
            None,
        ),
    ] {
        out.clear();
        canonicalize(apex, Algorithm::Exclusive, prefixes, omit, &mut out).expect("canonical form");
        group.throughput(Throughput::Bytes(out.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                canonicalize(
                    black_box(apex),
                    Algorithm::Exclusive,
                    prefixes,
                    omit,
                    &mut out,
                )
            });
        });
    }
    out.clear();
    write(&mut out).expect("an assertion");
    group.throughput(Throughput::Bytes(out.len() as u64));
    group.bench_function("write assertion", |b| {
        b.iter(|| {
            out.clear();
            write(black_box(&mut out))
        });
    });
    group.finish();
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
