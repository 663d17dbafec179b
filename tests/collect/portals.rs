//! F1: an incident on one flow does not touch another.

use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use octroi::collect::alarm::Code;
use octroi::collect::batch::Ended;
use octroi::collect::watch::Watch;
use octroi_directory::Degree;
use octroi_saml::Time;
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::archive::{file, leaves, lines, name, portal, pupil, uai};
use crate::place::{Place, alarms, people, run, state};

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

/// Runs the program as somebody whom rights of files bind: root is bound by none.
fn import_bound(place: &Place) -> std::process::Output {
    const NOBODY: u32 = 65_534;
    let mut command = place.command(&["import"]);
    if rustix::process::getuid().is_root() {
        let own = Command::new("chown")
            .args(["-R", "65534:65534"])
            .arg(&place.root)
            .status();
        assert!(own.unwrap().success());
        command.uid(NOBODY).gid(NOBODY);
    }
    command.output().unwrap()
}

#[test]
fn f1_a_file_that_cannot_be_read_or_removed_stops_nothing_else() {
    let place = Place::bare();
    let keys = "flows = [\"2D\"]\ndelta = true";
    place.configure("", &[("A0", keys), ("B0", keys), ("C0", keys)]);
    for ent in ["A0", "B0", "C0"] {
        place.deliver(ent, "20261126_020000", &portal(1, 20));
    }
    let shut = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    // A0: neither the first delivery can be read nor the sum of the second. B0: nothing can be removed.
    let of = |stamp: &str| place.drop_box("A0").join(name("A0", stamp, "2D"));
    place.deliver("A0", "20261127_020000", &portal(1, 21));
    place.deliver("A0", "20261128_010000", &portal(1, 22));
    shut(&of("20261126_020000"), 0o000);
    shut(&of("20261127_020000").with_extension("gz.md5"), 0o000);
    shut(&place.drop_box("B0"), 0o555);
    for round in 0..2 {
        let done = import_bound(&place);
        assert_eq!(
            done.status.code(),
            Some(if round == 0 { 1 } else { 0 }),
            "{done:?}"
        );
    }
    let office = place.office("2026-11-28T03:00:00Z");
    for (ent, wanted, told) in [("A0", 88, 1), ("B0", 80, 1), ("C0", 80, 0)] {
        assert_eq!(people(&office, ent), wanted, "{ent}");
        let alarms = alarms(&office, ent);
        assert_eq!(
            alarms.get(&Code::NotReadable).copied().unwrap_or(0),
            told,
            "{ent}"
        );
    }
    let (_, about, text) = state(&office, "A0").last_alarm[&Code::NotReadable].clone();
    assert!(
        about.contains("20261126") && about.contains("20261127"),
        "{about}"
    );
    assert!(text.contains("Permission denied"), "{text}");
    assert_eq!(
        state(&office, "B0").outcomes.get("duplicate"),
        None,
        "what cannot be removed is no second delivery"
    );
    // As soon as it can be, it is: too late for what is older now, which leaves the drop box as ever.
    shut(&place.drop_box("B0"), 0o755);
    for stamp in ["20261126_020000", "20261127_020000"] {
        shut(&of(stamp), 0o644);
        shut(&of(stamp).with_extension("gz.md5"), 0o644);
    }
    import_bound(&place);
    for ent in ["A0", "B0"] {
        assert_eq!(
            fs::read_dir(place.drop_box(ent)).unwrap().count(),
            0,
            "{ent}"
        );
    }
    assert_eq!(alarms(&office, "A0")[&Code::Older], 2);
}

#[test]
fn f8_differences_wait_behind_one_that_cannot_be_read_and_are_no_gap() {
    let place = Place::new("");
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    assert_eq!(import_bound(&place).status.code(), Some(0));
    for number in 1..=2 {
        let leave = [leaves(&pupil(&uai(0), 0, number as usize))];
        place.put(
            "B0",
            &file(number),
            &lines("20261127_020000", number, &leave),
        );
    }
    let first = place.drop_box("B0").join(file(1));
    fs::set_permissions(&first, fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(import_bound(&place).status.code(), Some(1));
    let office = place.office("2026-11-27T12:00:00Z");
    assert_eq!(people(&office, "B0"), 80);
    assert!(!state(&office, "B0").needs_full);
    fs::set_permissions(&first, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(import_bound(&place).status.code(), Some(0));
    assert_eq!(people(&office, "B0"), 78);
}

#[test]
fn f1_one_drop_box_that_is_away_leaves_the_portals_other_alone() {
    let place = Place::bare();
    let keys = "flows = [\"2D\"]";
    place.configure("", &[("B0", keys)]);
    let text = fs::read_to_string(place.config()).unwrap();
    let text = text.replace("[\"depot/B0\"]", "[\"depot/away\", \"depot/B0\"]");
    fs::write(place.config(), text).unwrap();
    place.deliver("B0", "20261127_020000", &portal(1, 20));
    let done = place.program(&["import"]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    assert_eq!(people(&place.office("2026-11-27T03:00:00Z"), "B0"), 80);
}

/// A log that fails on one line: a defect in the midst of a purge, or of whatever else writes that line.
struct Failing;

impl Subscriber for Failing {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut seen = String::new();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            seen += &format!("{}={value:?};", field.name());
        });
        let line = ["ent=P9;", "batch=\"purge\";", "step=\"progress\";"];
        assert!(
            !line.iter().all(|part| seen.contains(part)),
            "a defect of the log"
        );
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn f1_a_defect_in_the_daily_purge_stops_neither_its_portal_nor_the_others() {
    tracing::subscriber::set_global_default(Failing).unwrap();
    let place = Place::bare();
    let keys = "flows = [\"2D\"]";
    place.configure("", &[("P9", keys), ("B0", keys)]);
    let office = place.office("2026-11-27T02:30:00Z");
    for ent in ["P9", "B0"] {
        place.deliver(ent, "20261126_020000", &portal(1, 20));
        run(&office, ent);
    }
    // Both have something to purge by then.
    office
        .clock
        .set(Time::parse("2026-12-20T02:30:00Z").unwrap());
    let watch = Watch::start(&office).unwrap();
    let wait = |what: &str, done: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let metrics = || fs::read_to_string(place.root.join("octroi.prom")).unwrap_or_default();
    let panics = "octroi_collect_panics_total{portal=\"P9\"} 1";
    wait("no panic", &|| metrics().contains(panics));
    for ent in ["P9", "B0"] {
        place.deliver(ent, "20261220_020000", &portal(1, 21));
    }
    for ent in ["P9", "B0"] {
        wait(ent, &|| people(&office, ent) == 84);
    }
    watch.stop(Duration::from_secs(10));
    assert!(metrics().contains(panics), "once a day: {}", metrics());
}
