#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! Memory does not grow with the archive: people of the same schools, ten times as many, at the same peak.

mod support;

use octroi_collect::{Options, Outcome, Unobserved, import};
use octroi_directory::Degree;
use peak_alloc::PeakAlloc;
use support::records::{group, pupil, relation, school};
use support::{Delivery, Folder, sum_of};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

fn peak(people: usize) -> usize {
    let folder = Folder::new("memory");
    let uai = |n: usize| format!("U{}", n % 5);
    let archive = {
        let mut delivery = Delivery::new(Degree::Second);
        let numbers: Vec<usize> = (0..people).collect();
        for part in numbers.chunks(2000) {
            let id = |n: usize| format!("person-{:08}", n * 7919 % people);
            delivery = delivery.file(
                "Eleve",
                &part
                    .iter()
                    .map(|n| pupil(&id(*n), &uai(*n)))
                    .collect::<String>(),
            );
            let member = |n: &usize| {
                relation(
                    "GARPersonGroupe",
                    &uai(*n),
                    &id(*n),
                    ("GARGroupeCode", "6A"),
                )
            };
            delivery = delivery.file("Groupe", &part.iter().map(member).collect::<String>());
        }
        delivery
            .file("Etab", &(0..5).map(|n| school(&uai(n))).collect::<String>())
            .file(
                "Groupe",
                &(0..5)
                    .map(|n| group(&uai(n), "6A", "DIVISION", &[]))
                    .collect::<String>(),
            )
            .pack(&folder.0)
    };
    let options = Options {
        sort_buffer: 512 << 10,
        ..Options::new(&folder.0)
    };
    HEAP.reset_peak_usage();
    let before = HEAP.current_usage();
    let outcome = import(
        &archive,
        &sum_of(&archive),
        &folder.0.join("out"),
        &options,
        &mut Unobserved,
    )
    .unwrap();
    let peak = HEAP.peak_usage() - before;
    let Outcome::Imported(report) = outcome else {
        panic!("nobody")
    };
    assert_eq!(
        (report.directory.people, report.set_aside.len()),
        (people as u64, 0)
    );
    peak
}

#[test]
fn memory_does_not_grow_with_the_archive() {
    // The smaller one fills the sorter's buffer already.
    let (small, large) = (peak(6_000), peak(60_000));
    assert!(
        large < small * 5 / 4,
        "{small} octets at the peak, {large} for ten times as many people"
    );
    assert!(large < 16 << 20, "{large} octets");
}
