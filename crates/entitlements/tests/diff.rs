//! What a comparison of two bodies says is what asking everybody about everything says.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use octroi_entitlements::overlay::{Change, Entry};
use octroi_entitlements::{
    BuildOptions, DiffError, DiffOptions, Difference, Directory, Query, Snapshot, diff, explain,
};
use proptest::prelude::*;
use support::naive::covered;
use support::random::full_country;
use support::{Affiliation, Country, Ent, Person, Publisher, Resource, Subscription, january};

fn options() -> DiffOptions {
    DiffOptions {
        at: january(10),
        listed: usize::MAX,
        examples: 3,
    }
}

/// One pupil who may use one resource.
fn small() -> Country {
    let text = str::to_owned;
    Country {
        ents: vec![Ent {
            code: text("B0"),
            ..Ent::default()
        }],
        schools: vec![text("0561622J")],
        people: vec![Person {
            ent: text("B0"),
            id: text("somebody-1"),
            name: text("Nomdefamille"),
            given_name: text("Prenomusuel"),
            ..Person::default()
        }],
        affiliations: vec![Affiliation {
            ent: text("B0"),
            person: text("somebody-1"),
            school: text("0561622J"),
            profiles: vec!["National_ELV"],
            ..Affiliation::default()
        }],
        publishers: vec![Publisher {
            id: text("pub-1"),
            domain: text("dom-1"),
            ..Publisher::default()
        }],
        resources: vec![Resource {
            id: text("ark:/99999/r1"),
            publisher: text("pub-1"),
            access_url: text("https://pub-1.example/r1"),
            ..Resource::default()
        }],
        subscriptions: vec![Subscription {
            id: text("s1"),
            resource: text("ark:/99999/r1"),
            schools: vec![text("0561622J")],
            publics: vec!["ELEVE"],
            from: 1,
            until: 31,
            ..Subscription::default()
        }],
        ..Country::default()
    }
}

/// A person, a school, a resource.
type Right = ((String, String), String, String);

fn people(country: &Country) -> BTreeSet<(String, String)> {
    let current = |code: &str| {
        let ent = country.ents.iter().find(|ent| ent.code == code).unwrap();
        let alias = &ent.alias_of;
        if alias.is_empty() { code } else { alias }.to_owned()
    };
    let named = country.people.iter();
    named
        .map(|person| (current(&person.ent), person.id.clone()))
        .collect()
}

/// Everybody is asked about everything in each of their schools.
fn rights(country: &Country, snapshot: &Snapshot) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for (ent, person) in people(country) {
        for resource in &country.resources {
            let query = Query {
                ent: &ent,
                person: &person,
                resource: &resource.id,
                school: None,
                at: options().at,
            };
            for school in explain(snapshot, &query).schools {
                let there = Query {
                    school: Some(&school),
                    ..query
                };
                if snapshot.resolve(&there).is_ok() {
                    let id = snapshot.resource(&resource.id).unwrap().id().to_owned();
                    rights.insert(((ent.clone(), person.clone()), school.clone(), id));
                }
            }
        }
    }
    rights
}

fn built(country: &Country, generation: u64) -> Snapshot {
    let options = BuildOptions {
        generation,
        hash_key: Some([7; 16]),
        max_set_aside_ratio: 1.0,
        ..BuildOptions::default()
    };
    country.build_with(&options).0
}

fn compared(before: &Snapshot, after: &Snapshot) -> Difference {
    diff(before, after, options(), &mut |_, _| ()).unwrap()
}

fn agrees(one: &Country, other: &Country) -> Result<(), TestCaseError> {
    let (before, after) = (built(one, 1), built(other, 2));
    let found = compared(&before, &after);
    let (old_people, new_people) = (people(one), people(other));
    let stayed: BTreeSet<_> = old_people.intersection(&new_people).cloned().collect();
    prop_assert_eq!(found.people.stayed, stayed.len() as u64);
    prop_assert_eq!(
        found.people.arrived,
        (new_people.len() - stayed.len()) as u64
    );
    prop_assert_eq!(found.people.gone, (old_people.len() - stayed.len()) as u64);

    let (old, new) = (rights(one, &before), rights(other, &after));
    let mut pairs: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let (mut let_in, mut shut_out) = (BTreeSet::new(), BTreeSet::new());
    for (person, school, resource) in new.difference(&old).filter(|one| stayed.contains(&one.0)) {
        pairs
            .entry((school.clone(), resource.clone()))
            .or_default()
            .0 += 1;
        let_in.insert(person);
    }
    for (person, school, resource) in old.difference(&new).filter(|one| stayed.contains(&one.0)) {
        pairs
            .entry((school.clone(), resource.clone()))
            .or_default()
            .1 += 1;
        shut_out.insert(person);
    }
    prop_assert_eq!(found.people.let_in, let_in.len() as u64);
    prop_assert_eq!(found.people.shut_out, shut_out.len() as u64);
    let told: BTreeMap<_, _> = found
        .pairs
        .iter()
        .map(|one| {
            (
                (one.school.clone(), one.resource.clone()),
                (one.let_in, one.shut_out),
            )
        })
        .collect();
    prop_assert_eq!(told, pairs);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_comparison_says_what_asking_everybody_says(one in full_country(), other in full_country()) {
        agrees(&one, &other)?;
    }

    #[test]
    fn fewer_licences_for_the_same_people_are_all_seen(country in full_country(), every in 2_usize..4) {
        let mut fewer = country.clone();
        let mut number = 0;
        fewer.assignments.retain(|_| {
            number += 1;
            number % every != 0
        });
        for (number, subscription) in fewer.subscriptions.iter_mut().enumerate() {
            if number % every == 0 && subscription.schools.len() > 1 {
                subscription.schools.pop();
            }
        }
        // A table of which no line is good refuses the build.
        let left = fewer.clone();
        fewer.assignments.retain(|assignment| {
            let of = left.subscriptions.iter().find(|s| s.id == assignment.subscription);
            covered(&left, of.unwrap()).contains(&assignment.school.as_str())
        });
        agrees(&country, &fewer)?;
        agrees(&fewer, &country)?;
    }
}

#[test]
fn people_of_differently_keyed_bodies_are_not_compared() {
    let mut keys = [[1; 16], [2; 16]].map(|key| {
        let options = BuildOptions {
            hash_key: Some(key),
            ..BuildOptions::default()
        };
        small().build_with(&options).0
    });
    let [one, other] = &mut keys;
    let compared = diff(&*one, &*other, options(), &mut |_, _| ());
    assert_eq!(compared.unwrap_err(), DiffError::OtherKey);
}

#[test]
fn changes_since_count_and_nobody_is_named() {
    let country = small();
    let snapshot = Arc::new(built(&country, 1));
    let resource = snapshot
        .resource(&country.resources[0].id)
        .unwrap()
        .id()
        .to_owned();
    let entry = Entry {
        sequence: 1,
        at: 0,
        change: Change::ResourceSuspended { resource },
    };
    let bare = Directory::bare(Arc::clone(&snapshot));
    let changed = Directory::new(Arc::clone(&snapshot), &[Arc::new(entry)]);
    let found = diff(&bare, &changed, options(), &mut |_, _| ()).unwrap();
    assert_eq!((found.people.shut_out, found.people.let_in), (1, 0));
    assert_eq!(found.after.overlay, 1);
    assert_eq!(found.examples_shut_out.len(), 1);
    let text = format!("{found}\n{}", serde_json::to_string(&found).unwrap());
    let person = &country.people[0];
    for secret in [&person.id, &person.name, &person.given_name] {
        assert!(!text.contains(secret.as_str()), "{secret}");
    }
    let same = diff(&bare, &bare, options(), &mut |_, _| ()).unwrap();
    assert_eq!(same.people.stayed, 1);
    assert!(same.schools.is_empty() && same.pairs.is_empty());
}
