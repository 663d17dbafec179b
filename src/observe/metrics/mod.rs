//! Metrics in the Prometheus text format: names start with `octroi_`, units are base units.
//!
//! Labels hold ids from the configuration, words of this program (routes, refusal codes) and HTTP status
//! codes, so that the number of series has a bound that the operator sets. Every family is described in
//! `docs/metrics.md`, which a test compares with this code.

mod access;
mod collect;
mod http;
mod service;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder, Registry, TextEncoder};

pub use access::AccessMetrics;
pub use collect::CollectMetrics;
pub use http::HttpMetrics;
pub use service::ServiceMetrics;

/// Why metrics could not be made: only a mistake in a name or a label of this program.
#[derive(Debug, thiserror::Error)]
#[error("metrics cannot be registered: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

/// All metrics of one gateway. Cheap to read from, shared by `Arc`.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    families: Vec<Family>,
    /// Connections and requests.
    pub http: HttpMetrics,
    /// Accesses, refusals, exceptions.
    pub access: AccessMetrics,
    /// Configuration, snapshot, keys, guard, audit trail.
    pub service: ServiceMetrics,
}

impl Metrics {
    /// Registers everything in a registry of its own, so that several gateways fit in one test process.
    pub fn new() -> Result<Self, MetricsError> {
        let mut registrar = Registrar {
            registry: Registry::new(),
            families: Vec::new(),
        };
        let metrics = Self {
            http: HttpMetrics::new(&mut registrar)?,
            access: AccessMetrics::new(&mut registrar)?,
            service: ServiceMetrics::new(&mut registrar)?,
            registry: registrar.registry,
            families: registrar.families,
        };
        metrics
            .registry
            .register(Box::new(ProcessCollector::for_self()))?;
        Ok(metrics)
    }

    /// Every family of this program, for the documentation and its test.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.iter()
    }

    /// The text exposition, format 0.0.4.
    pub fn render(&self) -> Result<Vec<u8>, MetricsError> {
        let mut text = Vec::with_capacity(32 << 10);
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

/// A family of metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name.
    pub name: String,
    /// What it means.
    pub help: String,
    /// Its labels.
    pub labels: Vec<String>,
}

/// Registers collectors and remembers what they are.
struct Registrar {
    registry: Registry,
    families: Vec<Family>,
}

impl Registrar {
    fn add<C: Collector + Clone + 'static>(
        &mut self,
        collector: Result<C, prometheus::Error>,
    ) -> Result<C, MetricsError> {
        let collector = collector?;
        self.families
            .extend(collector.desc().into_iter().map(|desc| Family {
                name: desc.fq_name.clone(),
                help: desc.help.clone(),
                labels: desc.variable_labels.clone(),
            }));
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }
}

/// Buckets of durations in seconds; 0.3 (P2, P3) and 0.5 (P1) are exact edges.
fn seconds() -> Vec<f64> {
    vec![
        0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_help_and_type_for_each_family() {
        let metrics = Metrics::new().unwrap();
        metrics
            .http
            .requests
            .with_label_values(&["acs", "POST", "200"])
            .inc();
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|suffix| {
                    name.strip_suffix(suffix)
                        .filter(|base| text.contains(&format!("# TYPE {base} ")))
                })
                .unwrap_or(name);
            assert!(text.contains(&format!("# HELP {family} ")), "{name}");
            assert!(text.contains(&format!("# TYPE {family} ")), "{name}");
            assert!(
                family.starts_with("octroi_") || family.starts_with("process_"),
                "{name}"
            );
        }
        assert!(
            text.contains(
                "octroi_http_requests_total{code=\"200\",method=\"POST\",route=\"acs\"} 1"
            )
        );
        assert!(text.contains("octroi_build_info{"));
    }

    /// The rows of the tables in `docs/metrics.md`: name and labels.
    fn documented() -> Vec<(String, Vec<String>)> {
        let words = |cell: &str| {
            cell.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        include_str!("../../../docs/metrics.md")
            .lines()
            .filter(|line| line.starts_with("| `octroi_"))
            .map(|line| {
                let cells: Vec<&str> = line.split('|').collect();
                (words(cells[1]).remove(0), words(cells[2]))
            })
            .collect()
    }

    #[test]
    fn every_family_is_documented_with_its_labels_and_nothing_else_is() {
        let documented = documented();
        let metrics = Metrics::new().unwrap();
        let collect = CollectMetrics::new().unwrap();
        let families: Vec<_> = metrics
            .families()
            .chain(collect.families())
            .cloned()
            .collect();
        assert!(families.len() > 30);
        for family in &families {
            let row = documented.iter().find(|(name, _)| *name == family.name);
            let row = row.unwrap_or_else(|| panic!("docs/metrics.md lacks `{}`", family.name));
            assert_eq!(row.1, family.labels, "{}", family.name);
            assert!(
                family.help.ends_with(['.', ':']) || family.help.contains(": "),
                "{}",
                family.help
            );
        }
        assert_eq!(
            documented.len(),
            families.len(),
            "docs/metrics.md names a metric that is not there"
        );
    }
}
