//! Metrics of the accesses themselves. Portal and publisher labels are ids of the configuration.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};

use super::{MetricsError, Registrar, seconds};

/// The label of a portal or publisher that is not known (yet).
const NONE: &str = "none";

/// Accesses, refusals, exceptions.
#[derive(Debug)]
pub struct AccessMetrics {
    accesses: IntCounterVec,
    duration: HistogramVec,
    refusals: IntCounterVec,
    legacy: IntCounterVec,
    sign_ins: IntCounterVec,
    logouts: IntCounterVec,
}

impl AccessMetrics {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            accesses: registrar.add(IntCounterVec::new(
                    Opts::new("octroi_accesses_total", "Accesses decided, granted or refused."),
                    &["outcome", "portal", "publisher"],
                ),
            )?,
            duration: registrar.add(HistogramVec::new(
                    HistogramOpts::new(
                        "octroi_access_duration_seconds",
                        "Time from the last byte of the request to the answer of the access, by endpoint and outcome.",
                    )
                    .buckets(seconds()),
                    &["endpoint", "outcome"],
                ),
            )?,
            refusals: registrar.add(IntCounterVec::new(
                    Opts::new("octroi_refusals_total", "Refusals by code (docs/refusals.md) and portal."),
                    &["code", "portal"],
                ),
            )?,
            legacy: registrar.add(IntCounterVec::new(
                    Opts::new("octroi_legacy_uses_total", "Uses of a partner's dated exception, by kind."),
                    &["partner", "kind"],
                ),
            )?,
            sign_ins: registrar.add(IntCounterVec::new(
                    Opts::new("octroi_sign_ins_total", "People sent to a portal to sign in."),
                    &["portal"],
                ),
            )?,
            logouts: registrar.add(IntCounterVec::new(
                    Opts::new("octroi_logouts_total", "Logouts, by the endpoint that was asked."),
                    &["endpoint"],
                ),
            )?,
        })
    }

    /// An access was granted. `portal` and `publisher` are ids of the configuration here and below, `None`
    /// where the access did not get so far.
    pub fn granted(
        &self,
        endpoint: &'static str,
        portal: Option<&str>,
        publisher: Option<&str>,
        took: Duration,
    ) {
        self.ended("granted", endpoint, portal, publisher, took);
    }

    /// An access was refused. `code` is a refusal code of this program.
    pub fn refused(
        &self,
        endpoint: &'static str,
        code: Option<&'static str>,
        portal: Option<&str>,
        publisher: Option<&str>,
        took: Duration,
    ) {
        self.ended("refused", endpoint, portal, publisher, took);
        self.refusals
            .with_label_values(&[code.unwrap_or(NONE), portal.unwrap_or(NONE)])
            .inc();
    }

    fn ended(
        &self,
        outcome: &'static str,
        endpoint: &'static str,
        portal: Option<&str>,
        publisher: Option<&str>,
        took: Duration,
    ) {
        self.accesses
            .with_label_values(&[outcome, portal.unwrap_or(NONE), publisher.unwrap_or(NONE)])
            .inc();
        self.duration
            .with_label_values(&[endpoint, outcome])
            .observe(took.as_secs_f64());
    }

    /// A leg of an access went on: to the portal, or to its own beginning.
    pub fn went_on(&self, endpoint: &'static str, took: Duration) {
        self.duration
            .with_label_values(&[endpoint, "went-on"])
            .observe(took.as_secs_f64());
    }

    /// A dated exception was used (`sha1`, `long-lifetimes`, …).
    pub fn legacy_used(&self, partner: Option<&str>, kind: &'static str) {
        self.legacy
            .with_label_values(&[partner.unwrap_or(NONE), kind])
            .inc();
    }

    /// Somebody was sent to a portal to sign in.
    pub fn sign_in_started(&self, portal: Option<&str>) {
        self.sign_ins
            .with_label_values(&[portal.unwrap_or(NONE)])
            .inc();
    }

    /// Sessions were ended through this endpoint.
    pub fn logout(&self, endpoint: &'static str) {
        self.logouts.with_label_values(&[endpoint]).inc();
    }
}
