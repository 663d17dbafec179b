//! Property: a snapshot with the changes since answers what tables edited by hand would answer, to every question,
//! however the log was cut into pieces and however much of it the snapshot contains.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use octroi_entitlements::overlay::{Change, Entry};
use octroi_entitlements::{
    BuildOptions, Directory, Pseudonymizer, Query, Silent, Snapshot, Sources, build, explain,
};
use proptest::prelude::*;
use support::changes::Edited;
use support::logs::{family, log};
use support::naive::Question;
use support::random::{country, fast, questions, resource_id};
use support::{Country, Folder};

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
    fn a_directory_catches_up_with_its_log(country in country(), log in log(), gone in prop::bool::ANY, from in 0..24_usize, cut in 0..24_usize) {
        let snapshot = Arc::new(country.snapshot());
        let from = if gone { from } else { 0 };
        // Entries may have gone from the beginning, and others have come, since it was made.
        let (from, cut) = (from.min(log.len()), cut.min(log.len()));
        let now = &log[from..];
        let made = Directory::new(Arc::clone(&snapshot), &log[..cut]).caught_up(&log[..cut], now);
        let anew = Directory::new(snapshot, now);
        prop_assert_eq!(made.overlay().entries(), anew.overlay().entries());
        prop_assert_eq!(made.overlay().last_sequence(), anew.overlay().last_sequence());
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        for question in questions(&country).into_iter().step_by(7) {
            let query = query(&question);
            let answers = [&made, &anew].map(|directory| fast(directory.into(), &pseudonymizer, &query));
            prop_assert_eq!(&answers[0], &answers[1], "{:?}", question);
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_mother_that_is_put_opens_her_family((country, log) in family()) {
        let snapshot = Arc::new(country.snapshot());
        let directory = Directory::new(snapshot, &log);
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        let edited = edited(&country, &log);
        for question in questions(&country).into_iter().step_by(7) {
            let answer = fast((&directory).into(), &pseudonymizer, &query(&question));
            prop_assert_eq!(&answer, &edited.ask(question), "{:?}", question);
        }
    }
}

/// It is only worth something when people who had nothing of a member come in by a put of the mother, and when the time
/// of a licence turns answers.
#[test]
fn random_families_are_opened_by_what_was_put_and_given_for_a_time() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut opened, mut for_a_time) = (0, 0);
    for _ in 0..200 {
        let (country, log) = family().new_tree(&mut runner).unwrap().current();
        // Only the mother is put: whoever comes to a member comes through her.
        let put = |entry: &&Arc<Entry>| match &entry.change {
            Change::SubscriptionPut(put) => put.resource == resource_id(0),
            _ => true,
        };
        let log: Vec<Arc<Entry>> = log.iter().filter(put).cloned().collect();
        let undated: Vec<Arc<Entry>> = log.iter().map(without_times).collect();
        let (before, after) = (Edited::new(&country), edited(&country, &log));
        let always = edited(&country, &undated);
        for question in questions(&country).into_iter().step_by(7) {
            let of_member = [1, 2].iter().any(|n| question.resource == resource_id(*n));
            let answer = after.ask(question);
            opened += u32::from(of_member && before.ask(question).is_err() && answer.is_ok());
            for_a_time += u32::from(answer != always.ask(question));
        }
    }
    assert!(opened >= 50 && for_a_time >= 10, "{opened} {for_a_time}");
}

/// The same entry, its licence given as long as the subscription holds.
fn without_times(entry: &Arc<Entry>) -> Arc<Entry> {
    let mut entry = Entry::clone(entry);
    if let Change::AssignmentPut(put) = &mut entry.change {
        (put.from, put.until) = (None, None);
    }
    Arc::new(entry)
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
