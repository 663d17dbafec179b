//! Resources, publishers and what is released for a time: each with cases that say yes and cases that say no, through
//! tables, build, file, changes and look-up.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::sync::Arc;

use octroi_entitlements::overlay::{Change, Entry};
use octroi_entitlements::{
    BuildOptions, BuildReport, Denied, Directory, Pseudonymizer, Query, Silent, Snapshot,
    SnapshotError, Sources, build, explain, repair_hashes,
};
use support::table::{RESOURCE, query};
use support::{Country, Days, Folder, Resource, january};

fn country(publisher: Days, resource: Days) -> Country {
    let mut country = Country::smallest();
    country.publishers[0].valid = publisher;
    country.resources[0].valid = resource;
    country
}

const ALWAYS: Days = (None, None);

#[test]
fn publisher_and_resource_must_be_valid() {
    let until = |day| Ok(january(day));
    for (name, publisher, resource, expected) in [
        ("no dates", ALWAYS, ALWAYS, until(20)),
        ("resource begun", ALWAYS, (Some(10), None), until(20)),
        (
            "resource to come",
            ALWAYS,
            (Some(11), None),
            Err("resource-not-yet"),
        ),
        ("resource not over", ALWAYS, (None, Some(11)), until(11)),
        (
            "resource over",
            ALWAYS,
            (None, Some(10)),
            Err("resource-expired"),
        ),
        (
            "resource longer than the subscription",
            ALWAYS,
            (Some(1), Some(31)),
            until(20),
        ),
        ("publisher begun", (Some(10), None), ALWAYS, until(20)),
        (
            "publisher to come",
            (Some(11), None),
            ALWAYS,
            Err("publisher-not-yet"),
        ),
        ("publisher not over", (None, Some(12)), ALWAYS, until(12)),
        (
            "publisher over",
            (None, Some(10)),
            ALWAYS,
            Err("publisher-expired"),
        ),
        (
            "the shorter of two",
            (Some(2), Some(14)),
            (Some(3), Some(13)),
            until(13),
        ),
        (
            "the shorter of two, the other",
            (Some(2), Some(13)),
            (Some(3), Some(14)),
            until(13),
        ),
        (
            "both to come",
            (Some(11), None),
            (Some(11), None),
            Err("publisher-not-yet"),
        ),
        (
            "over and to come",
            (Some(11), None),
            (None, Some(9)),
            Err("publisher-not-yet"),
        ),
    ] {
        let snapshot = country(publisher, resource).snapshot();
        snapshot.check().unwrap();
        let answer = snapshot.resolve(&query());
        let answer = answer.map(|grant| grant.until()).map_err(Denied::code);
        assert_eq!(answer, expected, "{name}");
        let explanation = explain(&snapshot, &query());
        assert_eq!(explanation.until, expected.ok(), "{name}");
        assert_eq!(
            explanation.code,
            expected.err().unwrap_or("granted"),
            "{name}"
        );
        // Nothing that is shown holds longer than the answer.
        let shown = explanation.candidates.iter().map(|c| &c.text);
        assert!(
            shown
                .clone()
                .all(|text| !text.contains("2026-01-20") || expected == until(20))
        );
        let valid = snapshot.resource(RESOURCE).unwrap().valid_at(january(10));
        assert_eq!(valid, expected.is_ok(), "{name}");
    }
}

#[test]
fn a_validity_begins_at_its_first_second_and_ends_before_its_last() {
    let snapshot = country((Some(6), Some(18)), (Some(8), Some(15))).snapshot();
    for (at, expected) in [
        (
            january(6) - 1,
            Denied::PublisherNotYet { starts: january(6) },
        ),
        (january(6), Denied::ResourceNotYet { starts: january(8) }),
        (
            january(8) - 1,
            Denied::ResourceNotYet { starts: january(8) },
        ),
        (january(15), Denied::ResourceExpired { ended: january(15) }),
        (
            january(18) - 1,
            Denied::ResourceExpired { ended: january(15) },
        ),
        (january(18), Denied::PublisherExpired { ended: january(18) }),
    ] {
        let query = Query { at, ..query() };
        assert_eq!(snapshot.resolve(&query).unwrap_err(), expected, "{at}");
        let text = explain(&snapshot, &query).text;
        assert!(
            text.starts_with(&expected.to_string()) && text.contains("2026-01-"),
            "{text}"
        );
    }
    for at in [january(8), january(15) - 1] {
        assert!(snapshot.resolve(&Query { at, ..query() }).is_ok(), "{at}");
    }
}

#[test]
fn a_member_has_a_validity_of_its_own() {
    let answer = |mother: Days, member: Days| {
        let mut country = Country::smallest();
        country.resources[0].family = "f".into();
        country.resources[0].valid = member;
        country.resources.push(Resource {
            id: "ark:/99999/mother".into(),
            mother: true,
            opens_family: true,
            valid: mother,
            ..country.resources[0].clone()
        });
        country.subscriptions[0].resource = "ark:/99999/mother".into();
        let resolved = country.snapshot();
        let resolved = resolved.resolve(&query());
        resolved.map_or_else(Denied::code, |_| "granted")
    };
    assert_eq!(answer(ALWAYS, (None, Some(10))), "resource-expired");
    assert_eq!(answer((None, Some(10)), ALWAYS), "granted");
}

fn names(snapshot: &Snapshot, at: i64) -> Vec<&'static str> {
    let grant = snapshot.resolve(&Query { at, ..query() }).unwrap();
    let pseudonym = Pseudonymizer::new(&[1; 32]).unwrap().of(&grant);
    grant.release(&pseudonym).iter().map(|a| a.name).collect()
}

#[test]
fn an_attribute_is_released_in_its_time() {
    let mut country = Country::smallest();
    country.resources[0].release = vec!["UAI"];
    country.resources[0].dated_release = vec![
        ("NOM", (Some(12), Some(14))),
        ("PRE", (Some(11), None)),
        ("NOM", (None, Some(8))),
        ("DIV", (Some(8), Some(12))),
        ("NOM", (Some(14), Some(15))),
    ];
    let snapshot = country.snapshot();
    snapshot.check().unwrap();
    for (at, expected) in [
        (january(5), &["UAI", "NOM"][..]),
        (january(8) - 1, &["UAI", "NOM"]),
        (january(8), &["UAI", "DIV"]),
        (january(11), &["UAI", "DIV", "PRE"]),
        (january(12), &["UAI", "NOM", "PRE"]),
        (january(14), &["UAI", "NOM", "PRE"]),
        (january(15), &["UAI", "PRE"]),
    ] {
        assert_eq!(names(&snapshot, at), expected, "{at}");
    }
    // What may be said changes; the right does not.
    assert_eq!(snapshot.resolve(&query()).unwrap().until(), january(20));
}

fn directory(country: &Country, changes: &[&str]) -> Directory {
    let entries: Vec<Arc<Entry>> = (1..)
        .zip(changes)
        .map(|(sequence, change)| {
            let change: Change = serde_json::from_str(change).unwrap();
            Arc::new(Entry {
                sequence,
                at: january(1),
                change,
            })
        })
        .collect();
    Directory::new(Arc::new(country.snapshot()), &entries)
}

#[test]
fn what_an_operator_suspends_is_told_before_what_is_over() {
    const PUBLISHER: &str = r#"{"kind":"publisher-suspended","publisher":"pub-x"}"#;
    const PUBLISHER_BACK: &str = r#"{"kind":"publisher-resumed","publisher":"pub-x"}"#;
    const OF_IT: &str = r#"{"kind":"resource-suspended","resource":"ark:/99999/r1"}"#;
    let over = country((None, Some(9)), (None, Some(9)));
    let open = country((None, Some(11)), (None, Some(12)));
    for (country, changes, expected) in [
        (&over, &[][..], "publisher-expired"),
        (&over, &[PUBLISHER], "publisher-suspended"),
        (&over, &[OF_IT], "resource-suspended"),
        (&over, &[PUBLISHER, PUBLISHER_BACK], "publisher-expired"),
        (&open, &[PUBLISHER], "publisher-suspended"),
        (&open, &[OF_IT], "resource-suspended"),
        (&open, &[PUBLISHER, PUBLISHER_BACK], "granted"),
    ] {
        let directory = directory(country, changes);
        let query = query();
        let code = directory
            .resolve(&query)
            .map_or_else(Denied::code, |_| "granted");
        assert_eq!(code, expected, "{changes:?}");
    }
    // A subscription that a change prolongs is not prolonged past the publisher.
    let put = format!(
        r#"{{"kind":"subscription-put","subscription":"n1","resource":"{RESOURCE}","schools":["0561622J"],"type":"ETABL","publics":["ELEVE"],"from":{},"until":{}}}"#,
        january(5),
        january(30)
    );
    let directory = directory(&open, &[&put]);
    assert_eq!(directory.resolve(&query()).unwrap().until(), january(11));
}

/// The smallest country with one table written anew, and what the build reports.
fn built(file: &str, table: &str) -> (Snapshot, Vec<u8>, BuildReport) {
    let folder = Folder::of(&Country::smallest());
    std::fs::write(folder.join(file), table).unwrap();
    let out = folder.join("out");
    let options = BuildOptions {
        hash_key: Some([7; 16]),
        ..BuildOptions::default()
    };
    let report = build(&Sources::tables(folder.path()), &out, &options, &Silent).unwrap();
    (
        Snapshot::open(&out).unwrap(),
        std::fs::read(&out).unwrap(),
        report,
    )
}

fn aside(file: &str, table: &str) -> Vec<String> {
    let (snapshot, _, report) = built(file, table);
    snapshot.check().unwrap();
    report.set_aside.iter().map(ToString::to_string).collect()
}

#[test]
fn bare_dates_are_whole_days_in_paris() {
    let line = "ark:/99999/r1\tR\tpub-x\tpush\thttps://x.example/r1\t2026-01-10\t2026-01-10\n";
    let header = "id\tname\tpublisher\tdelivery\taccess_url\tfrom\tuntil\n";
    let (snapshot, _, _) = built("resources.tsv", &format!("{header}{line}"));
    // Midnight in Paris is 23:00 the day before in UTC.
    let (begins, ends) = (january(10) - 3600, january(11) - 3600);
    for (at, expected) in [
        (begins - 1, "resource-not-yet"),
        (begins, "granted"),
        (ends - 1, "granted"),
        (ends, "resource-expired"),
    ] {
        let query = Query { at, ..query() };
        let code = snapshot
            .resolve(&query)
            .map_or_else(Denied::code, |_| "granted");
        assert_eq!(code, expected, "{at}");
    }
}

#[test]
fn bad_dates_and_times_that_meet_are_set_aside() {
    let publishers = "id\tname\tpseudonym_domain\tfrom\tuntil\npub-x\tX\thouse-x\t\t\n";
    let resources = "id\tname\tpublisher\tdelivery\taccess_url\tfrom\tuntil\n\
                     ark:/99999/r1\tR\tpub-x\tpush\thttps://x.example/r1\t\t\n";
    let release = "resource\tattribute\tfrom\tuntil\n\
                   ark:/99999/r1\tNOM\t2026-01-05\t2026-01-10\n\
                   ark:/99999/r1\tIDO\t\t\n";
    for (file, good, line, expected) in [
        (
            "publishers.tsv",
            publishers,
            "pub-y\tY\ty\tsoon\t",
            "publishers.tsv:3: from: neither a date (YYYY-MM-DD) nor an instant with offset",
        ),
        (
            "publishers.tsv",
            publishers,
            "pub-y\tY\ty\t2026-02-01\t2026-01-01",
            "publishers.tsv:3: until: ends before it begins",
        ),
        (
            "resources.tsv",
            resources,
            "ark:/99999/r2\tR\tpub-x\tpush\thttps://x.example/r2\t\t2026-02-30",
            "resources.tsv:3: until: neither a date (YYYY-MM-DD) nor an instant with offset",
        ),
        (
            "release.tsv",
            release,
            "ark:/99999/r1\tPRE\t2026-02-01\t2026-01-31",
            "release.tsv:4: until: ends before it begins",
        ),
        (
            "release.tsv",
            release,
            "ark:/99999/r1\tNOM\t2026-01-10\t2026-01-20",
            "release.tsv:4: attribute: an earlier line has the same key",
        ),
        (
            "release.tsv",
            release,
            "ark:/99999/r1\tNOM\t\t",
            "release.tsv:4: attribute: an earlier line has the same key",
        ),
        (
            "release.tsv",
            release,
            "ark:/99999/r1\tIDO\t2026-01-10\t",
            "release.tsv:4: attribute: an earlier line has the same key",
        ),
    ] {
        assert_eq!(
            aside(file, &format!("{good}{line}\n")),
            [expected],
            "{line}"
        );
    }
    let next_day = format!("{release}ark:/99999/r1\tNOM\t2026-01-11\t2026-01-20\n");
    assert_eq!(aside("release.tsv", &next_day), [""; 0]);
    let mut many = release.to_owned();
    for day in 11..28 {
        many.push_str(&format!(
            "ark:/99999/r1\tNOM\t2026-01-{day}\t2026-01-{day}\n"
        ));
    }
    let told = [
        "release.tsv:19: from: more than 16",
        "release.tsv:20: from: more than 16",
    ];
    assert_eq!(aside("release.tsv", &many), told);
}

#[test]
fn columns_without_dates_change_no_octet_of_the_body() {
    let old = "id\tname\tpseudonym_domain\npub-x\tX\thouse-x\n";
    let new = "id\tname\tpseudonym_domain\tfrom\tuntil\npub-x\tX\thouse-x\t\t\n";
    let (_, old, _) = built("publishers.tsv", old);
    let (_, new, _) = built("publishers.tsv", new);
    assert!(old[4096..] == new[4096..]);
}

/// Where a word of the first record of a section stands.
fn place(octets: &[u8], section: usize, word: usize) -> usize {
    let entry = 160 + (section - 1) * 24 + 8;
    let start = u64::from_le_bytes(octets[entry..entry + 8].try_into().unwrap());
    start as usize + word * 4
}

#[test]
fn a_damaged_validity_does_not_open() {
    const LISTS: usize = 2;
    let folder = Folder::new();
    let mut dated = country((None, Some(15)), (Some(3), Some(14)));
    dated.resources[0].dated_release = vec![("NOM", (Some(5), Some(9)))];
    dated.write(folder.path());
    let out = folder.join("out");
    build(
        &Sources::tables(folder.path()),
        &out,
        &BuildOptions::default(),
        &Silent,
    )
    .unwrap();
    let good = std::fs::read(&out).unwrap();
    let word = |at: usize| u32::from_le_bytes(good[at..at + 4].try_into().unwrap());
    let publisher = place(&good, 10, 9);
    let (resource, release) = (place(&good, 12, 10), place(&good, 12, 11));
    let of_list = |list: u32, at: usize| place(&good, LISTS, list as usize + 1 + at);
    // The upper halves of the ends: long before the beginnings.
    let resource_ends = of_list(word(resource), 3);
    let release_ends = of_list(word(release), 4);
    let attribute = of_list(word(release), 0);
    for (name, at, value, section) in [
        ("leads nowhere", publisher, u32::MAX, "Publishers"),
        ("leads nowhere", resource, u32::MAX, "Resources"),
        ("leads nowhere", release, u32::MAX, "Resources"),
        (
            "another list's length",
            publisher,
            word(release),
            "Publishers",
        ),
        (
            "another list's length",
            resource,
            word(release),
            "Resources",
        ),
        (
            "another list's length",
            release,
            word(resource),
            "Resources",
        ),
        ("ends before it begins", resource_ends, 1 << 31, "Resources"),
        ("ends before it begins", release_ends, 1 << 31, "Resources"),
        ("no such attribute", attribute, 99, "Resources"),
        ("released always, too", attribute, 0, "Resources"),
    ] {
        let mut bad = good.clone();
        bad[at..at + 4].copy_from_slice(&value.to_le_bytes());
        repair_hashes(&mut bad);
        match Snapshot::from_bytes(bad) {
            Err(SnapshotError::BadRecord {
                section: found,
                record: 0,
            }) => assert_eq!(found, section, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(Snapshot::from_bytes(good).is_ok());
}
