//! Signatures seen from the message: every cause keeps its code, nothing unsigned is read, and no change of a
//! signed octet survives.

use crate::common::{KEYS, Message, PORTAL, SIGNER, edited, expectations};
use octroi_saml::issue::SignWhat;
use octroi_saml::portal_side::{PortalSignature, sign_document};
use octroi_saml::response::accept;
use octroi_saml::{Check, Detail};

const ENVELOPED: &str = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>";

/// The cause, and what is changed in a message whose Assertion is signed.
const CASES: &[(Check, &str, &str)] = &[
    (
        Check::SignatureShape,
        "<ds:SignedInfo>",
        "<ds:SignedInfo></ds:SignedInfo><ds:SignedInfo>",
    ),
    (
        Check::SignatureObject,
        "</ds:Signature>",
        "<ds:Object></ds:Object></ds:Signature>",
    ),
    (
        Check::SignatureCommentInside,
        "<ds:SignatureValue>",
        "<!----><ds:SignatureValue>",
    ),
    (
        Check::SignatureCommentInContent,
        "<saml:AttributeValue>B0",
        "<saml:AttributeValue><!---->B0",
    ),
    (
        Check::SignatureSignedInfoShape,
        "<ds:CanonicalizationMethod",
        "<ds:Other></ds:Other><ds:CanonicalizationMethod",
    ),
    (
        Check::SignatureC14nMethod,
        "xml-exc-c14n#",
        "xml-exc-c14n#WithComments",
    ),
    (
        Check::SignatureMethod,
        "2001/04/xmldsig-more#ecdsa-sha256",
        "2000/09/xmldsig#hmac-sha1",
    ),
    (
        Check::SignatureMethodParameters,
        "</ds:SignatureMethod>",
        "<ds:HMACOutputLength>8</ds:HMACOutputLength></ds:SignatureMethod>",
    ),
    (
        Check::SignatureReferenceCount,
        "</ds:SignedInfo>",
        "<ds:Reference URI=\"#x\"></ds:Reference></ds:SignedInfo>",
    ),
    (
        Check::SignatureReferenceShape,
        "<ds:Transforms>",
        "<ds:Other></ds:Other><ds:Transforms>",
    ),
    (
        Check::SignatureReferenceUri,
        "URI=\"#_assertion\"",
        "URI=\"\"",
    ),
    (
        Check::SignatureReferenceTarget,
        "URI=\"#_assertion\"",
        "URI=\"#_response\"",
    ),
    (
        Check::SignatureTransform,
        ENVELOPED,
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"></ds:Transform>",
    ),
    (
        Check::SignatureDigestMethod,
        "2001/04/xmlenc#sha256",
        "2000/09/xmldsig#sha1",
    ),
    (
        Check::SignatureDigestValue,
        "<ds:DigestValue>",
        "<ds:DigestValue>*",
    ),
    (
        Check::SignatureValue,
        "<ds:SignatureValue>",
        "<ds:SignatureValue>*",
    ),
    (Check::SignatureDigestMismatch, ">p-123<", ">p-124<"),
    (
        Check::SignatureNoMatchingKey,
        "xmldsig-more#ecdsa-sha256",
        "xmldsig-more#rsa-sha256",
    ),
    (
        Check::SignatureMissing,
        "http://www.w3.org/2000/09/xmldsig#\"",
        "urn:other#\"",
    ),
];

fn signed_assertion() -> String {
    let mut message = Message::new();
    message.sign = Some(SignWhat::Assertion);
    String::from_utf8(message.build()).unwrap()
}

#[test]
fn every_cause_keeps_its_code() {
    let good = signed_assertion();
    for (check, from, to) in CASES {
        let bad = edited(good.clone(), &[(from, to)]);
        let refusal = accept(bad.as_bytes(), &expectations()).unwrap_err();
        assert_eq!(refusal.check(), *check, "{refusal}");
    }
}

#[test]
fn places_and_numbers_of_signatures() {
    let good = signed_assertion();
    let start = good.find("<ds:Signature ").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &good[start..end];
    let without = good.replace(signature, "");
    let put = |before: &str| without.replacen(before, &format!("{signature}{before}"), 1);
    for (check, xml) in [
        (
            Check::SignatureSeveral,
            good.replace(signature, &signature.repeat(2)),
        ),
        (Check::SignatureMisplaced, put("<saml:Conditions")),
        (Check::SignatureMisplaced, put("<saml:SubjectConfirmation ")),
        (Check::SignatureMisplaced, put("<samlp:StatusCode")),
        (Check::SignatureMisplaced, put("<saml:Assertion")),
        // In the Response's place it must be the Response's.
        (Check::SignatureReferenceTarget, put("<samlp:Status>")),
    ] {
        let refusal = accept(xml.as_bytes(), &expectations()).unwrap_err();
        assert_eq!(refusal.check(), check, "{xml}");
    }
}

#[test]
fn both_signatures_must_hold() {
    let good = String::from_utf8(Message::new().build()).unwrap();
    assert!(accept(good.as_bytes(), &expectations()).is_ok());
    let last = good.rfind("<ds:SignatureValue>").unwrap() + "<ds:SignatureValue>".len();
    let mut inner_broken = good.clone();
    inner_broken.replace_range(
        last..last + 4,
        if &good[last..last + 4] == "AAAA" {
            "BBBB"
        } else {
            "AAAA"
        },
    );
    // Signed again outside, so that only the inner signature is wrong.
    let outer_start = inner_broken.find("<ds:Signature ").unwrap();
    let outer_end = inner_broken.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    inner_broken.replace_range(outer_start..outer_end, "");
    let signature = PortalSignature::new(&*SIGNER, SignWhat::Response);
    let resigned = sign_document(inner_broken.as_bytes(), &signature).unwrap();
    let refusal = accept(&resigned, &expectations()).unwrap_err();
    assert_eq!(refusal.check(), Check::SignatureInvalid);
    let Detail::Keys(keys) = refusal.detail() else {
        panic!("no keys")
    };
    assert_eq!(
        keys.fingerprints().next().unwrap().as_str(),
        KEYS[0].fingerprint()
    );
}

/// Metamorphic (S12): any one octet changed in what is signed refuses, or does not change what is read.
#[test]
fn no_changed_octet_changes_what_is_read() {
    let good = signed_assertion();
    let accepted = accept(good.as_bytes(), &expectations()).unwrap();
    let start = good.find("<saml:Assertion").unwrap();
    for position in (start..good.len()).step_by(3) {
        for replacement in [b'x', b'<', b'"', b' ', b'0'] {
            let mut changed = good.clone().into_bytes();
            if changed[position] == replacement {
                continue;
            }
            changed[position] = replacement;
            if let Ok(read) = accept(&changed, &expectations()) {
                assert_eq!(read, accepted, "octet {position} became {replacement}");
            }
        }
    }
}

/// Signature wrapping (W1): the signed assertion is moved to every place, a forged one put where it was.
#[test]
fn a_forged_assertion_is_never_read() {
    let good = signed_assertion();
    let start = good.find("<saml:Assertion").unwrap();
    let end = good.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    let signed = &good[start..end];
    let unsigned = {
        let from = signed.find("<ds:Signature ").unwrap();
        let to = signed.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        format!("{}{}", &signed[..from], &signed[to..])
    };
    let signature = {
        let from = signed.find("<ds:Signature ").unwrap();
        &signed[from..signed.find("</ds:Signature>").unwrap() + "</ds:Signature>".len()]
    };
    let mut tried = 0;
    for id in ["_assertion", "_forged"] {
        let forged = unsigned.replace("p-123", "admin").replace("_assertion", id);
        for carries_signature in [false, true] {
            let forged = if carries_signature {
                forged.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1)
            } else {
                forged.clone()
            };
            // Every place in the forged message where an element can be put.
            let base = good.replace(signed, &forged);
            for hidden in [signed, &unsigned] {
                for (place, _) in base.match_indices('<') {
                    let mut wrapped = base.clone();
                    wrapped.insert_str(place, hidden);
                    tried += 1;
                    if let Ok(read) = accept(wrapped.as_bytes(), &expectations()) {
                        assert_eq!(
                            read.values("GARPersonIdentifiant").collect::<Vec<_>>(),
                            ["p-123"]
                        );
                        assert_eq!(read.issuer, PORTAL);
                    }
                }
            }
        }
    }
    assert!(tried > 400, "{tried}");
}
