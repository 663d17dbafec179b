//! F1: one portal cannot fill the disk for the others.

use std::fs;

use octroi::collect::alarm::Code;
use octroi::collect::batch::Ended;

use crate::archive::{name, portal};
use crate::place::{Place, alarms, people, run, state};

/// No archive, but as large as one.
fn large() -> Vec<u8> {
    vec![b'x'; 3 << 20]
}

#[test]
fn f1_what_exceeds_the_quota_stays_in_the_drop_box_and_is_told_once() {
    let place = Place::new("");
    let portals = |quota: &str| {
        place.configure(
            "quota_mib = 100\n",
            &[
                ("B0", &format!("flows = [\"2D\"]\n{quota}")),
                ("B1", "flows = [\"2D\"]"),
            ],
        );
    };
    portals("quota_mib = 2");
    let file = name("B0", "20261126_020000", "2D");
    place.put("B0", &file, &large());
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    place.deliver("B1", "20261127_020000", &portal(1, 20));
    let office = place.office("2026-11-27T02:30:00Z");
    assert_eq!(run(&office, "B0"), Ended::Warning);
    assert_eq!(run(&office, "B0"), Ended::Ok, "no news");
    assert_eq!(run(&office, "B1"), Ended::Ok);
    assert_eq!((people(&office, "B0"), people(&office, "B1")), (0, 80));
    assert_eq!(alarms(&office, "B0")[&Code::NoRoom], 1);
    assert!(place.drop_box("B0").join(&file).exists());
    assert_eq!(
        fs::read_dir(place.drop_box("B0")).unwrap().count(),
        4,
        "what came after it waits behind it"
    );
    assert_eq!(office.vault.octets("B0-2D").unwrap(), 0);
    // The vault counts, not only the delivery: a second one has no room beside the first.
    portals("quota_mib = 5");
    let office = place.office("2026-11-27T02:30:00Z");
    run(&office, "B0");
    assert_eq!(state(&office, "B0").outcomes["refused"], 1, "no archive");
    assert_eq!(people(&office, "B0"), 80);
    place.put("B0", &name("B0", "20261128_020000", "2D"), &large());
    run(&office, "B0");
    assert_eq!(alarms(&office, "B0")[&Code::NoRoom], 2);
    assert_eq!(state(&office, "B0").outcomes["refused"], 1);
}

#[test]
fn f1_a_reserve_of_the_disk_is_left_free() {
    let place = Place::new("reserve_mib = 67108864\n");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    let office = place.office("2026-11-27T02:30:00Z");
    assert_eq!(run(&office, "B0"), Ended::Warning);
    assert_eq!(alarms(&office, "B0")[&Code::NoRoom], 1);
    assert_eq!(fs::read_dir(place.drop_box("B0")).unwrap().count(), 2);
    place.configure("", &[("B0", "flows = [\"2D\"]")]);
    let office = place.office("2026-11-27T02:30:00Z");
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 80);
}
