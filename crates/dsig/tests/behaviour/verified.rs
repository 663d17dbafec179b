//! From verified content one gets to what was digested, and nowhere else (C4).

use octroi_dsig::{AlgorithmPolicy, SignatureAlgorithm, Verified, verify};
use octroi_xml::{Document, Element, Limits, parse};

use crate::common::{RESPONSE, RSA, sign, signed_assertion, signed_response};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

fn document(xml: &str) -> Document {
    parse(xml.as_bytes(), &Limits::default()).unwrap()
}

fn verified<'d>(element: Element<'d>) -> Verified<Element<'d>> {
    verify(element, RSA.keys(), &AlgorithmPolicy::default()).unwrap()
}

#[test]
fn the_enveloped_signature_is_not_among_the_children() {
    let document = document(&signed_assertion(
        &RSA.signer(SignatureAlgorithm::RsaSha256),
    ));
    let root = document.root();
    let assertion = verified(root);
    assert_eq!(assertion.elements().count(), root.elements().count() - 1);
    assert!(assertion.first_child(DS, "Signature").is_none());
    let signature = root.first_child(DS, "Signature").unwrap();
    assert!(assertion.covers(signature).is_none());
    assert!(
        assertion
            .covers(signature.first_child(DS, "SignedInfo").unwrap())
            .is_none()
    );
    let name_id = assertion
        .first_child(SAML, "Subject")
        .unwrap()
        .first_child(SAML, "NameID")
        .unwrap();
    assert_eq!(name_id.text(), Ok("ada@example.org"));
    assert_eq!(assertion.attribute("ID"), Some("_a1"));
    assert_eq!(assertion.info().key.as_str(), RSA.public.fingerprint());
    assert_eq!(name_id.info(), assertion.info());
    assert!(!assertion.info().legacy.any());
}

#[test]
fn a_response_covers_its_assertion_and_nothing_around_itself() {
    let inner = signed_response(&RSA.signer(SignatureAlgorithm::RsaSha256));
    let enveloped = document(&format!("<soap><extra></extra>{inner}</soap>"));
    let response = enveloped.element_by_id("_r1").unwrap();
    let assertion = enveloped.element_by_id("_a1").unwrap();
    let verified = verified(response);
    assert!(verified.covers(assertion).unwrap().is_element(assertion));
    assert!(
        verified
            .covers(response)
            .unwrap()
            .first_child(DS, "Signature")
            .is_none()
    );
    assert!(verified.covers(enveloped.root()).is_none(), "an ancestor");
    assert!(
        verified
            .covers(enveloped.root().elements().next().unwrap())
            .is_none(),
        "a sibling"
    );
    let other = document(&inner);
    assert!(
        verified
            .covers(other.element_by_id("_a1").unwrap())
            .is_none(),
        "another document"
    );
}

#[test]
fn an_inner_signature_is_content_of_the_outer_one() {
    let signer = RSA.signer(SignatureAlgorithm::RsaSha256);
    let both = RESPONSE.replace("{assertion}", &signed_assertion(&signer));
    let document = document(&sign(&both, "_r1", &signer));
    let response = verified(document.root());
    let own = verified(document.element_by_id("_a1").unwrap());
    let covered = response
        .covers(document.element_by_id("_a1").unwrap())
        .unwrap();
    assert!(own.first_child(DS, "Signature").is_none());
    assert!(
        covered.first_child(DS, "Signature").is_some(),
        "it was digested with the response"
    );
}
