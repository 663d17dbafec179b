//! A publisher: its section and its metadata become what the access sees.

use octroi_dsig::{EncryptionRecipient, KeyKind};
use octroi_saml::Time;
use octroi_saml::uri::binding;

use super::End;
use super::described::{choose, expiry, is_reachable, read_metadata, unusable_keys};
use super::files::Files;
use super::keys::Signing;
use crate::config::{PublisherSettings, WantSigned};
use crate::trust::{Encrypt, Publisher};

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
