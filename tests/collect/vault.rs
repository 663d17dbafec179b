//! S5: what is kept is encrypted, every look is recorded, and it goes when its time is over.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use octroi::collect::batch::Ended;
use octroi::observe::audit::verify;

use crate::archive::portal;
use crate::place::{Place, desk, run, state};

#[test]
fn s5_no_name_of_a_person_lies_outside_the_directory() {
    let place = Place::new("");
    let mut some = portal(2, 20);
    some.lost = 3;
    place.deliver("B0", "20261126_020000", &some);
    place.program(&["import"]);
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    let done = place.program(&["import"]);
    let office = place.office("2026-11-27T02:30:00Z");
    assert_eq!(state(&office, "B0").held().count(), 1);
    let kinds: Vec<_> = office
        .vault
        .entries()
        .unwrap()
        .iter()
        .map(|entry| entry.name.kind.name())
        .collect();
    assert_eq!(
        kinds.len(),
        3,
        "two deliveries and the records set aside: {kinds:?}"
    );
    let mut heap = place.heap(&["vault", "state", "audit", "octroi.prom", "depot"]);
    heap.extend(done.stderr);
    for secret in ["Secretnom", "Zo\u{e9}", "0350000A-0-1"] {
        assert!(
            memchr::memmem::find(&heap, secret.as_bytes()).is_none(),
            "{secret}"
        );
    }
    assert!(memchr::memmem::find(&place.heap(&["directory"]), b"Secretnom").is_some());
}

#[test]
fn s5_a_damaged_entry_neither_hides_the_others_nor_stays() {
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    let damaged = place
        .root
        .join(format!("vault/B0-2D/{}.refused", "0".repeat(64)));
    fs::write(&damaged, "cut").unwrap();
    assert_eq!(office.vault.entries().unwrap().len(), 2);
    let later = octroi::clock::system_now().plus(std::time::Duration::from_secs(40 * 86_400));
    office.clock.set(later);
    assert_eq!(desk(&office, "B0").purge().unwrap(), 2);
    assert!(!damaged.exists());
}

#[test]
fn s5_every_look_into_the_vault_is_in_the_trail_and_the_trail_is_whole() {
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    let mut some = portal(1, 20);
    some.lost = 1;
    place.deliver("B0", "20261127_020000", &some);
    run(&office, "B0");
    place.program(&["replay", "B0", "--by", "marie"]);
    let id = state(&office, "B0").in_force.unwrap();
    let trail = String::from_utf8(place.heap(&["audit"])).unwrap();
    for wanted in [
        format!("B0-2D/{id}.delivery for import"),
        format!("B0-2D/{id}.set-aside for replay"),
        "B0-2D by marie".to_owned(),
    ] {
        assert!(trail.contains(&wanted), "{wanted}: {trail}");
    }
    let verified = verify(&place.root.join("audit"), None).unwrap();
    assert!(verified.breaks.is_empty() && !verified.torn, "{verified:?}");
}

#[test]
fn s5_without_the_trail_nothing_of_the_vault_is_read() {
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    fs::write(place.root.join("audit"), "no folder").unwrap();
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(crate::place::people(&office, "B0"), 0);
    fs::remove_file(place.root.join("audit")).unwrap();
    assert_eq!(run(&office, "B0"), Ended::Ok);
}

#[test]
fn s5_the_vault_is_purged_by_age_and_says_so() {
    let place = Place::new("keep_days = 30\nresend_days = 7\n");
    let office = place.office("2026-11-01T02:30:00Z");
    let mut some = portal(4, 20);
    some.lost = 1;
    place.deliver("B0", "20261101_020000", &some);
    run(&office, "B0");
    place.deliver("B0", "20261102_020000", &portal(1, 20));
    run(&office, "B0");
    let purge = |at: &str| {
        let office = place.office(at);
        let gone = desk(&office, "B0").purge().unwrap();
        (gone, office.vault.entries().unwrap().len())
    };
    assert_eq!(purge("2026-11-08T02:00:00Z"), (0, 3));
    assert_eq!(
        purge("2026-11-08T03:00:00Z"),
        (1, 2),
        "the archive that was taken"
    );
    assert_eq!(purge("2026-12-01T02:00:00Z"), (0, 2));
    assert_eq!(
        purge("2026-12-01T03:00:00Z"),
        (2, 0),
        "what was held, what was set aside"
    );
    assert_eq!(state(&office, "B0").held().count(), 0);
    let trail = String::from_utf8(place.heap(&["audit"])).unwrap();
    assert_eq!(trail.matches("collect-vault-purged").count(), 3);
}

#[test]
fn s5_an_altered_vault_is_our_failure_and_not_the_portals() {
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    place.deliver("B0", "20261126_020000", &portal(4, 20));
    run(&office, "B0");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    let id = state(&office, "B0").held().next().unwrap().id.clone();
    let path = place.root.join(format!("vault/B0-2D/{id}.delivery"));
    let whole = fs::read(&path).unwrap();
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    fs::write(&path, &altered).unwrap();
    let done = place.program(&["approve", "B0", &id[..12], "--by", "marie"]);
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(state(&office, "B0").outcomes.get("refused"), None);
    fs::write(&path, whole).unwrap();
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(
        crate::place::people(&office, "B0"),
        80,
        "the approval still holds"
    );
}

#[test]
fn s5_entries_that_were_swapped_do_not_open() {
    let place = Place::new("");
    place.configure(
        "",
        &[("B0", "flows = [\"2D\"]"), ("B1", "flows = [\"2D\"]")],
    );
    let office = place.office("2026-11-27T02:30:00Z");
    let mut some = portal(2, 20);
    some.lost = 2;
    for ent in ["B0", "B1"] {
        place.deliver(ent, "20261127_020000", &some);
        run(&office, ent);
    }
    let aside = |ent: &str| {
        let id = state(&office, ent).in_force.unwrap();
        place.root.join(format!("vault/{ent}-2D/{id}.set-aside"))
    };
    let (mine, other) = (aside("B0"), aside("B1"));
    let (my_octets, other_octets) = (fs::read(&mine).unwrap(), fs::read(&other).unwrap());
    fs::write(&mine, &other_octets).unwrap();
    let done = place.program(&["replay", "B0", "--by", "marie"]);
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(2), "{told}");
    assert!(told.contains("put under another name"), "{told}");
    assert_eq!(crate::place::people(&office, "B0"), 160);
    assert_eq!(fs::read(&mine).unwrap(), other_octets, "nothing is lost");
    // An archive is no entry of records either.
    let archive = mine.with_extension("delivery");
    fs::copy(&archive, &mine).unwrap();
    assert_eq!(
        place
            .program(&["replay", "B0", "--by", "marie"])
            .status
            .code(),
        Some(2)
    );
    fs::write(&mine, &my_octets).unwrap();
    let whole = place.program(&["replay", "B0", "--by", "marie"]);
    assert_ne!(whole.status.code(), Some(2), "{whole:?}");
    // Nor are the records of the night before those of this night.
    let my_octets = fs::read(&mine).unwrap();
    place.deliver("B0", "20261128_020000", &some);
    run(&place.office("2026-11-28T02:30:00Z"), "B0");
    let next = aside("B0");
    assert_ne!(next, mine);
    fs::write(&next, my_octets).unwrap();
    let done = place.program(&["replay", "B0", "--by", "marie"]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
}

#[test]
fn s5_a_key_that_others_may_read_is_refused() {
    let place = Place::new("");
    fs::set_permissions(
        place.root.join("vault.key"),
        fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    let done = place.program(&["import"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&done.stderr).contains("chmod 600"));
}
