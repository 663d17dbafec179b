//! What is accepted, and that it says exactly what was signed.

use crate::common::{
    ACS, GATEWAY, KEYS, Message, NOW, PORTAL, REQUEST, SIGNER, expectations, seconds,
};
use octroi_dsig::Signer;
use octroi_saml::issue::SignWhat;
use octroi_saml::portal_side::{PortalResponse, PortalSignature};
use octroi_saml::response::{InResponseTo, SignatureDemand, accept, unverified_issuer};
use octroi_saml::uri::{context, format};
use octroi_saml::{Check, NameId};
use std::time::Duration;

#[test]
fn everything_signed_is_told_as_it_was() {
    let mut message = Message::new();
    message.response.identified("_r9", "_a9");
    message.response.authn[0].authorities = vec!["https://first.example".to_owned()];
    message.response.authn[0].session_not_on_or_after = Some(seconds(3600));
    message
        .response
        .attribute("many", [" a ", "", "b&<>\"'\r\n\tc"]);
    message.response.one_time_use = true;
    message.response.proxy_restriction =
        Some((Some(2), vec!["https://publisher.example".to_owned()]));
    let mut expect = expectations();
    expect.downstream = Some("https://publisher.example");
    let accepted = accept(&message.build(), &expect).unwrap();

    assert_eq!(
        (accepted.response_id.as_str(), accepted.id.as_str()),
        ("_r9", "_a9")
    );
    assert_eq!(accepted.issuer, PORTAL);
    assert_eq!(accepted.in_response_to.as_deref(), Some(REQUEST));
    assert_eq!(accepted.issue_instant, NOW);
    assert_eq!(accepted.not_on_or_after, seconds(300));
    assert_eq!(accepted.replay_until, seconds(360));
    let name_id = NameId {
        value: "_transient".to_owned(),
        format: Some(format::TRANSIENT.to_owned()),
        name_qualifier: None,
        sp_name_qualifier: None,
    };
    assert_eq!(accepted.name_id, Some(name_id));
    assert_eq!(accepted.values("idEnt").collect::<Vec<_>>(), ["B0"]);
    assert_eq!(
        accepted.values("GARPersonIdentifiant").collect::<Vec<_>>(),
        ["p-123"]
    );
    assert_eq!(
        accepted.values("many").collect::<Vec<_>>(),
        [" a ", "", "b&<>\"'\r\n\tc"]
    );
    assert_eq!(accepted.values("nobody").count(), 0);
    assert_eq!(
        accepted.attributes[0].name_format.as_deref(),
        Some(format::ATTRIBUTE_BASIC)
    );
    assert_eq!(accepted.authn_instant, NOW);
    assert_eq!(
        accepted.authn_context.as_deref(),
        Some(context::PASSWORD_PROTECTED_TRANSPORT)
    );
    assert_eq!(
        accepted.authenticating_authorities,
        ["https://first.example"]
    );
    assert_eq!(accepted.session_index.as_deref(), Some("_session"));
    assert_eq!(accepted.session_not_on_or_after, Some(seconds(3600)));
    assert_eq!(accepted.proxy_count, Some(2));
    assert!(accepted.may_be_passed_on_to("https://publisher.example"));
    assert!(!accepted.may_be_passed_on_to("https://other.example"));
    assert_eq!(accepted.key_fingerprint, KEYS[0].fingerprint());
    assert!(!accepted.legacy_used.any());
    assert!(!accepted.was_encrypted);
}

#[test]
fn each_way_of_signing_meets_its_demands() {
    use SignWhat::{Assertion, Both, Response};
    for (sign, demands) in [
        (
            Assertion,
            &[SignatureDemand::Either, SignatureDemand::Assertion][..],
        ),
        (
            Response,
            &[SignatureDemand::Either, SignatureDemand::Response],
        ),
        (
            Both,
            &[
                SignatureDemand::Either,
                SignatureDemand::Assertion,
                SignatureDemand::Response,
                SignatureDemand::Both,
            ],
        ),
    ] {
        let mut message = Message::new();
        message.sign = Some(sign);
        for demand in demands {
            let mut expect = expectations();
            expect.demand = *demand;
            let accepted = accept(&message.build(), &expect).unwrap();
            assert_eq!(
                accepted.values("GARPersonIdentifiant").collect::<Vec<_>>(),
                ["p-123"]
            );
        }
    }
}

#[test]
fn the_portal_side_writes_what_is_accepted() {
    let mut response = PortalResponse::usual(NOW, PORTAL);
    response
        .to(GATEWAY, ACS)
        .answers(Some(REQUEST))
        .attribute("idEnt", ["B0"]);
    for what in [SignWhat::Assertion, SignWhat::Response, SignWhat::Both] {
        let mut xml = Vec::new();
        response
            .write(Some(&PortalSignature::new(&*SIGNER, what)), None, &mut xml)
            .unwrap();
        assert!(accept(&xml, &expectations()).is_ok());
        assert_eq!(unverified_issuer(&xml).unwrap(), PORTAL);
    }
}

#[test]
fn the_issuer_is_found_wherever_it_is() {
    let mut message = Message::new();
    message.sign = Some(SignWhat::Assertion);
    message.response.response_issuer = None;
    assert_eq!(unverified_issuer(&message.build()).unwrap(), PORTAL);
    assert!(message.accept().is_ok());
    message.response.issuer = None;
    assert_eq!(
        unverified_issuer(&message.build()).unwrap_err().check(),
        Check::IssuerMissing
    );
}

#[test]
fn entcore_is_accepted_by_dated_exceptions_alone() {
    let mut message = Message::new();
    message.response = PortalResponse::entcore(NOW, PORTAL);
    message
        .response
        .to(GATEWAY, ACS)
        .answers(None)
        .attribute("idEnt", ["B0"]);
    message.sign = Some(SignWhat::Assertion);
    let xml = message.build();
    let mut expect = expectations();
    assert_eq!(
        accept(&xml, &expect).unwrap_err().check(),
        Check::InResponseToMissing
    );
    expect.in_response_to = InResponseTo::RequiredUnlessMissing(REQUEST);
    assert_eq!(
        accept(&xml, &expect).unwrap_err().check(),
        Check::LifetimeTooLong
    );
    expect.long_lifetimes = true;
    let accepted = accept(&xml, &expect).unwrap();
    assert!(accepted.legacy_used.long_lifetime && accepted.legacy_used.missing_in_response_to);
    assert_eq!(accepted.in_response_to, None);
    // Five days written, ten minutes granted; one-time use is remembered no longer.
    assert_eq!(accepted.not_on_or_after, seconds(86_400));
    assert_eq!(accepted.replay_until, seconds(660));
    expect.now = seconds(659);
    assert!(accept(&xml, &expect).is_ok());
    expect.now = seconds(660);
    assert_eq!(
        accept(&xml, &expect).unwrap_err().check(),
        Check::IssuedTooLongAgo
    );
}

#[test]
fn a_named_request_needs_no_exception() {
    let mut expect = expectations();
    expect.in_response_to = InResponseTo::RequiredUnlessMissing(REQUEST);
    let mut message = Message::new();
    let accepted = accept(&message.build(), &expect).unwrap();
    assert_eq!(accepted.in_response_to.as_deref(), Some(REQUEST));
    assert!(!accepted.legacy_used.missing_in_response_to);
    // Half of it missing is the exception, too.
    message.response.in_response_to = None;
    assert!(
        accept(&message.build(), &expect)
            .unwrap()
            .legacy_used
            .missing_in_response_to
    );
}

#[test]
fn unsolicited_is_accepted_without_any_request() {
    let mut message = Message::new();
    message.response.answers(None);
    let mut expect = expectations();
    expect.in_response_to = InResponseTo::Unsolicited;
    let accepted = accept(&message.build(), &expect).unwrap();
    assert_eq!(accepted.in_response_to, None);
    assert!(!accepted.legacy_used.any());
}

#[test]
fn one_bearer_confirmation_that_holds_is_enough() {
    let mut message = Message::new();
    let mut first = message.response.confirmations[0].clone();
    first.recipient = Some("https://other.example/acs".to_owned());
    message.response.confirmations.insert(0, first.clone());
    assert!(message.accept().is_ok());
    // But no confirmation may be put together from two.
    message.response.confirmations[1].in_response_to = Some("_other".to_owned());
    assert_eq!(
        message.accept().unwrap_err().check(),
        Check::RecipientMismatch
    );
}

#[test]
fn windows_are_half_open_and_widened_by_the_skew() {
    let at = |offset, start, end| {
        let mut message = Message::new();
        message.response.not_before = Some(seconds(start));
        message.response.not_on_or_after = Some(seconds(end));
        let mut expect = expectations();
        expect.now = seconds(offset);
        expect.skew = Duration::from_secs(60);
        accept(&message.build(), &expect)
            .map(|_| ())
            .map_err(|refusal| refusal.check())
    };
    assert_eq!(at(0, 60, 120), Ok(()));
    assert_eq!(at(0, 61, 120), Err(Check::NotYetValid));
    assert_eq!(at(100, 0, 41), Ok(()));
    assert_eq!(at(100, 0, 40), Err(Check::AssertionExpired));
}

#[test]
fn unknown_attributes_and_opaque_parts_are_harmless() {
    let mut message = Message::new();
    message.response.name_id = None;
    message.envelope("<samlp:Status>", "<samlp:Extensions><x:any xmlns:x=\"urn:x\"><saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"></saml:Assertion></x:any></samlp:Extensions><samlp:Status>");
    message.assertion(
        "</saml:Conditions>",
        "</saml:Conditions><saml:Advice><saml:Assertion ID=\"_old\"><saml:Issuer>x</saml:Issuer></saml:Assertion></saml:Advice>",
    );
    message.assertion(
        "<saml:AttributeValue>B0</saml:AttributeValue>",
        "<saml:AttributeValue xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"no:such\">B0</saml:AttributeValue><saml:AttributeValue><saml:NameID>admin</saml:NameID></saml:AttributeValue>",
    );
    let accepted = message.accept().unwrap();
    assert_eq!(accepted.name_id, None);
    assert_eq!(accepted.values("idEnt").collect::<Vec<_>>(), ["B0"]);
    assert_eq!(accepted.attributes[0].structured, 1);
    assert_eq!(SIGNER.fingerprint(), accepted.key_fingerprint);
}

#[test]
fn cdata_is_the_text_it_stands_for() {
    let mut message = Message::new();
    message.assertion(
        "_transient</saml:NameID>",
        "<![CDATA[_trans]]>ient</saml:NameID>",
    );
    assert_eq!(
        message.accept().unwrap().name_id.unwrap().value,
        "_transient"
    );
}
