//! From directory and tables to a signed body: the builder, then the publisher.

use std::path::Path;
use std::process::Command;

use crate::child::{self, Cost};
use crate::results::{Figures, figures};
use crate::{Scale, Stopped};

/// `octroi snapshot build` with what the phase `import` left. `command` is the program, perhaps behind others that set
/// its priority.
pub(crate) fn build_command(mut command: Command, dir: &Path, generation: u32) -> Command {
    command
        .args(["snapshot", "build"])
        .arg(dir.join("directory"))
        .arg(dir.join(format!("bodies/{generation}.octroi")))
        .arg("--directory")
        .arg(dir.join("segments"))
        .args(["--generation", &generation.to_string()]);
    command
}

/// `octroi snapshot activate`: checks every record, uploads, signs the next manifest.
pub(crate) fn activate_command(program: &Path, dir: &Path, generation: u32) -> Command {
    let mut command = Command::new(program);
    command
        .args(["snapshot", "activate", "--config"])
        .arg(dir.join("octroi.toml"))
        .arg(dir.join(format!("bodies/{generation}.octroi")));
    command
}

/// The first body: built, and in force in the store.
pub(crate) fn build(scale: &Scale) -> Result<Figures, Stopped> {
    let built = child::run(&mut build_command(
        Command::new(&scale.octroi),
        &scale.dir,
        1,
    ))?;
    let signed = child::run(&mut activate_command(&scale.octroi, &scale.dir, 1))?;
    let body = std::fs::metadata(scale.dir.join("bodies/1.octroi"))?.len();
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
