//! What partners say of themselves: metadata files, and what of them may be used.

use octroi_dsig::{AlgorithmPolicy, PublicKey};
use octroi_saml::Time;
use octroi_saml::metadata::{self, EntityDescriptor, Metadata, MetadataPolicy};

use super::files::Files;
use super::{End, Ending};
use crate::config::{At, Settings};
use crate::trust::{Legacy, Portal, Publisher};

/// Reads a metadata file. What has expired is read all the same: the registry refuses it by itself, and the
/// others go on.
pub(super) fn read_metadata(
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
pub(super) fn choose<'m>(
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

pub(super) fn expiry(
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

pub(super) fn unusable_keys(count: usize, file: &At<String>, files: &mut Files<'_>) {
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
pub(super) fn is_reachable(location: &str) -> bool {
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
