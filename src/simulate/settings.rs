//! What `octroi simulate portal` and `octroi simulate publisher` are told: one TOML file for both.
//!
//! `octroi simulate country` writes one; a person who tests a real partner writes a short one by hand. Paths are
//! relative to the file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::country::partner::{Portal, Publisher};
use super::country::{Country, Shape, ShapeError};

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The gateway that partners talk to.
    pub gateway: Gateway,
    /// Keys and addresses of the simulators.
    pub listen: Listen,
    /// The country whose people and resources portals and publishers show. Without it they show what is listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Shape>,
    /// Portals to be simulated.
    #[serde(default)]
    pub portal: Vec<Portal>,
    /// Publishers to be simulated.
    #[serde(default)]
    pub publisher: Vec<Publisher>,
    /// People to be shown at a portal's sign-in desk, besides the country's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub person: Vec<ListedPerson>,
}

/// The gateway as partners see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Such as `https://octroi.localhost:8443`.
    pub base_url: String,
    /// Certificates of its signing keys.
    pub signing_certificates: Vec<PathBuf>,
    /// Certificate of its decryption key.
    pub decryption_certificate: PathBuf,
}

/// Where simulators listen and what they sign with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Address of the portals; host names tell them apart.
    pub portals: SocketAddr,
    /// Address of the publishers.
    pub publishers: SocketAddr,
    /// Directory that `certs/make-test-pki.sh` filled.
    pub pki: PathBuf,
}

/// Somebody who can sign in at a portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedPerson {
    /// Id of the portal.
    pub portal: String,
    /// `GARPersonIdentifiant`.
    pub id: String,
    /// Name shown at the desk.
    pub name: String,
}

/// Why simulators do not start.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The settings are not what they should be.
    #[error("{}: {error}", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// What and where.
        error: Box<toml::de::Error>,
    },
    /// The country cannot be.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A key or certificate is unusable.
    #[error("{}: {error}", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// Why.
        error: octroi_dsig::KeyError,
    },
    /// TLS does not start.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// A PEM file for TLS holds nothing usable.
    #[error("{}: {what}", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// Settings with the directory that their paths are relative to.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The file's content.
    pub settings: Settings,
    /// The country, if there is one.
    pub country: Option<Country>,
    directory: PathBuf,
}

impl Loaded {
    /// Reads the file.
    ///
    /// # Errors
    /// [`SettingsError`], naming the file.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = read(path)?;
        let settings: Settings = toml::from_str(&text).map_err(|error| SettingsError::Toml {
            path: path.to_owned(),
            error: Box::new(error),
        })?;
        let country = settings.country.clone().map(Country::new).transpose()?;
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(Self {
            settings,
            country,
            directory,
        })
    }

    /// A path of the settings, from where the process stands.
    #[must_use]
    pub fn path(&self, relative: &Path) -> PathBuf {
        self.directory.join(relative)
    }

    /// A file of the PKI, such as `portals/rivages/sign.key`.
    #[must_use]
    pub fn pki(&self, file: &str) -> PathBuf {
        self.path(&self.settings.listen.pki).join(file)
    }
}

/// Reads a text file, naming it in the error.
///
/// # Errors
/// [`SettingsError::File`].
pub fn read(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|error| SettingsError::File {
        path: path.to_owned(),
        error,
    })
}

/// Writes a file, naming it in the error.
///
/// # Errors
/// [`SettingsError::File`].
pub fn write(path: &Path, text: &str) -> Result<(), SettingsError> {
    std::fs::write(path, text).map_err(|error| SettingsError::File {
        path: path.to_owned(),
        error,
    })
}
