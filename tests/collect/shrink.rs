//! F4: losses add up, the calendar is known, only an approval lets pass what is held, and the order of differences.

use octroi::collect::alarm::Code;
use octroi::collect::batch::Ended;
use octroi::collect::desk::Office;
use octroi::collect::ledger::Status;
use octroi_saml::Time;

use crate::archive::{file, leaves, lines, name, portal, pupil, uai};
use crate::place::{Place, alarms, people, run, state};

const NIGHT: &str = "2026-11-27T02:30:00Z";

/// The delivery of a night, 02:00 in Paris, and a pass half an hour later.
fn night(place: &Place, office: &Office, day: &str, pupils: usize) -> Ended {
    let at = format!("{day}T02:30:00Z");
    office.clock.set(Time::parse(&at).unwrap());
    let stamp = format!("{}_020000", day.replace('-', ""));
    place.deliver("B0", &stamp, &portal(4, pupils));
    run(office, "B0")
}

fn held(office: &Office) -> Vec<String> {
    let state = state(office, "B0");
    let words = state.held().flat_map(|held| held.words.clone());
    words.collect()
}

fn approve(place: &Place, file: &str) {
    let done = place.program(&["approve", "B0", file, "--by", "marie"]);
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn f4_small_losses_of_many_nights_add_up_and_an_approval_is_where_counting_begins_anew() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    // 4 % each night: none of them is too much.
    for (day, pupils) in [("2026-11-02", 25), ("2026-11-03", 24), ("2026-11-04", 23)] {
        assert_eq!(night(&place, &office, day, pupils), Ended::Ok, "{day}");
    }
    assert_eq!(night(&place, &office, "2026-11-05", 22), Ended::Warning);
    assert_eq!(people(&office, "B0"), 368);
    assert_eq!(
        held(&office),
        ["people: 400 until 2026-11-03, 352 now, 12 % less in small steps; 10 % may go"]
    );
    assert_eq!(alarms(&office, "B0")[&Code::Held], 1);
    // What is in force may stay as it is, or come back a little.
    assert_eq!(night(&place, &office, "2026-11-06", 23), Ended::Ok);
    assert_eq!(night(&place, &office, "2026-11-07", 22), Ended::Warning);
    // Not by the program: it has the clock of this machine, for which November may be long ago.
    crate::place::approve(&office, "B0", &name("B0", "20261107_020000", "2D"));
    assert_eq!(people(&office, "B0"), 352);
    // From here on it is 352 that counts: 10 % of it may go, no more.
    for (day, pupils) in [("2026-11-08", 21), ("2026-11-09", 20)] {
        assert_eq!(night(&place, &office, day, pupils), Ended::Ok, "{day}");
    }
    assert_eq!(night(&place, &office, "2026-11-10", 19), Ended::Warning);
    assert!(held(&office)[0].starts_with("people: 352 until 2026-11-08, 304 now"));
}

#[test]
fn f4_losses_are_forgotten_after_their_days_and_no_earlier() {
    let place = Place::new("shrink_days = 10\n");
    let office = place.office(NIGHT);
    for (day, pupils, ended) in [
        ("2026-11-02", 25, Ended::Ok),
        ("2026-11-03", 23, Ended::Ok),
        ("2026-11-13", 22, Ended::Warning),
        ("2026-11-14", 22, Ended::Ok),
    ] {
        let found = night(&place, &office, day, pupils);
        assert_eq!(found, ended, "{day}: {:?}", held(&office));
    }
}

#[test]
fn f4_small_differences_add_up_for_the_flow_and_for_a_school() {
    let place = Place::new("shrink_percent = 100\nschool_shrink_percent = 30\n");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(4, 5));
    run(&office, "B0");
    // Three pupils of one school with twenty, each time: a handful is never too much, seven are.
    let mut number = 0;
    let mut leave = |first: usize| {
        number += 1;
        let changes: Vec<String> = (first..first + 3)
            .map(|at| leaves(&pupil(&uai(2), at / 5, at % 5)))
            .collect();
        place.put(
            "B0",
            &file(number),
            &lines("20261127_020000", number, &changes),
        );
        run(&office, "B0")
    };
    assert_eq!(leave(0), Ended::Ok);
    assert_eq!(leave(3), Ended::Ok);
    assert_eq!(leave(6), Ended::Warning);
    assert_eq!(people(&office, "B0"), 74);
    assert_eq!(
        held(&office),
        ["people of 0350002A: 20 until 2026-11-27, 11 now, 45 % less in small steps; 30 % may go"]
    );
    // What follows has its order: it waits for the decision, and is neither lost nor a gap.
    assert_eq!(leave(9), Ended::Ok);
    let waiting = state(&office, "B0");
    assert_eq!(waiting.waiting().len(), 1);
    assert!(!waiting.needs_full);
    crate::place::approve(&office, "B0", &file(3));
    // The third was let pass; with it the count began anew, and the fourth is a handful of what is left.
    assert_eq!(
        (people(&office, "B0"), state(&office, "B0").sequence),
        (68, 4)
    );
}

#[test]
fn f4_differences_cannot_empty_a_flow_whoever_approves() {
    let place = Place::new("shrink_percent = 100\nschool_shrink_percent = 100\n");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    let gone = [format!("{{\"remove\":{{\"school\":\"{}\"}}}}", uai(0))];
    place.put("B0", &file(1), &lines("20261127_020000", 1, &gone));
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(alarms(&office, "B0")[&Code::DeltaForm], 1);
    assert_eq!(people(&office, "B0"), 80);
}

#[test]
fn f4_the_yearly_change_of_august_passes_and_the_leak_beside_it_does_not() {
    let summer = "[[collect.period]]\nname = \"été\"\nfrom = \"2027-07-03\"\nto = \"2027-09-15\"\n\
                  shrink_percent = 80\nschool_shrink_percent = 100\n";
    let place = Place::new(summer);
    let office = place.office("2027-06-30T02:30:00Z");
    for (day, pupils) in [
        ("2027-06-30", 25),
        // Classes vanish in steps, new ones come: less than last year.
        ("2027-07-20", 15),
        ("2027-08-20", 6),
        ("2027-09-03", 16),
        ("2027-09-15", 20),
        ("2027-09-16", 20),
        ("2027-09-17", 19),
    ] {
        night(&place, &office, day, pupils);
        assert_eq!(held(&office), Vec::<String>::new(), "{day}");
        assert_eq!(people(&office, "B0"), 16 * pupils as u64, "{day}");
    }
    // 20 on the day after summer, 18 and then 17 now: 15 % in two steps, of which none is 10 %.
    night(&place, &office, "2027-09-18", 18);
    night(&place, &office, "2027-09-19", 17);
    assert_eq!(people(&office, "B0"), 16 * 18);
    assert!(held(&office)[0].starts_with("people: 320 until 2027-09-17, 272 now, 15 % less"));
}

#[test]
fn f7_taking_again_what_is_held_shows_what_was_found_and_lets_nothing_pass() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261126_020000", &portal(4, 20));
    run(&office, "B0");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    let file = name("B0", "20261127_020000", "2D");
    let again = place.program(&["again", "B0", &file, "--by", "marie"]);
    assert_eq!(again.status.code(), Some(1), "{again:?}");
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        told.contains("people: 320 before, 80 now, 75 % less"),
        "{told}"
    );
    assert!(told.contains("octroi collect approve B0"), "{told}");
    assert_eq!(people(&office, "B0"), 320);
    approve(&place, &file);
    assert_eq!(people(&office, "B0"), 80);
    let trail = String::from_utf8(place.heap(&["audit"])).unwrap();
    assert!(trail.contains("collect-again") && trail.contains("collect-approved"));
}

#[test]
fn f7_going_back_to_a_smaller_night_or_mending_with_one_is_held_too() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    for (stamp, schools) in [("20261126_020000", 2), ("20261127_020000", 4)] {
        place.deliver("B0", stamp, &portal(schools, 20));
        run(&office, "B0");
    }
    let first = name("B0", "20261126_020000", "2D");
    let back = place.program(&["again", "B0", &first, "--by", "marie"]);
    assert_eq!(back.status.code(), Some(1), "{back:?}");
    assert_eq!(
        (people(&office, "B0"), held(&office).is_empty()),
        (320, false)
    );
    // Nobody is held up by it: the next differences and the next night come in.
    let leave = [leaves(&pupil(&uai(0), 0, 0))];
    place.put("B0", &file(1), &lines("20261127_020000", 1, &leave));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 319);
    // Mending is no other door.
    let full = place.root.join(name("B0", "20261127_110000", "2D"));
    std::fs::write(&full, portal(1, 20).archive("B0", "20261127_110000", "2D")).unwrap();
    let path = full.to_str().unwrap();
    let mended = place.program(&["compare", "B0", path, "--mend", "--by", "marie"]);
    assert_eq!(mended.status.code(), Some(1), "{mended:?}");
    assert_eq!(people(&office, "B0"), 319);
    // What was approved was shown: since then one has left, so it is shown anew.
    let again = place.program(&["again", "B0", &first, "--by", "marie"]);
    let told = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(told.contains("people: 319 before, 160 now"), "{told}");
    approve(&place, &first);
    assert_eq!(people(&office, "B0"), 160);
}

#[test]
fn f8_differences_never_supersede_a_full_load_that_is_held_and_wait_for_the_decision() {
    for approved in [true, false] {
        let place = Place::new("");
        let office = place.office(NIGHT);
        place.deliver("B0", "20261126_020000", &portal(4, 20));
        run(&office, "B0");
        place.deliver("B0", "20261127_020000", &portal(3, 20));
        assert_eq!(run(&office, "B0"), Ended::Warning);
        // The portal goes on from its full load.
        let leave = [leaves(&pupil(&uai(0), 0, 0))];
        place.put("B0", &file(1), &lines("20261127_020000", 1, &leave));
        run(&office, "B0");
        let waits = state(&office, "B0");
        assert_eq!((waits.held().count(), waits.waiting().len()), (1, 1));
        assert!(!waits.needs_full, "it is no gap");
        assert_eq!(people(&office, "B0"), 320);
        if approved {
            approve(&place, &name("B0", "20261127_020000", "2D"));
            assert_eq!(people(&office, "B0"), 239);
        } else {
            place.deliver("B0", "20261127_220000", &portal(4, 21));
            assert_eq!(run(&office, "B0"), Ended::Ok);
            assert_eq!(people(&office, "B0"), 336);
        }
        let after = state(&office, "B0");
        assert_eq!((after.held().count(), after.waiting().len()), (0, 0));
        assert!(!after.needs_full);
        let superseded = after.deliveries.values();
        let superseded = superseded.filter(|it| it.status == Status::Superseded);
        assert_eq!(superseded.count(), if approved { 0 } else { 2 });
    }
}
