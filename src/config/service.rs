//! The sections about the gateway itself: who it is, where it listens, its keys, its files, its limits.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use octroi_dsig::SignatureAlgorithm;

use super::place::{At, Place};
use super::reader::Section;
use crate::state::rate::Share;
use crate::store::Thresholds;

/// `[gateway]`: who this gateway is.
#[derive(Clone, Debug)]
pub struct GatewaySettings {
    /// The public URL without a path and without a final `/`; our entityIDs and endpoints derive from it.
    pub base_url: At<String>,
    /// The organisation that runs the gateway, shown on pages and in metadata.
    pub organization: String,
    /// Where to report a security problem and where partners write: `mailto:…` or `https://…`.
    pub contact: At<String>,
}

/// `[listen]`: sockets.
#[derive(Clone, Debug)]
pub struct ListenSettings {
    /// Address of the public listener (TLS).
    pub public: At<SocketAddr>,
    /// Address of the admin listener (plain HTTP: keep it on loopback or a private network).
    pub admin: At<SocketAddr>,
    /// Worker threads; 0 means one for each core.
    pub workers: usize,
}

/// The oldest TLS version that is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMinimum {
    /// TLS 1.2
    Tls12,
    /// TLS 1.3
    Tls13,
}

/// `[tls]`: the certificate of the public listener.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// PEM file: the certificate and its chain.
    pub certificate: At<String>,
    /// PEM file: PKCS#8 private key.
    pub private_key: At<String>,
    /// The oldest version spoken.
    pub minimum: TlsMinimum,
}

/// `[[signing_key]]`: one key with which we sign.
#[derive(Clone, Debug)]
pub struct SigningKeySettings {
    /// The name by which portals and publishers refer to it.
    pub name: At<String>,
    /// PEM file: PKCS#8 private key.
    pub private_key: At<String>,
    /// PEM file: its certificate, published in our metadata.
    pub certificate: At<String>,
    /// The algorithm; without one, the usual one of the kind of key.
    pub algorithm: Option<SignatureAlgorithm>,
    /// Whether our metadata shows the certificate.
    pub published: bool,
    /// Whether it signs where a partner names no key.
    pub default: bool,
}

/// `[[decryption_key]]`: one key that opens encrypted assertions of portals.
#[derive(Clone, Debug)]
pub struct DecryptionKeySettings {
    /// Its name in metrics and errors.
    pub name: At<String>,
    /// PEM file: PKCS#8 private key.
    pub private_key: At<String>,
    /// PEM file: its certificate, published in our metadata.
    pub certificate: At<String>,
}

/// `[pseudonym]`: the key of the IDO.
#[derive(Clone, Debug)]
pub struct PseudonymSettings {
    /// File with at least 32 bytes, as hex digits or raw. Never rotated: every IDO would change.
    pub key: At<String>,
}

/// `[cookies]`: the keys that seal flow and session cookies.
#[derive(Clone, Debug)]
pub struct CookieSettings {
    /// File with one key a line, 64 hex digits, newest first.
    pub keys: At<String>,
}

/// `[snapshot]`: the directory in force.
#[derive(Clone, Debug)]
pub struct SnapshotSettings {
    /// The file, replaced by rename.
    pub path: At<String>,
    /// How often to look whether it was replaced; `None` waits for SIGHUP.
    pub watch: Option<Duration>,
    /// A snapshot that lost more than this is refused.
    pub thresholds: Thresholds,
}

/// `[state]`: what must survive a restart.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// Folder of the replay guard's journal.
    pub directory: At<String>,
}

/// What happens to an access whose audit line cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditPolicy {
    /// It is refused.
    Block,
    /// It goes on; the loss is counted.
    Drop,
}

/// `[audit]`: the audit trail.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// Folder of the segments.
    pub directory: At<String>,
    /// What happens when a line cannot be written.
    pub policy: AuditPolicy,
    /// A segment is closed when it is longer.
    pub segment_bytes: u64,
    /// How often written lines are forced to the disk (a crash of the machine loses at most these).
    pub sync: Duration,
}

/// `[session]`: how long a session lives in the browser.
#[derive(Clone, Copy, Debug)]
pub struct SessionSettings {
    /// The longest session.
    pub longest: Duration,
}

/// `[limits]`: what one client, and all of them together, may cost.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings {
    /// Request line and headers, bytes.
    pub header_bytes: usize,
    /// Request body, bytes.
    pub body_bytes: usize,
    /// Open connections; further ones wait in the kernel.
    pub connections: usize,
    /// Accesses under way at once; further ones are refused with 503.
    pub in_flight: usize,
    /// When work waits longer than this for a processor, new accesses are refused with 503.
    pub lag: Duration,
    /// Longest TLS handshake.
    pub handshake: Duration,
    /// Longest wait for a complete header.
    pub header: Duration,
    /// Longest wait for a complete body.
    pub body: Duration,
    /// Longest pause of a connection between two requests.
    pub idle: Duration,
    /// Longest wait for accesses under way when stopping.
    pub drain: Duration,
    /// After readiness is withdrawn, new connections are still taken for so long (a balancer needs to notice).
    pub linger: Duration,
    /// Sign-ins that one address may start; a school is one address.
    pub sign_ins_of_one: Share,
    /// Sign-ins that all together may start.
    pub sign_ins_of_all: Share,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: tracing::Level,
}

/// Seconds as a duration, bounded.
fn seconds(section: &Section<'_, '_>, key: &'static str, default: u64, most: u64) -> Duration {
    Duration::from_secs(section.integer(key, default, 1..=most))
}

fn size(
    section: &Section<'_, '_>,
    key: &'static str,
    default: u64,
    least: u64,
    most: u64,
) -> usize {
    usize::try_from(section.integer(key, default, least..=most)).unwrap_or(usize::MAX)
}

pub(super) fn gateway(section: Section<'_, '_>) -> GatewaySettings {
    let settings = GatewaySettings {
        base_url: section.required("base_url", "\"https://acces.example.fr\""),
        organization: section.required("organization", "\"Région Exemple\"").value,
        contact: section.required("contact", "\"mailto:securite@example.fr\""),
    };
    check_base_url(&section, &settings.base_url);
    let contact = &settings.contact;
    if !contact.is_empty()
        && !["mailto:", "https://", "tel:"]
            .iter()
            .any(|scheme| contact.starts_with(scheme))
    {
        section.error(
            contact.place,
            format!("`contact` is no URI: \"{}\"", contact.value),
            "write \"mailto:…\", \"https://…\" or \"tel:…\" (RFC 9116)",
        );
    }
    section.finish();
    settings
}

fn check_base_url(section: &Section<'_, '_>, base_url: &At<String>) {
    if base_url.is_empty() {
        return;
    }
    let host = base_url.strip_prefix("https://").filter(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    });
    if host.is_none() {
        section.error(
            base_url.place,
            format!("`base_url` is \"{}\"", base_url.value),
            "write https://, a host and if needed a port, without path and without final /",
        );
    }
}

pub(super) fn listen(section: Section<'_, '_>) -> ListenSettings {
    let settings = ListenSettings {
        public: section.socket("public", SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8443))),
        admin: section.socket("admin", SocketAddr::from((Ipv4Addr::LOCALHOST, 9464))),
        workers: size(&section, "workers", 0, 0, 1024),
    };
    let admin = &settings.admin;
    if admin.ip().is_unspecified() {
        section.warning(
            admin.place,
            format!(
                "the admin listener is open on every network ({})",
                admin.value
            ),
            "write a loopback or private address: it is plain HTTP and asks nobody who they are",
        );
    }
    section.finish();
    settings
}

pub(super) fn tls(section: Section<'_, '_>) -> TlsSettings {
    let settings = TlsSettings {
        certificate: section.required("certificate", "\"keys/tls.pem\""),
        private_key: section.required("private_key", "\"keys/tls.key.pem\""),
        minimum: section.choice(
            "minimum",
            TlsMinimum::Tls12,
            &[("1.2", TlsMinimum::Tls12), ("1.3", TlsMinimum::Tls13)],
        ),
    };
    section.finish();
    settings
}

pub(super) fn signing_key(section: Section<'_, '_>) -> SigningKeySettings {
    let settings = SigningKeySettings {
        name: section.required("name", "\"rsa-2026\""),
        private_key: section.required("private_key", "\"keys/rsa-2026.key.pem\""),
        certificate: section.required("certificate", "\"keys/rsa-2026.pem\""),
        algorithm: section.choice("algorithm", None, &algorithms()),
        published: section.boolean("published", true),
        default: section.boolean("default", false),
    };
    section.finish();
    settings
}

/// What we sign with: everything but SHA-1.
fn algorithms() -> Vec<(&'static str, Option<SignatureAlgorithm>)> {
    let usable = SignatureAlgorithm::ALL
        .into_iter()
        .filter(|algorithm| *algorithm != SignatureAlgorithm::RsaSha1);
    usable
        .map(|algorithm| (algorithm.name(), Some(algorithm)))
        .collect()
}

pub(super) fn decryption_key(section: Section<'_, '_>) -> DecryptionKeySettings {
    let settings = DecryptionKeySettings {
        name: section.required("name", "\"decryption-2026\""),
        private_key: section.required("private_key", "\"keys/decryption-2026.key.pem\""),
        certificate: section.required("certificate", "\"keys/decryption-2026.pem\""),
    };
    section.finish();
    settings
}

pub(super) fn pseudonym(section: Section<'_, '_>) -> PseudonymSettings {
    let settings = PseudonymSettings {
        key: section.required("key", "\"keys/pseudonym.key\""),
    };
    section.finish();
    settings
}

pub(super) fn cookies(section: Section<'_, '_>) -> CookieSettings {
    let settings = CookieSettings {
        keys: section.required("keys", "\"keys/cookies.keys\""),
    };
    section.finish();
    settings
}

/// `elsewhere` says that snapshots come from a store.
pub(super) fn snapshot(section: Section<'_, '_>, elsewhere: bool) -> SnapshotSettings {
    let path = if elsewhere {
        let path = section.string("path");
        path.unwrap_or_else(|| At::new(String::new(), section.place()))
    } else {
        section.required("path", "\"../var/snapshot/current.octroi\"")
    };
    let watch = section.integer("watch_seconds", 5, 0..=3600);
    let thresholds = Thresholds {
        people: section.integer("shrink_percent", 20, 0..=100),
        schools: section.integer("shrink_schools_percent", 10, 0..=100),
        subscriptions: section.integer("shrink_subscriptions_percent", 30, 0..=100),
    };
    section.finish();
    SnapshotSettings {
        path,
        watch: (watch > 0).then(|| Duration::from_secs(watch)),
        thresholds,
    }
}

pub(super) fn state(section: Section<'_, '_>) -> StateSettings {
    let settings = StateSettings {
        directory: section.required("directory", "\"../var/state\""),
    };
    section.finish();
    settings
}

pub(super) fn audit(section: Section<'_, '_>) -> AuditSettings {
    let words = [("block", AuditPolicy::Block), ("drop", AuditPolicy::Drop)];
    let settings = AuditSettings {
        directory: section.required("directory", "\"../var/audit\""),
        policy: section.choice("policy", AuditPolicy::Block, &words),
        segment_bytes: section.integer("segment_bytes", 64 << 20, 1 << 16..=1 << 32),
        sync: Duration::from_millis(section.integer("sync_milliseconds", 1000, 10..=60_000)),
    };
    section.finish();
    settings
}

pub(super) fn session(section: Section<'_, '_>) -> SessionSettings {
    let hours = section.integer("max_hours", 6, 1..=6);
    section.finish();
    SessionSettings {
        longest: Duration::from_secs(3600 * hours),
    }
}

fn count(section: &Section<'_, '_>, key: &'static str, default: u64) -> u32 {
    u32::try_from(section.integer(key, default, 1..=1_000_000)).unwrap_or(u32::MAX)
}

pub(super) fn limits(section: Section<'_, '_>) -> LimitSettings {
    let settings = LimitSettings {
        header_bytes: size(&section, "header_bytes", 16 << 10, 8 << 10, 256 << 10),
        body_bytes: size(&section, "body_bytes", 512 << 10, 4 << 10, 4 << 20),
        connections: size(&section, "connections", 20_000, 1, 1_000_000),
        in_flight: size(&section, "in_flight", 1_024, 1, 100_000),
        lag: Duration::from_millis(section.integer("lag_milliseconds", 200, 5..=10_000)),
        handshake: seconds(&section, "handshake_seconds", 10, 120),
        header: seconds(&section, "header_seconds", 10, 120),
        body: seconds(&section, "body_seconds", 15, 300),
        idle: seconds(&section, "idle_seconds", 30, 3600),
        drain: seconds(&section, "drain_seconds", 20, 600),
        linger: Duration::from_secs(section.integer("linger_seconds", 0, 0..=300)),
        sign_ins_of_one: Share {
            per_second: count(&section, "sign_ins_per_second_of_one", 50),
            burst: count(&section, "sign_ins_burst_of_one", 1_000),
        },
        sign_ins_of_all: Share {
            per_second: count(&section, "sign_ins_per_second", 2_000),
            burst: count(&section, "sign_ins_burst", 4_000),
        },
    };
    section.finish();
    settings
}

pub(super) fn log(section: Section<'_, '_>) -> LogSettings {
    use tracing::Level;
    let words = [
        ("error", Level::ERROR),
        ("warn", Level::WARN),
        ("info", Level::INFO),
        ("debug", Level::DEBUG),
        ("trace", Level::TRACE),
    ];
    let settings = LogSettings {
        level: section.choice("level", Level::INFO, &words),
    };
    section.finish();
    settings
}

/// Tells a name that stands twice in one kind of section.
pub(super) fn unique<'n>(
    section: &Section<'_, '_>,
    what: &str,
    names: impl Iterator<Item = &'n At<String>>,
) {
    let mut seen: Vec<(&str, Place)> = Vec::new();
    for name in names.filter(|name| !name.is_empty()) {
        match seen.iter().find(|(known, _)| *known == name.value) {
            Some((_, first)) => section.error(
                name.place,
                format!(
                    "{what} \"{}\" stands twice, first in line {}",
                    name.value, first.line
                ),
                "give each its own",
            ),
            None => seen.push((&name.value, name.place)),
        }
    }
}
