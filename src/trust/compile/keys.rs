//! Our own keys: TLS, signing, decryption, pseudonyms, cookies. Each private key is parsed once, here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use octroi_dsig::{DecryptionKey, PublicKey, Signer, SoftwareSigner, certificates_from_pem};
use octroi_entitlements::Pseudonymizer;
use octroi_saml::Time;
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use super::files::Files;
use super::{End, Ending};
use crate::config::{At, DecryptionKeySettings, SigningKeySettings, TlsSettings};
use crate::http::tls::Identity;
use crate::state::seal::{KEY_BYTES, Sealer};

/// A certificate that ends sooner is worth a warning.
const SOON: Duration = Duration::from_secs(30 * 86_400);

/// The signing keys, in the order of the configuration.
pub(super) struct Signing {
    by_name: HashMap<String, Arc<dyn Signer>>,
    default: Option<Arc<dyn Signer>>,
    /// Certificates (DER) to publish, the default key's first.
    pub(super) certificates: Vec<Vec<u8>>,
}

impl Signing {
    /// The named key, or the default one. A name that does not exist was told when the settings were read.
    pub(super) fn key(&self, name: Option<&At<String>>) -> Option<Arc<dyn Signer>> {
        match name {
            Some(name) => self.by_name.get(&name.value).cloned(),
            None => self.default.clone(),
        }
    }
}

pub(super) fn signing(
    settings: &[SigningKeySettings],
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) -> Signing {
    let mut signing = Signing {
        by_name: HashMap::new(),
        default: None,
        certificates: Vec::new(),
    };
    let alone = settings.len() == 1;
    for key in settings {
        let private = files.secret_text(&key.private_key);
        let certificate = files.public(&key.certificate);
        let (Some(private), Some(certificate)) = (private, certificate) else {
            continue;
        };
        let signer = match SoftwareSigner::from_pkcs8_pem(
            &private,
            Some(&certificate),
            key.algorithm,
        ) {
            Ok(signer) => Arc::new(signer) as Arc<dyn Signer>,
            Err(error) => {
                let what = format!("signing key \"{}\" cannot be used: {error}", key.name.value);
                let remedy = "name a PKCS#8 key and its own certificate, with an algorithm of the key's kind";
                files.error(key.private_key.place, what, remedy);
                continue;
            }
        };
        if let Some(der) = signer.certificate() {
            certificate_end(
                Ending::SigningCertificate,
                &key.name,
                &key.certificate,
                der,
                now,
                files,
                ends,
            );
            if key.published {
                let at = if key.default {
                    0
                } else {
                    signing.certificates.len()
                };
                signing.certificates.insert(at, der.to_owned());
            }
        }
        if key.default || alone {
            signing.default = Some(Arc::clone(&signer));
        }
        signing.by_name.insert(key.name.value.clone(), signer);
    }
    signing
}

/// The decryption keys and their certificates to publish.
pub(super) struct Decryption {
    pub(super) keys: Vec<DecryptionKey>,
    pub(super) certificates: Vec<Vec<u8>>,
}

pub(super) fn decryption(
    settings: &[DecryptionKeySettings],
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) -> Decryption {
    let mut decryption = Decryption {
        keys: Vec::new(),
        certificates: Vec::new(),
    };
    for key in settings {
        let private = files.secret_text(&key.private_key);
        let certificate = files.public(&key.certificate);
        let (Some(private), Some(certificate)) = (private, certificate) else {
            continue;
        };
        match decryption_pair(&private, &certificate) {
            Ok((pair, der)) => {
                certificate_end(
                    Ending::DecryptionCertificate,
                    &key.name,
                    &key.certificate,
                    &der,
                    now,
                    files,
                    ends,
                );
                decryption.keys.push(pair);
                decryption.certificates.push(der);
            }
            Err(error) => files.error(
                key.private_key.place,
                format!(
                    "decryption key \"{}\" cannot be used: {error}",
                    key.name.value
                ),
                "name an RSA key (PKCS#8) and its own certificate",
            ),
        }
    }
    decryption
}

fn decryption_pair(
    private: &str,
    certificate: &str,
) -> Result<(DecryptionKey, Vec<u8>), octroi_dsig::KeyError> {
    let key = DecryptionKey::from_pkcs8_pem(private)?;
    let der = certificates_from_pem(certificate)?
        .into_iter()
        .next()
        .ok_or(octroi_dsig::KeyError::Pem)?;
    let public = PublicKey::from_certificate_der(&der)?;
    if key.public_key() != Some(&public) {
        return Err(octroi_dsig::KeyError::Mismatch);
    }
    Ok((key, der))
}

pub(super) fn tls(
    settings: &TlsSettings,
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) -> Option<Identity> {
    let key = files.secret(&settings.private_key);
    let certificate = files.public(&settings.certificate);
    let (key, certificate) = (key?, certificate?);
    match Identity::from_pem(certificate.as_bytes(), &key, settings.minimum) {
        Ok(identity) => {
            if let Some(der) = identity.certificate() {
                let name = At::new("tls".to_owned(), settings.certificate.place);
                certificate_end(
                    Ending::TlsCertificate,
                    &name,
                    &settings.certificate,
                    der,
                    now,
                    files,
                    ends,
                );
            }
            Some(identity)
        }
        Err(error) => {
            let remedy = "name the chain (certificate first) and its own private key, both PEM";
            files.error(settings.certificate.place, format!("TLS: {error}"), remedy);
            None
        }
    }
}

/// When a certificate ends. Partners ignore the dates of signing certificates (C21) and browsers do not
/// those of TLS; either way somebody should know in time.
fn certificate_end(
    what: Ending,
    name: &At<String>,
    named_by: &At<String>,
    der: &[u8],
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) {
    let Ok(certificate) = x509_cert::Certificate::from_der(der) else {
        files.warning(
            named_by.place,
            format!("{}: its dates cannot be read", named_by.value),
            "make it anew",
        );
        return;
    };
    let not_after = certificate
        .tbs_certificate
        .validity
        .not_after
        .to_unix_duration();
    let at = Time::from_unix_seconds(i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX));
    if now >= at {
        files.warning(
            named_by.place,
            format!("the certificate {} ended {at}", named_by.value),
            "renew it",
        );
    } else if now.plus(SOON) >= at {
        files.warning(
            named_by.place,
            format!("the certificate {} ends {at}", named_by.value),
            "renew it",
        );
    }
    ends.push(End {
        what,
        name: name.value.clone(),
        at,
    });
}

pub(super) fn pseudonym(name: &At<String>, files: &mut Files<'_>) -> Option<Pseudonymizer> {
    let bytes = files.secret(name)?;
    // Hex digits are decoded; everything else is the key itself, byte by byte.
    let key = match std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| hex(text.trim()))
    {
        Some(decoded) => decoded,
        None => bytes,
    };
    match Pseudonymizer::new(&key) {
        Ok(pseudonyms) => Some(pseudonyms),
        Err(error) => {
            files.error(
                name.place,
                error.to_string(),
                "openssl rand -hex 64 > the file, once and for ever; keep a copy safe",
            );
            None
        }
    }
}

pub(super) fn cookies(name: &At<String>, files: &mut Files<'_>) -> Option<Sealer> {
    let text = files.secret_text(name)?;
    let mut keys = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match hex(line).filter(|key| key.len() == KEY_BYTES) {
            Some(key) => keys.push(key),
            None => {
                let what = format!(
                    "{}, line {}: not {} hex digits",
                    name.value,
                    number + 1,
                    2 * KEY_BYTES
                );
                files.error(name.place, what, NEW_COOKIE_KEY);
                return None;
            }
        }
    }
    let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_slice()).collect();
    match Sealer::new(&keys) {
        Ok(sealer) => Some(sealer),
        Err(error) => {
            files.error(
                name.place,
                format!("{}: {error}", name.value),
                NEW_COOKIE_KEY,
            );
            None
        }
    }
}

/// How a cookie key is made.
const NEW_COOKIE_KEY: &str = "one key a line: openssl rand -hex 32";

/// Decodes hex digits; `None` when there is anything else.
fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.is_empty() || !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().chunks_exact(2) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        bytes.push(u8::try_from(high? * 16 + low?).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn hex_is_only_hex() {
        assert_eq!(hex("00fFa1").unwrap().as_slice(), [0, 255, 0xa1]);
        for bad in ["", "0", "0g", "é0", "0 0"] {
            assert!(hex(bad).is_none(), "{bad}");
        }
    }
}
