//! The registry of partners and the one policy point (C28).
//!
//! Its tables are private: whoever wants a partner asks here, with the time, and gets it only when it is
//! enabled and its metadata has not expired. No endpoint can forget to ask.

use super::{Portal, Publisher};
use crate::state::rate::Share;
use crate::state::seal::Sealer;
use bytes::Bytes;
use octroi_dsig::DecryptionKey;
use octroi_entitlements::Pseudonymizer;
use octroi_saml::Time;
use std::collections::HashMap;
use std::time::Duration;

/// Why a partner is not to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody of that name.
    #[error("unknown partner")]
    Unknown,
    /// Switched off in the configuration.
    #[error("the partner is disabled")]
    Disabled,
    /// Its metadata's validUntil has passed.
    #[error("the partner's metadata has expired")]
    MetadataExpired,
}

/// Two partners claim the same name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} \"{name}\" belongs to two partners")]
pub struct TrustError {
    /// What kind of name.
    pub kind: &'static str,
    /// The name.
    pub name: String,
}

/// What is ours: names, addresses, keys, limits.
#[derive(Debug)]
pub struct Gateway {
    /// `https://host[:port]`, without a slash at the end.
    pub base_url: String,
    /// Our entityID towards portals.
    pub sp_entity_id: String,
    /// Our entityID towards publishers.
    pub idp_entity_id: String,
    /// Our assertion consumer service.
    pub acs_url: String,
    /// Our single sign-on service.
    pub sso_url: String,
    /// Our logout service towards portals.
    pub sp_slo_url: String,
    /// Our logout service towards publishers.
    pub idp_slo_url: String,
    /// `/saml/metadata`, written once.
    pub sp_metadata: Bytes,
    /// `/idp/metadata`, written once.
    pub idp_metadata: Bytes,
    /// Keys to which portals encrypt.
    pub decryption_keys: Vec<DecryptionKey>,
    /// Seals cookies.
    pub sealer: Sealer,
    /// Derives IDO.
    pub pseudonyms: Pseudonymizer,
    /// How long a session lives at most; never over 6 hours.
    pub session: Duration,
    /// Sign-ins that one address may start.
    pub sign_ins_of_one: Share,
    /// Sign-ins that all together may start.
    pub sign_ins_of_all: Share,
    /// Whether a person's pages may name other things to do (help address of the operator).
    pub contact: Option<String>,
}

/// Everybody we know, and ourselves.
#[derive(Debug)]
pub struct Trust {
    gateway: Gateway,
    portals: Vec<Portal>,
    publishers: Vec<Publisher>,
    portal_by_id: HashMap<String, usize>,
    portal_by_entity: HashMap<String, usize>,
    portal_by_ident: HashMap<String, usize>,
    publisher_by_id: HashMap<String, usize>,
    publisher_by_entity: HashMap<String, usize>,
}

impl Trust {
    /// Puts the registry together.
    ///
    /// # Errors
    /// [`TrustError`] when two partners share an id, an entityID or an idENT.
    pub fn assemble(
        gateway: Gateway,
        portals: Vec<Portal>,
        publishers: Vec<Publisher>,
    ) -> Result<Self, TrustError> {
        let one = |name: &String, at| vec![(name.clone(), at)];
        Ok(Self {
            portal_by_id: index(
                "portal id",
                portals.iter().enumerate().flat_map(|(i, p)| one(&p.id, i)),
            )?,
            portal_by_entity: index(
                "portal entityID",
                portals
                    .iter()
                    .enumerate()
                    .flat_map(|(i, p)| one(&p.entity_id, i)),
            )?,
            portal_by_ident: index(
                "idENT",
                portals
                    .iter()
                    .enumerate()
                    .flat_map(|(i, p)| p.idents.iter().map(move |ent| (ent.clone(), i))),
            )?,
            publisher_by_id: index(
                "publisher id",
                publishers
                    .iter()
                    .enumerate()
                    .flat_map(|(i, p)| one(&p.id, i)),
            )?,
            publisher_by_entity: index(
                "publisher entityID",
                publishers
                    .iter()
                    .enumerate()
                    .flat_map(|(i, p)| one(&p.entity_id, i)),
            )?,
            gateway,
            portals,
            publishers,
        })
    }

    /// What is ours.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The portal with this configuration id.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn portal(&self, id: &str, now: Time) -> Result<&Portal, Refused> {
        self.enabled_portal(self.portal_by_id.get(id), now)
    }

    /// The portal with this entityID.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn portal_by_entity(&self, entity_id: &str, now: Time) -> Result<&Portal, Refused> {
        self.enabled_portal(self.portal_by_entity.get(entity_id), now)
    }

    /// The portal that speaks for this ENT project.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn portal_of(&self, ent: &str, now: Time) -> Result<&Portal, Refused> {
        self.enabled_portal(self.portal_by_ident.get(ent), now)
    }

    /// The publisher with this configuration id.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn publisher(&self, id: &str, now: Time) -> Result<&Publisher, Refused> {
        self.enabled_publisher(self.publisher_by_id.get(id), now)
    }

    /// The publisher with this entityID.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn publisher_by_entity(&self, entity_id: &str, now: Time) -> Result<&Publisher, Refused> {
        self.enabled_publisher(self.publisher_by_entity.get(entity_id), now)
    }

    /// The portals that may be used now, in the order of the configuration: for choice pages.
    pub fn portals(&self, now: Time) -> impl Iterator<Item = &Portal> {
        self.portals
            .iter()
            .filter(move |portal| usable(portal.disabled, portal.valid_until, now).is_ok())
    }

    /// Every partner for status pages and metrics, usable or not: ids and dates only.
    pub fn inventory(&self) -> impl Iterator<Item = (&'static str, &str, bool, Option<Time>)> {
        let portals = self
            .portals
            .iter()
            .map(|p| ("portal", p.id.as_str(), p.disabled, p.valid_until));
        portals.chain(
            self.publishers
                .iter()
                .map(|p| ("publisher", p.id.as_str(), p.disabled, p.valid_until)),
        )
    }

    fn enabled_portal(&self, at: Option<&usize>, now: Time) -> Result<&Portal, Refused> {
        let portal = at
            .and_then(|at| self.portals.get(*at))
            .ok_or(Refused::Unknown)?;
        usable(portal.disabled, portal.valid_until, now).map(|()| portal)
    }

    fn enabled_publisher(&self, at: Option<&usize>, now: Time) -> Result<&Publisher, Refused> {
        let publisher = at
            .and_then(|at| self.publishers.get(*at))
            .ok_or(Refused::Unknown)?;
        usable(publisher.disabled, publisher.valid_until, now).map(|()| publisher)
    }
}

/// The policy for every partner on every endpoint.
fn usable(disabled: bool, valid_until: Option<Time>, now: Time) -> Result<(), Refused> {
    if disabled {
        Err(Refused::Disabled)
    } else if valid_until.is_some_and(|until| now >= until) {
        Err(Refused::MetadataExpired)
    } else {
        Ok(())
    }
}

fn index(
    kind: &'static str,
    names: impl Iterator<Item = (String, usize)>,
) -> Result<HashMap<String, usize>, TrustError> {
    let mut table = HashMap::new();
    for (name, at) in names {
        if table.insert(name.clone(), at).is_some() {
            return Err(TrustError { kind, name });
        }
    }
    Ok(table)
}
