//! Property: a snapshot with the changes since answers what tables edited by hand would answer, to every question,
//! however the log was cut into pieces and however much of it the snapshot contains.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use octroi_entitlements::overlay::{
    Assignment, AssignmentPut, Change, Entry, SubscriptionPut, Target,
};
use octroi_entitlements::{
    BuildOptions, Directory, Profile, Pseudonymizer, Public, Query, Silent, Snapshot, Sources,
    SubscriptionKind, build, explain,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use support::changes::Edited;
use support::naive::Question;
use support::random::{CODES, RESOURCES, SCHOOLS, country, fast, people, questions, resource_id};
use support::{Country, Folder, january};

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
        6 => licence().prop_map(|assignment| {
            Change::AssignmentPut(AssignmentPut { assignment, from: None, until: None })
        }),
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
fn log() -> impl Strategy<Value = Vec<Arc<Entry>>> {
    vec((change(), 1..3_u64), 0..24).prop_map(|changes| {
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

fn edited(country: &Country, log: &[Arc<Entry>]) -> Edited {
    let mut edited = Edited::new(country);
    for entry in log {
        edited.apply(&entry.change);
    }
    edited
}

fn query<'q>(question: &Question<'q>) -> Query<'q> {
    let Question {
        ent,
        person,
        resource,
        school,
        at,
    } = *question;
    Query {
        ent,
        person,
        resource,
        school,
        at,
    }
}

/// A body that contains the log up to an entry.
fn body_up_to(country: &Country, sequence: u64) -> Option<Snapshot> {
    let folder = Folder::of(country);
    let out = folder.join("country.snapshot");
    let options = BuildOptions {
        overlay_sequence: sequence,
        max_set_aside: 10_000,
        ..BuildOptions::default()
    };
    build(&Sources::tables(folder.path()), &out, &options, &Silent).ok()?;
    Some(Snapshot::open(&out).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn changes_since_are_as_good_as_edited_tables(country in country(), log in log(), cut in 0..24_usize) {
        let snapshot = Arc::new(country.snapshot());
        let cut = cut.min(log.len());
        // In two pieces, the second of which repeats the first.
        let directory = Directory::new(Arc::clone(&snapshot), &log[..cut]).extended(&log);
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        let edited = edited(&country, &log);
        for question in questions(&country).into_iter().step_by(7) {
            let query = query(&question);
            let answer = fast((&directory).into(), &pseudonymizer, &query);
            prop_assert_eq!(&answer, &edited.ask(question), "{:?}", question);
            let explanation = explain(&directory, &query);
            prop_assert_eq!(explanation.code, answer.as_ref().err().copied().unwrap_or("granted"));
            prop_assert_eq!(explanation.granted, answer.is_ok());
            let forbidden = ["person-revoked", "publisher-suspended", "resource-suspended"];
            prop_assert_eq!(explanation.entry.is_some(), forbidden.contains(&explanation.code));
        }
    }

    #[test]
    fn a_build_takes_the_log_in(country in country(), log in log(), cut in 0..24_usize) {
        // What a build has taken in is not applied again; revocations and suspensions, which it never takes, are.
        let log = &log[..cut.min(log.len())];
        let folder = Folder::of(&country);
        let out = folder.join("country.snapshot");
        let sources = Sources::tables(folder.path()).with_changes(log.to_vec());
        build(&sources, &out, &BuildOptions::default(), &Silent).unwrap();
        let body = Snapshot::open(&out).unwrap();
        body.check().unwrap();
        prop_assert_eq!(body.overlay_sequence(), log.last().map_or(0, |entry| entry.sequence));
        let directory = Directory::new(Arc::new(body), log);
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        let edited = edited(&country, log);
        for question in questions(&country).into_iter().step_by(7) {
            let answer = fast((&directory).into(), &pseudonymizer, &query(&question));
            prop_assert_eq!(&answer, &edited.ask(question), "{:?}", question);
        }
    }

    #[test]
    fn a_body_that_contains_a_part_of_the_log_answers_alike(country in country(), log in log(), cut in 0..24_usize) {
        // Licences that no subscription of the tables can have would be set aside by the build, and a later entry that
        // makes room for them would not bring them back: the body then knows less. So this log only gives licences.
        let log: Vec<Arc<Entry>> = log.into_iter().filter(|entry| !matches!(
            entry.change, Change::SubscriptionPut(_) | Change::SubscriptionEnded { .. })).collect();
        let cut = cut.min(log.len());
        let contained = edited(&country, &log[..cut]).country;
        let sequence = log[..cut].last().map_or(0, |entry| entry.sequence);
        let Some(body) = body_up_to(&contained, sequence) else { return Ok(()); };
        let directory = Directory::new(Arc::new(body), &log);
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        let edited = edited(&country, &log);
        for question in questions(&country).into_iter().step_by(7) {
            let answer = fast((&directory).into(), &pseudonymizer, &query(&question));
            prop_assert_eq!(&answer, &edited.ask(question), "{:?}", question);
        }
        // Back to a body that contains nothing: everything is replayed on it.
        let back = directory.onto(Arc::new(country.snapshot()));
        for question in questions(&country).into_iter().step_by(7) {
            let answer = fast((&back).into(), &pseudonymizer, &query(&question));
            prop_assert_eq!(&answer, &edited.ask(question), "{:?}", question);
        }
    }
}

/// The property above is only worth something when logs turn answers, and in every way.
#[test]
fn random_logs_turn_answers_in_every_way() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut turns: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for _ in 0..300 {
        let country = country().new_tree(&mut runner).unwrap().current();
        let log = log().new_tree(&mut runner).unwrap().current();
        let (before, after) = (Edited::new(&country), edited(&country, &log));
        for question in questions(&country).into_iter().step_by(7) {
            let code =
                |edited: &Edited| edited.ask(question).map_or_else(|code| code, |_| "granted");
            *turns.entry((code(&before), code(&after))).or_default() += 1;
        }
    }
    for turn in [
        ("granted", "person-revoked"),
        ("granted", "publisher-suspended"),
        ("granted", "resource-suspended"),
        ("granted", "no-subscription"),
        ("granted", "subscription-expired"),
        ("granted", "not-assigned"),
        ("no-subscription", "granted"),
        ("subscription-expired", "granted"),
        ("not-assigned", "granted"),
    ] {
        assert!(
            turns.get(&turn).is_some_and(|count| *count >= 5),
            "{turn:?}: {turns:?}"
        );
    }
}
