//! Licence counts: never more people than licences, who comes first, what an ended assignment frees.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{BuildOptions, Query, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use support::naive::{Question, ask_within, exhausted};
use support::{Affiliation, Assignment, Country, Person, Subscription, january};

const SCHOOL: &str = "0561622J";
const OTHER: &str = "0350042F";

/// Pupils p1 to p4, of whom p1 and p2 are in class 6A; a teacher p5, who is a librarian, too. One INDIV subscription.
fn crowd() -> Country {
    let mut country = Country::smallest();
    country.schools.push(OTHER.into());
    country.subscriptions[0].individual = true;
    country.subscriptions[0].publics = vec!["ELEVE", "ENSEIGNANT"];
    country.subscriptions[0].schools.push(OTHER.into());
    for n in 2..=5 {
        let person = format!("p{n}");
        country.people.push(Person {
            ent: "B0".into(),
            id: person.clone(),
            ..Person::default()
        });
        country.affiliations.push(Affiliation {
            person,
            divisions: if n == 2 { vec!["6A".into()] } else { vec![] },
            profiles: if n == 5 {
                vec!["National_doc", "National_ens"]
            } else {
                vec!["National_elv"]
            },
            ..country.affiliations[0].clone()
        });
    }
    country
}

fn to(kind: &'static str, target: &str) -> Assignment {
    Assignment {
        subscription: "s1".into(),
        school: SCHOOL.into(),
        kind,
        ent: if kind == "person" { "B0" } else { "" }.into(),
        target: target.into(),
        ..Assignment::default()
    }
}

/// Who may use the resource on a day.
fn users(snapshot: &Snapshot, day: i64) -> String {
    let may = |n: &u32| {
        let query = Query {
            ent: "B0",
            person: &format!("p{n}"),
            resource: "ark:/99999/r1",
            school: None,
            at: january(day),
        };
        snapshot.resolve(&query).is_ok()
    };
    (1..=5).filter(may).map(|n| n.to_string()).collect()
}

/// What is assigned, and then who may on the 10th.
fn on_the_10th(global: &str, assignments: Vec<Assignment>) -> String {
    let mut country = crowd();
    country.subscriptions[0].licences = global.into();
    country.assignments = assignments;
    users(&country.build().0, 10)
}

#[test]
fn as_many_people_as_licences() {
    let each = || (1..=4).map(|n| to("person", &format!("p{n}"))).collect();
    assert_eq!(on_the_10th("4", each()), "1234");
    assert_eq!(on_the_10th("2", each()), "12");
    assert_eq!(on_the_10th("ILLIMITE", each()), "1234");
    assert_eq!(on_the_10th("", each()), "1234");
}

#[test]
fn a_class_costs_its_members_and_is_let_through_whole() {
    let class = || to("division", "6A");
    assert_eq!(on_the_10th("2", vec![class()]), "12");
    assert_eq!(on_the_10th("1", vec![class()]), "");
    // What does not fit costs nothing, and a later one may.
    let then = |n: &str| vec![to("person", "p3"), class(), to("person", n)];
    assert_eq!(on_the_10th("2", then("p4")), "34");
    assert_eq!(on_the_10th("3", then("p4")), "123");
    // Somebody reached twice costs one.
    assert_eq!(on_the_10th("3", then("p1")), "123");
}

#[test]
fn who_is_not_of_the_target_public_costs_nothing() {
    let everybody = || vec![to("profile", "National_doc"), to("profile", "National_elv")];
    // p5 is a teacher, too, and the subscription is for teachers.
    assert_eq!(on_the_10th("5", everybody()), "12345");
    assert_eq!(on_the_10th("4", everybody()), "5");
    let mut country = crowd();
    country.subscriptions[0].publics = vec!["ELEVE"];
    country.subscriptions[0].licences = "4".into();
    country.assignments = everybody();
    assert_eq!(users(&country.snapshot(), 10), "1234");
}

#[test]
fn counts_by_public() {
    let mut country = crowd();
    country.assignments = vec![
        to("person", "p1"),
        to("person", "p2"),
        to("person", "p5"),
        to("person", "p3"),
    ];
    for (counts, expected) in [
        (["1", "1", "", ""], "15"),
        (["2", "ILLIMITE", "", ""], "125"),
        (["ILLIMITE", "", "", ""], "123"),
        (["", "1", "", ""], "5"),
    ] {
        country.subscriptions[0].licences_by_public = counts.map(str::to_owned);
        assert_eq!(users(&country.build().0, 10), expected, "{counts:?}");
    }
}

#[test]
fn the_count_is_over_all_schools() {
    let mut country = crowd();
    country.affiliations[2].school = OTHER.into();
    let mut there = to("person", "p3");
    there.school = OTHER.into();
    country.assignments = vec![to("person", "p1"), there];
    for (licences, expected) in [("1", "1"), ("2", "13")] {
        country.subscriptions[0].licences = licences.into();
        assert_eq!(users(&country.build().0, 10), expected);
    }
}

#[test]
fn who_was_first_comes_first() {
    let since = |n: &str, since| Assignment {
        since,
        ..to("person", n)
    };
    for (assignments, expected) in [
        (vec![since("p1", Some(7)), since("p2", Some(6))], "2"),
        (vec![since("p1", Some(7)), since("p2", Some(7))], "1"),
        // Without `since` it is as old as the subscription, which begins on the 5th.
        (vec![since("p1", Some(6)), since("p2", None)], "2"),
        (vec![since("p1", Some(4)), since("p2", None)], "1"),
    ] {
        assert_eq!(on_the_10th("1", assignments), expected);
    }
    let from = |n: &str, from, since| Assignment {
        from: Some(from),
        since,
        ..to("person", n)
    };
    let assignments = vec![from("p1", 8, None), from("p2", 7, None)];
    assert_eq!(on_the_10th("1", assignments), "2");
    let assignments = vec![from("p1", 8, Some(6)), from("p2", 7, None)];
    assert_eq!(on_the_10th("1", assignments), "1");
}

#[test]
fn a_licence_that_passes_on() {
    let mut country = crowd();
    country.subscriptions[0].licences = "1".into();
    let mut first = to("person", "p1");
    first.until = Some(10);
    let mut second = to("person", "p2");
    second.from = Some(10);
    country.assignments = vec![first, second];
    for (category, expected) in [
        ("", ["1", "2"]),
        ("transferable", ["1", "2"]),
        // It stays used until the subscription ends.
        ("non transferable", ["1", ""]),
    ] {
        country.subscriptions[0].category = category;
        let snapshot = country.build().0;
        assert_eq!([users(&snapshot, 9), users(&snapshot, 10)], expected);
    }
}

#[test]
fn whole_schools_are_not_counted() {
    let mut country = crowd();
    country.subscriptions[0].individual = false;
    country.subscriptions[0].licences = "1".into();
    assert_eq!(users(&country.snapshot(), 10), "12345");
}

#[test]
fn what_ran_out_is_told_and_never_refuses_a_build() {
    let mut country = crowd();
    country.subscriptions[0].licences = "1".into();
    country.assignments = (1..=4).map(|n| to("person", &format!("p{n}"))).collect();
    let options = BuildOptions {
        max_set_aside: 0,
        max_set_aside_ratio: 0.0,
        ..Default::default()
    };
    let folder = support::Folder::of(&country);
    let sources = octroi_entitlements::Sources::tables(folder.path());
    let out = folder.join("out");
    let report =
        octroi_entitlements::build(&sources, &out, &options, &octroi_entitlements::Silent).unwrap();
    let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
    let expected =
        [3, 4, 5].map(|line| format!("assignments.tsv:{line}: target: no licences left for it"));
    assert_eq!(told, expected);
    let file = report.files["assignments.tsv"];
    assert_eq!(
        (file.lines, file.set_aside, file.licences_exhausted),
        (4, 3, 3)
    );
    let json = serde_json::to_string(&report.set_aside[0]).unwrap();
    assert!(json.contains(r#""code":"licences-exhausted""#), "{json}");
}

/// What counting costs: `LICENCES_PEOPLE=1000000 cargo test --release -p octroi-entitlements --test licences
/// counting_at_scale -- --ignored --nocapture`. Schools of 500 pupils in 20 classes; ten INDIV subscriptions in each,
/// assigned to eight classes, with licences for all of them, for seven, or by the thousand.
#[test]
#[ignore = "a measurement"]
fn counting_at_scale() {
    use std::fmt::Write as _;
    use std::time::Instant;

    use octroi_entitlements::{Phase, Progress, Sources, build};

    struct Timed(std::sync::Mutex<Vec<(Phase, Instant)>>);
    impl Progress for Timed {
        fn begin(&self, phase: Phase, _: Option<u64>) {
            self.0.lock().unwrap().push((phase, Instant::now()));
        }
        fn done(&self, _: Phase, _: u64) {}
    }

    let people: usize = std::env::var("LICENCES_PEOPLE").map_or(20_000, |n| n.parse().unwrap());
    let folder = support::Folder::of(&Country::smallest());
    let mut tables = [
        ("establishments.tsv", "uai\tname\n".to_owned()),
        ("groups.tsv", "uai\tkind\tcode\tlabel\n".to_owned()),
        ("people.tsv", "ent\tperson\n".to_owned()),
        (
            "affiliations.tsv",
            "ent\tperson\tuai\tprofiles\tdivisions\n".to_owned(),
        ),
        (
            "subscriptions.tsv",
            "id\tresource\tschools\tkind\tpublics\tfrom\tuntil\tlicences\n".to_owned(),
        ),
        (
            "assignments.tsv",
            "subscription\tuai\tkind\ttarget\n".to_owned(),
        ),
    ];
    let schools = people.div_ceil(500);
    let mut expected = 0;
    for school in 0..schools {
        let [
            establishments,
            groups,
            names,
            affiliations,
            subscriptions,
            assignments,
        ] = tables.each_mut().map(|table| &mut table.1);
        let uai = format!("{school:07}A");
        writeln!(establishments, "{uai}\tSchool").unwrap();
        for class in 0..20 {
            writeln!(groups, "{uai}\tdivision\t{class}\tClass").unwrap();
        }
        for pupil in 0..500 {
            let (id, class) = (school * 500 + pupil, pupil % 20);
            writeln!(names, "B0\tp{id}").unwrap();
            writeln!(affiliations, "B0\tp{id}\t{uai}\tNational_elv\t{class}").unwrap();
        }
        for subscription in 0..10 {
            let licences = [200, 199, 100_000][subscription % 3];
            expected += u64::from(licences == 199);
            let id = format!("{uai}-{subscription}");
            let validity = "2026-01-05\t2026-01-20";
            writeln!(
                subscriptions,
                "{id}\tark:/99999/r1\t{uai}\tINDIV\tELEVE\t{validity}\t{licences}"
            )
            .unwrap();
            for class in 0..8 {
                writeln!(assignments, "{id}\t{uai}\tdivision\t{class}").unwrap();
            }
        }
    }
    for (file, text) in tables {
        std::fs::write(folder.join(file), text).unwrap();
    }
    let timed = Timed(std::sync::Mutex::default());
    let (sources, out) = (Sources::tables(folder.path()), folder.join("out"));
    let report = build(&sources, &out, &BuildOptions::default(), &timed).unwrap();
    assert_eq!(report.files["assignments.tsv"].licences_exhausted, expected);
    let unlimited = std::fs::read_to_string(folder.join("subscriptions.tsv")).unwrap();
    let unlimited: String = unlimited
        .lines()
        .map(|line| {
            line.rsplit_once('\t')
                .map_or("", |(rest, _)| rest)
                .to_owned()
                + "\n"
        })
        .collect();
    std::fs::write(folder.join("subscriptions.tsv"), unlimited).unwrap();
    let without = Timed(std::sync::Mutex::default());
    build(&sources, &out, &BuildOptions::default(), &without).unwrap();
    let licences = |timed: Timed| {
        let times = timed.0.into_inner().unwrap();
        let at = times
            .iter()
            .position(|(phase, _)| *phase == Phase::Licences)
            .unwrap();
        times[at + 1].1 - times[at].1
    };
    println!(
        "licences: people={} subscriptions={} assignments={} refused={expected} counted_s={:.2} uncounted_s={:.2}",
        schools * 500,
        schools * 10,
        schools * 80,
        licences(timed).as_secs_f64(),
        licences(without).as_secs_f64(),
    );
}

fn assignment() -> impl Strategy<Value = Assignment> {
    let day = || prop::option::weighted(0.6, 5..=20_i64);
    let target = select(
        &[
            ("person", "p1"),
            ("person", "p2"),
            ("person", "p3"),
            ("person", "p5"),
            ("division", "6A"),
            ("profile", "National_elv"),
            ("profile", "National_ens"),
        ][..],
    );
    (target, day(), day(), day(), select(&["s1", "s2"][..])).prop_map(
        |((kind, target), from, until, since, subscription)| Assignment {
            subscription: subscription.into(),
            from,
            until,
            since,
            ..to(kind, target)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Few licences and many dated assignments: what is let through is what counting day by day lets through.
    #[test]
    fn crowded_countries(
        assignments in vec(assignment(), 0..16),
        counts in vec(select(&["1", "2", "3", "ILLIMITE"][..]), 4),
        categories in vec(select(&["transferable", "non transferable"][..]), 2),
    ) {
        let mut country = crowd();
        country.subscriptions[0].licences = counts[0].into();
        country.subscriptions[0].category = categories[0];
        country.subscriptions.push(Subscription {
            id: "s2".into(),
            licences: String::new(),
            licences_by_public: [counts[1].into(), counts[2].into(), String::new(), String::new()],
            category: categories[1],
            ..country.subscriptions[0].clone()
        });
        let mut seen = std::collections::BTreeSet::new();
        for assignment in assignments {
            let (from, until) = (assignment.from.unwrap_or(5), assignment.until.unwrap_or(20));
            let key = (assignment.subscription.clone(), assignment.kind, assignment.target.clone(), from, until);
            if from < until && seen.insert(key) {
                country.assignments.push(assignment);
            }
        }
        let (snapshot, report) = country.build();
        snapshot.check().unwrap();
        let (_, one_by_one) = country.build_with(&BuildOptions { counting_memory: 0, ..BuildOptions::default() });
        prop_assert_eq!(&report.digest, &one_by_one.digest, "a batch for each subscription");
        prop_assert_eq!(&report.set_aside, &one_by_one.set_aside);
        let exhausted = exhausted(&country);
        let told: Vec<usize> = report.set_aside.iter().map(|aside| aside.line as usize - 2).collect();
        prop_assert_eq!(&told, &exhausted.iter().copied().collect::<Vec<_>>());
        for person in ["p1", "p2", "p3", "p4", "p5"] {
            for day in 4..=20 {
                let (ent, resource, school, at) = ("B0", "ark:/99999/r1", None, january(day));
                let fast = snapshot.resolve(&Query { ent, person, resource, school, at });
                let naive = ask_within(&country, &exhausted, Question { ent, person, resource, school, at });
                prop_assert_eq!(fast.as_ref().map(|grant| grant.until()).map_err(|denied| denied.code()),
                    naive.as_ref().map(|yes| yes.until).map_err(|code| *code), "{} {}", person, day);
            }
        }
    }
}
