//! Each check of a Response, shown to refuse a really signed message with that one thing wrong.

use crate::common::{ACS, GATEWAY, Message, NOW, OTHER_KEYS, PORTAL, expectations, seconds};
use octroi_saml::issue::SignWhat;
use octroi_saml::response::{Expectations, InResponseTo, SignatureDemand, accept};
use octroi_saml::uri::status;
use octroi_saml::{Check, Detail};
use std::collections::HashSet;
use std::time::Duration;

type Wrong = fn(&mut Message, &mut Expectations<'static>);

const SUCCESS: &str = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>";
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// The check, and what to do to a good message (or to what it must match) so that this check fails.
const CASES: &[(Check, Wrong)] = &[
    // Reading
    (Check::XmlMalformed, |m, _| m.late("</samlp:Response>", "")),
    (Check::XmlMalformed, |m, _| {
        m.late("<samlp:Response", "<?pi?><samlp:Response")
    }),
    (Check::XmlDoctype, |m, _| {
        m.late("<samlp:Response", "<!DOCTYPE r><samlp:Response")
    }),
    (Check::XmlDuplicateId, |m, _| {
        m.sign = Some(SignWhat::Assertion);
        m.response.identified("_same", "_same");
    }),
    (Check::XmlLimit, |m, _| {
        m.sign = None;
        m.response
            .attribute("big", [&*Box::leak("x".repeat(2_000_000).into_boxed_str())]);
    }),
    (Check::UnexpectedRoot, |m, _| {
        m.envelope("<samlp:Response", "<samlp:ArtifactResponse");
        m.envelope("</samlp:Response>", "</samlp:ArtifactResponse>");
    }),
    (Check::UnexpectedRoot, |m, _| {
        m.envelope("SAML:2.0:protocol", "SAML:2.0:protocol2")
    }),
    // Shape
    (Check::StructureInvalid, |m, _| {
        m.envelope(
            "<samlp:Status>",
            "<samlp:Extra></samlp:Extra><samlp:Status>",
        )
    }),
    (Check::StructureInvalid, |m, _| {
        m.envelope("<samlp:Status>", "text<samlp:Status>")
    }),
    (Check::StructureInvalid, |m, _| {
        m.envelope("<samlp:Status>", "<samlp:Extensions></samlp:Extensions><samlp:Extensions></samlp:Extensions><samlp:Status>");
    }),
    (Check::StructureInvalid, |m, _| {
        let late = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">late</saml:Issuer></samlp:Response>";
        m.sign = Some(SignWhat::Assertion);
        m.envelope("</samlp:Response>", late);
    }),
    (Check::StructureInvalid, |m, _| {
        m.assertion(
            "<saml:Conditions",
            "<saml:Issuer>again</saml:Issuer><saml:Conditions",
        )
    }),
    (Check::StructureInvalid, |m, _| {
        m.assertion(
            "</saml:AuthnContext>",
            "<saml:Wrong></saml:Wrong></saml:AuthnContext>",
        )
    }),
    (Check::StructureInvalid, |m, _| {
        m.assertion(
            "<saml:Conditions",
            "<saml:Subject></saml:Subject><saml:Conditions",
        );
    }),
    (Check::AssertionMissing, |m, _| {
        m.sign = None;
        m.envelope("<saml:Assertion", "<!--");
        m.envelope("</saml:Assertion>", "-->");
    }),
    (Check::AssertionMultiple, |m, _| {
        m.sign = Some(SignWhat::Assertion);
        m.envelope(SUCCESS, concat_success_and_assertion());
    }),
    (Check::AssertionOutOfPlace, |m, _| {
        m.assertion(
            "<saml:AttributeValue>B0",
            "<saml:AttributeValue><saml:Assertion></saml:Assertion>",
        );
    }),
    (Check::AssertionOutOfPlace, |m, _| {
        m.envelope("</samlp:Status>", "<samlp:StatusDetail><samlp:Response></samlp:Response></samlp:StatusDetail></samlp:Status>");
    }),
    // The envelope
    (Check::VersionUnsupported, |m, _| {
        m.response.version = "2".to_owned()
    }),
    (Check::VersionUnsupported, |m, _| {
        m.assertion("Version=\"2.0\"", "Version=\"1.1\"")
    }),
    (Check::IdInvalid, |m, _| {
        m.sign = Some(SignWhat::Assertion);
        m.envelope("ID=\"_response\"", "ID=\"1response\"");
    }),
    (Check::IdInvalid, |m, _| {
        m.sign = Some(SignWhat::Assertion);
        m.envelope("ID=\"_response\"", "");
    }),
    (Check::TimeMalformed, |m, _| {
        m.envelope("14:00:00Z", "14:00:00")
    }),
    (Check::TimeMalformed, |m, _| {
        m.assertion("NotBefore=\"2026", "NotBefore=\"202612")
    }),
    (Check::TimeMalformed, |m, _| {
        m.assertion("AuthnInstant=\"", "AuthnInstant=\" ")
    }),
    (Check::DestinationMismatch, |m, _| {
        m.response.destination = Some(format!("{ACS}/"))
    }),
    (Check::DestinationMismatch, |m, _| {
        m.response.destination = Some(String::new())
    }),
    (Check::DestinationMissing, |m, _| {
        m.response.destination = None
    }),
    (Check::IssuerMissing, |m, _| {
        m.response.response_issuer = None
    }),
    (Check::IssuerMissing, |m, _| {
        m.sign = Some(SignWhat::Response);
        m.response.issuer = None;
    }),
    (Check::IssuerFormat, |m, _| {
        m.assertion(
            "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">",
        );
    }),
    (Check::IssuerFormat, |m, _| {
        m.assertion("<saml:Issuer>", "<saml:Issuer NameQualifier=\"x\">")
    }),
    (Check::ResponseIssuerMismatch, |m, _| {
        m.response.response_issuer = Some("https://b.example".to_owned())
    }),
    (Check::AssertionIssuerMismatch, |m, _| {
        m.response.issuer = Some(format!("{PORTAL} "))
    }),
    (Check::TextAmbiguous, |m, _| {
        m.assertion(
            "<saml:Issuer>https://portal.example/idp",
            "<saml:Issuer><b></b>",
        )
    }),
    (Check::InResponseToMissing, |m, _| {
        m.response.in_response_to = None
    }),
    (Check::InResponseToMissing, |m, _| {
        m.response.confirmations[0].in_response_to = None
    }),
    (Check::InResponseToMismatch, |m, _| {
        m.response.in_response_to = Some("_other".to_owned())
    }),
    (Check::InResponseToMismatch, |m, _| {
        m.response.confirmations[0].in_response_to = Some(String::new())
    }),
    (Check::InResponseToMismatch, |m, e| {
        e.in_response_to = InResponseTo::RequiredUnlessMissing("_request");
        m.response.answers(Some("_other"));
    }),
    (Check::InResponseToUnexpected, |_, e| {
        e.in_response_to = InResponseTo::Unsolicited
    }),
    (Check::InResponseToUnexpected, |m, e| {
        e.in_response_to = InResponseTo::Unsolicited;
        m.response.in_response_to = None;
    }),
    (Check::InResponseToUnexpected, |m, e| {
        // A request named by a confirmation that does not even count.
        e.in_response_to = InResponseTo::Unsolicited;
        m.response.answers(None);
        let mut second = m.response.confirmations[0].clone();
        second.method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".to_owned();
        second.in_response_to = Some("_request".to_owned());
        m.response.confirmations.push(second);
    }),
    (Check::StatusMissing, |m, _| m.envelope(SUCCESS, "")),
    (Check::StatusMissing, |m, _| {
        m.envelope(SUCCESS, "<samlp:Status></samlp:Status>")
    }),
    (Check::StatusNotSuccess, |m, _| {
        m.response.status.0 = format!("{} ", status::SUCCESS)
    }),
    (Check::StatusNotSuccess, |m, _| {
        m.response.status = (
            status::RESPONDER.to_owned(),
            Some(status::SUCCESS.to_owned()),
        );
    }),
    (Check::IssueInstantInFuture, |m, _| {
        m.response.issue_instant = seconds(61)
    }),
    (Check::IssueInstantInFuture, |m, _| {
        m.assertion(
            "IssueInstant=\"2026-11-23T14:00:00Z\"",
            "IssueInstant=\"2026-11-23T14:01:01Z\"",
        );
    }),
    (Check::IssuedTooLongAgo, |_, e| e.now = seconds(660)),
    (Check::IssuedTooLongAgo, |m, e| {
        m.sign = Some(SignWhat::Assertion);
        m.response.not_on_or_after = Some(seconds(3600));
        m.response.confirmations[0].not_on_or_after = Some(seconds(3600));
        m.envelope(
            "IssueInstant=\"2026-11-23T14:00:00Z\"",
            "IssueInstant=\"2026-11-23T14:11:00Z\"",
        );
        e.now = seconds(660);
    }),
    // Conditions
    (Check::ConditionsMissing, |m, _| {
        m.assertion("<saml:Conditions", "<saml:Advice");
        m.assertion("</saml:Conditions>", "</saml:Advice>");
    }),
    (Check::NotYetValid, |m, _| {
        m.response.not_before = Some(seconds(61))
    }),
    (Check::AssertionExpired, |m, _| {
        m.response.not_before = None;
        m.response.not_on_or_after = Some(seconds(-60));
    }),
    (Check::WindowEmpty, |m, _| {
        m.response.not_before = Some(NOW);
        m.response.not_on_or_after = Some(NOW);
    }),
    (Check::LifetimeTooLong, |m, _| {
        m.response.not_on_or_after = Some(seconds(86_400))
    }),
    (Check::LifetimeTooLong, |m, _| {
        m.response.confirmations[0].not_on_or_after = Some(seconds(5 * 86_400))
    }),
    (Check::ConditionUnknown, |m, _| {
        m.assertion(
            "<saml:AudienceRestriction>",
            "<saml:Condition></saml:Condition><saml:AudienceRestriction>",
        );
    }),
    (Check::ConditionUnknown, |m, _| {
        m.assertion(
            "<saml:AudienceRestriction>",
            "<OneTimeUse></OneTimeUse><saml:AudienceRestriction>",
        );
    }),
    (Check::AudienceMissing, |m, _| m.response.audiences.clear()),
    (Check::AudienceMismatch, |m, _| {
        m.response.audiences = vec![vec![format!("{GATEWAY}/")]]
    }),
    (Check::AudienceMismatch, |m, _| {
        m.response
            .audiences
            .push(vec!["https://other.example".to_owned()])
    }),
    (Check::AudienceMismatch, |m, _| {
        m.response.audiences.push(Vec::new())
    }),
    (Check::TextAmbiguous, |m, _| {
        m.assertion(
            "<saml:Audience>https://octroi.example/saml/metadata",
            "<saml:Audience><x></x>",
        )
    }),
    (Check::ProxyCountExhausted, |m, _| {
        m.response.proxy_restriction = Some((Some(0), Vec::new()))
    }),
    (Check::ProxyAudience, |m, _| {
        m.response.proxy_restriction = Some((None, vec!["https://publisher.example".to_owned()]));
    }),
    (Check::ProxyAudience, |m, e| {
        m.response.proxy_restriction =
            Some((Some(2), vec!["https://publisher.example".to_owned()]));
        e.downstream = Some("https://other.example");
    }),
    // Subject
    (Check::SubjectMissing, |m, _| {
        m.assertion("<saml:Subject>", "<!--");
        m.assertion("</saml:Subject>", "-->");
    }),
    (Check::ConfirmationMissing, |m, _| {
        m.response.confirmations.clear()
    }),
    (Check::ConfirmationMissing, |m, _| {
        m.response.confirmations[0].method = format!("{BEARER}x")
    }),
    (Check::ConfirmationDataMissing, |m, _| {
        m.assertion("<saml:SubjectConfirmationData", "<!--");
        m.assertion("</saml:SubjectConfirmationData>", "-->");
    }),
    (Check::ConfirmationNotBefore, |m, _| {
        m.response.confirmations[0].not_before = Some(seconds(-60))
    }),
    (Check::ConfirmationExpiryMissing, |m, _| {
        m.response.confirmations[0].not_on_or_after = None
    }),
    (Check::ConfirmationExpired, |m, _| {
        m.response.confirmations[0].not_on_or_after = Some(seconds(-60))
    }),
    (Check::RecipientMissing, |m, _| {
        m.response.confirmations[0].recipient = None
    }),
    (Check::RecipientMismatch, |m, _| {
        m.response.confirmations[0].recipient = Some(ACS.to_uppercase())
    }),
    (Check::NameIdInvalid, |m, _| {
        m.response.name_id = Some((" \t\n".to_owned(), "f".to_owned(), None))
    }),
    (Check::NameIdInvalid, |m, _| {
        m.assertion(
            "<saml:SubjectConfirmation ",
            "<saml:NameID>admin</saml:NameID><saml:SubjectConfirmation ",
        )
    }),
    (Check::NameIdInvalid, |m, _| {
        m.assertion("<saml:NameID", "<saml:BaseID");
        m.assertion("</saml:NameID", "</saml:BaseID");
    }),
    (Check::TextAmbiguous, |m, _| {
        m.assertion("_transient</saml:NameID>", "<x></x></saml:NameID>")
    }),
    (Check::NameQualifierMismatch, |m, _| {
        m.response.name_id = Some((
            "x".to_owned(),
            "f".to_owned(),
            Some("https://other.example".to_owned()),
        ));
    }),
    // Statements
    (Check::AuthnStatementMissing, |m, _| {
        m.response.authn.clear()
    }),
    (Check::AuthnStatementMultiple, |m, _| {
        m.response.authn.push(m.response.authn[0].clone())
    }),
    (Check::AuthnInstantInFuture, |m, _| {
        m.response.authn[0].instant = seconds(61)
    }),
    (Check::SessionExpired, |m, _| {
        m.response.authn[0].session_not_on_or_after = Some(seconds(-60))
    }),
    (Check::AuthnContextInvalid, |m, _| {
        m.response.authn[0].class = None
    }),
    (Check::AttributeInvalid, |m, _| {
        m.assertion("Name=\"idEnt\" ", "")
    }),
    (Check::AttributeInvalid, |m, _| {
        m.assertion("Name=\"idEnt\" ", "Name=\"\" ")
    }),
    (Check::AttributeRepeated, |m, _| {
        m.response.attribute("idEnt", ["C0"]);
    }),
    // What must be signed
    (Check::SignatureMissing, |m, _| m.sign = None),
    (Check::ResponseUnsigned, |m, e| {
        m.sign = Some(SignWhat::Assertion);
        e.demand = SignatureDemand::Response;
    }),
    (Check::ResponseUnsigned, |m, e| {
        m.sign = Some(SignWhat::Assertion);
        e.demand = SignatureDemand::Both;
    }),
    (Check::AssertionUnsigned, |m, e| {
        m.sign = Some(SignWhat::Response);
        e.demand = SignatureDemand::Assertion;
    }),
    (Check::AssertionUnsigned, |m, e| {
        m.sign = Some(SignWhat::Response);
        e.demand = SignatureDemand::Both;
    }),
    (Check::SignatureNoKey, |_, e| e.signing_keys = &[]),
    (Check::SignatureInvalid, |_, e| {
        e.signing_keys = &*OTHER_KEYS
    }),
    // Encryption
    (Check::DecryptionNotAllowed, |m, _| {
        m.sign = Some(SignWhat::Assertion);
        m.encrypt = Some(crate::common::recipient());
    }),
    (Check::EncryptedAssertionRefused, |m, e| {
        m.encrypt = Some(crate::common::recipient());
        e.decryption_keys = &[];
    }),
    (Check::EncryptedIdRefused, |m, _| {
        m.assertion("<saml:NameID", "<saml:EncryptedID");
        m.assertion("</saml:NameID", "</saml:EncryptedID");
    }),
];

fn concat_success_and_assertion() -> &'static str {
    concat!(
        "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>",
        "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"></saml:Assertion>"
    )
}

#[test]
fn each_check_refuses_what_it_is_for() {
    assert!(Message::new().accept().is_ok());
    let mut astray = Vec::new();
    for (index, (check, wrong)) in CASES.iter().enumerate() {
        let (mut message, mut expect) = (Message::new(), expectations());
        wrong(&mut message, &mut expect);
        println!("case {index}: {}", check.code());
        match accept(&message.build(), &expect) {
            Err(refusal) if refusal.check() == *check => {}
            other => astray.push(format!("case {index}, {}: {other:?}", check.code())),
        }
    }
    assert!(astray.is_empty(), "{astray:#?}");
}

/// The checks of a Response are all shown above or in the modules on signatures; a new one must be, too.
#[test]
fn no_check_of_a_response_is_without_its_test() {
    let shown: HashSet<Check> = CASES.iter().map(|(check, _)| *check).collect();
    let response = Check::ALL
        .iter()
        .take_while(|check| **check != Check::RequestExpired);
    let elsewhere = [Check::IssuerMismatch, Check::UnsolicitedRefused];
    for check in response.filter(|check| !elsewhere.contains(check)) {
        let by_signature = check.code().starts_with("signature-");
        assert!(
            by_signature || shown.contains(check),
            "{} has no test",
            check.code()
        );
    }
}

/// The checks of the other messages are shown in their own modules.
#[test]
fn no_check_of_another_message_is_without_its_test() {
    let shown = concat!(
        include_str!("requests.rs"),
        include_str!("metadata.rs"),
        include_str!("logout.rs")
    );
    let others = Check::ALL
        .iter()
        .skip_while(|check| **check != Check::RequestExpired);
    // Shown by the causes of `octroi_dsig`, where the query is read.
    for check in others.filter(|check| !check.code().starts_with("redirect-")) {
        assert!(
            shown.contains(&format!("Check::{check:?}")),
            "{} has no test",
            check.code()
        );
    }
}

#[test]
fn refusals_tell_what_was_measured() {
    let mut message = Message::new();
    message.response.not_on_or_after = Some(seconds(-90));
    message.response.not_before = None;
    let refusal = message.accept().unwrap_err();
    assert_eq!(refusal.detail(), &Detail::Clock { seconds: -90 });

    let mut message = Message::new();
    message.response.audiences = vec![vec!["é".repeat(400)]];
    let Detail::Mismatch(mismatch) = message.accept().unwrap_err().detail().clone() else {
        panic!("not a mismatch");
    };
    assert_eq!(mismatch.expected, GATEWAY);
    assert_eq!(mismatch.got.chars().count(), octroi_saml::MAX_TEXT);

    let mut expect = expectations();
    expect.signing_keys = &*OTHER_KEYS;
    let Err(refusal) = accept(&Message::new().build(), &expect) else {
        panic!("accepted")
    };
    assert!(
        refusal.to_string().contains(OTHER_KEYS[0].fingerprint()),
        "{refusal}"
    );

    let mut message = Message::new();
    message.response.confirmations[0].not_on_or_after = Some(seconds(7200));
    let detail = message.accept().unwrap_err().detail().clone();
    assert_eq!(
        detail,
        Detail::Span {
            seconds: 7200,
            allowed: 5400
        }
    );
}

#[test]
fn a_larger_skew_than_five_minutes_counts_as_five() {
    let mut message = Message::new();
    message.response.not_before = Some(seconds(299));
    let mut expect = expectations();
    expect.skew = Duration::from_secs(100_000);
    assert!(accept(&message.build(), &expect).is_ok());
    message.response.not_before = Some(seconds(301));
    message.response.not_on_or_after = Some(seconds(400));
    assert_eq!(
        accept(&message.build(), &expect).unwrap_err().check(),
        Check::NotYetValid
    );
}
