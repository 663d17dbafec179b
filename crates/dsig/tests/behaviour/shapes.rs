//! Each way to bend a signature has its own refusal (W1–W11 of docs/THREATS.md). Where the bent part is inside SignedInfo it is signed
//! as bent, by the trusted key: the shape refuses, not a broken value.

use octroi_dsig::{AlgorithmPolicy, PublicKey, SignatureAlgorithm, SignatureError, Signer, verify};
use octroi_xml::{Limits, parse};

use crate::common::{
    ASSERTION, Forge, METADATA, RESPONSE, RSA, sign, signed_assertion, signed_response,
};

pub(crate) type Edit<'a> = &'a dyn Fn(String) -> String;

pub(crate) const STRICT: AlgorithmPolicy = AlgorithmPolicy {
    sha1: false,
    small_rsa: false,
    cbc: false,
    inclusive_c14n: false,
};

pub(crate) fn same(text: String) -> String {
    text
}

pub(crate) fn keys() -> Vec<PublicKey> {
    vec![RSA.public.clone()]
}

/// Verifies the root.
pub(crate) fn check_with(
    xml: &str,
    keys: &[PublicKey],
    policy: &AlgorithmPolicy,
) -> Result<(), SignatureError> {
    let document = parse(xml.as_bytes(), &Limits::default()).unwrap();
    verify(document.root(), keys, policy).map(|_| ())
}

pub(crate) fn check(xml: &str) -> Result<(), SignatureError> {
    check_with(xml, &keys(), &STRICT)
}

pub(crate) fn signer() -> impl Signer {
    RSA.signer(SignatureAlgorithm::RsaSha256)
}

pub(crate) fn forged(
    template: &str,
    signed_info: Edit<'_>,
    signature: Edit<'_>,
) -> Result<(), SignatureError> {
    let signer = signer();
    let id = if template.contains("_m1") {
        "_m1"
    } else {
        "_a1"
    };
    check(&Forge::new(&signer, id).sign(template, signed_info, signature))
}

/// Alters SignedInfo before it is signed.
pub(crate) fn bent(from: &str, to: &str) -> Result<(), SignatureError> {
    forged(ASSERTION, &|text| replaced(&text, from, to), &same)
}

/// Alters the Signature after it was made, outside SignedInfo.
pub(crate) fn altered(from: &str, to: &str) -> Result<(), SignatureError> {
    forged(ASSERTION, &same, &|text| replaced(&text, from, to))
}

pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1)
}

#[test]
fn the_unbent_forms_hold() {
    assert_eq!(forged(ASSERTION, &same, &same), Ok(()));
    assert_eq!(check(&signed_assertion(&signer())), Ok(()));
    assert_eq!(check(&signed_response(&signer())), Ok(()));
    assert_eq!(check(&sign(METADATA, "_m1", &signer())), Ok(()));
}

#[test]
fn w1_the_reference_names_another_element() {
    // The signed assertion is hidden, a forged one stands in its place and carries the signature (XSW).
    let original = ASSERTION.replace("{signature}", "");
    let forged_one = ASSERTION
        .replace("_a1", "_evil")
        .replace("ada@example.org", "admin@example.org")
        .replace(
            "<saml:AttributeStatement>",
            &format!("<saml:Advice>{original}</saml:Advice><saml:AttributeStatement>"),
        );
    let signature = {
        let text = signed_assertion(&signer());
        let start = text.find("<ds:Signature ").unwrap();
        let end = text.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
        text[start..end].to_owned()
    };
    let moved = forged_one.replace("{signature}", &signature);
    assert_eq!(check(&moved), Err(SignatureError::ReferenceTarget));
}

#[test]
fn w2_the_signed_element_inside_the_signature() {
    assert_eq!(
        altered("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>"),
        Err(SignatureError::Object)
    );
    assert_eq!(
        altered("<ds:SignedInfo", "<ds:Object></ds:Object><ds:SignedInfo"),
        Err(SignatureError::Object)
    );
}

#[test]
fn w2_the_signature_elsewhere() {
    let late = ASSERTION
        .replace("{signature}", "")
        .replace("</saml:Assertion>", "{signature}</saml:Assertion>");
    assert_eq!(
        check(&sign(&late, "_a1", &signer())),
        Err(SignatureError::Misplaced)
    );
    let early = ASSERTION
        .replace("{signature}", "")
        .replace("<saml:Issuer>", "{signature}<saml:Issuer>");
    assert_eq!(
        check(&sign(&early, "_a1", &signer())),
        Err(SignatureError::Misplaced)
    );
    let deep = ASSERTION
        .replace("{signature}", "")
        .replace("<saml:NameID>", "{signature}<saml:NameID>");
    assert_eq!(
        check(&sign(&deep, "_a1", &signer())),
        Err(SignatureError::Missing)
    );
    let metadata = METADATA
        .replace("{signature}", "")
        .replace("</md:Ent", "{signature}</md:Ent");
    assert_eq!(
        check(&sign(&metadata, "_m1", &signer())),
        Err(SignatureError::Misplaced)
    );
    // In a message without Issuer it comes first, in no other place.
    let issuer = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://idp.example</saml:Issuer>";
    let plain = RESPONSE.replace("{assertion}", "").replace(issuer, "");
    assert_eq!(check(&sign(&plain, "_r1", &signer())), Ok(()));
    let late = plain
        .replace("{signature}", "")
        .replace("</samlp:Response>", "{signature}</samlp:Response>");
    assert_eq!(
        check(&sign(&late, "_r1", &signer())),
        Err(SignatureError::Misplaced)
    );
    // Nothing else than SAML is signed.
    assert_eq!(
        check(&sign("<x ID=\"_a1\">{signature}</x>", "_a1", &signer())),
        Err(SignatureError::Misplaced)
    );
}

#[test]
fn w3_the_id() {
    for (with, error) in [
        ("Id=\"_a1\"", SignatureError::IdMissing),
        ("ID=\"\"", SignatureError::IdMissing),
        ("xml:id=\"_a1\"", SignatureError::IdMissing),
        ("xmlns:x=\"urn:x\" x:ID=\"_a1\"", SignatureError::IdMissing),
    ] {
        let template = ASSERTION.replace("ID=\"_a1\"", with);
        assert_eq!(
            check(&sign(&template, "_a1", &signer())),
            Err(error),
            "{with}"
        );
    }
    let twice = ASSERTION.replace("<saml:Subject>", "<saml:Subject ID=\"_a1\">");
    assert!(
        parse(
            sign(&twice, "_a1", &signer()).as_bytes(),
            &Limits::default()
        )
        .is_err()
    );
}

#[test]
fn w4_other_namespaces() {
    assert_eq!(
        altered(
            "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"",
            "xmlns:ds=\"urn:x\""
        ),
        Err(SignatureError::Missing)
    );
    let foreign = "<saml:SignatureValue xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">";
    let close = |text: String| {
        replaced(
            &replaced(&text, "<ds:SignatureValue>", foreign),
            "</ds:SignatureValue>",
            "</saml:SignatureValue>",
        )
    };
    assert_eq!(forged(ASSERTION, &same, &close), Err(SignatureError::Shape));
    assert_eq!(
        bent("<ds:Transforms>", "<x></x><ds:Transforms>"),
        Err(SignatureError::ReferenceShape)
    );
}

#[test]
fn w6_canonicalisation_fails_loudly() {
    let template = ASSERTION.replace(
        "<saml:Subject>",
        "<saml:Subject xmlns:r=\"relative\" r:a=\"1\">",
    );
    assert_eq!(
        check(&sign(&template, "_a1", &signer())),
        Err(SignatureError::Canonicalization)
    );
}

#[test]
fn w7_cardinalities_and_text() {
    let twice = |name: &'static str| {
        move |text: String| {
            let (open, close) = (format!("<ds:{name}"), format!("</ds:{name}>"));
            let (start, end) = (
                text.find(&open).unwrap(),
                text.find(&close).unwrap() + close.len(),
            );
            let element = text[start..end].to_owned();
            text.replacen(&element, &format!("{element}{element}"), 1)
        }
    };
    assert_eq!(
        forged(ASSERTION, &same, &twice("SignedInfo")),
        Err(SignatureError::Shape)
    );
    assert_eq!(
        forged(ASSERTION, &same, &twice("SignatureValue")),
        Err(SignatureError::Shape)
    );
    assert_eq!(
        forged(ASSERTION, &same, &twice("Signature")),
        Err(SignatureError::Several)
    );
    assert_eq!(
        forged(ASSERTION, &twice("CanonicalizationMethod"), &same),
        Err(SignatureError::SignedInfoShape)
    );
    assert_eq!(
        forged(ASSERTION, &twice("SignatureMethod"), &same),
        Err(SignatureError::SignedInfoShape)
    );
    assert_eq!(
        forged(ASSERTION, &twice("DigestMethod"), &same),
        Err(SignatureError::ReferenceShape)
    );
    assert_eq!(
        forged(ASSERTION, &twice("DigestValue"), &same),
        Err(SignatureError::ReferenceShape)
    );
    assert_eq!(
        altered(
            "</ds:Signature>",
            "<ds:KeyInfo></ds:KeyInfo><ds:KeyInfo></ds:KeyInfo></ds:Signature>"
        ),
        Err(SignatureError::Shape)
    );
    assert_eq!(
        altered("<ds:SignedInfo", "<ds:KeyInfo></ds:KeyInfo><ds:SignedInfo"),
        Err(SignatureError::Shape)
    );
    assert_eq!(
        altered("</ds:Signature>", "text</ds:Signature>"),
        Err(SignatureError::Shape)
    );

    assert_eq!(
        altered("<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"),
        Err(SignatureError::CommentInSignature)
    );
    assert_eq!(
        altered("<ds:DigestValue>", "<ds:DigestValue><!-- -->"),
        Err(SignatureError::CommentInSignature)
    );
    assert_eq!(
        bent("<ds:DigestValue>", "<ds:DigestValue>*"),
        Err(SignatureError::DigestValue)
    );
    assert_eq!(
        bent("<ds:DigestValue>", "<ds:DigestValue>AAAA"),
        Err(SignatureError::DigestValue)
    );
    assert_eq!(
        bent("<ds:DigestValue>", "<ds:DigestValue><x></x>"),
        Err(SignatureError::DigestValue)
    );
    assert_eq!(
        altered("<ds:SignatureValue>", "<ds:SignatureValue>*"),
        Err(SignatureError::SignatureValue)
    );
    assert_eq!(
        altered("</ds:SignatureValue>", "<x></x></ds:SignatureValue>"),
        Err(SignatureError::SignatureValue)
    );
    let emptied = |text: String| {
        let start = text.find("<ds:SignatureValue>").unwrap() + 19;
        let end = text.find("</ds:SignatureValue>").unwrap();
        format!("{}{}", &text[..start], &text[end..])
    };
    assert_eq!(
        forged(ASSERTION, &same, &emptied),
        Err(SignatureError::SignatureValue)
    );
}

#[test]
fn w9_references() {
    let uri = "URI=\"#_a1\"";
    for bad in [
        "URI=\"\"",
        "URI=\"#\"",
        "",
        "URI=\"https://x.example/#_a1\"",
        "URI=\"_a1\"",
        "URI=\"#xpointer(/)\"",
        "URI=\"#xpointer(id('_a1'))\"",
        "URI=\"#_a1#\"",
    ] {
        assert_eq!(bent(uri, bad), Err(SignatureError::ReferenceUri), "{bad}");
    }
    assert_eq!(
        bent(uri, "URI=\"#_other\""),
        Err(SignatureError::ReferenceTarget)
    );
    assert_eq!(
        bent(uri, "URI=\"#_A1\""),
        Err(SignatureError::ReferenceTarget)
    );
    let twice = |text: String| {
        let start = text.find("<ds:Reference").unwrap();
        let end = text.find("</ds:SignedInfo>").unwrap();
        let reference = text[start..end].to_owned();
        text.replacen(&reference, &reference.repeat(2), 1)
    };
    assert_eq!(
        forged(ASSERTION, &twice, &same),
        Err(SignatureError::ReferenceCount)
    );
    let none = |text: String| {
        let start = text.find("<ds:Reference").unwrap();
        let end = text.find("</ds:SignedInfo>").unwrap();
        format!("{}{}", &text[..start], &text[end..])
    };
    assert_eq!(
        forged(ASSERTION, &none, &same),
        Err(SignatureError::ReferenceCount)
    );
}

#[test]
fn w9_transforms() {
    let enveloped = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>";
    let exclusive =
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>";
    let both = format!("{enveloped}{exclusive}");
    let other = |uri: &str| format!("{enveloped}<ds:Transform Algorithm=\"{uri}\"></ds:Transform>");
    for bad in [
        String::new(),
        enveloped.to_owned(),
        exclusive.to_owned(),
        format!("{exclusive}{enveloped}"),
        format!("{enveloped}{enveloped}{exclusive}"),
        format!("{enveloped}{exclusive}{exclusive}"),
        other("http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
        other("http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        other("http://www.w3.org/2006/12/xml-c14n11"),
        other("http://www.w3.org/TR/1999/REC-xslt-19991116"),
        other("http://www.w3.org/TR/1999/REC-xpath-19991116"),
        other("http://www.w3.org/2002/06/xmldsig-filter2"),
        other("http://www.w3.org/2000/09/xmldsig#base64"),
        other(""),
        format!(
            "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"><x></x></ds:Transform>{exclusive}"
        ),
    ] {
        assert_eq!(bent(&both, &bad), Err(SignatureError::Transform), "{bad}");
    }
    assert_eq!(
        bent(&format!("<ds:Transforms>{both}</ds:Transforms>"), ""),
        Err(SignatureError::ReferenceShape)
    );
}

#[test]
fn w10_w11_a_signature_that_covers_an_ancestor_or_a_child() {
    // The inner assertion carries a signature over the Response around it, and the other way round.
    let signer = signer();
    let inner = RESPONSE
        .replace("{signature}", "")
        .replace("{assertion}", ASSERTION);
    let ancestor = Forge::new(&signer, "_r1").sign(&inner, same, same);
    let document = parse(ancestor.as_bytes(), &Limits::default()).unwrap();
    let assertion = document.element_by_id("_a1").unwrap();
    assert_eq!(
        verify(assertion, &keys(), &STRICT).map(|_| ()),
        Err(SignatureError::ReferenceTarget)
    );
    assert_eq!(
        verify(document.root(), &keys(), &STRICT).map(|_| ()),
        Err(SignatureError::Missing)
    );
    let outer = RESPONSE.replace("{assertion}", &ASSERTION.replace("{signature}", ""));
    assert_eq!(
        check(&Forge::new(&signer, "_a1").sign(&outer, same, same)),
        Err(SignatureError::ReferenceTarget)
    );
}

#[test]
fn t1_comments_inside_signed_messages() {
    let template =
        signed_assertion(&signer()).replace("ada@example.org", "ada@example.org<!---->.evil");
    assert_eq!(check(&template), Err(SignatureError::CommentInContent));
    // Between the elements of metadata they are common and harmless.
    let metadata = sign(METADATA, "_m1", &signer()).replace(
        "<md:IDPSSODescriptor>",
        "<!-- an aggregate --><md:IDPSSODescriptor>",
    );
    assert_eq!(check(&metadata), Ok(()));
}
