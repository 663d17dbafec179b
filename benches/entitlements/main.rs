//! Look-up, with and without changes since the build, release and pseudonym over a made-up country.
//!
//! `OCTROI_BENCH_PEOPLE=15000000 cargo bench --bench entitlements` asks a whole nation; `OCTROI_BENCH_SNAPSHOT=FILE` keeps the
//! body for the next run. Questions are drawn uniformly over all people, anew for each batch, and only answering is
//! timed: the texts of a question are at hand, as they are in an access, and what is asked of the body is not.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod district;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use district::{District, PEOPLE_A_PORTAL, Question, RESOURCES, Random, SUBSCRIPTIONS_A_SCHOOL};
use octroi_entitlements::overlay::{Change, Entry, SubscriptionPut};
use octroi_entitlements::{Denied, Directory, Pseudonymizer, Public, Query, SubscriptionKind};

const BATCH: usize = 64;
const ENTRIES: u64 = 100_000;

/// Times `iterations` answers in batches of fresh questions.
fn timed(
    iterations: u64,
    mut fresh: impl FnMut() -> Question,
    mut answer: impl FnMut(&Question) -> bool,
) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = iterations;
    while left > 0 {
        let count = left.min(BATCH as u64);
        let questions: Vec<Question> = (0..count).map(|_| fresh()).collect();
        let begin = Instant::now();
        for question in &questions {
            black_box(answer(question));
        }
        total += begin.elapsed();
        left -= count;
    }
    total
}

/// A night's worth of changes, a third of them about the very subscriptions that are asked for.
fn changes(district: &District) -> Vec<Arc<Entry>> {
    let mut random = Random(3);
    let schools = district.schools();
    let entry = |sequence| {
        let at = random.below(schools);
        let number = random.below(district.people);
        let change = match sequence % 3 {
            0 => Change::PersonRevoked {
                ent: district::portal(number / PEOPLE_A_PORTAL),
                person: district::person(number),
            },
            1 => Change::SubscriptionPut(SubscriptionPut {
                subscription: format!("new-{sequence}"),
                resource: district::resource_id(random.below(RESOURCES)),
                schools: vec![district::school(at)],
                kind: SubscriptionKind::WholeSchool,
                publics: vec![Public::Pupils],
                from: 1_756_677_600,
                until: 1_786_831_200,
            }),
            _ => Change::SubscriptionEnded {
                subscription: District::subscription(at, random.below(SUBSCRIPTIONS_A_SCHOOL)),
                until: 1_786_831_200,
            },
        };
        Arc::new(Entry {
            sequence,
            at: 0,
            change,
        })
    };
    (1..=ENTRIES).map(entry).collect()
}

fn median(mut all: Vec<Duration>) -> f64 {
    all.sort_unstable();
    all[all.len() / 2].as_secs_f64()
}

/// Compiling, growing and carrying over a large overlay.
fn overlays(district: &District, bare: &Directory) -> Directory {
    let log = changes(district);
    let begin = Instant::now();
    let directory = Directory::new(Arc::clone(bare.snapshot()), &log);
    let compiled = begin.elapsed();
    let more: Vec<Duration> = (0..21)
        .map(|_| {
            let mut entry = (*log[0]).clone();
            entry.sequence = ENTRIES + 1;
            let begin = Instant::now();
            black_box(directory.extended(&[Arc::new(entry)]));
            begin.elapsed()
        })
        .collect();
    assert_eq!(directory.overlay().unknown_total(), 0);
    println!(
        "overlay: entries={ENTRIES} compile_ms={:.1} one_more_ms={:.2}",
        compiled.as_secs_f64() * 1000.0,
        median(more) * 1000.0
    );
    directory
}

/// One question after everything was driven out of the processor's caches.
fn cold(district: &District, directory: &Directory) {
    let mut random = Random(11);
    let mut rubbish = vec![1_u8; 192 << 20];
    let all: Vec<Duration> = (0..200)
        .map(|round| {
            let question = district.question(&mut random, true);
            for line in rubbish.chunks_mut(64) {
                line[0] = line[0].wrapping_add(round);
            }
            black_box(&question.query());
            let begin = Instant::now();
            let _ = black_box(directory.resolve(&question.query()));
            begin.elapsed()
        })
        .collect();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    println!(
        "cold caches: median_ns={:.0} p90_ns={:.0}",
        median(all) * 1e9,
        sorted[sorted.len() * 9 / 10].as_secs_f64() * 1e9
    );
}

/// The whole distribution's middle, apart from what criterion makes of it.
fn medians(district: &District, name: &str, directory: &Directory, theirs: bool) {
    let mut random = Random(5);
    let batches: Vec<Duration> = (0..20_000)
        .map(|_| {
            timed(
                BATCH as u64,
                || district.question(&mut random, theirs),
                |question| directory.resolve(&question.query()).is_ok(),
            )
        })
        .collect();
    println!(
        "{name}: lookup_ns={:.0}",
        median(batches) * 1e9 / BATCH as f64
    );
}

fn entitlements(criterion: &mut Criterion) {
    let district = District::of_the_environment();
    let bare = Directory::bare(Arc::clone(&district.snapshot));
    let changed = overlays(&district, &bare);
    let mut random = Random(7);
    let granted = (0..10_000)
        .filter(|_| {
            let question = district.question(&mut random, true);
            bare.resolve(&question.query()).is_ok()
        })
        .count();
    println!("granted {granted} of 10000");
    assert!(granted > 5_000);
    // Everything that is asked for has been touched before it is timed.
    medians(&district, "warming up", &bare, true);
    medians(&district, "what they have", &bare, true);
    medians(&district, "any resource", &bare, false);
    medians(&district, "what they have, 100 000 changes", &changed, true);
    cold(&district, &bare);

    let mut group = criterion.benchmark_group("entitlements");
    for (name, directory, theirs) in [
        ("resolve, uniform, what they have", &bare, true),
        ("resolve, uniform, any resource", &bare, false),
        ("resolve, uniform, 100 000 changes", &changed, true),
    ] {
        group.bench_function(name, |b| {
            b.iter_custom(|iterations| {
                timed(
                    iterations,
                    || district.question(&mut random, theirs),
                    |question| directory.resolve(&question.query()).is_ok(),
                )
            });
        });
    }
    group.bench_function("resolve, uniform, narrowed to a school", |b| {
        b.iter_custom(|iterations| {
            timed(
                iterations,
                || district.question(&mut random, true),
                |question| {
                    let school = Some(question.school.as_str());
                    let query = Query {
                        school,
                        ..question.query()
                    };
                    bare.resolve(&query).is_ok()
                },
            )
        });
    });
    group.bench_function("resolve, unknown person", |b| {
        b.iter_custom(|iterations| {
            timed(
                iterations,
                || district.question(&mut random, true),
                |question| {
                    let person = question.school.as_str();
                    let query = Query {
                        person,
                        ..question.query()
                    };
                    bare.resolve(&query).unwrap_err() == Denied::UnknownPerson
                },
            )
        });
    });
    let question = std::iter::repeat_with(|| district.question(&mut random, true))
        .find(|question| bare.resolve(&question.query()).is_ok())
        .unwrap();
    group.bench_function("resolve, one person again and again", |b| {
        b.iter(|| black_box(bare.resolve(black_box(&question.query()))).is_ok());
    });
    let query = question.query();
    let grant = bare.resolve(&query).unwrap();
    let pseudonymizer = Pseudonymizer::new(&[7; 64]).unwrap();
    group.bench_function("pseudonym", |b| {
        b.iter(|| pseudonymizer.of(black_box(&grant)))
    });
    let pseudonym = pseudonymizer.of(&grant);
    group.bench_function("release, five attributes", |b| {
        b.iter(|| black_box(grant.release(&pseudonym)))
    });
    group.bench_function("resource by URL", |b| {
        b.iter(|| {
            bare.snapshot()
                .resource_by_url("pub-1", black_box("https://pub.example/r/1001"))
                .is_some()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = entitlements
}
criterion_main!(benches);
