//! The oracle itself: it must say yes to what is right and no to what is wrong, or it proves nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]

use octroi_oracle::{
    C14n, Opinion, RawAlgorithm, Tree, TrustedKey, generate_key, openssl_signs, openssl_verifies,
    sign_with_xmlsec, verify_with_xmlsec,
};

const TEMPLATE: &str = r##"<r xmlns="urn:r"><a ID="_1">text<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="#_1"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue></ds:Signature></a></r>"##;

#[test]
fn xmlsec_signs_and_verifies_and_names_the_element() {
    let (private, public) = generate_key(RawAlgorithm::Rsa(256)).unwrap();
    let (_, other) = generate_key(RawAlgorithm::Rsa(256)).unwrap();
    let signed = sign_with_xmlsec(TEMPLATE.as_bytes(), &private, &["ID"]).unwrap();
    let ask = |xml: &[u8], key: &[u8], ids: &[&str]| {
        verify_with_xmlsec(xml, None, TrustedKey::KeyPem(key), ids)
    };
    assert_eq!(
        ask(&signed, &public, &["ID"]),
        Opinion::Valid {
            referenced: vec![Some(1)]
        }
    );
    assert_eq!(
        ask(&signed, &other, &["ID"]),
        Opinion::Invalid,
        "another key"
    );
    assert_eq!(
        ask(&signed, &public, &[]),
        Opinion::Invalid,
        "no ID attribute"
    );
    let changed = String::from_utf8(signed).unwrap().replace("text", "Text");
    assert_eq!(ask(changed.as_bytes(), &public, &["ID"]), Opinion::Invalid);
    let twice = changed
        .replace("Text", "text")
        .replace("</r>", "<b ID=\"_1\"/></r>");
    assert_eq!(ask(twice.as_bytes(), &public, &["ID"]), Opinion::Invalid);
}

#[test]
fn libxml2_canonicalizes_documents_and_subtrees() {
    let tree = Tree::parse(
        b"<!--x--><a xmlns:u='urn:unused' xmlns='urn:a' c='1' b='&#xD;'><b ID='_1'><!--c--><s/>t</b></a>",
    )
    .unwrap();
    let exclusive = |apex, comments, omit| {
        String::from_utf8(
            tree.canonicalize(apex, C14n::Exclusive, comments, &[], omit)
                .unwrap(),
        )
        .unwrap()
    };
    assert_eq!(
        exclusive(None, false, None),
        r#"<a xmlns="urn:a" b="&#xD;" c="1"><b ID="_1"><s></s>t</b></a>"#
    );
    assert_eq!(
        exclusive(Some(1), true, None),
        r#"<b xmlns="urn:a" ID="_1"><!--c--><s></s>t</b>"#
    );
    assert_eq!(
        exclusive(Some(1), false, Some(2)),
        r#"<b xmlns="urn:a" ID="_1">t</b>"#
    );
    let with_unused = tree
        .canonicalize(Some(2), C14n::Exclusive, false, &["u"], None)
        .unwrap();
    assert_eq!(
        with_unused,
        br#"<s xmlns="urn:a" xmlns:u="urn:unused"></s>"#
    );
}

#[test]
fn openssl_agrees_with_itself_and_with_nobody_else() {
    for algorithm in [
        RawAlgorithm::Rsa(256),
        RawAlgorithm::RsaPss(256),
        RawAlgorithm::RsaPss(512),
        RawAlgorithm::Ecdsa(256, 32),
        RawAlgorithm::Ecdsa(384, 48),
        RawAlgorithm::Ed25519,
    ] {
        let (private, public) = generate_key(algorithm).unwrap();
        let spki = openssl::pkey::PKey::public_key_from_pem(&public)
            .unwrap()
            .public_key_to_der()
            .unwrap();
        let mut signature = openssl_signs(algorithm, &private, b"message").unwrap();
        assert!(openssl_verifies(algorithm, &spki, b"message", &signature));
        assert!(!openssl_verifies(algorithm, &spki, b"Message", &signature));
        signature[7] ^= 1;
        assert!(!openssl_verifies(algorithm, &spki, b"message", &signature));
    }
}
