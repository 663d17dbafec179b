//! What `octroi explain` tells beyond yes and no: by which entry.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::sync::Arc;

use octroi_entitlements::{Directory, Pseudonymizer, explain};
use support::entries::*;
use support::{Country, january};

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
