//! Where an access spends its time, stage by stage: `cargo bench --bench access`.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a measurement, not product code"
)]

#[path = "../tests/world/mod.rs"]
mod world;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use octroi::access::receive::Origin;
use octroi::access::verify::expectations;
use octroi::http::exchange::Endpoint;
use octroi_entitlements::Query;
use octroi_saml::response;
use octroi_xml::Limits;
use octroi_xml::c14n::{Algorithm, canonicalize};
use std::hint::black_box;
use world::Plan;
use world::browser::{Browser, incoming, location, run};
use world::country::{Country, PUSHED};
use world::keys::Keys;
use world::portal::{asked, form, of_b, signed_by_b};

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// The global allocator of the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn stages(criterion: &mut Criterion) {
    let mut plan = Plan::new();
    plan.country = Country::large(2500, 60, 2100);
    let world = plan.begin();
    let keys = Keys::get();
    let xml = signed_by_b(&of_b(world.now, &Country::person(7), None));
    let document = octroi_xml::parse(&xml, &Limits::default()).unwrap();
    let assertion = document.root().first_child(SAML, "Assertion").unwrap();
    let trusted = [keys.portal_b.signer.public_key().clone()];

    criterion.bench_function("parse", |b| {
        b.iter(|| octroi_xml::parse(black_box(&xml), &Limits::default()).unwrap())
    });
    let mut canonical = Vec::new();
    criterion.bench_function("canonicalise", |b| {
        b.iter(|| {
            canonical.clear();
            canonicalize(
                black_box(assertion),
                Algorithm::Exclusive,
                &[],
                None,
                &mut canonical,
            )
            .unwrap();
        });
    });
    criterion.bench_function("verify", |b| {
        b.iter(|| {
            octroi_dsig::verify(black_box(assertion), &trusted, &Default::default()).unwrap()
        });
    });
    let pinned = world.engine.current.pin();
    let portal = pinned.trust.portal("portal-b", world.now).unwrap();
    let origin = Origin::Unsolicited(String::new());
    let expect = expectations(&pinned, portal, &origin, world.now);
    criterion.bench_function("accept (parse, verify, every check)", |b| {
        b.iter(|| response::accept(black_box(&xml), &expect).unwrap());
    });

    let people: Vec<String> = (0..2500).map(Country::person).collect();
    let resources: Vec<String> = (0..2100).map(Country::resource).collect();
    let mut at = 0;
    criterion.bench_function("resolve", |b| {
        b.iter(|| {
            at += 1;
            let query = Query {
                ent: "B0",
                person: &people[at % people.len()],
                resource: &resources[at * 7 % resources.len()],
                school: None,
                at: world::NOON,
            };
            black_box(pinned.directory.resolve(&query).unwrap().until())
        });
    });
    let query = Query {
        ent: "B0",
        person: &people[3],
        resource: &resources[5],
        school: None,
        at: world::NOON,
    };
    let grant = pinned.directory.resolve(&query).unwrap();
    criterion.bench_function("pseudonym and release", |b| {
        b.iter(|| {
            let pseudonym = pinned.trust.gateway().pseudonyms.of(&grant);
            black_box(grant.release(&pseudonym).len())
        });
    });

    criterion.bench_function("tile to portal", |b| {
        let query = format!("idENT=QjA=&idRessource={PUSHED}");
        b.iter(|| Browser::new(&world).get(Endpoint::Tile, &query));
    });
    let mut accesses = 0_usize;
    criterion.bench_function("whole access", |b| {
        b.iter_batched(
            || {
                accesses += 1;
                let mut browser = Browser::new(&world);
                let resource = Country::resource(accesses * 7 % 2100);
                let asked = asked(location(&browser.get(
                    Endpoint::Tile,
                    &format!("idENT=QjA=&idRessource={resource}"),
                )));
                let xml = signed_by_b(&of_b(
                    world.now,
                    &Country::person(accesses % 2500),
                    Some(&asked.id),
                ));
                let body = form(&xml, Some(&asked.relay_state));
                incoming(
                    octroi::http::exchange::Method::Post,
                    None,
                    body.as_bytes(),
                    browser.cookies(),
                )
            },
            |incoming| run(world.engine.handle(Endpoint::AssertionConsumer, incoming)),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, stages);
criterion_main!(benches);
