//! Bare XML encryption: `octroi_dsig::decrypt` on the first EncryptedData with the key that the row names.
//!
//! The product answers every failure alike, on purpose, so whether a row lies outside the profile is told here from its
//! algorithms and keys: RSA-OAEP with AES-GCM, or AES-CBC under the legacy policy, is the profile.

use octroi_dsig::{DecryptionKey, XENC, XENC11, decrypt};
use octroi_xml::{Element, Limits, parse};

use super::{Policy, Vector, wellformed};
use crate::encoding::hex;
use crate::keys;
use crate::outcome::Outcome;

/// Drives the row: the value is the SHA-256 of the plaintext.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    let document = match parse(vector.message, &Limits::METADATA) {
        Ok(document) => document,
        Err(error) => return wellformed::refusal(error),
    };
    let Some(data) =
        keys::descendants(document.root()).find(|element| element.is(XENC, "EncryptedData"))
    else {
        return Outcome::profile("encrypted-data-missing");
    };
    let ours = private_keys(vector);
    match decrypt(data, &ours, &vector.policy.algorithms()) {
        Ok(plain) => Outcome::accepted(hex(aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            &plain,
        )
        .as_ref())),
        Err(_) => match outside_profile(document.root(), data, vector.policy, &ours) {
            Some(why) => Outcome::profile(why),
            None => Outcome::refused("cannot-be-decrypted"),
        },
    }
}

/// RSA keys of xmlsec's test scripts (`$priv_key_option:name file`, some need a password and give none), or the context's.
fn private_keys(vector: &Vector<'_>) -> Vec<DecryptionKey> {
    let mut paths = vector.context.dec_key.clone();
    if let Some(arguments) = &vector.context.xmlsec1_params {
        let mut words = arguments.split_whitespace();
        while let Some(word) = words.next() {
            if word.starts_with("$priv_key_option")
                && let Some(file) = words.next()
            {
                paths.extend(keys::script_paths(vector.context, file));
            }
        }
    }
    keys::decryption_keys(vector.base, &paths)
}

fn algorithm<'d>(element: Element<'d>) -> &'d str {
    element
        .first_child(XENC, "EncryptionMethod")
        .and_then(|method| method.attribute("Algorithm"))
        .unwrap_or("none")
}

fn outside_profile(
    root: Element<'_>,
    data: Element<'_>,
    policy: Policy,
    ours: &[DecryptionKey],
) -> Option<String> {
    let cipher = algorithm(data);
    let gcm = cipher.starts_with(XENC11) && cipher.ends_with("-gcm");
    let cbc = cipher.starts_with(XENC) && cipher.contains("#aes") && cipher.ends_with("-cbc");
    if !(gcm || cbc && policy == Policy::Legacy) {
        return Some(format!("cipher: {cipher}"));
    }
    let Some(key) = keys::descendants(root).find(|element| element.is(XENC, "EncryptedKey")) else {
        return Some("no EncryptedKey: the key is symmetric or agreed".into());
    };
    let transport = algorithm(key);
    if !transport.contains("rsa-oaep") {
        return Some(format!("transport: {transport}"));
    }
    let method = key.first_child(XENC, "EncryptionMethod")?;
    let hash = |namespace, name| {
        method
            .first_child(namespace, name)
            .and_then(|element| element.attribute("Algorithm"))
            .map_or("sha1", |uri| {
                uri.rsplit(['#', '-']).next().unwrap_or_default()
            })
    };
    let oaep = (hash(octroi_dsig::DS, "DigestMethod"), hash(XENC11, "MGF"));
    if !matches!(oaep.0, "sha1" | "sha256") || !matches!(oaep.1, "sha1" | "mgf1sha1" | "mgf1sha256")
    {
        return Some(format!("OAEP with {} and {}", oaep.0, oaep.1));
    }
    if method.first_child(XENC, "OAEPparams").is_some() {
        return Some("OAEP with a label".into());
    }
    ours.is_empty()
        .then(|| "the row names no RSA key without password".into())
}
