//! Each change of the overlay with what it turns, and what holds between several, through build, file and look-up.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::sync::Arc;

use octroi_entitlements::overlay::{Change, Entry, Unknown, What};
use octroi_entitlements::{
    BuildOptions, Directory, Pseudonymizer, Query, Silent, Snapshot, Sources, build, explain,
};
use support::{Affiliation, Assignment, Country, Ent, Folder, Subscription, january};

const SCHOOL: &str = "0561622J";
const OTHER: &str = "0350042F";
const RESOURCE: &str = "ark:/99999/r1";

fn query<'q>() -> Query<'q> {
    Query {
        ent: "B0",
        person: "p1",
        resource: RESOURCE,
        school: None,
        at: january(10),
    }
}

/// Changes as the log writes them, numbered from 1 on.
fn log(changes: &[&str]) -> Vec<Arc<Entry>> {
    (1..)
        .zip(changes)
        .map(|(sequence, change)| {
            let change: Change = serde_json::from_str(change).unwrap();
            change.check().unwrap();
            let at = january(1);
            Arc::new(Entry {
                sequence,
                at,
                change,
            })
        })
        .collect()
}

fn code(directory: &Directory, query: &Query<'_>) -> &'static str {
    let code = directory
        .resolve(query)
        .map_or_else(|denied| denied.code(), |_| "granted");
    let explanation = explain(directory, query);
    assert_eq!(explanation.code, code);
    assert_eq!(explanation.overlay, directory.overlay().last_sequence());
    assert!(explanation.to_string().contains(code));
    code
}

const REVOKED: &str = r#"{"kind":"person-revoked","ent":"B0","person":"p1"}"#;
const RESTORED: &str = r#"{"kind":"person-restored","ent":"B0","person":"p1"}"#;
const SUSPENDED: &str = r#"{"kind":"publisher-suspended","publisher":"pub-x"}"#;
const RESUMED: &str = r#"{"kind":"publisher-resumed","publisher":"pub-x"}"#;
const CLOSED: &str = r#"{"kind":"resource-suspended","resource":"http://n2t.net/ark:/99999/r1"}"#;
const OPENED: &str = r#"{"kind":"resource-resumed","resource":"ark:/99999/r1"}"#;

fn put(id: &str, schools: &str, kind: &str, publics: &str, from: i64, until: i64) -> String {
    format!(
        r#"{{"kind":"subscription-put","subscription":"{id}","resource":"{RESOURCE}","schools":[{schools}],"type":"{kind}","publics":["{publics}"],"from":{},"until":{}}}"#,
        january(from),
        january(until)
    )
}

fn ended(id: &str, day: i64) -> String {
    format!(
        r#"{{"kind":"subscription-ended","subscription":"{id}","until":{}}}"#,
        january(day)
    )
}

fn given(id: &str, target: &str, more: &str) -> String {
    format!(
        r#"{{"kind":"assignment-put","assignment":{{"subscription":"{id}","school":"{SCHOOL}","target":{target}}}{more}}}"#
    )
}

fn taken(id: &str, target: &str) -> String {
    format!(
        r#"{{"kind":"assignment-ended","subscription":"{id}","school":"{SCHOOL}","target":{target}}}"#
    )
}

const P1: &str = r#"{"kind":"person","ent":"B0","person":"p1"}"#;
const CLASS: &str = r#"{"kind":"division","code":"6A"}"#;
const HERE: &str = r#""0561622J""#;

/// A country whose one subscription is assigned to the class of its one person.
fn individual() -> Country {
    let mut country = Country::smallest();
    country.subscriptions[0].individual = true;
    country.assignments = vec![Assignment {
        subscription: "s1".into(),
        school: SCHOOL.into(),
        kind: "division",
        ent: String::new(),
        target: "6A".into(),
        ..Assignment::default()
    }];
    country
}

fn nothing() -> Country {
    let mut country = Country::smallest();
    country.subscriptions.clear();
    country
}

#[test]
fn each_change_turns_the_answer() {
    let smallest = Country::smallest;
    let disabled = || {
        let mut country = Country::smallest();
        country.publishers[0].disabled = true;
        country
    };
    // Name, country, changes, answer. The plain country says yes until the 20th.
    type Case<'c> = (&'c str, Country, Vec<String>, &'c str);
    let all = |changes: &[&str]| changes.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
    let cases: Vec<Case<'_>> = vec![
        ("nothing", smallest(), vec![], "granted"),
        ("revoked", smallest(), all(&[REVOKED]), "person-revoked"),
        ("restored", smallest(), all(&[REVOKED, RESTORED]), "granted"),
        (
            "again",
            smallest(),
            all(&[REVOKED, RESTORED, REVOKED]),
            "person-revoked",
        ),
        (
            "restored before",
            smallest(),
            all(&[RESTORED, REVOKED]),
            "person-revoked",
        ),
        (
            "suspended",
            smallest(),
            all(&[SUSPENDED]),
            "publisher-suspended",
        ),
        ("resumed", smallest(), all(&[SUSPENDED, RESUMED]), "granted"),
        ("closed", smallest(), all(&[CLOSED]), "resource-suspended"),
        ("opened", smallest(), all(&[CLOSED, OPENED]), "granted"),
        (
            "both",
            smallest(),
            all(&[CLOSED, SUSPENDED]),
            "publisher-suspended",
        ),
        (
            "revoked first",
            smallest(),
            all(&[CLOSED, SUSPENDED, REVOKED]),
            "person-revoked",
        ),
        (
            "resumed, but off in the tables",
            disabled(),
            all(&[SUSPENDED, RESUMED]),
            "publisher-disabled",
        ),
        (
            "put",
            nothing(),
            vec![put("n1", HERE, "ETABL", "ELEVE", 5, 20)],
            "granted",
        ),
        (
            "put for later",
            nothing(),
            vec![put("n1", HERE, "ETABL", "ELEVE", 11, 20)],
            "subscription-not-yet",
        ),
        (
            "put for others",
            nothing(),
            vec![put("n1", HERE, "ETABL", "ENSEIGNANT", 5, 20)],
            "public-excluded",
        ),
        (
            "put elsewhere",
            nothing(),
            vec![put("n1", r#""9999999Z""#, "ETABL", "ELEVE", 5, 20)],
            "no-subscription",
        ),
        (
            "put here and nowhere",
            nothing(),
            vec![put(
                "n1",
                r#""9999999Z","0561622J""#,
                "ETABL",
                "ELEVE",
                5,
                20,
            )],
            "granted",
        ),
        (
            "put and ended",
            nothing(),
            vec![put("n1", HERE, "ETABL", "ELEVE", 5, 20), ended("n1", 10)],
            "subscription-expired",
        ),
        (
            "put, ended later",
            nothing(),
            vec![put("n1", HERE, "ETABL", "ELEVE", 5, 20), ended("n1", 11)],
            "granted",
        ),
        (
            "ended, put again",
            nothing(),
            vec![
                put("n1", HERE, "ETABL", "ELEVE", 5, 20),
                ended("n1", 10),
                put("n1", HERE, "ETABL", "ELEVE", 5, 20),
            ],
            "granted",
        ),
        (
            "ended",
            smallest(),
            vec![ended("s1", 10)],
            "subscription-expired",
        ),
        (
            "ended twice",
            smallest(),
            vec![ended("s1", 10), ended("s1", 15)],
            "subscription-expired",
        ),
        (
            "ended before it begins",
            smallest(),
            vec![ended("s1", 2)],
            "subscription-expired",
        ),
        (
            "ended, another",
            smallest(),
            vec![ended("s2", 10)],
            "granted",
        ),
        (
            "replaced by another public",
            smallest(),
            vec![put("s1", HERE, "ETABL", "ENSEIGNANT", 5, 20)],
            "public-excluded",
        ),
        (
            "replaced and withdrawn",
            smallest(),
            vec![put("s1", r#""9999999Z""#, "ETABL", "ELEVE", 5, 20)],
            "no-subscription",
        ),
        (
            "replaced, longer",
            smallest(),
            vec![
                put("s1", HERE, "ETABL", "ELEVE", 5, 9),
                put("s1", HERE, "ETABL", "ELEVE", 5, 20),
            ],
            "granted",
        ),
        (
            "individual, put",
            nothing(),
            vec![put("n1", HERE, "INDIV", "ELEVE", 5, 20)],
            "not-assigned",
        ),
        (
            "given",
            nothing(),
            vec![
                put("n1", HERE, "INDIV", "ELEVE", 5, 20),
                given("n1", P1, ""),
            ],
            "granted",
        ),
        (
            "given before",
            nothing(),
            vec![
                given("n1", P1, ""),
                put("n1", HERE, "INDIV", "ELEVE", 5, 20),
            ],
            "granted",
        ),
        (
            "given, never put",
            nothing(),
            vec![given("n1", P1, "")],
            "no-subscription",
        ),
        (
            "given to the class",
            nothing(),
            vec![
                put("n1", HERE, "INDIV", "ELEVE", 5, 20),
                given("n1", CLASS, ""),
            ],
            "granted",
        ),
        (
            "given to a group of that code",
            nothing(),
            vec![
                put("n1", HERE, "INDIV", "ELEVE", 5, 20),
                given("n1", r#"{"kind":"group","code":"6A"}"#, ""),
            ],
            "not-assigned",
        ),
        (
            "given to pupils",
            nothing(),
            vec![
                put("n1", HERE, "INDIV", "ELEVE", 5, 20),
                given("n1", r#"{"kind":"profile","profile":"National_elv"}"#, ""),
            ],
            "granted",
        ),
        (
            "taken",
            individual(),
            vec![taken("s1", CLASS)],
            "not-assigned",
        ),
        (
            "taken from another",
            individual(),
            vec![taken("s1", P1)],
            "granted",
        ),
        (
            "taken and given",
            individual(),
            vec![taken("s1", CLASS), given("s1", CLASS, "")],
            "granted",
        ),
        (
            "given besides, taken",
            individual(),
            vec![given("s1", P1, ""), taken("s1", CLASS)],
            "granted",
        ),
        (
            "kept by a put",
            individual(),
            vec![put("s1", HERE, "INDIV", "ELEVE", 5, 15)],
            "granted",
        ),
        (
            "taken and put",
            individual(),
            vec![taken("s1", CLASS), put("s1", HERE, "INDIV", "ELEVE", 5, 15)],
            "not-assigned",
        ),
        (
            "open to all, then not",
            individual(),
            vec![
                put("s1", HERE, "ETABL", "ELEVE", 5, 20),
                put("s1", HERE, "INDIV", "ELEVE", 5, 20),
            ],
            "granted",
        ),
        (
            "given until today",
            individual(),
            vec![given("s1", CLASS, &format!(r#","until":{}"#, january(10)))],
            "not-assigned",
        ),
        (
            "given until tomorrow",
            individual(),
            vec![given("s1", CLASS, &format!(r#","until":{}"#, january(11)))],
            "granted",
        ),
        (
            "given from tomorrow",
            individual(),
            vec![given("s1", CLASS, &format!(r#","from":{}"#, january(11)))],
            "not-assigned",
        ),
        (
            "given longer than it holds",
            individual(),
            vec![
                given("s1", CLASS, &format!(r#","until":{}"#, january(31))),
                ended("s1", 10),
            ],
            "subscription-expired",
        ),
    ];
    for (name, country, changes, expected) in cases {
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let log = log(&changes);
        let snapshot = Arc::new(country.snapshot());
        let directory = Directory::new(Arc::clone(&snapshot), &log);
        assert_eq!(code(&directory, &query()), expected, "{name}");
        // One after the other comes to the same.
        let mut one_by_one = Directory::bare(snapshot);
        for entry in &log {
            one_by_one = one_by_one.extended(std::slice::from_ref(entry));
        }
        assert_eq!(code(&one_by_one, &query()), expected, "{name}");
    }
}

#[test]
fn a_licence_for_a_time_ends_the_right_with_it() {
    let until = |more: String| {
        let log = log(&[&given("s1", CLASS, &more)]);
        let directory = Directory::new(Arc::new(individual().snapshot()), &log);
        directory.resolve(&query()).unwrap().until()
    };
    assert_eq!(until(String::new()), january(20));
    assert_eq!(until(format!(r#","until":{}"#, january(12))), january(12));
    assert_eq!(until(format!(r#","until":{}"#, january(31))), january(20));
}

#[test]
fn a_right_through_an_entry_is_like_any_other() {
    let changes = [put("n1", HERE, "ETABL", "ELEVE", 5, 18)];
    let log = log(&[&changes[0]]);
    let directory = Directory::new(Arc::new(nothing().snapshot()), &log);
    let query = query();
    let grant = directory.resolve(&query).unwrap();
    let through: Vec<_> = grant.subscriptions().collect();
    assert_eq!(through.len(), 1);
    assert_eq!((through[0].id(), through[0].entry()), ("n1", Some(1)));
    assert_eq!(through[0].until(), january(18));
    assert_eq!(grant.until(), january(18));
    let pseudonym = Pseudonymizer::new(&[1; 32]).unwrap().of(&grant);
    let released = grant.release(&pseudonym);
    let names: Vec<_> = released.iter().map(|attribute| attribute.name).collect();
    assert_eq!(names, ["IDO", "UAI", "PRO", "DIV"]);
    assert_eq!(released[1].values, [SCHOOL]);
    let explanation = explain(&directory, &query);
    assert_eq!(explanation.candidates.len(), 1);
    assert_eq!(explanation.candidates[0].entry, Some(1));
    assert!(
        explanation
            .to_string()
            .contains("n1 in 0561622J for ELEVE (overlay entry 1)")
    );
}

#[test]
fn explanations_name_the_entry_that_decided() {
    let other = r#"{"kind":"person-revoked","ent":"B0","person":"p2"}"#;
    for (changes, entry) in [
        (vec![other, REVOKED], 2),
        (vec![REVOKED, RESTORED, other, REVOKED], 4),
        (vec![SUSPENDED], 1),
        (vec![other, CLOSED, OPENED, CLOSED], 4),
    ] {
        let directory = Directory::new(Arc::new(Country::smallest().snapshot()), &log(&changes));
        let explanation = explain(&directory, &query());
        assert_eq!(explanation.entry, Some(entry), "{changes:?}");
        assert!(
            explanation
                .to_string()
                .contains(&format!("overlay entry {entry}"))
        );
        assert!(
            !explanation.to_string().contains("p1"),
            "no person is named"
        );
    }
}

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

#[test]
fn the_order_of_delivery_does_not_matter() {
    let entries = log(&[REVOKED, RESTORED, SUSPENDED, RESUMED, &ended("s1", 10)]);
    let shuffled: Vec<_> = [4, 1, 3, 0, 2, 1]
        .map(|at: usize| Arc::clone(&entries[at]))
        .into();
    let snapshot = Arc::new(Country::smallest().snapshot());
    let directory = Directory::new(Arc::clone(&snapshot), &shuffled);
    assert_eq!(code(&directory, &query()), "subscription-expired");
    assert_eq!(directory.overlay().entries(), entries);
    // What was applied is not applied again.
    let again = directory.extended(&entries[..1]);
    assert_eq!(code(&again, &query()), "subscription-expired");
}

#[test]
fn a_put_in_one_of_two_schools_narrows_the_release() {
    let mut country = Country::smallest();
    country.schools.push(OTHER.into());
    country.affiliations.push(Affiliation {
        school: OTHER.into(),
        divisions: vec![],
        ..country.affiliations[0].clone()
    });
    country.subscriptions[0] = Subscription {
        schools: vec![SCHOOL.into(), OTHER.into()],
        ..country.subscriptions[0].clone()
    };
    let snapshot = Arc::new(country.snapshot());
    let schools = |changes: &[&str]| {
        let directory = Directory::new(Arc::clone(&snapshot), &log(changes));
        let query = query();
        let grant = directory.resolve(&query).unwrap();
        grant
            .schools()
            .map(|s| s.uai().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(schools(&[]), [OTHER, SCHOOL]);
    assert_eq!(
        schools(&[&put("s1", HERE, "ETABL", "ELEVE", 5, 20)]),
        [SCHOOL]
    );
    let elsewhere = put("s1", r#""0350042F""#, "ETABL", "ELEVE", 5, 20);
    assert_eq!(schools(&[&elsewhere]), [OTHER]);
    assert_eq!(
        schools(&[&elsewhere, &put("n1", HERE, "ETABL", "ELEVE", 5, 20)]),
        [OTHER, SCHOOL]
    );
}
