//! What stands: revocations before everything, what a body contains already, what it does not know.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::sync::Arc;

use octroi_entitlements::overlay::{Unknown, What};
use octroi_entitlements::{BuildOptions, Directory, Query, Silent, Snapshot, Sources, build};
use support::entries::*;
use support::table::{OTHER, query};
use support::{Country, Ent, Folder};

#[test]
fn somebody_revoked_is_revoked_under_every_code_and_before_anything_else() {
    let mut country = Country::smallest();
    let merged = |code: &str| Ent {
        code: code.into(),
        alias_of: "B0".into(),
    };
    country.ents.extend([merged("C0"), merged("D0")]);
    let by_alias = r#"{"kind":"person-revoked","ent":"D0","person":"p1"}"#;
    let unseen = r#"{"kind":"person-revoked","ent":"B0","person":"not-yet-there"}"#;
    let directory = Directory::new(Arc::new(country.snapshot()), &log(&[by_alias, unseen]));
    for ent in ["B0", "C0", "D0"] {
        let query = Query { ent, ..query() };
        assert_eq!(code(&directory, &query), "person-revoked", "{ent}");
        let query = Query {
            resource: "ark:/99999/none",
            school: Some(OTHER),
            ..query
        };
        assert_eq!(code(&directory, &query), "person-revoked", "{ent}");
        let query = Query {
            person: "not-yet-there",
            ..query
        };
        assert_eq!(code(&directory, &query), "person-revoked", "{ent}");
    }
    assert_eq!(
        code(
            &directory,
            &Query {
                ent: "A0",
                ..query()
            }
        ),
        "unknown-ent"
    );
    assert_eq!(directory.overlay().unknown().len(), 1);
}

#[test]
fn what_the_snapshot_does_not_know_is_told_and_stops_nothing() {
    let changes = [
        put("n1", r#""9999999Z","0561622J""#, "INDIV", "ELEVE", 5, 20),
        put("n2", HERE, "ETABL", "ELEVE", 5, 20).replace("r1", "r9"),
        ended("n3", 7),
        given("n4", P1, ""),
        given("n1", r#"{"kind":"person","ent":"B0","person":"p9"}"#, ""),
        given("n1", r#"{"kind":"division","code":"9Z"}"#, ""),
        given("n1", r#"{"kind":"level","code":"2211"}"#, ""),
        r#"{"kind":"person-revoked","ent":"Z9","person":"p1"}"#.to_owned(),
        r#"{"kind":"publisher-suspended","publisher":"pub-y"}"#.to_owned(),
        r#"{"kind":"resource-suspended","resource":"ark:/99999/r9"}"#.to_owned(),
        given("n1", P1, ""),
    ];
    let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
    let directory = Directory::new(Arc::new(nothing().snapshot()), &log(&changes));
    assert_eq!(code(&directory, &query()), "granted");
    let told = directory.overlay().unknown();
    let expected = [
        (1, What::School, "9999999Z"),
        (2, What::Resource, "ark:/99999/r9"),
        (3, What::Subscription, "n3"),
        (4, What::Subscription, "n4"),
        (5, What::Person, ""),
        (6, What::Group, "9Z"),
        (7, What::Code, "2211"),
        (8, What::Ent, "Z9"),
        (9, What::Publisher, "pub-y"),
        (10, What::Resource, "ark:/99999/r9"),
    ]
    .map(|(sequence, what, name)| Unknown {
        sequence,
        what,
        name: name.to_owned(),
    });
    assert_eq!(told, expected);
    assert_eq!(directory.overlay().unknown_total(), told.len());
    // A subscription that entries had named is known once it is put.
    let mut later = log(&[&put("n4", HERE, "INDIV", "ELEVE", 5, 20)]);
    Arc::make_mut(&mut later[0]).sequence = 99;
    let later = directory.extended(&later);
    assert_eq!(later.overlay().unknown_total(), told.len() - 1);
    // A snapshot that knows more is asked again.
    let mut country = nothing();
    country.schools.push("9999999Z".into());
    let again = directory.onto(Arc::new(country.snapshot()));
    assert_eq!(again.overlay().unknown_total(), told.len() - 1);
}

fn body(country: &Country, overlay_sequence: u64) -> Arc<Snapshot> {
    let folder = Folder::of(country);
    let out = folder.join("country.snapshot");
    let options = BuildOptions {
        overlay_sequence,
        ..BuildOptions::default()
    };
    build(&Sources::tables(folder.path()), &out, &options, &Silent).unwrap();
    Arc::new(Snapshot::open(&out).unwrap())
}

#[test]
fn what_a_body_contains_is_not_applied_again_but_what_forbids_stands() {
    // The log revoked, suspended and ended; the tables of the new body were mended by hand since.
    let end = ended("s1", 10);
    let entries = log(&[&end, REVOKED, &ended("s1", 11)]);
    let country = Country::smallest();
    let code_with = |sequence| {
        code(
            &Directory::new(body(&country, sequence), &entries),
            &query(),
        )
    };
    assert_eq!(code_with(0), "person-revoked");
    assert_eq!(
        code_with(3),
        "person-revoked",
        "a standing revocation holds whatever the body contains"
    );
    let lifted = log(&[&end, REVOKED, &ended("s1", 11), RESTORED]);
    let code_with = |sequence| code(&Directory::new(body(&country, sequence), &lifted), &query());
    assert_eq!(code_with(0), "subscription-expired");
    assert_eq!(
        code_with(1),
        "granted",
        "only what came after it: the end on the 11th"
    );
    assert_eq!(code_with(4), "granted");
    // From the new body back to the old one: everything after its sequence is replayed.
    let newest = Directory::new(body(&country, 4), &lifted);
    assert_eq!(
        code(&newest.onto(body(&country, 0)), &query()),
        "subscription-expired"
    );
}
