//! The gateway as a process: started, waited for, measured and stopped, for the demo and the load test.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a start may take.
const START: Duration = Duration::from_secs(60);
/// How long an orderly stop may take before the process is killed.
const STOP: Duration = Duration::from_secs(10);
/// Clock ticks a second in `/proc/<pid>/stat`: Linux shows 100 to programs whatever the kernel's own rate is.
const TICKS: f64 = 100.0;

/// Why there is no gateway.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// It cannot be started.
    #[error("{}: {error}", program.display())]
    Start {
        /// What was to be started.
        program: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It ended before it was ready.
    #[error(
        "the gateway ended before it was ready ({status}):\n{}",
        last_lines(log)
    )]
    Ended {
        /// How it ended.
        status: std::process::ExitStatus,
        /// Where it said why.
        log: PathBuf,
    },
    /// It did not become ready.
    #[error("the gateway was not ready after {} s:\n{}", START.as_secs(), last_lines(log))]
    NotReady {
        /// Where it says why.
        log: PathBuf,
    },
}

/// The end of a log, and where the rest is.
fn last_lines(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines
        .get(lines.len().saturating_sub(5)..)
        .unwrap_or_default();
    format!("{}\n(see {})", last.join("\n"), log.display())
}

/// A running gateway. Dropped, it is killed.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
}

impl Gateway {
    /// Starts `program serve --config config`, its output in `log`, and waits until `/readyz` of the admin listener
    /// answers 200.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub async fn start(
        program: &Path,
        config: &Path,
        log: &Path,
        admin: &str,
    ) -> Result<Self, ProcessError> {
        let failed = |error| ProcessError::Start {
            program: program.to_owned(),
            error,
        };
        let output = File::create(log).map_err(failed)?;
        let errors = output.try_clone().map_err(failed)?;
        let child = Command::new(program)
            .arg("serve")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(failed)?;
        let mut gateway = Self { child };
        let start = Instant::now();
        while start.elapsed() < START {
            if let Ok(Some(status)) = gateway.child.try_wait() {
                return Err(ProcessError::Ended {
                    status,
                    log: log.to_owned(),
                });
            }
            if is_ready(admin).await {
                return Ok(gateway);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(ProcessError::NotReady {
            log: log.to_owned(),
        })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to end (SIGTERM), waits, and kills it when it does not.
    pub async fn stop(mut self) {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let start = Instant::now();
        while start.elapsed() < STOP && self.ended().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time that a process has used in user and system mode, from `/proc/<pid>/stat`; in steps of 10 ms.
///
/// # Errors
/// When there is no such process or the file is not as documented (proc(5)).
pub fn cpu_time(pid: u32) -> io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&stat)
        .map(|ticks| Duration::from_secs_f64(ticks / TICKS))
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "unexpected /proc stat"))
}

/// Fields 14 and 15; the name in field 2 may hold blanks and brackets.
fn ticks(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// Whether `GET /readyz` answers 200.
async fn is_ready(admin: &str) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(admin).await?;
        stream
            .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        io::Result::Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    tokio::time::timeout(Duration::from_secs(2), asked)
        .await
        .is_ok_and(|answer| answer.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_whatever_the_name_of_the_process() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 1000 1 1";
        assert_eq!(ticks(stat), Some(200.0));
        assert_eq!(ticks("42 (x) S 1"), None);
        let before = cpu_time(std::process::id()).unwrap();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(120) {
            std::hint::spin_loop();
        }
        assert!(cpu_time(std::process::id()).unwrap() > before);
    }
}
