//! What `octroi explain` tells beyond yes and no: by which entry, and why a licence reaches nobody.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::sync::Arc;

use octroi_entitlements::{Directory, Pseudonymizer, Unassigned, explain};
use support::entries::*;
use support::table::{SCHOOL, query};
use support::{Assignment, Country, Person, january};

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

/// A second person, who is not in the class.
fn with_another(mut country: Country) -> Country {
    country.people.push(Person {
        ent: "B0".into(),
        id: "p2".into(),
        ..Person::default()
    });
    let mut affiliation = country.affiliations[0].clone();
    affiliation.person = "p2".into();
    affiliation.divisions.clear();
    country.affiliations.push(affiliation);
    country
}

#[test]
fn a_licence_that_reaches_nobody_says_what_there_is() {
    let to_class = |from: Option<i64>, until: Option<i64>| {
        let mut country = individual();
        country.assignments[0].from = from;
        country.assignments[0].until = until;
        country
    };
    let unassigned = || {
        let mut country = individual();
        country.assignments.clear();
        country
    };
    let to_another = || {
        let mut country = with_another(individual());
        country.assignments[0] = Assignment {
            kind: "person",
            ent: "B0".into(),
            target: "p2".into(),
            ..country.assignments[0].clone()
        };
        country
    };
    // One licence for a class of two: the build lets nobody have it.
    let ran_out = || {
        let mut country = with_another(individual());
        country.affiliations[1].divisions = vec!["6A".into()];
        country.subscriptions[0].licences = "1".into();
        country
    };
    assert_eq!(
        ran_out().build().1.files["assignments.tsv"].licences_exhausted,
        1
    );
    let (starts, ended) = (january(15), january(8));
    let later = format!(r#","from":{starts}"#);
    for (country, changes, expected) in [
        (unassigned(), vec![], Unassigned::Nobody),
        (ran_out(), vec![], Unassigned::Nobody),
        (to_another(), vec![], Unassigned::Others { targets: 1 }),
        (
            to_class(Some(15), None),
            vec![],
            Unassigned::Later { starts },
        ),
        (to_class(None, Some(8)), vec![], Unassigned::Over { ended }),
        (
            individual(),
            vec![taken("s1", CLASS)],
            Unassigned::TakenBack,
        ),
        (
            unassigned(),
            vec![given("s1", P1, &later)],
            Unassigned::Later { starts },
        ),
        // The subscription ends before the licence begins, by an entry: it never comes.
        (
            to_class(Some(15), None),
            vec![support::entries::ended("s1", 12)],
            Unassigned::Nobody,
        ),
        (
            unassigned(),
            vec![given("s1", P1, &later), support::entries::ended("s1", 12)],
            Unassigned::Nobody,
        ),
        (
            to_another(),
            vec![given("s1", r#"{"kind":"level","code":"x"}"#, "")],
            Unassigned::Others { targets: 1 },
        ),
        (
            to_another(),
            vec![taken("s1", r#"{"kind":"person","ent":"B0","person":"p2"}"#)],
            Unassigned::Nobody,
        ),
    ] {
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let directory = Directory::new(Arc::new(country.build().0), &log(&changes));
        assert_eq!(code(&directory, &query()), "not-assigned");
        let explanation = explain(&directory, &query());
        let candidate = &explanation.candidates[0];
        assert_eq!(candidate.unassigned, Some(expected), "{changes:?}");
        let text = explanation.to_string();
        // Where they may have run out it says where to look, and nowhere else.
        let may_have = matches!(expected, Unassigned::Nobody | Unassigned::Others { .. });
        assert_eq!(text.contains("licences-exhausted"), may_have, "{text}");
        assert!(!text.contains("p2"), "{text}");
    }
    // A yes has nothing of it.
    let explanation = explain(
        &Directory::bare(Arc::new(individual().snapshot())),
        &query(),
    );
    assert!(
        !serde_json::to_string(&explanation)
            .unwrap()
            .contains("unassigned")
    );
}
