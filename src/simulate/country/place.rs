//! Everything that a country needs to run: keys, tables, metadata and the two configuration files, in one directory.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::{Span, civil::Date};
use thiserror::Error;

use super::Country;
use super::partner::{KeyKind, Portal, PortalStyle, Publisher, Signed};
use super::tables::Counts;
use crate::simulate::metadata;
use crate::simulate::settings::{self, Gateway, Listen, Settings, SettingsError};

/// The script of the repository, carried along so that an installed program needs no checkout.
const MAKE_TEST_PKI: &str = include_str!("../../../certs/make-test-pki.sh");

/// Why a country could not be set up.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// A directory or table could not be written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The script that makes keys did not run.
    #[error("keys were not made: {0}")]
    Keys(String),
    /// A file of the PKI is missing, or a settings file could not be written.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The simulators' settings cannot be written as TOML.
    #[error("simulate.toml: {0}")]
    Toml(#[from] toml::ser::Error),
}

fn io_at(path: &Path) -> impl FnOnce(io::Error) -> PlaceError {
    let path = path.to_owned();
    move |error| PlaceError::Io { path, error }
}

impl Country {
    /// Writes keys (what is missing), tables, metadata, `octroi.toml` and `simulate.toml` into `out`.
    ///
    /// # Errors
    /// [`PlaceError`], naming the file or what the key script said.
    pub fn write_place(&self, out: &Path) -> Result<Counts, PlaceError> {
        self.write_place_with(out, Self::write_tables)
    }

    /// The same without the tables of people, who come from portals' archives.
    ///
    /// # Errors
    /// As [`Country::write_place`].
    pub fn write_place_of_rights(&self, out: &Path) -> Result<Counts, PlaceError> {
        self.write_place_with(out, Self::write_tables_of_rights)
    }

    fn write_place_with(
        &self,
        out: &Path,
        write: impl FnOnce(&Self, &Path) -> io::Result<Counts>,
    ) -> Result<Counts, PlaceError> {
        self.make_keys(&out.join("pki"))?;
        let tables = out.join("directory");
        std::fs::create_dir_all(&tables).map_err(io_at(&tables))?;
        let counts = write(self, &tables).map_err(io_at(&tables))?;
        self.write_metadata(out)?;
        settings::write(&out.join("octroi.toml"), &self.gateway_settings())?;
        let text = toml::to_string(&self.simulator_settings())?;
        settings::write(
            &out.join("simulate.toml"),
            &format!("# What the simulators of this country are told.\n{text}"),
        )?;
        Ok(counts)
    }

    fn make_keys(&self, pki: &Path) -> Result<(), PlaceError> {
        let mut command = Command::new("bash");
        command.args(["-s", "--"]).arg(pki);
        let mut host = |name: &str| {
            command.args(["--host", name]);
        };
        host(&self.shape.hosts.gateway_host());
        self.portals.iter().for_each(|p| host(&p.host));
        self.publishers.iter().for_each(|p| host(&p.host));
        for portal in &self.portals {
            command.args(["--portal", &format!("{}:{}", portal.id, portal.key.word())]);
        }
        for publisher in &self.publishers {
            command.args([
                "--publisher",
                &format!("{}:{}", publisher.id, publisher.key.word()),
            ]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| PlaceError::Keys(format!("bash: {error}")))?;
        if let Some(mut stdin) = child.stdin.take() {
            let written = io::Write::write_all(&mut stdin, MAKE_TEST_PKI.as_bytes());
            written.map_err(|error| PlaceError::Keys(format!("bash: {error}")))?;
        }
        let output = child
            .wait_with_output()
            .map_err(|error| PlaceError::Keys(error.to_string()))?;
        if output.status.success() {
            Ok(())
        } else {
            Err(PlaceError::Keys(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ))
        }
    }

    fn write_metadata(&self, out: &Path) -> Result<(), PlaceError> {
        let until = self
            .shape
            .day
            .checked_add(Span::new().days(365))
            .unwrap_or(Date::MAX);
        let pki = |file: String| settings::read(&out.join("pki").join(file));
        for part in ["metadata/portals", "metadata/publishers"] {
            let directory = out.join(part);
            std::fs::create_dir_all(&directory).map_err(io_at(&directory))?;
        }
        for portal in &self.portals {
            let certificate = pki(format!("portals/{}/sign.pem", portal.id))?;
            let xml = metadata::of_portal(portal, &certificate, until);
            settings::write(
                &out.join(format!("metadata/portals/{}.xml", portal.id)),
                &xml,
            )?;
        }
        for publisher in &self.publishers {
            let signing = pki(format!("publishers/{}/sign.pem", publisher.id))?;
            let encryption = pki(format!("publishers/{}/encrypt.pem", publisher.id))?;
            let xml = metadata::of_publisher(publisher, &signing, &encryption, until);
            settings::write(
                &out.join(format!("metadata/publishers/{}.xml", publisher.id)),
                &xml,
            )?;
        }
        Ok(())
    }

    /// `simulate.toml`.
    fn simulator_settings(&self) -> Settings {
        let local = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        Settings {
            gateway: Gateway {
                base_url: self.shape.hosts.base_url(),
                signing_certificates: [KeyKind::Rsa2048, KeyKind::Rsa3072, KeyKind::P256]
                    .iter()
                    .map(|kind| format!("pki/gateway/sign-{}.pem", kind.word()).into())
                    .collect(),
                decryption_certificate: "pki/gateway/decrypt.pem".into(),
            },
            listen: Listen {
                portals: local(self.shape.hosts.portals),
                publishers: local(self.shape.hosts.publishers),
                pki: "pki".into(),
            },
            country: Some(self.shape.clone()),
            portal: self.portals.clone(),
            publisher: self.publishers.clone(),
            person: Vec::new(),
        }
    }

    /// `octroi.toml`.
    fn gateway_settings(&self) -> String {
        let hosts = &self.shape.hosts;
        let mut toml = format!(
            "# Settings of the gateway for a made-up country. config/octroi.toml explains every key.\n\n\
             [gateway]\nbase_url = \"{}\"\norganization = \"Made-up country\"\ncontact = \"mailto:nobody@example.org\"\n\n\
             [listen]\npublic = \"127.0.0.1:{}\"\nadmin = \"127.0.0.1:{}\"\n\n\
             [tls]\ncertificate = \"pki/tls/server.pem\"\nprivate_key = \"pki/tls/server.key\"\n",
            hosts.base_url(),
            hosts.gateway,
            hosts.admin
        );
        for (kind, default) in [
            (KeyKind::Rsa2048, true),
            (KeyKind::Rsa3072, false),
            (KeyKind::P256, false),
        ] {
            let word = kind.word();
            let _ = write!(
                toml,
                "\n[[signing_key]]\nname = \"{word}\"\nprivate_key = \"pki/gateway/sign-{word}.key\"\n\
                 certificate = \"pki/gateway/sign-{word}.pem\"\npublished = true\ndefault = {default}\n"
            );
        }
        toml.push_str(
            "\n[[decryption_key]]\nname = \"decrypt\"\nprivate_key = \"pki/gateway/decrypt.key\"\n\
             certificate = \"pki/gateway/decrypt.pem\"\n\n\
             [pseudonym]\nkey = \"pki/gateway/pseudonym.key\"\n\n[cookies]\nkeys = \"pki/gateway/cookie.keys\"\n\n\
             [snapshot]\npath = \"snapshot/current.octroi\"\n\n[state]\ndirectory = \"state\"\n\n[audit]\ndirectory = \"audit\"\n\n\
             # Everybody comes from one address here.\n[limits]\nsign_ins_per_second_of_one = 100000\n\
             sign_ins_burst_of_one = 100000\nsign_ins_per_second = 100000\nsign_ins_burst = 100000\n",
        );
        // A demo shares its machine with simulators and browsers, whose lateness is not the gateway's; under load the
        // gateway's own limit is what is looked at.
        if !self.shape.unsolicited {
            toml.push_str("lag_milliseconds = 5000\n");
        }
        for portal in &self.portals {
            self.portal_settings(portal, &mut toml);
        }
        for publisher in &self.publishers {
            publisher_settings(publisher, &mut toml);
        }
        toml
    }

    fn portal_settings(&self, portal: &Portal, toml: &mut String) {
        let idents: Vec<String> = portal.idents().map(|i| format!("\"{i}\"")).collect();
        let _ = write!(
            toml,
            "\n[[portal]]\nid = \"{id}\"\nname = \"{}\"\nidents = [{}]\nmetadata = \"metadata/portals/{id}.xml\"\n",
            portal.name,
            idents.join(", "),
            id = portal.id
        );
        for (set, line) in [
            (portal.disabled, "disabled = true"),
            (portal.session_reuse, "session_reuse = true"),
            (portal.unsolicited, "accept_unsolicited = true"),
            (
                portal.style == PortalStyle::Sealed,
                "signature = \"response\"",
            ),
            (portal.style == PortalStyle::Twice, "signature = \"both\""),
        ] {
            if set {
                toml.push_str(line);
                toml.push('\n');
            }
        }
        if portal.style == PortalStyle::Entcore {
            let until = self
                .shape
                .day
                .checked_add(Span::new().days(200))
                .unwrap_or(Date::MAX);
            toml.push_str("[portal.legacy]\n");
            for key in [
                "sha1_until",
                "long_lifetimes_until",
                "missing_in_response_to_until",
            ] {
                let _ = writeln!(toml, "{key} = \"{until}\"");
            }
        }
    }
}

fn publisher_settings(publisher: &Publisher, toml: &mut String) {
    let _ = write!(
        toml,
        "\n[[publisher]]\nid = \"{id}\"\nname = \"{}\"\nmetadata = \"metadata/publishers/{id}.xml\"\nsigning_key = \"{}\"\nsign = \"{}\"\n",
        publisher.name,
        publisher.gateway_key.word(),
        match publisher.signed {
            Signed::Assertion => "assertion",
            Signed::Response => "response",
            Signed::Both => "both",
        },
        id = publisher.id
    );
    for (set, line) in [
        (publisher.disabled, "disabled = true"),
        (publisher.must_encrypt, "encrypt = \"require\""),
        (publisher.persistent, "name_id = \"persistent\""),
        (publisher.status_refusals, "refusal = \"status\""),
    ] {
        if set {
            toml.push_str(line);
            toml.push('\n');
        }
    }
}
