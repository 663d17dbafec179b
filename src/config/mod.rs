//! The configuration: one TOML file, read whole, with every error at once.
//!
//! [`Settings::read`] is a pure function of the text: it knows no file but the one it was given and no
//! clock. What the settings *name* (keys, certificates, metadata, the snapshot) is loaded by
//! `trust::compile`, which adds its own problems at the place of the key that named the file. Both
//! stages go on after an error, so that an operator mends a file in one pass.
//!
//! This module must never print, log or keep the content of a key file, and never guess a value for a
//! key that it did not understand.

mod collect;
mod part;
mod partners;
mod place;
mod problem;
mod reader;
mod service;
mod settings;
mod store;
mod suggest;

pub use collect::{CollectPeriod, CollectPortal, CollectSettings, Shrink, paris, paris_day};
pub use part::Part;
pub use partners::{
    LegacySettings, PortalSettings, PublisherSettings, RequestBinding, SignRequests, WantSigned,
};
pub use place::{At, Place};
pub use problem::{Problem, Problems, Severity};
pub use service::{
    AuditPolicy, AuditSettings, CookieSettings, DecryptionKeySettings, GatewaySettings,
    LimitSettings, ListenSettings, LogSettings, PseudonymSettings, SessionSettings,
    SigningKeySettings, SnapshotSettings, StateSettings, TlsMinimum, TlsSettings,
};
pub use settings::Settings;
pub use store::StoreSettings;
pub use suggest::closest;

/// Every key of every section that the settings know, as `(section, key)`: what the documented
/// `config/octroi.toml` is tested against.
#[must_use]
pub fn known_keys() -> Vec<(String, &'static str)> {
    settings::known_keys()
}
