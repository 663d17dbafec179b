//! Tables of cases on the smallest country: what is changed in it, and what the plain question then answers.

use octroi_entitlements::{Query, Snapshot, explain};

use super::{Affiliation, Assignment, Country, january};

pub const SCHOOL: &str = "0561622J";
pub const OTHER: &str = "0350042F";
pub const RESOURCE: &str = "ark:/99999/r1";

pub fn query<'q>() -> Query<'q> {
    Query {
        ent: "B0",
        person: "p1",
        resource: RESOURCE,
        school: None,
        at: january(10),
    }
}

pub fn code(snapshot: &Snapshot, query: &Query<'_>) -> &'static str {
    let resolved = snapshot.resolve(query);
    let explanation = explain(snapshot, query);
    let code = resolved.map_or_else(|denied| denied.code(), |_| "granted");
    assert_eq!(explanation.code, code);
    assert!(explanation.to_string().contains(code));
    code
}

/// What is changed in the smallest country, under what name, and what the plain question then answers.
pub type Case<'c> = (&'c str, fn(&mut Country), &'c str);

pub fn table(cases: &[Case]) {
    for (name, change, expected) in cases {
        let mut country = Country::smallest();
        change(&mut country);
        assert_eq!(code(&country.snapshot(), &query()), *expected, "{name}");
    }
}

pub fn individual(country: &mut Country, kind: &'static str, target: &str) {
    country.subscriptions[0].individual = true;
    country.assignments = vec![Assignment {
        subscription: "s1".into(),
        school: SCHOOL.into(),
        kind,
        ent: if kind == "person" {
            "B0".into()
        } else {
            String::new()
        },
        target: target.into(),
        ..Assignment::default()
    }];
}

pub fn second_school(country: &mut Country) {
    country.schools.push(OTHER.into());
    country.affiliations.push(Affiliation {
        school: OTHER.into(),
        divisions: vec![],
        ..country.affiliations[0].clone()
    });
}
