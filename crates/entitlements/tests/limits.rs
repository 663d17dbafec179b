//! The bounds of docs/directory.md: what is at a bound is taken, what is over it is set aside, the rest of it works.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{BuildReport, Query, Snapshot};
use support::{Affiliation, Country, Subscription, january};

fn told(report: &BuildReport) -> Vec<String> {
    report.set_aside.iter().map(ToString::to_string).collect()
}

fn ask<'s>(snapshot: &'s Snapshot, school: Option<&'s str>) -> Result<usize, &'static str> {
    let query = Query {
        ent: "B0",
        person: "p1",
        resource: "ark:/99999/r1",
        school,
        at: january(10),
    };
    let grant = snapshot.resolve(&query).map_err(|denied| denied.code())?;
    Ok(grant.subscriptions().count())
}

#[test]
fn subscriptions_of_one_school_to_one_resource() {
    for (count, over) in [(256, 0), (258, 2)] {
        let mut country = Country::smallest();
        country.subscriptions = (0..count)
            .map(|n| Subscription {
                id: format!("s{n:03}"),
                ..country.subscriptions[0].clone()
            })
            .collect();
        let (snapshot, report) = country.build();
        snapshot.check().unwrap();
        assert_eq!(ask(&snapshot, None), Ok(256));
        let expected: Vec<String> = (256..256 + over)
            .map(|n| format!("subscriptions.tsv:{}: schools: more than 256", n + 2))
            .collect();
        assert_eq!(told(&report), expected);
    }
}

#[test]
fn schools_of_one_person() {
    for (count, over) in [(64, 0), (66, 2)] {
        let mut country = Country::smallest();
        country.schools = (0..count).map(|n| format!("{n:07}A")).collect();
        country.groups.clear();
        country.subscriptions[0].schools = country.schools.clone();
        country.affiliations = country
            .schools
            .iter()
            .map(|school| Affiliation {
                school: school.clone(),
                divisions: vec![],
                ..country.affiliations[0].clone()
            })
            .collect();
        let (snapshot, report) = country.build();
        snapshot.check().unwrap();
        let expected: Vec<String> = (64..64 + over)
            .map(|n| format!("affiliations.tsv:{}: uai: more than 64", n + 2))
            .collect();
        assert_eq!(told(&report), expected);
        assert_eq!(ask(&snapshot, Some("0000000A")), Ok(1));
        assert_eq!(ask(&snapshot, Some("0000063A")), Ok(1));
        let beyond = ask(&snapshot, Some("0000065A"));
        assert_eq!(beyond, Err("not-in-that-school"));
        let query = Query {
            ent: "B0",
            person: "p1",
            resource: "ark:/99999/r1",
            school: None,
            at: january(10),
        };
        assert_eq!(snapshot.resolve(&query).unwrap().schools().count(), 64);
    }
}

#[test]
fn codes_of_one_person_in_one_school() {
    for (first, second, over) in [(1000, 0, 0), (600, 400, 0), (600, 401, 1), (1001, 0, 1)] {
        let mut country = Country::smallest();
        country.groups.clear();
        country.affiliations[0].divisions.clear();
        country.affiliations[0].levels = (0..first).map(|n| n.to_string()).collect();
        if second > 0 {
            country.affiliations.push(Affiliation {
                levels: (0..second).map(|n| format!("x{n}")).collect(),
                ..country.affiliations[0].clone()
            });
        }
        let (_, report) = {
            if second == 0 && over > 0 {
                // Somebody must be left for the table to be good.
                country.people.push(support::Person {
                    ent: "B0".into(),
                    id: "p2".into(),
                    ..support::Person::default()
                });
                country.affiliations.push(Affiliation {
                    person: "p2".into(),
                    levels: vec![],
                    ..country.affiliations[0].clone()
                });
            }
            country.build()
        };
        assert_eq!(told(&report).len(), over, "{first} {second}");
        assert!(
            told(&report)
                .iter()
                .all(|line| line.ends_with("groups: more than 1000"))
        );
    }
}
