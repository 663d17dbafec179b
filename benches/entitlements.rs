//! Look-up, release and pseudonym over a made-up district; build speed and octets a person on the way.
//!
//! `OCTROI_BENCH_PEOPLE` sets the size (200 000 by default). Questions are drawn uniformly over all people and resources,
//! which is the worst case for caches.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use criterion::{Criterion, criterion_group, criterion_main};
use octroi_entitlements::{BuildOptions, Pseudonymizer, Query, Silent, Snapshot, Sources, build};

const PEOPLE_A_SCHOOL: usize = 500;
const CLASSES: usize = 20;
const RESOURCES: usize = 2_000;
const SUBSCRIPTIONS_A_SCHOOL: usize = 30;
/// 10 January 2026, noon UTC.
const NOW: i64 = 1_768_046_400;

/// xorshift64*: the same district every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}

fn person(number: usize) -> String {
    // The length of the UUIDs that portals use.
    format!("{number:08x}-5f3a-4c1d-9b2e-7a6c5d4e3f2a")
}

fn school(number: usize) -> String {
    format!("{number:07}A")
}

fn resource(number: usize) -> String {
    format!("ark:/99999/resource.{number}")
}

fn write_district(dir: &Path, people: usize) {
    let mut random = Random(42);
    let schools = people.div_ceil(PEOPLE_A_SCHOOL);
    let save = |file: &str, table: String| std::fs::write(dir.join(file), table).unwrap();
    save("ents.tsv", "code\tname\nB0\tBench\n".into());
    save(
        "publishers.tsv",
        "id\tname\tpseudonym_domain\npub-0\tA\ta\npub-1\tB\tb\n".into(),
    );
    let mut table = String::from("uai\tname\n");
    let mut groups = String::from("uai\tkind\tcode\tlabel\n");
    for number in 0..schools {
        let uai = school(number);
        writeln!(table, "{uai}\tSchool {number}").unwrap();
        for class in 0..CLASSES {
            writeln!(groups, "{uai}\tdivision\tC{class}\tClass {class}").unwrap();
            writeln!(groups, "{uai}\tgroup\tG{class}\tGroup {class}").unwrap();
        }
    }
    save("establishments.tsv", table);
    save("groups.tsv", groups);
    let mut table = String::from("ent\tperson\tcivility\tname\tgiven_name\tmail\n");
    let mut affiliations = String::from("ent\tperson\tuai\tprofiles\tdivisions\tgroups\tp_ms4\n");
    for number in 0..people {
        let id = person(number);
        let teacher = random.below(12) == 0;
        let (name, given) = (random.below(50_000), random.below(5_000));
        let mail = if teacher {
            format!("{id}@school.example")
        } else {
            String::new()
        };
        writeln!(table, "B0\t{id}\tM.\tFamily{name}\tGiven{given}\t{mail}").unwrap();
        let uai = school(number / PEOPLE_A_SCHOOL);
        let class = random.below(CLASSES);
        if teacher {
            let other = random.below(CLASSES);
            writeln!(
                affiliations,
                "B0\t{id}\t{uai}\tNational_ens\tC{class}|C{other}\tG{other}\t2211|2213"
            )
            .unwrap();
        } else {
            let group = random.below(CLASSES);
            writeln!(
                affiliations,
                "B0\t{id}\t{uai}\tNational_elv\tC{class}\tG{group}\t2211"
            )
            .unwrap();
        }
    }
    save("people.tsv", table);
    save("affiliations.tsv", affiliations);
    let mut table = String::from("id\tname\tpublisher\tdelivery\taccess_url\n");
    let mut release = String::from("resource\tattribute\n");
    for number in 0..RESOURCES {
        let (id, publisher) = (resource(number), number % 2);
        writeln!(
            table,
            "{id}\tTitle {number}\tpub-{publisher}\tpull\thttps://pub.example/r/{number}"
        )
        .unwrap();
        for attribute in ["IDO", "UAI", "PRO", "DIV", "P_MS4"] {
            writeln!(release, "{id}\t{attribute}").unwrap();
        }
    }
    save("resources.tsv", table);
    save("release.tsv", release);
    let mut table = String::from("id\tresource\tschools\tkind\tpublics\tfrom\tuntil\n");
    let mut assignments = String::from("subscription\tuai\tkind\ttarget\n");
    for number in 0..schools {
        let uai = school(number);
        for nth in 0..SUBSCRIPTIONS_A_SCHOOL {
            let (id, resource) = (
                format!("s{number}-{nth}"),
                resource(resource_of(number, nth)),
            );
            let kind = if nth % 3 == 0 { "INDIV" } else { "ETABL" };
            writeln!(
                table,
                "{id}\t{resource}\t{uai}\t{kind}\tELEVE|ENSEIGNANT\t2025-09-01\t2026-08-15"
            )
            .unwrap();
            if nth % 3 == 0 {
                for class in 0..CLASSES / 2 {
                    writeln!(assignments, "{id}\t{uai}\tdivision\tC{class}").unwrap();
                }
            }
        }
    }
    save("subscriptions.tsv", table);
    save("assignments.tsv", assignments);
}

/// The resource of a school's nth subscription.
fn resource_of(school: usize, nth: usize) -> usize {
    (school * 7 + nth * 61) % RESOURCES
}

fn district() -> (PathBuf, Snapshot, usize) {
    let people = std::env::var("OCTROI_BENCH_PEOPLE")
        .ok()
        .and_then(|people| people.parse().ok())
        .unwrap_or(200_000);
    let dir = std::env::temp_dir().join(format!("octroi-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    write_district(&dir, people);
    let out = dir.join("district.snapshot");
    let begin = Instant::now();
    let report = build(
        &Sources::tables(&dir),
        &out,
        &BuildOptions::default(),
        &Silent,
    )
    .unwrap();
    let built = begin.elapsed();
    assert_eq!(report.set_aside_total(), 0);
    let begin = Instant::now();
    let snapshot = Snapshot::open(&out).unwrap();
    println!(
        "district: people={people} build_s={:.2} people_a_second={:.0} octets={} octets_a_person={:.1} open_ms={:.1}",
        built.as_secs_f64(),
        people as f64 / built.as_secs_f64(),
        report.bytes,
        report.bytes as f64 / people as f64,
        begin.elapsed().as_secs_f64() * 1000.0
    );
    for (section, octets) in snapshot.sections() {
        println!(
            "  {section:<20} {octets:>12}  {:>6.1} a person",
            octets as f64 / people as f64
        );
    }
    (dir, snapshot, people)
}

fn entitlements(criterion: &mut Criterion) {
    let (dir, snapshot, people) = district();
    let mut random = Random(7);
    let draw: Vec<(String, String, String)> = (0..1 << 16)
        .map(|_| {
            let number = random.below(people);
            let nth = random.below(SUBSCRIPTIONS_A_SCHOOL);
            let at = number / PEOPLE_A_SCHOOL;
            (person(number), resource(resource_of(at, nth)), school(at))
        })
        .collect();
    let query = |at: usize| {
        let (person, resource, _) = &draw[at % draw.len()];
        Query {
            ent: "B0",
            person,
            resource,
            school: None,
            at: NOW,
        }
    };
    let granted = (0..draw.len())
        .filter(|at| snapshot.resolve(&query(*at)).is_ok())
        .count();
    println!("  granted {granted} of {}", draw.len());
    assert!(granted * 2 > draw.len());
    let pseudonymizer = Pseudonymizer::new(&[7; 64]).unwrap();
    let mut group = criterion.benchmark_group("entitlements");
    let mut at = 0;
    group.bench_function("resolve, uniform", |b| {
        b.iter(|| {
            at += 1;
            black_box(snapshot.resolve(&query(at))).is_ok()
        });
    });
    group.bench_function("resolve, one person again and again", |b| {
        b.iter(|| black_box(snapshot.resolve(black_box(&query(0)))).is_ok());
    });
    group.bench_function("resolve, narrowed to a school", |b| {
        b.iter(|| {
            at += 1;
            let school = Some(draw[at % draw.len()].2.as_str());
            black_box(snapshot.resolve(&Query {
                school,
                ..query(at)
            }))
            .is_ok()
        });
    });
    group.bench_function("resolve, unknown person", |b| {
        b.iter(|| {
            at += 1;
            let person = &draw[at % draw.len()].2;
            black_box(snapshot.resolve(&Query {
                person,
                ..query(at)
            }))
            .is_err()
        });
    });
    let grant = (0..)
        .find_map(|at| snapshot.resolve(&query(at)).ok())
        .unwrap();
    group.bench_function("pseudonym", |b| {
        b.iter(|| pseudonymizer.of(black_box(&grant)))
    });
    let pseudonym = pseudonymizer.of(&grant);
    group.bench_function("release, five attributes", |b| {
        b.iter(|| black_box(grant.release(&pseudonym)))
    });
    group.bench_function("resource by URL", |b| {
        b.iter(|| {
            snapshot
                .resource_by_url("pub-1", black_box("https://pub.example/r/1001"))
                .is_some()
        });
    });
    group.finish();
    std::fs::remove_dir_all(dir).unwrap();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = entitlements
}
criterion_main!(benches);
