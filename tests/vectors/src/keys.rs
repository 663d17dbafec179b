//! Loads the keys that a context names, as metadata or configuration would give them. A file that is missing or holds no
//! usable key gives none: "no usable key" is then the product's refusal to make (K2).

use std::fs;
use std::path::Path;

use octroi_dsig::{DecryptionKey, PublicKey, base64, certificates_from_pem};
use octroi_xml::Element;

use crate::context::Context;

/// The public keys of these certificate files, in order.
pub(crate) fn public_keys(base: &Path, paths: &[String]) -> Vec<PublicKey> {
    paths
        .iter()
        .flat_map(|path| from_file(&base.join(path)))
        .collect()
}

fn from_file(path: &Path) -> Vec<PublicKey> {
    let Ok(octets) = fs::read(path) else {
        return Vec::new();
    };
    let Ok(text) = std::str::from_utf8(&octets) else {
        return PublicKey::from_certificate_der(&octets)
            .into_iter()
            .collect();
    };
    let certificates: Vec<PublicKey> = certificates_from_pem(text)
        .unwrap_or_default()
        .iter()
        .filter_map(|der| PublicKey::from_certificate_der(der).ok())
        .collect();
    if certificates.is_empty() {
        PublicKey::from_pem(text).into_iter().collect()
    } else {
        certificates
    }
}

/// Our decryption keys.
pub(crate) fn decryption_keys(base: &Path, paths: &[String]) -> Vec<DecryptionKey> {
    paths
        .iter()
        .filter_map(|path| fs::read_to_string(base.join(path)).ok())
        .filter_map(|pem| DecryptionKey::from_pkcs8_pem(&pem).ok())
        .collect()
}

/// The public keys that a bare XML-DSig row is meant to trust: the context's key; the public keys that xmlsec's own test
/// passes directly (not the roots of certificate chains, which this profile does not build); and only where the context
/// says nothing at all, the certificates inside KeyInfo, put in as if metadata had named them.
pub(crate) fn signature_keys(base: &Path, context: &Context, root: Element<'_>) -> Vec<PublicKey> {
    if let Some(path) = &context.key {
        return from_file(&base.join(path));
    }
    if let Some(arguments) = &context.xmlsec1_params {
        return from_arguments(base, context, arguments);
    }
    certificates_within(root)
}

/// Keys of xmlsec's test scripts: `$pub_key_option:name file` and `--pubkey-cert-…:name file`.
fn from_arguments(base: &Path, context: &Context, arguments: &str) -> Vec<PublicKey> {
    let mut words = arguments.split_whitespace();
    let mut keys = Vec::new();
    while let Some(word) = words.next() {
        let direct = word.starts_with("$pub_key_option") || word.starts_with("--pubkey");
        if !direct {
            continue;
        }
        let Some(file) = words.next() else { break };
        for path in script_paths(context, file) {
            keys.extend(from_file(&base.join(path)));
        }
    }
    keys
}

/// The files that a path of the test scripts, with its shell variables, may mean.
pub(crate) fn script_paths(context: &Context, file: &str) -> Vec<String> {
    let folder = context.cwd.as_deref().unwrap_or_default();
    let mut paths = Vec::new();
    for format in ["pem", "der", "crt"] {
        let mut path = file.to_owned();
        for variable in [
            "$rsa_pub_key_suffix",
            "$pub_key_format",
            "$priv_key_format",
            "$cert_format",
        ] {
            let value = if variable.ends_with("suffix") {
                ""
            } else {
                format
            };
            path = path.replace(variable, value);
        }
        path = match path.strip_prefix("$topfolder/") {
            Some(rest) => format!("xmlsec/tests/{rest}"),
            None => format!("{}/{path}", folder.trim_end_matches('/')),
        };
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// Every certificate in a `ds:X509Certificate` of the document.
pub(crate) fn certificates_within(root: Element<'_>) -> Vec<PublicKey> {
    descendants(root)
        .filter(|element| element.is(octroi_dsig::DS, "X509Certificate"))
        .filter_map(|element| base64::decode(element.text().ok()?, 1 << 16).ok())
        .filter_map(|der| PublicKey::from_certificate_der(&der).ok())
        .collect()
}

/// The element and all below it, in document order, without recursion.
pub(crate) fn descendants(root: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    let mut stack = vec![root];
    std::iter::from_fn(move || {
        let next = stack.pop()?;
        let children: Vec<_> = next.elements().collect();
        stack.extend(children.into_iter().rev());
        Some(next)
    })
}
