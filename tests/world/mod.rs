//! A small world around the real engine: portals that sign, publishers that have metadata, a directory that was
//! built and mapped, a clock that a test can move. Nothing in it is a mock: keys are real, the snapshot is a file,
//! messages are written and signed as a portal writes them.
//!
//! Shared by the suites in `tests/` and by the benchmarks.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support"
)]

pub mod browser;
pub mod country;
pub mod keys;
pub mod portal;
pub mod publisher;

use keys::Keys;
use octroi::access::Engine;
use octroi::access::witness::{Event, NotKept, Witness};
use octroi::clock::Clock;
use octroi::state::guard::{LocalGuard, ReplayGuard};
use octroi::state::rate::{Share, SignInRate};
use octroi::state::revocation::Revocations;
use octroi::state::seal::Sealer;
use octroi::trust::{
    Current, Encrypt, Gateway, Legacy, NameIdChoice, Portal, Publisher, RefusalChoice,
    SingleSignOn, Trust,
};
use octroi_dsig::{DataEncryption, DecryptionKey, EncryptionRecipient, KeyTransport, Signer};
use octroi_entitlements::{Directory, Pseudonymizer, Snapshot};
use octroi_saml::Time;
use octroi_saml::issue::SignWhat;
use octroi_saml::metadata::{IndexedEndpoint, SpRole};
use octroi_saml::response::SignatureDemand;
use octroi_saml::uri::binding;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const BASE: &str = "https://octroi.test";
pub const PORTAL_B: &str = "https://portal-b.test/idp";
pub const PORTAL_C: &str = "urn:portal:c";

/// 2026-11-23T12:00:00Z
pub const NOON: i64 = 1_795_435_200;

/// What a test may change before the world begins.
pub struct Plan {
    pub country: country::Country,
    pub portals: Vec<Portal>,
    pub publishers: Vec<Publisher>,
    pub guard: Arc<dyn ReplayGuard>,
    /// Who is told instead of the world's own witness.
    pub witness: Option<Arc<dyn Witness>>,
}

/// The world.
pub struct World {
    pub engine: Arc<Engine>,
    pub events: Arc<Events>,
    pub now: Time,
}

/// What a witness saw: enough for a test to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub what: &'static str,
    pub code: Option<&'static str>,
    pub person: Option<String>,
    pub upstream: Option<String>,
    pub issued: Option<String>,
    pub detail: String,
}

/// A witness that remembers, or one whose disk is full.
#[derive(Debug, Default)]
pub struct Events {
    pub seen: Mutex<Vec<Seen>>,
    pub full: std::sync::atomic::AtomicBool,
}

impl Witness for Events {
    fn witness(&self, event: &Event<'_>) -> Result<(), NotKept> {
        if self.full.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(NotKept);
        }
        self.seen.lock().unwrap().push(Seen {
            what: event.what.label(),
            code: event.code,
            person: event.person.map(str::to_owned),
            upstream: event.upstream_assertion.map(str::to_owned),
            issued: event.issued_assertion.map(str::to_owned),
            detail: event.detail.to_owned(),
        });
        Ok(())
    }
}

impl Plan {
    pub fn new() -> Self {
        let keys = Keys::get();
        let signer: Arc<dyn Signer> = keys.gateway.clone();
        Self {
            country: country::Country::small(),
            portals: vec![
                ent("portal-b", PORTAL_B, "B0", &keys.portal_b),
                ent("portal-c", PORTAL_C, "C0", &keys.portal_c),
            ],
            publishers: vec![
                house("push-house", "https://push.test/sp", signer.clone()),
                house("pull-house", "https://pull.test/sp", signer.clone()),
            ],
            guard: Arc::new(LocalGuard::in_memory(1_000_000)),
            witness: None,
        }
    }

    pub fn portal(&mut self, id: &str) -> &mut Portal {
        self.portals
            .iter_mut()
            .find(|portal| portal.id == id)
            .unwrap()
    }

    pub fn publisher(&mut self, id: &str) -> &mut Publisher {
        self.publishers
            .iter_mut()
            .find(|publisher| publisher.id == id)
            .unwrap()
    }

    pub fn trust(&self) -> Arc<Trust> {
        Arc::new(Trust::assemble(gateway(), self.portals.clone(), self.publishers.clone()).unwrap())
    }

    pub fn begin(self) -> World {
        let now = Time::from_unix_seconds(NOON);
        let directory = Arc::new(Directory::bare(self.country.snapshot()));
        let events = Arc::new(Events::default());
        let engine = Arc::new(Engine {
            current: Current::new(self.trust(), directory),
            guard: self.guard,
            ended: Revocations::in_memory(),
            rate: SignInRate::default(),
            clock: Clock::standing_at(now),
            witness: self.witness.unwrap_or_else(|| events.clone()),
        });
        World {
            engine,
            events,
            now,
        }
    }
}

/// The product's own witness: metrics, log and an audit trail in `folder`.
pub fn audited(folder: &std::path::Path) -> Arc<dyn Witness> {
    let metrics = Arc::new(octroi::observe::metrics::Metrics::new().unwrap());
    let options = octroi::observe::audit::Options {
        directory: folder.to_owned(),
        policy: octroi::config::AuditPolicy::Block,
        segment_bytes: 1 << 30,
        sync: Duration::from_secs(1),
    };
    let audit = octroi::observe::audit::Audit::open(
        &options,
        Time::from_unix_seconds(NOON),
        metrics.clone(),
    )
    .unwrap();
    Arc::new(octroi::observe::witness::Observer::new(metrics, audit))
}

pub fn snapshot_of(country: &country::Country) -> Arc<Snapshot> {
    country.snapshot()
}

fn gateway() -> Gateway {
    let keys = Keys::get();
    Gateway {
        base_url: BASE.into(),
        sp_entity_id: format!("{BASE}/saml/metadata"),
        idp_entity_id: format!("{BASE}/idp/metadata"),
        acs_url: format!("{BASE}/saml/acs"),
        sso_url: format!("{BASE}/idp/sso"),
        sp_slo_url: format!("{BASE}/saml/slo"),
        idp_slo_url: format!("{BASE}/idp/slo"),
        sp_metadata: bytes::Bytes::from_static(b"<sp/>"),
        idp_metadata: bytes::Bytes::from_static(b"<idp/>"),
        decryption_keys: vec![DecryptionKey::from_pkcs8_pem(&keys.decryption_pem).unwrap()],
        sealer: Sealer::new(&[[9u8; 32]]).unwrap(),
        pseudonyms: Pseudonymizer::new(&[5u8; 32]).unwrap(),
        session: Duration::from_secs(6 * 3600),
        sign_ins_of_one: Share {
            per_second: 10_000,
            burst: 100_000,
        },
        sign_ins_of_all: Share {
            per_second: 10_000,
            burst: 100_000,
        },
        contact: None,
    }
}

pub fn ent(id: &str, entity_id: &str, ent: &str, keys: &keys::Pair) -> Portal {
    Portal {
        id: id.into(),
        name: format!("Portail {ent}"),
        idents: vec![ent.into()],
        entity_id: entity_id.into(),
        disabled: false,
        valid_until: None,
        signing_keys: vec![keys.signer.public_key().clone()],
        single_sign_on: SingleSignOn::Redirect("https://portal.test/sso".into()),
        single_logout: Vec::new(),
        request_signer: None,
        signer: Keys::get().gateway.clone(),
        skew: Duration::from_secs(60),
        demand: SignatureDemand::Either,
        accept_unsolicited: false,
        session_reuse: false,
        name_id_as_person: false,
        legacy: Legacy::default(),
    }
}

pub fn house(id: &str, entity_id: &str, signer: Arc<dyn Signer>) -> Publisher {
    let keys = Keys::get();
    let acs = |index: u16, suffix: &str| IndexedEndpoint {
        binding: binding::POST.into(),
        location: format!("{entity_id}/acs{suffix}"),
        index,
        is_default: (index == 0).then_some(true),
    };
    Publisher {
        id: id.into(),
        name: id.into(),
        entity_id: entity_id.into(),
        disabled: false,
        valid_until: None,
        role: SpRole {
            signing_keys: vec![keys.publisher.signer.public_key().clone()],
            encryption_keys: vec![keys.publisher.signer.public_key().clone()],
            assertion_consumer: vec![acs(0, ""), acs(1, "/one")],
            ..SpRole::default()
        },
        sign: SignWhat::Assertion,
        signer,
        encrypt: Encrypt::IfKey,
        recipient: Some(EncryptionRecipient {
            key: keys.publisher.signer.public_key().clone(),
            data: DataEncryption::Aes128Gcm,
            transport: KeyTransport::OaepSha1Mgf1Sha1,
        }),
        name_id: NameIdChoice::Transient,
        refusal: RefusalChoice::Page,
        want_signed_requests: false,
    }
}
