#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! A whole archive, from its octets to the directory.

mod support;

use octroi_collect::Outcome;
use octroi_directory::Degree;
use support::records::{pupil, school, teacher};
use support::{Delivery, InSchool};

fn in_school(profiles: u16, groups: &[&str], codes: &[&str]) -> Vec<InSchool> {
    let own = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
    vec![("0561622J".to_owned(), profiles, own(groups), own(codes))]
}

#[test]
fn a_small_archive_of_the_second_degree() {
    let imported = Delivery::small(Degree::Second).import();
    assert_eq!(imported.told, []);
    let Ok(Outcome::Imported(report)) = &imported.outcome else {
        panic!("{:?}", imported.outcome);
    };
    assert_eq!((report.directory.people, report.files), (3, 5));
    assert_eq!(
        imported.people["p1"],
        in_school(
            1,
            &["6A", "LAT"],
            &["P_MS4=2111", "P_MAT=020700", "E_MS1=2"]
        )
    );
    assert_eq!(imported.people["p2"], in_school(1, &[], &[]));
    assert_eq!(
        imported.people["t1"],
        in_school(2, &["6A", "LAT"], &["P_MS4=2111", "P_MAT=020700"])
    );
    assert_eq!(imported.managers["t1"], ["0561622J"]);
    assert_eq!(imported.groups, ["0/Division/6A", "0/Group/LAT"]);
}

#[test]
fn a_small_archive_of_the_first_degree() {
    let imported = Delivery::small(Degree::First).import();
    assert_eq!(imported.told, []);
    assert!(matches!(imported.outcome, Ok(Outcome::Imported(_))));
    assert_eq!(
        imported.people["p1"],
        in_school(1, &["6A", "LAT"], &["P_MS4=1121", "E_MS1=1"])
    );
    assert_eq!(
        imported.people["t1"],
        in_school(2, &["6A"], &["P_MS4=1121"])
    );
}

#[test]
fn the_order_of_files_does_not_matter() {
    let straight = Delivery::small(Degree::Second);
    let mut turned = straight.clone();
    turned.files.reverse();
    let (a, b) = (straight.import(), turned.import());
    assert_eq!(
        (a.people, a.managers, b.told),
        (b.people, b.managers, vec![])
    );
    let root = |outcome: &Result<Outcome, _>| outcome.as_ref().ok().map(|o| o.report().directory);
    assert_eq!(root(&a.outcome), root(&b.outcome));
}

#[test]
fn an_empty_delivery_is_nothing() {
    for delivery in [
        Delivery::new(Degree::Second),
        Delivery::new(Degree::Second)
            .file("Etab", &school("0561622J"))
            .file("Eleve", ""),
    ] {
        let imported = delivery.import();
        assert!(
            matches!(imported.outcome, Ok(Outcome::Nothing(_))),
            "{:?}",
            imported.outcome
        );
        assert_eq!(imported.told, []);
    }
}

#[test]
fn an_archive_of_which_nobody_is_left_is_refused() {
    let imported = Delivery::new(Degree::Second)
        .file(
            "Eleve",
            &(pupil("p1", "0561622J") + &pupil("p2", "0561622J")),
        )
        .import();
    assert!(matches!(
        imported.outcome,
        Err(octroi_collect::ImportError::NobodyLeft { read: 2 })
    ));
    assert_eq!(imported.told.len(), 2);
}

#[test]
fn profiles_come_in_any_case_and_records_split_over_files() {
    let imported = Delivery::new(Degree::Second)
        .file(
            "Eleve",
            &pupil("p1", "A").replace("National_ELV", "national_elv"),
        )
        .file("Eleve", &pupil("p2", "B"))
        .file("Enseignant", &teacher("t1", "A"))
        .file("Etab", &school("A"))
        .file("Etab", &school("B"))
        .import();
    assert_eq!(imported.told, []);
    assert_eq!(imported.ids(), ["p1", "p2", "t1"]);
}
