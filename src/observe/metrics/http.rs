//! Metrics of the public listener.

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts,
};

use super::{MetricsError, Registrar, seconds};

/// Connections and requests.
#[derive(Debug)]
pub struct HttpMetrics {
    /// Requests by `route`, `method` and `code`.
    pub requests: IntCounterVec,
    /// Time from the whole request to the whole answer, by `route`.
    pub duration: HistogramVec,
    /// Requests between admission and answer.
    pub in_flight: IntGauge,
    /// Open connections.
    pub connections_open: IntGauge,
    /// Accepted connections.
    pub connections: IntCounter,
    /// TLS handshakes that failed, by `reason`.
    pub handshakes_failed: IntCounterVec,
    /// Requests refused because of load, by `reason`.
    pub shed: IntCounterVec,
    /// How long ready work waits for a processor.
    pub lag: Histogram,
    /// Handlers that panicked.
    pub panics: IntCounter,
}

impl HttpMetrics {
    pub(super) fn new(registrar: &mut Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            requests: registrar.add(IntCounterVec::new(
                Opts::new(
                    "octroi_http_requests_total",
                    "Requests to the public listener.",
                ),
                &["route", "method", "code"],
            ))?,
            duration: registrar.add(HistogramVec::new(
                HistogramOpts::new(
                    "octroi_http_request_duration_seconds",
                    "Time from the last byte of the request to the complete answer.",
                )
                .buckets(seconds()),
                &["route"],
            ))?,
            in_flight: registrar.add(IntGauge::new(
                "octroi_http_requests_in_flight",
                "Requests admitted and not yet answered.",
            ))?,
            connections_open: registrar.add(IntGauge::new(
                "octroi_connections_open",
                "Open connections of the public listener.",
            ))?,
            connections: registrar.add(IntCounter::new(
                "octroi_connections_total",
                "Connections accepted by the public listener.",
            ))?,
            handshakes_failed: registrar.add(IntCounterVec::new(
                Opts::new(
                    "octroi_tls_handshakes_failed_total",
                    "TLS handshakes that did not end well.",
                ),
                &["reason"],
            ))?,
            shed: registrar.add(IntCounterVec::new(
                Opts::new(
                    "octroi_http_shed_total",
                    "Requests answered with 503 because of load.",
                ),
                &["reason"],
            ))?,
            lag: registrar.add(Histogram::with_opts(
                HistogramOpts::new(
                    "octroi_scheduler_lag_seconds",
                    "How long ready work waits for a processor.",
                )
                .buckets(seconds()),
            ))?,
            panics: registrar.add(IntCounter::new(
                "octroi_panics_total",
                "Requests whose handler panicked: a defect, please report it.",
            ))?,
        })
    }
}
