//! Random countries and the questions asked of them, for properties.

use std::collections::BTreeSet;

use octroi_entitlements::{Pseudonymizer, Query, View};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::naive::{Question, Yes, covered};
use super::{
    Affiliation, Assignment, Country, Days, Ent, Group, Person, Publisher, Resource, Subscription,
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
pub const NATURES: [&str; 2] = ["300", "340"];
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

/// A validity that most have not.
fn valid() -> impl Strategy<Value = Days> {
    (
        prop::option::weighted(0.15, 2..=14_i64),
        prop::option::weighted(0.15, 15..=31_i64),
    )
}

/// Attributes for a time, as raw numbers: those given always, and times that meet an earlier one, are dropped.
fn dated_release(
    always: &[&'static str],
    raw: Vec<(&'static str, Option<i64>, i64, bool)>,
) -> Vec<(&'static str, Days)> {
    let mut taken: Vec<(&'static str, Days)> = Vec::new();
    for (attribute, from, length, open) in raw {
        let begins = from.unwrap_or(1);
        let until = Some(begins + length).filter(|until| !open && *until <= 31);
        let meets = |(other, days): &(&str, Days)| {
            *other == attribute
                && begins < days.1.unwrap_or(99)
                && days.0.unwrap_or(0) < until.unwrap_or(99)
        };
        let dated = from.or(until).is_some();
        if dated && !always.contains(&attribute) && !taken.iter().any(meets) {
            taken.push((attribute, (from, until)));
        }
    }
    taken
}

fn resources() -> impl Strategy<Value = Vec<Resource>> {
    let one = (
        0..2_usize,
        prop::bool::weighted(0.1),
        select(&["", "f1"][..]),
        subsequence(&ATTRIBUTES[..], 0..=15),
        (any::<bool>(), any::<bool>()),
        valid(),
        vec(
            (
                select(&ATTRIBUTES[..]),
                prop::option::weighted(0.7, 1..=25_i64),
                1..=12_i64,
                prop::bool::weighted(0.2),
            ),
            0..12,
        ),
    );
    vec(one, RESOURCES).prop_map(|all| {
        let mut mothers = BTreeSet::new();
        (0..)
            .zip(all)
            .map(
                |(
                    number,
                    (publisher, disabled, family, release, (mother, opens), valid, dated),
                )| {
                    // A family has one mother at most.
                    let mother =
                        mother && !family.is_empty() && mothers.insert((publisher, family));
                    Resource {
                        id: resource_id(number),
                        publisher: format!("pub-{publisher}"),
                        access_url: format!("https://pub.example/r{number}?a=1&b=2"),
                        family: family.into(),
                        disabled,
                        mother,
                        opens_family: mother && opens,
                        dated_release: dated_release(&release, dated),
                        release,
                        valid,
                        ..Resource::default()
                    }
                },
            )
            .collect()
    })
}

/// Licences as a rule allows them: for ETABL a global count, which nobody counts; for INDIV a global one, or one by
/// public for some of the target publics.
fn licences(individual: bool, publics: &[&str], raw: &[usize; 5]) -> (String, [String; 4]) {
    let count = |raw: usize| match raw % 6 {
        0 => "ILLIMITE".to_owned(),
        number => number.div_ceil(2).to_string(),
    };
    let none = || [const { String::new() }; 4];
    match raw[0] % 3 {
        0 => (String::new(), none()),
        1 => (count(raw[1]), none()),
        _ if !individual => (count(raw[1]), none()),
        _ => {
            let mut counts = none();
            for (at, public) in PUBLICS.iter().enumerate() {
                if publics.contains(public) && (raw[at + 1] % 7 != 6 || *public == publics[0]) {
                    counts[at] = count(raw[at + 1]);
                }
            }
            (String::new(), counts)
        }
    }
}

fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> {
    let covered = prop_oneof![
        4 => subsequence(&SCHOOLS[..], 1..=3).prop_map(|schools| (schools, vec![])),
        1 => subsequence(&NATURES[..], 1..=2).prop_map(|natures| (vec![], natures)),
    ];
    let one = (
        0..RESOURCES,
        covered,
        prop::bool::weighted(0.65),
        subsequence(&PUBLICS[..], 1..=3),
        1..=11_i64,
        1..=20_i64,
        any::<[usize; 5]>(),
        select(&["", "transferable", "non transferable"][..]),
    );
    vec(one, 0..18).prop_map(|all| {
        (0..)
            .zip(all)
            .map(
                |(
                    number,
                    (
                        resource,
                        (schools, natures),
                        individual,
                        publics,
                        from,
                        length,
                        raw,
                        category,
                    ),
                )| {
                    let (licences, licences_by_public) = licences(individual, &publics, &raw);
                    let automatic = !individual && schools.len() == 1 && licences.is_empty();
                    let id = match schools.as_slice() {
                        [school] if automatic => format!("AUTO_{school}_{number}_1596629146787"),
                        _ => format!("s{number}"),
                    };
                    Subscription {
                        id,
                        resource: resource_id(resource),
                        schools: schools.into_iter().map(str::to_owned).collect(),
                        individual,
                        publics,
                        from,
                        until: from + length,
                        natures: natures.into_iter().map(str::to_owned).collect(),
                        category,
                        licences,
                        licences_by_public,
                    }
                },
            )
            .collect()
    })
}

/// An assignment as raw numbers: subscription, school, kind, target, and days from, until and since.
type RawAssignment = (usize, usize, usize, usize, [Option<i64>; 3]);

/// Those that no INDIV subscription can have, or that an earlier one says already, are dropped.
fn assignments(country: &Country, raw: Vec<RawAssignment>) -> Vec<Assignment> {
    let mut seen = BTreeSet::new();
    let individual = country.subscriptions.iter().filter(|s| s.individual);
    let individual: Vec<&Subscription> = individual.collect();
    let mut assignments = Vec::new();
    for (subscription, school, kind, target, [from, until, since]) in raw {
        let Some(subscription) = individual.get(subscription % individual.len().max(1)) else {
            break;
        };
        let schools = covered(country, subscription);
        let school = schools[school % schools.len()];
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
        let begins = from.unwrap_or(0).max(subscription.from);
        let ends = until.unwrap_or(99).min(subscription.until);
        let key = (
            subscription.id.clone(),
            school,
            kind,
            ent.clone(),
            target.clone(),
        );
        if begins < ends && seen.insert((key, begins, ends)) {
            assignments.push(Assignment {
                subscription: subscription.id.clone(),
                school: school.to_owned(),
                kind,
                ent,
                target,
                from,
                until,
                since,
            });
        }
    }
    assignments
}

/// A country in which no licence is counted, and no subscription is the platform's: ids are `s0`, `s1`, and so on.
pub fn country() -> impl Strategy<Value = Country> {
    countries(false)
}

/// A country with everything that the tables can say.
pub fn full_country() -> impl Strategy<Value = Country> {
    countries(true)
}

fn countries(full: bool) -> impl Strategy<Value = Country> {
    let day = || prop::option::weighted(0.4, 1..=30_i64);
    let days = (day(), day(), day()).prop_map(|(from, until, since)| [from, until, since]);
    let raw = (0..100_usize, 0..3_usize, 0..6_usize, 0..72_usize, days);
    (
        vec(affiliation(), 0..30),
        resources(),
        subscriptions(),
        vec(raw, 0..50),
        prop::bool::weighted(0.1),
        valid(),
    )
        .prop_map(
            move |(affiliations, resources, mut subscriptions, raw, disabled, valid)| {
                if !full {
                    for (number, subscription) in (0..).zip(&mut subscriptions) {
                        subscription.id = format!("s{number}");
                        subscription.licences.clear();
                        subscription.licences_by_public = Default::default();
                    }
                }
                let mut country = Country {
                    ents: ents(),
                    schools: SCHOOLS.map(str::to_owned).into(),
                    school_kinds: SCHOOLS
                        .iter()
                        .zip([("340", "2D"), ("300", ""), ("340", "2D"), ("", "")])
                        .map(|(school, kind)| ((*school).to_owned(), kind))
                        .collect(),
                    groups: groups(),
                    people: people(),
                    affiliations,
                    publishers: vec![
                        Publisher {
                            id: "pub-0".into(),
                            domain: "d0".into(),
                            ..Publisher::default()
                        },
                        Publisher {
                            id: "pub-1".into(),
                            domain: "d1".into(),
                            disabled,
                            valid,
                        },
                    ],
                    resources,
                    subscriptions,
                    assignments: vec![],
                };
                country.assignments = assignments(&country, raw);
                country
            },
        )
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
