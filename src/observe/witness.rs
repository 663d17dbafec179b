//! What the access tells, told on: to the audit trail everything, to the metrics counts, to the log what an
//! operator needs and nothing about the person.

use std::sync::Arc;

use octroi_saml::response::LegacyUse;

use super::audit::{Audit, AuditEntry, Outcome};
use super::metrics::Metrics;
use crate::access::witness::{Event, NotKept, What, Witness};

/// Audit trail, metrics and log.
#[derive(Debug)]
pub struct Observer {
    metrics: Arc<Metrics>,
    audit: Audit,
}

impl Observer {
    /// An observer with a trail.
    #[must_use]
    pub fn new(metrics: Arc<Metrics>, audit: Audit) -> Self {
        Self { metrics, audit }
    }

    /// The trail.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.audit
    }

    fn count(&self, event: &Event<'_>) {
        let access = &self.metrics.access;
        let endpoint = event.endpoint.label();
        match event.what {
            What::Granted => access.granted(endpoint, event.portal, event.publisher, event.elapsed),
            What::Refused => {
                access.refused(
                    endpoint,
                    event.code,
                    event.portal,
                    event.publisher,
                    event.elapsed,
                );
            }
            What::SignInStarted | What::Restarted => access.went_on(endpoint, event.elapsed),
            What::LoggedOut => access.logout(endpoint),
        }
        if event.what == What::SignInStarted {
            access.sign_in_started(event.portal);
        }
        if matches!(event.code, Some("assertion-replayed" | "request-answered")) {
            self.metrics.service.replays.inc();
        }
        for kind in legacy_kinds(event.legacy) {
            access.legacy_used(event.portal, kind);
        }
    }

    fn log(&self, event: &Event<'_>) {
        let what = event.what.label();
        let trace = event.trace;
        let endpoint = event.endpoint.label();
        let (portal, publisher, resource) = (event.portal, event.publisher, event.resource);
        let microseconds = u64::try_from(event.elapsed.as_micros()).unwrap_or(u64::MAX);
        if let Some(code) = event.code {
            let detail = event.detail;
            tracing::info!(
                what, code, %trace, endpoint, portal, publisher, resource, detail,
                generation = event.generation, overlay = event.overlay, microseconds, "refused"
            );
        } else {
            tracing::debug!(
                what, %trace, endpoint, portal, publisher, resource,
                generation = event.generation, overlay = event.overlay, microseconds, "access"
            );
        }
        for kind in legacy_kinds(event.legacy) {
            tracing::warn!(%trace, portal, kind, "a dated exception was used");
        }
    }
}

impl Witness for Observer {
    fn witness(&self, event: &Event<'_>) -> Result<(), NotKept> {
        let kept = self.audit.record(&AuditEntry {
            time: event.time,
            trace: event.trace,
            event: event.what.label(),
            outcome: if event.what == What::Refused {
                Outcome::Refused
            } else {
                Outcome::Done
            },
            code: event.code,
            endpoint: event.endpoint.label(),
            portal: event.portal,
            publisher: event.publisher,
            resource: event.resource,
            ent: event.ent,
            person: event.person,
            pseudonym: event.pseudonym,
            upstream_assertion: event.upstream_assertion,
            issued_assertion: event.issued_assertion,
            generation: event.generation,
            overlay: event.overlay,
            detail: event.detail,
        });
        if kept.is_err() && event.what != What::Refused {
            // The access will be refused for it, and that refusal is told in its turn.
            return Err(NotKept);
        }
        self.count(event);
        self.log(event);
        kept.map_err(|_| NotKept)
    }
}

/// The names of the exceptions that were used.
fn legacy_kinds(used: LegacyUse) -> impl Iterator<Item = &'static str> {
    [
        (used.sha1, "sha1"),
        (used.small_rsa, "small-rsa"),
        (used.cbc, "cbc"),
        (used.inclusive_c14n, "inclusive-c14n"),
        (used.long_lifetime, "long-lifetimes"),
        (used.missing_in_response_to, "missing-in-response-to"),
    ]
    .into_iter()
    .filter_map(|(used, kind)| used.then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AuditPolicy;
    use crate::http::exchange::{Endpoint, TraceId};
    use crate::observe::audit::{Options, verify};
    use octroi_saml::Time;
    use std::time::Duration;

    fn event(what: What, code: Option<&'static str>) -> Event<'static> {
        Event {
            what,
            time: Time::from_unix_seconds(1_795_442_400),
            trace: TraceId::from_bytes([9; 16]),
            endpoint: Endpoint::AssertionConsumer,
            code,
            detail: "12 s",
            portal: Some("ent-b0"),
            publisher: None,
            resource: Some("ark:/1/x"),
            ent: Some("B0"),
            person: Some("somebody"),
            pseudonym: None,
            upstream_assertion: Some("_up"),
            issued_assertion: None,
            generation: 7,
            overlay: 12,
            legacy: LegacyUse {
                sha1: true,
                ..LegacyUse::default()
            },
            elapsed: Duration::from_millis(2),
        }
    }

    #[test]
    fn the_trail_names_the_person_and_metrics_do_not() {
        let directory = std::env::temp_dir().join(format!("octroi-witness-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        let metrics = Arc::new(Metrics::new().unwrap());
        let options = Options {
            directory: directory.clone(),
            policy: AuditPolicy::Block,
            segment_bytes: 1 << 20,
            sync: Duration::from_secs(1),
        };
        let audit =
            Audit::open(&options, Time::from_unix_seconds(1), Arc::clone(&metrics)).unwrap();
        let observer = Observer::new(Arc::clone(&metrics), audit);
        observer.witness(&event(What::Granted, None)).unwrap();
        observer
            .witness(&event(What::Refused, Some("assertion-replayed")))
            .unwrap();
        observer.witness(&event(What::SignInStarted, None)).unwrap();
        assert_eq!(verify(&directory, None).unwrap().lines, 4);
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        for line in [
            "octroi_accesses_total{outcome=\"granted\",portal=\"ent-b0\",publisher=\"none\"} 1",
            "octroi_refusals_total{code=\"assertion-replayed\",portal=\"ent-b0\"} 1",
            "octroi_legacy_uses_total{kind=\"sha1\",partner=\"ent-b0\"} 3",
            "octroi_sign_ins_total{portal=\"ent-b0\"} 1",
            "octroi_replays_total 1",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("somebody") && !text.contains("ark:"));
        let _ = std::fs::remove_dir_all(&directory);
    }
}
