//! The figures of a run: for people on a terminal, for programs as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The generator's own lag at p99 beyond which a run is void.
pub const LAG_LIMIT: Duration = Duration::from_millis(1);
/// Longest time kept apart; longer ones count as this.
const LONGEST_US: u64 = 120_000_000;

/// Times of one sort, in microseconds with three significant digits.
#[derive(Debug, Clone)]
pub struct Times(Histogram<u64>);

impl Default for Times {
    #[allow(
        clippy::expect_used,
        reason = "constant bounds that the histogram documents as valid"
    )]
    fn default() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_US, 3).expect("constant bounds"))
    }
}

impl Times {
    /// Adds one.
    pub fn record(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.clamp(1, LONGEST_US));
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The figures of them.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let at = |quantile| ms(self.0.value_at_quantile(quantile));
        Figures {
            count: self.0.len(),
            mean_ms: round(self.0.mean() / 1000.0),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(self.0.max()),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "bounded by LONGEST_US")]
fn ms(micros: u64) -> f64 {
    round(micros as f64 / 1000.0)
}

fn round(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

/// Quantiles in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// How many times there are.
    pub count: u64,
    /// Mean.
    pub mean_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 90 in 100 are not slower.
    pub p90_ms: f64,
    /// 95 in 100 are not slower.
    pub p95_ms: f64,
    /// 99 in 100 are not slower.
    pub p99_ms: f64,
    /// 999 in 1000 are not slower.
    pub p999_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// A whole run.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was asked for.
    pub asked: BTreeMap<&'static str, String>,
    /// From the instant at which the Response was due to be posted to the last byte of the answer.
    pub answer: Figures,
    /// From the instant at which the tile was due to be clicked to the last byte of the answer.
    pub start: Option<Figures>,
    /// How late the generator itself began.
    pub lag: Figures,
    /// Accesses answered as they must be, each second.
    pub good_per_second: f64,
    /// Everything else, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Accesses not sent because too many were waiting.
    pub skipped: u64,
    /// Connections opened.
    pub connections: u64,
    /// CPU time of the gateway for each access, in microseconds.
    pub server_cpu_us: Option<f64>,
    /// CPU time of the generator for each access, in microseconds.
    pub own_cpu_us: f64,
    /// Different people in the messages.
    pub people: usize,
    /// Different resources in the messages.
    pub resources: usize,
    /// Whether the generator was late itself, so that nothing here counts.
    pub void: bool,
}

impl Report {
    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let asked: Vec<String> = self
            .asked
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let _ = writeln!(text, "{}", asked.join(" "));
        let _ = writeln!(
            text,
            "{} people, {} resources, {} connections opened",
            self.people, self.resources, self.connections
        );
        let _ = writeln!(
            text,
            "\n{:8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  ms",
            "", "count", "mean", "p50", "p95", "p99", "p99.9", "max"
        );
        let rows = [
            ("start", self.start),
            ("answer", Some(self.answer)),
            ("own lag", Some(self.lag)),
        ];
        for (name, figures) in rows
            .into_iter()
            .filter_map(|(name, figures)| Some((name, figures?)))
        {
            let f = figures;
            let _ = writeln!(
                text,
                "{name:8} {:>9} {:>9.3} {:>9.3} {:>9.3} {:>9.3} {:>9.3} {:>9.3}",
                f.count, f.mean_ms, f.p50_ms, f.p95_ms, f.p99_ms, f.p999_ms, f.max_ms
            );
        }
        let cpu = self.server_cpu_us.map_or_else(
            || "unknown (no --pid)".to_owned(),
            |us| format!("{us:.0} µs"),
        );
        let _ = writeln!(
            text,
            "\ngood {:.1}/s · gateway's CPU for each access {cpu} · generator's own {:.0} µs",
            self.good_per_second, self.own_cpu_us
        );
        let errors: Vec<String> = self
            .errors
            .iter()
            .map(|(kind, count)| format!("{kind}={count}"))
            .collect();
        let _ = writeln!(
            text,
            "errors: {}",
            if errors.is_empty() {
                "none".to_owned()
            } else {
                errors.join(" ")
            }
        );
        if self.skipped > 0 {
            let _ = writeln!(text, "not sent, too many were waiting: {}", self.skipped);
        }
        if self.void {
            let _ = writeln!(
                text,
                "VOID: the generator's own lag passes {} ms at p99",
                LAG_LIMIT.as_millis()
            );
        }
        text
    }
}

/// Whether a run with this lag counts for nothing.
#[must_use]
pub fn is_void(lag: &Figures) -> bool {
    lag.p99_ms > LAG_LIMIT.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_times() {
        let mut times = Times::default();
        for n in 1..=1000 {
            times.record(Duration::from_millis(n));
        }
        let figures = times.figures();
        assert_eq!(figures.count, 1000);
        for (found, wanted) in [
            (figures.p50_ms, 500.0),
            (figures.p99_ms, 990.0),
            (figures.p999_ms, 999.0),
            (figures.mean_ms, 500.5),
        ] {
            assert!((found - wanted).abs() / wanted < 0.002, "{found} {wanted}");
        }
        assert!(is_void(&figures));
        assert!(!is_void(&Figures {
            p99_ms: 0.9,
            ..figures
        }));
    }
}
