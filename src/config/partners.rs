//! The sections about partners: portals (*ENT*, identity providers) and publishers (*éditeurs*, service
//! providers), with their dated exceptions.
//!
//! There is no key here that turns a signature check off, and there must never be one (C28, G1).

use std::time::Duration;

use jiff::civil::Date;
use octroi_dsig::{DataEncryption, KeyTransport};
use octroi_saml::issue::SignWhat;
use octroi_saml::response::SignatureDemand;

use super::place::{At, Place};
use super::reader::Section;
use crate::trust::{Encrypt, NameIdChoice, RefusalChoice};

/// Whether we sign the AuthnRequests that we send to a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignRequests {
    /// When the portal's metadata say `WantAuthnRequestsSigned`.
    Metadata,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The binding of our AuthnRequests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestBinding {
    /// HTTP-Redirect where the portal has it, else HTTP-POST.
    Metadata,
    /// HTTP-Redirect
    Redirect,
    /// HTTP-POST
    Post,
}

/// Dated exceptions of one partner. Each is in force up to and including its day (Europe/Paris).
#[derive(Clone, Debug, Default)]
pub struct LegacySettings {
    /// RSA-SHA1 signatures and SHA-1 digests.
    pub sha1_until: Option<At<Date>>,
    /// RSA keys below 2048 bits.
    pub small_rsa_until: Option<At<Date>>,
    /// Inclusive canonicalisation.
    pub inclusive_c14n_until: Option<At<Date>>,
    /// AES-CBC.
    pub cbc_until: Option<At<Date>>,
    /// Validity periods of days.
    pub long_lifetimes_until: Option<At<Date>>,
    /// A Response to our request that does not say which.
    pub missing_in_response_to_until: Option<At<Date>>,
}

/// `[[portal]]`
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// Its id in metrics, logs and the audit trail.
    pub id: At<String>,
    /// Its name on pages.
    pub name: String,
    /// The idENT codes for which it speaks.
    pub idents: Vec<At<String>>,
    /// Its SAML metadata.
    pub metadata: At<String>,
    /// Which entity of the file, when there are several.
    pub entity_id: Option<At<String>>,
    /// The certificate with which the metadata must be signed.
    pub metadata_certificate: Option<At<String>>,
    /// Refused on every endpoint.
    pub disabled: bool,
    /// How far its clock may be off.
    pub skew: Duration,
    /// Whether it may send Responses that nobody asked for.
    pub accept_unsolicited: bool,
    /// Whether a session answers further tiles of this portal.
    pub session_reuse: bool,
    /// The signature that is demanded; none does not exist.
    pub signature: SignatureDemand,
    /// Whether our requests are signed.
    pub sign_requests: SignRequests,
    /// The key that signs them; the default key when none is named.
    pub signing_key: Option<At<String>>,
    /// How our requests travel.
    pub request_binding: RequestBinding,
    /// Whether NameID stands for the person when the attribute is absent.
    pub name_id_as_person: bool,
    /// Its dated exceptions.
    pub legacy: LegacySettings,
    /// Where the section begins.
    pub place: Place,
}

/// Whether a publisher's AuthnRequests must be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantSigned {
    /// When its metadata say `AuthnRequestsSigned`.
    Metadata,
    /// Always.
    Always,
    /// Not demanded. A signature that is there is always verified.
    Never,
}

/// `[[publisher]]`
#[derive(Clone, Debug)]
pub struct PublisherSettings {
    /// Its id, the same as in the directory.
    pub id: At<String>,
    /// Its name on pages.
    pub name: String,
    /// Its SAML metadata.
    pub metadata: At<String>,
    /// Which entity of the file, when there are several.
    pub entity_id: Option<At<String>>,
    /// The certificate with which the metadata must be signed.
    pub metadata_certificate: Option<At<String>>,
    /// Refused on every endpoint.
    pub disabled: bool,
    /// What we sign.
    pub sign: SignWhat,
    /// The key that signs; the default key when none is named.
    pub signing_key: Option<At<String>>,
    /// Whether we encrypt.
    pub encrypt: Encrypt,
    /// How the content is encrypted.
    pub content_cipher: DataEncryption,
    /// How the content key is wrapped.
    pub key_transport: KeyTransport,
    /// The NameID.
    pub name_id: NameIdChoice,
    /// How a refusal ends.
    pub refusal: RefusalChoice,
    /// Whether its requests must be signed.
    pub want_signed_requests: WantSigned,
    /// Where the section begins.
    pub place: Place,
}

/// Skew of clocks: 60 s unless set, 5 min at most (C11).
fn skew(section: &Section<'_, '_>) -> Duration {
    Duration::from_secs(section.integer("skew_seconds", 60, 0..=300))
}

pub(super) fn portal(section: Section<'_, '_>) -> PortalSettings {
    let id = section.required("id", "\"ent-exemple\"");
    let settings = PortalSettings {
        name: section
            .string("name")
            .map_or_else(|| id.value.clone(), |name| name.value),
        idents: section.required_strings("idents", "[\"B0\"]"),
        metadata: section.required("metadata", "\"portals/ent-exemple.xml\""),
        entity_id: section.string("entity_id"),
        metadata_certificate: section.string("metadata_certificate"),
        disabled: section.boolean("disabled", false),
        skew: skew(&section),
        accept_unsolicited: section.boolean("accept_unsolicited", false),
        session_reuse: section.boolean("session_reuse", false),
        signature: section.choice(
            "signature",
            SignatureDemand::Either,
            &[
                ("assertion-or-response", SignatureDemand::Either),
                ("assertion", SignatureDemand::Assertion),
                ("response", SignatureDemand::Response),
                ("both", SignatureDemand::Both),
            ],
        ),
        sign_requests: section.choice(
            "sign_requests",
            SignRequests::Metadata,
            &[
                ("metadata", SignRequests::Metadata),
                ("always", SignRequests::Always),
                ("never", SignRequests::Never),
            ],
        ),
        signing_key: section.string("signing_key"),
        request_binding: section.choice(
            "request_binding",
            RequestBinding::Metadata,
            &[
                ("metadata", RequestBinding::Metadata),
                ("redirect", RequestBinding::Redirect),
                ("post", RequestBinding::Post),
            ],
        ),
        name_id_as_person: section.boolean("name_id_as_person", false),
        legacy: portal_legacy(section.section("legacy")),
        place: section.place(),
        id,
    };
    check_id(&section, &settings.id);
    section.finish();
    settings
}

fn portal_legacy(section: Section<'_, '_>) -> LegacySettings {
    let settings = LegacySettings {
        sha1_until: section.date("sha1_until"),
        small_rsa_until: section.date("small_rsa_until"),
        inclusive_c14n_until: section.date("inclusive_c14n_until"),
        cbc_until: section.date("cbc_until"),
        long_lifetimes_until: section.date("long_lifetimes_until"),
        missing_in_response_to_until: section.date("missing_in_response_to_until"),
    };
    section.finish();
    settings
}

pub(super) fn publisher(section: Section<'_, '_>) -> PublisherSettings {
    let id = section.required("id", "\"editeur-exemple\"");
    let settings = PublisherSettings {
        name: section
            .string("name")
            .map_or_else(|| id.value.clone(), |name| name.value),
        metadata: section.required("metadata", "\"publishers/editeur-exemple.xml\""),
        entity_id: section.string("entity_id"),
        metadata_certificate: section.string("metadata_certificate"),
        disabled: section.boolean("disabled", false),
        sign: section.choice(
            "sign",
            SignWhat::Assertion,
            &[
                ("assertion", SignWhat::Assertion),
                ("response", SignWhat::Response),
                ("both", SignWhat::Both),
            ],
        ),
        signing_key: section.string("signing_key"),
        encrypt: section.choice(
            "encrypt",
            Encrypt::IfKey,
            &[
                ("never", Encrypt::Never),
                ("if-key", Encrypt::IfKey),
                ("require", Encrypt::Require),
            ],
        ),
        content_cipher: section.choice(
            "content_cipher",
            DataEncryption::Aes256Gcm,
            &[
                ("aes256-gcm", DataEncryption::Aes256Gcm),
                ("aes128-gcm", DataEncryption::Aes128Gcm),
            ],
        ),
        key_transport: section.choice(
            "key_transport",
            KeyTransport::OaepSha1Mgf1Sha1,
            &[
                ("rsa-oaep-sha1", KeyTransport::OaepSha1Mgf1Sha1),
                (
                    "rsa-oaep-sha256-mgf1-sha1",
                    KeyTransport::OaepSha256Mgf1Sha1,
                ),
                ("rsa-oaep-sha256", KeyTransport::OaepSha256Mgf1Sha256),
            ],
        ),
        name_id: section.choice(
            "name_id",
            NameIdChoice::Transient,
            &[
                ("transient", NameIdChoice::Transient),
                ("persistent", NameIdChoice::Persistent),
            ],
        ),
        refusal: section.choice(
            "refusal",
            RefusalChoice::Page,
            &[
                ("page", RefusalChoice::Page),
                ("status", RefusalChoice::Status),
            ],
        ),
        want_signed_requests: section.choice(
            "want_signed_requests",
            WantSigned::Metadata,
            &[
                ("metadata", WantSigned::Metadata),
                ("always", WantSigned::Always),
                ("never", WantSigned::Never),
            ],
        ),
        place: section.place(),
        id,
    };
    check_id(&section, &settings.id);
    section.finish();
    settings
}

/// Ids become labels of metrics and words of log lines.
fn check_id(section: &Section<'_, '_>, id: &At<String>) {
    let plain = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !plain || id.len() > 64 {
        section.error(
            id.place,
            format!("`id` is \"{}\"", id.value),
            "letters, digits, - _ . and at most 64 of them: ids become labels of metrics",
        );
    }
}
