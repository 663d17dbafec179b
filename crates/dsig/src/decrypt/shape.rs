//! The first stage: which parts an EncryptedData has, with algorithms on the list and sizes within bounds. Nothing is computed here.
//! Every child of a structural element has its place; `CipherReference`, transforms and RSA 1.5 do not exist (K6, W9).

use octroi_xml::{Element, Node};

use super::content::DataMethod;
use crate::{
    algorithm::{DS, DigestAlgorithm, XENC, XENC11},
    base64,
    oaep::{Hash, Oaep},
    policy::AlgorithmPolicy,
};

/// Longest encrypted content in bytes.
const MAX_CONTENT: usize = 4 * 1024 * 1024;
/// Longest encrypted key in bytes: RSA of 8192 bits.
const MAX_KEY: usize = 1024;
/// Most encrypted keys that are tried; each costs an RSA private operation by key of ours.
const MAX_KEYS: usize = 4;

const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const OAEP: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
const TYPE_ENCRYPTED_KEY: &str = "http://www.w3.org/2001/04/xmlenc#EncryptedKey";

/// An EncryptedData of the right shape.
pub(super) struct EncryptedData {
    pub(super) method: DataMethod,
    pub(super) keys: Vec<EncryptedKey>,
    pub(super) ciphertext: Vec<u8>,
}

/// A content key encrypted to somebody.
pub(super) struct EncryptedKey {
    pub(super) oaep: Oaep,
    pub(super) ciphertext: Vec<u8>,
}

pub(super) fn read(element: Element<'_>, policy: &AlgorithmPolicy) -> Option<EncryptedData> {
    if !element.is(XENC, "EncryptedData") || element.has_comments_within() {
        return None;
    }
    let [method, key_info, cipher] = parts(element, &["EncryptionProperties"])?;
    let method = method.filter(|m| m.elements().next().is_none())?;
    let method = DataMethod::from_uri(method.attribute("Algorithm")?, policy)?;
    let keys: Vec<EncryptedKey> = encrypted_keys(element, key_info)?
        .into_iter()
        .filter_map(encrypted_key)
        .collect();
    if keys.is_empty() {
        return None;
    }
    let ciphertext = cipher_value(cipher?, MAX_CONTENT)?;
    Some(EncryptedData {
        method,
        keys,
        ciphertext,
    })
}

/// `EncryptionMethod?`, `ds:KeyInfo?`, `CipherData`, then any of `tail` in this order (the schema of EncryptedType).
fn parts<'d>(element: Element<'d>, tail: &[&str]) -> Option<[Option<Element<'d>>; 3]> {
    let mut children = element.elements().peekable();
    let method = children.next_if(|child| child.is(XENC, "EncryptionMethod"));
    let key_info = children.next_if(|child| child.is(DS, "KeyInfo"));
    let cipher = children.next_if(|child| child.is(XENC, "CipherData"));
    for name in tail {
        let _ = children.next_if(|child| child.is(XENC, name));
    }
    (children.next().is_none() && !has_text(element)).then_some([method, key_info, cipher])
}

/// The EncryptedKeys that belong to this content: those in its KeyInfo; those that KeyInfo's RetrievalMethod names among its
/// siblings; or, when KeyInfo names none, all siblings.
fn encrypted_keys<'d>(
    data: Element<'d>,
    key_info: Option<Element<'d>>,
) -> Option<Vec<Element<'d>>> {
    let is_key = |element: &Element<'d>| element.is(XENC, "EncryptedKey");
    let siblings = || {
        data.parent()
            .into_iter()
            .flat_map(Element::elements)
            .filter(is_key)
    };
    let mut keys = Vec::new();
    for child in key_info.into_iter().flat_map(Element::elements) {
        if is_key(&child) {
            keys.push(child);
        } else if child.is(DS, "RetrievalMethod") {
            let id = child
                .attribute("URI")?
                .strip_prefix('#')
                .filter(|id| !id.is_empty())?;
            let kind = child.attribute("Type");
            if kind.is_some_and(|kind| kind != TYPE_ENCRYPTED_KEY)
                || child.elements().next().is_some()
            {
                return None;
            }
            let mut named = siblings().filter(|key| key.attribute("Id") == Some(id));
            keys.push(named.next()?);
            if named.next().is_some() {
                return None;
            }
        }
        if keys.len() > MAX_KEYS {
            return None;
        }
    }
    if keys.is_empty() {
        keys.extend(siblings().take(MAX_KEYS + 1));
    }
    (keys.len() <= MAX_KEYS).then_some(keys)
}

/// One EncryptedKey; `None` when its method is not on the list, so that another may serve.
fn encrypted_key(element: Element<'_>) -> Option<EncryptedKey> {
    if element.has_comments_within() {
        return None;
    }
    let [method, _, cipher] = parts(
        element,
        &["EncryptionProperties", "ReferenceList", "CarriedKeyName"],
    )?;
    let oaep = key_method(method?)?;
    let ciphertext = cipher_value(cipher?, MAX_KEY)?;
    Some(EncryptedKey { oaep, ciphertext })
}

/// RSA-OAEP's parameters (XML Encryption 1.1 §5.5.2). A label (`OAEPparams`) is refused: nobody in SAML sets one.
fn key_method(method: Element<'_>) -> Option<Oaep> {
    let mut digest = Hash::Sha1;
    let mut mgf1 = Hash::Sha1;
    let mut children = method.elements().peekable();
    if let Some(child) = children.next_if(|child| child.is(DS, "DigestMethod")) {
        digest = match DigestAlgorithm::from_uri(child.attribute("Algorithm")?)? {
            DigestAlgorithm::Sha1 => Hash::Sha1,
            DigestAlgorithm::Sha256 => Hash::Sha256,
            DigestAlgorithm::Sha384 => Hash::Sha384,
            DigestAlgorithm::Sha512 => Hash::Sha512,
        };
    }
    if let Some(child) = children.next_if(|child| child.is(XENC11, "MGF")) {
        mgf1 = mgf1_hash(child.attribute("Algorithm")?)?;
    }
    match method.attribute("Algorithm")? {
        // Its very name says MGF1 with SHA-1.
        OAEP_MGF1P if mgf1 != Hash::Sha1 => return None,
        OAEP_MGF1P | OAEP => {}
        _ => return None,
    }
    children.next().is_none().then_some(Oaep { digest, mgf1 })
}

fn mgf1_hash(uri: &str) -> Option<Hash> {
    Some(match uri.strip_prefix(XENC11)? {
        "mgf1sha1" => Hash::Sha1,
        "mgf1sha256" => Hash::Sha256,
        "mgf1sha384" => Hash::Sha384,
        "mgf1sha512" => Hash::Sha512,
        _ => return None,
    })
}

/// The octets of `CipherData/CipherValue`, its one child.
fn cipher_value(cipher: Element<'_>, limit: usize) -> Option<Vec<u8>> {
    let mut children = cipher.elements();
    let value = children
        .next()
        .filter(|child| child.is(XENC, "CipherValue"))?;
    if children.next().is_some() || has_text(cipher) {
        return None;
    }
    base64::decode(value.text().ok()?, limit).ok()
}

fn has_text(element: Element<'_>) -> bool {
    element.children().any(|child| match child {
        Node::Text(text) => !text.bytes().all(|b| b.is_ascii_whitespace()),
        _ => false,
    })
}
