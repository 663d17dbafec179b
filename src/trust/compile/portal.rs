//! A portal: its section and its metadata become what the access sees.

use octroi_saml::Time;
use octroi_saml::uri::binding;

use super::End;
use super::described::{choose, expiry, is_reachable, read_metadata, unusable_keys};
use super::files::Files;
use super::keys::Signing;
use super::legacy::legacy;
use crate::config::{PortalSettings, RequestBinding, SignRequests};
use crate::trust::{Portal, SingleSignOn};

pub(super) fn portal(
    settings: &PortalSettings,
    signing: &Signing,
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) -> Option<Portal> {
    let legacy = legacy(&settings.legacy, &settings.id, now, files, ends);
    let document = read_metadata(
        &settings.metadata,
        settings.metadata_certificate.as_ref(),
        legacy.as_ref(),
        files,
    )?;
    let entity = choose(
        &document,
        settings.entity_id.as_ref(),
        &settings.metadata,
        "identity provider",
        files,
        |e| e.idp.is_some(),
    )?;
    let place = settings.metadata.place;
    let Some(role) = &entity.idp else { return None };
    expiry(entity, &settings.id, &settings.metadata, now, files, ends);
    if role.signing_keys.is_empty() {
        files.error(
            place,
            format!(
                "{}: the portal has no usable signing key",
                settings.metadata.value
            ),
            "ask the portal for its metadata with its signing certificate",
        );
        return None;
    }
    unusable_keys(role.unusable_keys, &settings.metadata, files);
    let at = |wanted: &str| {
        role.single_sign_on
            .iter()
            .find(|endpoint| endpoint.binding == wanted && is_reachable(&endpoint.location))
    };
    let redirect =
        || at(binding::REDIRECT).map(|endpoint| SingleSignOn::Redirect(endpoint.location.clone()));
    let post = || at(binding::POST).map(|endpoint| SingleSignOn::Post(endpoint.location.clone()));
    let single_sign_on = match settings.request_binding {
        RequestBinding::Metadata => redirect().or_else(post),
        RequestBinding::Redirect => redirect(),
        RequestBinding::Post => post(),
    };
    let Some(single_sign_on) = single_sign_on else {
        let what = format!(
            "{}: no SingleSignOnService of the wanted binding over https",
            settings.metadata.value
        );
        files.error(
            place,
            what,
            "HTTP-Redirect or HTTP-POST over https; see `request_binding`",
        );
        return None;
    };
    let sign = match settings.sign_requests {
        SignRequests::Metadata => role.want_authn_requests_signed,
        SignRequests::Always => true,
        SignRequests::Never => false,
    };
    if role.want_authn_requests_signed && !sign {
        let what = format!(
            "portal \"{}\" wants signed requests and `sign_requests` is never",
            settings.id.value
        );
        files.warning(place, what, "write `sign_requests = \"metadata\"`");
    }
    let signer = signing.key(settings.signing_key.as_ref())?;
    Some(Portal {
        id: settings.id.value.clone(),
        name: settings.name.clone(),
        idents: settings
            .idents
            .iter()
            .map(|ident| ident.value.clone())
            .collect(),
        entity_id: entity.entity_id.clone(),
        disabled: settings.disabled,
        valid_until: entity.valid_until,
        signing_keys: role.signing_keys.clone(),
        single_sign_on,
        single_logout: role.single_logout.clone(),
        request_signer: sign.then(|| signer.clone()),
        signer,
        skew: settings.skew,
        demand: settings.signature,
        accept_unsolicited: settings.accept_unsolicited,
        session_reuse: settings.session_reuse,
        name_id_as_person: settings.name_id_as_person,
        legacy: legacy?,
    })
}
