//! Metrics of collection. Everything is counted from the ledgers, so that a restart loses nothing and a command counts
//! as the watcher does. The importer has a registry of its own: it is a process of its own.

use octroi_saml::Time;
use prometheus::{
    Encoder, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::{Family, MetricsError, Registrar};
use crate::collect::ledger::{FlowState, Tally};

/// All metrics of the importer at one moment.
#[derive(Debug)]
pub struct CollectMetrics {
    registry: Registry,
    families: Vec<Family>,
    deliveries: IntCounterVec,
    alarms: IntCounterVec,
    bytes: IntCounterVec,
    last_success: GaugeVec,
    duration: GaugeVec,
    people: IntGaugeVec,
    set_aside: IntGaugeVec,
    held: IntGaugeVec,
    overdue: IntGaugeVec,
    needs_full: IntGaugeVec,
    panics: IntCounterVec,
    quota_used: IntGaugeVec,
    quota_limit: IntGaugeVec,
    vault_bytes: IntGauge,
    vault_entries: IntGauge,
    written: IntGauge,
}

const FLOW: [&str; 2] = ["portal", "flow"];

impl CollectMetrics {
    /// Registers everything.
    ///
    /// # Errors
    /// [`MetricsError`] for a mistake of this program.
    pub fn new() -> Result<Self, MetricsError> {
        let mut registrar = Registrar {
            registry: Registry::new(),
            families: Vec::new(),
        };
        let add = &mut registrar;
        let metrics = Self {
            deliveries: add.add(IntCounterVec::new(
                Opts::new(
                    "octroi_collect_deliveries_total",
                    "Deliveries by how they ended.",
                ),
                &["portal", "flow", "outcome"],
            ))?,
            alarms: add.add(IntCounterVec::new(
                Opts::new(
                    "octroi_collect_alarms_total",
                    "Alarms by code (docs/collect-operations.md).",
                ),
                &["portal", "flow", "code"],
            ))?,
            bytes: add.add(IntCounterVec::new(
                Opts::new(
                    "octroi_collect_received_bytes_total",
                    "Octets of deliveries received.",
                ),
                &FLOW,
            ))?,
            last_success: add.add(GaugeVec::new(
                Opts::new(
                    "octroi_collect_last_success_timestamp_seconds",
                    "When a delivery was last taken or found empty.",
                ),
                &FLOW,
            ))?,
            duration: add.add(GaugeVec::new(
                Opts::new(
                    "octroi_collect_duration_seconds",
                    "How long the last delivery that was taken took.",
                ),
                &FLOW,
            ))?,
            people: add.add(IntGaugeVec::new(
                Opts::new("octroi_collect_people", "People in force."),
                &FLOW,
            ))?,
            set_aside: add.add(IntGaugeVec::new(
                Opts::new(
                    "octroi_collect_set_aside_records",
                    "Records of what is in force that are set aside, by rule.",
                ),
                &["portal", "flow", "rule"],
            ))?,
            held: add.add(IntGaugeVec::new(
                Opts::new(
                    "octroi_collect_held",
                    "Deliveries that wait for an operator.",
                ),
                &FLOW,
            ))?,
            overdue: add.add(IntGaugeVec::new(
                Opts::new(
                    "octroi_collect_overdue",
                    "Whether an expected delivery has not come: 1 until one comes.",
                ),
                &FLOW,
            ))?,
            needs_full: add.add(IntGaugeVec::new(
                Opts::new(
                    "octroi_collect_needs_full",
                    "Whether differences are refused until a full load comes.",
                ),
                &FLOW,
            ))?,
            panics: add.add(IntCounterVec::new(
                Opts::new(
                    "octroi_collect_panics_total",
                    "Panics of this process, by portal: a defect, please report it.",
                ),
                &["portal"],
            ))?,
            quota_used: add.add(IntGaugeVec::new(
                Opts::new(
                    "octroi_collect_quota_used_bytes",
                    "Octets of the portal in vault and work folder.",
                ),
                &["portal"],
            ))?,
            quota_limit: add.add(IntGaugeVec::new(
                Opts::new(
                    "octroi_collect_quota_limit_bytes",
                    "How many there may be: its quota.",
                ),
                &["portal"],
            ))?,
            vault_bytes: add.add(IntGauge::new(
                "octroi_collect_vault_bytes",
                "Octets in the vault.",
            ))?,
            vault_entries: add.add(IntGauge::new(
                "octroi_collect_vault_entries",
                "Entries of the vault.",
            ))?,
            written: add.add(IntGauge::new(
                "octroi_collect_written_timestamp_seconds",
                "When this file was written: old means that the watcher does not run.",
            ))?,
            registry: registrar.registry,
            families: registrar.families,
        };
        Ok(metrics)
    }

    /// Every family, for the documentation and its test.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.iter()
    }

    /// Counts a flow.
    pub fn flow(&self, portal: &str, flow: &str, state: &FlowState, overdue: bool) {
        let of = [portal, flow];
        for (outcome, count) in &state.outcomes {
            self.deliveries
                .with_label_values(&[portal, flow, outcome.as_str()])
                .inc_by(*count);
        }
        for (code, count) in &state.alarms {
            self.alarms
                .with_label_values(&[portal, flow, code.name()])
                .inc_by(*count);
        }
        self.bytes.with_label_values(&of).inc_by(state.bytes);
        if let Some(last) = state.last_success {
            self.last_success.with_label_values(&of).set(seconds(last));
        }
        let tally = state.current().and_then(|current| current.tally.as_ref());
        if let Some(Tally {
            counts,
            set_aside,
            milliseconds,
        }) = tally
        {
            #[allow(clippy::cast_precision_loss, reason = "a metric")]
            self.duration
                .with_label_values(&of)
                .set(*milliseconds as f64 / 1000.0);
            self.people.with_label_values(&of).set(whole(counts.people));
            for (rule, count) in set_aside {
                self.set_aside
                    .with_label_values(&[portal, flow, rule])
                    .set(whole(*count));
            }
        }
        self.held
            .with_label_values(&of)
            .set(whole(state.held().count() as u64));
        self.overdue.with_label_values(&of).set(i64::from(overdue));
        self.needs_full
            .with_label_values(&of)
            .set(i64::from(state.needs_full));
    }

    /// Counts panics of a portal's work.
    pub fn panics(&self, portal: &str, count: u64) {
        self.panics.with_label_values(&[portal]).inc_by(count);
    }

    /// What a portal has of its quota, octets.
    pub fn quota(&self, portal: &str, used: u64, limit: u64) {
        let of = [portal];
        self.quota_used.with_label_values(&of).set(whole(used));
        self.quota_limit.with_label_values(&of).set(whole(limit));
    }

    /// Counts the vault.
    pub fn vault(&self, entries: u64, bytes: u64) {
        self.vault_entries.set(whole(entries));
        self.vault_bytes.set(whole(bytes));
    }

    /// The text exposition, format 0.0.4.
    ///
    /// # Errors
    /// [`MetricsError`]
    pub fn render(&self, now: Time) -> Result<Vec<u8>, MetricsError> {
        self.written.set(now.unix_seconds());
        let mut text = Vec::with_capacity(16 << 10);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[allow(clippy::cast_precision_loss, reason = "seconds fit")]
fn seconds(time: Time) -> f64 {
    time.unix_millis() as f64 / 1000.0
}
