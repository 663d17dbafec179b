//! Simulated portals (identity providers): a sign-in desk, tiles, SAML in the ways of the field, mistakes on demand.
//!
//! One listener serves them all; the host name tells them apart. Nobody's password is asked: whoever reaches the desk
//! is whom they click (A9: stub sign-in desks for partner tests). Never expose it.

mod defect;
mod desk;
mod sso;
pub mod write;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use moka::sync::Cache;
use octroi_dsig::Signer;
use octroi_saml::{Time, new_id};

pub use defect::Defect;
use write::{Keys, Say, Written};

use super::SystemRandom;
use super::client::{Client, Clients};
use super::country::Country;
use super::country::partner::{Portal, PortalStyle};
use super::gateway::GatewayView;
use super::server::{Answer, Request, Site, answer};
use super::settings::{self, ListedPerson, Loaded, SettingsError};
use super::sign::{Sha1Signer, read_key};

/// The portals' cookie: the session's id.
const COOKIE: &str = "portal-session";

/// Every simulated portal.
#[derive(Debug)]
pub struct Portals {
    by_host: HashMap<String, Arc<PortalSite>>,
}

/// One portal with its keys and sessions.
#[derive(Debug)]
pub struct PortalSite {
    portal: Portal,
    other_ident: String,
    signer: Arc<dyn Signer>,
    stranger: Arc<dyn Signer>,
    gateway: Arc<GatewayView>,
    country: Option<Arc<Country>>,
    listed: Vec<ListedPerson>,
    metadata: Option<String>,
    sessions: Cache<String, Arc<Session>>,
    flows: Cache<String, Flow>,
    client: Client,
}

/// Somebody signed in.
#[derive(Debug)]
struct Session {
    person: String,
    since: Time,
    defect: Defect,
    /// What was last sent for this session: how a logout names it.
    sent: std::sync::Mutex<Option<Written>>,
}

/// A request of the gateway that waits for somebody to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Flow {
    request: String,
    relay_state: Option<String>,
}

impl Portals {
    /// The portals of the settings.
    ///
    /// # Errors
    /// [`SettingsError`] when a key is missing or unusable.
    pub fn load(loaded: &Loaded) -> Result<Self, SettingsError> {
        let gateway = Arc::new(GatewayView::load(loaded)?);
        let country = loaded.country.clone().map(Arc::new);
        let clients = Clients::new(&loaded.pki("ca/ca.pem"))?;
        let stranger: Arc<dyn Signer> = Arc::new(read_key(&loaded.pki("stranger/sign.key"))?);
        let portals = &loaded.settings.portal;
        let mut by_host = HashMap::new();
        for (index, portal) in portals.iter().enumerate() {
            let key = loaded.pki(&format!("portals/{}/sign.key", portal.id));
            let signer: Arc<dyn Signer> = match portal.style {
                PortalStyle::Entcore => Arc::new(Sha1Signer::new(key)),
                _ => Arc::new(read_key(&key)?),
            };
            let other = portals
                .get((index + 1) % portals.len())
                .filter(|p| p.id != portal.id);
            let metadata = loaded.path(format!("metadata/portals/{}.xml", portal.id).as_ref());
            let site = PortalSite {
                other_ident: other.map_or("ZZ", |p| &p.ident).to_owned(),
                signer,
                stranger: Arc::clone(&stranger),
                gateway: Arc::clone(&gateway),
                country: country.clone(),
                listed: loaded
                    .settings
                    .person
                    .iter()
                    .filter(|p| p.portal == portal.id)
                    .cloned()
                    .collect(),
                metadata: settings::read(&metadata).ok(),
                sessions: Cache::builder()
                    .max_capacity(50_000)
                    .time_to_live(Duration::from_secs(8 * 3600))
                    .build(),
                flows: Cache::builder()
                    .max_capacity(50_000)
                    .time_to_live(Duration::from_secs(1800))
                    .build(),
                client: clients.client(),
                portal: portal.clone(),
            };
            by_host.insert(portal.host.clone(), Arc::new(site));
        }
        Ok(Self { by_host })
    }
}

impl Site for Portals {
    async fn answer(&self, request: Request) -> Answer {
        match self.by_host.get(&request.host) {
            Some(site) => Arc::clone(site).route(request).await,
            None => plain(
                StatusCode::NOT_FOUND,
                "no portal of this name is simulated here\n",
            ),
        }
    }
}

fn plain(status: StatusCode, text: &'static str) -> Answer {
    answer(status, "text/plain; charset=utf-8", text)
}

impl PortalSite {
    async fn route(self: Arc<Self>, request: Request) -> Answer {
        match (&request.method, request.path.as_str()) {
            (&Method::GET, "/") => self.home(&request),
            (&Method::GET, "/metadata") => match &self.metadata {
                Some(xml) => answer(StatusCode::OK, "application/samlmetadata+xml", xml.clone()),
                None => plain(StatusCode::NOT_FOUND, "there is no metadata file\n"),
            },
            (&Method::GET | &Method::POST, "/sso") => self.sso(&request).await,
            (&Method::POST, "/sign-in") => self.sign_in(&request).await,
            (&Method::GET, "/send") => self.portal_first(&request).await,
            (&Method::POST, "/sign-out") => self.sign_out(&request).await,
            _ => plain(StatusCode::NOT_FOUND, "there is nothing here\n"),
        }
    }

    fn session(&self, request: &Request) -> Option<Arc<Session>> {
        self.sessions.get(request.cookie(COOKIE)?)
    }

    /// Opens a session and returns its id.
    fn open(&self, person: String, defect: Defect) -> (String, Arc<Session>) {
        let id = new_id(&mut SystemRandom);
        let sent = std::sync::Mutex::new(None);
        let session = Arc::new(Session {
            person,
            since: crate::clock::system_now(),
            defect,
            sent,
        });
        self.sessions.insert(id.clone(), Arc::clone(&session));
        (id, session)
    }

    fn say<'a>(&'a self, session: &'a Session, in_response_to: Option<&'a str>) -> Say<'a> {
        Say {
            style: self.portal.style,
            issuer: &self.portal.entity_id,
            ident: &self.portal.ident,
            other_ident: &self.other_ident,
            person: &session.person,
            acs: &self.gateway.acs,
            audience: &self.gateway.sp_entity_id,
            in_response_to,
            now: crate::clock::system_now(),
            signed_in: session.since,
            defect: session.defect,
        }
    }

    fn keys(&self) -> Keys<'_> {
        Keys {
            own: &*self.signer,
            stranger: &*self.stranger,
            gateway: &self.gateway.recipient,
        }
    }
}
