//! Output injection (S10, L14): whatever a value holds, what is written is well-formed, canonical, and says that
//! value and nothing else; or nothing is written at all.

use crate::common::SIGNER;
use crate::issuing::{as_publisher, assertion, issue};
use octroi_saml::authn_request::{AuthnRequestToIssue, Comparison, write_request};
use octroi_saml::issue::{AttributeToIssue, IssueError, SignWhat};
use octroi_saml::response::{SignatureDemand, accept};
use octroi_saml::uri::{format, ns};
use octroi_xml::{Limits, parse};
use proptest::prelude::*;
use std::borrow::Cow;

const NASTY: &[&str] = &[
    "\"<>&'",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- x -->",
    "\r\n\t ",
    "\u{2028}\u{2029}\u{85}",
    "\u{202E}abc\u{202C}\u{FEFF}",
    "</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>",
    "&#60;&lt;&amp;amp;",
    "é𝒳😀",
    "",
    " ",
];

/// Attributes of one issued assertion, read back by the publisher.
fn round_trip(name: &str, values: &[Cow<'_, str>]) -> Result<Vec<String>, IssueError> {
    let attributes = [AttributeToIssue {
        name,
        name_format: format::ATTRIBUTE_BASIC,
        friendly_name: Some(name),
        values,
    }];
    let mut content = assertion(&attributes);
    content.session_index = Some(name);
    content.authn_context = name;
    let xml = issue(content, SignWhat::Both, false)?;
    let accepted = accept(&xml, &as_publisher(SignatureDemand::Both)).unwrap();
    let attribute = accepted.attributes.into_iter().next().unwrap();
    assert_eq!(attribute.name, name);
    assert_eq!(attribute.friendly_name.as_deref(), Some(name));
    assert_eq!(accepted.session_index.as_deref(), Some(name));
    assert_eq!(accepted.authn_context.as_deref(), Some(name));
    Ok(attribute.values)
}

#[test]
fn nasty_values_come_back_as_they_were() {
    let values: Vec<Cow<'_, str>> = NASTY.iter().map(|value| Cow::Borrowed(*value)).collect();
    for name in NASTY.iter().filter(|name| !name.is_empty()) {
        assert_eq!(round_trip(name, &values).unwrap(), NASTY);
    }
}

#[test]
fn what_xml_cannot_carry_is_refused() {
    for value in ["\0", "a\u{1}b", "\u{B}", "\u{1F}", "\u{FFFE}", "x\u{FFFF}"] {
        assert_eq!(
            round_trip("n", &[Cow::Borrowed(value)]),
            Err(IssueError::Character)
        );
        assert_eq!(round_trip(value, &[]), Err(IssueError::Character));
    }
}

#[test]
fn requests_escape_as_well() {
    for nasty in NASTY.iter().filter(|value| !value.is_empty()) {
        let request = AuthnRequestToIssue {
            id: "_r",
            issuer: nasty,
            destination: nasty,
            acs_url: nasty,
            now: crate::common::NOW,
            force_authn: true,
            is_passive: true,
            name_id_format: Some(nasty),
            authn_context: &[nasty],
            comparison: Comparison::Minimum,
            proxy_count: Some(0),
            requester_ids: &[nasty],
        };
        let mut xml = Vec::new();
        write_request(&request, Some(&*SIGNER), &mut xml).unwrap();
        let document = parse(&xml, &Limits::default()).unwrap();
        let root = document.root();
        assert_eq!(root.attribute("Destination"), Some(*nasty));
        assert_eq!(
            root.first_child(ns::ASSERTION, "Issuer")
                .unwrap()
                .text()
                .unwrap(),
            *nasty
        );
        let bad_id = AuthnRequestToIssue {
            id: nasty,
            ..request
        };
        if octroi_saml::check_id(nasty).is_err() {
            assert_eq!(
                write_request(&bad_id, None, &mut Vec::new()),
                Err(IssueError::Id("ID"))
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_round_trips_or_is_refused(name in "\\PC{1,20}", values in prop::collection::vec(any::<String>(), 0..4)) {
        let carried = |text: &str| {
            text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..))
        };
        let all = carried(&name) && values.iter().all(|value| carried(value));
        let given: Vec<Cow<'_, str>> = values.iter().map(|value| Cow::Borrowed(value.as_str())).collect();
        match round_trip(&name, &given) {
            Ok(read) => {
                prop_assert!(all);
                prop_assert_eq!(read, values);
            }
            Err(error) => {
                prop_assert_eq!(error, IssueError::Character);
                prop_assert!(!all);
            }
        }
    }
}
