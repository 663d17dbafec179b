//! Each change of the overlay with what it turns, and what holds between several, through build, file and look-up.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::sync::Arc;

use octroi_entitlements::Directory;
use support::entries::*;
use support::table::{OTHER, SCHOOL, query};
use support::{Affiliation, Country, Subscription, january};

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
