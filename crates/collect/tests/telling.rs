#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! What an import tells: a report for machines, a page for people, and no name in either.

mod support;

use octroi_collect::{Observe, Options, Outcome, Progress, SetAside, import, page};
use octroi_directory::Degree;
use support::records::pupil;
use support::{Delivery, Folder, sum_of};

fn delivery() -> Delivery {
    Delivery::small(Degree::Second).file(
        "Eleve",
        &(pupil("somebody-else", "9999999Z") + &pupil(&"long".repeat(17), "0561622J")),
    )
}

#[test]
fn a_report_counts_and_names_nobody() {
    let imported = delivery().import();
    let outcome = imported.outcome.unwrap();
    let report = outcome.report();
    let json = serde_json::to_value(report).unwrap();
    assert_eq!(json["degree"], "2D");
    assert_eq!(json["delivered"], "20261127_031500");
    assert_eq!(json["directory"]["people"], 3);
    let set_aside = serde_json::json!([
        {"rule": "length", "element": "GAREleve", "loss": "record", "count": 1},
        {"rule": "unknown-school", "element": "GAREleve", "loss": "record", "count": 1},
    ]);
    assert_eq!(json["set_aside"], set_aside);
    assert_eq!((report.records_lost(), report.has_losses()), (2, true));
    let page = page(&outcome);
    assert!(page.contains("CHARGÉE, avec des rejets / LOADED, with records set aside"));
    assert!(page.contains("établissement inconnu / unknown school"));
    for text in [json.to_string(), page, format!("{report:?}")] {
        for name in ["Dupont", "Zoé", "somebody", "longlong", "z@example.org"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }
    let nothing = Delivery::new(Degree::First).import().outcome.unwrap();
    assert!(octroi_collect::page(&nothing).contains("VIDE"));
}

#[test]
fn differences_from_the_segment_in_force_are_told() {
    let folder = Folder::new("telling");
    let before = folder.0.join("before.segment");
    let first = Delivery::small(Degree::Second).pack(&folder.0);
    import(
        &first,
        &sum_of(&first),
        &before,
        &Options::new(&folder.0),
        &mut octroi_collect::Unobserved,
    )
    .unwrap();
    let second = Delivery::small(Degree::Second)
        .file("Eleve", &pupil("p9", "0561622J"))
        .pack(&folder.0);
    let options = Options {
        previous: Some(before),
        ..Options::new(&folder.0)
    };
    let after = folder.0.join("after.segment");
    let outcome = import(
        &second,
        &sum_of(&second),
        &after,
        &options,
        &mut octroi_collect::Unobserved,
    )
    .unwrap();
    let differences = outcome.report().differences.as_ref().unwrap();
    assert_eq!(
        (
            differences.people.new,
            differences.people.gone,
            differences.people.changed
        ),
        (1, 0, 0)
    );
    assert_eq!(
        (
            differences.by_school[0].before,
            differences.by_school[0].after
        ),
        (3, 4)
    );
    assert!(page(&outcome).contains("Différences"));
}

#[test]
fn progress_ends_with_everything() {
    #[derive(Default)]
    struct Last(Progress, u32);
    impl Observe for Last {
        fn set_aside(&mut self, _: &SetAside<'_>) -> std::io::Result<()> {
            Ok(())
        }
        fn progress(&mut self, progress: &Progress) -> std::io::Result<()> {
            assert!(
                progress.read >= self.0.read
                    && progress.xml >= self.0.xml
                    && progress.records >= self.0.records
            );
            (self.0, self.1) = (*progress, self.1 + 1);
            Ok(())
        }
    }
    let folder = Folder::new("progress");
    let archive = Delivery::small(Degree::Second).pack(&folder.0);
    let mut last = Last::default();
    let outcome = import(
        &archive,
        &sum_of(&archive),
        &folder.0.join("out"),
        &Options::new(&folder.0),
        &mut last,
    )
    .unwrap();
    let Outcome::Imported(report) = outcome else {
        panic!("nobody")
    };
    assert_eq!(
        (last.0.read, last.0.total, last.0.xml),
        (
            report.packed_octets,
            report.packed_octets,
            report.xml_octets
        )
    );
    assert!(last.1 > 5);
}
