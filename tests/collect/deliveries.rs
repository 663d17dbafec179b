//! F2 to F7 and A5: what is taken, what is not, and what somebody is told.

use std::fs;
use std::time::Duration;

use octroi::collect::alarm::Code;
use octroi::collect::batch::Ended;
use octroi::collect::ledger::Status;
use octroi_directory::Degree;
use octroi_saml::Time;

use crate::archive::records::{document, group};
use crate::archive::{Portal, change, file, lines, name, portal};
use crate::place::{Place, alarms, desk, people, root, run, state, sum, take_in};

const NIGHT: &str = "2026-11-27T02:30:00Z";

#[test]
fn a_delivery_becomes_a_segment_in_force_and_leaves_the_drop_box() {
    let place = Place::new("");
    place.deliver("B0", "20261127_020000", &portal(3, 20));
    let office = place.office(NIGHT);
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 240);
    assert_eq!(fs::read_dir(place.drop_box("B0")).unwrap().count(), 0);
    let state = state(&office, "B0");
    let current = state.current().unwrap();
    assert_eq!(current.status, Status::Taken);
    assert_eq!(current.tally.as_ref().unwrap().counts.schools, 3);
    assert!(state.alarms.is_empty());
    // Nothing to do is nothing done.
    assert_eq!(run(&office, "B0"), Ended::Ok);
}

#[test]
fn f2_a_break_in_the_sequence_is_told_with_the_nights_that_are_missing() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    for stamp in ["20261121_020000", "20261122_020000"] {
        place.deliver("B0", stamp, &portal(1, 20));
        run(&office, "B0");
    }
    assert!(!alarms(&office, "B0").contains_key(&Code::Gap));
    place.deliver("B0", "20261125_020000", &portal(1, 20));
    assert_eq!(run(&office, "B0"), Ended::Warning);
    let (_, _, text) = &state(&office, "B0").last_alarm[&Code::Gap];
    assert!(
        text.ends_with("nothing came for 2026-11-23, 2026-11-24"),
        "{text}"
    );
    assert_eq!(people(&office, "B0"), 80, "it is taken all the same");
}

#[test]
fn f3_the_same_archive_twice_is_taken_once_under_whatever_name() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    let archive = portal(1, 20).archive("B0", "20261127_020000", "2D");
    place.put("B0", &name("B0", "20261127_020000", "2D"), &archive);
    run(&office, "B0");
    let before = root(&office, "B0");
    for stamp in ["20261127_020000", "20261128_020000"] {
        place.put("B0", &name("B0", stamp, "2D"), &archive);
        assert_eq!(run(&office, "B0"), Ended::Warning);
    }
    let state = state(&office, "B0");
    assert_eq!(
        (state.outcomes["duplicate"], state.outcomes["taken"]),
        (2, 1)
    );
    assert_eq!(state.alarms[&Code::Duplicate], 2);
    assert_eq!(root(&office, "B0"), before);
    assert_eq!(fs::read_dir(place.drop_box("B0")).unwrap().count(), 0);
}

#[test]
fn f3_an_older_archive_is_not_taken() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261127_020000", &portal(2, 20));
    run(&office, "B0");
    for stamp in ["20261126_020000", "20261127_020000"] {
        place.deliver("B0", stamp, &portal(1, 19));
        assert_eq!(run(&office, "B0"), Ended::Warning);
    }
    assert_eq!(people(&office, "B0"), 160);
    assert_eq!(alarms(&office, "B0")[&Code::Older], 2);
}

#[test]
fn f4_an_empty_delivery_changes_nothing_and_is_no_alarm() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261126_020000", &portal(2, 20));
    run(&office, "B0");
    let before = root(&office, "B0");
    let no_member = Portal::default();
    place.deliver("B0", "20261127_020000", &no_member);
    assert_eq!(run(&office, "B0"), Ended::Ok);
    // Members without a record are as empty.
    let members = ["Etab", "Eleve"].map(|part| (part, document(Degree::Second, part, "")));
    let stamp = "20261128_020000";
    let archive = crate::archive::pack("B0", stamp, "2D", &members);
    place.put("B0", &name("B0", stamp, "2D"), &archive);
    assert_eq!(run(&office, "B0"), Ended::Ok);
    let page = place.program(&["report", "B0", &name("B0", stamp, "2D")]);
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.contains(&name("B0", stamp, "2D")), "{page}");
    let state = state(&office, "B0");
    assert_eq!(state.outcomes["empty"], 2);
    assert_eq!(root(&office, "B0"), before);
    assert!(state.alarms.is_empty());
}

#[test]
fn f4_a_delivery_that_empties_a_school_is_held_until_an_operator_lets_it_pass_once() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261126_020000", &portal(20, 20));
    run(&office, "B0");
    let before = root(&office, "B0");
    let mut shrunk = portal(20, 20);
    shrunk.schools[7].1 = vec![0; 4];
    place.deliver("B0", "20261127_020000", &shrunk);
    assert_eq!(run(&office, "B0"), Ended::Warning);
    assert_eq!(root(&office, "B0"), before);
    assert_eq!(alarms(&office, "B0")[&Code::Held], 1);
    let held = state(&office, "B0");
    let held = held.held().next().unwrap();
    assert_eq!(
        held.words,
        ["people of 0350007A: 80 before, 0 now, 100 % less; 30 % may go"]
    );
    // It stays held, however often somebody looks.
    run(&office, "B0");
    assert_eq!(root(&office, "B0"), before);

    let done = place.program(&["approve", "B0", &held.file, "--by", "marie"]);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(people(&office, "B0"), 1520);
    let trail = String::from_utf8(place.heap(&["audit"])).unwrap();
    let line = trail
        .lines()
        .find(|line| line.contains("collect-approved"))
        .unwrap();
    assert!(
        line.contains("by marie") && line.contains("100 % less"),
        "{line}"
    );
    // Once: it is not held any more, and the next one that shrinks is.
    let again = place.program(&["approve", "B0", &held.file]);
    assert_eq!(again.status.code(), Some(2));
    place.deliver("B0", "20261128_020000", &portal(15, 20));
    run(&office, "B0");
    assert_eq!(alarms(&office, "B0")[&Code::Held], 2);
    assert_eq!(people(&office, "B0"), 1520);
}

#[test]
fn f4_what_is_held_may_be_sent_again_mended_and_a_later_delivery_supersedes_it() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261126_020000", &portal(4, 20));
    run(&office, "B0");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    run(&office, "B0");
    assert_eq!(state(&office, "B0").held().count(), 1);
    place.deliver("B0", "20261127_020000", &portal(4, 21));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 336);
    place.deliver("B0", "20261128_020000", &portal(4, 22));
    run(&office, "B0");
    assert_eq!(state(&office, "B0").held().count(), 0);
}

#[test]
fn f4_the_calendar_knows_that_classes_vanish_in_summer() {
    let summer = "[[collect.period]]\nname = \"été\"\nfrom = \"2027-07-03\"\nto = \"2027-09-15\"\n\
                  shrink_percent = 80\nschool_shrink_percent = 100\n";
    for (at, stamps, held) in [
        (
            "2027-06-30T02:30:00Z",
            ["20270629_020000", "20270630_020000"],
            1,
        ),
        (
            "2027-07-20T02:30:00Z",
            ["20270719_020000", "20270720_020000"],
            0,
        ),
    ] {
        let place = Place::new(summer);
        let office = place.office(at);
        place.deliver("B0", stamps[0], &portal(4, 20));
        run(&office, "B0");
        place.deliver("B0", stamps[1], &portal(2, 20));
        run(&office, "B0");
        assert_eq!(state(&office, "B0").held().count(), held, "{at}");
    }
}

#[test]
fn f5_a_wrong_sum_refuses_the_archive_and_the_same_name_may_be_sent_again() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    let archive = portal(2, 20).archive("B0", "20261127_020000", "2D");
    let file = name("B0", "20261127_020000", "2D");
    for (octets, stated) in [
        (&archive[..archive.len() - 1], sum(&archive)),
        (&archive[..], "no sum".to_owned()),
    ] {
        place.put_with_sum("B0", &file, octets, &stated);
        assert_eq!(run(&office, "B0"), Ended::Error);
        assert_eq!(people(&office, "B0"), 0);
        assert_eq!(fs::read_dir(place.drop_box("B0")).unwrap().count(), 0);
    }
    assert!(alarms(&office, "B0").contains_key(&Code::WrongSum));
    assert_eq!(state(&office, "B0").outcomes["refused"], 2);
    place.put("B0", &file, &archive);
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 160);
}

#[test]
fn f5_an_archive_cut_anywhere_is_refused_although_its_sum_matches() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261101_020000", &portal(1, 20));
    run(&office, "B0");
    let before = root(&office, "B0");
    let archive = portal(1, 22).archive("B0", "20261102_020000", "2D");
    let cuts = [
        0,
        1,
        9,
        archive.len() / 3,
        archive.len() / 2,
        archive.len() - 9,
        archive.len() - 1,
    ];
    for (number, cut) in cuts.into_iter().enumerate() {
        let file = name("B0", &format!("202611{:02}_020000", number + 2), "2D");
        place.put("B0", &file, &archive[..cut]);
        assert_eq!(run(&office, "B0"), Ended::Error, "cut at {cut}");
        assert_eq!(root(&office, "B0"), before, "cut at {cut}");
    }
    assert_eq!(state(&office, "B0").outcomes["refused"], cuts.len() as u64);
    assert_eq!(alarms(&office, "B0")[&Code::Unreadable], cuts.len() as u64);
}

#[test]
fn f5_a_name_of_another_portal_or_of_nobody_is_refused() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    let archive = portal(1, 20).archive("B0", "20261127_020000", "2D");
    for file in [
        name("C0", "20261127_020000", "2D"),
        name("B0", "20261127_020000", "1D"),
        "backup.tar.gz".to_owned(),
    ] {
        place.put("B0", &file, &archive);
        assert_eq!(run(&office, "B0"), Ended::Error, "{file}");
    }
    assert_eq!(alarms(&office, "B0")[&Code::WrongName], 3);
    assert_eq!(people(&office, "B0"), 0);
}

#[test]
fn a_date_far_ahead_is_refused_and_does_not_shut_out_what_follows() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20271127_020000", &portal(1, 20));
    assert_eq!(run(&office, "B0"), Ended::Error);
    assert_eq!(alarms(&office, "B0")[&Code::WrongName], 1);
    place.deliver("B0", "20261127_020000", &portal(1, 21));
    assert_eq!(run(&office, "B0"), Ended::Ok);
    assert_eq!(people(&office, "B0"), 84);
}

#[test]
fn f6_several_halves_are_told_together_and_once() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    let now = octroi::clock::system_now();
    office.clock.set(now.plus(Duration::from_secs(100_000)));
    for file in ["a.tar.gz", "b.tar.gz", "c.md5"] {
        fs::write(place.drop_box("B0").join(file), "x").unwrap();
    }
    for _ in 0..3 {
        take_in(&office, "B0", Duration::ZERO);
    }
    assert_eq!(alarms(&office, "B0")[&Code::Incomplete], 1);
}

#[test]
fn f6_nothing_is_taken_before_the_sum_is_there_and_both_rest() {
    let place = Place::new("");
    let file = name("B0", "20261127_020000", "2D");
    let archive = portal(1, 20).archive("B0", "20261127_020000", "2D");
    let office = place.office(NIGHT);
    let now = octroi::clock::system_now();
    office.clock.set(now);
    let rest = Duration::from_secs(3600);
    let look = |seconds: u64, rest| {
        office.clock.set(now.plus(Duration::from_secs(seconds)));
        take_in(&office, "B0", rest)
    };
    fs::write(place.drop_box("B0").join(&file), &archive).unwrap();
    assert_eq!(look(0, rest), 0, "no sum");
    assert_eq!(look(100_000, rest), 0, "no sum, however long it lies");
    assert_eq!(
        alarms(&office, "B0")[&Code::Incomplete],
        1,
        "but it is told"
    );
    fs::write(
        place.drop_box("B0").join(file.replace(".tar.gz", ".md5")),
        sum(&archive),
    )
    .unwrap();
    assert_eq!(look(0, rest), 0, "just written");
    assert_eq!(look(3500, rest), 0, "not an hour yet");
    assert_eq!(look(3700, rest), 1, "rested");
}

#[test]
fn f6_a_client_that_sets_times_back_does_not_make_a_file_rest() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    office.clock.set(octroi::clock::system_now());
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    for entry in fs::read_dir(place.drop_box("B0")).unwrap() {
        let file = fs::File::options()
            .write(true)
            .open(entry.unwrap().path())
            .unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    assert_eq!(take_in(&office, "B0", Duration::from_secs(60)), 0);
}

#[test]
fn f7_a_delivery_can_be_taken_again_out_of_the_vault() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261126_020000", &portal(2, 20));
    run(&office, "B0");
    let first = root(&office, "B0");
    place.deliver("B0", "20261127_020000", &portal(2, 22));
    run(&office, "B0");
    assert_ne!(root(&office, "B0"), first);
    let back = place.program(&[
        "again",
        "B0",
        &name("B0", "20261126_020000", "2D"),
        "--by",
        "marie",
    ]);
    assert!(back.status.success(), "{back:?}");
    assert_eq!(root(&office, "B0"), first);
    let trail = String::from_utf8(place.heap(&["audit"])).unwrap();
    assert!(trail.contains("collect-again"));
    // After the agreed delay the vault has nothing left of it, and says so.
    let later = place.office("2026-12-27T02:30:00Z");
    let mut desk = desk(&later, "B0");
    assert_eq!(desk.purge().unwrap(), 2);
    drop(desk);
    let gone = place.program(&["again", "B0", &name("B0", "20261127_020000", "2D")]);
    assert_eq!(gone.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("must be sent again"));
}

#[test]
fn f7_who_goes_back_leaves_behind_what_the_later_delivery_had_set_aside() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    place.deliver("B0", "20261126_020000", &portal(2, 20));
    run(&office, "B0");
    let mut later = portal(2, 22);
    later.lost = 2;
    place.deliver("B0", "20261127_020000", &later);
    run(&office, "B0");
    let first = name("B0", "20261126_020000", "2D");
    let back = place.program(&["again", "B0", &first, "--by", "marie"]);
    assert!(back.status.success(), "{back:?}");
    let force = root(&office, "B0");
    // Nothing is left to be tried again, and nothing of the later night comes in by it.
    let replay = place.program(&["replay", "B0", "--by", "marie"]);
    assert!(replay.status.success(), "{replay:?}");
    assert_eq!(root(&office, "B0"), force);
}

#[test]
fn f9_a_delivery_that_does_not_come_is_told_once_for_each_moment() {
    let place = Place::new("");
    let office = place.office("2026-11-25T23:00:00Z");
    place.deliver("B0", "20261126_020000", &portal(1, 20));
    run(&office, "B0");
    let at = |time: &str| {
        office.clock.set(Time::parse(time).unwrap());
        (
            run(&office, "B0"),
            alarms(&office, "B0").get(&Code::Overdue).copied(),
        )
    };
    assert_eq!(at("2026-11-26T12:00:00Z"), (Ended::Ok, None));
    assert_eq!(
        at("2026-11-27T04:59:00Z"),
        (Ended::Ok, None),
        "05:59 in Paris"
    );
    assert_eq!(at("2026-11-27T05:00:00Z"), (Ended::Warning, Some(1)));
    assert_eq!(at("2026-11-27T09:00:00Z"), (Ended::Ok, Some(1)));
    assert_eq!(at("2026-11-28T09:00:00Z"), (Ended::Warning, Some(2)));
    place.deliver("B0", "20261128_020000", &portal(1, 20));
    run(&office, "B0");
    assert_eq!(at("2026-11-28T12:00:00Z").1, Some(2));
}

#[test]
fn a5_bad_records_are_set_aside_the_load_goes_on_and_volume_and_age_are_alarms() {
    let place = Place::new("set_aside_records = 5\nset_aside_percent = 100\n");
    let office = place.office(NIGHT);
    let mut some = portal(1, 20);
    some.lost = 3;
    place.deliver("B0", "20261127_020000", &some);
    assert_eq!(run(&office, "B0"), Ended::Warning);
    assert_eq!(people(&office, "B0"), 80);
    let tally = state(&office, "B0")
        .current()
        .unwrap()
        .tally
        .clone()
        .unwrap();
    assert_eq!(tally.set_aside["unknown-group"], 3);
    assert!(!alarms(&office, "B0").contains_key(&Code::SetAsideVolume));
    office
        .clock
        .set(Time::parse("2026-11-30T03:00:00Z").unwrap());
    run(&office, "B0");
    assert_eq!(alarms(&office, "B0")[&Code::SetAsideAge], 1);
    some.lost = 9;
    place.deliver("B0", "20261128_020000", &some);
    run(&office, "B0");
    assert_eq!(alarms(&office, "B0")[&Code::SetAsideVolume], 1);
    // A good delivery supersedes what was set aside before it.
    place.deliver("B0", "20261129_020000", &portal(1, 20));
    run(&office, "B0");
    let state = state(&office, "B0");
    assert_eq!(state.set_aside_since, None);
    let aside = office.vault.entries().unwrap();
    assert!(
        aside
            .iter()
            .all(|entry| entry.name.kind.name() != "set-aside")
    );
}

#[test]
fn a5_records_set_aside_find_their_place_when_differences_bring_what_they_lacked() {
    let place = Place::new("");
    let office = place.office(NIGHT);
    let mut some = portal(1, 20);
    some.lost = 3;
    place.deliver("B0", "20261127_020000", &some);
    run(&office, "B0");
    // Nothing has changed: trying again leaves everything as it is, and says so.
    let tried = place.program(&["replay", "B0", "--by", "marie"]);
    assert_eq!(tried.status.code(), Some(1), "{tried:?}");
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
    let group = group(&some.schools[0].0, "Z9", "GROUPE", &[]);
    place.put(
        "B0",
        &file(1),
        &lines("20261127_020000", 1, &[change(&group)]),
    );
    assert_eq!(run(&office, "B0"), Ended::Ok);
    let state = state(&office, "B0");
    assert_eq!(
        state
            .current()
            .unwrap()
            .tally
            .as_ref()
            .unwrap()
            .set_aside_total(),
        0
    );
    assert!(state.set_aside_since.is_none());
    let force = office
        .directory
        .in_force("B0", octroi_directory::Degree::Second)
        .unwrap()
        .unwrap();
    let segment = octroi_directory::Segment::open(&force).unwrap();
    let mut placed = 0;
    let mut walk = segment.people();
    while let Some(person) = walk.next().unwrap() {
        let groups: usize = person.affiliations.map(|one| one.groups.len()).sum();
        placed += usize::from(groups == 2);
    }
    assert_eq!(placed, 3, "three pupils are in their class and in Z9");
}
