//! Portals and publishers: settings and metadata become what the access sees.

use std::time::Duration;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use octroi_dsig::{AlgorithmPolicy, EncryptionRecipient, KeyKind, PublicKey};
use octroi_saml::Time;
use octroi_saml::metadata::{self, EntityDescriptor, Metadata, MetadataPolicy};
use octroi_saml::uri::binding;

use super::files::Files;
use super::keys::Signing;
use super::{End, Ending};
use crate::config::{
    At, LegacySettings, PortalSettings, PublisherSettings, RequestBinding, Settings, SignRequests,
    WantSigned,
};
use crate::trust::{Encrypt, Legacy, Portal, Publisher, SingleSignOn};

/// A dated exception further away than this is none: it is worth a warning.
const FAR: Duration = Duration::from_secs(2 * 366 * 86_400);

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

pub(super) fn publisher(
    settings: &PublisherSettings,
    signing: &Signing,
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) -> Option<Publisher> {
    let document = read_metadata(
        &settings.metadata,
        settings.metadata_certificate.as_ref(),
        None,
        files,
    )?;
    let entity = choose(
        &document,
        settings.entity_id.as_ref(),
        &settings.metadata,
        "service provider",
        files,
        |e| e.sp.is_some(),
    )?;
    let place = settings.metadata.place;
    let mut role = entity.sp.clone()?;
    expiry(entity, &settings.id, &settings.metadata, now, files, ends);
    unusable_keys(role.unusable_keys, &settings.metadata, files);
    role.assertion_consumer
        .retain(|endpoint| endpoint.binding == binding::POST && is_reachable(&endpoint.location));
    if role.assertion_consumer.is_empty() {
        let what = format!(
            "{}: no AssertionConsumerService by HTTP-POST over https",
            settings.metadata.value
        );
        files.error(
            place,
            what,
            "ask the publisher for one: no other binding is answered",
        );
        return None;
    }
    let key = role
        .encryption_keys
        .iter()
        .find(|key| key.kind() == KeyKind::Rsa && !key.is_small_rsa());
    let recipient = key.map(|key| EncryptionRecipient {
        key: key.clone(),
        data: settings.content_cipher,
        transport: settings.key_transport,
    });
    if settings.encrypt == Encrypt::Require && recipient.is_none() {
        let what = format!(
            "publisher \"{}\" requires encryption and its metadata have no RSA encryption key",
            settings.id.value
        );
        files.error(
            place,
            what,
            "ask the publisher for one, or write `encrypt = \"if-key\"`",
        );
    }
    let want_signed_requests = match settings.want_signed_requests {
        WantSigned::Metadata => role.authn_requests_signed,
        WantSigned::Always => true,
        WantSigned::Never => false,
    };
    if want_signed_requests && role.signing_keys.is_empty() {
        let what = format!(
            "publisher \"{}\" must sign its requests and its metadata have no signing key",
            settings.id.value
        );
        files.error(
            place,
            what,
            "ask the publisher for its signing certificate, or see `want_signed_requests`",
        );
    }
    Some(Publisher {
        id: settings.id.value.clone(),
        name: settings.name.clone(),
        entity_id: entity.entity_id.clone(),
        disabled: settings.disabled,
        valid_until: entity.valid_until,
        role,
        sign: settings.sign,
        signer: signing.key(settings.signing_key.as_ref())?,
        encrypt: settings.encrypt,
        recipient,
        name_id: settings.name_id,
        refusal: settings.refusal,
        want_signed_requests,
    })
}

/// An entityID belongs to one portal and to one publisher at most. (One entity may be both.)
pub(super) fn unique_entities(
    settings: &Settings,
    portals: &[Portal],
    publishers: &[Publisher],
    files: &mut Files<'_>,
) {
    let place_of = |id: &str| {
        let portal = settings
            .portals
            .iter()
            .find(|p| p.id.value == id)
            .map(|p| p.metadata.place);
        portal.or_else(|| {
            settings
                .publishers
                .iter()
                .find(|p| p.id.value == id)
                .map(|p| p.metadata.place)
        })
    };
    let portals = portals
        .iter()
        .map(|p| (&p.id, &p.entity_id))
        .collect::<Vec<_>>();
    let publishers = publishers
        .iter()
        .map(|p| (&p.id, &p.entity_id))
        .collect::<Vec<_>>();
    for partners in [portals, publishers] {
        for (index, (id, entity_id)) in partners.iter().enumerate() {
            if let Some((first, _)) = partners[..index]
                .iter()
                .find(|(_, known)| known == entity_id)
            {
                files.error(
                    place_of(id).unwrap_or_default(),
                    format!("\"{id}\" and \"{first}\" have the same entityID {entity_id}"),
                    "each partner has its own; take one section out",
                );
            }
        }
    }
}

/// Reads a metadata file. What has expired is read all the same: the registry refuses it by itself, and the
/// others go on.
fn read_metadata(
    name: &At<String>,
    certificate: Option<&At<String>>,
    legacy: Option<&Legacy>,
    files: &mut Files<'_>,
) -> Option<Metadata> {
    let keys = match certificate {
        None => None,
        Some(certificate) => {
            let pem = files.public(certificate)?;
            match PublicKey::from_pem(&pem) {
                Ok(key) => Some(vec![key]),
                Err(error) => {
                    files.error(
                        certificate.place,
                        format!("{}: {error}", certificate.value),
                        "name a PEM certificate",
                    );
                    return None;
                }
            }
        }
    };
    let algorithms = AlgorithmPolicy {
        small_rsa: legacy.is_some_and(|legacy| legacy.small_rsa.is_some()),
        ..AlgorithmPolicy::default()
    };
    let policy = MetadataPolicy {
        signing_keys: keys.as_deref(),
        algorithms,
        https_only: false,
        keys_required: false,
        ..MetadataPolicy::for_trusted_file(Time::from_unix_seconds(0))
    };
    let bytes = files.metadata(name)?;
    match metadata::parse(&bytes, &policy) {
        Ok(document) => Some(document),
        Err(refusal) => {
            let what = format!("{}: metadata refused: {refusal}", name.value);
            files.error(name.place, what, refusal.check().meaning());
            None
        }
    }
}

/// The entity that is meant: the named one, or the only one of the role.
fn choose<'m>(
    document: &'m Metadata,
    entity_id: Option<&At<String>>,
    file: &At<String>,
    role: &str,
    files: &mut Files<'_>,
    has_role: impl Fn(&EntityDescriptor) -> bool,
) -> Option<&'m EntityDescriptor> {
    if let Some(entity_id) = entity_id {
        return match document.entity(entity_id) {
            Ok(entity) if has_role(entity) => Some(entity),
            Ok(_) => {
                files.error(
                    entity_id.place,
                    format!("{} is no {role}", entity_id.value),
                    "name another entity",
                );
                None
            }
            Err(refusal) => {
                let what = format!("{}: entity {}: {refusal}", file.value, entity_id.value);
                files.error(entity_id.place, what, refusal.check().meaning());
                None
            }
        };
    }
    let mut candidates = document.entities.iter().filter(|entity| has_role(entity));
    match (candidates.next(), candidates.next()) {
        (Some(entity), None) => Some(entity),
        (None, _) => {
            files.error(
                file.place,
                format!("{} describes no {role}", file.value),
                "name the partner's own metadata",
            );
            None
        }
        (Some(_), Some(_)) => {
            let what = format!("{} describes several {role}s", file.value);
            files.error(file.place, what, "add `entity_id = \"…\"` to say which");
            None
        }
    }
}

fn expiry(
    entity: &EntityDescriptor,
    id: &At<String>,
    file: &At<String>,
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) {
    let Some(at) = entity.valid_until else { return };
    if now >= at {
        let what = format!(
            "{}: the metadata ended {at}; \"{}\" is refused",
            file.value, id.value
        );
        files.warning(file.place, what, "ask the partner for current metadata");
    }
    ends.push(End {
        what: Ending::Metadata,
        name: id.value.clone(),
        at,
    });
}

fn unusable_keys(count: usize, file: &At<String>, files: &mut Files<'_>) {
    if count > 0 {
        let what = format!(
            "{}: {count} key(s) of the metadata cannot be used",
            file.value
        );
        files.warning(
            file.place,
            what,
            "RSA of 2048 bits and more, P-256, P-384 and Ed25519 can",
        );
    }
}

/// `https`, or `http` on this machine (tests with partners).
fn is_reachable(location: &str) -> bool {
    let host = |rest: &str| {
        rest.split(['/', '?', '#'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    location.starts_with("https://")
        || location
            .strip_prefix("http://")
            .map(host)
            .is_some_and(|host| {
                let port = host
                    .rsplit_once(':')
                    .filter(|(_, port)| !port.ends_with(']'));
                let name = port.map_or(host.as_str(), |(name, _)| name);
                matches!(name, "localhost" | "127.0.0.1" | "[::1]") || name.ends_with(".localhost")
            })
}

/// The dated exceptions as instants: the day is in, Europe/Paris.
fn legacy(
    settings: &LegacySettings,
    id: &At<String>,
    now: Time,
    files: &mut Files<'_>,
    ends: &mut Vec<End>,
) -> Option<Legacy> {
    let paris = match TimeZone::get("Europe/Paris") {
        Ok(paris) => paris,
        Err(error) => {
            files.error(
                id.place,
                format!("no time zone Europe/Paris: {error}"),
                "a build without its time zones",
            );
            return None;
        }
    };
    let mut until = |kind: &'static str, day: &Option<At<jiff::civil::Date>>| {
        let day = day.as_ref()?;
        let end = day
            .value
            .checked_add(1.day())
            .and_then(|next| next.to_zoned(paris.clone()));
        let at = match end {
            Ok(end) => Time::from_unix_millis(end.timestamp().as_millisecond()),
            Err(error) => {
                files.error(
                    day.place,
                    format!("{}: {error}", day.value),
                    "write a day of this century",
                );
                return None;
            }
        };
        if now >= at {
            let what = format!(
                "the exception `{kind}` of \"{}\" ended with {}",
                id.value, day.value
            );
            files.warning(day.place, what, "it is refused now; take the key out");
        } else if now.plus(FAR) < at {
            let what = format!(
                "the exception `{kind}` of \"{}\" lasts until {}",
                id.value, day.value
            );
            files.warning(day.place, what, "an exception should end within two years");
        }
        ends.push(End {
            what: Ending::Legacy(kind),
            name: id.value.clone(),
            at,
        });
        Some(at)
    };
    Some(Legacy {
        sha1: until("sha1", &settings.sha1_until),
        small_rsa: until("small-rsa", &settings.small_rsa_until),
        inclusive_c14n: until("inclusive-c14n", &settings.inclusive_c14n_until),
        cbc: until("cbc", &settings.cbc_until),
        long_lifetimes: until("long-lifetimes", &settings.long_lifetimes_until),
        missing_in_response_to: until(
            "missing-in-response-to",
            &settings.missing_in_response_to_until,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::is_reachable;

    #[test]
    fn plain_http_only_on_this_machine() {
        for good in [
            "https://sp.example/acs",
            "http://localhost:8080/acs",
            "http://127.0.0.1/acs",
            "http://[::1]:1/",
            "http://[::1]/",
            "http://sp.localhost:9/x",
        ] {
            assert!(is_reachable(good), "{good}");
        }
        for bad in [
            "http://sp.example/acs",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "javascript:x",
            "ftp://localhost/",
            "",
        ] {
            assert!(!is_reachable(bad), "{bad}");
        }
    }
}
