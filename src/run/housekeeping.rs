//! What comes with time: expired claims are forgotten, journals reach the disk, gauges are set.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::observe::logs;

use super::start::{Running, unix_seconds};

const EVERY: Duration = Duration::from_secs(2);

/// Keeps house until the gateway is gone.
pub async fn run(running: Weak<Running>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let Some(running) = running.upgrade() else {
            return;
        };
        // The guard may hold a million claims: walking through them is no work for an access's worker.
        if let Err(error) = tokio::task::spawn_blocking(move || sweep(&running)).await {
            tracing::error!(%error, "housekeeping failed");
        }
    }
}

fn sweep(running: &Arc<Running>) {
    let now = unix_seconds(running.engine.clock.now());
    if let Err(error) = running.engine.guard.sweep(now) {
        tracing::error!(%error, "the replay journal cannot be forced to the disk");
    }
    if let Err(error) = running.engine.ended.sweep(now) {
        tracing::error!(%error, "the journal of ended sessions cannot be forced to the disk");
    }
    running
        .observer
        .audit()
        .try_again(running.engine.clock.now());
    let service = &running.metrics.service;
    service
        .replay_entries
        .set(i64::try_from(running.engine.guard.len()).unwrap_or(i64::MAX));
    service
        .revoked_sessions
        .set(i64::try_from(running.engine.ended.len()).unwrap_or(i64::MAX));
    service
        .log_lost
        .inc_by(logs::lost().saturating_sub(service.log_lost.get()));
}
