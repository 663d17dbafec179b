//! From settings to the registry: reads what the settings name, checks it whole, and tells everything that
//! is wrong at the place of the key that named it.
//!
//! A pure function of the settings, the folder and the time (and the files in it). It goes on after an
//! error, so that `octroi check` tells all of them; a registry comes out only when there was none.
//!
//! What only *time* makes wrong (metadata that has expired, a dated exception that is over, a certificate
//! that has ended) is a warning: one partner's date must never keep the others from starting. The registry
//! refuses that partner by itself.

mod described;
mod files;
mod keys;
mod legacy;
mod ours;
mod portal;
mod publisher;
mod snapshot;

use std::path::Path;

use octroi_saml::Time;

use super::{Gateway, Trust};
use crate::config::{Place, Problems, Settings};
use crate::http::tls::Identity;
use files::Files;

pub use snapshot::compare_with_snapshot;

/// What a configuration became.
#[derive(Debug)]
pub struct Compiled {
    /// The registry.
    pub trust: Trust,
    /// The certificate of the public listener.
    pub identity: Identity,
    /// What ends when, for metrics.
    pub ends: Vec<End>,
}

/// Something that ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// What it is.
    pub what: Ending,
    /// Its name in the configuration.
    pub name: String,
    /// When it is over.
    pub at: Time,
}

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The certificate of the public listener.
    TlsCertificate,
    /// The certificate of a signing key.
    SigningCertificate,
    /// The certificate of a decryption key.
    DecryptionCertificate,
    /// A partner's metadata.
    Metadata,
    /// A partner's dated exception of this kind.
    Legacy(&'static str),
}

/// Compiles settings. `None` when there was an error; warnings alone do not hinder.
#[must_use]
pub fn compile(
    settings: &Settings,
    base: &Path,
    now: Time,
    problems: &mut Problems,
) -> Option<Compiled> {
    let mut files = Files::new(base, problems);
    let mut ends = Vec::new();

    let identity = keys::tls(&settings.tls, now, &mut files, &mut ends);
    let signing = keys::signing(&settings.signing_keys, now, &mut files, &mut ends);
    let decryption = keys::decryption(&settings.decryption_keys, now, &mut files, &mut ends);
    let pseudonyms = keys::pseudonym(&settings.pseudonym.key, &mut files);
    let sealer = keys::cookies(&settings.cookies.keys, &mut files);
    for folder in [&settings.state.directory, &settings.audit.directory] {
        files.folder(folder);
    }

    let mut portals = Vec::new();
    for section in &settings.portals {
        portals.extend(portal::portal(
            section, &signing, now, &mut files, &mut ends,
        ));
    }
    let mut publishers = Vec::new();
    for section in &settings.publishers {
        publishers.extend(publisher::publisher(
            section, &signing, now, &mut files, &mut ends,
        ));
    }
    described::unique_entities(settings, &portals, &publishers, &mut files);

    if files.problems.has_errors() {
        return None;
    }
    let requests_signed = portals.iter().any(|portal| portal.request_signer.is_some());
    let names = ours::Names::of(&settings.gateway.base_url);
    let documents = match ours::metadata(
        &settings.gateway,
        &names,
        &signing,
        &decryption,
        requests_signed,
    ) {
        Ok(documents) => documents,
        Err(error) => {
            let place = settings.gateway.base_url.place;
            files.problems.error(
                place,
                format!("our metadata cannot be written: {error}"),
                "check [gateway]",
            );
            return None;
        }
    };
    let gateway = Gateway {
        base_url: settings.gateway.base_url.value.clone(),
        sp_entity_id: names.sp_entity_id,
        idp_entity_id: names.idp_entity_id,
        acs_url: names.acs_url,
        sso_url: names.sso_url,
        sp_slo_url: names.sp_slo_url,
        idp_slo_url: names.idp_slo_url,
        sp_metadata: documents.sp,
        idp_metadata: documents.idp,
        decryption_keys: decryption.keys,
        sealer: sealer?,
        pseudonyms: pseudonyms?,
        session: settings.session.longest,
        sign_ins_of_one: settings.limits.sign_ins_of_one,
        sign_ins_of_all: settings.limits.sign_ins_of_all,
        contact: Some(settings.gateway.contact.value.clone()),
    };
    match Trust::assemble(gateway, portals, publishers) {
        Ok(trust) => Some(Compiled {
            trust,
            identity: identity?,
            ends,
        }),
        Err(error) => {
            files.problems.error(
                Place::default(),
                error.to_string(),
                "each name belongs to one partner",
            );
            None
        }
    }
}
