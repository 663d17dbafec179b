//! Project Wycheproof's signature vectors against [`PublicKey::verify`] (K5). Its OAEP and AES vectors run inside the crate.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "common/mod.rs"]
mod common;

use std::fs;

use common::{pem, unhex, vectors};
use octroi_dsig::{AlgorithmPolicy, PublicKey, SignatureAlgorithm};
use serde_json::Value;

/// Runs a file; gives how many signatures were accepted and refused. `raw` turns its signatures into the form XML Signature has.
fn run(file: &str, algorithm: SignatureAlgorithm, raw: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let Some(root) = vectors(file) else { return };
    let path = root.join("wycheproof/testvectors_v1").join(file);
    let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let (mut accepted, mut refused, mut skipped) = (0, 0, 0);
    for group in json["testGroups"].as_array().unwrap() {
        let key =
            PublicKey::from_spki_der(&unhex(group["publicKeyDer"].as_str().unwrap())).unwrap();
        assert_eq!(
            PublicKey::from_pem(&pem("PUBLIC KEY", key.spki_der())).unwrap(),
            key
        );
        for test in group["tests"].as_array().unwrap() {
            let id = &test["tcId"];
            let message = unhex(test["msg"].as_str().unwrap());
            let Some(signature) = raw(&unhex(test["sig"].as_str().unwrap())) else {
                skipped += 1;
                continue;
            };
            let verdict = key.verify(algorithm, &message, &signature, &AlgorithmPolicy::default());
            match test["result"].as_str().unwrap() {
                "valid" => assert!(
                    verdict.is_ok(),
                    "{file} {id}: a valid signature was refused"
                ),
                "invalid" => assert!(
                    verdict.is_err(),
                    "{file} {id}: {} was accepted",
                    test["comment"]
                ),
                _ => {}
            }
            if verdict.is_ok() {
                accepted += 1;
            } else {
                refused += 1;
            }
        }
    }
    println!("{file}: accepted {accepted}, refused {refused}, not of this form {skipped}");
    assert!(accepted > 0 && refused + skipped > 0);
}

fn as_is(signature: &[u8]) -> Option<Vec<u8>> {
    Some(signature.to_vec())
}

#[test]
fn rsa_pkcs1() {
    for (bits, hash, algorithm) in [
        (2048, 256, SignatureAlgorithm::RsaSha256),
        (2048, 384, SignatureAlgorithm::RsaSha384),
        (2048, 512, SignatureAlgorithm::RsaSha512),
        (3072, 256, SignatureAlgorithm::RsaSha256),
        (3072, 512, SignatureAlgorithm::RsaSha512),
        (4096, 256, SignatureAlgorithm::RsaSha256),
        (4096, 384, SignatureAlgorithm::RsaSha384),
        (4096, 512, SignatureAlgorithm::RsaSha512),
    ] {
        run(
            &format!("rsa_signature_{bits}_sha{hash}_test.json"),
            algorithm,
            as_is,
        );
    }
}

#[test]
fn rsa_pss() {
    for (bits, hash, salt, algorithm) in [
        (2048, 256, 32, SignatureAlgorithm::RsaPssSha256),
        (2048, 384, 48, SignatureAlgorithm::RsaPssSha384),
        (3072, 256, 32, SignatureAlgorithm::RsaPssSha256),
        (4096, 256, 32, SignatureAlgorithm::RsaPssSha256),
        (4096, 512, 64, SignatureAlgorithm::RsaPssSha512),
    ] {
        run(
            &format!("rsa_pss_{bits}_sha{hash}_mgf1_{salt}_test.json"),
            algorithm,
            as_is,
        );
    }
}

#[test]
fn ecdsa_p256() {
    run(
        "ecdsa_secp256r1_sha256_p1363_test.json",
        SignatureAlgorithm::EcdsaP256Sha256,
        as_is,
    );
}

#[test]
fn ecdsa_p521() {
    run(
        "ecdsa_secp521r1_sha512_p1363_test.json",
        SignatureAlgorithm::EcdsaP521Sha512,
        as_is,
    );
}

/// This curve's vectors are in DER: those in strict form are turned into `r ‖ s`.
#[test]
fn ecdsa_p384() {
    run(
        "ecdsa_secp384r1_sha384_test.json",
        SignatureAlgorithm::EcdsaP384Sha384,
        |der| {
            let (&[0x30, length], body) = der.split_first_chunk::<2>()? else {
                return None;
            };
            let (r, rest) = integer(body)?;
            let (s, rest) = integer(rest)?;
            (usize::from(length) == body.len() && rest.is_empty()).then(|| [r, s].concat())
        },
    );
}

/// A strict, positive DER INTEGER of at most 48 bytes, padded to them; and what follows.
fn integer(der: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (&[0x02, length], body) = der.split_first_chunk::<2>()? else {
        return None;
    };
    let (value, rest) = body.split_at_checked(usize::from(length))?;
    let value = match value {
        [0, next, ..] if *next >= 0x80 => &value[1..],
        [first, ..] if (1..0x80).contains(first) => value,
        _ => return None,
    };
    let mut padded = vec![0; 48usize.checked_sub(value.len())?];
    padded.extend_from_slice(value);
    Some((padded, rest))
}

#[test]
fn ed25519() {
    run("ed25519_test.json", SignatureAlgorithm::Ed25519, as_is);
}

#[test]
fn keys_with_pss_parameters_are_not_read() {
    let file = "rsa_pss_2048_sha256_mgf1_32_params_test.json";
    let Some(root) = vectors(file) else { return };
    let path = root.join("wycheproof/testvectors_v1").join(file);
    let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let der = unhex(json["testGroups"][0]["publicKeyDer"].as_str().unwrap());
    assert_eq!(
        PublicKey::from_spki_der(&der),
        Err(octroi_dsig::KeyError::Unsupported)
    );
}
