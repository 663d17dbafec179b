//! The ledger stays short, however long a portal goes on, and whoever is killed while it is made short loses nothing.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use octroi::collect::alarm::Code;
use octroi::collect::batch::Ended;
use octroi::collect::ledger::{Event, Ledger};
use octroi_saml::Time;

use crate::archive::{name, portal};
use crate::place::{Place, alarms, people, run, state};

#[test]
fn a_portal_that_sends_the_same_refused_file_for_ever_is_turned_away_a_few_times_an_hour() {
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    let file = name("B0", "20261127_020000", "2D");
    let good = portal(1, 20).archive("B0", "20261127_020000", "2D");
    let send = |minute: u64, octets: &[u8], file: &str| {
        let begun = Time::parse("2026-11-27T02:30:00Z").unwrap();
        office
            .clock
            .set(begun.plus(Duration::from_secs(60 * minute)));
        place.put("B0", file, octets);
        run(&office, "B0")
    };
    // Another content each time: the sum is right, it is no archive.
    for minute in 0..30 {
        send(minute, format!("no archive {minute}").as_bytes(), &file);
    }
    let refused = |wanted: u64| assert_eq!(state(&office, "B0").outcomes["refused"], wanted);
    refused(10);
    assert_eq!(alarms(&office, "B0")[&Code::Insistent], 1);
    assert!(
        place.drop_box("B0").join(&file).exists(),
        "it stays where it is"
    );
    // Files of other names come in meanwhile; strangers have a bound of their own.
    let other = name("B0", "20261126_020000", "2D");
    assert_eq!(
        send(
            31,
            &portal(1, 19).archive("B0", "20261126_020000", "2D"),
            &other
        ),
        Ended::Ok
    );
    assert_eq!(people(&office, "B0"), 76);
    for minute in 0..110 {
        let stranger = format!("backup-{minute}.tar.gz");
        place.put("B0", &stranger, stranger.as_bytes());
    }
    run(&office, "B0");
    refused(110);
    for entry in fs::read_dir(place.drop_box("B0")).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("backup") {
            fs::remove_file(path).unwrap();
        }
    }
    // When the hour is over, what is right by then is taken.
    assert_eq!(send(61, &good, &file), Ended::Ok);
    assert_eq!(people(&office, "B0"), 80);
}

#[test]
fn a_portal_that_never_sends_the_same_name_twice_is_turned_away_a_few_hundred_times_an_hour() {
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    let strange = |number: u32| {
        let stamp = format!("20261127_00{:02}{:02}", number / 60, number % 60);
        name("B0", &stamp, "2D")
    };
    for number in 0..230 {
        let octets = format!("no archive {number}");
        place.put_with_sum("B0", &strange(number), octets.as_bytes(), "0");
    }
    run(&office, "B0");
    assert_eq!(state(&office, "B0").outcomes["refused"], 200);
    assert_eq!(alarms(&office, "B0")[&Code::Insistent], 1);
    let left = fs::read_dir(place.drop_box("B0")).unwrap().count();
    assert_eq!(left, 60, "archives and sums stay where they are");
    // Old ones that come again, hundreds, do not keep what is new: they have a bound of their own.
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    place.deliver("B0", "20261126_020000", &portal(1, 20));
    run(&office, "B0");
    for number in 0..230 {
        let stamp = format!("20261101_00{:02}{:02}", number / 60, number % 60);
        place.put("B0", &name("B0", &stamp, "2D"), stamp.as_bytes());
    }
    place.deliver("B0", "20261127_020000", &portal(1, 19));
    run(&office, "B0");
    assert_eq!(state(&office, "B0").outcomes["older"], 200);
    assert_eq!(people(&office, "B0"), 76);
}

#[test]
fn whoever_is_killed_while_the_ledger_is_made_short_loses_nothing() {
    let place = Place::new("");
    let office = place.office("2026-11-27T02:30:00Z");
    place.deliver("B0", "20261127_020000", &portal(2, 20));
    run(&office, "B0");
    let path = place.root.join("state/B0/2D.ledger.jsonl");
    let mut ledger = Ledger::open(&path).unwrap();
    for at in 0..1_000 {
        let event = Event::Alarm {
            code: Code::Overdue,
            about: format!("night {at}"),
            text: "it has not come".to_owned(),
        };
        ledger.append(office.clock.now(), event).unwrap();
    }
    drop(ledger);
    let long = fs::read(&path).unwrap();
    let wanted = state(&office, "B0");
    let begun = Instant::now();
    assert!(place.program(&["import", "B0"]).status.code().is_some());
    let took = begun.elapsed();
    assert_ne!(fs::read(&path).unwrap(), long);
    let same = |round: u32| {
        let state = state(&office, "B0");
        assert_eq!(state.deliveries, wanted.deliveries, "round {round}");
        assert_eq!(state.in_force, wanted.in_force);
        assert!(state.alarms[&Code::Overdue] >= 1_000);
    };
    let is_short = || fs::metadata(&path).unwrap().len() < long.len() as u64 / 10;
    // The kill draws near to the moment at which the ledger becomes short, from both sides, however busy the machine is.
    let (mut before, mut after, mut wait) = (0, 0, took / 2);
    for round in 0..120 {
        if round >= 40 && before > 2 && after > 2 {
            break;
        }
        fs::write(&path, &long).unwrap();
        let mut child = place
            .command(&["import", "B0"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(wait);
        child.kill().unwrap();
        child.wait().unwrap();
        if is_short() {
            after += 1;
            wait -= wait / 8;
        } else {
            before += 1;
            wait += wait / 8;
        }
        same(round);
        // Whoever comes next goes on.
        run(&office, "B0");
        same(round);
    }
    assert!(before > 2 && after > 2, "{before} before, {after} after");
    place.deliver("B0", "20261127_220000", &portal(2, 21));
    run(&office, "B0");
    assert_eq!(people(&office, "B0"), 168);
}
