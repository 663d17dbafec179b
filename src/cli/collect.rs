//! `octroi collect {watch,import,status,report,approve,again,replay,purge,compare,delta}`
//!
//! Exit codes (F10): 0 as it should be, 1 done but somebody should look, 2 not done.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use super::{complain, say};
use crate::clock::Clock;
use crate::collect::batch::{Batch, Ended};
use crate::collect::desk::{Desk, DeskError, Office};
use crate::collect::watch::{Gate, Watch, pass};
use crate::collect::{delta, gauge, overview};
use crate::config::{CollectPortal, CollectSettings};
use crate::observe::logs;
use crate::priority;

/// Take portals' deliveries in.
#[derive(Debug, Args)]
pub(super) struct Collect {
    /// The configuration: a file with [collect], or that of the gateway.
    #[arg(
        short,
        long,
        value_name = "FILE",
        global = true,
        default_value = "/etc/octroi/collect.toml"
    )]
    config: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Watch the drop boxes until SIGTERM.
    Watch,
    /// Take in what lies in the drop boxes now, and work on what waits.
    Import {
        /// One portal; all when absent.
        ent: Option<String>,
        /// Seconds that files must have kept still, instead of the configured ones.
        #[arg(long, value_name = "SECONDS")]
        rest: Option<u64>,
    },
    /// Say where each portal stands. Exit code 1 when somebody should look.
    Status {
        /// One portal; all when absent.
        ent: Option<String>,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the report of a delivery, the last one that was taken when none is named.
    Report {
        /// The portal.
        ent: String,
        /// The file's name, or the first eight digits of its hash or more.
        archive: Option<String>,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let a delivery that is held pass, once. Recorded in the audit trail.
    Approve {
        /// The portal.
        ent: String,
        /// The file's name, or the first eight digits of its hash or more.
        archive: String,
        #[command(flatten)]
        who: Who,
    },
    /// Take a delivery again out of the vault. Recorded in the audit trail.
    Again {
        /// The portal.
        ent: String,
        /// The file's name, or the first eight digits of its hash or more.
        archive: String,
        #[command(flatten)]
        who: Who,
    },
    /// Try the records again that the last delivery had set aside. Recorded in the audit trail.
    Replay {
        /// The portal.
        ent: String,
        #[command(flatten)]
        who: Who,
    },
    /// Remove what has been kept long enough.
    Purge,
    /// Compare the directory with a full load: a file, or a delivery that the vault still has.
    Compare {
        /// The portal.
        ent: String,
        /// A file, the name of a delivery, or the first eight digits of its hash or more.
        archive: PathBuf,
        /// Take the full load. Recorded in the audit trail.
        #[arg(long)]
        mend: bool,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Check the form of a file of differences (docs/collect-delta.md). Needs no configuration.
    Delta {
        /// The file.
        file: PathBuf,
    },
}

/// Who gives the order.
#[derive(Debug, Args)]
struct Who {
    /// Who gives the order, for the audit trail; the user's name when absent.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Who {
    fn name(&self) -> String {
        let user = || {
            ["SUDO_USER", "USER", "LOGNAME"]
                .iter()
                .find_map(|key| std::env::var(key).ok())
        };
        let name = self.by.clone().or_else(user);
        name.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
    }
}

impl Collect {
    pub(super) fn run(&self) -> ExitCode {
        let ended = self.ended();
        logs::finish();
        ExitCode::from(ended.code())
    }

    fn ended(&self) -> Ended {
        if let What::Delta { file } = &self.what {
            return check_delta(file);
        }
        let office = match self.open() {
            Ok(office) => office,
            Err(error) => {
                complain(error);
                return Ended::Error;
            }
        };
        let done = self.act(&office);
        if !matches!(self.what, What::Status { .. } | What::Report { .. })
            && let Err(error) = gauge::write(&office, &Default::default())
        {
            complain(error);
        }
        done.unwrap_or_else(|error| {
            complain(error);
            Ended::Error
        })
    }

    fn open(&self) -> Result<Arc<Office>, String> {
        let file = &self.config;
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let (settings, log, problems) = CollectSettings::read(file, &text);
        if problems.has_errors() {
            return Err(format!("refused\n{problems}").trim_end().to_owned());
        }
        logs::init(log.level);
        logs::quiet_panics();
        // A bare name lies in the current folder; an empty path could not be opened to sync it.
        let base = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let clock = Arc::new(Clock::system());
        let office = Office::open(settings, base, clock).map_err(|error| error.to_string())?;
        Ok(Arc::new(office))
    }

    fn act(&self, office: &Arc<Office>) -> Result<Ended, DeskError> {
        match &self.what {
            What::Watch => watch(office),
            What::Import { ent, rest } => {
                priority::lower(office.settings.nice);
                let rest = rest.map_or(office.settings.rest, Duration::from_secs);
                let gate = Gate::new(1);
                let mut worst = Ended::Ok;
                for portal in chosen(office, ent.as_deref())? {
                    worst = worst.max(pass(office, portal, &gate, rest, true));
                }
                Ok(worst)
            }
            What::Status { ent, json } => {
                let portals = chosen(office, ent.as_deref())?;
                let overview = overview::Overview::of(office, &portals);
                say(&if *json {
                    overview.json()
                } else {
                    overview.text()
                });
                Ok(overview.ended())
            }
            What::Report { ent, archive, json } => {
                let portal = one(office, ent)?;
                let report = overview::report(office, portal, archive.as_deref(), *json)?;
                say(report.trim_end());
                say("\n");
                Ok(Ended::Ok)
            }
            What::Approve { ent, archive, who } => {
                at_desk(office, ent, "approve", |desk, batch| {
                    desk.approve(batch, archive, &who.name())
                })
            }
            What::Again { ent, archive, who } => at_desk(office, ent, "again", |desk, batch| {
                desk.again(batch, archive, &who.name())
            }),
            What::Replay { ent, who } => at_desk(office, ent, "replay", |desk, batch| {
                desk.replay(batch, &who.name()).map(|_| ())
            }),
            What::Purge => {
                let mut worst = Ended::Ok;
                let gate = Gate::new(1);
                for portal in &office.settings.portals {
                    let purge = || {
                        at_desk(office, &portal.ent, "purge", |desk, batch| {
                            let gone = desk.purge()?;
                            batch.progress(&format!("{gone} entries of the vault purged"));
                            Ok(())
                        })
                    };
                    let purged = gate.guard(portal, purge).unwrap_or(Ok(Ended::Error));
                    worst = worst.max(purged.unwrap_or_else(|error| {
                        complain(error);
                        Ended::Error
                    }));
                }
                Ok(worst)
            }
            What::Compare {
                ent,
                archive,
                mend,
                json,
                who,
            } => at_desk(office, ent, "compare", |desk, batch| {
                let by = mend.then(|| who.name());
                let drift = desk.compare(batch, archive, by.as_deref())?;
                say(&if *json {
                    format!("{}\n", serde_json::json!(drift))
                } else {
                    overview::drift(&drift)
                });
                Ok(())
            }),
            What::Delta { file } => Ok(check_delta(file)),
        }
    }
}

fn chosen<'o>(office: &'o Office, ent: Option<&str>) -> Result<Vec<&'o CollectPortal>, DeskError> {
    match ent {
        Some(ent) => Ok(vec![one(office, ent)?]),
        None => Ok(office
            .settings
            .portals
            .iter()
            .filter(|portal| !portal.disabled)
            .collect()),
    }
}

fn one<'o>(office: &'o Office, ent: &str) -> Result<&'o CollectPortal, DeskError> {
    office
        .settings
        .portal(ent)
        .ok_or_else(|| DeskError::Asked(format!("[[collect.portal]] has no ent = \"{ent}\"")))
}

/// Runs a command at a portal's desk, waiting a while for whoever works there.
fn at_desk(
    office: &Office,
    ent: &str,
    what: &'static str,
    act: impl FnOnce(&mut Desk<'_>, &mut Batch) -> Result<(), DeskError>,
) -> Result<Ended, DeskError> {
    let portal = one(office, ent)?;
    let mut desk = Desk::wait(office, portal, Duration::from_secs(30))?;
    let mut batch = Batch::start(what, ent, crate::collect::desk::run_number());
    match act(&mut desk, &mut batch) {
        Ok(()) => Ok(batch.end()),
        Err(error) => {
            batch.error(&error.to_string());
            batch.end();
            Err(error)
        }
    }
}

fn watch(office: &Arc<Office>) -> Result<Ended, DeskError> {
    priority::lower(office.settings.nice);
    let io = |error| DeskError::Io {
        path: PathBuf::from("watch"),
        error,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(io)?;
    let watch = Watch::start(office).map_err(io)?;
    tracing::info!(
        portals = office.settings.portals.len(),
        "watching the drop boxes"
    );
    let stopped = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        if let Err(error) = sd_notify::notify(&[NotifyState::Ready]) {
            tracing::warn!(%error, "systemd was not told");
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    });
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    // What is not done by then is done after the next start: the ledger survives a kill.
    watch.stop(Duration::from_secs(10));
    stopped.map(|()| Ended::Ok).map_err(io)
}

fn check_delta(file: &Path) -> Ended {
    let told = |error: &dyn std::fmt::Display| {
        complain(format!("{}: {error}", file.display()));
        Ended::Error
    };
    let opened = match std::fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) => return told(&error),
    };
    let whole = delta::Delta::begin(opened).and_then(|mut delta| {
        while delta.next()?.is_some() {}
        Ok(delta)
    });
    match whole {
        Ok(delta) => {
            let header = delta.header();
            say(&format!(
                "{}: good: {} {}, number {} on the full load of {}, {} change(s)\n",
                file.display(),
                header.ent,
                header.degree,
                header.sequence,
                header.base,
                delta.changes()
            ));
            Ended::Ok
        }
        Err(error) => told(&error),
    }
}
