//! Signatures, octroi's and xmlsec1's opinions held against each other:
//! * what octroi signs, xmlsec1 (or OpenSSL, where xmlsec1 1.2.37 lacks the algorithm) verifies, over the same element;
//! * what xmlsec1 signs, octroi verifies;
//! * whatever octroi accepts after random damage, xmlsec1 accepts, and both mean the same element. Left out is what
//!   libxml2 does not canonicalize at all: it walks the whole document, and fails on a namespace URI with characters that
//!   URIs do not have, also outside what is signed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;

use octroi_dsig::{AlgorithmPolicy, DS, PublicKey, SignatureAlgorithm, SoftwareSigner, verify};
use octroi_oracle::{
    C14n, ElementIndex, Opinion, RawAlgorithm, Tree, TrustedKey, generate_key, openssl_verifies,
    sign_with_xmlsec, verify_with_xmlsec,
};
use octroi_saml::issue::{
    AssertionToIssue, AttributeToIssue, NameIdToIssue, ResponseToIssue, SignWhat, write_response,
};
use octroi_saml::{Random, Time, uri};
use octroi_xml::c14n::{Algorithm, canonicalize};
use octroi_xml::{Document, Element, Limits, parse};
use proptest::prelude::*;

struct Pair {
    signer: SoftwareSigner,
    private_pem: Vec<u8>,
    public_pem: Vec<u8>,
}

fn pair(raw: RawAlgorithm, algorithm: SignatureAlgorithm) -> Pair {
    let (private_pem, public_pem) = generate_key(raw).unwrap();
    let text = std::str::from_utf8(&private_pem).unwrap();
    Pair {
        signer: SoftwareSigner::from_pkcs8_pem(text, None, Some(algorithm)).unwrap(),
        private_pem,
        public_pem,
    }
}

/// Algorithms of which xmlsec1 has an opinion.
fn for_xmlsec() -> &'static [Pair] {
    static PAIRS: OnceLock<Vec<Pair>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        use SignatureAlgorithm as A;
        vec![
            pair(RawAlgorithm::Rsa(256), A::RsaSha256),
            pair(RawAlgorithm::Rsa(384), A::RsaSha384),
            pair(RawAlgorithm::Rsa(512), A::RsaSha512),
            pair(RawAlgorithm::Ecdsa(256, 32), A::EcdsaP256Sha256),
            pair(RawAlgorithm::Ecdsa(384, 48), A::EcdsaP384Sha384),
        ]
    })
}

/// Algorithms of which OpenSSL has.
fn for_openssl() -> &'static [(RawAlgorithm, Pair)] {
    static PAIRS: OnceLock<Vec<(RawAlgorithm, Pair)>> = OnceLock::new();
    PAIRS.get_or_init(|| {
        use SignatureAlgorithm as A;
        [
            (RawAlgorithm::RsaPss(256), A::RsaPssSha256),
            (RawAlgorithm::RsaPss(384), A::RsaPssSha384),
            (RawAlgorithm::RsaPss(512), A::RsaPssSha512),
            (RawAlgorithm::Ed25519, A::Ed25519),
        ]
        .map(|(raw, algorithm)| (raw, pair(raw, algorithm)))
        .into()
    })
}

struct Counter(u8);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        self.0 += 1;
        out.fill(self.0);
    }
}

/// A Response that octroi writes and signs about somebody with this name and these values.
fn issued(sign: SignWhat, name: &str, values: &[String], signer: &SoftwareSigner) -> String {
    let now = Time::from_unix_seconds(1_795_442_400);
    let values: Vec<Cow<'_, str>> = values.iter().map(|v| Cow::Borrowed(v.as_str())).collect();
    let attributes = [AttributeToIssue {
        name: "profil",
        name_format: uri::format::ATTRIBUTE_BASIC,
        friendly_name: None,
        values: &values,
    }];
    let assertion = AssertionToIssue {
        issuer: "https://octroi.example/idp/metadata",
        audience: "https://publisher.example/metadata",
        recipient: "https://publisher.example/acs",
        in_response_to: None,
        now,
        not_before: now,
        not_on_or_after: now.plus(Duration::from_secs(300)),
        proxy_count: Some(1),
        name_id: NameIdToIssue {
            value: name,
            format: uri::format::TRANSIENT,
            name_qualifier: None,
            sp_name_qualifier: None,
        },
        session_index: None,
        session_not_on_or_after: None,
        authn_instant: now,
        authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        authenticating_authorities: &["https://portal.example/metadata"],
        attributes: &attributes,
    };
    let response = ResponseToIssue {
        assertion,
        sign,
        include_certificate: false,
    };
    let mut out = Vec::new();
    write_response(&response, signer, None, &mut Counter(0), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn elements(document: &Document) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let mut stack = vec![document.root()];
    while let Some(element) = stack.pop() {
        found.push(element);
        let children: Vec<_> = element.elements().collect();
        stack.extend(children.into_iter().rev());
    }
    found
}

/// The Signatures of a document and their parents, by position.
fn signatures(elements: &[Element<'_>]) -> Vec<(ElementIndex, ElementIndex)> {
    let position = |element| elements.iter().position(|other| *other == element);
    (0..elements.len())
        .filter(|index| elements[*index].is(DS, "Signature"))
        .filter_map(|index| Some((index, position(elements[index].parent()?)?)))
        .collect()
}

/// Asks xmlsec1 about the Signature at `signature`. Of the other Signatures' elements the IDs stay known.
fn xmlsec(xml: &str, signature: ElementIndex, pair: &Pair) -> Opinion {
    let key = TrustedKey::KeyPem(&pair.public_pem);
    verify_with_xmlsec(xml.as_bytes(), Some(signature), key, &["ID"])
}

fn keys(pair: &Pair) -> [PublicKey; 1] {
    [pair.signer.public_key().clone()]
}

/// Text that XML can carry, with everything that escaping and canonicalization are about.
fn value() -> impl Strategy<Value = String> {
    "[ -~é😀\u{a0}\u{2028}\t\n\r]{0,40}"
}

fn sign_what() -> impl Strategy<Value = SignWhat> {
    prop_oneof![
        Just(SignWhat::Assertion),
        Just(SignWhat::Response),
        Just(SignWhat::Both)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_octroi_signs_xmlsec_verifies(
        which in 0..5_usize,
        sign in sign_what(),
        name in "[a-z<&>\"'é]{1,20}",
        values in proptest::collection::vec(value(), 1..3),
    ) {
        let pair = &for_xmlsec()[which];
        let xml = issued(sign, &name, &values, &pair.signer);
        let document = parse(xml.as_bytes(), &Limits::default()).unwrap();
        let elements = elements(&document);
        let signatures = signatures(&elements);
        prop_assert_eq!(signatures.len(), 1 + usize::from(sign == SignWhat::Both));
        for (signature, parent) in signatures {
            prop_assert_eq!(
                xmlsec(&xml, signature, pair),
                Opinion::Valid { referenced: vec![Some(parent)] },
                "{}", xml
            );
            prop_assert!(verify(elements[parent], &keys(pair), &AlgorithmPolicy::default()).is_ok());
        }
    }

    #[test]
    fn what_octroi_signs_otherwise_openssl_verifies(which in 0..4_usize, name in "[a-z]{1,20}") {
        let (raw, pair) = &for_openssl()[which];
        let xml = issued(SignWhat::Assertion, &name, &["v".into()], &pair.signer);
        let document = parse(xml.as_bytes(), &Limits::default()).unwrap();
        let elements = elements(&document);
        let info = elements.iter().find(|element| element.is(DS, "SignedInfo")).unwrap();
        let value = elements.iter().find(|element| element.is(DS, "SignatureValue")).unwrap();
        let signature = octroi_dsig::base64::decode(value.text().unwrap(), 1024).unwrap();
        let mut message = Vec::new();
        canonicalize(*info, Algorithm::Exclusive, &[], None, &mut message).unwrap();
        let spki = pair.signer.public_key().spki_der();
        prop_assert!(openssl_verifies(*raw, spki, &message, &signature));
    }

    /// Damage to a signed message: characters cut, doubled and moved. Whatever octroi still takes for signed, xmlsec1 does.
    #[test]
    fn what_octroi_accepts_xmlsec_accepts_of_the_same_element(
        which in 0..5_usize,
        sign in sign_what(),
        steps in proptest::collection::vec((any::<usize>(), any::<usize>(), 0..30_usize, any::<bool>()), 0..3),
    ) {
        let pair = &for_xmlsec()[which];
        let xml = issued(sign, "alice", &["a b".into()], &pair.signer);
        let mut characters: Vec<char> = xml.chars().collect();
        for (from, to, length, cut) in steps {
            let from = from % characters.len();
            let end = (from + length).min(characters.len());
            let piece: Vec<char> = characters[from..end].to_vec();
            if cut {
                characters.drain(from..end);
            }
            let at = to % (characters.len() + 1);
            characters.splice(at..at, piece);
        }
        let xml: String = characters.into_iter().collect();
        same_opinion(&xml, pair)?;
    }
}

/// The property itself.
fn same_opinion(xml: &str, pair: &Pair) -> Result<(), TestCaseError> {
    let Ok(document) = parse(xml.as_bytes(), &Limits::default()) else {
        return Ok(());
    };
    let canonical = Tree::parse(xml.as_bytes())
        .and_then(|tree| tree.canonicalize(None, C14n::Inclusive, false, &[], None));
    if canonical.is_none() {
        return Ok(());
    }
    let elements = elements(&document);
    for (signature, parent) in signatures(&elements) {
        if verify(elements[parent], &keys(pair), &AlgorithmPolicy::default()).is_ok() {
            prop_assert_eq!(
                xmlsec(xml, signature, pair),
                Opinion::Valid {
                    referenced: vec![Some(parent)]
                },
                "{}",
                xml
            );
        }
    }
    Ok(())
}

#[test]
fn what_xmlsec_signs_octroi_verifies() {
    for pair in for_xmlsec() {
        let method = octroi_dsig::Signer::algorithm(&pair.signer).uri();
        for (inner, prefixes) in [
            ("<a x='1'>t&#13;</a>", ""),
            (
                "<b:a xmlns:b='urn:b' b:x='&quot;é'><![CDATA[<]]></b:a>",
                "b #default",
            ),
            ("<q v='xs:string'/>", "xs"),
        ] {
            let list = if prefixes.is_empty() {
                String::new()
            } else {
                format!(
                    "<e:InclusiveNamespaces xmlns:e='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='{prefixes}'/>"
                )
            };
            let template = format!(
                "<r xmlns='urn:oasis:names:tc:SAML:2.0:protocol' xmlns:xs='http://www.w3.org/2001/XMLSchema' ID='_1'>\
                 <ds:Signature xmlns:ds='{DS}'><ds:SignedInfo>\
                 <ds:CanonicalizationMethod Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'/>\
                 <ds:SignatureMethod Algorithm='{method}'/><ds:Reference URI='#_1'><ds:Transforms>\
                 <ds:Transform Algorithm='{DS}enveloped-signature'/>\
                 <ds:Transform Algorithm='http://www.w3.org/2001/10/xml-exc-c14n#'>{list}</ds:Transform>\
                 </ds:Transforms><ds:DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>\
                 <ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>{inner}</r>"
            );
            let signed = sign_with_xmlsec(template.as_bytes(), &pair.private_pem, &["ID"]).unwrap();
            let document = parse(&signed, &Limits::default()).unwrap();
            let verified = verify(document.root(), &keys(pair), &AlgorithmPolicy::default());
            assert!(verified.is_ok(), "{method}, {inner}: {verified:?}");
        }
    }
}
