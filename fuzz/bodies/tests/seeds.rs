#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a tool that is run by hand"
)]
//! Writes the committed seeds anew, with fresh keys whose private halves are forgotten:
//! `cargo test -p octroi-fuzz-bodies --test seeds -- --ignored`. Needed when what octroi signs changes its form.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use octroi_dsig::redirect::{MessageKind, deflate, escape, sign_query};
use octroi_dsig::{Signer, SoftwareSigner, base64, sha256, signature_element};
use octroi_fuzz_bodies::signed::{ACS, OURS, PERSON, PORTAL, REQUEST, now};
use octroi_oracle::{RawAlgorithm, generate_key};
use octroi_saml::issue::{
    AssertionToIssue, AttributeToIssue, NameIdToIssue, ResponseToIssue, SignWhat, write_response,
};
use octroi_saml::{Random, uri};

#[path = "../../../crates/entitlements/tests/support/mod.rs"]
mod support;

struct Counter(u8);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        self.0 += 1;
        out.fill(self.0);
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn signer(name: &str, algorithm: RawAlgorithm) -> SoftwareSigner {
    let (private, public) = generate_key(algorithm).unwrap();
    fs::write(folder("bodies/keys").join(format!("{name}.pem")), public).unwrap();
    SoftwareSigner::from_pkcs8_pem(std::str::from_utf8(&private).unwrap(), None, None).unwrap()
}

#[test]
#[ignore = "writes into the source tree"]
fn write_the_seeds() {
    for (name, algorithm) in [
        ("rsa", RawAlgorithm::Rsa(256)),
        ("p256", RawAlgorithm::Ecdsa(256, 32)),
    ] {
        let signer = signer(name, algorithm);
        for sign in [SignWhat::Assertion, SignWhat::Response, SignWhat::Both] {
            let file = format!("{name}-{sign:?}.xml").to_lowercase();
            let xml = response(sign, &signer);
            fs::write(folder("corpus/verify").join(&file), &xml).unwrap();
            let form = format!(
                "SAMLResponse={}&RelayState=a+b%2F",
                escape(&base64::encode_to_string(&xml))
            );
            fs::write(folder("corpus/form").join(format!("{file}.form")), form).unwrap();
        }
        fs::write(
            folder("corpus/redirect").join(format!("{name}.query")),
            query(&signer),
        )
        .unwrap();
        fs::write(
            folder("corpus/metadata").join(format!("{name}.xml")),
            metadata(&signer),
        )
        .unwrap();
    }
    let mut country = support::Country::smallest();
    country.resources[0].family = "f".into();
    country.resources.push(support::Resource {
        id: "ark:/99999/mother".into(),
        mother: true,
        opens_family: true,
        ..country.resources[0].clone()
    });
    country.subscriptions.push(support::Subscription {
        id: "s2".into(),
        resource: "ark:/99999/mother".into(),
        individual: true,
        ..country.subscriptions[0].clone()
    });
    country.assignments = [
        ("person", "B0", "p1", Some(9)),
        ("division", "", "6A", None),
    ]
    .map(|(kind, ent, target, from)| support::Assignment {
        subscription: "s2".into(),
        school: "0561622J".into(),
        kind,
        ent: ent.into(),
        target: target.into(),
        from,
        ..support::Assignment::default()
    })
    .into();
    let source = support::Folder::of(&country);
    let out = folder("corpus/snapshot").join("smallest.snapshot");
    octroi_entitlements::build(
        &octroi_entitlements::Sources::tables(source.path()),
        &out,
        &octroi_entitlements::BuildOptions::default(),
        &octroi_entitlements::Silent,
    )
    .unwrap();
}

fn response(sign: SignWhat, signer: &SoftwareSigner) -> Vec<u8> {
    let attributes = [AttributeToIssue {
        name: "profil",
        name_format: uri::format::ATTRIBUTE_BASIC,
        friendly_name: None,
        values: &[Cow::Borrowed("eleve")],
    }];
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let assertion = AssertionToIssue {
        issuer: PORTAL,
        audience: OURS,
        recipient: ACS,
        in_response_to: Some(REQUEST),
        now: now(),
        not_before: now().minus(minutes(1)),
        not_on_or_after: now().plus(minutes(5)),
        proxy_count: None,
        name_id: NameIdToIssue {
            value: PERSON,
            format: uri::format::TRANSIENT,
            name_qualifier: None,
            sp_name_qualifier: None,
        },
        session_index: None,
        session_not_on_or_after: None,
        authn_instant: now(),
        authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        authenticating_authorities: &[],
        attributes: &attributes,
    };
    let response = ResponseToIssue {
        assertion,
        sign,
        include_certificate: false,
    };
    let mut out = Vec::new();
    write_response(&response, signer, None, &mut Counter(0), &mut out).unwrap();
    out
}

fn query(signer: &dyn Signer) -> String {
    let request = format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{}\" ID=\"{REQUEST}\" IssueInstant=\"{}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{}\">{OURS}</saml:Issuer></samlp:AuthnRequest>",
        uri::ns::PROTOCOL,
        now(),
        uri::ns::ASSERTION
    );
    let message = escape(&base64::encode_to_string(&deflate(request.as_bytes())));
    sign_query(signer, MessageKind::Request, &message, Some("r%2F1")).unwrap()
}

/// Metadata of the portal, in canonical form, so that its digest is that of its text.
fn metadata(signer: &SoftwareSigner) -> String {
    let certificate_free_key = format!(
        "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"{}\"><ds:KeyValue></ds:KeyValue></ds:KeyInfo></md:KeyDescriptor>",
        octroi_dsig::DS
    );
    let start = format!(
        "<md:EntityDescriptor xmlns:md=\"{}\" ID=\"_m\" entityID=\"{PORTAL}\" validUntil=\"{}\">",
        uri::ns::METADATA,
        now().plus(Duration::from_secs(86_400))
    );
    let role = format!(
        "<md:SPSSODescriptor protocolSupportEnumeration=\"{}\">{certificate_free_key}\
         <md:AssertionConsumerService Binding=\"{}\" Location=\"{ACS}\" index=\"0\"></md:AssertionConsumerService>\
         </md:SPSSODescriptor></md:EntityDescriptor>",
        uri::ns::PROTOCOL,
        uri::binding::POST
    );
    let digest = sha256(format!("{start}{role}").as_bytes());
    let mut signature = Vec::new();
    signature_element(signer, "_m", &digest, false, &mut signature).unwrap();
    format!("{start}{}{role}", String::from_utf8(signature).unwrap())
}
