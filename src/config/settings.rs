//! The whole file as one typed value.

use std::path::Path;

use super::collect::{self, CollectSettings};
use super::partners::{self, PortalSettings, PublisherSettings};
use super::problem::Problems;
use super::reader::{Reader, Section, parse};
use super::service::{
    self, AuditSettings, CookieSettings, DecryptionKeySettings, GatewaySettings, LimitSettings,
    ListenSettings, LogSettings, PseudonymSettings, SessionSettings, SigningKeySettings,
    SnapshotSettings, StateSettings, TlsSettings,
};
use super::store::StoreSettings;

/// Everything that the file says, with the place of everything that may still turn out wrong.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[gateway]`
    pub gateway: GatewaySettings,
    /// `[listen]`
    pub listen: ListenSettings,
    /// `[tls]`
    pub tls: TlsSettings,
    /// `[[signing_key]]`
    pub signing_keys: Vec<SigningKeySettings>,
    /// `[[decryption_key]]`
    pub decryption_keys: Vec<DecryptionKeySettings>,
    /// `[pseudonym]`
    pub pseudonym: PseudonymSettings,
    /// `[cookies]`
    pub cookies: CookieSettings,
    /// `[snapshot]`
    pub snapshot: SnapshotSettings,
    /// `[store]`, when there is one; the snapshot then comes from it.
    pub store: Option<StoreSettings>,
    /// `[state]`
    pub state: StateSettings,
    /// `[audit]`
    pub audit: AuditSettings,
    /// `[session]`
    pub session: SessionSettings,
    /// `[limits]`
    pub limits: LimitSettings,
    /// `[log]`
    pub log: LogSettings,
    /// `[collect]`, where the importer shares this file.
    pub collect: Option<CollectSettings>,
    /// `[[portal]]`
    pub portals: Vec<PortalSettings>,
    /// `[[publisher]]`
    pub publishers: Vec<PublisherSettings>,
}

/// The sections that are the gateway's own: the importer's reader passes over them.
pub(super) const SECTIONS: &[&str] = &[
    "gateway",
    "listen",
    "tls",
    "signing_key",
    "decryption_key",
    "pseudonym",
    "cookies",
    "snapshot",
    "state",
    "audit",
    "session",
    "limits",
    "store",
    "portal",
    "publisher",
];

impl Settings {
    /// Reads the text of a configuration file.
    ///
    /// The settings are returned whatever was wrong (with defaults where a value could not be read), so
    /// that what they name can be checked too; whether they may be *used* is what the problems say.
    /// `file` is only a name for the problems.
    #[must_use]
    pub fn read(file: &Path, text: &str) -> (Self, Problems) {
        let (settings, problems, _) = read_all(file, text);
        (settings, problems)
    }
}

fn read_all(file: &Path, text: &str) -> (Settings, Problems, Vec<(String, &'static str)>) {
    let reader = Reader::new(file, text);
    let table = parse(&reader, text);
    let root = Section::root(&reader, &table);
    let store = super::store::store(root.section("store"));
    let settings = Settings {
        gateway: service::gateway(root.section("gateway")),
        listen: service::listen(root.section("listen")),
        tls: service::tls(root.section("tls")),
        signing_keys: root
            .sections("signing_key")
            .into_iter()
            .map(service::signing_key)
            .collect(),
        decryption_keys: root
            .sections("decryption_key")
            .into_iter()
            .map(service::decryption_key)
            .collect(),
        pseudonym: service::pseudonym(root.section("pseudonym")),
        cookies: service::cookies(root.section("cookies")),
        snapshot: service::snapshot(root.section("snapshot"), store.is_some()),
        store,
        state: service::state(root.section("state")),
        audit: service::audit(root.section("audit")),
        session: service::session(root.section("session")),
        limits: service::limits(root.section("limits")),
        log: service::log(root.section("log")),
        collect: Some(root.section("collect"))
            .filter(Section::is_present)
            .map(collect::collect),
        portals: root
            .sections("portal")
            .into_iter()
            .map(partners::portal)
            .collect(),
        publishers: root
            .sections("publisher")
            .into_iter()
            .map(partners::publisher)
            .collect(),
    };
    check_names(&root, &settings);
    root.finish();
    let (problems, known) = reader.finish();
    (settings, problems, known)
}

/// What can be checked across sections without opening a file: names are unique, references lead somewhere.
fn check_names(root: &Section<'_, '_>, settings: &Settings) {
    service::unique(
        root,
        "the signing key",
        settings.signing_keys.iter().map(|key| &key.name),
    );
    service::unique(
        root,
        "the decryption key",
        settings.decryption_keys.iter().map(|key| &key.name),
    );
    service::unique(
        root,
        "the portal id",
        settings.portals.iter().map(|portal| &portal.id),
    );
    service::unique(
        root,
        "the publisher id",
        settings.publishers.iter().map(|publisher| &publisher.id),
    );
    service::unique(
        root,
        "the idENT",
        settings.portals.iter().flat_map(|portal| &portal.idents),
    );

    if settings.signing_keys.is_empty() {
        root.error(
            root.place(),
            "there is no [[signing_key]]",
            "add one: without it nothing can be signed",
        );
    }
    let defaults: Vec<_> = settings
        .signing_keys
        .iter()
        .filter(|key| key.default)
        .collect();
    if defaults.is_empty() && settings.signing_keys.len() > 1 {
        let place = settings
            .signing_keys
            .first()
            .map(|key| key.name.place)
            .unwrap_or_default();
        root.error(
            place,
            "no [[signing_key]] is the default",
            "write `default = true` in one of them",
        );
    }
    if let Some(second) = defaults.get(1) {
        root.error(
            second.name.place,
            "two [[signing_key]] are the default",
            "leave `default = true` in one of them",
        );
    }
    let known: Vec<&str> = settings
        .signing_keys
        .iter()
        .map(|key| key.name.value.as_str())
        .collect();
    let named = settings
        .portals
        .iter()
        .filter_map(|portal| portal.signing_key.as_ref());
    for name in named.chain(
        settings
            .publishers
            .iter()
            .filter_map(|publisher| publisher.signing_key.as_ref()),
    ) {
        if !known.contains(&name.value.as_str()) {
            let hint = super::suggest::closest(name, &known)
                .map(|near| format!("did you mean \"{near}\"? "));
            root.error(
                name.place,
                format!("there is no signing key \"{}\"", name.value),
                format!("{}known: {}", hint.unwrap_or_default(), known.join(", ")),
            );
        }
    }
}

/// Every key of every section: read from a text that has each repeated section once.
pub(super) fn known_keys() -> Vec<(String, &'static str)> {
    const EACH_ONCE: &str = "[[signing_key]]\n[[decryption_key]]\n[[portal]]\n[[publisher]]\n\
        [collect]\n[[collect.portal]]\n[[collect.period]]\n";
    let (_, _, mut keys) = read_all(Path::new("keys"), EACH_ONCE);
    keys.sort();
    keys.dedup();
    keys
}
