//! Runs the rows in a child process and survives it: an abort (stack overflow, C code) or a hang costs one row.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::drive;
use crate::guard;
use crate::manifest::{self, ManifestError, Row};
use crate::outcome::Line;

/// Wall-clock time without a line after which the worker is taken to hang. Generous: machines are shared, and CPU time
/// is limited by the guard.
const SILENCE: Duration = Duration::from_secs(300);

/// Why the run as a whole failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A file or the child process.
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
    /// The file of outcomes does not belong to the manifest.
    #[error("{0}")]
    Mismatch(String),
}

fn selected(manifest: &Path, only: Option<&str>) -> Result<Vec<Row>, ManifestError> {
    let mut rows = manifest::rows(manifest)?;
    if let Some(text) = only {
        rows.retain(|row| row.path.contains(text));
    }
    Ok(rows)
}

/// The parent: writes one line a row, in order.
pub(crate) fn run(manifest: &Path, out: &Path, only: Option<&str>) -> Result<(), RunError> {
    let rows = selected(manifest, only)?;
    let failed = |error| RunError::Io(out.to_path_buf(), error);
    let mut file = BufWriter::new(File::create(out).map_err(failed)?);
    let mut done = 0;
    while done < rows.len() {
        let (mut child, lines) = spawn(manifest, done, only)?;
        let reason = loop {
            match lines.recv_timeout(SILENCE) {
                Ok(line) => {
                    writeln!(file, "{line}").map_err(failed)?;
                    done += 1;
                }
                Err(RecvTimeoutError::Timeout) => break "hang",
                Err(RecvTimeoutError::Disconnected) => break "abort",
            }
        };
        let _ = child.kill();
        let _ = child.wait();
        if let Some(row) = rows.get(done) {
            writeln!(file, "{}", Line::lost(&row.path, reason).write()).map_err(failed)?;
            done += 1;
        }
    }
    file.flush().map_err(failed)
}

fn spawn(
    manifest: &Path,
    from: usize,
    only: Option<&str>,
) -> Result<(Child, Receiver<String>), RunError> {
    let program = std::env::current_exe().map_err(|error| RunError::Io("self".into(), error))?;
    let mut command = Command::new(&program);
    command
        .arg("worker")
        .arg("--manifest")
        .arg(manifest)
        .args(["--from", &from.to_string()]);
    if let Some(text) = only {
        command.args(["--only", text]);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| RunError::Io(program, error))?;
    let (send, lines) = channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let Ok(line) = line else { break };
                if send.send(line).is_err() {
                    break;
                }
            }
        });
    }
    Ok((child, lines))
}

/// The child: drives the rows from `from` on and prints a line for each.
pub(crate) fn work(manifest: &Path, from: usize, only: Option<&str>) -> Result<(), RunError> {
    guard::quiet_panics();
    let rows = selected(manifest, only)?;
    let base = manifest.parent().unwrap_or(Path::new("."));
    let mut out = std::io::stdout().lock();
    for row in rows.iter().skip(from) {
        let line = drive::row(base, row);
        writeln!(out, "{}", line.write())
            .and_then(|()| out.flush())
            .map_err(|error| RunError::Io("stdout".into(), error))?;
    }
    Ok(())
}
