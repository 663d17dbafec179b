//! A program as it is run: seconds, CPU seconds and peak memory, read from `/proc` until the end.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use octroi::simulate::process::cpu_time;

use crate::Stopped;
use crate::host::Share;

/// How often a program is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// What a program took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Seconds.
    pub(crate) wall: f64,
    /// User and system seconds of all its threads.
    pub(crate) cpu: f64,
    /// `VmHWM`, GiB.
    pub(crate) peak_gib: f64,
}

/// Runs a program to its end. Its output goes to standard error.
pub(crate) fn run(command: &mut Command) -> Result<Cost, Stopped> {
    let shown = format!("{command:?}");
    eprintln!("   {}", shown.replace('"', ""));
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .spawn()
        .map_err(|error| format!("{shown}: {error}"))?;
    let mut cost = watch(&mut child)?;
    cost.wall = start.elapsed().as_secs_f64();
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{shown}: {status}").into());
    }
    Ok(cost)
}

/// Looks until the program has ended and not yet been waited for: then its CPU time is whole.
fn watch(child: &mut Child) -> Result<Cost, Stopped> {
    let pid = child.id();
    let mut cost = Cost::default();
    loop {
        let ended = std::fs::read_to_string(format!("/proc/{pid}/stat"))?
            .rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'));
        if let Some(peak) = status_gib(pid, "VmHWM") {
            cost.peak_gib = cost.peak_gib.max(peak);
        }
        if ended {
            cost.cpu = cpu_time(pid)?.as_secs_f64();
            return Ok(cost);
        }
        std::thread::sleep(LOOK);
    }
}

/// A line of `/proc/<pid>/status` in GiB; none for a process without memory.
pub(crate) fn status_gib(pid: u32, name: &str) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / (1024.0 * 1024.0))
}

/// A command at the lowest priority there is: idle scheduling, idle disk priority, nice 19, and of a processor not more than
/// its share. What runs so beside a serving node takes what it leaves (A4).
pub(crate) fn in_background(program: &std::path::Path, share: Option<&Share>) -> Command {
    let chrt = match share {
        None => Command::new("chrt"),
        Some(share) => {
            let mut enter = Command::new("sh");
            enter.args(["-c", "echo $$ >\"$0\" && exec \"$@\""]);
            enter.arg(share.procs()).arg("chrt");
            enter
        }
    };
    let mut command = chrt;
    command.args(["--idle", "0", "ionice", "-c", "3", "nice", "-n", "19"]);
    command.arg(program);
    command
}
