//! The keys of the committed seeds, and what was signed with them. The private keys were thrown away when the seeds were
//! written, so nothing else can ever be signed rightly: whatever verifies must be a seed's content.

use octroi_dsig::PublicKey;
use octroi_saml::Time;

/// The public keys, RSA-2048 and P-256.
pub const KEYS: [&str; 2] = [
    include_str!("../keys/rsa.pem"),
    include_str!("../keys/p256.pem"),
];

/// The one person whom the seeds name.
pub const PERSON: &str = "alice";
/// The portal of the seeds.
pub const PORTAL: &str = "https://portal.example/metadata";
/// We, in the seeds.
pub const OURS: &str = "https://octroi.example/saml/metadata";
/// Our assertion consumer service.
pub const ACS: &str = "https://octroi.example/saml/acs";
/// The open request.
pub const REQUEST: &str = "_request";
/// When the seeds were signed, 2026-11-23T14:00:00Z.
pub const NOW: i64 = 1_795_442_400;

/// The trusted keys.
#[must_use]
pub fn keys() -> Vec<PublicKey> {
    KEYS.iter()
        .map(|pem| PublicKey::from_pem(pem).expect("a committed key is broken"))
        .collect()
}

/// The instant of the seeds.
#[must_use]
pub fn now() -> Time {
    Time::from_unix_seconds(NOW)
}
