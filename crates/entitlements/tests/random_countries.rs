//! Property: for random countries the look-up answers what a naive reading of the rules answers, to every question.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::collections::BTreeSet;

use octroi_entitlements::{
    BuildOptions, Pseudonymizer, Query, Silent, Snapshot, Sources, build, explain,
};
use proptest::prelude::*;
use support::naive::{Question, Yes, ask, ask_within, exhausted};
use support::random::{fast, full_country, questions};
use support::segments::TAKEN_OVER;
use support::{Country, Folder, Subscription, january};

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn look_up_and_naive_reading_agree(country in full_country()) {
        let (snapshot, report) = country.build();
        let exhausted = exhausted(&country);
        let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
        // The header is line 1.
        let expected = exhausted.iter().map(|at| format!("assignments.tsv:{}: target: no licences left for it", at + 2));
        prop_assert_eq!(told, expected.collect::<Vec<_>>());
        snapshot.check().unwrap();
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        for question in questions(&country) {
            let Question { ent, person, resource, school, at } = question;
            let query = Query { ent, person, resource, school, at };
            let expected = ask_within(&country, &exhausted, question);
            prop_assert_eq!(&fast((&snapshot).into(), &pseudonymizer, &query), &expected, "{:?}", question);
        }
    }

    #[test]
    fn segments_give_the_same_answers(country in full_country()) {
        let folder = Folder::of(&country);
        country.write_segments(&folder.join("directory"));
        // Only the table says the nature of a school.
        for table in TAKEN_OVER.iter().filter(|table| **table != "establishments.tsv") {
            std::fs::remove_file(folder.join(table)).unwrap();
        }
        let sources = Sources::tables(folder.path()).with_directory(folder.join("directory"));
        let out = folder.join("out");
        let report = build(&sources, &out, &BuildOptions::default(), &Silent).unwrap();
        let exhausted = exhausted(&country);
        prop_assert_eq!(report.set_aside.len(), exhausted.len());
        let snapshot = Snapshot::open(&out).unwrap();
        snapshot.check().unwrap();
        let pseudonymizer = Pseudonymizer::new(&[9; 32]).unwrap();
        for question in questions(&country) {
            let Question { ent, person, resource, school, at } = question;
            let query = Query { ent, person, resource, school, at };
            let expected = ask_within(&country, &exhausted, question);
            prop_assert_eq!(&fast((&snapshot).into(), &pseudonymizer, &query), &expected, "{:?}", question);
        }
    }

    #[test]
    fn explanations_say_what_the_look_up_says(country in full_country()) {
        let (snapshot, _) = country.build();
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

/// Whether it is the validity of resource or publisher that ends a yes.
fn ends_with_validity(country: &Country, question: Question<'_>, yes: &Yes) -> bool {
    let resource = country
        .resources
        .iter()
        .find(|r| r.id == question.resource)
        .unwrap();
    let publisher = country
        .publishers
        .iter()
        .find(|p| p.id == resource.publisher);
    let ends = [resource.valid.1, publisher.unwrap().valid.1];
    ends.into_iter()
        .flatten()
        .any(|day| january(day) == yes.until)
}

/// Whether something is released that is not released always.
fn releases_for_a_time(country: &Country, question: Question<'_>, yes: &Yes) -> bool {
    let resource = country
        .resources
        .iter()
        .find(|r| r.id == question.resource)
        .unwrap();
    yes.released
        .iter()
        .any(|(attribute, _)| !resource.release.contains(&attribute.as_str()))
}

/// What a yes came by, or a no for, that the codes do not tell.
fn sorts(
    country: &Country,
    exhausted: &BTreeSet<usize>,
    question: Question<'_>,
    yes: Option<&Yes>,
) -> Vec<(&'static str, bool)> {
    let Some(yes) = yes else {
        let with_licences = !exhausted.is_empty() && ask(country, question).is_ok();
        return vec![("refused for want of a licence", with_licences)];
    };
    let by = country
        .subscriptions
        .iter()
        .filter(|s| yes.subscriptions.contains(&s.id));
    let by: Vec<&Subscription> = by.collect();
    vec![
        (
            "ends with the assignment",
            by.iter().all(|s| january(s.until) > yes.until),
        ),
        (
            "ends with the resource or publisher",
            by.iter().all(|s| january(s.until) > yes.until)
                && ends_with_validity(country, question, yes),
        ),
        (
            "releases for a time",
            releases_for_a_time(country, question, yes),
        ),
        (
            "by a platform's subscription",
            by.iter().any(|s| s.id.starts_with("AUTO_")),
        ),
        (
            "by nature of the school",
            by.iter().any(|s| !s.natures.is_empty()),
        ),
        (
            "by the mother of the family",
            by.iter().any(|s| s.resource != question.resource),
        ),
    ]
}

/// The property above is only worth something when its countries have many answers of every kind.
#[test]
fn random_countries_have_every_answer() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut answers: std::collections::BTreeMap<&str, u32> = std::collections::BTreeMap::new();
    for _ in 0..60 {
        let country = full_country().new_tree(&mut runner).unwrap().current();
        let exhausted = exhausted(&country);
        *answers.entry("licences-exhausted").or_default() += exhausted.len() as u32;
        for question in questions(&country) {
            let answer = ask_within(&country, &exhausted, question);
            *answers
                .entry(answer.as_ref().map_or_else(|code| *code, |_| "granted"))
                .or_default() += 1;
            for (sort, is) in sorts(&country, &exhausted, question, answer.as_ref().ok()) {
                *answers.entry(sort).or_default() += u32::from(is);
            }
        }
    }
    for code in [
        "granted",
        "unknown-ent",
        "unknown-resource",
        "unknown-person",
        "publisher-disabled",
        "resource-disabled",
        "publisher-not-yet",
        "publisher-expired",
        "resource-not-yet",
        "resource-expired",
        "no-school",
        "not-in-that-school",
        "no-subscription",
        "subscription-expired",
        "subscription-not-yet",
        "public-excluded",
        "not-assigned",
        "licences-exhausted",
        "refused for want of a licence",
        "ends with the assignment",
        "ends with the resource or publisher",
        "releases for a time",
        "by a platform's subscription",
        "by nature of the school",
        "by the mother of the family",
    ] {
        assert!(
            answers.get(code).is_some_and(|count| *count > 50),
            "{code}: {answers:?}"
        );
    }
}
