//! What is issued: canonical as it stands, in the schema's order, verifiable, and accepted by our own reader.

use crate::common::{Counter, DECRYPTION_KEYS, KEYS, NOW, SIGNER, recipient, seconds};
use octroi_dsig::{AlgorithmPolicy, SignError, SignatureAlgorithm, Signer, verify};
use octroi_saml::issue::{
    AssertionToIssue, AttributeToIssue, IssueError, NameIdToIssue, ResponseToIssue, SignWhat,
    Status, StatusToIssue, write_response, write_status_response,
};
use octroi_saml::response::{Expectations, InResponseTo, SignatureDemand, accept};
use octroi_saml::uri::{context, format, ns, status};
use octroi_saml::{Check, Detail};
use octroi_xml::{Element, Limits, c14n, parse};
use std::borrow::Cow;

pub(crate) const OUR_IDP: &str = "https://octroi.example/idp/metadata";
pub(crate) const PUBLISHER: &str = "https://publisher.example/sp?a=1&b=2";
pub(crate) const PUBLISHER_ACS: &str = "https://publisher.example/acs?x=1&y=2";
const PORTALS: &[&str] = &["https://portal.example/idp"];

pub(crate) fn assertion<'a>(attributes: &'a [AttributeToIssue<'a>]) -> AssertionToIssue<'a> {
    AssertionToIssue {
        issuer: OUR_IDP,
        audience: PUBLISHER,
        recipient: PUBLISHER_ACS,
        in_response_to: Some("_publishers-request.1"),
        now: NOW,
        not_before: seconds(-60),
        not_on_or_after: seconds(300),
        proxy_count: Some(1),
        name_id: NameIdToIssue {
            value: "_t1",
            format: format::TRANSIENT,
            name_qualifier: Some(OUR_IDP),
            sp_name_qualifier: Some(PUBLISHER),
        },
        session_index: Some("_s1"),
        session_not_on_or_after: Some(seconds(3600)),
        authn_instant: seconds(-10),
        authn_context: context::PASSWORD_PROTECTED_TRANSPORT,
        authenticating_authorities: PORTALS,
        attributes,
    }
}

pub(crate) fn issue(
    assertion: AssertionToIssue<'_>,
    sign: SignWhat,
    encrypt: bool,
) -> Result<Vec<u8>, IssueError> {
    let response = ResponseToIssue {
        assertion,
        sign,
        include_certificate: true,
    };
    let recipient = recipient();
    let mut out = Vec::new();
    write_response(
        &response,
        &*SIGNER,
        encrypt.then_some(&recipient),
        &mut Counter(1),
        &mut out,
    )?;
    Ok(out)
}

pub(crate) fn as_publisher(demand: SignatureDemand) -> Expectations<'static> {
    let mut expect = Expectations::strict(
        NOW,
        PUBLISHER,
        PUBLISHER_ACS,
        OUR_IDP,
        &*KEYS,
        InResponseTo::Required("_publishers-request.1"),
    );
    expect.decryption_keys = &*DECRYPTION_KEYS;
    expect.may_decrypt = true;
    expect.demand = demand;
    expect
}

const UAI: [Cow<'static, str>; 2] = [Cow::Borrowed("0650499P"), Cow::Borrowed("0650499P-ET6")];
const PRO: [Cow<'static, str>; 1] = [Cow::Borrowed("National_elv")];

fn attributes() -> [AttributeToIssue<'static>; 2] {
    let attribute = |name, values| AttributeToIssue {
        name,
        name_format: format::ATTRIBUTE_BASIC,
        friendly_name: None,
        values,
    };
    [attribute("UAI", &UAI), attribute("PRO", &PRO)]
}

/// Bytes sent = bytes hashed: canonicalising changes nothing.
fn assert_canonical(xml: &[u8]) {
    let document = parse(xml, &Limits::default()).unwrap();
    let mut canonical = Vec::new();
    c14n::canonicalize(
        document.root(),
        c14n::Algorithm::Exclusive,
        &[],
        None,
        &mut canonical,
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(canonical).unwrap(),
        std::str::from_utf8(xml).unwrap()
    );
}

#[test]
fn each_signature_is_there_and_holds_for_the_publisher() {
    let attributes = attributes();
    for (sign, demand) in [
        (SignWhat::Assertion, SignatureDemand::Assertion),
        (SignWhat::Response, SignatureDemand::Response),
        (SignWhat::Both, SignatureDemand::Both),
    ] {
        for encrypt in [false, true] {
            let xml = issue(assertion(&attributes), sign, encrypt).unwrap();
            assert_canonical(&xml);
            let accepted = accept(&xml, &as_publisher(demand)).unwrap();
            assert_eq!(accepted.was_encrypted, encrypt);
            assert_eq!(
                accepted.values("UAI").collect::<Vec<_>>(),
                ["0650499P", "0650499P-ET6"]
            );
            assert_eq!(accepted.values("PRO").collect::<Vec<_>>(), ["National_elv"]);
            assert_eq!(
                accepted.attributes[0].name_format.as_deref(),
                Some(format::ATTRIBUTE_BASIC)
            );
            let name_id = accepted.name_id.unwrap();
            assert_eq!(
                (name_id.value.as_str(), name_id.format.as_deref()),
                ("_t1", Some(format::TRANSIENT))
            );
            assert_eq!(accepted.authn_instant, seconds(-10));
            assert_eq!(accepted.authenticating_authorities, PORTALS);
            assert_eq!(accepted.session_index.as_deref(), Some("_s1"));
            assert_eq!(accepted.session_not_on_or_after, Some(seconds(3600)));
            assert_eq!(accepted.proxy_count, Some(1));
            let text = String::from_utf8(xml).unwrap();
            assert!(
                !text.contains("xsi:type")
                    && (encrypt
                        || text.matches("<ds:Signature ").count()
                            == usize::from(sign == SignWhat::Both) + 1)
            );
        }
    }
}

#[test]
fn an_unsolicited_response_names_no_request() {
    let mut push = assertion(&[]);
    push.in_response_to = None;
    let xml = issue(push, SignWhat::Assertion, false).unwrap();
    assert!(!String::from_utf8_lossy(&xml).contains("InResponseTo"));
    assert!(!String::from_utf8_lossy(&xml).contains("AttributeStatement"));
    let mut expect = as_publisher(SignatureDemand::Assertion);
    expect.in_response_to = InResponseTo::Unsolicited;
    assert!(accept(&xml, &expect).is_ok());
}

/// Children of each element, in order, as SAML's schemas have them.
#[test]
fn the_structure_is_that_of_the_schema() {
    let attributes = attributes();
    let xml = issue(assertion(&attributes), SignWhat::Both, false).unwrap();
    let document = parse(&xml, &Limits::default()).unwrap();
    let names = |element: Element<'_>| {
        element
            .elements()
            .map(|e| e.local_name().to_owned())
            .collect::<Vec<_>>()
    };
    let root = document.root();
    assert_eq!(names(root), ["Issuer", "Signature", "Status", "Assertion"]);
    let assertion = root.first_child(ns::ASSERTION, "Assertion").unwrap();
    assert_eq!(
        names(assertion),
        [
            "Issuer",
            "Signature",
            "Subject",
            "Conditions",
            "AuthnStatement",
            "AttributeStatement"
        ]
    );
    let child = |name| assertion.first_child(ns::ASSERTION, name).unwrap();
    assert_eq!(names(child("Subject")), ["NameID", "SubjectConfirmation"]);
    assert_eq!(
        names(child("Conditions")),
        ["AudienceRestriction", "ProxyRestriction"]
    );
    assert_eq!(names(child("AuthnStatement")), ["AuthnContext"]);
    assert_eq!(
        names(child("AttributeStatement")),
        ["Attribute", "Attribute"]
    );
    for element in [root, assertion] {
        assert_eq!(element.attribute("Version"), Some("2.0"));
        assert_eq!(
            element.attribute("IssueInstant"),
            Some("2026-11-23T14:00:00Z")
        );
        assert!(octroi_saml::check_id(element.attribute("ID").unwrap()).is_ok());
        assert!(verify(element, &*KEYS, &AlgorithmPolicy::default()).is_ok());
    }
}

#[test]
fn a_refusal_is_a_signed_status() {
    for (wanted, top, second) in [
        (Status::NO_PASSIVE, status::RESPONDER, status::NO_PASSIVE),
        (
            Status::of_request(Check::NameIdPolicy),
            status::REQUESTER,
            status::INVALID_NAME_ID_POLICY,
        ),
        (
            Status::of_request(Check::ProxyingForbidden),
            status::RESPONDER,
            status::PROXY_COUNT_EXCEEDED,
        ),
        (
            Status::REQUEST_DENIED,
            status::RESPONDER,
            status::REQUEST_DENIED,
        ),
    ] {
        let refusal = StatusToIssue {
            issuer: OUR_IDP,
            destination: PUBLISHER_ACS,
            in_response_to: Some("_publishers-request.1"),
            now: NOW,
            status: Status {
                message: Some("<not> today & \"tomorrow\""),
                ..wanted
            },
            include_certificate: false,
        };
        let mut xml = Vec::new();
        let id = write_status_response(&refusal, &*SIGNER, &mut Counter(3), &mut xml).unwrap();
        assert_canonical(&xml);
        let document = parse(&xml, &Limits::default()).unwrap();
        let verified = verify(document.root(), &*KEYS, &AlgorithmPolicy::default()).unwrap();
        assert_eq!(verified.attribute("ID"), Some(id.as_str()));
        let state = verified.first_child(ns::PROTOCOL, "Status").unwrap();
        let code = state.first_child(ns::PROTOCOL, "StatusCode").unwrap();
        assert_eq!(code.attribute("Value"), Some(top));
        assert_eq!(
            code.elements().next().unwrap().attribute("Value"),
            Some(second)
        );
        let message = state.first_child(ns::PROTOCOL, "StatusMessage").unwrap();
        assert_eq!(message.text().unwrap(), "<not> today & \"tomorrow\"");
        let seen = accept(&xml, &as_publisher(SignatureDemand::Response)).unwrap_err();
        assert_eq!(seen.detail(), &Detail::Uri(second.into()));
        assert_eq!(seen.check(), Check::StatusNotSuccess);
    }
}

#[test]
fn nothing_is_left_behind_by_an_error() {
    let mut out = b"before".to_vec();
    let mut wrong = assertion(&[]);
    wrong.in_response_to = Some("_x\" Recipient=\"https://evil.example");
    let response = ResponseToIssue {
        assertion: wrong,
        sign: SignWhat::Both,
        include_certificate: false,
    };
    let result = write_response(&response, &*SIGNER, None, &mut Counter(1), &mut out);
    assert_eq!(result, Err(IssueError::Id("InResponseTo")));

    let response = ResponseToIssue {
        assertion: assertion(&[]),
        ..response
    };
    let result = write_response(&response, &Broken, None, &mut Counter(1), &mut out);
    assert_eq!(result, Err(IssueError::Sign));

    let mut to_nobody = recipient();
    to_nobody.key = SIGNER.public_key().clone();
    let result = write_response(
        &response,
        &*SIGNER,
        Some(&to_nobody),
        &mut Counter(1),
        &mut out,
    );
    assert_eq!(result, Err(IssueError::Encrypt));
    assert_eq!(out, b"before");

    assert!(write_response(&response, &*SIGNER, None, &mut Counter(1), &mut out).is_ok());
    assert!(out.starts_with(b"before<samlp:Response "));
    assert_canonical(&out[6..]);
}

/// A token that has been pulled out.
#[derive(Debug)]
struct Broken;

impl Signer for Broken {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::EcdsaP256Sha256
    }
    fn certificate(&self) -> Option<&[u8]> {
        None
    }
    fn fingerprint(&self) -> &str {
        ""
    }
    fn sign(&self, _: &[u8], _: &mut Vec<u8>) -> Result<(), SignError> {
        Err(SignError::Failed)
    }
}
