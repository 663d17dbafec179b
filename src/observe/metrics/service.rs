//! Metrics of what stands behind an access: configuration, snapshot, keys, guard, audit trail.

use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts,
};

use super::{MetricsError, Registrar};

/// Configuration, snapshot, keys, guard, audit trail.
#[derive(Debug)]
pub struct ServiceMetrics {
    /// Reloads of configuration or snapshot, by `what` and `result`.
    pub reloads: IntCounterVec,
    /// 1 when the last reload of `what` was taken, 0 when it was refused.
    pub last_reload_success: IntGaugeVec,
    /// When the last reload of `what` was taken, unix seconds.
    pub last_reload: GaugeVec,
    /// The generation of the snapshot in force.
    pub snapshot_generation: IntGauge,
    /// When the snapshot was built, unix seconds.
    pub snapshot_built: Gauge,
    /// People in the snapshot.
    pub snapshot_people: IntGauge,
    /// Subscriptions in the snapshot.
    pub snapshot_subscriptions: IntGauge,
    /// The last change since the snapshot that is applied.
    pub overlay_sequence: IntGauge,
    /// 1 when the log of changes cannot be read on.
    pub overlay_stopped: IntGauge,
    /// When the store last answered, unix seconds.
    pub store_last_success: Gauge,
    /// The manifest in force.
    pub manifest_sequence: IntGauge,
    /// The manifest that was found and is not in force yet; 0 when there is none.
    pub manifest_pending: IntGauge,
    /// Candidates that were refused, by `reason`.
    pub snapshot_refused: IntCounterVec,
    /// When a certificate ends, unix seconds, by `use` and `name`.
    pub certificate_not_after: GaugeVec,
    /// When metadata end, unix seconds, by `partner`.
    pub metadata_valid_until: GaugeVec,
    /// The day after which a dated exception refuses, unix seconds, by `partner` and `kind`.
    pub legacy_until: GaugeVec,
    /// 1 for each portal and publisher that is configured; label `state` is `enabled` or `disabled`.
    pub partners: IntGaugeVec,
    /// Claims held by the replay guard.
    pub replay_entries: IntGauge,
    /// Second uses that the replay guard stopped.
    pub replays: IntCounter,
    /// Sessions on the revocation list.
    pub revoked_sessions: IntGauge,
    /// Lines written to the audit trail.
    pub audit_lines: IntCounter,
    /// Audit lines lost under the policy `drop`.
    pub audit_lost: IntCounter,
    /// Audit lines that could not be written, under either policy.
    pub audit_errors: IntCounter,
    /// 1 when the chain of the trail was found broken at start.
    pub audit_chain_broken: IntGauge,
    /// Time to write one audit line.
    pub audit_duration: Histogram,
    /// Log lines that were lost because their reader was too slow.
    pub log_lost: IntCounter,
    /// 1 when the gateway takes accesses.
    pub ready: IntGauge,
}

impl ServiceMetrics {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        let build = registrar.add(IntGaugeVec::new(
            Opts::new("octroi_build_info", "Always 1; the version."),
            &["version"],
        ))?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Ok(Self {
            reloads: registrar.add(IntCounterVec::new(
                Opts::new(
                    "octroi_reloads_total",
                    "Reloads of configuration or snapshot, taken or refused.",
                ),
                &["what", "result"],
            ))?,
            last_reload_success: registrar.add(IntGaugeVec::new(
                Opts::new(
                    "octroi_last_reload_success",
                    "1 when the last reload was taken, 0 when it was refused and the old stayed.",
                ),
                &["what"],
            ))?,
            last_reload: registrar.add(GaugeVec::new(
                Opts::new(
                    "octroi_last_reload_timestamp_seconds",
                    "When what is in force was taken.",
                ),
                &["what"],
            ))?,
            snapshot_generation: registrar.add(IntGauge::new(
                "octroi_snapshot_generation",
                "Generation of the snapshot in force.",
            ))?,
            snapshot_built: registrar.add(Gauge::new(
                "octroi_snapshot_built_timestamp_seconds",
                "When the snapshot in force was built.",
            ))?,
            snapshot_people: registrar.add(IntGauge::new(
                "octroi_snapshot_people",
                "People in the snapshot in force.",
            ))?,
            snapshot_subscriptions: registrar.add(IntGauge::new(
                "octroi_snapshot_subscriptions",
                "Subscriptions in the snapshot in force.",
            ))?,
            overlay_sequence: registrar.add(IntGauge::new(
                "octroi_overlay_sequence",
                "The last change since the snapshot that is applied.",
            ))?,
            overlay_stopped: registrar.add(IntGauge::new(
                "octroi_overlay_stopped",
                "1 when the log of changes cannot be read past its last good entry: an alarm.",
            ))?,
            store_last_success: registrar.add(Gauge::new(
                "octroi_store_last_success_timestamp_seconds",
                "When the store last answered.",
            ))?,
            manifest_sequence: registrar.add(IntGauge::new(
                "octroi_manifest_sequence",
                "Sequence of the manifest in force.",
            ))?,
            manifest_pending: registrar.add(IntGauge::new(
                "octroi_manifest_pending_sequence",
                "Sequence of the manifest that was found and is not in force yet; 0 when there is none.",
            ))?,
            snapshot_refused: registrar.add(IntCounterVec::new(
                Opts::new(
                    "octroi_snapshot_refused_total",
                    "Manifests and bodies of the store that were refused.",
                ),
                &["reason"],
            ))?,
            certificate_not_after: registrar.add(GaugeVec::new(
                Opts::new(
                    "octroi_certificate_not_after_timestamp_seconds",
                    "When one of our certificates ends.",
                ),
                &["use", "name"],
            ))?,
            metadata_valid_until: registrar.add(GaugeVec::new(
                Opts::new(
                    "octroi_metadata_valid_until_timestamp_seconds",
                    "When a partner's metadata end and the partner with them.",
                ),
                &["partner"],
            ))?,
            legacy_until: registrar.add(GaugeVec::new(
                Opts::new(
                    "octroi_legacy_until_timestamp_seconds",
                    "When a partner's dated exception ends.",
                ),
                &["partner", "kind"],
            ))?,
            partners: registrar.add(IntGaugeVec::new(
                Opts::new("octroi_partners", "Partners in force, by kind and state."),
                &["kind", "state"],
            ))?,
            replay_entries: registrar.add(IntGauge::new(
                "octroi_replay_entries",
                "One-time claims that the replay guard holds.",
            ))?,
            replays: registrar.add(IntCounter::new(
                "octroi_replays_total",
                "Second uses that the replay guard stopped.",
            ))?,
            revoked_sessions: registrar.add(IntGauge::new(
                "octroi_revoked_sessions",
                "Sessions that a logout ended before their time.",
            ))?,
            audit_lines: registrar.add(IntCounter::new(
                "octroi_audit_lines_total",
                "Lines written to the audit trail.",
            ))?,
            audit_lost: registrar.add(IntCounter::new(
                "octroi_audit_lost_total",
                "Audit lines lost under the policy drop: an alarm.",
            ))?,
            audit_errors: registrar.add(IntCounter::new(
                "octroi_audit_errors_total",
                "Audit lines that could not be written.",
            ))?,
            audit_chain_broken: registrar.add(IntGauge::new(
                "octroi_audit_chain_broken",
                "1 when the audit trail was found altered at start: an alarm.",
            ))?,
            audit_duration: registrar.add(Histogram::with_opts(
                HistogramOpts::new(
                    "octroi_audit_write_duration_seconds",
                    "Time to write one audit line.",
                )
                .buckets(vec![
                    0.000_005, 0.000_01, 0.000_025, 0.000_1, 0.001, 0.01, 0.1, 1.0,
                ]),
            ))?,
            log_lost: registrar.add(IntCounter::new(
                "octroi_log_lines_lost_total",
                "Log lines lost because their reader was too slow.",
            ))?,
            ready: registrar.add(IntGauge::new(
                "octroi_ready",
                "1 when the gateway takes accesses, 0 when it starts or drains.",
            ))?,
        })
    }
}
