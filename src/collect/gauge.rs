//! The Prometheus text file: written anew from the ledgers, replaced by rename.

use std::collections::BTreeMap;

use super::desk::{DeskError, Office};
use super::schedule::Schedule;
use super::work::durable_for;
use crate::config::paris;
use crate::observe::metrics::CollectMetrics;

/// Counts everything and gives the text.
///
/// `panics` are those of this process, by portal.
///
/// # Errors
/// [`DeskError`]; a ledger that cannot be read leaves its portal out, because the others still count.
pub fn render(office: &Office, panics: &BTreeMap<String, u64>) -> Result<Vec<u8>, DeskError> {
    let metrics = CollectMetrics::new()?;
    let now = office.clock.now();
    for portal in &office.settings.portals {
        let Ok(flows) = office.peek(portal) else {
            continue;
        };
        for (degree, state) in flows {
            let schedule = Schedule::new(portal, &office.settings.periods);
            let overdue = !portal.disabled
                && state.opened.is_some_and(|opened| {
                    let newest = state.newest();
                    schedule
                        .overdue(&paris(now), &paris(opened), newest)
                        .is_some()
                });
            metrics.flow(&portal.ent, degree.as_str(), &state, overdue);
        }
    }
    for portal in &office.settings.portals {
        metrics.quota(&portal.ent, office.used(portal)?, portal.quota);
    }
    for (portal, count) in panics {
        metrics.panics(portal, *count);
    }
    let entries = office.vault.entries()?;
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    metrics.vault(entries.len() as u64, bytes);
    Ok(metrics.render(now)?)
}

/// Writes the file that the settings name, when they name one.
///
/// # Errors
/// [`DeskError`]
pub fn write(office: &Office, panics: &BTreeMap<String, u64>) -> Result<(), DeskError> {
    let Some(file) = &office.settings.metrics_file else {
        return Ok(());
    };
    // node_exporter is another user, and the file names nobody.
    let path = office.base.join(&file.value);
    durable_for(&path, &render(office, panics)?, Some(0o644))
}
