//! A folder with everything that the documented configuration names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use octroi_entitlements::{BuildOptions, Silent, Sources, build};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};

use crate::country::Country;

/// The documented configuration.
pub const SAMPLE: &str = include_str!("../../config/octroi.toml");

/// A key and its certificate as PEM.
pub struct Pair {
    pub key: String,
    pub certificate: String,
}

fn pair(key: &KeyPair, names: &[&str]) -> Pair {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names)
        .unwrap()
        .self_signed(key)
        .unwrap();
    Pair {
        key: key.serialize_pem(),
        certificate: certificate.pem(),
    }
}

pub fn p256() -> Pair {
    pair(
        &KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        &["octroi.test"],
    )
}

pub fn rsa() -> &'static Pair {
    static RSA: OnceLock<Pair> = OnceLock::new();
    RSA.get_or_init(|| {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        pair(&key, &["gateway"])
    })
}

/// A folder that goes with the test.
pub struct Place {
    root: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

impl Place {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root =
            std::env::temp_dir().join(format!("octroi-edge-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let place = Self { root };
        for folder in [
            "config/keys",
            "config/portals",
            "config/publishers",
            "var/snapshot",
        ] {
            fs::create_dir_all(place.root.join(folder)).unwrap();
        }
        place.tls(&p256());
        for name in ["rsa-2026", "decryption-2026"] {
            place.secret(&format!("config/keys/{name}.key.pem"), &rsa().key);
            place.write(&format!("config/keys/{name}.pem"), &rsa().certificate);
        }
        place.secret("config/keys/pseudonym.key", &"5a".repeat(64));
        place.secret(
            "config/keys/cookies.keys",
            &format!("# newest first\n{}\n{}\n", "01".repeat(32), "02".repeat(32)),
        );
        let signing = rsa()
            .certificate
            .lines()
            .filter(|line| !line.starts_with("---"))
            .collect::<String>();
        place.write(
            "config/portals/ent-exemple.xml",
            &portal_metadata("https://ent.example/idp", &signing, ""),
        );
        place.write(
            "config/publishers/editeur-exemple.xml",
            &publisher_metadata("https://editeur.example/sp", &signing),
        );
        place.snapshot(1, 0);
        place.config(SAMPLE);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let aside = path.with_extension("part");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, path).unwrap();
    }

    pub fn secret(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    pub fn tls(&self, pair: &Pair) {
        self.secret("config/keys/tls.key.pem", &pair.key);
        self.write("config/keys/tls.pem", &pair.certificate);
    }

    /// Writes the configuration with ports of the system's choice.
    pub fn config(&self, text: &str) {
        let text = text
            .replace("0.0.0.0:8443", "127.0.0.1:0")
            .replace("127.0.0.1:9464", "127.0.0.1:0");
        self.write("config/octroi.toml", &text);
    }

    pub fn config_file(&self) -> PathBuf {
        self.path("config/octroi.toml")
    }

    /// Builds the snapshot of a small directory, with so many people more.
    pub fn snapshot(&self, generation: u64, more: usize) {
        let mut country = Country::small();
        country.line(
            "publishers.tsv",
            &["editeur-exemple", "Éditeur", "domaine", ""],
        );
        country.line(
            "resources.tsv",
            &[
                "ark:/99999/exemple",
                "Manuel",
                "editeur-exemple",
                "push",
                "https://editeur.example/r",
                "",
                "",
            ],
        );
        country.line("release.tsv", &["ark:/99999/exemple", "IDO"]);
        for number in 0..more {
            country.line(
                "people.tsv",
                &["B0", &format!("more-{number}"), "", "N", "P", ""],
            );
        }
        let tables = self.path("tables");
        fs::create_dir_all(&tables).unwrap();
        for (file, text) in &country.tables {
            fs::write(tables.join(file), text).unwrap();
        }
        let options = BuildOptions {
            generation,
            built_at: crate::NOON,
            ..BuildOptions::default()
        };
        build(
            &Sources::tables(&tables),
            &self.path(SNAPSHOT),
            &options,
            &Silent,
        )
        .unwrap();
    }
}

/// Where the documented configuration has its snapshot.
pub const SNAPSHOT: &str = "var/snapshot/current.octroi";

pub fn portal_metadata(entity_id: &str, certificate: &str, more: &str) -> String {
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"{more}>
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://ent.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

pub fn publisher_metadata(entity_id: &str, certificate: &str) -> String {
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}">
<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://editeur.example/acs" index="0"/></md:SPSSODescriptor></md:EntityDescriptor>"#
    )
}

/// The certificate of [`rsa`] as it stands in metadata.
pub fn certificate_text() -> String {
    rsa()
        .certificate
        .lines()
        .filter(|line| !line.starts_with("---"))
        .collect()
}
