//! What the builder takes, sets aside and refuses, and the file that it leaves.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::os::unix::fs::PermissionsExt;

use octroi_entitlements::{
    BuildError, BuildOptions, Pseudonymizer, Query, Snapshot, SnapshotError, build, rekey,
};
use support::{Country, Ent, Folder, Person, Publisher, Resource, january};

fn written(country: &Country) -> Folder {
    let folder = Folder::new();
    country.write(folder.path());
    folder
}

fn append(folder: &Folder, file: &str, lines: &[u8]) {
    let path = folder.join(file);
    let mut table = std::fs::read(&path).unwrap();
    table.extend_from_slice(lines);
    std::fs::write(path, table).unwrap();
}

/// Appends a line to a table of the smallest country and answers what the report says about it.
fn aside(file: &str, line: &str) -> Vec<String> {
    let folder = written(&Country::smallest());
    append(&folder, file, line.as_bytes());
    append(&folder, file, b"\n");
    let out = folder.join("out");
    let report = build(folder.path(), &out, &BuildOptions::default()).unwrap();
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
            "subscriptions.tsv:3: from: neither a date (YYYY-MM-DD) nor an instant with offset",
        ),
        (
            "subscriptions.tsv",
            "s2\tark:/99999/r1\t0561622J\tETABL\tELEVE\t2026-03-01\t2026-02-28",
            "subscriptions.tsv:3: until: ends before it begins",
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
        ["subscriptions.tsv:3: publics: empty"]
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
    let folder = written(&country);
    append(
        &folder,
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
    let report = build(folder.path(), &out, &BuildOptions::default()).unwrap();
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
fn no_personal_value_is_in_the_report() {
    let folder = written(&Country::smallest());
    append(
        &folder,
        "people.tsv",
        b"B0\tp1\tM.\tSecretname\tSecretgiven\tsecret@example.org\n",
    );
    append(
        &folder,
        "people.tsv",
        "B0\tsecretid\u{1}\t\t\t\t\n".as_bytes(),
    );
    let report = build(folder.path(), &folder.join("out"), &BuildOptions::default()).unwrap();
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
fn escapes_columns_in_any_order_and_line_ends() {
    let folder = written(&Country::smallest());
    std::fs::write(
        folder.join("people.tsv"),
        "name\tperson\tent\r\nDu\\tpont \\\\ \\| été\tp1\tB0\r\n\r\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("affiliations.tsv"),
        "profiles\tuai\te_ms1\tperson\tent\nnational_ELV\t0561622J\ta\\|b|c\\\\|d\tp1\tB0\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("release.tsv"),
        "attribute\tresource\nNOM\tark:/99999/r1\nE_MS1\tark:/99999/r1\nPRE\tark:/99999/r1",
    )
    .unwrap();
    let out = folder.join("out");
    let report = build(folder.path(), &out, &BuildOptions::default()).unwrap();
    assert_eq!(report.set_aside, []);
    let snapshot = Snapshot::open(&out).unwrap();
    let query = Query {
        ent: "B0",
        person: "p1",
        resource: "ark:/99999/r1",
        school: None,
        at: january(10),
    };
    let grant = snapshot.resolve(&query).unwrap();
    let pseudonym = Pseudonymizer::new(&[0; 32]).unwrap().of(&grant);
    let released: Vec<(&str, Vec<String>)> = grant
        .release(&pseudonym)
        .into_iter()
        .map(|a| (a.name, a.values.into_iter().map(Into::into).collect()))
        .collect();
    assert_eq!(
        released,
        [
            (
                "E_MS1",
                vec!["a|b".to_owned(), "c\\".to_owned(), "d".to_owned()]
            ),
            ("NOM", vec!["Du\tpont \\ | été".to_owned()])
        ]
    );
}

#[test]
fn a_table_that_lost_too_much_refuses_the_build_and_leaves_the_last_snapshot() {
    let folder = written(&Country::smallest());
    let out = folder.join("out");
    build(folder.path(), &out, &BuildOptions::default()).unwrap();
    let before = std::fs::read(&out).unwrap();
    for n in 0..20 {
        append(
            &folder,
            "people.tsv",
            format!("Z9\tq{n}\t\t\t\t\n").as_bytes(),
        );
    }
    let options = |max_set_aside, max_set_aside_ratio| BuildOptions {
        max_set_aside,
        max_set_aside_ratio,
        ..BuildOptions::default()
    };
    // 20 of 21 lines: refused only when both the number and the share are passed.
    for (number, share, refused) in [(19, 0.5, true), (20, 0.5, false), (19, 0.96, false)] {
        match build(folder.path(), &out, &options(number, share)) {
            Ok(_) => assert!(!refused, "{number} {share}"),
            Err(BuildError::TooManySetAside {
                file,
                set_aside,
                lines,
                listed,
            }) => {
                assert!(refused, "{number} {share}");
                assert_eq!(
                    (file, set_aside, lines, listed.len()),
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
    let folder = written(&Country::smallest());
    append(&folder, "assignments.tsv", b"nonsense\t\t\t\t\n");
    let error = build(folder.path(), &folder.join("out"), &BuildOptions::default()).unwrap_err();
    assert!(
        matches!(
            error,
            BuildError::TooManySetAside {
                file: "assignments.tsv",
                ..
            }
        ),
        "{error}"
    );
    assert!(!folder.join("out").exists());
}

#[test]
fn tables_must_be_there_with_the_columns_that_the_page_names() {
    let refuse = |file: &str, content: Option<&[u8]>| {
        let folder = written(&Country::smallest());
        match content {
            Some(content) => std::fs::write(folder.join(file), content).unwrap(),
            None => std::fs::remove_file(folder.join(file)).unwrap(),
        }
        let out = folder.join("out");
        let error = build(folder.path(), &out, &BuildOptions::default()).unwrap_err();
        assert!(!out.exists());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            if content.is_some() { 10 } else { 9 }
        );
        error.to_string()
    };
    for file in [
        "ents.tsv",
        "establishments.tsv",
        "groups.tsv",
        "people.tsv",
        "affiliations.tsv",
        "publishers.tsv",
        "resources.tsv",
        "release.tsv",
        "subscriptions.tsv",
        "assignments.tsv",
    ] {
        assert!(refuse(file, None).contains(file));
        assert_eq!(
            refuse(file, Some(b"")),
            format!("{file}: the first line must name the columns")
        );
        assert_eq!(
            refuse(file, Some(b"\xff\n")),
            format!("{file}: the first line must name the columns")
        );
        assert!(refuse(file, Some(b"nme\n")).contains("column `nme` is not known here"));
    }
    assert_eq!(
        refuse("ents.tsv", Some(b"code\n")),
        "ents.tsv: column `name` is missing"
    );
    assert!(refuse("ents.tsv", Some(b"code\tname\tcode\n")).contains("named twice"));
    assert!(refuse("ents.tsv", Some(b"\xef\xbb\xbfcode\tname\n")).contains("is not known here"));
    assert_eq!(
        refuse("people.tsv", Some(b"ent\tperson\n")),
        "people.tsv: nothing in it to build from"
    );
    assert_eq!(
        refuse("establishments.tsv", Some(b"uai\tname\n")),
        "establishments.tsv: nothing in it to build from"
    );
}

#[test]
fn lines_that_are_too_long_or_not_text_do_not_stop_the_build() {
    let folder = written(&Country::smallest());
    let mut lines = b"B0\tp2\t\t".to_vec();
    lines.extend(std::iter::repeat_n(b'x', 3_000_000));
    lines.extend(b"\t\t\nB0\tp3\t\t\xff\t\t\nB0\tp4\t\t\t\t\n");
    append(&folder, "people.tsv", &lines);
    let report = build(folder.path(), &folder.join("out"), &BuildOptions::default()).unwrap();
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

#[test]
fn the_same_sources_give_the_same_octets_and_options_are_written() {
    let folder = written(&Country::smallest());
    let options = BuildOptions {
        generation: 7,
        built_at: january(3),
        overlay_sequence: 5,
        ..BuildOptions::default()
    };
    let (one, two) = (folder.join("one"), folder.join("two"));
    let report = build(folder.path(), &one, &options).unwrap();
    build(folder.path(), &two, &options).unwrap();
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
    let snapshot = Snapshot::open(&one).unwrap();
    assert_eq!(
        (
            snapshot.generation(),
            snapshot.built_at(),
            snapshot.overlay_sequence()
        ),
        (7, january(3), 5)
    );
    assert_eq!(snapshot.digest(), report.digest);
    assert_eq!(snapshot.counts(), report.counts);
    assert_eq!(snapshot.size() as u64, report.bytes);

    let other = build(
        folder.path(),
        &two,
        &BuildOptions {
            generation: 8,
            ..options.clone()
        },
    )
    .unwrap();
    assert_ne!(other.digest, report.digest);
    append(&folder, "people.tsv", b"B0\tp2\t\t\t\t\n");
    build(folder.path(), &two, &options).unwrap();
    assert_ne!(
        Snapshot::open(&two).unwrap().sources_digest(),
        snapshot.sources_digest()
    );
}

#[test]
fn the_file_is_for_its_owner_alone_and_replaced_whole() {
    let folder = written(&Country::smallest());
    let out = folder.join("country.snapshot");
    // What a killed build left behind does not disturb the next one.
    std::fs::write(folder.join(".country.snapshot.building"), b"half").unwrap();
    build(folder.path(), &out, &BuildOptions::default()).unwrap();
    assert_eq!(
        std::fs::metadata(&out).unwrap().permissions().mode() & 0o777,
        0o400
    );
    assert!(!folder.join(".country.snapshot.building").exists());
    let old = Snapshot::open(&out).unwrap();
    build(
        folder.path(),
        &out,
        &BuildOptions {
            generation: 2,
            ..BuildOptions::default()
        },
    )
    .unwrap();
    // The old one stays mapped and whole while the new one is in place.
    assert_eq!(
        (old.generation(), Snapshot::open(&out).unwrap().generation()),
        (1, 2)
    );
    old.check().unwrap();

    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o622)).unwrap();
    assert!(matches!(
        Snapshot::open(&out),
        Err(SnapshotError::WritableByOthers)
    ));
    assert!(matches!(
        Snapshot::open(folder.path()),
        Err(SnapshotError::Io(_))
    ));
}

#[test]
fn a_pseudonym_domain_does_not_change_by_accident() {
    let mut country = Country::smallest();
    let folder = written(&country);
    let (old, new) = (folder.join("old"), folder.join("new"));
    build(folder.path(), &old, &BuildOptions::default()).unwrap();
    country.publishers[0].domain = "house-x-2".into();
    country.publishers.push(Publisher {
        id: "pub-new".into(),
        domain: "any".into(),
        disabled: false,
    });
    country.write(folder.path());
    let mut options = BuildOptions {
        previous: Some(old.clone()),
        ..BuildOptions::default()
    };
    let error = build(folder.path(), &new, &options).unwrap_err();
    assert!(
        matches!(&error, BuildError::DomainChanged { publisher } if publisher == "pub-x"),
        "{error}"
    );
    options.rekeyed = vec!["pub-x".into()];
    build(folder.path(), &new, &options).unwrap();
    // A previous snapshot that cannot be read cannot be compared with.
    options.previous = Some(folder.join("people.tsv"));
    assert!(matches!(
        build(folder.path(), &new, &options),
        Err(BuildError::Previous(_))
    ));
}

#[test]
fn rekeying_maps_old_to_new_in_an_order_that_tells_nothing() {
    let mut country = Country::smallest();
    for n in 2..40 {
        country.people.push(Person {
            ent: "B0".into(),
            id: format!("p{n}"),
            ..Person::default()
        });
    }
    let folder = written(&country);
    append(&folder, "people.tsv", b"\tnobody\t\t\t\t\n");
    let pseudonymizer = Pseudonymizer::new(&[3; 32]).unwrap();
    let mut map = Vec::new();
    let done = rekey(
        folder.path(),
        &pseudonymizer,
        "house-x",
        "house-x-2",
        |old, new| {
            map.push((old.to_string(), new.to_string()));
        },
    )
    .unwrap();
    assert_eq!((done.people, done.set_aside, map.len()), (39, 1, 39));
    assert!(map.is_sorted());
    for person in &country.people {
        let pair = ["house-x", "house-x-2"]
            .map(|domain| pseudonymizer.derive("B0", &person.id, domain).to_string());
        assert!(map.contains(&pair.into()), "{}", person.id);
    }
}

#[test]
fn urls_name_one_resource_of_the_publisher_or_none() {
    let mut country = Country::smallest();
    let resource = |id: &str, publisher: &str, access: &str, urls: &[&str]| Resource {
        id: format!("ark:/99999/{id}"),
        publisher: publisher.into(),
        access_url: access.into(),
        urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        pull: true,
        acs_index: Some(3),
        ..Resource::default()
    };
    country.publishers.push(Publisher {
        id: "pub-y".into(),
        domain: "y".into(),
        disabled: false,
    });
    country.resources.extend([
        resource(
            "a",
            "pub-x",
            "https://x.example/a",
            &["https://x.example/books/*", "https://x.example/same"],
        ),
        resource(
            "b",
            "pub-x",
            "https://x.example/b",
            &["https://x.example/books/b*", "https://x.example/q?id=1*"],
        ),
        resource(
            "c",
            "pub-x",
            "https://x.example/c",
            &["https://x.example/books/b/c*", "https://x.example/same"],
        ),
        resource("d", "pub-x", "https://x.example/twice", &[]),
        resource(
            "e",
            "pub-x",
            "https://x.example/twice",
            &["https://x.example/*"],
        ),
        resource("f", "pub-y", "https://x.example/f", &["https://y.example*"]),
    ]);
    let snapshot = country.snapshot();
    let by_url = |publisher, url| {
        snapshot
            .resource_by_url(publisher, url)
            .map(|r| r.id().to_owned())
    };
    for (url, expected) in [
        ("https://x.example/r1", Some("r1")),
        ("https://x.example/a", Some("a")),
        ("https://x.example/books/", Some("a")),
        ("https://x.example/books/anything?x=1", Some("a")),
        ("https://x.example/books/b", Some("b")),
        ("https://x.example/books/b/x", Some("b")),
        ("https://x.example/books/b?x", Some("b")),
        // Not at a boundary: the shorter prefix has it.
        ("https://x.example/books/bb", Some("a")),
        ("https://x.example/books/b/c", Some("c")),
        ("https://x.example/books/b/cc", Some("b")),
        ("https://x.example/q?id=1&x=2", Some("b")),
        ("https://x.example/q?id=12", Some("e")),
        // Two resources share these: they name neither, not even by the prefix.
        ("https://x.example/same", None),
        ("https://x.example/twice", None),
        ("https://x.example/twice/deeper", Some("e")),
        ("https://x.example", None),
        ("https://x.example.evil/books/", None),
        ("https://y.example/", None),
        ("", None),
        ("ss:mem:0123456789abcdef", None),
    ] {
        let expected = expected.map(|id| format!("ark:/99999/{id}"));
        assert_eq!(by_url("pub-x", url), expected, "{url}");
    }
    assert_eq!(
        by_url("pub-y", "https://y.example/z"),
        Some("ark:/99999/f".into())
    );
    assert_eq!(by_url("pub-y", "https://y.example.evil/"), None);
    assert_eq!(by_url("pub-y", "https://x.example/a"), None);
    assert_eq!(by_url("nobody", "https://x.example/a"), None);

    let ids: Vec<&str> = snapshot.resources_of("pub-x").map(|r| r.id()).collect();
    assert_eq!(
        ids,
        ["a", "b", "c", "d", "e", "r1"].map(|id| format!("ark:/99999/{id}"))
    );
    let f = snapshot.resource("ark:/99999/f").unwrap();
    assert_eq!(
        (f.acs_index(), f.delivery().as_str(), f.publisher().id()),
        (Some(3), "pull", "pub-y")
    );
    assert_eq!(
        snapshot.publishers().map(|p| p.id()).collect::<Vec<_>>(),
        ["pub-x", "pub-y"]
    );
}

#[test]
fn fragments_are_escaped_once() {
    let mut country = Country::smallest();
    country.resources[0].access_url = "https://x.example/r1?a=1&b='2'".into();
    country.resources[0].family = "all".into();
    country.resources.push(Resource {
        id: "ark:/99999/r2".into(),
        publisher: "pub-x".into(),
        access_url: "https://x.example/r2?c&d".into(),
        family: "all".into(),
        ..Resource::default()
    });
    let snapshot = country.snapshot();
    let r1 = snapshot.resource("ark:/99999/r1").unwrap();
    assert_eq!(
        r1.access_url_escaped(),
        "https://x.example/r1?a=1&amp;b=&#39;2&#39;"
    );
    assert_eq!(r1.family(), Some("all"));
    let plain: Vec<&str> = r1.family_urls().collect();
    let escaped: Vec<&str> = r1.family_urls_xml().collect();
    assert_eq!(
        plain,
        ["https://x.example/r1?a=1&b='2'", "https://x.example/r2?c&d"]
    );
    assert_eq!(
        escaped,
        [
            "https://x.example/r1?a=1&amp;b='2'",
            "https://x.example/r2?c&amp;d"
        ]
    );
}
