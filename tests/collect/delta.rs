//! F8: differences, the gap that forces a full load, and the comparison that finds and mends drift.

use octroi::collect::alarm::Code;
use octroi::collect::batch::Ended;

use crate::archive::{comes, file, leaves, lines, name, portal, pupil, uai};
use crate::place::{Place, alarms, people, root, run, state};

const NIGHT: &str = "2026-11-27T02:30:00Z";

#[test]
fn f8_differences_lead_to_the_same_directory_as_the_full_load() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    let mut world = portal(2, 20);
    place.deliver("B0", "20261127_020000", &world);
    run(&office, "B0");
    // Two come into class 1 of the second school, one leaves class 0 of the first.
    let (first, second) = (uai(0), uai(1));
    let mut changes = comes(&second, &pupil(&second, 1, 20), 1);
    changes.push(leaves(&pupil(&first, 0, 19)));
    place.put("B0", &file(1), &lines("20261127_020000", 1, &changes));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    let changes = comes(&second, &pupil(&second, 1, 21), 1);
    place.put("B0", &file(2), &lines("20261127_020000", 2, &changes));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(
        (people(&office, "B0"), state(&office, "B0").sequence),
        (161, 2)
    );

    world.schools[0].1[0] = 19;
    world.schools[1].1[1] = 22;
    let full = place.root.join(name("B0", "20261127_200000", "2D"));
    std::fs::write(&full, world.archive("B0", "20261127_200000", "2D")).unwrap();
    let compared = place.program(&["compare", "B0", full.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&compared.stdout).into_owned();
    assert!(told.starts_with("no drift"), "{told}");
    assert_eq!(compared.status.code(), Some(0));
}

#[test]
fn f8_nobody_comes_back_who_left_after_a_record_of_theirs_was_set_aside() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    // The first three have a profile in a school that is not there: the record is set aside, and taken for the rest of it.
    let world = portal(2, 20);
    let (first, second) = (uai(0), uai(1));
    let stamp = "20261127_020000";
    let more = "<men:GARPersonProfils><men:GARStructureUAI>0359999Z</men:GARStructureUAI>\
         <men:GARPersonProfil>National_ELV</men:GARPersonProfil></men:GARPersonProfils><men:GARPersonNom>";
    let mut members = world.members();
    for (part, text) in &mut members {
        if *part == "Eleve" {
            *text = text.replacen("<men:GARPersonNom>", more, 3);
        }
    }
    let archive = crate::archive::pack("B0", stamp, "2D", &members);
    place.put("B0", &name("B0", stamp, "2D"), &archive);
    run(&office, "B0");
    assert_eq!(people(&office, "B0"), 160);
    assert_eq!(
        state(&office, "B0")
            .current()
            .unwrap()
            .tally
            .as_ref()
            .unwrap()
            .set_aside_total(),
        3
    );
    // One leaves, one goes to the other school, one stays as it was.
    let mut changes = comes(&second, &pupil(&first, 0, 1), 1);
    changes.push(leaves(&pupil(&first, 0, 0)));
    place.put("B0", &file(1), &lines(stamp, 1, &changes));
    run(&office, "B0");
    assert_eq!(people(&office, "B0"), 159);
    let force = office
        .directory
        .in_force("B0", octroi_directory::Degree::Second);
    let segment = octroi_directory::Segment::open(&force.unwrap().unwrap()).unwrap();
    let mut walk = segment.people();
    while let Some(person) = walk.next().unwrap() {
        assert_eq!(person.affiliations.len(), 1, "{}", person.id);
    }
    let left = state(&office, "B0")
        .current()
        .unwrap()
        .tally
        .clone()
        .unwrap();
    assert_eq!(left.set_aside_total(), 1);
}

#[test]
fn f8_a_gap_refuses_until_a_full_load_comes() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    let leave = |at| [leaves(&pupil(&uai(0), 0, at))];
    place.put("B0", &file(1), &lines("20261127_020000", 1, &leave(0)));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    place.put("B0", &file(3), &lines("20261127_020000", 3, &leave(2)));
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(alarms(&office, "B0")[&Code::DeltaGap], 1);
    // What follows is refused too, though its number would be right.
    place.put("B0", &file(4), &lines("20261127_020000", 2, &leave(1)));
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(people(&office, "B0"), 79);
    assert!(state(&office, "B0").needs_full);
    place.deliver("B0", "20261127_200000", &portal(1, 20));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 80);
    place.put(
        "B0",
        "B0_GAR-ENT_Delta_20261127_210000_2D.jsonl.gz",
        &lines("20261127_200000", 1, &leave(0)),
    );
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 79);
}

#[test]
fn f8_after_a_gap_a_full_load_that_changes_nothing_begins_anew() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    let leave = [leaves(&pupil(&uai(0), 0, 0))];
    place.put("B0", &file(3), &lines("20261127_020000", 3, &leave));
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert!(state(&office, "B0").needs_full);
    let full = crate::archive::name("B0", "20261127_020000", "2D");
    let mended = place.program(&["compare", "B0", &full, "--mend", "--by", "marie"]);
    assert!(mended.status.success(), "{mended:?}");
    assert!(!state(&office, "B0").needs_full);
    place.put("B0", &file(4), &lines("20261127_020000", 1, &leave));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 79);
}

#[test]
fn f8_half_a_file_changes_nothing() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    let before = root(&office, "B0");
    let octets = lines("20261127_020000", 1, &[leaves(&pupil(&uai(0), 0, 0))]);
    place.put("B0", &file(1), &octets[..octets.len() - 3]);
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(alarms(&office, "B0")[&Code::DeltaForm], 1);
    assert_eq!(root(&office, "B0"), before);
    // F7: the same number, sent again whole.
    place.put("B0", &file(1), &octets);
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 79);
}

#[test]
fn f8_drift_is_found_by_kind_and_school_and_mended() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(3, 20));
    run(&office, "B0");
    let mut world = portal(3, 20);
    world.schools[1].1[2] = 25;
    let full = place.root.join(name("B0", "20261127_120000", "2D"));
    std::fs::write(&full, world.archive("B0", "20261127_120000", "2D")).unwrap();
    let compared = place.program(&["compare", "B0", full.to_str().unwrap(), "--json"]);
    assert_eq!(compared.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_slice(&compared.stdout).unwrap();
    assert_eq!(told["people"]["new"], 5);
    assert_eq!(told["by_school"][0]["uai"], uai(1));
    assert_eq!(people(&office, "B0"), 240, "comparing changes nothing");
    assert_eq!(alarms(&office, "B0")[&Code::Drift], 1);
    place.program(&[
        "compare",
        "B0",
        full.to_str().unwrap(),
        "--mend",
        "--by",
        "marie",
    ]);
    assert_eq!(people(&office, "B0"), 245);
    let again = place.program(&["compare", "B0", full.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(0));
    assert!(
        String::from_utf8(place.heap(&["audit"]))
            .unwrap()
            .contains("collect-mended")
    );
}

#[test]
fn f8_a_portal_that_may_not_send_differences_is_refused() {
    let place = Place::bare();
    place.configure("", &[("B0", "flows = [\"2D\"]")]);
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    place.put(
        "B0",
        &file(1),
        &lines("20261127_020000", 1, &[leaves(&pupil(&uai(0), 0, 0))]),
    );
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(alarms(&office, "B0")[&Code::DeltaForm], 1);
    assert_eq!(people(&office, "B0"), 80);
}
