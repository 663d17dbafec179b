//! The place under load: what `octroi simulate country` wrote, and who of the country comes.
//!
//! Only accesses that the country's facts grant are chosen: whoever is refused is an error of the run.

use std::path::Path;
use std::sync::Arc;

use octroi::simulate::client::Clients;
use octroi::simulate::country::Country;
use octroi::simulate::country::cases::Cases;
use octroi::simulate::country::partner::{KeyKind, Portal, PortalStyle, Publisher, Signed};
use octroi::simulate::country::resource::Delivery;
use octroi::simulate::gateway::GatewayView;
use octroi::simulate::settings::{Loaded, SettingsError};
use octroi::simulate::sign::read_key;
use octroi_dsig::SoftwareSigner;
use thiserror::Error;

/// Why there is nothing to load with.
#[derive(Debug, Error)]
pub enum PlaceError {
    /// Settings or keys.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The settings name no country.
    #[error(
        "simulate.toml has no [country]: make the place with `octroi simulate country --unsolicited`"
    )]
    NoCountry,
    /// The country has nobody of the wanted sort.
    #[error(
        "the country has only {found} accesses of the wanted sort; {wanted} are wanted (try --mix all)"
    )]
    TooFew {
        /// How many there are.
        found: usize,
        /// How many are wanted.
        wanted: usize,
    },
}

/// Which accesses come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mix {
    /// RSA-2048 in, RSA-2048 out, one signature each, nothing encrypted: what the floor is measured with.
    Rsa2048,
    /// RSA-2048 in, P-256 out.
    P256,
    /// Every style of portal but SHA-1, every way of publishers.
    All,
}

/// Which resources are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Deliver {
    /// Every sort.
    Any,
    /// Those whose answer is an assertion for the publisher.
    Push,
    /// Those whose answer is a redirect to the resource.
    Pull,
}

/// A portal as the generator plays it.
#[derive(Debug)]
pub struct Player {
    /// Who it is.
    pub portal: Portal,
    /// Its key.
    pub signer: SoftwareSigner,
}

/// One access that is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// Index of the portal.
    pub portal: usize,
    /// `idEnt`.
    pub ident: String,
    /// `GARPersonIdentifiant`.
    pub person: String,
    /// School that the tile names.
    pub uai: String,
    /// Resource.
    pub ark: String,
    /// Where a pull is sent; none for a push.
    pub pulled_to: Option<String>,
}

/// The place.
#[derive(Debug)]
pub struct Place {
    /// The gateway's addresses and keys.
    pub gateway: GatewayView,
    /// Portals, in the country's order; none where the mix has no use for one.
    pub players: Vec<Option<Player>>,
    /// A key that nobody knows.
    pub stranger: SoftwareSigner,
    /// TLS settings that trust the place's authority.
    pub tls: Arc<rustls::ClientConfig>,
    /// Host and port of the gateway's admin listener.
    pub admin: String,
    country: Country,
}

impl Place {
    /// Reads a directory that `octroi simulate country` wrote.
    ///
    /// # Errors
    /// [`PlaceError`].
    pub fn load(directory: &Path) -> Result<Self, PlaceError> {
        let loaded = Loaded::read(&directory.join("simulate.toml"))?;
        let country = loaded.country.clone().ok_or(PlaceError::NoCountry)?;
        let players = loaded
            .settings
            .portal
            .iter()
            .map(|portal| {
                if portal.style == PortalStyle::Entcore {
                    return Ok(None);
                }
                let signer = read_key(&loaded.pki(&format!("portals/{}/sign.key", portal.id)))?;
                Ok(Some(Player {
                    portal: portal.clone(),
                    signer,
                }))
            })
            .collect::<Result<_, SettingsError>>()?;
        Ok(Self {
            gateway: GatewayView::load(&loaded)?,
            players,
            stranger: read_key(&loaded.pki("stranger/sign.key"))?,
            tls: Clients::new(&loaded.pki("ca/ca.pem"))?.tls(),
            admin: format!("127.0.0.1:{}", country.shape().hosts.admin),
            country,
        })
    }

    /// Draws visitors, each another access; always the same ones for a place and a mix.
    ///
    /// # Errors
    /// [`PlaceError::TooFew`].
    pub fn visitors(
        &self,
        mix: Mix,
        deliver: Deliver,
        solicited: bool,
        wanted: usize,
    ) -> Result<Vec<Visitor>, PlaceError> {
        let country = &self.country;
        let mut cases = Cases::new(country, "load", country.shape().day);
        let mut visitors = Vec::with_capacity(wanted);
        while visitors.len() < wanted {
            let case = cases.find(|case| {
                case.expected.is_ok()
                    && deliver.wants(case.resource.delivery)
                    && case
                        .portal(country)
                        .is_some_and(|portal| sends(portal, mix, solicited))
                    && case
                        .publisher(country)
                        .is_some_and(|publisher| takes(publisher, mix))
            });
            let found = visitors.len();
            let case = case.ok_or(PlaceError::TooFew { found, wanted })?;
            visitors.push(Visitor {
                portal: case.person.portal,
                ident: country.ident_of(case.person.seat.school).to_owned(),
                person: case.person.id,
                uai: case.school.uai,
                ark: case.resource.ark,
                pulled_to: (case.resource.delivery == Delivery::Pull)
                    .then_some(case.resource.access_url),
            });
        }
        Ok(visitors)
    }
}

impl Deliver {
    fn wants(self, delivery: Delivery) -> bool {
        match self {
            Self::Any => true,
            Self::Push => delivery == Delivery::Push,
            Self::Pull => delivery == Delivery::Pull,
        }
    }
}

fn sends(portal: &Portal, mix: Mix, solicited: bool) -> bool {
    let style = match mix {
        Mix::Rsa2048 | Mix::P256 => portal.style == PortalStyle::Modern,
        Mix::All => portal.style != PortalStyle::Entcore,
    };
    style && !portal.disabled && (solicited || portal.unsolicited)
}

fn takes(publisher: &Publisher, mix: Mix) -> bool {
    let plainly = publisher.signed == Signed::Assertion && !publisher.encryption;
    let way = match mix {
        Mix::Rsa2048 => plainly && publisher.gateway_key == KeyKind::Rsa2048,
        Mix::P256 => plainly && publisher.gateway_key == KeyKind::P256,
        Mix::All => true,
    };
    way && !publisher.disabled
}
