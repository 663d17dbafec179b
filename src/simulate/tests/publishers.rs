//! Publishers let in whom the gateway sends, once, in the right browser, and `xmlsec1` agrees.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use octroi_dsig::{DataEncryption, EncryptionRecipient, KeyTransport, PublicKey, base64};
use octroi_saml::issue::{
    AssertionToIssue, NameIdToIssue, ResponseToIssue, SignWhat, Status, StatusToIssue,
    write_response, write_status_response,
};
use serde_json::Value;

use super::*;
use crate::simulate::country::partner::Signed;
use crate::simulate::publisher::xmlsec1::{Objection, Place, Xmlsec1};
use crate::simulate::publisher::{Publishers, Verifier};

/// What the gateway would issue to a publisher.
fn issued(publisher: usize, in_response_to: Option<&str>, encrypt: bool) -> String {
    let loaded = place();
    let gateway = GatewayView::load(loaded).unwrap();
    let publisher = &loaded.settings.publisher[publisher];
    let acs = format!("{}/saml/acs", publisher.origin);
    let now = system_now();
    let uai = [std::borrow::Cow::Borrowed("9900001A")];
    let attribute = octroi_saml::issue::AttributeToIssue {
        name: "UAI",
        name_format: "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
        friendly_name: None,
        values: &uai,
    };
    let response = ResponseToIssue {
        assertion: AssertionToIssue {
            issuer: &gateway.idp_entity_id,
            audience: &publisher.entity_id,
            recipient: &acs,
            in_response_to,
            now,
            not_before: now.minus(Duration::from_secs(30)),
            not_on_or_after: now.plus(Duration::from_secs(120)),
            proxy_count: None,
            name_id: NameIdToIssue {
                value: "n1",
                format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
                name_qualifier: None,
                sp_name_qualifier: None,
            },
            session_index: Some("_s"),
            session_not_on_or_after: None,
            authn_instant: now,
            authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
            authenticating_authorities: &["urn:portal"],
            attributes: &[attribute],
        },
        sign: match publisher.signed {
            Signed::Assertion => SignWhat::Assertion,
            Signed::Response => SignWhat::Response,
            Signed::Both => SignWhat::Both,
        },
        include_certificate: true,
    };
    let key = loaded.pki(&format!(
        "gateway/sign-{}.key",
        publisher.gateway_key.word()
    ));
    let certificate =
        std::fs::read_to_string(loaded.pki(&format!("publishers/{}/encrypt.pem", publisher.id)))
            .unwrap();
    let recipient = EncryptionRecipient {
        key: PublicKey::from_pem(&certificate).unwrap(),
        data: DataEncryption::Aes128Gcm,
        transport: KeyTransport::OaepSha1Mgf1Sha1,
    };
    let mut xml = Vec::new();
    let signer = read_key(&key).unwrap();
    write_response(
        &response,
        &signer,
        encrypt.then_some(&recipient),
        &mut SystemRandom,
        &mut xml,
    )
    .unwrap();
    base64::encode_to_string(&xml)
}

/// The judge, with a directory of its own for each test.
fn xmlsec1(test: &str) -> (Xmlsec1, PathBuf) {
    let directory = place().path(test.as_ref());
    std::fs::create_dir_all(&directory).unwrap();
    let certificates = &place().settings.gateway.signing_certificates;
    let certificates = certificates.iter().map(|path| place().path(path)).collect();
    (Xmlsec1::new(directory.clone(), certificates), directory)
}

async fn json(answer: Answer) -> Value {
    serde_json::from_str(&text(answer).await).unwrap()
}

#[tokio::test]
async fn publishers_let_in_whom_both_judges_accept_and_once_only() {
    let publishers = Publishers::load(
        place(),
        &Verifier::xmlsec1(xmlsec1("let-in").0, Arc::new(AtomicBool::new(true))),
    )
    .unwrap();
    for index in 0..6 {
        for encrypt in [false, true] {
            let host = &place().settings.publisher[index].host;
            let message = issued(index, None, encrypt);
            let fields = [("SAMLResponse", message.as_str())];
            let answer = publishers
                .answer(post(host, "/saml/acs", "", &fields))
                .await;
            assert_eq!(
                answer.status(),
                StatusCode::OK,
                "{host} {encrypt}: {}",
                text(answer).await
            );
            let session = cookie(&answer, "publisher-session");
            let told = json(answer).await;
            assert_eq!(told["told"]["attributes"][0][1][0], "9900001A");
            assert_eq!(told["told"]["encrypted"], encrypt);
            assert_eq!(told["told"]["verified_by_xmlsec1"], true);
            let again = publishers
                .answer(post(host, "/saml/acs", "", &fields))
                .await;
            assert_eq!(
                json(again).await["refused"],
                "this assertion was used before"
            );
            assert_eq!(
                json(publishers.answer(get(host, "/session", &session)).await).await["told"]["name_id"]
                    [1],
                "n1"
            );
        }
    }
}

#[tokio::test]
async fn a_publishers_request_is_answered_in_the_browser_that_made_it_only() {
    let publishers = Publishers::load(place(), &Verifier::own()).unwrap();
    let gateway = GatewayView::load(place()).unwrap();
    for (index, way) in [(1, "redirect"), (2, "post"), (5, "post")] {
        let publisher = &place().settings.publisher[index];
        let start = publishers
            .answer(get(&publisher.host, "/r/something", ""))
            .await;
        let browser = cookie(&start, "publisher-request");
        let id = browser.split_once('=').unwrap().1.to_owned();
        if way == "redirect" {
            let url = location(&start);
            assert!(
                url.starts_with(&gateway.sso) && url.contains("Signature="),
                "{url}"
            );
        } else {
            let form = form(start).await;
            assert_eq!(form.action, gateway.sso);
            assert_eq!(
                form.field("RelayState"),
                Some(format!("{}/r/something", publisher.origin).as_str())
            );
        }
        let message = issued(index, Some(&id), false);
        let fields = [("SAMLResponse", message.as_str())];
        let stranger = publishers
            .answer(post(&publisher.host, "/saml/acs", "", &fields))
            .await;
        assert_eq!(stranger.status(), StatusCode::FORBIDDEN);
        let own = publishers
            .answer(post(&publisher.host, "/saml/acs", &browser, &fields))
            .await;
        assert_eq!(json(own).await["told"]["in_response_to"], id.as_str());
    }
}

#[tokio::test]
async fn a_signed_status_is_told_from_a_forged_one() {
    let publishers = Publishers::load(place(), &Verifier::own()).unwrap();
    let gateway = GatewayView::load(place()).unwrap();
    let publisher = &place().settings.publisher[1];
    let acs = format!("{}/saml/acs", publisher.origin);
    let status = StatusToIssue {
        issuer: &gateway.idp_entity_id,
        destination: &acs,
        in_response_to: Some("_q"),
        now: system_now(),
        status: Status {
            top: "urn:oasis:names:tc:SAML:2.0:status:Responder",
            second: Some("urn:oasis:names:tc:SAML:2.0:status:RequestDenied"),
            message: None,
        },
        include_certificate: false,
    };
    for (key, told) in [
        ("gateway/sign-rsa2048.key", true),
        ("stranger/sign.key", false),
    ] {
        let mut xml = Vec::new();
        let signer = read_key(&place().pki(key)).unwrap();
        write_status_response(&status, &signer, &mut SystemRandom, &mut xml).unwrap();
        let message = base64::encode_to_string(&xml);
        let answer = publishers
            .answer(post(
                &publisher.host,
                "/saml/acs",
                "",
                &[("SAMLResponse", &message)],
            ))
            .await;
        let said = json(answer).await;
        assert_eq!(said["status"].is_array(), told, "{said}");
    }
}

#[test]
fn xmlsec1_refuses_what_was_changed() {
    let xml = base64::decode(&issued(1, None, false), 1 << 20).unwrap();
    let (judge, directory) = xmlsec1("changed");
    assert_eq!(judge.verify(&xml, Place::Response), Ok(()));
    assert_eq!(judge.verify(&xml, Place::Assertion), Ok(()));
    let changed = String::from_utf8(xml)
        .unwrap()
        .replace("9900001A", "9900002A")
        .into_bytes();
    assert_eq!(
        judge.verify(&changed, Place::Response),
        Err(Objection::Verify(Place::Response))
    );
    assert_eq!(
        judge.verify(&changed, Place::Assertion),
        Err(Objection::Verify(Place::Assertion))
    );
    let unsigned = issued(0, None, false);
    let unsigned = base64::decode(&unsigned, 1 << 20).unwrap();
    assert!(
        judge.verify(&unsigned, Place::Response).is_err(),
        "no signature is no yes"
    );
    assert_eq!(
        std::fs::read_dir(directory).unwrap().count(),
        0,
        "files are removed"
    );
}
