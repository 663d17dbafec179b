//! Logout messages: over each binding, always signed, and each check.

use crate::common::{
    DECRYPTION_KEYS, KEYS, NOW, OTHER_DECRYPTION_KEYS, SIGNER, edited, recipient, seconds,
};
use octroi_dsig::redirect::{MessageKind, RawQuery};
use octroi_dsig::{AlgorithmPolicy, Signer, encrypt};
use octroi_saml::binding::redirect_url;
use octroi_saml::issue::{IssueError, NameIdToIssue, SignWhat, Status};
use octroi_saml::logout::{
    LogoutExpectations, LogoutRequest, LogoutRequestToIssue, LogoutResponse, LogoutResponseToIssue,
    Received, soap_envelope, write_request, write_response,
};
use octroi_saml::portal_side::{PortalSignature, sign_document};
use octroi_saml::uri::format;
use octroi_saml::{Check, Refusal};
use std::time::Duration;

const PORTAL: &str = "https://portal.example/idp";
const SLO: &str = "https://octroi.example/saml/slo";

fn expect() -> LogoutExpectations<'static> {
    LogoutExpectations {
        now: NOW,
        skew: Duration::from_secs(60),
        destination: SLO,
        partner_entity_id: PORTAL,
        signing_keys: &*KEYS,
        decryption_keys: &*DECRYPTION_KEYS,
        algorithms: AlgorithmPolicy::default(),
        max_age: Duration::from_secs(600),
    }
}

fn request(signer: Option<&dyn Signer>) -> String {
    let request = LogoutRequestToIssue {
        id: "_logout",
        issuer: PORTAL,
        destination: SLO,
        now: NOW,
        not_on_or_after: Some(seconds(300)),
        name_id: NameIdToIssue {
            value: "ada & bob",
            format: format::TRANSIENT,
            name_qualifier: None,
            sp_name_qualifier: None,
        },
        session_indexes: &["_s1", "_s2"],
    };
    let mut xml = Vec::new();
    write_request(&request, signer, &mut xml).unwrap();
    String::from_utf8(xml).unwrap()
}

fn response(status: Status<'_>, signer: Option<&dyn Signer>) -> Vec<u8> {
    let response = LogoutResponseToIssue {
        id: "_answer",
        issuer: PORTAL,
        destination: Some(SLO),
        in_response_to: "_logout",
        now: NOW,
        status,
    };
    let mut xml = Vec::new();
    write_response(&response, signer, &mut xml).unwrap();
    xml
}

fn sign(xml: &str) -> Vec<u8> {
    sign_document(
        xml.as_bytes(),
        &PortalSignature::new(&*SIGNER, SignWhat::Response),
    )
    .unwrap()
}

fn post(xml: &[u8]) -> Result<LogoutRequest, Refusal> {
    Received::post(xml)?.accept_request(&expect())
}

fn assert_is_whole(read: &LogoutRequest) {
    assert_eq!(
        (read.id.as_str(), read.issuer.as_str()),
        ("_logout", PORTAL)
    );
    assert_eq!(read.issue_instant, NOW);
    assert_eq!(read.not_on_or_after, Some(seconds(300)));
    assert_eq!(read.name_id.as_ref().unwrap().value, "ada & bob");
    assert_eq!(read.session_indexes, ["_s1", "_s2"]);
}

#[test]
fn a_request_arrives_over_each_binding() {
    let signed = request(Some(&*SIGNER));
    assert_is_whole(&post(signed.as_bytes()).unwrap());

    let soap = Received::soap(&soap_envelope(signed.as_bytes())).unwrap();
    assert_eq!(soap.unverified_issuer().unwrap(), PORTAL);
    assert_is_whole(&soap.accept_request(&expect()).unwrap());
    let with_header = edited(
        String::from_utf8(soap_envelope(signed.as_bytes())).unwrap(),
        &[(
            "<soap:Body>",
            "<soap:Header><any></any></soap:Header><soap:Body>",
        )],
    );
    assert_is_whole(
        &Received::soap(with_header.as_bytes())
            .unwrap()
            .accept_request(&expect())
            .unwrap(),
    );

    let url = redirect_url(
        SLO,
        MessageKind::Request,
        request(None).as_bytes(),
        Some("x"),
        Some(&*SIGNER),
    )
    .unwrap();
    let query = RawQuery::parse(url.split_once('?').unwrap().1).unwrap();
    assert_is_whole(
        &Received::redirect(query)
            .unwrap()
            .accept_request(&expect())
            .unwrap(),
    );
}

#[test]
fn nothing_unsigned_ends_a_session() {
    let unsigned = request(None);
    assert_eq!(
        post(unsigned.as_bytes()).unwrap_err().check(),
        Check::SignatureMissing
    );
    let soap = Received::soap(&soap_envelope(unsigned.as_bytes())).unwrap();
    assert_eq!(
        soap.accept_request(&expect()).unwrap_err().check(),
        Check::SignatureMissing
    );
    let url = redirect_url(SLO, MessageKind::Request, unsigned.as_bytes(), None, None).unwrap();
    let query = RawQuery::parse(url.split_once('?').unwrap().1).unwrap();
    let received = Received::redirect(query).unwrap();
    assert_eq!(
        received.accept_request(&expect()).unwrap_err().check(),
        Check::SignatureMissing
    );
    // Its structure can still be looked at.
    assert_is_whole(&received.unverified_request(&expect()).unwrap());
    let signed = Received::post(request(Some(&*SIGNER)).as_bytes()).unwrap();
    assert_is_whole(&signed.unverified_request(&expect()).unwrap());
}

#[test]
fn an_envelope_holds_one_message() {
    let signed = request(Some(&*SIGNER));
    let envelope = String::from_utf8(soap_envelope(signed.as_bytes())).unwrap();
    for bad in [
        envelope.replace(&signed, ""),
        envelope.replace("</soap:Body>", "<x></x></soap:Body>"),
        envelope.replace("soap/envelope/", "soap/envelope"),
        envelope.replace("</soap:Body>", "</soap:Body><soap:Body></soap:Body>"),
        signed.clone(),
    ] {
        assert_eq!(
            Received::soap(bad.as_bytes()).unwrap_err().check(),
            Check::UnexpectedRoot,
            "{bad}"
        );
    }
    let wrong = Received::soap(envelope.as_bytes())
        .unwrap()
        .accept_response("_logout", &expect());
    assert_eq!(wrong.unwrap_err().check(), Check::UnexpectedRoot);
}

#[test]
fn each_check_of_a_request_refuses_what_it_is_for() {
    let name_id = "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:transient\">ada &amp; bob</saml:NameID>";
    let cases: &[(Check, &str, &str)] = &[
        (
            Check::VersionUnsupported,
            "Version=\"2.0\"",
            "Version=\"2.1\"",
        ),
        (
            Check::RequestExpired,
            "IssueInstant=\"2026-11-23T14:00:00Z\"",
            "IssueInstant=\"2026-11-23T13:49:00Z\"",
        ),
        (Check::LogoutExpired, "14:05:00Z", "13:59:00Z"),
        (Check::TimeMalformed, "14:05:00Z", "14:05"),
        (
            Check::IssuerMismatch,
            ">https://portal.example/idp<",
            ">https://b.example<",
        ),
        (
            Check::DestinationMismatch,
            SLO,
            "https://octroi.example/saml/slo/",
        ),
        (
            Check::DestinationMissing,
            " Destination=\"https://octroi.example/saml/slo\"",
            "",
        ),
        (Check::LogoutSubjectMissing, name_id, ""),
        (Check::NameIdInvalid, "ada &amp; bob", " "),
        (Check::StructureInvalid, name_id, &name_id.repeat(2)),
        (
            Check::StructureInvalid,
            "</samlp:LogoutRequest>",
            "<samlp:Other></samlp:Other></samlp:LogoutRequest>",
        ),
        (
            Check::UnexpectedRoot,
            "SAML:2.0:protocol",
            "SAML:1.0:protocol",
        ),
    ];
    for (check, from, to) in cases {
        let refusal = post(&sign(&edited(request(None), &[(from, to)]))).unwrap_err();
        assert_eq!(refusal.check(), *check, "{from} -> {to}: {refusal}");
    }
    let changed = request(Some(&*SIGNER)).replace(">_s1<", ">_s3<");
    assert_eq!(
        post(changed.as_bytes()).unwrap_err().check(),
        Check::SignatureDigestMismatch
    );
    // SOAP does not demand a Destination, but a wrong one refuses there as well.
    let cut = edited(
        request(None),
        &[(" Destination=\"https://octroi.example/saml/slo\"", "")],
    );
    let soap = Received::soap(&soap_envelope(&sign(&cut))).unwrap();
    assert!(soap.accept_request(&expect()).is_ok());
}

#[test]
fn an_encrypted_identifier_is_read_where_it_can_be() {
    let mut data = Vec::new();
    let plain =
        "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">ada</saml:NameID>";
    encrypt(plain.as_bytes(), &recipient(), &mut data).unwrap();
    let unsigned = request(None);
    let start = unsigned.find("<saml:NameID").unwrap();
    let end = unsigned.find("</saml:NameID>").unwrap() + "</saml:NameID>".len();
    let encrypted = format!(
        "{}<saml:EncryptedID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:EncryptedID>{}",
        &unsigned[..start],
        String::from_utf8(data).unwrap(),
        &unsigned[end..]
    );
    let read = post(&sign(&encrypted)).unwrap();
    assert_eq!(read.name_id.unwrap().value, "ada");
    let url = redirect_url(
        SLO,
        MessageKind::Request,
        encrypted.as_bytes(),
        None,
        Some(&*SIGNER),
    )
    .unwrap();
    let query = RawQuery::parse(url.split_once('?').unwrap().1).unwrap();
    let received = Received::redirect(query).unwrap();
    assert_eq!(
        received
            .accept_request(&expect())
            .unwrap()
            .name_id
            .unwrap()
            .value,
        "ada"
    );
    let without_key = LogoutExpectations {
        decryption_keys: &*OTHER_DECRYPTION_KEYS,
        ..expect()
    };
    let read = received.accept_request(&without_key).unwrap();
    assert_eq!((read.name_id, read.session_indexes.len()), (None, 2));
}

#[test]
fn answers_say_how_it_went() {
    let read = |xml: &[u8]| -> Result<LogoutResponse, Refusal> {
        Received::post(xml)?.accept_response("_logout", &expect())
    };
    let whole = read(&response(Status::SUCCESS, Some(&*SIGNER))).unwrap();
    assert_eq!(
        (
            whole.id.as_str(),
            whole.in_response_to.as_str(),
            whole.complete
        ),
        ("_answer", "_logout", true)
    );
    assert!(
        !read(&response(Status::PARTIAL_LOGOUT, Some(&*SIGNER)))
            .unwrap()
            .complete
    );
    let failed = read(&response(Status::REQUEST_DENIED, Some(&*SIGNER))).unwrap_err();
    assert_eq!(failed.check(), Check::StatusNotSuccess);
    let unsigned = response(Status::SUCCESS, None);
    assert_eq!(
        read(&unsigned).unwrap_err().check(),
        Check::SignatureMissing
    );
    let received = Received::post(&unsigned).unwrap();
    assert!(received.unverified_response("_logout", &expect()).is_ok());
    let refusal = received
        .unverified_response("_other", &expect())
        .unwrap_err();
    assert_eq!(refusal.check(), Check::InResponseToMismatch);
    let text = String::from_utf8(unsigned).unwrap();
    let without = edited(text.clone(), &[(" InResponseTo=\"_logout\"", "")]);
    assert_eq!(
        read(&sign(&without)).unwrap_err().check(),
        Check::InResponseToMissing
    );
    let start = text.find("<samlp:Status>").unwrap();
    let statusless = format!("{}</samlp:LogoutResponse>", &text[..start]);
    assert_eq!(
        read(&sign(&statusless)).unwrap_err().check(),
        Check::StatusMissing
    );
}

#[test]
fn identifiers_are_checked_when_written() {
    let bad = LogoutResponseToIssue {
        id: "_answer",
        issuer: PORTAL,
        destination: None,
        in_response_to: "\"><evil",
        now: NOW,
        status: Status::SUCCESS,
    };
    let mut out = Vec::new();
    assert_eq!(
        write_response(&bad, None, &mut out),
        Err(IssueError::Id("InResponseTo"))
    );
    assert!(out.is_empty());
}
