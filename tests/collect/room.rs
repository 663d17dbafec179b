//! F1: one portal cannot fill the disk for the others.

use std::fs;

use octroi::collect::alarm::Code;
use octroi::collect::batch::Ended;

use crate::archive::{name, portal};
use crate::place::{Place, alarms, people, root, run, state};

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

#[test]
fn f1_what_a_load_writes_has_the_rest_of_the_quota_and_loses_nothing_in_force() {
    let place = Place::bare();
    let quota = |mib: u64| {
        let keys = format!("flows = [\"2D\"]\nquota_mib = {mib}");
        place.configure("", &[("B0", &keys)]);
        place.office("2026-11-27T02:30:00Z")
    };
    let office = quota(1);
    place.deliver("B0", "20261126_020000", &portal(1, 20));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    let before = root(&office, "B0");
    // The archive has room; it and the segment that it would become do not have it.
    let large = portal(5, 1_200);
    place.deliver("B0", "20261127_020000", &large);
    let file = name("B0", "20261127_020000", "2D");
    let packed = fs::metadata(place.drop_box("B0").join(&file))
        .unwrap()
        .len();
    assert!(packed < 900 << 10, "{packed}");
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(root(&office, "B0"), before);
    let (_, about, text) = state(&office, "B0").last_alarm[&Code::NoRoom].clone();
    assert_eq!(about, file);
    assert!(text.contains("refused: no room for more than"), "{text}");
    let drafts = fs::read_dir(place.root.join("directory/B0")).unwrap();
    let drafts = drafts.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("draft")
    });
    assert_eq!(drafts.count(), 0, "nothing is left of it");
    // The metrics show how near it is.
    octroi::collect::gauge::write(&office, &Default::default()).unwrap();
    let metrics = fs::read_to_string(place.root.join("octroi.prom")).unwrap();
    let used = office.vault.octets("B0-2D").unwrap();
    for line in [
        format!("octroi_collect_quota_used_bytes{{portal=\"B0\"}} {used}"),
        "octroi_collect_quota_limit_bytes{portal=\"B0\"} 1048576".to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    // With more room, it is taken out of the vault.
    let office = quota(20);
    let again = place.program(&["again", "B0", &file, "--by", "marie"]);
    assert!(again.status.success(), "{again:?}");
    assert_eq!(people(&office, "B0"), 24_000);
}
