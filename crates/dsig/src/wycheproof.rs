//! Project Wycheproof's vectors for what the public API does not show: RSA-OAEP and the content ciphers. Its signature vectors are in
//! `tests/wycheproof.rs`.

use std::fs;

use serde_json::Value;

use crate::{
    decrypt::DataMethod,
    oaep::{Hash, Oaep, RsaKey},
    policy::AlgorithmPolicy,
};

fn groups(file: &str) -> Option<Vec<Value>> {
    let Some(root) = std::env::var_os("OCTROI_VECTORS").filter(|path| !path.is_empty()) else {
        println!("skipped: {file} (OCTROI_VECTORS is not set)");
        return None;
    };
    let path = std::path::Path::new(&root)
        .join("wycheproof/testvectors_v1")
        .join(file);
    let json: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    Some(json["testGroups"].as_array().unwrap().clone())
}

fn octets(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap().as_bytes();
    text.chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Compares what came out with what a test says; counts what was opened and what was refused.
fn grade(file: &str, test: &Value, opened: Option<&[u8]>, count: &mut [u32; 2]) {
    let message = octets(&test["msg"]);
    match test["result"].as_str().unwrap() {
        "valid" => assert_eq!(opened, Some(&message[..]), "{file} {}", test["tcId"]),
        "invalid" => assert_eq!(opened, None, "{file} {}: {}", test["tcId"], test["comment"]),
        _ => assert!(
            opened.is_none_or(|opened| opened == message),
            "{file} {}",
            test["tcId"]
        ),
    }
    count[usize::from(opened.is_none())] += 1;
}

#[test]
fn rsa_oaep() {
    let mut skipped = 0;
    for (bits, digest, mgf1) in [
        (2048, (1, Hash::Sha1), (1, Hash::Sha1)),
        (2048, (256, Hash::Sha256), (1, Hash::Sha1)),
        (2048, (256, Hash::Sha256), (256, Hash::Sha256)),
        (2048, (512, Hash::Sha512), (512, Hash::Sha512)),
        (3072, (256, Hash::Sha256), (256, Hash::Sha256)),
        (4096, (256, Hash::Sha256), (256, Hash::Sha256)),
    ] {
        let file = format!(
            "rsa_oaep_{bits}_sha{}_mgf1sha{}_test.json",
            digest.0, mgf1.0
        );
        let Some(groups) = groups(&file) else { return };
        let mut count = [0; 2];
        for group in groups {
            let key = RsaKey::from_pkcs8(&octets(&group["privateKeyPkcs8"])).unwrap();
            assert_eq!(key.bits(), bits);
            for test in group["tests"].as_array().unwrap() {
                if !test["label"].as_str().unwrap().is_empty() {
                    skipped += 1;
                    continue;
                }
                let mut out = vec![0; key.length()];
                let oaep = Oaep {
                    digest: digest.1,
                    mgf1: mgf1.1,
                };
                let length = key.decrypt(oaep, &octets(&test["ct"]), &mut out);
                grade(&file, test, length.map(|length| &out[..length]), &mut count);
            }
        }
        println!("{file}: opened {}, refused {}", count[0], count[1]);
        assert!(count[0] > 0 && count[1] > 0);
    }
    println!("with a label, which the profile does not have: {skipped}");
}

#[test]
fn aes_gcm() {
    let file = "aes_gcm_test.json";
    let Some(groups) = groups(file) else { return };
    let mut count = [0; 2];
    for group in groups {
        if group["ivSize"] != 96 || group["tagSize"] != 128 {
            continue;
        }
        let uri = format!(
            "http://www.w3.org/2009/xmlenc11#aes{}-gcm",
            group["keySize"]
        );
        let method = DataMethod::from_uri(&uri, &AlgorithmPolicy::default()).unwrap();
        for test in group["tests"].as_array().unwrap() {
            if test["aad"].as_str().unwrap().is_empty() {
                let ciphertext = [
                    octets(&test["iv"]),
                    octets(&test["ct"]),
                    octets(&test["tag"]),
                ]
                .concat();
                let opened = method.open(&octets(&test["key"]), &ciphertext);
                grade(
                    file,
                    test,
                    opened.as_ref().map(|opened| opened.as_slice()),
                    &mut count,
                );
            }
        }
    }
    println!("{file}: opened {}, refused {}", count[0], count[1]);
    assert!(count[0] > 0 && count[1] > 0);
}

/// PKCS#5 padding is stricter than ISO 10126: what is valid there must open here to the same, what is invalid there may open.
#[test]
fn aes_cbc() {
    let file = "aes_cbc_pkcs5_test.json";
    let Some(groups) = groups(file) else { return };
    let mut count = [0; 2];
    for group in groups {
        let uri = format!(
            "http://www.w3.org/2001/04/xmlenc#aes{}-cbc",
            group["keySize"]
        );
        let method = DataMethod::from_uri(&uri, &AlgorithmPolicy::LEGACY).unwrap();
        for test in group["tests"].as_array().unwrap() {
            let ciphertext = [octets(&test["iv"]), octets(&test["ct"])].concat();
            let opened = method.open(&octets(&test["key"]), &ciphertext);
            if test["result"] == "valid" {
                grade(
                    file,
                    test,
                    opened.as_ref().map(|opened| opened.as_slice()),
                    &mut count,
                );
            } else {
                count[usize::from(opened.is_none())] += 1;
            }
        }
    }
    println!("{file}: opened {}, refused {}", count[0], count[1]);
    assert!(count[0] > 0 && count[1] > 0);
}
