//! Simulated publishers (service providers): resources behind SAML, publisher-first and after the gateway's push.
//!
//! One listener serves them all; the host name tells them apart. A publisher shows what it was told of a person, to a
//! browser as a page and to a program as JSON. Never expose it.

mod judge;
mod pages;
mod saml;
pub mod xmlsec1;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use moka::sync::Cache;
use octroi_dsig::{DecryptionKey, SoftwareSigner};

pub use judge::{Complaint, Judge, Told};
use xmlsec1::Xmlsec1;

use super::country::Country;
use super::gateway::GatewayView;
use super::server::{Answer, Request, Site, answer};
use super::settings::{self, Loaded, SettingsError};
use super::sign::read_key;

/// The publishers' cookie: the session's id.
const COOKIE: &str = "publisher-session";
/// The cookie that ties a request to the browser that made it.
const REQUEST_COOKIE: &str = "publisher-request";

/// Who judges signatures besides octroi's own verification.
#[derive(Debug, Clone, Default)]
pub struct Verifier(Option<(Xmlsec1, Arc<AtomicBool>)>);

impl Verifier {
    /// Nobody.
    #[must_use]
    pub fn own() -> Self {
        Self(None)
    }

    /// The `xmlsec1` program, before anybody is let in, whenever the switch is on.
    #[must_use]
    pub fn xmlsec1(xmlsec1: Xmlsec1, switch: Arc<AtomicBool>) -> Self {
        Self(Some((xmlsec1, switch)))
    }

    fn asked(&self) -> Option<&Xmlsec1> {
        self.0
            .as_ref()
            .filter(|(_, switch)| switch.load(Ordering::Relaxed))
            .map(|(xmlsec1, _)| xmlsec1)
    }
}

/// Every simulated publisher.
#[derive(Debug)]
pub struct Publishers {
    by_host: HashMap<String, Arc<PublisherSite>>,
}

/// One publisher with its keys and sessions.
#[derive(Debug)]
pub struct PublisherSite {
    judge: Judge,
    signer: SoftwareSigner,
    gateway: Arc<GatewayView>,
    country: Option<Arc<Country>>,
    verifier: Verifier,
    metadata: Option<String>,
    sessions: Cache<String, Arc<Told>>,
    /// Requests that wait for their answer: id, then RelayState.
    requests: Cache<String, Option<String>>,
    /// Assertions that were used.
    used: Cache<String, ()>,
}

impl Publishers {
    /// The publishers of the settings.
    ///
    /// # Errors
    /// [`SettingsError`] when a key is missing or unusable.
    pub fn load(loaded: &Loaded, verifier: &Verifier) -> Result<Self, SettingsError> {
        let gateway = Arc::new(GatewayView::load(loaded)?);
        let country = loaded.country.clone().map(Arc::new);
        let cache = |minutes: u64| Duration::from_secs(60 * minutes);
        let mut by_host = HashMap::new();
        for publisher in &loaded.settings.publisher {
            let metadata =
                loaded.path(format!("metadata/publishers/{}.xml", publisher.id).as_ref());
            let site = PublisherSite {
                judge: Judge::load(loaded, &publisher.id, &gateway)?,
                signer: read_key(&loaded.pki(&format!("publishers/{}/sign.key", publisher.id)))?,
                gateway: Arc::clone(&gateway),
                country: country.clone(),
                verifier: verifier.clone(),
                metadata: settings::read(&metadata).ok(),
                sessions: Cache::builder()
                    .max_capacity(50_000)
                    .time_to_live(cache(360))
                    .build(),
                requests: Cache::builder()
                    .max_capacity(50_000)
                    .time_to_live(cache(30))
                    .build(),
                used: Cache::builder()
                    .max_capacity(100_000)
                    .time_to_live(cache(30))
                    .build(),
            };
            by_host.insert(publisher.host.clone(), Arc::new(site));
        }
        Ok(Self { by_host })
    }
}

impl Judge {
    /// A publisher's judge, by the publisher's id.
    ///
    /// # Errors
    /// [`SettingsError`] when a key is missing or unusable.
    pub fn load(loaded: &Loaded, id: &str, gateway: &GatewayView) -> Result<Self, SettingsError> {
        let decryption_file: PathBuf = loaded.pki(&format!("publishers/{id}/encrypt.key"));
        let publisher = loaded
            .settings
            .publisher
            .iter()
            .find(|p| p.id == id)
            .cloned()
            .ok_or_else(|| SettingsError::Pem {
                path: "simulate.toml".into(),
                what: format!("no publisher {id}"),
            })?;
        let key =
            DecryptionKey::from_pkcs8_pem(&settings::read(&decryption_file)?).map_err(|error| {
                SettingsError::Key {
                    path: decryption_file.clone(),
                    error,
                }
            })?;
        Ok(Self {
            acs: format!("{}/saml/acs", publisher.origin),
            publisher,
            gateway_entity_id: gateway.idp_entity_id.clone(),
            gateway_keys: gateway.keys.clone(),
            decryption: vec![key],
            decryption_file,
        })
    }
}

impl Site for Publishers {
    async fn answer(&self, request: Request) -> Answer {
        match self.by_host.get(&request.host) {
            Some(site) => Arc::clone(site).route(request).await,
            None => plain(
                StatusCode::NOT_FOUND,
                "no publisher of this name is simulated here\n",
            ),
        }
    }
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    answer(status, "text/plain; charset=utf-8", text)
}

impl PublisherSite {
    async fn route(self: Arc<Self>, request: Request) -> Answer {
        match (&request.method, request.path.as_str()) {
            (&Method::GET, "/") => self.catalogue(&request),
            (&Method::GET, "/saml/metadata") => match &self.metadata {
                Some(xml) => answer(StatusCode::OK, "application/samlmetadata+xml", xml.clone()),
                None => plain(StatusCode::NOT_FOUND, "there is no metadata file\n"),
            },
            (&Method::GET, "/saml/login") => self.login(&request),
            (&Method::POST, "/saml/acs") => self.consume(request).await,
            (&Method::GET, "/session") => self.show_session(&request),
            (&Method::POST, "/sign-out") => self.sign_out(&request),
            (&Method::GET | &Method::POST, "/saml/slo") => self.signed_out(),
            (&Method::GET, path) if path.starts_with("/r/") => self.resource(&request),
            _ => plain(StatusCode::NOT_FOUND, "there is nothing here\n"),
        }
    }

    fn session(&self, request: &Request) -> Option<Arc<Told>> {
        self.sessions.get(request.cookie(COOKIE)?)
    }
}
