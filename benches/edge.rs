//! What the edge adds to an access: the form page, the audit line with its metrics, the answer's headers.
//! The goal of all of them together is a small part of the 30 µs that an access may cost beside its cryptography.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use octroi::access::witness::{Event, What, Witness};
use octroi::config::AuditPolicy;
use octroi::http::exchange::{Endpoint, Outgoing, TraceId};
use octroi::http::headers::response;
use octroi::observe::audit::{Audit, Options};
use octroi::observe::metrics::Metrics;
use octroi::observe::witness::Observer;
use octroi::pages::form::{Field, write_form_page};
use octroi_saml::Time;
use octroi_saml::response::LegacyUse;

fn form(c: &mut Criterion) {
    let xml = vec![b'x'; 5_000];
    c.bench_function("form page of 5 000 bytes", |b| {
        b.iter(|| {
            let mut page = Vec::new();
            write_form_page(
                black_box("https://editeur.example/acs"),
                Field::Response,
                &xml,
                Some("ss:mem:0123"),
                &mut page,
            );
            page
        });
    });
}

fn headers(c: &mut Criterion) {
    c.bench_function("headers of an answer", |b| {
        b.iter(|| {
            response(
                Outgoing::form_page("x")
                    .with_cookie("__Host-octroi-s=0123456789; Path=/; Secure".to_owned()),
            )
        });
    });
}

fn witness(c: &mut Criterion) {
    let directory = std::env::temp_dir().join(format!("octroi-bench-audit-{}", std::process::id()));
    let metrics = Arc::new(Metrics::new().unwrap());
    let options = Options {
        directory: directory.clone(),
        policy: AuditPolicy::Block,
        segment_bytes: 64 << 20,
        sync: Duration::from_secs(1),
    };
    let now = Time::from_unix_seconds(1_795_442_400);
    let observer = Observer::new(
        Arc::clone(&metrics),
        Audit::open(&options, now, metrics).unwrap(),
    );
    let pseudonym = "5a".repeat(64);
    let event = Event {
        what: What::Granted,
        time: now,
        trace: TraceId::from_bytes([7; 16]),
        endpoint: Endpoint::AssertionConsumer,
        code: None,
        detail: "",
        portal: Some("ent-exemple"),
        publisher: Some("editeur-exemple"),
        resource: Some("ark:/48611/m00042"),
        ent: Some("B0"),
        person: Some("0000002a-7b1c-4e2f-9a53-0c6f2f1e002a"),
        pseudonym: Some(&pseudonym),
        upstream_assertion: Some("_0123456789abcdef0123456789abcdef"),
        issued_assertion: Some("_fedcba9876543210fedcba9876543210"),
        generation: 42,
        overlay: 0,
        legacy: LegacyUse::default(),
        elapsed: Duration::from_micros(400),
    };
    c.bench_function("audit line, metrics and log of a granted access", |b| {
        b.iter(|| observer.witness(black_box(&event)).unwrap());
    });
    drop(observer);
    let _ = std::fs::remove_dir_all(directory);
}

criterion_group!(benches, form, headers, witness);
criterion_main!(benches);
