//! From directory and tables to a signed body: the builder, then the publisher.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use octroi_entitlements::Snapshot;

use crate::child::{self, Cost};
use crate::results::{Figures, figures};
use crate::{Scale, Stopped};

/// `octroi snapshot build` with what the phase `import` left. `command` is the program, perhaps behind others that set
/// its priority.
pub(crate) fn build_command(mut command: Command, dir: &Path, generation: u32) -> Command {
    command
        .args(["snapshot", "build"])
        .arg(dir.join("directory"))
        .arg(body(dir, generation))
        .arg("--directory")
        .arg(dir.join("segments"))
        .args(["--generation", &generation.to_string()]);
    command
}

/// Generation of the body that is served.
pub(crate) const FIRST: u32 = 1;
/// Generation of the body that takes its place.
pub(crate) const SECOND: u32 = 2;

fn body(dir: &Path, generation: u32) -> PathBuf {
    dir.join(format!("bodies/{generation}.octroi"))
}

/// `octroi snapshot activate`: signs the next manifest. Of a file every record is checked, and it is uploaded, before; a root
/// hash means a body that a manifest has named already.
pub(crate) fn activate_command(program: &Path, dir: &Path, what: &OsStr) -> Command {
    let mut command = Command::new(program);
    command
        .args(["snapshot", "activate", "--config"])
        .arg(dir.join("octroi.toml"))
        .arg(what);
    command
}

/// Puts the second body into the store and the first in force again, so that another signature is all that a swap takes, as from
/// a publisher on another machine. Answers the second's root hash.
pub(crate) fn stand_by(scale: &Scale) -> Result<OsString, Stopped> {
    let file = body(&scale.dir, SECOND);
    child::run(&mut activate_command(
        &scale.octroi,
        &scale.dir,
        file.as_os_str(),
    ))?;
    let mut back = Command::new(&scale.octroi);
    back.args(["snapshot", "rollback", "--config"]);
    child::run(back.arg(scale.dir.join("octroi.toml")))?;
    let root = Snapshot::open_without_hashing(&file)?.digest().to_owned();
    Ok(root.into())
}

/// The first body: built, and in force in the store.
pub(crate) fn build(scale: &Scale) -> Result<Figures, Stopped> {
    let built = child::run(&mut build_command(
        Command::new(&scale.octroi),
        &scale.dir,
        FIRST,
    ))?;
    let file = body(&scale.dir, FIRST);
    let signed = child::run(&mut activate_command(
        &scale.octroi,
        &scale.dir,
        file.as_os_str(),
    ))?;
    let body = std::fs::metadata(&file)?.len();
    let Cost {
        wall,
        cpu,
        peak_gib,
    } = built;
    Ok(figures([
        ("build_s", wall + signed.wall),
        ("build_alone_s", wall),
        ("build_cpu_s", cpu),
        ("build_peak_gib", peak_gib.max(signed.peak_gib)),
        ("body_gib", body as f64 / f64::from(1 << 30)),
    ]))
}
