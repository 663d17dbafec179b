//! Metrics of the accesses themselves. Portal and publisher labels are ids of the configuration.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};

use super::{MetricsError, registered, seconds};

/// The label of a portal or publisher that is not known (yet).
const NONE: &str = "none";

/// Accesses, refusals, exceptions.
#[derive(Debug)]
pub struct AccessMetrics {
    accesses: IntCounterVec,
    duration: HistogramVec,
    refusals: IntCounterVec,
    legacy: IntCounterVec,
    requests: IntCounterVec,
    logouts: IntCounterVec,
}

impl AccessMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        Ok(Self {
            accesses: registered(
                registry,
                IntCounterVec::new(
                    Opts::new("octroi_accesses_total", "Accesses decided, granted or refused."),
                    &["outcome", "portal", "publisher"],
                ),
            )?,
            duration: registered(
                registry,
                HistogramVec::new(
                    HistogramOpts::new(
                        "octroi_access_duration_seconds",
                        "Time from the last byte of the request to the answer of the access, by endpoint and outcome.",
                    )
                    .buckets(seconds()),
                    &["endpoint", "outcome"],
                ),
            )?,
            refusals: registered(
                registry,
                IntCounterVec::new(
                    Opts::new("octroi_refusals_total", "Refusals by code (docs/refusals.md) and portal."),
                    &["code", "portal"],
                ),
            )?,
            legacy: registered(
                registry,
                IntCounterVec::new(
                    Opts::new("octroi_legacy_uses_total", "Uses of a partner's dated exception, by kind."),
                    &["partner", "kind"],
                ),
            )?,
            requests: registered(
                registry,
                IntCounterVec::new(
                    Opts::new("octroi_authn_requests_total", "AuthnRequests sent to portals, or held back by the rate limit."),
                    &["portal", "result"],
                ),
            )?,
            logouts: registered(
                registry,
                IntCounterVec::new(
                    Opts::new("octroi_logouts_total", "Logouts by who asked: a portal, a publisher, the person."),
                    &["origin", "result"],
                ),
            )?,
        })
    }

    /// An access ended in an assertion for the publisher.
    pub fn granted(&self, endpoint: &'static str, portal: &str, publisher: &str, took: Duration) {
        self.accesses
            .with_label_values(&["granted", portal, publisher])
            .inc();
        self.duration
            .with_label_values(&[endpoint, "granted"])
            .observe(took.as_secs_f64());
    }

    /// An access ended in a refusal. `portal` and `publisher` are ids of the configuration, or `None`
    /// where the access did not get so far; `code` is a refusal code of this program.
    pub fn refused(
        &self,
        endpoint: &'static str,
        code: &'static str,
        portal: Option<&str>,
        publisher: Option<&str>,
        took: Duration,
    ) {
        let portal = portal.unwrap_or(NONE);
        self.accesses
            .with_label_values(&["refused", portal, publisher.unwrap_or(NONE)])
            .inc();
        self.refusals.with_label_values(&[code, portal]).inc();
        self.duration
            .with_label_values(&[endpoint, "refused"])
            .observe(took.as_secs_f64());
    }

    /// A start leg (tile, publisher-first without a session) went on to the portal or to a choice.
    pub fn went_on(&self, endpoint: &'static str, took: Duration) {
        self.duration
            .with_label_values(&[endpoint, "went-on"])
            .observe(took.as_secs_f64());
    }

    /// A dated exception was used (`sha1`, `long-lifetimes`, …).
    pub fn legacy_used(&self, partner: &str, kind: &'static str) {
        self.legacy.with_label_values(&[partner, kind]).inc();
    }

    /// An AuthnRequest left for a portal, or was held back by the rate limit.
    pub fn authn_request(&self, portal: &str, sent: bool) {
        let result = if sent { "sent" } else { "rate-limited" };
        self.requests.with_label_values(&[portal, result]).inc();
    }

    /// A logout was asked for by `portal`, `publisher` or `person`.
    pub fn logout(&self, origin: &'static str, done: bool) {
        self.logouts
            .with_label_values(&[origin, if done { "done" } else { "refused" }])
            .inc();
    }
}
