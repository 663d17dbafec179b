//! `octroi serve --config FILE`: the gateway, with signals around it.
//!
//! SIGHUP reads configuration and snapshot anew; SIGTERM and SIGINT stop it: readiness is withdrawn, what is under
//! way ends. Under systemd it says when it is ready, reloading and stopping (`Type=notify`), and takes the sockets
//! of a `.socket` unit.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Ended, complain};
use crate::clock::Clock;
use crate::config::Settings;
use crate::http::sockets::Inherited;
use crate::observe::logs;
use crate::run::{Running, start};

/// Run the gateway.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The configuration file.
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,
}

impl Serve {
    pub(super) fn run(&self) -> Ended {
        // Before any thread: the environment that announces sockets is taken out of it.
        let mut inherited = Inherited::take();
        let text = std::fs::read_to_string(&self.config).unwrap_or_default();
        let (settings, _) = Settings::read(&self.config, &text);
        logs::init(settings.log.level);
        logs::quiet_panics();
        warn_of_few_files(settings.limits.connections);

        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.enable_all().thread_name("octroi");
        if settings.listen.workers > 0 {
            builder.worker_threads(settings.listen.workers);
        }
        let runtime = match builder.build() {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(format!("no threads: {error}"));
                return Ended::Failed;
            }
        };
        let ended = runtime.block_on(self.serve(&mut inherited));
        // What is still running had its time.
        runtime.shutdown_background();
        logs::finish();
        ended
    }

    async fn serve(&self, inherited: &mut Inherited) -> Ended {
        let mut signals = match Signals::new() {
            Ok(signals) => signals,
            Err(error) => {
                complain(format!("no signals: {error}"));
                return Ended::Failed;
            }
        };
        // A node that waits for its first snapshot can be stopped, too.
        let started = tokio::select! {
            started = start(&self.config, inherited, Clock::system()) => started,
            Asked::Stop = signals.next_stop() => return Ended::Fine,
        };
        let running = match started {
            Ok(running) => running,
            Err(error) => {
                tracing::error!(%error, "not started");
                complain(error);
                return Ended::Refused;
            }
        };
        notify(&[NotifyState::Ready]);
        while let Asked::Reload = signals.next().await {
            reload(&running).await;
        }
        notify(&[NotifyState::Stopping]);
        tokio::select! {
            drained = running.stop() => {
                if !drained {
                    tracing::warn!("some accesses had not ended by the deadline");
                }
            }
            Asked::Stop = signals.next_stop() => tracing::warn!("asked twice to stop: not waiting"),
        }
        Ended::Fine
    }
}

async fn reload(running: &Arc<Running>) {
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        notify(&[NotifyState::Reloading, now]);
    }
    let reloading = Arc::clone(running);
    // The outcome is told where it is found: log, metric, status.
    let _ = tokio::task::spawn_blocking(move || reloading.reload()).await;
    notify(&[NotifyState::Ready]);
}

/// What a signal asks for.
enum Asked {
    Reload,
    Stop,
}

struct Signals {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.hangup.recv() => Asked::Reload,
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
        }
    }

    async fn next_stop(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::Stop,
            _ = self.interrupt.recv() => Asked::Stop,
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd was not told");
    }
}

/// Each connection is a file descriptor.
fn warn_of_few_files(connections: usize) {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<usize>().ok());
    if let Some(soft) = soft.filter(|soft| *soft < connections.saturating_add(100)) {
        tracing::warn!(
            open_files = soft,
            connections,
            "fewer files may be open than [limits] connections: raise LimitNOFILE"
        );
    }
}
