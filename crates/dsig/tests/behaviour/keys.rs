//! Keys, certificates, and what a policy allows.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair, KeySize},
};
use octroi_dsig::{
    AlgorithmPolicy, DecryptionKey, DigestAlgorithm, KeyError, KeyKind, PublicKey, SignError,
    SignatureAlgorithm, SignatureError, Signer, SoftwareSigner, certificates_from_pem, sha256,
    signature_element, verify,
};
use octroi_xml::{Limits, parse};

use crate::common::{
    ASSERTION, ED25519, Forge, OTHER_RSA, P256, P384, P521, RSA, RSA_3072, pem, producible,
    signed_assertion,
};

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    out.extend_from_slice(content);
    out
}

/// The outline of a certificate: everything but the key is nonsense.
fn certificate(spki: &[u8], version: &[u8]) -> Vec<u8> {
    let nonsense = der(0x30, b"\xff\xffexpired in 1993");
    let parts = [
        version,
        &der(0x02, &[1]),
        &nonsense,
        &nonsense,
        &nonsense,
        &nonsense,
        spki,
    ];
    let tbs = der(0x30, &parts.concat());
    der(0x30, &[tbs, nonsense, der(0x03, &[0])].concat())
}

#[test]
fn a_certificate_is_the_container_of_a_key() {
    for pair in [&*RSA, &*RSA_3072, &*P256, &*P384, &*P521, &*ED25519] {
        let spki = pair.public.spki_der();
        for version in [&[][..], &[0xa0, 0x03, 0x02, 0x01, 0x02]] {
            let certificate = certificate(spki, version);
            assert_eq!(
                PublicKey::from_certificate_der(&certificate).unwrap(),
                pair.public
            );
            let text = format!("subject=nobody\n{}", pem("CERTIFICATE", &certificate));
            assert_eq!(PublicKey::from_pem(&text).unwrap(), pair.public);
            assert_eq!(
                certificates_from_pem(&text.repeat(2)).unwrap(),
                [certificate.clone(), certificate.clone()]
            );
            for cut in 0..certificate.len().min(80) {
                assert!(PublicKey::from_certificate_der(&certificate[..cut]).is_err());
            }
        }
        assert_eq!(
            PublicKey::from_pem(&pair.public_pem()).unwrap(),
            pair.public
        );
    }
    assert_eq!(
        PublicKey::from_pem("no key here").unwrap_err(),
        KeyError::Pem
    );
    assert_eq!(
        PublicKey::from_pem("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n")
            .unwrap_err(),
        KeyError::Pem
    );
    assert_eq!(
        PublicKey::from_certificate_der(RSA.public.spki_der()).unwrap_err(),
        KeyError::Certificate
    );
    assert_eq!(
        PublicKey::from_spki_der(&[]).unwrap_err(),
        KeyError::Malformed
    );
}

#[test]
fn keys_know_themselves() {
    assert_eq!((RSA.public.kind(), RSA.public.bits()), (KeyKind::Rsa, 2048));
    assert_eq!(
        (RSA_3072.public.kind(), RSA_3072.public.bits()),
        (KeyKind::Rsa, 3072)
    );
    assert_eq!(
        (P384.public.kind(), P384.public.bits()),
        (KeyKind::P384, 384)
    );
    assert_eq!(ED25519.public.kind(), KeyKind::Ed25519);
    let hex: String = sha256(RSA.public.spki_der())
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    assert_eq!(RSA.public.fingerprint(), hex);
    assert!(!format!("{:?}", RSA.signer(SignatureAlgorithm::RsaSha256)).contains("PRIVATE"));
}

#[test]
fn private_keys_in_their_forms() {
    // PKCS#1
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let start = pkcs8
        .as_ref()
        .windows(4)
        .skip(20)
        .position(|w| w[0] == 0x30 && w[1] == 0x82)
        .unwrap()
        + 20;
    let rsa = pem("RSA PRIVATE KEY", &pkcs8.as_ref()[start..]);
    let from_pkcs1 = SoftwareSigner::from_pkcs8_pem(&rsa, None, None).unwrap();
    let from_pkcs8 =
        SoftwareSigner::from_pkcs8_pem(&pem("PRIVATE KEY", pkcs8.as_ref()), None, None).unwrap();
    assert_eq!(from_pkcs1.public_key(), from_pkcs8.public_key());
    assert_eq!(
        DecryptionKey::from_pkcs8_pem(&rsa).unwrap().public_key(),
        Some(from_pkcs8.public_key())
    );
    assert_eq!(
        DecryptionKey::from_pkcs8_pem(&RSA.pem).unwrap().bits(),
        2048
    );
    assert_eq!(
        DecryptionKey::from_pkcs8_pem(&P256.pem).unwrap_err(),
        KeyError::Malformed
    );
    assert_eq!(
        DecryptionKey::from_pkcs8_pem(&RSA.public_pem()).unwrap_err(),
        KeyError::Pem
    );
    // A key of 1024 bits never signs.
    assert!(SoftwareSigner::from_pkcs8_pem("", None, None).is_err());
}

#[test]
fn a_signer_has_one_algorithm_that_fits() {
    let make = |pair: &crate::common::Pair, algorithm| {
        SoftwareSigner::from_pkcs8_pem(&pair.pem, None, algorithm).map(|signer| signer.algorithm())
    };
    assert_eq!(make(&RSA, None), Ok(SignatureAlgorithm::RsaSha256));
    assert_eq!(make(&P256, None), Ok(SignatureAlgorithm::EcdsaP256Sha256));
    assert_eq!(make(&P384, None), Ok(SignatureAlgorithm::EcdsaP384Sha384));
    assert_eq!(make(&P521, None), Ok(SignatureAlgorithm::EcdsaP521Sha512));
    assert_eq!(make(&ED25519, None), Ok(SignatureAlgorithm::Ed25519));
    assert_eq!(
        make(&RSA, Some(SignatureAlgorithm::RsaSha1)),
        Err(KeyError::Refused)
    );
    assert_eq!(
        make(&RSA, Some(SignatureAlgorithm::Ed25519)),
        Err(KeyError::Refused)
    );
    assert_eq!(
        make(&P256, Some(SignatureAlgorithm::EcdsaP384Sha384)),
        Err(KeyError::Refused)
    );
}

#[test]
fn the_certificate_must_be_the_keys() {
    let own = pem("CERTIFICATE", &certificate(RSA.public.spki_der(), &[]));
    let other = pem(
        "CERTIFICATE",
        &certificate(OTHER_RSA.public.spki_der(), &[]),
    );
    let signer = SoftwareSigner::from_pkcs8_pem(&RSA.pem, Some(&own), None).unwrap();
    let mut out = Vec::new();
    signature_element(&signer, "_a1", &[0; 32], true, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let base64 = octroi_dsig::base64::encode_to_string(signer.certificate().unwrap());
    assert!(text.ends_with(&format!("<ds:X509Certificate>{base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>")));
    assert_eq!(
        SoftwareSigner::from_pkcs8_pem(&RSA.pem, Some(&other), None).unwrap_err(),
        KeyError::Mismatch
    );
    assert_eq!(
        SoftwareSigner::from_pkcs8_pem(&RSA.pem, Some(""), None).unwrap_err(),
        KeyError::Pem
    );
}

#[test]
fn only_plain_ids_are_referred_to() {
    let signer = P256.signer(SignatureAlgorithm::EcdsaP256Sha256);
    for bad in ["", "1a", "-a", "a b", "a\"", "a<b", "é", "a:b", "a&b"] {
        let mut out = Vec::new();
        assert_eq!(
            signature_element(&signer, bad, &[0; 32], false, &mut out),
            Err(SignError::ReferenceId),
            "{bad}"
        );
        assert!(out.is_empty());
    }
}

#[test]
fn every_algorithm_signs_octets() {
    let strict = AlgorithmPolicy::default();
    for (algorithm, pair) in producible() {
        let mut signature = Vec::new();
        pair.signer(algorithm)
            .sign(b"message", &mut signature)
            .unwrap();
        assert_eq!(
            pair.public
                .verify(algorithm, b"message", &signature, &strict),
            Ok(())
        );
        assert_eq!(
            pair.public
                .verify(algorithm, b"massage", &signature, &strict),
            Err(KeyError::BadSignature)
        );
        // Exactly one length: no padding, no DER.
        signature.push(0);
        assert_eq!(
            pair.public
                .verify(algorithm, b"message", &signature, &strict),
            Err(KeyError::BadSignature)
        );
        let zeroes = vec![0; signature.len() - 1];
        assert_eq!(
            pair.public.verify(algorithm, b"message", &zeroes, &strict),
            Err(KeyError::BadSignature)
        );
        for other in SignatureAlgorithm::ALL
            .into_iter()
            .filter(|other| *other != algorithm)
        {
            assert!(
                pair.public
                    .verify(other, b"message", &signature[..zeroes.len()], &strict)
                    .is_err()
            );
        }
    }
}

#[test]
fn other_digests() {
    let signer = RSA.signer(SignatureAlgorithm::RsaSha512);
    let content = ASSERTION.replace("{signature}", "");
    for (algorithm, hash) in [
        (DigestAlgorithm::Sha384, &aws_lc_rs::digest::SHA384),
        (DigestAlgorithm::Sha512, &aws_lc_rs::digest::SHA512),
        (
            DigestAlgorithm::Sha1,
            &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY,
        ),
    ] {
        let mut forge = Forge::new(&signer, "_a1");
        forge.digest_method = algorithm.uri();
        forge.digest = Some(
            aws_lc_rs::digest::digest(hash, content.as_bytes())
                .as_ref()
                .to_vec(),
        );
        let text = forge.sign(ASSERTION, |text| text, |text| text);
        let document = parse(text.as_bytes(), &Limits::default()).unwrap();
        let check = |policy| verify(document.root(), RSA.keys(), &policy).map(|v| *v.info());
        if algorithm == DigestAlgorithm::Sha1 {
            assert_eq!(
                check(AlgorithmPolicy::default()),
                Err(SignatureError::DigestMethod)
            );
            let info = check(AlgorithmPolicy {
                sha1: true,
                ..Default::default()
            })
            .unwrap();
            assert!(info.legacy.sha1 && !info.legacy.small_rsa && !info.legacy.inclusive_c14n);
        } else {
            assert_eq!(
                check(AlgorithmPolicy::default()).unwrap().digest,
                Some(algorithm)
            );
        }
    }
}

#[test]
fn inclusive_canonicalisation_by_policy() {
    // The root carries every declaration in scope, so the inclusive form of the content is what we wrote; SignedInfo inherits.
    let signer = RSA.signer(SignatureAlgorithm::RsaSha256);
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let saml = " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"";
    let text = Forge::new(&signer, "_a1").sign(
        ASSERTION,
        |text| {
            text.replace(exclusive, inclusive)
                .replacen("#\">", &format!("#\"{saml}>"), 1)
        },
        |text| text.replacen(saml, "", 1),
    );
    let document = parse(text.as_bytes(), &Limits::default()).unwrap();
    let check = |policy| verify(document.root(), RSA.keys(), &policy).map(|v| *v.info());
    assert_eq!(
        check(AlgorithmPolicy::default()),
        Err(SignatureError::CanonicalizationMethod)
    );
    assert!(
        check(AlgorithmPolicy {
            inclusive_c14n: true,
            ..Default::default()
        })
        .unwrap()
        .legacy
        .inclusive_c14n
    );
}

#[test]
fn signatures_differ_in_nothing_but_their_own_form() {
    let text = signed_assertion(&RSA.signer(SignatureAlgorithm::RsaSha256));
    let start = text.find("<ds:Signature ").unwrap();
    assert!(text[start..].starts_with("<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:CanonicalizationMethod "));
    assert_eq!(text.matches("xmlns:ds").count(), 1);
}
