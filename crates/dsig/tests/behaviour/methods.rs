//! Algorithms, keys and the order of the checks (K1–K5, K10 of docs/THREATS.md): what the trusted key signed is still refused when it
//! names what is not on the list.

use octroi_dsig::{
    AlgorithmPolicy, KeyError, PublicKey, SignatureAlgorithm, SignatureError, base64,
};

use crate::{
    common::{ASSERTION, Forge, OTHER_RSA, P256, RSA, signed_assertion},
    shapes::{STRICT, bent, check, check_with, forged, replaced, same, signer},
};

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

/// Public keys of 1024 and 512 bits; nobody has kept the private ones.
const RSA_1024: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDqOgFqzhYoYVaTJKnI90INi3YfECG1ZI0clTuYvGg7FkKQPb0q7uNpAsp2syKr0lMifH4dTtMVmhJODb4Zcbyd7DzYmPrchH+B4T2lKLXZG5d5bQkOGaBnORT6+R4Ce1CgA2YxXjfQfQhsnjRqDakXRAHoa6WqMR9dVVUbEXnowQIDAQAB";
const RSA_512: &str = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMwsMiyfKyTA3LMkuL7vqJx3Ms6bgHBJdRaC9KOtDxoWpCf4abjdVUQ82jrpNBi4kQnuaBxaminX9+Z9/Tnp370CAwEAAQ==";

#[test]
fn k4_small_rsa_keys() {
    let key = |text| PublicKey::from_spki_der(&base64::decode(text, 1000).unwrap());
    assert_eq!(key(RSA_512).unwrap_err(), KeyError::RsaSize { bits: 512 });
    let small = key(RSA_1024).unwrap();
    assert!(small.is_small_rsa() && small.bits() == 1024);
    let text = signed_assertion(&signer());
    let legacy = AlgorithmPolicy {
        small_rsa: true,
        ..STRICT
    };
    let small = [small];
    assert_eq!(
        check_with(&text, &small, &STRICT),
        Err(SignatureError::KeyTooSmall)
    );
    assert!(matches!(
        check_with(&text, &small, &legacy),
        Err(SignatureError::Invalid { .. })
    ));
    // A small one beside a good one neither helps nor hurts.
    let both = [small[0].clone(), RSA.public.clone()];
    assert_eq!(check_with(&text, &both, &STRICT), Ok(()));
    let algorithm = SignatureAlgorithm::RsaSha256;
    assert_eq!(
        small[0].verify(algorithm, b"", &[0; 128], &STRICT),
        Err(KeyError::Refused)
    );
    assert_eq!(
        small[0].verify(algorithm, b"", &[0; 128], &legacy),
        Err(KeyError::BadSignature)
    );
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
