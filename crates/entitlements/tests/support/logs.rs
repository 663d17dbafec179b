//! Random logs of changes, about the names of random countries and a few that nobody knows.

use std::sync::Arc;

use octroi_entitlements::overlay::{
    Assignment, AssignmentPut, Change, Entry, SubscriptionPut, Target,
};
use octroi_entitlements::{Profile, Public, SubscriptionKind};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::random::{CODES, RESOURCES, SCHOOLS, country, people, resource_id};
use super::{Country, january};

/// Names in the snapshot and one beside it.
fn subscription() -> impl Strategy<Value = String> {
    (0..17_usize).prop_map(|number| format!("s{number}"))
}

fn school() -> impl Strategy<Value = String> {
    prop_oneof![8 => select(&SCHOOLS[..]), 1 => Just("9999999Z")].prop_map(str::to_owned)
}

fn resource() -> impl Strategy<Value = String> {
    (0..=RESOURCES).prop_map(resource_id)
}

/// ENT project and identifier, by either code of merged projects; sometimes of nobody.
fn person() -> impl Strategy<Value = (String, String)> {
    (
        0..9_usize,
        select(&["A0", "B0", "C0", "Z9"][..]),
        any::<bool>(),
    )
        .prop_map(|(number, other, own)| match people().get(number) {
            Some(person) if own => (person.ent.clone(), person.id.clone()),
            Some(person) => (other.to_owned(), person.id.clone()),
            None => (other.to_owned(), "nobody".to_owned()),
        })
}

fn target() -> impl Strategy<Value = Target> {
    let code = || select(&CODES[..]).prop_map(str::to_owned);
    let class = || select(&["6A", "6B", "LAT", "9Z"][..]).prop_map(str::to_owned);
    prop_oneof![
        person().prop_map(|(ent, person)| Target::Person { ent, person }),
        class().prop_map(|code| Target::Division { code }),
        class().prop_map(|code| Target::Group { code }),
        code().prop_map(|code| Target::Level { code }),
        code().prop_map(|code| Target::Subject { code }),
        select(&Profile::ALL[..]).prop_map(|profile| Target::Profile { profile }),
    ]
}

fn licence() -> impl Strategy<Value = Assignment> {
    (subscription(), school(), target()).prop_map(|(subscription, school, target)| Assignment {
        subscription,
        school,
        target,
    })
}

/// Given as long as the subscription holds, or for some days, open at either end or not.
fn given() -> impl Strategy<Value = AssignmentPut> {
    let day = || prop::option::weighted(0.4, 1..=25_i64);
    (licence(), day(), prop::option::weighted(0.4, 1..=12_i64)).prop_map(
        |(assignment, from, length)| AssignmentPut {
            assignment,
            from: from.map(january),
            until: length.map(|length| january((from.unwrap_or(12) + length).min(31))),
        },
    )
}

fn put() -> impl Strategy<Value = SubscriptionPut> {
    (
        subscription(),
        resource(),
        vec(school(), 1..4),
        any::<bool>(),
        subsequence(&Public::ALL[..], 1..=3),
        1..=20_i64,
        1..=10_i64,
    )
        .prop_map(
            |(subscription, resource, schools, individual, publics, from, length)| {
                SubscriptionPut {
                    subscription,
                    resource,
                    schools,
                    kind: if individual {
                        SubscriptionKind::Individual
                    } else {
                        SubscriptionKind::WholeSchool
                    },
                    publics,
                    from: january(from),
                    until: january(from + length),
                }
            },
        )
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => put().prop_map(Change::SubscriptionPut),
        2 => (subscription(), 1..=31_i64).prop_map(|(subscription, day)| {
            Change::SubscriptionEnded { subscription, until: january(day) }
        }),
        6 => given().prop_map(Change::AssignmentPut),
        3 => licence().prop_map(Change::AssignmentEnded),
        2 => person().prop_map(|(ent, person)| Change::PersonRevoked { ent, person }),
        1 => person().prop_map(|(ent, person)| Change::PersonRestored { ent, person }),
        1 => (0..3_usize).prop_map(|n| Change::PublisherSuspended { publisher: format!("pub-{n}") }),
        1 => (0..3_usize).prop_map(|n| Change::PublisherResumed { publisher: format!("pub-{n}") }),
        1 => resource().prop_map(|resource| Change::ResourceSuspended { resource }),
        1 => resource().prop_map(|resource| Change::ResourceResumed { resource }),
    ]
}

/// Gaps are allowed.
pub fn log() -> impl Strategy<Value = Vec<Arc<Entry>>> {
    numbered(change())
}

/// A country whose resource `r0` opens its family of some, and a log that puts subscriptions to it and gives licences.
pub fn family() -> impl Strategy<Value = (Country, Vec<Arc<Entry>>)> {
    let mother = put().prop_map(|put| {
        Change::SubscriptionPut(SubscriptionPut {
            resource: resource_id(0),
            ..put
        })
    });
    let change = prop_oneof![
        4 => mother,
        1 => put().prop_map(Change::SubscriptionPut),
        3 => given().prop_map(Change::AssignmentPut),
        1 => licence().prop_map(Change::AssignmentEnded),
    ];
    // Of few subscriptions, so that licences are often given of what was put.
    let change = (change, 0..3_usize).prop_map(|(mut change, number)| {
        let id = match &mut change {
            Change::SubscriptionPut(put) => &mut put.subscription,
            Change::AssignmentPut(put) => &mut put.assignment.subscription,
            Change::AssignmentEnded(ended) => &mut ended.subscription,
            _ => return change,
        };
        *id = format!("s{number}");
        change
    });
    (country(), numbered(change)).prop_map(|(mut country, log)| {
        let publisher = country.resources[0].publisher.clone();
        for (number, resource) in country.resources.iter_mut().enumerate() {
            resource.mother = number == 0;
            resource.opens_family = number == 0;
            if number < 3 {
                resource.publisher.clone_from(&publisher);
                resource.family = "f1".into();
            }
        }
        (country, log)
    })
}

fn numbered(change: impl Strategy<Value = Change>) -> impl Strategy<Value = Vec<Arc<Entry>>> {
    vec((change, 1..3_u64), 0..24).prop_map(|changes| {
        let mut sequence = 0;
        let entries = changes.into_iter().map(|(change, step)| {
            sequence += step;
            Arc::new(Entry {
                sequence,
                at: january(1),
                change,
            })
        });
        entries.collect()
    })
}
