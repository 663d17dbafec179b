//! Each way to bend a signature has its own refusal (security.md W1–W11, K1–K5). Where the bent part is inside SignedInfo it is signed
//! as bent, by the trusted key: the shape refuses, not a broken value.

use octroi_dsig::{AlgorithmPolicy, PublicKey, SignatureAlgorithm, SignatureError, Signer, verify};
use octroi_xml::{Limits, parse};

use crate::common::{
    ASSERTION, Forge, METADATA, OTHER_RSA, P256, RESPONSE, RSA, sign, signed_assertion,
    signed_response,
};

type Edit<'a> = &'a dyn Fn(String) -> String;

const STRICT: AlgorithmPolicy = AlgorithmPolicy {
    sha1: false,
    small_rsa: false,
    cbc: false,
    inclusive_c14n: false,
};

fn same(text: String) -> String {
    text
}

fn keys() -> Vec<PublicKey> {
    vec![RSA.public.clone()]
}

/// Verifies the root.
fn check_with(
    xml: &str,
    keys: &[PublicKey],
    policy: &AlgorithmPolicy,
) -> Result<(), SignatureError> {
    let document = parse(xml.as_bytes(), &Limits::default()).unwrap();
    verify(document.root(), keys, policy).map(|_| ())
}

fn check(xml: &str) -> Result<(), SignatureError> {
    check_with(xml, &keys(), &STRICT)
}

fn signer() -> impl Signer {
    RSA.signer(SignatureAlgorithm::RsaSha256)
}

fn forged(
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
fn bent(from: &str, to: &str) -> Result<(), SignatureError> {
    forged(ASSERTION, &|text| replaced(&text, from, to), &same)
}

/// Alters the Signature after it was made, outside SignedInfo.
fn altered(from: &str, to: &str) -> Result<(), SignatureError> {
    forged(ASSERTION, &same, &|text| replaced(&text, from, to))
}

fn replaced(text: &str, from: &str, to: &str) -> String {
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
fn prefix_lists_are_bounded_and_well_formed() {
    let list = |inner: &str| {
        let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">";
        bent(exclusive, &format!("{exclusive}{inner}"))
    };
    let namespaces = |prefixes: &str| {
        format!(
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{prefixes}\"></ec:InclusiveNamespaces>"
        )
    };
    assert_eq!(list(&namespaces("xs saml #default")), Ok(()));
    assert_eq!(list(&namespaces("")), Ok(()));
    assert_eq!(
        list(&namespaces(&"p ".repeat(33))),
        Err(SignatureError::PrefixList)
    );
    assert_eq!(
        list(&namespaces(&"p".repeat(1025))),
        Err(SignatureError::PrefixList)
    );
    assert_eq!(
        list(&namespaces("a").repeat(2)),
        Err(SignatureError::PrefixList)
    );
    assert_eq!(list("<x></x>"), Err(SignatureError::PrefixList));
    assert_eq!(list("text"), Err(SignatureError::PrefixList));
    assert_eq!(
        list(
            "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ec:InclusiveNamespaces>"
        ),
        Err(SignatureError::PrefixList)
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

#[test]
fn k1_key_info_is_not_looked_at() {
    let attacker = OTHER_RSA.signer(SignatureAlgorithm::RsaSha256);
    let spki = octroi_dsig::base64::encode_to_string(OTHER_RSA.public.spki_der());
    for key_info in [
        "",
        "<ds:KeyInfo><ds:KeyName>trusted</ds:KeyName></ds:KeyInfo>",
        &format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{spki}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        ),
    ] {
        let with = |text: String| {
            replaced(
                &text,
                "</ds:Signature>",
                &format!("{key_info}</ds:Signature>"),
            )
        };
        let text = Forge::new(&attacker, "_a1").sign(ASSERTION, same, with);
        let Err(SignatureError::Invalid { tried }) = check(&text) else {
            panic!("accepted")
        };
        assert_eq!(tried.count(), 1);
        assert_eq!(
            tried.fingerprints().next().unwrap().as_str(),
            RSA.public.fingerprint()
        );
        // Whatever it says, a trusted key's signature holds.
        assert_eq!(forged(ASSERTION, &same, &with), Ok(()));
    }
}

#[test]
fn k2_unsigned_or_without_keys() {
    assert_eq!(
        check(&ASSERTION.replace("{signature}", "")),
        Err(SignatureError::Missing)
    );
    assert_eq!(
        check_with(&signed_assertion(&signer()), &[], &STRICT),
        Err(SignatureError::NoKey)
    );
}

#[test]
fn k3_the_key_decides_its_kind() {
    assert_eq!(
        check_with(&signed_assertion(&signer()), P256.keys(), &STRICT),
        Err(SignatureError::NoMatchingKey)
    );
    let length = "</ds:SignatureMethod>";
    assert_eq!(
        bent(
            length,
            &format!("<ds:HMACOutputLength>1</ds:HMACOutputLength>{length}")
        ),
        Err(SignatureError::SignatureParameters)
    );
}

#[test]
fn k4_methods_that_are_not_on_the_list() {
    let method = SignatureAlgorithm::RsaSha256.uri();
    for bad in [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
        "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256",
        "",
    ] {
        assert_eq!(
            bent(method, bad),
            Err(SignatureError::SignatureMethod),
            "{bad}"
        );
    }
    let digest = "http://www.w3.org/2001/04/xmlenc#sha256";
    for bad in [
        "http://www.w3.org/2000/09/xmldsig#sha1",
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "",
    ] {
        assert_eq!(
            bent(digest, bad),
            Err(SignatureError::DigestMethod),
            "{bad}"
        );
    }
    let c14n = "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"";
    for bad in [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "",
    ] {
        assert_eq!(
            bent(c14n, &format!("CanonicalizationMethod Algorithm=\"{bad}\"")),
            Err(SignatureError::CanonicalizationMethod),
            "{bad}"
        );
    }
}

#[test]
fn k5_parameters_of_generic_pss() {
    let pss = RSA.signer(SignatureAlgorithm::RsaPssSha256);
    let mut forge = Forge::new(&pss, "_a1");
    forge.method = Some("http://www.w3.org/2007/05/xmldsig-more#rsa-pss");
    let with = |parameters: &str| {
        let end = "</ds:SignatureMethod>";
        check(&forge.sign(
            ASSERTION,
            |text| replaced(&text, end, &format!("{parameters}{end}")),
            same,
        ))
    };
    let params = |inner: &str| {
        with(&format!(
            "<p:RSAPSSParams xmlns:p=\"http://www.w3.org/2007/05/xmldsig-more#\">{inner}</p:RSAPSSParams>"
        ))
    };
    let sha = |bits: &str| {
        format!(
            "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha{bits}\"></ds:DigestMethod>"
        )
    };
    let mgf = |inner: &str| {
        format!(
            "<p:MaskGenerationFunction Algorithm=\"http://www.w3.org/2007/05/xmldsig-more#MGF1\">{inner}</p:MaskGenerationFunction>"
        )
    };
    let tail = "<p:SaltLength>32</p:SaltLength><p:TrailerField>1</p:TrailerField>";
    assert_eq!(with(""), Ok(()));
    assert_eq!(params(""), Ok(()));
    assert_eq!(
        params(&format!("{}{}{tail}", sha("256"), mgf(&sha("256")))),
        Ok(())
    );
    for bad in [
        sha("512"),
        mgf(&sha("512")),
        "<p:SaltLength>0</p:SaltLength>".to_owned(),
        "<p:TrailerField>2</p:TrailerField>".to_owned(),
        "<x></x>".to_owned(),
    ] {
        assert_eq!(
            params(&bad),
            Err(SignatureError::SignatureParameters),
            "{bad}"
        );
    }
    assert_eq!(with("<x></x>"), Err(SignatureError::SignatureParameters));
    assert_eq!(with("text"), Err(SignatureError::SignatureParameters));
}

#[test]
fn k10_every_key_is_tried_and_reported() {
    let text = signed_assertion(&signer());
    let rollover = [
        OTHER_RSA.public.clone(),
        P256.public.clone(),
        RSA.public.clone(),
    ];
    assert_eq!(check_with(&text, &rollover, &STRICT), Ok(()));
    let many = vec![OTHER_RSA.public.clone(); 20];
    let Err(SignatureError::Invalid { tried }) = check_with(&text, &many, &STRICT) else {
        panic!("accepted")
    };
    assert_eq!((tried.count(), tried.fingerprints().count()), (20, 8));
}

#[test]
fn the_signature_comes_before_the_digest() {
    let text = signed_assertion(&signer()).replace("ada@", "eve@");
    assert_eq!(
        check(&text),
        Err(SignatureError::Digest {
            key: key_fingerprint()
        })
    );
    let attacker =
        signed_assertion(&OTHER_RSA.signer(SignatureAlgorithm::RsaSha256)).replace("ada@", "eve@");
    assert!(matches!(
        check(&attacker),
        Err(SignatureError::Invalid { .. })
    ));
}

fn key_fingerprint() -> octroi_dsig::Fingerprint {
    octroi_dsig::Fingerprint::of_spki(RSA.public.spki_der())
}

#[test]
fn codes_are_unique() {
    let mut codes = SignatureError::CODES.to_vec();
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
    assert_eq!(SignatureError::Misplaced.code(), "signature-misplaced");
}
