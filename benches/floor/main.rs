//! The cost of one access beside the cryptography that it cannot do without: `make floor`.
//!
//! **Floor**: one verification of the received SignedInfo with a parsed key, SHA-256 over the received and the
//! issued canonical assertion, one signature of the issued SignedInfo; by the same library, in this process.
//! **Work**: the product's own code from the form's body to the complete answer, with flow and session cookie,
//! replay claim and its journal, entitlement, release, and the audit line, over at least 2 000 people and resources.
//!
//! Both are measured in thread CPU time, in batches that take turns, so that the machine's mood hits both; the
//! ratio is the median over 21 pairs. [`check`] measures the floor once more, operation by operation and without
//! any code of this project, and the run fails when the two disagree by more than a tenth.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement, not product code"
)]

#[path = "../../tests/world/mod.rs"]
mod world;

mod check;
mod prepare;

use aws_lc_rs::digest::{SHA256, digest};
use octroi::access::Engine;
use octroi::http::exchange::{Endpoint, Incoming, Kind, Outgoing};
use prepare::{Bench, Prepared};
use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use world::browser::run;
use world::keys::{self, Keys, Pair};

/// The product's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PAIRS: usize = 21;
const WARM_UP: usize = 2;
const BATCH: usize = 150;
/// How far the two measurements of the floor may lie apart.
const AGREEMENT: f64 = 0.10;

/// CPU time of this thread, in microseconds.
fn cpu() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

fn per_access(measured: impl FnOnce()) -> f64 {
    let before = cpu();
    measured();
    (cpu() - before) / BATCH as f64
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

struct Figures {
    ratio: f64,
    floor: f64,
    work: f64,
}

/// Measures one pair of algorithms.
fn measure(name: &str, portal: &Pair, gateway: &Pair) -> Figures {
    let bench = Bench::new(portal, gateway, (PAIRS + WARM_UP) * BATCH);
    let check = check::Check::new(portal, gateway, bench.sizes());
    let (mut ratios, mut floors, mut works) = (Vec::new(), Vec::new(), Vec::new());
    let (mut checks, mut agreements) = (Vec::new(), Vec::new());
    for (round, batch) in bench.batches(BATCH).enumerate() {
        let requests: Vec<_> = batch.iter().map(Prepared::incoming).collect();
        let work = per_access(|| {
            for incoming in requests {
                let answer = run(bench.engine().handle(Endpoint::AssertionConsumer, incoming));
                assert!(
                    answer.kind == Kind::FormPage,
                    "{}",
                    String::from_utf8_lossy(&answer.body)
                );
                black_box(answer);
            }
        });
        let floor = per_access(|| {
            for prepared in batch {
                let crypto = bench.crypto_of(prepared);
                crypto.verify();
                black_box(digest(&SHA256, &crypto.assertion_in));
                black_box(digest(&SHA256, &crypto.assertion_out));
                black_box(crypto.sign());
            }
        });
        let checked = check.floor();
        if round >= WARM_UP {
            checks.push(checked);
            agreements.push(floor / checked);
            ratios.push(work / floor);
            floors.push(floor);
            works.push(work);
        }
    }
    let figures = Figures {
        ratio: median(&mut ratios),
        floor: median(&mut floors),
        work: median(&mut works),
    };
    let checked = median(&mut checks);
    println!(
        "{name:<28} work / floor {:>6.3}   ({:>6.3} to {:>6.3} over {PAIRS} pairs)   work {:>7.1} µs   floor {:>7.1} µs   checked {:>7.1} µs",
        figures.ratio,
        ratios[0],
        ratios[PAIRS - 1],
        figures.work,
        figures.floor,
        checked
    );
    let apart = (median(&mut agreements) - 1.0).abs();
    assert!(
        apart <= AGREEMENT,
        "the two measurements of the floor are {:.0} % apart",
        apart * 100.0
    );
    figures
}

/// One access, under a name that callgrind can be told.
#[inline(never)]
fn one_access(engine: &Engine, incoming: Incoming) -> Outgoing {
    run(engine.handle(Endpoint::AssertionConsumer, incoming))
}

/// `floor instructions N`: walks N accesses and measures nothing, for `benches/instructions.sh`.
fn walk(accesses: usize) {
    let keys = Keys::get();
    let bench = Bench::new(&keys.portal_b, &keys.stranger, accesses);
    for prepared in bench.batches(1).flatten() {
        black_box(one_access(bench.engine(), prepared.incoming()));
    }
    println!("walked {accesses} accesses");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, accesses, ..] = arguments.as_slice()
        && mode == "instructions"
    {
        return walk(accesses.parse().expect("a number of accesses"));
    }
    let keys = Keys::get();
    println!(
        "{PAIRS} pairs of {BATCH} accesses by {} people on {} resources; thread CPU time per access",
        prepare::PEOPLE,
        prepare::RESOURCES
    );
    let rsa2048 = measure("RSA-2048 in and out", &keys.portal_b, &keys.stranger);
    let p256 = measure("RSA-2048 in, P-256 out", &keys.portal_b, &keys::p256());
    let rsa3072 = measure("RSA-3072 in and out", &keys::rsa3072(), &keys::rsa3072());
    println!(
        "floor: rsa2048={:.3} p256={:.3} rsa3072={:.3} floor_us={:.1} work_us={:.1}",
        rsa2048.ratio, p256.ratio, rsa3072.ratio, rsa2048.floor, rsa2048.work
    );
}
