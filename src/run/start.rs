//! Putting the parts together.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use octroi_entitlements::Directory;
use octroi_saml::Time;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use super::load::{Loaded, load};
use super::reload::{InForce, SnapshotFile};
use super::status::Status;
use super::{housekeeping, reload, store};
use crate::access::Engine;
use crate::clock::Clock;
use crate::config::{Problems, Settings};
use crate::http::admission::{Admission, probe};
use crate::http::server::{ConnectionLimits, Server};
use crate::http::service::{Front, Service};
use crate::http::sockets::{Inherited, listen};
use crate::http::tls::{Tls, TlsError};
use crate::observe::admin;
use crate::observe::audit::{Audit, AuditError, Options};
use crate::observe::metrics::{Metrics, MetricsError};
use crate::observe::witness::Observer;
use crate::state::guard::LocalGuard;
use crate::state::rate::SignInRate;
use crate::state::revocation::Revocations;
use crate::store::follow::{Node, Options as NodeOptions};
use crate::store::{Remote, StoreError, public_keys};
use crate::trust::Current;
use crate::trust::compile::compare_with_snapshot;

/// Ids that the replay guard holds at most: ten minutes at five times the peak of P5, two ids each.
const GUARD_CAPACITY: usize = 6_000_000;

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is refused.
    #[error("the configuration is refused:\n{0}")]
    Configuration(Problems),
    /// A folder of the state.
    #[error("[state] directory: {0}")]
    State(std::io::Error),
    /// The audit trail.
    #[error("audit trail: {0}")]
    Audit(#[from] AuditError),
    /// The store of snapshots.
    #[error("[store]: {0}")]
    Store(#[from] StoreError),
    /// A listener.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        error: std::io::Error,
    },
    /// TLS.
    #[error("TLS: {0}")]
    Tls(#[from] TlsError),
    /// Metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}

/// Everything of a running gateway.
#[derive(Debug)]
pub struct Running {
    pub(super) config: PathBuf,
    pub(super) engine: Arc<Engine>,
    pub(super) service: Arc<Service<Arc<Engine>>>,
    pub(super) server: Arc<Server<Arc<Engine>>>,
    pub(super) tls: Arc<Tls>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) observer: Arc<Observer>,
    pub(super) status: Arc<Status>,
    /// What is in force, and the lock that keeps two reloads apart.
    pub(super) in_force: Mutex<InForce>,
    /// What follows the store, when there is one.
    pub(super) node: Option<Arc<Node>>,
    /// Keeps a swap and an applied change apart.
    pub(super) order: Mutex<()>,
    public: SocketAddr,
    admin: SocketAddr,
    drain: Mutex<(Duration, Duration)>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Starts a gateway. `clock` is the system's outside tests.
///
/// Blocks while files are read and checked; nobody is served yet.
pub async fn start(
    config: &Path,
    inherited: &mut Inherited,
    clock: Clock,
) -> Result<Arc<Running>, StartError> {
    let now = clock.now();
    let mut loaded = load(config, now);
    let file = loaded.snapshot();
    let nowhere = file.is_none() && loaded.settings.store.is_none();
    for problem in loaded.problems.iter() {
        tracing::warn!(%problem, "configuration");
    }
    let Loaded {
        compiled: Some(compiled),
        ..
    } = &mut loaded
    else {
        return Err(StartError::Configuration(loaded.problems));
    };
    if nowhere {
        return Err(StartError::Configuration(loaded.problems));
    }
    let identity = compiled.identity.clone();
    let ends = std::mem::take(&mut compiled.ends);
    let Some(compiled) = loaded.compiled.take() else {
        return Err(StartError::Configuration(loaded.problems));
    };
    let settings = &loaded.settings;

    let metrics = Arc::new(Metrics::new()?);
    let admin = Arc::new(bind(settings.listen.admin.value, inherited)?);
    let status = Arc::new(Status::new(now));
    let (directory, followed) = match file {
        Some(snapshot) => (Arc::new(Directory::bare(Arc::new(snapshot))), None),
        None => {
            let (first, node) = from_store(&loaded, &metrics, &admin, &status, &clock).await?;
            (first.directory, Some((node, first.pending)))
        }
    };
    let snapshot = Arc::clone(directory.snapshot());
    let audit = Audit::open(&audit_options(&loaded), now, Arc::clone(&metrics))?;
    let observer = Arc::new(Observer::new(Arc::clone(&metrics), audit));
    let folder = loaded.path(&settings.state.directory);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(StartError::State)?;
    let seconds = unix_seconds(now);
    let engine = Arc::new(Engine {
        current: Current::new(Arc::new(compiled.trust), directory),
        guard: Arc::new(
            LocalGuard::open(&folder, GUARD_CAPACITY, seconds).map_err(StartError::State)?,
        ),
        ended: Revocations::open(&folder, seconds).map_err(StartError::State)?,
        rate: SignInRate::default(),
        clock,
        witness: Arc::clone(&observer) as Arc<dyn crate::access::witness::Witness>,
    });

    let tls = Arc::new(Tls::new(&identity)?);
    let admission = Admission::new(
        settings.limits.in_flight,
        settings.limits.lag,
        Arc::clone(&metrics),
    );
    let probe = tokio::spawn(probe(Arc::downgrade(&admission)));
    let service = Arc::new(Service::new(
        Arc::clone(&engine),
        front(settings),
        admission,
        Arc::clone(&metrics),
    ));
    let server = Server::new(
        Arc::clone(&service),
        Arc::clone(&tls),
        connection_limits(settings),
    );
    let public = bind(settings.listen.public.value, inherited)?;
    let (public_address, admin_address) = (local(&public), local(&admin));

    let running = Arc::new(Running {
        config: config.to_owned(),
        in_force: Mutex::new(InForce {
            snapshot_file: SnapshotFile::of(&loaded.path(&settings.snapshot.path)),
            settings: settings.clone(),
        }),
        node: followed.as_ref().map(|(node, _)| Arc::clone(node)),
        order: Mutex::default(),
        engine,
        service,
        server: Arc::clone(&server),
        tls,
        metrics,
        observer,
        status,
        public: public_address,
        admin: admin_address,
        drain: Mutex::new((settings.limits.linger, settings.limits.drain)),
        tasks: Mutex::new(vec![probe]),
    });
    reload::tell_configuration(&running, &ends, now);
    reload::tell_snapshot(&running, &snapshot, now);
    if let Some((node, pending)) = followed {
        let overlay = running
            .engine
            .current
            .pin()
            .directory
            .overlay()
            .last_sequence();
        running
            .metrics
            .service
            .overlay_sequence
            .set(reload::whole(node.applied(overlay)));
        let every = settings
            .store
            .as_ref()
            .map_or(Duration::from_secs(2), |store| store.poll);
        store::follow(&running, &node, pending, every).map_err(StartError::State)?;
    }
    let tasks = [
        tokio::spawn(server.run(public)),
        tokio::spawn(admin::run(admin, Arc::downgrade(&running))),
        tokio::spawn(housekeeping::run(Arc::downgrade(&running))),
        tokio::spawn(reload::watch(Arc::downgrade(&running))),
    ];
    running.tasks.lock().extend(tasks);
    running.status.set_ready(true);
    running.metrics.service.ready.set(1);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        public = %public_address,
        admin = %admin_address,
        generation = snapshot.generation(),
        "ready"
    );
    Ok(running)
}

/// Follows the store until there is a snapshot. Meanwhile the admin listener says what is waited for.
async fn from_store(
    loaded: &Loaded,
    metrics: &Arc<Metrics>,
    admin: &Arc<tokio::net::TcpListener>,
    status: &Arc<Status>,
    clock: &Clock,
) -> Result<(store::First, Arc<Node>), StartError> {
    let settings = &loaded.settings;
    let Some(store) = &settings.store else {
        return Err(StartError::Configuration(loaded.problems.clone()));
    };
    let keys = public_keys(store, loaded.base())
        .map_err(|(_, error)| StartError::State(std::io::Error::other(error)))?;
    let options = NodeOptions {
        environment: store.environment.value.clone(),
        keys,
        keep: store.keep,
    };
    let remote = Remote::open(&store.url, loaded.base())?;
    let node = Arc::new(Node::open(remote, &loaded.path(&store.directory), options)?);
    let told = {
        let (status, node, clock) = (Arc::clone(status), Arc::clone(&node), clock.clone());
        move || status.starting_json(clock.now(), &node)
    };
    let waiting = admin::starting(Arc::clone(admin), Arc::clone(metrics), told);
    let waiting = tokio::spawn(waiting);
    let (thresholds, poll) = (settings.snapshot.thresholds, store.poll);
    let following = store::Following {
        node: Arc::clone(&node),
        metrics: Arc::clone(metrics),
        status: Arc::clone(status),
        clock: clock.clone(),
    };
    let first = tokio::task::spawn_blocking(move || following.first(thresholds, poll)).await;
    waiting.abort();
    let first = first.map_err(|error| StartError::State(std::io::Error::other(error)))??;
    let mut problems = Problems::new(Path::new("[store]"));
    compare_with_snapshot(settings, first.directory.snapshot(), &mut problems);
    for problem in problems.iter() {
        tracing::warn!(%problem, "configuration");
    }
    Ok((first, node))
}

impl Running {
    /// Where the public listener is.
    #[must_use]
    pub fn public_address(&self) -> SocketAddr {
        self.public
    }

    /// Where the admin listener is.
    #[must_use]
    pub fn admin_address(&self) -> SocketAddr {
        self.admin
    }

    /// The gateway without its sockets.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Its metrics.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Its door.
    #[must_use]
    pub fn admission(&self) -> &Arc<Admission> {
        self.service.admission()
    }

    /// Its audit trail.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        self.observer.audit()
    }

    /// What it says about itself.
    #[must_use]
    pub fn status(&self) -> &Arc<Status> {
        &self.status
    }

    /// Stops: readiness is withdrawn, new connections are taken for `linger_seconds` more, then nobody new; what is
    /// under way ends, at the latest after `drain_seconds`. `false` when something had not ended by then.
    pub async fn stop(&self) -> bool {
        let (linger, longest) = *self.drain.lock();
        self.status.set_ready(false);
        self.metrics.service.ready.set(0);
        tracing::info!(
            linger_seconds = linger.as_secs(),
            drain_seconds = longest.as_secs(),
            "stopping"
        );
        tokio::time::sleep(linger).await;
        self.server.stop();
        let drained = self.server.drained(longest).await;
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
        self.observer.audit().sync();
        let now = unix_seconds(self.engine.clock.now());
        if let Err(error) = self
            .engine
            .guard
            .sweep(now)
            .and_then(|()| self.engine.ended.sweep(now))
        {
            tracing::error!(%error, "the journals cannot be forced to the disk");
        }
        tracing::info!(drained, "stopped");
        drained
    }

    pub(super) fn set_drain(&self, settings: &Settings) {
        *self.drain.lock() = (settings.limits.linger, settings.limits.drain);
    }
}

/// Unix seconds as the state counts them.
pub(super) fn unix_seconds(time: Time) -> u32 {
    u32::try_from(time.unix_seconds()).unwrap_or(u32::MAX)
}

/// What the edge says about the gateway.
pub(super) fn front(settings: &Settings) -> Front {
    Front {
        base_url: settings.gateway.base_url.value.clone(),
        organization: settings.gateway.organization.clone(),
        contact: settings.gateway.contact.value.clone(),
        body_bytes: settings.limits.body_bytes,
        body_time: settings.limits.body,
    }
}

fn connection_limits(settings: &Settings) -> ConnectionLimits {
    ConnectionLimits {
        header_bytes: settings.limits.header_bytes,
        connections: settings.limits.connections,
        handshake: settings.limits.handshake,
        header: settings.limits.header,
        idle: settings.limits.idle,
    }
}

fn audit_options(loaded: &Loaded) -> Options {
    let settings = &loaded.settings.audit;
    Options {
        directory: loaded.path(&settings.directory),
        policy: settings.policy,
        segment_bytes: settings.segment_bytes,
        sync: settings.sync,
    }
}

fn bind(
    address: SocketAddr,
    inherited: &mut Inherited,
) -> Result<tokio::net::TcpListener, StartError> {
    listen(address, inherited).map_err(|error| StartError::Listen { address, error })
}

fn local(listener: &tokio::net::TcpListener) -> SocketAddr {
    listener
        .local_addr()
        .unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)))
}
