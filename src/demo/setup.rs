//! Everything that the demo stands on: tools, keys, country, snapshot, simulators and the gateway's process.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use octroi_entitlements::{BuildOptions, Silent, Sources, build};

use super::{DemoArgs, Failure, report};
use crate::simulate::cli::{today, xmlsec1};
use crate::simulate::client::Clients;
use crate::simulate::country::partner::Hosts;
use crate::simulate::country::{Country, Shape};
use crate::simulate::gateway::GatewayView;
use crate::simulate::portal::Portals;
use crate::simulate::process::Gateway;
use crate::simulate::publisher::xmlsec1::Xmlsec1;
use crate::simulate::publisher::{Publishers, Verifier};
use crate::simulate::server::{bind, serve, tls};
use crate::simulate::settings::Loaded;

/// The running demo.
pub(super) struct World {
    pub(super) country: Country,
    pub(super) loaded: Loaded,
    pub(super) view: GatewayView,
    pub(super) clients: Clients,
    pub(super) xmlsec1: Xmlsec1,
    /// Whether publishers ask `xmlsec1` before they let anybody in.
    judged_twice: Arc<AtomicBool>,
    gateway: Gateway,
    out: PathBuf,
}

/// Programs of other packages that the demo runs, and the package of each.
const TOOLS: [(&str, &str); 3] = [
    ("bash", "bash"),
    ("openssl", "openssl"),
    ("xmlsec1", "xmlsec1"),
];

/// Refuses with the line that installs what is missing.
pub(super) fn check_tools() -> Result<(), Failure> {
    let there = |tool: &&(&str, &str)| {
        let quiet = || Stdio::null();
        Command::new(tool.0)
            .arg("--version")
            .stdin(quiet())
            .stdout(quiet())
            .stderr(quiet())
            .status()
            .is_ok()
    };
    let missing: Vec<&str> = TOOLS
        .iter()
        .filter(|tool| !there(tool))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    Err(format!("missing: {packages}. Install with: sudo apt-get install -y {packages}").into())
}

/// The demo's country.
pub(super) fn shape(seed: u64, port: u16, day: Date) -> Shape {
    Shape {
        seed,
        schools: 50,
        people: 5000,
        resources: 200,
        portals: 5,
        projects: 0,
        national: false,
        publishers: 12,
        disabled_partners: true,
        unsolicited: false,
        day,
        hosts: Hosts {
            suffix: "localhost".to_owned(),
            gateway: port,
            admin: port.saturating_add(1),
            portals: port.saturating_add(2),
            publishers: port.saturating_add(3),
        },
    }
}

/// Some subscriptions end today and some begin tomorrow: a run must not pass from one day to the next.
async fn wait_out_midnight() {
    let day = today();
    let ends = |zone| {
        day.tomorrow()
            .ok()?
            .to_zoned(zone)
            .ok()
            .map(|zoned| zoned.timestamp().as_second())
    };
    let paris = jiff::tz::TimeZone::get("Europe/Paris").ok();
    let left = paris.and_then(ends).map_or(i64::MAX, |end| {
        end - crate::clock::system_now().unix_seconds()
    });
    if left < 180 {
        println!("waiting for midnight in Paris, in {left} s: rights change with the day");
        tokio::time::sleep(Duration::from_secs(u64::try_from(left + 1).unwrap_or(1))).await;
    }
}

/// Makes the country and starts everything.
pub(super) async fn world(args: &DemoArgs) -> Result<World, Failure> {
    let start = Instant::now();
    wait_out_midnight().await;
    let shape = shape(args.seed, args.port, today());
    let country = Country::new(shape)?;
    std::fs::create_dir_all(&args.out).map_err(at(&args.out))?;
    // Yesterday's replay journal, audit trail and snapshot belong to yesterday's country.
    for old in ["state", "audit", "snapshot", "xmlsec1"] {
        let directory = args.out.join(old);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).map_err(at(&directory))?;
    }
    let counts = country.write_place(&args.out)?;
    println!(
        "{}",
        report::step(
            start,
            &format!(
                "country: {} portals, {} schools, {} people, {} resources, {} publishers, {} subscriptions",
                country.portals.len(),
                counts.schools,
                counts.people,
                counts.resources,
                country.publishers.len(),
                counts.subscriptions
            )
        )
    );
    let snapshot = args.out.join("snapshot/current.octroi");
    let built = build(
        &Sources::tables(args.out.join("directory")),
        &snapshot,
        &BuildOptions::default(),
        &Silent,
    )?;
    // Some assignments find no licence left, as in any country; every other line must be good.
    let exhausted: u64 = built.files.values().map(|f| f.licences_exhausted).sum();
    let wrong = built.set_aside_total() - exhausted;
    if wrong > 0 {
        return Err(format!("the snapshot's builder set {wrong} lines aside: the country is not written as documented").into());
    }
    let loaded = Loaded::read(&args.out.join("simulate.toml"))?;
    let view = GatewayView::load(&loaded)?;
    let xmlsec1 = xmlsec1(&loaded)?;
    let judged_twice = Arc::new(AtomicBool::new(false));
    start_simulators(&loaded, &xmlsec1, Arc::clone(&judged_twice)).await?;
    let clients = Clients::new(&loaded.pki("ca/ca.pem"))?;
    let admin = format!("127.0.0.1:{}", country.shape().hosts.admin);
    let program = std::env::current_exe()?;
    let gateway = Gateway::start(
        &program,
        &args.out.join("octroi.toml"),
        &args.out.join("gateway.log"),
        &admin,
    )
    .await?;
    println!(
        "{}",
        report::step(
            start,
            &format!(
                "gateway ready at {} (process {})",
                view.base_url,
                gateway.pid()
            )
        )
    );
    Ok(World {
        country,
        loaded,
        view,
        clients,
        xmlsec1,
        judged_twice,
        gateway,
        out: args.out.clone(),
    })
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}").into()
}

async fn start_simulators(
    loaded: &Loaded,
    xmlsec1: &Xmlsec1,
    switch: Arc<AtomicBool>,
) -> Result<(), Failure> {
    let listen = &loaded.settings.listen;
    let in_use = |address| {
        move |error| Failure::from(format!("{address}: {error}; choose others with --port"))
    };
    let portals = bind(listen.portals).await.map_err(in_use(listen.portals))?;
    let publishers = bind(listen.publishers)
        .await
        .map_err(in_use(listen.publishers))?;
    let tls = tls(&loaded.pki("tls/server.pem"), &loaded.pki("tls/server.key"))?;
    tokio::spawn(serve(
        portals,
        Arc::clone(&tls),
        Arc::new(Portals::load(loaded)?),
    ));
    // While accesses are timed publishers judge by themselves; xmlsec1 judges the same messages afterwards, and each
    // one that a person clicks through.
    let verifier = Verifier::xmlsec1(xmlsec1.clone(), switch);
    tokio::spawn(serve(
        publishers,
        tls,
        Arc::new(Publishers::load(loaded, &verifier)?),
    ));
    Ok(())
}

impl World {
    /// CPU time of the gateway's process so far.
    pub(super) fn cpu_time(&self) -> Result<Duration, Failure> {
        Ok(crate::simulate::process::cpu_time(self.gateway.pid())?)
    }

    /// Says where to click, and waits for Ctrl-C or the gateway's end.
    pub(super) async fn stay_up(&mut self) -> Result<(), Failure> {
        self.judged_twice.store(true, Ordering::Relaxed);
        println!("{}", report::invitation(self, &self.out));
        let mut pulse = tokio::time::interval(Duration::from_secs(1));
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        loop {
            tokio::select! {
                _ = &mut interrupted => return Ok(()),
                _ = pulse.tick() => {
                    if let Some(status) = self.gateway.ended() {
                        let log = self.out.join("gateway.log");
                        return Err(format!("the gateway ended ({status}); see {}", log.display()).into());
                    }
                }
            }
        }
    }

    /// Ends the gateway in order.
    pub(super) async fn stop(self) {
        self.gateway.stop().await;
    }
}
