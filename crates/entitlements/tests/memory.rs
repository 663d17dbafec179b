//! A build's memory grows with people by what the body keeps of them, whatever the segments say of them.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{BuildOptions, Silent, Sources, build};
use peak_alloc::PeakAlloc;
use support::segments::TAKEN_OVER;
use support::{Country, Folder, Person};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Octets a person: record 32, fingerprint 16, its place in the index 17.4 and while that is filled 4; the rest is room
/// for growing.
const MOST: usize = 120;

fn peak(people: usize) -> usize {
    let mut country = Country::smallest();
    for n in 0..people {
        country.people.push(Person {
            ent: "B0".into(),
            id: format!("q{n:063}"),
            name: format!("Name {}", n % 700),
            given_name: format!("{:0400}", n % 90),
            ..Person::default()
        });
    }
    let folder = Folder::of(&country);
    country.write_segments(&folder.join("directory"));
    drop(country);
    for table in TAKEN_OVER {
        std::fs::remove_file(folder.join(table)).unwrap();
    }
    let sources = Sources::tables(folder.path()).with_directory(folder.join("directory"));
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    build(
        &sources,
        &folder.join("out"),
        &BuildOptions::default(),
        &Silent,
    )
    .unwrap();
    MEMORY.peak_usage() - before
}

#[test]
fn growth_a_person_is_bounded() {
    // Batches and blocks take the same in both.
    let (few, many) = (peak(60_000), peak(180_000));
    let each = many.saturating_sub(few) / 120_000;
    assert!(each <= MOST, "{each} octets a person: {few}, {many}");
}
