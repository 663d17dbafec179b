//! What the builder sets aside, with what reason, and when that is too much.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{BuildError, BuildOptions, Query, Silent, Snapshot, Sources, build};
use support::{Country, Ent, Folder, Person, Resource, january};

/// Appends a line to a table of the smallest country and answers what the report says about it.
fn aside(file: &str, line: &str) -> Vec<String> {
    let folder = Folder::of(&Country::smallest());
    folder.append(file, line);
    folder.append(file, "\n");
    let out = folder.join("out");
    let report = folder.build(&out).unwrap();
    Snapshot::open(&out).unwrap().check().unwrap();
    report.set_aside.iter().map(ToString::to_string).collect()
}

#[test]
fn each_bad_line_is_set_aside_with_file_line_and_reason() {
    let long_id = "x".repeat(65);
    let cases: &[(&str, &str, &str)] = &[
        (
            "ents.tsv",
            "B0\tagain\t",
            "ents.tsv:3: code: an earlier line has the same key",
        ),
        ("ents.tsv", "\tnameless\t", "ents.tsv:3: code: empty"),
        (
            "ents.tsv",
            "C0\tx\tZ9",
            "ents.tsv:3: alias_of: names nothing that is known",
        ),
        (
            "ents.tsv",
            "C0\tx\tC0",
            "ents.tsv:3: alias_of: names a project that is itself an alias",
        ),
        ("ents.tsv", "C0\tx", "ents.tsv:3: 2 cells, the header has 3"),
        (
            "ents.tsv",
            "C0\ta\u{1}b\t",
            "ents.tsv:3: a character that is not allowed",
        ),
        (
            "ents.tsv",
            "C0\ta\u{ffff}b\t",
            "ents.tsv:3: a character that is not allowed",
        ),
        (
            "ents.tsv",
            "C0\ta\\xb\t",
            "ents.tsv:3: name: a backslash that is not followed by t, n, \\ or |",
        ),
        (
            "establishments.tsv",
            "name\t01234567890123456789012345678901234567890123456",
            "establishments.tsv:3: uai: longer than 45 octets",
        ),
        (
            "groups.tsv",
            "0561622J\tclass\t6B\tx\t",
            "groups.tsv:3: kind: not one of the words allowed here",
        ),
        (
            "groups.tsv",
            "0561622J\tgroup\t6##B\tx\t",
            "groups.tsv:3: code: contains ##",
        ),
        (
            "groups.tsv",
            "9999999Z\tgroup\t6B\tx\t",
            "groups.tsv:3: uai: names nothing that is known",
        ),
        (
            "groups.tsv",
            "0561622J\tdivision\t6A\tx\t",
            "groups.tsv:3: code: an earlier line has the same key",
        ),
        (
            "people.tsv",
            "B0\tp1\t\tOther\t\t",
            "people.tsv:3: person: an earlier line has the same key",
        ),
        (
            "people.tsv",
            "Z9\tp2\t\t\t\t",
            "people.tsv:3: ent: names nothing that is known",
        ),
        (
            "people.tsv",
            &format!("B0\t{long_id}\t\t\t\t"),
            "people.tsv:3: person: longer than 64 octets",
        ),
        (
            "affiliations.tsv",
            "B0\tp2\t0561622J\tNational_elv\t\t\t\t\t",
            "affiliations.tsv:3: person: names nothing that is known",
        ),
        (
            "affiliations.tsv",
            "B0\tp1\t0561622J\tNational_elv\t6A|6Z\t\t\t\t",
            "affiliations.tsv:3: divisions: names nothing that is known",
        ),
        (
            "publishers.tsv",
            "pub-x\tx\td\tno",
            "publishers.tsv:3: id: an earlier line has the same key",
        ),
        (
            "publishers.tsv",
            "pub-y\tx\td\tmaybe",
            "publishers.tsv:3: disabled: not one of the words allowed here",
        ),
        (
            "resources.tsv",
            "r2\tx\tpub-x\tpush\thttps://x/\t\t\t\t",
            "resources.tsv:3: id: not a bare ARK (ark:/…/…)",
        ),
        (
            "resources.tsv",
            "ark:/1/2\tx\tpub-x\tpush\tjavascript:alert(1)\t\t\t\t",
            "resources.tsv:3: access_url: not an absolute http or https URL in ASCII",
        ),
        (
            "resources.tsv",
            "ark:/1/2\tx\tpub-x\tpush\thttps://x/\tftp://x/\t\t\t",
            "resources.tsv:3: urls: not an absolute http or https URL in ASCII",
        ),
        (
            "resources.tsv",
            "ark:/1/2\tx\tpub-x\tpush\thttps://x/\t\t\t65536\t",
            "resources.tsv:3: acs_index: not a number from 0 to 65535",
        ),
        (
            "resources.tsv",
            "ark:/1/2\tx\tpub-z\tpush\thttps://x/\t\t\t\t",
            "resources.tsv:3: publisher: names nothing that is known",
        ),
        (
            "release.tsv",
            "ark:/99999/r1\tido",
            "release.tsv:6: attribute: not one of the words allowed here",
        ),
        (
            "release.tsv",
            "ark:/99999/r1\tIDO",
            "release.tsv:6: attribute: an earlier line has the same key",
        ),
        (
            "subscriptions.tsv",
            "s2\tark:/99999/r1\t0561622J\tETABL\tELEVE\t2026-02-30\t2026-03-01",
            "subscriptions.tsv:3: from: RG10: neither a date (YYYY-MM-DD) nor an instant with offset",
        ),
        (
            "subscriptions.tsv",
            "s2\tark:/99999/r1\t0561622J\tETABL\tELEVE\t2026-03-01\t2026-02-28",
            "subscriptions.tsv:3: until: RG10: ends before it begins",
        ),
        (
            "subscriptions.tsv",
            "s2\tark:/99999/r1\t0561622J|9999999Z\tETABL\tELEVE\t2026-02-01\t2026-02-28",
            "subscriptions.tsv:3: schools: names nothing that is known",
        ),
    ];
    for (file, line, expected) in cases {
        assert_eq!(aside(file, line), [*expected], "{file} {line}");
    }
    let empty = "s2\tark:/99999/r1\t0561622J\tETABL\t\t2026-02-01\t2026-02-28";
    assert_eq!(
        aside("subscriptions.tsv", empty),
        ["subscriptions.tsv:3: publics: RG10: empty"]
    );
}

#[test]
fn assignments_must_fit_their_subscription() {
    let mut country = Country::smallest();
    country.schools.push("0350042F".into());
    let mut individual = country.subscriptions[0].clone();
    individual.id = "s2".into();
    individual.individual = true;
    country.subscriptions.push(individual);
    let folder = Folder::of(&country);
    folder.append(
        "assignments.tsv",
        "s2\t0561622J\tperson\tB0\tp1\n\
         s1\t0561622J\tperson\tB0\tp1\n\
         s3\t0561622J\tperson\tB0\tp1\n\
         s2\t0350042F\tperson\tB0\tp1\n\
         s2\t0561622J\tperson\tB0\tp2\n\
         s2\t0561622J\tdivision\t\t6Z\n\
         s2\t0561622J\tfriend\t\tp1\n\
         s2\t0561622J\tperson\tB0\tp1\n"
            .as_bytes(),
    );
    let out = folder.join("out");
    let report = folder.build(&out).unwrap();
    let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "assignments.tsv:3: subscription: the subscription is not INDIV",
            "assignments.tsv:4: subscription: names nothing that is known",
            "assignments.tsv:5: uai: the subscription does not cover this school",
            "assignments.tsv:6: target: names nothing that is known",
            "assignments.tsv:7: target: names nothing that is known",
            "assignments.tsv:8: kind: not one of the words allowed here",
            "assignments.tsv:9: target: an earlier line has the same key",
        ]
    );
    assert_eq!(report.files["assignments.tsv"].lines, 8);
    assert_eq!(report.set_aside_total(), 7);
}

#[test]
fn the_time_of_an_assignment_must_make_sense() {
    let mut country = Country::smallest();
    country.subscriptions[0].individual = true;
    let folder = Folder::of(&country);
    // The subscription holds from the 5th to before the 20th of January.
    let mut table = "subscription\tuai\tkind\tent\ttarget\tfrom\tuntil\tsince\n".to_owned();
    let mut line = |target: &str, from: &str, until: &str, since: &str| {
        let school = "0561622J";
        table += &format!("s1\t{school}\tdivision\t\t{target}\t{from}\t{until}\t{since}\n");
    };
    line("6A", "2026-01-07", "2026-01-08", "");
    line("6A", "2026-01-08", "2026-01-07", "");
    line("6A", "soon", "", "");
    line("6A", "", "later", "");
    line("6A", "", "", "2026-13-01");
    line("6A", "2026-01-21", "", "");
    line("6A", "", "2026-01-04", "");
    line("6A", "2026-01-07", "2026-01-08", "2026-01-06");
    for hour in 0..16 {
        line("6A", &format!("2026-01-09T{hour:02}:00:00Z"), "", "");
    }
    std::fs::write(folder.join("assignments.tsv"), table).unwrap();
    let options = BuildOptions::default();
    let out = folder.join("out");
    let report = folder.build_with(&out, &options).unwrap();
    let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "assignments.tsv:3: until: ends before it begins",
            "assignments.tsv:4: from: neither a date (YYYY-MM-DD) nor an instant with offset",
            "assignments.tsv:5: until: neither a date (YYYY-MM-DD) nor an instant with offset",
            "assignments.tsv:6: since: neither a date (YYYY-MM-DD) nor an instant with offset",
            "assignments.tsv:7: from: the subscription is not valid at that time",
            "assignments.tsv:8: from: the subscription is not valid at that time",
            "assignments.tsv:9: target: an earlier line has the same key",
            "assignments.tsv:25: from: more than 16",
        ]
    );
    Snapshot::open(&out).unwrap().check().unwrap();
}

#[test]
fn a_family_has_one_mother() {
    let mother = |id: &str, family: &str, mother: bool, opens_family: bool| Resource {
        id: format!("ark:/99999/{id}"),
        family: family.into(),
        mother,
        opens_family,
        ..Country::smallest().resources[0].clone()
    };
    let mut country = Country::smallest();
    country.resources.extend([
        mother("alone", "", true, true),
        mother("one", "f", true, true),
        mother("other", "f", true, false),
        mother("member", "g", false, true),
        mother("good", "g", true, true),
    ]);
    let (snapshot, report) = country.build();
    let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
    let expected = [
        "3: mother",
        "3: opens_family",
        "4: mother",
        "4: opens_family",
        "5: mother",
        "6: opens_family",
    ];
    let expected =
        expected.map(|at| format!("resources.tsv:{at}: only the one mother of a family is one"));
    assert_eq!(told, expected);
    for (id, is_mother) in [
        ("alone", false),
        ("one", false),
        ("other", false),
        ("good", true),
    ] {
        let ark = format!("ark:/99999/{id}");
        let resource = snapshot.resource(&ark).unwrap();
        assert_eq!(
            (resource.is_mother(), resource.opens_family()),
            (is_mother, is_mother)
        );
    }
}

#[test]
fn no_personal_value_is_in_the_report() {
    let folder = Folder::of(&Country::smallest());
    folder.append(
        "people.tsv",
        b"B0\tp1\tM.\tSecretname\tSecretgiven\tsecret@example.org\n",
    );
    folder.append("people.tsv", "B0\tsecretid\u{1}\t\t\t\t\n".as_bytes());
    let report = build(
        &Sources::tables(folder.path()),
        &folder.join("out"),
        &BuildOptions::default(),
        &Silent,
    )
    .unwrap();
    assert_eq!(report.set_aside_total(), 2);
    let json = serde_json::to_string(&report).unwrap();
    assert!(!json.to_lowercase().contains("secret"), "{json}");
    assert!(
        json.contains("\"duplicate\"") && json.contains("\"forbidden-character\""),
        "{json}"
    );
}

#[test]
fn people_whom_a_merger_confuses_are_both_left_out() {
    let mut country = Country::smallest();
    country.ents.push(Ent {
        code: "C0".into(),
        alias_of: "B0".into(),
    });
    for (ent, id) in [("C0", "p1"), ("B0", "p2")] {
        country.people.push(Person {
            ent: ent.into(),
            id: id.into(),
            ..Person::default()
        });
    }
    let (snapshot, report) = country.build();
    let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
    let both = "another project merged with this one has the same person identifier";
    assert_eq!(
        told[1..],
        [
            format!("people.tsv:2: person: {both}"),
            format!("people.tsv:3: person: {both}")
        ]
    );
    assert!(
        told[0].starts_with("affiliations.tsv:2: person: names nothing"),
        "{told:?}"
    );
    for ent in ["B0", "C0"] {
        let query = Query {
            ent,
            person: "p1",
            resource: "ark:/99999/r1",
            school: None,
            at: january(10),
        };
        assert_eq!(
            snapshot.resolve(&query).unwrap_err().code(),
            "unknown-person"
        );
    }
}

#[test]
fn affiliations_are_filed_under_the_project_that_named_the_person() {
    let mut country = Country::smallest();
    country.ents.push(Ent {
        code: "C0".into(),
        alias_of: "B0".into(),
    });
    country.schools.push("0350042F".into());
    country.subscriptions[0].schools = vec!["0350042F".into()];
    let mut other = country.affiliations[0].clone();
    other.ent = "C0".into();
    other.school = "0350042F".into();
    other.divisions.clear();
    country.affiliations.push(other);
    let (snapshot, report) = country.build();
    assert_eq!(report.set_aside.len(), 1);
    assert_eq!(
        (report.set_aside[0].file.as_str(), report.set_aside[0].line),
        ("affiliations.tsv", 3)
    );
    let query = Query {
        ent: "B0",
        person: "p1",
        resource: "ark:/99999/r1",
        school: None,
        at: january(10),
    };
    assert_eq!(
        snapshot.resolve(&query).unwrap_err().code(),
        "no-subscription"
    );
}

#[test]
fn a_table_that_lost_too_much_refuses_the_build_and_leaves_the_last_snapshot() {
    let folder = Folder::of(&Country::smallest());
    let out = folder.join("out");
    folder.build(&out).unwrap();
    let before = std::fs::read(&out).unwrap();
    for n in 0..20 {
        folder.append("people.tsv", format!("Z9\tq{n}\t\t\t\t\n").as_bytes());
    }
    let options = |max_set_aside, max_set_aside_ratio| BuildOptions {
        max_set_aside,
        max_set_aside_ratio,
        ..BuildOptions::default()
    };
    // 20 of 21 lines: refused only when both the number and the share are passed.
    for (number, share, refused) in [(19, 0.5, true), (20, 0.5, false), (19, 0.96, false)] {
        match build(
            &Sources::tables(folder.path()),
            &out,
            &options(number, share),
            &Silent,
        ) {
            Ok(_) => assert!(!refused, "{number} {share}"),
            Err(BuildError::TooManySetAside {
                file,
                set_aside,
                lines,
                listed,
            }) => {
                assert!(refused, "{number} {share}");
                assert_eq!(
                    (file.as_str(), set_aside, lines, listed.len()),
                    ("people.tsv", 20, 21, 20)
                );
                assert_eq!(std::fs::read(&out).unwrap(), before);
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_table_without_one_good_line_refuses_the_build() {
    let folder = Folder::of(&Country::smallest());
    folder.append("assignments.tsv", b"nonsense\t\t\t\t\n");
    let error = build(
        &Sources::tables(folder.path()),
        &folder.join("out"),
        &BuildOptions::default(),
        &Silent,
    )
    .unwrap_err();
    assert!(
        matches!(&error, BuildError::TooManySetAside { file, .. } if file == "assignments.tsv"),
        "{error}"
    );
    assert!(!folder.join("out").exists());
}

#[test]
fn lines_that_are_too_long_or_not_text_do_not_stop_the_build() {
    let folder = Folder::of(&Country::smallest());
    let mut lines = b"B0\tp2\t\t".to_vec();
    lines.extend(std::iter::repeat_n(b'x', 3_000_000));
    lines.extend(b"\t\t\nB0\tp3\t\t\xff\t\t\nB0\tp4\t\t\t\t\n");
    folder.append("people.tsv", &lines);
    let report = build(
        &Sources::tables(folder.path()),
        &folder.join("out"),
        &BuildOptions::default(),
        &Silent,
    )
    .unwrap();
    let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "people.tsv:3: longer than 64 KiB",
            "people.tsv:4: not UTF-8"
        ]
    );
    assert_eq!(report.counts.people, 2);
}
