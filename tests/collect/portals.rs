//! F1: an incident on one flow does not touch another.

use std::fs;

use octroi::collect::batch::Ended;
use octroi_directory::Degree;

use crate::archive::{name, portal};
use crate::place::{Place, people, run};

#[test]
fn f1_one_portals_damage_leaves_the_others_alone() {
    let place = Place::bare();
    let keys = "flows = [\"2D\"]";
    place.configure(
        "",
        &[("A0", keys), ("B0", keys), ("C0", keys), ("D0", keys)],
    );
    for ent in ["A0", "B0", "C0", "D0"] {
        place.deliver(ent, "20261126_020000", &portal(1, 20));
    }
    assert_eq!(place.program(&["import"]).status.code(), Some(0));
    // A0: a ledger that was altered. B0: no drop box. C0: an archive that is none. D0: as every night.
    let ledger = place.root.join("state/A0/2D.ledger.jsonl");
    let altered = fs::read_to_string(&ledger)
        .unwrap()
        .replacen("received", "deceived", 1);
    fs::write(&ledger, altered).unwrap();
    fs::remove_dir_all(place.drop_box("B0")).unwrap();
    place.put("C0", &name("C0", "20261127_020000", "2D"), b"no archive");
    for ent in ["A0", "D0"] {
        place.deliver(ent, "20261127_020000", &portal(1, 22));
    }
    let done = place.program(&["import"]);
    assert_eq!(done.status.code(), Some(2));
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    for code in ["collect-ledger", "collect-failed", "collect-unreadable"] {
        assert!(told.contains(code), "{code}: {told}");
    }
    let office = place.office("2026-11-27T03:00:00Z");
    for (ent, wanted) in [("A0", 80), ("B0", 80), ("C0", 80), ("D0", 88)] {
        assert_eq!(people(&office, ent), wanted, "{ent}");
    }
    // The operator sees all four.
    let status = place.program(&["status"]);
    assert_eq!(status.status.code(), Some(2));
    let shown = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(
        shown.contains("A0") && shown.contains("restore the ledger"),
        "{shown}"
    );
    assert!(shown.contains("D0"));
}

#[test]
fn f1_the_two_flows_of_a_portal_are_apart() {
    let place = Place::bare();
    place.configure("", &[("B0", "")]);
    let office = place.office("2026-11-27T02:30:00Z");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    place.put("B0", &name("B0", "20261127_020000", "1D"), b"no archive");
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(people(&office, "B0"), 80);
    let first = office.directory.in_force("B0", Degree::First).unwrap();
    assert_eq!(first, None);
}
