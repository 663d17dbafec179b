//! A serving node: how soon it is ready, and what memory it takes.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use octroi::simulate::process::Gateway;
use tokio::runtime::Runtime;

use crate::child::status_gib;
use crate::host::{Group, drop_pages};
use crate::results::{Figures, figures};
use crate::{Scale, Stopped, under_load};

/// A gateway that runs.
pub(crate) struct Serving {
    gateway: Gateway,
    runtime: Runtime,
    group: Option<Group>,
    admin: String,
    /// Seconds from its start to being ready.
    pub(crate) ready_s: f64,
}

impl Serving {
    /// Starts `octroi serve` on the nation's settings, in a memory cgroup of its own where one can be made.
    pub(crate) fn start(scale: &Scale) -> Result<Self, Stopped> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let hosts = crate::data::country(&scale.dir)?.shape().hosts.clone();
        let admin = format!("127.0.0.1:{}", hosts.admin);
        let group = Group::make();
        let program = wrapper(scale, group.as_ref())?;
        let start = Instant::now();
        let gateway = runtime.block_on(Gateway::start(
            &program,
            &scale.dir.join("octroi.toml"),
            &scale.dir.join("gateway.log"),
            &admin,
        ))?;
        Ok(Self {
            gateway,
            runtime,
            group,
            admin,
            ready_s: start.elapsed().as_secs_f64(),
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.gateway.pid()
    }

    pub(crate) fn admin(&self) -> &str {
        &self.admin
    }

    /// A line of its `/proc` status, GiB.
    pub(crate) fn gib(&self, line: &str) -> f64 {
        status_gib(self.pid(), line).unwrap_or(f64::NAN)
    }

    /// What its cgroup counts now, and at most so far.
    pub(crate) fn group_gib(&self) -> (Option<f64>, Option<f64>) {
        let group = self.group.as_ref();
        (
            group.and_then(Group::now_gib),
            group.and_then(Group::peak_gib),
        )
    }

    /// Ends it in an orderly way.
    pub(crate) fn stop(self) {
        self.runtime.block_on(self.gateway.stop());
    }
}

/// A program that enters the cgroup and becomes the gateway, so that what it reads from the first page on is counted.
fn wrapper(scale: &Scale, group: Option<&Group>) -> Result<PathBuf, Stopped> {
    let octroi = std::fs::canonicalize(&scale.octroi)?;
    let Some(group) = group else {
        return Ok(octroi);
    };
    let path = scale.dir.join("serve.sh");
    let procs = group.procs();
    let script = format!(
        "#!/bin/sh\necho $$ >'{}'\nexec '{}' \"$@\"\n",
        procs.display(),
        octroi.display()
    );
    std::fs::write(&path, script)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    Ok(std::fs::canonicalize(path)?)
}

/// Asks a node's admin listener for the generation in force.
pub(crate) fn generation(admin: &str) -> Option<u64> {
    let mut stream = TcpStream::connect(admin).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    write!(stream, "GET /status HTTP/1.0\r\nHost: {admin}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    let status: serde_json::Value = serde_json::from_str(body).ok()?;
    status["snapshot"]["generation"].as_u64()
}

/// Starts with the pages in the cache, then without, and the memory of a node whose pages are all touched.
pub(crate) fn measure(scale: &Scale) -> Result<Figures, Stopped> {
    // The first start fetches the body; later ones find the node's own copy.
    let first = Serving::start(scale)?;
    let first_s = first.ready_s;
    first.stop();
    let warm = Serving::start(scale)?;
    let warm_s = warm.ready_s;
    warm.stop();
    for folder in ["node", "store", "bodies"] {
        drop_pages(&scale.dir.join(folder))?;
    }
    let cold = Serving::start(scale)?;
    let cold_s = cold.ready_s;
    touch(scale, &cold)?;
    let (group, _) = cold.group_gib();
    let mut all = figures([
        ("ready_first_s", first_s),
        ("ready_warm_s", warm_s),
        ("ready_cold_s", cold_s),
        ("resident_gib", cold.gib("VmRSS")),
        ("resident_file_gib", cold.gib("RssFile")),
        ("resident_private_gib", cold.gib("RssAnon")),
    ]);
    if let Some(group) = group {
        all.insert("resident_cgroup_gib".to_owned(), group);
    }
    cold.stop();
    Ok(all)
}

/// Lets people of the nation come, so that the node's own memory is what it is in service.
fn touch(scale: &Scale, serving: &Serving) -> Result<(), Stopped> {
    let report = under_load::window(scale, serving, scale.duration, || {})?;
    under_load::sound(&report)
}
