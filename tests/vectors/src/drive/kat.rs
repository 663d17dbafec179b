//! Known-answer tests of algorithms (Wycheproof): `PublicKey::verify`, the same call that a signed query and a
//! signed document end in. The value is the set of tests accepted; their labels are not read.

use std::collections::BTreeSet;

use octroi_dsig::{KeyError, PublicKey, SignatureAlgorithm};
use serde::Deserialize;

use super::{Policy, Vector};
use crate::encoding::unhex;
use crate::outcome::Outcome;
use crate::ranges;

/// Without the field `result`.
#[derive(Deserialize)]
struct File {
    algorithm: String,
    schema: String,
    #[serde(rename = "testGroups")]
    groups: Vec<Group>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Group {
    sha: String,
    mgf: String,
    mgf_sha: String,
    s_len: Option<usize>,
    /// SubjectPublicKeyInfo, hexadecimal.
    public_key_der: String,
    public_key: serde_json::Value,
    tests: Vec<Test>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Test {
    tc_id: u64,
    msg: String,
    sig: String,
}

/// Drives the row.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    let Ok(file) = serde_json::from_slice::<File>(vector.message) else {
        return Outcome::refused("json-malformed");
    };
    let mut accepted = BTreeSet::new();
    for group in &file.groups {
        let Some(algorithm) = algorithm(&file, group) else {
            return Outcome::profile(format!("{} {} {}", file.algorithm, group.sha, file.schema));
        };
        let key = match PublicKey::from_spki_der(&unhex(&group.public_key_der).unwrap_or_default())
        {
            Ok(key) => key,
            Err(KeyError::Unsupported) => return Outcome::profile("kind of key"),
            Err(_) => continue,
        };
        for test in &group.tests {
            if verifies(&key, algorithm, test, vector.policy) {
                accepted.insert(test.tc_id);
            }
        }
    }
    Outcome::accepted(ranges::write(&accepted))
}

fn verifies(key: &PublicKey, algorithm: SignatureAlgorithm, test: &Test, policy: Policy) -> bool {
    let (Some(message), Some(signature)) = (unhex(&test.msg), unhex(&test.sig)) else {
        return false;
    };
    key.verify(algorithm, &message, &signature, &policy.algorithms())
        .is_ok()
}

/// The profile's algorithm for a group, if it is one: ECDSA values are r‖s (P1363), PSS has MGF1 with the same hash and
/// a salt of its length, curves are P-256, P-384 and P-521 with the SHA-2 of their size.
fn algorithm(file: &File, group: &Group) -> Option<SignatureAlgorithm> {
    use SignatureAlgorithm as A;
    let curve = group.public_key["curve"].as_str().unwrap_or_default();
    Some(match (file.algorithm.as_str(), group.sha.as_str()) {
        ("RSASSA-PKCS1-v1_5", "SHA-256") => A::RsaSha256,
        ("RSASSA-PKCS1-v1_5", "SHA-384") => A::RsaSha384,
        ("RSASSA-PKCS1-v1_5", "SHA-512") => A::RsaSha512,
        ("RSASSA-PSS", sha) if group.mgf == "MGF1" && group.mgf_sha == sha => {
            match (sha, group.s_len) {
                ("SHA-256", Some(32)) => A::RsaPssSha256,
                ("SHA-384", Some(48)) => A::RsaPssSha384,
                ("SHA-512", Some(64)) => A::RsaPssSha512,
                _ => return None,
            }
        }
        ("ECDSA", "SHA-256") if curve == "secp256r1" && p1363(file) => A::EcdsaP256Sha256,
        ("ECDSA", "SHA-384") if curve == "secp384r1" && p1363(file) => A::EcdsaP384Sha384,
        ("ECDSA", "SHA-512") if curve == "secp521r1" && p1363(file) => A::EcdsaP521Sha512,
        ("EDDSA", _) if group.public_key["curve"] == "edwards25519" => A::Ed25519,
        _ => return None,
    })
}

fn p1363(file: &File) -> bool {
    file.schema.contains("p1363")
}
