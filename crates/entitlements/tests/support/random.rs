//! Random countries and the questions asked of them, for properties.

use std::collections::BTreeSet;

use octroi_entitlements::{Pseudonymizer, Query, View};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::naive::{Question, Yes};
use super::{
    Affiliation, Assignment, Country, Ent, Group, Person, Publisher, Resource, Subscription,
    january,
};

pub const SCHOOLS: [&str; 4] = ["0350042F", "0561622J", "0650499P", "0650499P-ET6"];
pub const PROFILES: [&str; 9] = [
    "National_elv",
    "National_ens",
    "National_doc",
    "National_dir",
    "National_evs",
    "National_eta",
    "National_aca",
    "National_col",
    "National_tut",
];
pub const PUBLICS: [&str; 4] = ["ELEVE", "ENSEIGNANT", "DOCUMENTALISTE", "AUTRE PERSONNEL"];
const ATTRIBUTES: [&str; 15] = [
    "IDO", "IDC", "UAI", "PRO", "DIV", "GRO", "P_MS4", "P_MAT", "E_MS1", "CIV", "NOM", "PRE",
    "P_MEL", "LRA", "idENT",
];
pub const CODES: [&str; 3] = ["2211", "2212", "2213"];
const PEOPLE: usize = 8;
pub const RESOURCES: usize = 4;

fn ents() -> Vec<Ent> {
    // C0 was merged into B0; A0 stands alone.
    [("A0", ""), ("B0", ""), ("C0", "B0")]
        .map(|(code, alias)| Ent {
            code: code.into(),
            alias_of: alias.into(),
        })
        .into()
}

/// Identifiers repeat between A0 and B0, who are different people, and never between B0 and C0, who are merged.
pub fn people() -> Vec<Person> {
    (0..PEOPLE)
        .map(|n| {
            let (ent, id) = match n % 4 {
                0 => ("A0", n),
                1 => ("B0", n - 1),
                2 => ("B0", n),
                _ => ("C0", n),
            };
            Person {
                ent: ent.into(),
                id: format!("p{id}"),
                civility: if n % 3 == 0 {
                    String::new()
                } else {
                    "M.".into()
                },
                name: format!("Name{}", n / 2),
                given_name: format!("Given{n}"),
                mail: if n % 2 == 0 {
                    String::new()
                } else {
                    format!("p{n}@example.org")
                },
            }
        })
        .collect()
}

/// Two classes and two groups in every school, with the same codes everywhere.
fn groups() -> Vec<Group> {
    let kinds = [
        ("division", "6A"),
        ("division", "6B"),
        ("group", "6A"),
        ("group", "LAT"),
    ];
    let all = SCHOOLS
        .iter()
        .flat_map(|school| kinds.map(|(kind, code)| (*school, kind, code)));
    all.map(|(school, kind, code)| Group {
        school: school.into(),
        kind,
        code: code.into(),
        label: format!("{code} of {school}"),
        divisions: if code == "LAT" {
            vec!["6A".into(), "6B".into()]
        } else {
            vec![]
        },
    })
    .collect()
}

fn some(items: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(items, 0..=items.len().min(2))
        .prop_map(|list| list.into_iter().map(str::to_owned).collect())
}

fn affiliation() -> impl Strategy<Value = Affiliation> {
    (
        0..PEOPLE,
        select(&SCHOOLS[..]),
        subsequence(&PROFILES[..], 1..=2),
        some(&["6A", "6B"]),
        some(&["6A", "LAT"]),
        some(&CODES),
        some(&CODES),
        some(&CODES),
    )
        .prop_map(
            |(person, school, profiles, divisions, groups, levels, subjects, modules)| {
                let person = &people()[person];
                Affiliation {
                    ent: person.ent.clone(),
                    person: person.id.clone(),
                    school: school.into(),
                    profiles,
                    divisions,
                    groups,
                    levels,
                    subjects,
                    modules,
                }
            },
        )
}

pub fn resource_id(number: usize) -> String {
    format!("ark:/99999/r{number}")
}

fn resources() -> impl Strategy<Value = Vec<Resource>> {
    let one = (
        0..2_usize,
        prop::bool::weighted(0.1),
        select(&["", "f1"][..]),
        subsequence(&ATTRIBUTES[..], 0..=15),
    );
    vec(one, RESOURCES).prop_map(|all| {
        (0..)
            .zip(all)
            .map(
                |(number, (publisher, disabled, family, release))| Resource {
                    id: resource_id(number),
                    publisher: format!("pub-{publisher}"),
                    access_url: format!("https://pub.example/r{number}?a=1&b=2"),
                    family: family.into(),
                    disabled,
                    release,
                    ..Resource::default()
                },
            )
            .collect()
    })
}

fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> {
    let one = (
        0..RESOURCES,
        subsequence(&SCHOOLS[..], 1..=3),
        any::<bool>(),
        subsequence(&PUBLICS[..], 1..=3),
        1..=20_i64,
        1..=10_i64,
    );
    vec(one, 0..14).prop_map(|all| {
        (0..)
            .zip(all)
            .map(
                |(number, (resource, schools, individual, publics, from, length))| Subscription {
                    id: format!("s{number}"),
                    resource: resource_id(resource),
                    schools: schools.into_iter().map(str::to_owned).collect(),
                    individual,
                    publics,
                    from,
                    until: from + length,
                },
            )
            .collect()
    })
}

/// Assignments as raw numbers; those that no INDIV subscription can have are dropped.
fn assignments(country: &Country, raw: Vec<(usize, usize, usize, usize)>) -> Vec<Assignment> {
    let mut seen = BTreeSet::new();
    let individual: Vec<&Subscription> = country
        .subscriptions
        .iter()
        .filter(|s| s.individual)
        .collect();
    let mut assignments = Vec::new();
    for (subscription, school, kind, target) in raw {
        let Some(subscription) = individual.get(subscription % individual.len().max(1)) else {
            break;
        };
        let school = &subscription.schools[school % subscription.schools.len()];
        let person = &country.people[target % country.people.len()];
        let (kind, target) = match kind % 6 {
            0 => ("person", person.id.clone()),
            1 => ("division", ["6A", "6B"][target % 2].into()),
            2 => ("group", ["6A", "LAT"][target % 2].into()),
            3 => ("level", CODES[target % 3].into()),
            4 => ("subject", CODES[target % 3].into()),
            _ => ("profile", PROFILES[target % 9].into()),
        };
        let ent = if kind == "person" {
            person.ent.clone()
        } else {
            String::new()
        };
        if seen.insert((
            subscription.id.clone(),
            school.clone(),
            kind,
            ent.clone(),
            target.clone(),
        )) {
            assignments.push(Assignment {
                subscription: subscription.id.clone(),
                school: school.clone(),
                kind,
                ent,
                target,
            });
        }
    }
    assignments
}

pub fn country() -> impl Strategy<Value = Country> {
    let raw = (0..100_usize, 0..3_usize, 0..6_usize, 0..72_usize);
    (
        vec(affiliation(), 0..16),
        resources(),
        subscriptions(),
        vec(raw, 0..24),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(affiliations, resources, subscriptions, raw, disabled)| {
            let mut country = Country {
                ents: ents(),
                schools: SCHOOLS.map(str::to_owned).into(),
                groups: groups(),
                people: people(),
                affiliations,
                publishers: vec![
                    Publisher {
                        id: "pub-0".into(),
                        domain: "d0".into(),
                        disabled: false,
                    },
                    Publisher {
                        id: "pub-1".into(),
                        domain: "d1".into(),
                        disabled,
                    },
                ],
                resources,
                subscriptions,
                assignments: vec![],
            };
            country.assignments = assignments(&country, raw);
            country
        })
}

/// What the fast look-up says, in the naive reading's words.
pub fn fast(
    view: View<'_>,
    pseudonymizer: &Pseudonymizer,
    query: &Query<'_>,
) -> Result<Yes, &'static str> {
    let grant = view.resolve(query).map_err(|denied| denied.code())?;
    let pseudonym = pseudonymizer.of(&grant);
    let mut released = BTreeSet::new();
    for attribute in grant.release(&pseudonym) {
        assert!(!attribute.values.is_empty());
        for value in attribute.values {
            match attribute.name {
                "IDO" => assert_eq!(value, pseudonym.as_str()),
                "IDC" => assert_eq!(value, format!("{}_{pseudonym}", query.resource)),
                name => {
                    let fresh = released.insert((name.to_owned(), value.into_owned()));
                    assert!(fresh, "{name} has a value twice");
                }
            }
        }
    }
    assert_eq!(
        pseudonym,
        pseudonymizer.derive(grant.origin_ent(), query.person, grant.pseudonym_domain())
    );
    Ok(Yes {
        origin_ent: grant.origin_ent().to_owned(),
        schools: grant
            .schools()
            .map(|school| school.uai().to_owned())
            .collect(),
        subscriptions: grant
            .subscriptions()
            .map(|subscription| subscription.id().to_owned())
            .collect(),
        until: grant.until(),
        released,
    })
}

pub fn questions(country: &Country) -> Vec<Question<'_>> {
    let mut questions = Vec::new();
    let schools = [
        None,
        Some("0561622J"),
        Some("0650499P"),
        Some("0650499P-ET6"),
        Some("0350042F-X"),
        Some("9999999Z"),
    ];
    let ids: BTreeSet<&str> = country
        .people
        .iter()
        .map(|p| p.id.as_str())
        .chain(["nobody"])
        .collect();
    for ent in ["A0", "B0", "C0", "Z9"] {
        for person in &ids {
            for resource in country
                .resources
                .iter()
                .map(|r| r.id.as_str())
                .chain(["ark:/99999/none"])
            {
                for school in schools {
                    for at in [
                        january(1) - 1,
                        january(7),
                        january(13),
                        january(20),
                        january(31),
                    ] {
                        questions.push(Question {
                            ent,
                            person,
                            resource,
                            school,
                            at,
                        });
                    }
                }
            }
        }
    }
    questions
}
