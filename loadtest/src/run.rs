//! One run: who comes is drawn, Responses are made, the schedule is kept, figures are taken.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use octroi::simulate::process::{Gateway, cpu_time};
use rustls::pki_types::ServerName;

use crate::access::Target;
use crate::mint::{YOUNG, mint_ahead};
use crate::pace::{Schedule, keep};
use crate::place::{Deliver, Mix, Place, Visitor};
use crate::report::{Report, Times, is_void};
use crate::wire::{Keep, Protocol, Wire};

/// Anything that stops a run.
pub type Stopped = Box<dyn std::error::Error + Send + Sync>;

/// What to run.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Directory that `octroi simulate country --unsolicited` wrote.
    #[arg(long)]
    pub place: PathBuf,
    /// Accesses a second.
    #[arg(long, default_value_t = 1000.0)]
    pub rate: f64,
    /// Seconds that count.
    #[arg(long, default_value_t = 60)]
    pub duration: u64,
    /// Seconds before them that do not.
    #[arg(long, default_value_t = 5)]
    pub warm_up: u64,
    /// Share of accesses that begin with the tile, between 0 and 1; the others are unsolicited Responses.
    #[arg(long, default_value_t = 0.0)]
    pub solicited: f64,
    /// Which portals and publishers.
    #[arg(long, value_enum, default_value_t = Mix::Rsa2048)]
    pub mix: Mix,
    /// Which resources.
    #[arg(long, value_enum, default_value_t = Deliver::Any)]
    pub deliver: Deliver,
    /// Different accesses (person and resource), used in turn.
    #[arg(long, default_value_t = 5000)]
    pub visitors: usize,
    /// Connections: a new one for each access, or kept.
    #[arg(long, value_enum, default_value_t = Keep::Fresh)]
    pub connections: Keep,
    /// HTTP version.
    #[arg(long, value_enum, default_value_t = Protocol::Http1)]
    pub http: Protocol,
    /// Kept HTTP/2 connections.
    #[arg(long, default_value_t = 8)]
    pub streams: usize,
    /// Milliseconds between the tile's click and the Response being due.
    #[arg(long, default_value_t = 300)]
    pub think: u64,
    /// Seconds after which an exchange is given up.
    #[arg(long, default_value_t = 10)]
    pub patience: u64,
    /// Most accesses under way at once.
    #[arg(long, default_value_t = 20_000)]
    pub most: usize,
    /// Threads of the generator.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// Address of the gateway, when it is not on this machine at the port of its base URL.
    #[arg(long)]
    pub connect: Option<SocketAddr>,
    /// Process id of the gateway, to read its CPU time.
    #[arg(long, conflicts_with = "serve")]
    pub pid: Option<u32>,
    /// Start this `octroi` program on the place's octroi.toml, and stop it afterwards.
    #[arg(long)]
    pub serve: Option<PathBuf>,
    /// Write the figures here as JSON.
    #[arg(long)]
    pub json: Option<PathBuf>,
}

#[derive(Default)]
struct Counts {
    answer: Times,
    start: Times,
    good: u64,
    errors: BTreeMap<String, u64>,
}

/// Runs and reports.
///
/// # Errors
/// Whatever keeps it from running: settings, keys, no gateway.
pub fn run(args: &RunArgs) -> Result<Report, Stopped> {
    run_beside(args, || {})
}

/// The same; `begun` is told when the accesses that count begin to be sent, so that something can be made to happen
/// meanwhile. It must not take long itself.
///
/// # Errors
/// As [`run`].
pub fn run_beside(args: &RunArgs, begun: impl Fn()) -> Result<Report, Stopped> {
    if !(args.rate > 0.0 && args.rate <= 1e6 && (0.0..=1.0).contains(&args.solicited)) {
        return Err("--rate must be positive and --solicited between 0 and 1".into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.threads.max(1))
        .enable_all()
        .build()?;
    let place = Place::load(&args.place)?;
    let gateway = match &args.serve {
        Some(program) => Some(runtime.block_on(Gateway::start(
            program,
            &args.place.join("octroi.toml"),
            &args.place.join("gateway.log"),
            &place.admin,
        ))?),
        None => None,
    };
    let pid = gateway.as_ref().map(Gateway::pid).or(args.pid);
    let visitors = place.visitors(args.mix, args.deliver, args.solicited >= 1.0, args.visitors)?;
    let target = Arc::new(target(args, place)?);
    let report = drive(args, &runtime, &target, visitors, pid, &begun);
    if let Some(gateway) = gateway {
        runtime.block_on(gateway.stop());
    }
    report
}

/// Connections to the gateway of a place.
///
/// # Errors
/// A base URL that names no host and port.
pub fn target(args: &RunArgs, place: Place) -> Result<Target, Stopped> {
    let (scheme, authority) = place
        .gateway
        .base_url
        .split_once("://")
        .ok_or("base_url without a scheme")?;
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    let address = match args.connect {
        Some(address) => address,
        None => SocketAddr::from(([127, 0, 0, 1], port.parse()?)),
    };
    let host = ServerName::try_from(host.to_owned())?;
    let tls = (scheme == "https").then(|| Arc::clone(&place.tls));
    let patience = Duration::from_secs(args.patience);
    let wire = Wire::new(
        address,
        host,
        tls.as_deref(),
        args.http,
        args.connections,
        args.streams,
        patience,
    );
    Ok(Target {
        place,
        wire,
        absolute: args.http == Protocol::Http2,
        think: Duration::from_millis(args.think),
    })
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts far below 2^52"
)]
fn drive(
    args: &RunArgs,
    runtime: &tokio::runtime::Runtime,
    target: &Arc<Target>,
    visitors: Vec<Visitor>,
    pid: Option<u32>,
    begun: &dyn Fn(),
) -> Result<Report, Stopped> {
    let warm_up = (args.rate * args.warm_up as f64) as u64;
    let count = warm_up + (args.rate * args.duration as f64).max(1.0) as u64;
    // Which accesses begin with the tile: spread evenly over the run.
    let share = args.solicited;
    let by_tile =
        move |number: u64| ((number + 1) as f64 * share) as u64 > (number as f64 * share) as u64;
    let ahead = (0..count).filter(|&n| !by_tile(n)).count();
    let minted = Instant::now();
    if ahead > 0 {
        eprintln!("making {ahead} Responses");
    }
    let forms: Mutex<std::vec::IntoIter<Bytes>> =
        Mutex::new(mint_ahead(&target.place, &visitors, ahead)?.into_iter());
    if ahead > 0 && minted.elapsed() + Duration::from_secs(args.warm_up + args.duration) > YOUNG {
        return Err(format!(
            "Responses made ahead would be too old before the end: making them took {} s, they are good for {} s; \
             take a shorter run, or --solicited 1",
            minted.elapsed().as_secs(),
            YOUNG.as_secs()
        )
        .into());
    }
    let counts = Arc::new(Mutex::new(Counts::default()));
    let schedule = Schedule {
        start: Instant::now() + Duration::from_millis(200),
        rate: args.rate,
        count,
    };
    let cpu_at = Arc::new(Mutex::new(None));
    let mut served = 0;
    let visitors = Arc::new(visitors);
    eprintln!(
        "sending {} a second for {} s",
        args.rate,
        args.warm_up + args.duration
    );
    // Forms are for the visitors in turn, so that the n-th form is the n-th unsolicited visitor's.
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let kept = keep(
        schedule,
        warm_up,
        args.most,
        runtime.handle(),
        |number, due| {
            if number == warm_up {
                begun();
                let at = (
                    pid.and_then(|pid| cpu_time(pid).ok()),
                    cpu_time(std::process::id()).ok(),
                );
                if let Ok(mut cpu) = cpu_at.lock() {
                    *cpu = Some(at);
                }
            }
            let form = if by_tile(number) {
                None
            } else {
                let form = forms.lock().ok().and_then(|mut forms| forms.next());
                form.map(|form| (form, turn.fetch_add(1, Ordering::Relaxed)))
            };
            let (target, counts, visitors) = (
                Arc::clone(target),
                Arc::clone(&counts),
                Arc::clone(&visitors),
            );
            async move {
                let outcome = match form {
                    Some((form, turn)) => match visitors.get(turn % visitors.len().max(1)) {
                        Some(visitor) => target.unsolicited(visitor, form, due).await,
                        None => Err("no-visitor".to_owned()),
                    },
                    None => match visitors.get(number as usize % visitors.len().max(1)) {
                        Some(visitor) => target.solicited(visitor, number, due).await,
                        None => Err("no-visitor".to_owned()),
                    },
                };
                if number < warm_up {
                    return;
                }
                let Ok(mut counts) = counts.lock() else {
                    return;
                };
                match outcome {
                    Ok(took) => {
                        counts.good += 1;
                        counts.answer.record(took.answer);
                        if let Some(start) = took.start {
                            counts.start.record(start);
                        }
                    }
                    Err(kind) => *counts.errors.entry(kind).or_default() += 1,
                }
            }
        },
    );
    served += count - warm_up;
    let now = (
        pid.and_then(|pid| cpu_time(pid).ok()),
        cpu_time(std::process::id()).ok(),
    );
    let before = cpu_at.lock().ok().and_then(|cpu| *cpu).unwrap_or_default();
    let each = |now: Option<Duration>, before: Option<Duration>| {
        Some(now?.saturating_sub(before?).as_secs_f64() * 1e6 / served as f64)
    };
    let counts = counts.lock().map_err(|_| "an access broke off")?;
    let lag = kept
        .lag
        .lock()
        .map_err(|_| "an access broke off")?
        .figures();
    let elapsed = Duration::from_secs(args.duration).as_secs_f64();
    Ok(Report {
        asked: asked(args),
        answer: counts.answer.figures(),
        start: (counts.start.count() > 0).then(|| counts.start.figures()),
        void: is_void(&lag),
        lag,
        good_per_second: counts.good as f64 / elapsed,
        errors: counts.errors.clone(),
        skipped: kept.skipped.load(Ordering::Relaxed),
        connections: target.wire.opened.load(Ordering::Relaxed) as u64,
        server_cpu_us: each(now.0, before.0),
        own_cpu_us: each(now.1, before.1).unwrap_or_default(),
        people: visitors
            .iter()
            .map(|v| (v.portal, &v.person))
            .collect::<HashSet<_>>()
            .len(),
        resources: visitors
            .iter()
            .map(|v| &v.ark)
            .collect::<HashSet<_>>()
            .len(),
    })
}

fn asked(args: &RunArgs) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("rate", args.rate.to_string()),
        ("duration", args.duration.to_string()),
        ("solicited", args.solicited.to_string()),
        ("mix", format!("{:?}", args.mix).to_lowercase()),
        ("deliver", format!("{:?}", args.deliver).to_lowercase()),
        (
            "connections",
            format!("{:?}", args.connections).to_lowercase(),
        ),
        (
            "http",
            if args.http == Protocol::Http1 {
                "1.1"
            } else {
                "2"
            }
            .to_owned(),
        ),
    ])
}
