//! Property: for random countries the look-up answers what a naive reading of the rules answers, to every question.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::collections::BTreeSet;

use octroi_entitlements::{
    BuildOptions, Pseudonymizer, Query, Silent, Snapshot, Sources, build, explain,
};
use proptest::prelude::*;
use support::Folder;
use support::naive::{Question, ask};
use support::random::{country, fast, questions};
use support::segments::TAKEN_OVER;

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn look_up_and_naive_reading_agree(country in country()) {
        let snapshot = country.snapshot();
        snapshot.check().unwrap();
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        for question in questions(&country) {
            let Question { ent, person, resource, school, at } = question;
            let query = Query { ent, person, resource, school, at };
            let expected = ask(&country, question);
            prop_assert_eq!(&fast((&snapshot).into(), &pseudonymizer, &query), &expected, "{:?}", question);
        }
    }

    #[test]
    fn segments_give_the_same_answers(country in country()) {
        let folder = Folder::of(&country);
        country.write_segments(&folder.join("directory"));
        for table in TAKEN_OVER {
            std::fs::remove_file(folder.join(table)).unwrap();
        }
        let sources = Sources::tables(folder.path()).with_directory(folder.join("directory"));
        let out = folder.join("out");
        let report = build(&sources, &out, &BuildOptions::default(), &Silent).unwrap();
        prop_assert_eq!(report.set_aside, []);
        let snapshot = Snapshot::open(&out).unwrap();
        snapshot.check().unwrap();
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        for question in questions(&country) {
            let Question { ent, person, resource, school, at } = question;
            let query = Query { ent, person, resource, school, at };
            let expected = ask(&country, question);
            prop_assert_eq!(&fast((&snapshot).into(), &pseudonymizer, &query), &expected, "{:?}", question);
        }
    }

    #[test]
    fn explanations_say_what_the_look_up_says(country in country()) {
        let snapshot = country.snapshot();
        for question in questions(&country).into_iter().step_by(37) {
            let Question { ent, person, resource, school, at } = question;
            let query = Query { ent, person, resource, school, at };
            let explanation = explain(&snapshot, &query);
            let resolved = snapshot.resolve(&query);
            prop_assert_eq!(explanation.granted, resolved.is_ok());
            let entitling: BTreeSet<_> = explanation.candidates.iter().filter(|c| c.entitles).collect::<Vec<_>>()
                .into_iter().map(|c| c.subscription.clone()).collect();
            match resolved {
                Ok(grant) => {
                    prop_assert_eq!(explanation.until, Some(grant.until()));
                    let granted: BTreeSet<_> = grant.subscriptions().map(|s| s.id().to_owned()).collect();
                    prop_assert_eq!(entitling, granted);
                }
                Err(denied) => {
                    prop_assert_eq!(explanation.code, denied.code());
                    prop_assert!(entitling.is_empty());
                }
            }
        }
    }
}

/// The property above is only worth something when its countries have many answers of every kind.
#[test]
fn random_countries_have_every_answer() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut answers: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for _ in 0..60 {
        let country = country().new_tree(&mut runner).unwrap().current();
        for question in questions(&country) {
            let code = ask(&country, question).map_or_else(|code| code, |_| "granted");
            *answers.entry(code).or_default() += 1;
        }
    }
    for code in [
        "granted",
        "unknown-ent",
        "unknown-resource",
        "unknown-person",
        "publisher-disabled",
        "resource-disabled",
        "no-school",
        "not-in-that-school",
        "no-subscription",
        "subscription-expired",
        "subscription-not-yet",
        "public-excluded",
        "not-assigned",
    ] {
        assert!(
            answers.get(code).is_some_and(|count| *count > 50),
            "{code}: {answers:?}"
        );
    }
}
