//! The machine: page cache of files, and where they can be made a memory cgroup for the gateway and a cpu cgroup for what runs
//! beside it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{Advice, fadvise};

use crate::Stopped;

/// Throws the pages of every file below a folder out of the page cache. Files that somebody maps keep theirs.
pub(crate) fn drop_pages(folder: &Path) -> Result<(), Stopped> {
    for path in files(folder)? {
        let file = File::open(&path)?;
        // Only clean pages go.
        file.sync_all()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

/// Processor, processors, memory and kernel, as figures are read with.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':'));
        value.map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!(
        "{processors} × {}, {} of memory, Linux {}",
        field(&read("/proc/cpuinfo"), "model name"),
        field(&read("/proc/meminfo"), "MemTotal"),
        read("/proc/sys/kernel/osrelease").trim()
    )
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Stopped> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

/// A memory cgroup of its own for the gateway (version 1 or 2).
pub(crate) struct Group {
    folder: PathBuf,
    peak: &'static str,
    now: &'static str,
}

impl Group {
    /// Makes one; none where that is not allowed.
    pub(crate) fn make() -> Option<Self> {
        let name = format!("octroi-scale-{}", std::process::id());
        let (root, peak, now) = if Path::new("/sys/fs/cgroup/memory").is_dir() {
            let files = ("memory.max_usage_in_bytes", "memory.usage_in_bytes");
            ("/sys/fs/cgroup/memory", files.0, files.1)
        } else {
            ("/sys/fs/cgroup", "memory.peak", "memory.current")
        };
        let folder = Path::new(root).join(name);
        if !folder.is_dir() {
            fs::create_dir(&folder).ok()?;
        }
        let group = Self { folder, peak, now };
        group.read(group.now)?;
        Some(group)
    }

    /// The file to which a process writes its id to enter.
    pub(crate) fn procs(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    fn read(&self, file: &str) -> Option<f64> {
        let octets: f64 = fs::read_to_string(self.folder.join(file))
            .ok()?
            .trim()
            .parse()
            .ok()?;
        Some(octets / f64::from(1 << 30))
    }

    /// What the kernel counts for it now, GiB: page cache that it read first included.
    pub(crate) fn now_gib(&self) -> Option<f64> {
        self.read(self.now)
    }

    /// The most since it was made, GiB.
    pub(crate) fn peak_gib(&self) -> Option<f64> {
        self.read(self.peak)
    }
}

/// Part of one processor that a batch may take beside a serving node, as `CPUQuota=25%` of systemd.
pub(crate) const BATCH_SHARE: f64 = 0.25;
/// Microseconds in which the part is counted: the kernel's default, and systemd's.
const SHARE_PERIOD: u32 = 100_000;

/// A cpu cgroup (version 1 or 2) whose processes have [`BATCH_SHARE`] at the most, and that only when nobody else wants it.
pub(crate) struct Share {
    folder: PathBuf,
    /// The file that bounds it, what it says then, and what it says without a bound.
    bound: (&'static str, String, String),
}

impl Share {
    /// Makes one; none where that is not allowed.
    pub(crate) fn make() -> Option<Self> {
        let name = format!("octroi-scale-batch-{}", std::process::id());
        let quota = (BATCH_SHARE * f64::from(SHARE_PERIOD)) as u32;
        let (root, bound) = if Path::new("/sys/fs/cgroup/cpu").is_dir() {
            let bound = ("cpu.cfs_quota_us", quota.to_string(), "-1".to_owned());
            ("/sys/fs/cgroup/cpu", bound)
        } else {
            let bound = format!("{quota} {SHARE_PERIOD}");
            (
                "/sys/fs/cgroup",
                ("cpu.max", bound, format!("max {SHARE_PERIOD}")),
            )
        };
        let folder = Path::new(root).join(name);
        fs::create_dir(&folder).ok()?;
        let share = Self { folder, bound };
        let (file, bound, _) = &share.bound;
        fs::write(share.folder.join(file), bound).ok()?;
        fs::write(share.folder.join("cpu.idle"), "1").ok()?;
        Some(share)
    }

    /// The file to which a process writes its id to enter.
    pub(crate) fn procs(&self) -> PathBuf {
        self.folder.join("cgroup.procs")
    }

    /// Lets it have whatever is left.
    pub(crate) fn lift(&self) {
        let (file, _, without) = &self.bound;
        // A job that stays slow ends all the same.
        let _ = fs::write(self.folder.join(file), without);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.folder);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Works once the process has ended.
        let _ = fs::remove_dir(&self.folder);
    }
}
