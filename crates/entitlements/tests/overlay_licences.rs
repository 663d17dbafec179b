//! Licence counts when the log puts a subscription that the tables count: a put does not make them endless.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{BuildOptions, Directory, Query, Silent, Snapshot, Sources, build};
use support::entries::*;
use support::table::{SCHOOL, query};
use support::{Assignment, Country, Folder, Person, january};

/// Pupils p1 to p3, of whom each has a licence in the tables; one is left for one of them.
fn crowd() -> Country {
    let mut country = individual();
    country.subscriptions[0].licences = "1".into();
    country.assignments.clear();
    for n in 1..=3 {
        let person = format!("p{n}");
        if n > 1 {
            let mut affiliation = country.affiliations[0].clone();
            affiliation.person.clone_from(&person);
            country.affiliations.push(affiliation);
            country.people.push(Person {
                ent: "B0".into(),
                id: person.clone(),
                ..Person::default()
            });
        }
        country.assignments.push(Assignment {
            subscription: "s1".into(),
            school: SCHOOL.into(),
            kind: "person",
            ent: "B0".into(),
            target: person,
            ..Assignment::default()
        });
    }
    country
}

/// Who may on a day, by a body that has taken the changes in.
fn users(changes: &[&str], day: i64) -> String {
    let folder = Folder::of(&crowd());
    let out = folder.join("out");
    let sources = Sources::tables(folder.path()).with_changes(log(changes));
    build(&sources, &out, &BuildOptions::default(), &Silent).unwrap();
    let directory = Directory::bare(Snapshot::open(&out).unwrap().into());
    let may = |n: &u32| {
        let query = Query {
            person: &format!("p{n}"),
            at: january(day),
            ..query()
        };
        directory.resolve(&query).is_ok()
    };
    (1..=3).filter(may).map(|n| n.to_string()).collect()
}

#[test]
fn a_put_keeps_the_counts_of_the_line() {
    assert_eq!(users(&[], 10), "1");
    let longer = put("s1", HERE, "INDIV", "ELEVE", 5, 25);
    assert_eq!(users(&[&longer], 10), "1");
    assert_eq!(users(&[&longer], 22), "1", "and it is longer");
    assert_eq!(users(&[&longer, &ended("s1", 15)], 10), "1");
    // What the log gives, whoever gave it has counted: it takes no licence from the tables'.
    let given = given("s1", r#"{"kind":"person","ent":"B0","person":"p3"}"#, "");
    assert_eq!(users(&[&longer, &given], 10), "13");
    // A school that is open as a whole counts nobody, and neither does what it becomes again.
    let whole = put("s1", HERE, "ETABL", "ELEVE", 5, 25);
    assert_eq!(users(&[&whole], 10), "123");
    assert_eq!(users(&[&whole, &longer], 10), "1");
}
