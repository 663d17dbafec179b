//! AuthnRequests: ours read back by a publisher's rules, publishers' checked against their metadata.

use crate::common::{KEYS, NOW, OTHER_KEYS, SIGNER, edited, seconds};
use octroi_dsig::{AlgorithmPolicy, Signer, redirect};
use octroi_saml::authn_request::{
    AuthnRequest, AuthnRequestToIssue, Comparison, Received, RequestExpectations, write_request,
};
use octroi_saml::binding::{post_value, redirect_url};
use octroi_saml::issue::{SignWhat, Status};
use octroi_saml::metadata::{IndexedEndpoint, SpRole};
use octroi_saml::portal_side::{PortalSignature, sign_document};
use octroi_saml::uri::{binding, context, format, status};
use octroi_saml::{Check, Refusal};
use redirect::{MessageKind, RawQuery};
use std::time::Duration;

const PUBLISHER: &str = "https://publisher.example/sp";
const SSO: &str = "https://octroi.example/idp/sso";
const ACS: &str = "https://publisher.example/acs";

fn metadata(signed: bool) -> SpRole {
    let endpoint = |binding: &str, location: &str, index, is_default| IndexedEndpoint {
        binding: binding.to_owned(),
        location: location.to_owned(),
        index,
        is_default,
    };
    SpRole {
        signing_keys: KEYS.to_vec(),
        assertion_consumer: vec![
            endpoint(
                "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact",
                "https://publisher.example/artifact",
                0,
                Some(true),
            ),
            endpoint(
                binding::POST,
                "https://publisher.example/first",
                1,
                Some(false),
            ),
            endpoint(binding::POST, ACS, 7, None),
        ],
        authn_requests_signed: signed,
        ..SpRole::default()
    }
}

fn request() -> AuthnRequestToIssue<'static> {
    AuthnRequestToIssue {
        id: "_request.1",
        issuer: PUBLISHER,
        destination: SSO,
        acs_url: ACS,
        now: NOW,
        force_authn: true,
        is_passive: false,
        name_id_format: Some(format::PERSISTENT),
        authn_context: &[context::PASSWORD_PROTECTED_TRANSPORT, "urn:example:strong"],
        comparison: Comparison::Minimum,
        proxy_count: Some(3),
        requester_ids: &["https://asker.example"],
    }
}

fn expect(metadata: &SpRole) -> RequestExpectations<'_> {
    RequestExpectations {
        now: NOW,
        skew: Duration::from_secs(60),
        destination: SSO,
        publisher_entity_id: PUBLISHER,
        publisher: metadata,
        algorithms: AlgorithmPolicy::default(),
        signature_required: false,
        max_age: Duration::from_secs(600),
    }
}

fn written(signer: Option<&dyn Signer>) -> String {
    let mut xml = Vec::new();
    write_request(&request(), signer, &mut xml).unwrap();
    String::from_utf8(xml).unwrap()
}

fn post(xml: &str, metadata: &SpRole) -> Result<AuthnRequest, Refusal> {
    Received::post(xml.as_bytes())?.accept(&expect(metadata))
}

fn query_of(url: &str) -> &str {
    url.split_once('?').unwrap().1
}

#[test]
fn a_written_request_reads_back() {
    for signer in [None, Some(&*SIGNER as &dyn Signer)] {
        let read = post(&written(signer), &metadata(signer.is_some())).unwrap();
        assert_eq!(read.id, "_request.1");
        assert_eq!(read.issuer, PUBLISHER);
        assert_eq!(read.issue_instant, NOW);
        assert_eq!(read.acs_url.as_deref(), Some(ACS));
        assert_eq!(
            (read.force_authn, read.is_passive, read.names_subject),
            (true, false, false)
        );
        let policy = read.name_id_policy.clone().unwrap();
        assert_eq!(
            (policy.format.as_deref(), policy.allow_create),
            (Some(format::PERSISTENT), true)
        );
        let wanted = read.requested_authn_context.clone().unwrap();
        assert_eq!(wanted.comparison, Comparison::Minimum);
        assert_eq!(
            wanted.class_refs,
            [context::PASSWORD_PROTECTED_TRANSPORT, "urn:example:strong"]
        );
        let scoping = read.scoping.clone().unwrap();
        assert_eq!(
            (scoping.proxy_count, scoping.requester_ids.len()),
            (Some(3), 1)
        );
        assert_eq!(read.signed, signer.is_some());
        assert!(!read.legacy_used.any());
        assert_eq!(read.resolve_acs(&metadata(false)).unwrap().location, ACS);
    }
}

#[test]
fn the_redirect_address_carries_and_signs_the_message() {
    let metadata = metadata(true);
    for (relay_state, location) in [
        (Some("ss:mem:a b&c=ü"), SSO),
        (None, "https://octroi.example/idp/sso?tenant=1"),
    ] {
        let url = redirect_url(
            location,
            MessageKind::Request,
            written(None).as_bytes(),
            relay_state,
            Some(&*SIGNER),
        )
        .unwrap();
        assert!(url.starts_with(location));
        let query = RawQuery::parse(query_of(&url)).unwrap();
        assert_eq!(query.relay_state().unwrap().as_deref(), relay_state);
        let received = Received::redirect(query).unwrap();
        assert_eq!(received.unverified_issuer().unwrap(), PUBLISHER);
        assert_eq!(received.unverified_id(), Some("_request.1"));
        assert!(received.accept(&expect(&metadata)).unwrap().signed);
        // Unsigned where the metadata promises signatures, or signed by another.
        let unsigned = redirect_url(
            location,
            MessageKind::Request,
            written(None).as_bytes(),
            relay_state,
            None,
        )
        .unwrap();
        let received = Received::redirect(RawQuery::parse(query_of(&unsigned)).unwrap()).unwrap();
        assert_eq!(
            received.accept(&expect(&metadata)).unwrap_err().check(),
            Check::SignatureRequired
        );
        let others = SpRole {
            signing_keys: OTHER_KEYS.to_vec(),
            ..metadata.clone()
        };
        let received = Received::redirect(query).unwrap();
        assert_eq!(
            received.accept(&expect(&others)).unwrap_err().check(),
            Check::SignatureInvalid
        );
    }
}

#[test]
fn a_response_is_no_request() {
    let url = redirect_url(
        SSO,
        MessageKind::Response,
        written(None).as_bytes(),
        None,
        None,
    )
    .unwrap();
    let query = RawQuery::parse(query_of(&url)).unwrap();
    assert_eq!(
        Received::redirect(query).unwrap_err().check(),
        Check::UnexpectedMessage
    );
    assert_eq!(
        Received::post(b"<a/>").unwrap_err().check(),
        Check::UnexpectedRoot
    );
    assert_eq!(post_value(b"<a/>"), "PGEvPg==");
}

#[test]
fn each_check_of_a_request_refuses_what_it_is_for() {
    let issuer = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://publisher.example/sp</saml:Issuer>";
    let cases: &[(Check, &str, &str)] = &[
        (
            Check::VersionUnsupported,
            "Version=\"2.0\"",
            "Version=\"1.1\"",
        ),
        (Check::IdInvalid, "ID=\"_request.1\"", "ID=\"\""),
        (Check::TimeMalformed, "14:00:00Z", "14:00:00+01:00"),
        (Check::RequestExpired, "14:00:00Z", "14:01:01Z"),
        (Check::RequestExpired, "14:00:00Z", "13:49:00Z"),
        (Check::IssuerMissing, issuer, ""),
        (Check::StructureInvalid, issuer, &issuer.repeat(2)),
        (
            Check::IssuerMismatch,
            ">https://publisher.example/sp<",
            ">https://publisher.example/sp2<",
        ),
        (
            Check::DestinationMismatch,
            SSO,
            "https://octroi.example/idp/sso/",
        ),
        (
            Check::ProtocolBinding,
            "bindings:HTTP-POST",
            "bindings:HTTP-Artifact",
        ),
        (
            Check::AcsAmbiguous,
            " Destination=",
            " AssertionConsumerServiceIndex=\"7\" Destination=",
        ),
        (
            Check::StructureInvalid,
            " Destination=",
            " AssertionConsumerServiceIndex=\"-7\" Destination=",
        ),
        (
            Check::StructureInvalid,
            "ForceAuthn=\"true\"",
            "ForceAuthn=\"yes\"",
        ),
        (
            Check::StructureInvalid,
            "Comparison=\"minimum\"",
            "Comparison=\"Minimum\"",
        ),
        (
            Check::StructureInvalid,
            "<samlp:Scoping",
            "<samlp:Other></samlp:Other><samlp:Scoping",
        ),
        (
            Check::AssertionOutOfPlace,
            "</samlp:Scoping>",
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"></saml:Assertion></samlp:Scoping>",
        ),
        (
            Check::ProxyingForbidden,
            "<samlp:RequesterID>https://asker.example</samlp:RequesterID>",
            &"<samlp:RequesterID>https://loop.example</samlp:RequesterID>".repeat(17),
        ),
    ];
    for (check, from, to) in cases {
        let xml = edited(written(None), &[(from, to)]);
        let refusal = post(&xml, &metadata(false)).unwrap_err();
        assert_eq!(refusal.check(), *check, "{from} -> {to}: {refusal}");
    }
}

#[test]
fn a_signed_request_needs_a_destination_and_keeps_its_content() {
    let without = edited(
        written(None),
        &[(" Destination=\"https://octroi.example/idp/sso\"", "")],
    );
    assert!(post(&without, &metadata(false)).is_ok());
    let signature = PortalSignature::new(&*SIGNER, SignWhat::Response);
    let signed = String::from_utf8(sign_document(without.as_bytes(), &signature).unwrap()).unwrap();
    assert_eq!(
        post(&signed, &metadata(false)).unwrap_err().check(),
        Check::DestinationMissing
    );

    let changed = edited(
        written(Some(&*SIGNER)),
        &[(ACS, "https://evil.example/acs")],
    );
    assert_eq!(
        post(&changed, &metadata(false)).unwrap_err().check(),
        Check::SignatureDigestMismatch
    );
    let mut required = expect(Box::leak(Box::new(metadata(false))));
    required.signature_required = true;
    let refusal = Received::post(written(None).as_bytes())
        .unwrap()
        .accept(&required)
        .unwrap_err();
    assert_eq!(refusal.check(), Check::SignatureRequired);
}

#[test]
fn the_answer_goes_where_metadata_says() {
    let metadata = metadata(false);
    let to = |change: fn(&mut AuthnRequest)| {
        let mut request = post(&written(None), &metadata).unwrap();
        change(&mut request);
        request
            .resolve_acs(&metadata)
            .map(|endpoint| endpoint.location.clone())
            .map_err(|r| r.check())
    };
    assert_eq!(to(|_| ()).as_deref(), Ok(ACS));
    for evil in [
        "https://publisher.example/acs/",
        "https://publisher.example/ac",
        "HTTPS://publisher.example/acs",
        "https://publisher.example/acs?x",
    ] {
        let mut request = post(&written(None), &metadata).unwrap();
        request.acs_url = Some(evil.to_owned());
        assert_eq!(
            request.resolve_acs(&metadata).unwrap_err().check(),
            Check::AcsUnknown
        );
    }
    // Registered, but not for HTTP-POST.
    assert_eq!(
        to(|r| r.acs_url = Some("https://publisher.example/artifact".to_owned())),
        Err(Check::AcsUnknown)
    );
    assert_eq!(
        to(|r| {
            r.acs_url = None;
            r.acs_index = Some(1)
        })
        .as_deref(),
        Ok("https://publisher.example/first")
    );
    assert_eq!(
        to(|r| {
            r.acs_url = None;
            r.acs_index = Some(0)
        }),
        Err(Check::AcsIndexUnknown)
    );
    // The first that does not say isDefault="false".
    assert_eq!(to(|r| r.acs_url = None).as_deref(), Ok(ACS));
    let none = SpRole {
        assertion_consumer: Vec::new(),
        ..metadata.clone()
    };
    assert_eq!(none.default_acs().unwrap_err().check(), Check::AcsMissing);
}

#[test]
fn wishes_that_cannot_be_met_have_their_status() {
    let formats = [format::TRANSIENT, format::PERSISTENT];
    let wish = |change: fn(&mut AuthnRequest)| {
        let mut request = post(&written(None), &metadata(false)).unwrap();
        change(&mut request);
        request
            .check_wishes(&formats)
            .map_err(|refusal| refusal.check())
    };
    let second = |check| Status::of_request(check).second;
    assert_eq!(wish(|_| ()), Ok(()));
    assert_eq!(wish(|r| r.name_id_policy = None), Ok(()));
    assert_eq!(
        wish(|r| r.name_id_policy.as_mut().unwrap().format = Some(format::UNSPECIFIED.to_owned())),
        Ok(())
    );
    let email =
        wish(|r| r.name_id_policy.as_mut().unwrap().format = Some(format::EMAIL.to_owned()));
    assert_eq!(email, Err(Check::NameIdPolicy));
    assert_eq!(
        second(Check::NameIdPolicy),
        Some(status::INVALID_NAME_ID_POLICY)
    );
    let affiliation = wish(|r| {
        r.name_id_policy.as_mut().unwrap().sp_name_qualifier =
            Some("https://other.example".to_owned())
    });
    assert_eq!(affiliation, Err(Check::NameIdPolicy));
    assert_eq!(
        wish(|r| r.names_subject = true),
        Err(Check::SubjectRequested)
    );
    assert_eq!(
        second(Check::SubjectRequested),
        Some(status::UNKNOWN_PRINCIPAL)
    );
    assert_eq!(
        wish(|r| r.scoping.as_mut().unwrap().proxy_count = Some(0)),
        Err(Check::ProxyingForbidden)
    );
    assert_eq!(
        second(Check::ProxyingForbidden),
        Some(status::PROXY_COUNT_EXCEEDED)
    );
    let declarations = wish(|r| {
        r.requested_authn_context
            .as_mut()
            .unwrap()
            .class_refs
            .clear()
    });
    assert_eq!(declarations, Err(Check::AuthnContextUnmet));
    assert_eq!(
        second(Check::AuthnContextUnmet),
        Some(status::NO_AUTHN_CONTEXT)
    );
    let subject = "<saml:Subject xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"></saml:Subject><samlp:NameIDPolicy";
    let asked = edited(written(None), &[("<samlp:NameIDPolicy", subject)]);
    assert!(post(&asked, &metadata(false)).unwrap().names_subject);
}

#[test]
fn a_late_clock_is_forgiven_by_the_skew() {
    let metadata = metadata(false);
    let mut late = expect(&metadata);
    late.now = seconds(659);
    let received = Received::post(written(None).as_bytes()).unwrap();
    assert!(received.accept(&late).is_ok());
    late.now = seconds(660);
    assert_eq!(
        received.accept(&late).unwrap_err().check(),
        Check::RequestExpired
    );
}
