//! Each rule of `docs/directory.md` with cases that say yes and cases that say no, through build, file and look-up.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{Query, Snapshot, explain};
use support::{Affiliation, Assignment, Country, Ent, Person, Resource, Subscription, january};

const SCHOOL: &str = "0561622J";
const OTHER: &str = "0350042F";
const RESOURCE: &str = "ark:/99999/r1";

fn query<'q>() -> Query<'q> {
    Query {
        ent: "B0",
        person: "p1",
        resource: RESOURCE,
        school: None,
        at: january(10),
    }
}

fn code(snapshot: &Snapshot, query: &Query<'_>) -> &'static str {
    let resolved = snapshot.resolve(query);
    let explanation = explain(snapshot, query);
    let code = resolved.map_or_else(|denied| denied.code(), |_| "granted");
    assert_eq!(explanation.code, code);
    assert!(explanation.to_string().contains(code));
    code
}

/// What is changed in the smallest country, under what name, and what the plain question then answers.
type Case<'c> = (&'c str, fn(&mut Country), &'c str);

fn table(cases: &[Case]) {
    for (name, change, expected) in cases {
        let mut country = Country::smallest();
        change(&mut country);
        assert_eq!(code(&country.snapshot(), &query()), *expected, "{name}");
    }
}

fn individual(country: &mut Country, kind: &'static str, target: &str) {
    country.subscriptions[0].individual = true;
    country.assignments = vec![Assignment {
        subscription: "s1".into(),
        school: SCHOOL.into(),
        kind,
        ent: if kind == "person" {
            "B0".into()
        } else {
            String::new()
        },
        target: target.into(),
        ..Assignment::default()
    }];
}

fn second_school(country: &mut Country) {
    country.schools.push(OTHER.into());
    country.affiliations.push(Affiliation {
        school: OTHER.into(),
        divisions: vec![],
        ..country.affiliations[0].clone()
    });
}

#[test]
fn whole_school_and_target_public() {
    table(&[
        ("a pupil, for pupils", |_| (), "granted"),
        (
            "a pupil, for teachers",
            |c| c.subscriptions[0].publics = vec!["ENSEIGNANT"],
            "public-excluded",
        ),
        (
            "a pupil, for everybody",
            |c| {
                c.subscriptions[0].publics =
                    vec!["ENSEIGNANT", "AUTRE PERSONNEL", "DOCUMENTALISTE", "ELEVE"]
            },
            "granted",
        ),
        (
            "a teacher, for pupils",
            |c| c.affiliations[0].profiles = vec!["National_ens"],
            "public-excluded",
        ),
        (
            "both, for pupils",
            |c| c.affiliations[0].profiles = vec!["National_ens", "National_elv"],
            "granted",
        ),
        (
            "a profile in another case",
            |c| c.affiliations[0].profiles = vec!["National_ELV"],
            "granted",
        ),
        (
            "a profile of another school does not count",
            |c| {
                second_school(c);
                c.affiliations[0].profiles = vec!["National_ens"];
            },
            "public-excluded",
        ),
        (
            "a guardian, for everybody",
            |c| {
                c.affiliations[0].profiles = vec!["National_tut"];
                c.subscriptions[0].publics =
                    vec!["ENSEIGNANT", "AUTRE PERSONNEL", "DOCUMENTALISTE", "ELEVE"];
            },
            "public-excluded",
        ),
    ]);
}

#[test]
fn individual_assignments() {
    table(&[
        (
            "assigned to nobody",
            |c| c.subscriptions[0].individual = true,
            "not-assigned",
        ),
        (
            "to the person",
            |c| individual(c, "person", "p1"),
            "granted",
        ),
        (
            "to the class",
            |c| individual(c, "division", "6A"),
            "granted",
        ),
        (
            "to the profile",
            |c| individual(c, "profile", "National_elv"),
            "granted",
        ),
        (
            "to another profile",
            |c| individual(c, "profile", "National_ens"),
            "not-assigned",
        ),
        (
            "to a level not theirs",
            |c| individual(c, "level", "2211"),
            "not-assigned",
        ),
        (
            "to their level",
            |c| {
                c.affiliations[0].levels = vec!["2211".into()];
                individual(c, "level", "2211");
            },
            "granted",
        ),
        (
            "a level is not a subject",
            |c| {
                c.affiliations[0].levels = vec!["2211".into()];
                individual(c, "subject", "2211");
            },
            "not-assigned",
        ),
        (
            "to their subject",
            |c| {
                c.affiliations[0].subjects = vec!["2211".into()];
                individual(c, "subject", "2211");
            },
            "granted",
        ),
        (
            "to another person",
            |c| {
                c.people.push(Person {
                    ent: "B0".into(),
                    id: "p2".into(),
                    ..Person::default()
                });
                individual(c, "person", "p2");
            },
            "not-assigned",
        ),
        (
            "to the same identifier of another project",
            |c| {
                c.ents.push(Ent {
                    code: "C0".into(),
                    ..Ent::default()
                });
                c.people.push(Person {
                    ent: "C0".into(),
                    id: "p1".into(),
                    ..Person::default()
                });
                individual(c, "person", "p1");
                c.assignments[0].ent = "C0".into();
            },
            "not-assigned",
        ),
        (
            "in a school where the person is not",
            |c| {
                c.schools.push(OTHER.into());
                c.subscriptions[0].schools.push(OTHER.into());
                individual(c, "person", "p1");
                c.assignments[0].school = OTHER.into();
            },
            "not-assigned",
        ),
        (
            "assigned, but not in the target public",
            |c| {
                individual(c, "person", "p1");
                c.subscriptions[0].publics = vec!["ENSEIGNANT"];
            },
            "public-excluded",
        ),
    ]);
}

/// An assignment to the person for some days of January; the subscription holds from the 5th to before the 20th.
fn dated(country: &mut Country, from: Option<i64>, until: Option<i64>) {
    individual(country, "person", "p1");
    country.assignments[0].from = from;
    country.assignments[0].until = until;
}

#[test]
fn assignments_hold_in_their_own_time_and_in_the_subscriptions() {
    // The question is of the 10th.
    table(&[
        ("begun", |c| dated(c, Some(10), None), "granted"),
        ("not begun", |c| dated(c, Some(11), None), "not-assigned"),
        ("not ended", |c| dated(c, None, Some(11)), "granted"),
        ("ended", |c| dated(c, None, Some(10)), "not-assigned"),
        ("now only", |c| dated(c, Some(10), Some(11)), "granted"),
        ("longer than it", |c| dated(c, Some(1), Some(31)), "granted"),
        (
            "the subscription is over, whatever the assignment says",
            |c| {
                dated(c, Some(7), Some(31));
                c.subscriptions[0].until = 9;
            },
            "subscription-expired",
        ),
        (
            "another time of the same assignment",
            |c| {
                dated(c, Some(6), Some(8));
                let again = c.assignments[0].clone();
                c.assignments.push(Assignment {
                    from: Some(9),
                    until: Some(12),
                    ..again
                });
            },
            "granted",
        ),
        (
            "dated to the class, undated to another person",
            |c| {
                individual(c, "division", "6A");
                c.assignments[0].from = Some(12);
                c.people.push(Person {
                    ent: "B0".into(),
                    id: "p2".into(),
                    ..Person::default()
                });
                c.assignments.push(Assignment {
                    kind: "person",
                    ent: "B0".into(),
                    target: "p2".into(),
                    from: None,
                    ..c.assignments[0].clone()
                });
            },
            "not-assigned",
        ),
    ]);
    let until = |change: fn(&mut Country)| {
        let mut country = Country::smallest();
        change(&mut country);
        country.snapshot().resolve(&query()).unwrap().until()
    };
    assert_eq!(until(|c| dated(c, None, Some(15))), january(15));
    assert_eq!(until(|c| dated(c, Some(7), None)), january(20));
    let longest = until(|c| {
        dated(c, None, Some(15));
        for (kind, target, until) in [
            ("division", "6A", Some(17)),
            ("profile", "National_elv", Some(12)),
        ] {
            c.assignments.push(Assignment {
                kind,
                target: target.into(),
                ent: String::new(),
                until,
                ..c.assignments[0].clone()
            });
        }
    });
    assert_eq!(longest, january(17));
}

fn of_nature(country: &mut Country, nature: &str) {
    let kind = ("340", "2D");
    country.school_kinds.insert(SCHOOL.into(), kind);
    country.schools.push(OTHER.into());
    country.school_kinds.insert(OTHER.into(), ("151", "1D"));
    country.subscriptions[0].schools.clear();
    country.subscriptions[0].natures = vec![nature.into()];
}

#[test]
fn kinds_of_school() {
    table(&[
        ("the school's", |c| of_nature(c, "340"), "granted"),
        ("another", |c| of_nature(c, "151"), "no-subscription"),
        (
            "assigned in a school of that nature",
            |c| {
                of_nature(c, "340");
                individual(c, "person", "p1");
            },
            "granted",
        ),
    ]);
}

/// The resource that is asked for, and another one of its family, to which the subscription is.
fn family(country: &mut Country, mother: bool, opens_family: bool) {
    country.resources[0].family = "f".into();
    country.resources.push(Resource {
        id: "ark:/99999/mother".into(),
        mother,
        opens_family,
        ..country.resources[0].clone()
    });
    country.subscriptions[0].resource = "ark:/99999/mother".into();
}

#[test]
fn families() {
    table(&[
        (
            "another member",
            |c| family(c, false, false),
            "no-subscription",
        ),
        ("the mother", |c| family(c, true, false), "no-subscription"),
        ("a mother that opens", |c| family(c, true, true), "granted"),
        (
            "of another family",
            |c| {
                family(c, true, true);
                c.resources[0].family = "g".into();
            },
            "no-subscription",
        ),
        (
            "of another publisher",
            |c| {
                family(c, true, true);
                let mut other = c.publishers[0].clone();
                other.id = "pub-y".into();
                c.publishers.push(other);
                c.resources[1].publisher = "pub-y".into();
            },
            "no-subscription",
        ),
        (
            "a member does not open its mother",
            |c| {
                family(c, true, true);
                c.resources.swap(0, 1);
                c.resources[0].id = RESOURCE.into();
                c.resources[1].id = "ark:/99999/member".into();
                c.subscriptions[0].resource = "ark:/99999/member".into();
            },
            "no-subscription",
        ),
        (
            "a member has its own switch",
            |c| {
                family(c, true, true);
                c.resources[0].disabled = true;
            },
            "resource-disabled",
        ),
        (
            "the mother's switch is hers",
            |c| {
                family(c, true, true);
                c.resources[1].disabled = true;
            },
            "granted",
        ),
        (
            "an INDIV subscription to a mother",
            |c| {
                family(c, true, true);
                individual(c, "person", "p1");
            },
            "granted",
        ),
        (
            "not assigned",
            |c| {
                family(c, true, true);
                individual(c, "profile", "National_ens");
            },
            "not-assigned",
        ),
    ]);
}

#[test]
fn switches_and_names() {
    table(&[
        (
            "publisher off",
            |c| c.publishers[0].disabled = true,
            "publisher-disabled",
        ),
        (
            "resource off",
            |c| c.resources[0].disabled = true,
            "resource-disabled",
        ),
        ("no such project", |c| person_of(c, "X0"), "unknown-ent"),
        (
            "person of another project",
            |c| person_of(c, "C0"),
            "unknown-person",
        ),
        ("no affiliation", |c| c.affiliations.clear(), "no-school"),
        (
            "no subscription",
            |c| c.subscriptions.clear(),
            "no-subscription",
        ),
        (
            "a subscription to another resource",
            |c| {
                c.resources.push(Resource {
                    id: "ark:/99999/r2".into(),
                    ..c.resources[0].clone()
                });
                c.subscriptions[0].resource = "ark:/99999/r2".into();
            },
            "no-subscription",
        ),
        (
            "a subscription of another school",
            |c| {
                c.schools.push(OTHER.into());
                c.subscriptions[0].schools = vec![OTHER.into()];
            },
            "no-subscription",
        ),
    ]);
}

fn person_of(country: &mut Country, ent: &str) {
    country.ents.push(Ent {
        code: ent.into(),
        ..Ent::default()
    });
    country.people[0].ent = ent.into();
    country.affiliations[0].ent = ent.into();
    if ent == "X0" {
        country.ents.remove(0);
    }
}

#[test]
fn validity() {
    let snapshot = Country::smallest().snapshot();
    for (at, expected) in [
        (january(5) - 1, "subscription-not-yet"),
        (january(5), "granted"),
        (january(20) - 1, "granted"),
        (january(20), "subscription-expired"),
    ] {
        assert_eq!(code(&snapshot, &Query { at, ..query() }), expected, "{at}");
    }
    assert_eq!(snapshot.resolve(&query()).unwrap().until(), january(20));
}

#[test]
fn bare_dates_are_whole_days_in_paris() {
    let country = Country::smallest();
    let folder = support::Folder::new();
    country.write(folder.path());
    let table = "id\tresource\tschools\tkind\tpublics\tfrom\tuntil\n\
                 s1\tark:/99999/r1\t0561622J\tETABL\tELEVE\t2026-03-29\t2026-03-29\n";
    std::fs::write(folder.join("subscriptions.tsv"), table).unwrap();
    let out = folder.join("out");
    octroi_entitlements::build(
        &octroi_entitlements::Sources::tables(folder.path()),
        &out,
        &Default::default(),
        &octroi_entitlements::Silent,
    )
    .unwrap();
    let snapshot = Snapshot::open(&out).unwrap();
    // 29 March 2026 has 23 hours: `date -u -d '2026-03-29 00:00 +0100' +%s` and '2026-03-30 00:00 +0200'.
    for (at, expected) in [
        (1_774_738_799, "subscription-not-yet"),
        (1_774_738_800, "granted"),
        (1_774_821_599, "granted"),
        (1_774_821_600, "subscription-expired"),
    ] {
        assert_eq!(code(&snapshot, &Query { at, ..query() }), expected, "{at}");
    }
}

#[test]
fn the_longest_right_counts_and_the_nearest_refusal_is_told() {
    let mut country = Country::smallest();
    for (id, from, until) in [("s2", 1, 15), ("s3", 8, 28), ("s4", 22, 30), ("s5", 1, 3)] {
        country.subscriptions.push(Subscription {
            id: id.into(),
            from,
            until,
            ..country.subscriptions[0].clone()
        });
    }
    let snapshot = country.snapshot();
    let grant = snapshot.resolve(&query()).unwrap();
    assert_eq!(grant.until(), january(28));
    let mut entitling: Vec<&str> = grant.subscriptions().map(|s| s.id()).collect();
    entitling.sort_unstable();
    assert_eq!(entitling, ["s1", "s2", "s3"]);

    country
        .subscriptions
        .retain(|s| s.id == "s5" || s.id == "s4");
    let snapshot = country.snapshot();
    let denied = snapshot.resolve(&query()).unwrap_err();
    assert_eq!(
        denied,
        octroi_entitlements::Denied::SubscriptionNotYet {
            starts: january(22)
        }
    );
}

#[test]
fn the_school_asked_for_narrows_and_never_adds() {
    let mut country = Country::smallest();
    second_school(&mut country);
    country.schools.push("0650499P".into());
    country.subscriptions[0].schools.push("0650499P".into());
    let snapshot = country.snapshot();
    for (school, expected) in [
        (None, "granted"),
        (Some(SCHOOL), "granted"),
        (Some("0561622J-ET6"), "granted"),
        (Some(OTHER), "no-subscription"),
        (Some("0650499P"), "not-in-that-school"),
        (Some("0650499P-ET6"), "not-in-that-school"),
        (Some("9999999Z"), "not-in-that-school"),
        (Some(""), "not-in-that-school"),
    ] {
        assert_eq!(
            code(&snapshot, &Query { school, ..query() }),
            expected,
            "{school:?}"
        );
    }
}

#[test]
fn only_schools_that_entitle_are_released() {
    let mut country = Country::smallest();
    second_school(&mut country);
    country.affiliations[1].profiles = vec!["National_ens"];
    country.resources[0].release = vec!["UAI", "PRO", "DIV"];
    let pseudonymizer = octroi_entitlements::Pseudonymizer::new(&[1; 32]).unwrap();
    let released = |country: &Country| {
        let snapshot = country.snapshot();
        let grant = snapshot.resolve(&query()).unwrap();
        let pseudonym = pseudonymizer.of(&grant);
        let all = grant.release(&pseudonym).into_iter();
        all.map(|a| format!("{}={}", a.name, a.values.join("|")))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        released(&country),
        ["UAI=0561622J", "PRO=National_elv", "DIV=6A##6ème A"]
    );
    country.subscriptions[0].schools.push(OTHER.into());
    country.subscriptions[0].publics.push("ENSEIGNANT");
    assert_eq!(
        released(&country),
        [
            "UAI=0350042F|0561622J",
            "PRO=National_elv|National_ens",
            "DIV=6A##6ème A"
        ]
    );
}

#[test]
fn every_form_of_an_ark_is_the_same_resource() {
    let snapshot = Country::smallest().snapshot();
    for resource in [
        "ark:/99999/r1",
        "ark:99999/r1",
        "http://n2t.net/ark:/99999/r1",
        "https://n2t.net/ark:/99999/r1",
    ] {
        assert_eq!(
            code(
                &snapshot,
                &Query {
                    resource,
                    ..query()
                }
            ),
            "granted",
            "{resource}"
        );
        assert_eq!(snapshot.resource(resource).unwrap().id(), RESOURCE);
    }
    for resource in [
        "99999/r1",
        "ark:/99999/R1",
        "https://evil.example/ark:/99999/r1",
        "",
    ] {
        assert_eq!(
            code(
                &snapshot,
                &Query {
                    resource,
                    ..query()
                }
            ),
            "unknown-resource",
            "{resource}"
        );
    }
}

#[test]
fn identifiers_are_compared_exactly_and_bounded() {
    let snapshot = Country::smallest().snapshot();
    let long = "p".repeat(65);
    for person in ["", "P1", "p1 ", "p", "p11", long.as_str(), "p1\0"] {
        assert_eq!(
            code(&snapshot, &Query { person, ..query() }),
            "unknown-person",
            "{person:?}"
        );
    }
    for ent in ["", "b0", "B", "B00", "B0="] {
        assert_eq!(
            code(&snapshot, &Query { ent, ..query() }),
            "unknown-ent",
            "{ent:?}"
        );
    }
}

#[test]
fn merged_projects_find_their_people_under_either_code_and_keep_their_pseudonyms() {
    let mut country = Country::smallest();
    let pseudonymizer = octroi_entitlements::Pseudonymizer::new(&[1; 32]).unwrap();
    let before = pseudonymizer.of(&country.snapshot().resolve(&query()).unwrap());

    country.ents[0].alias_of = "C0".into();
    country.ents.push(Ent {
        code: "C0".into(),
        ..Ent::default()
    });
    country.resources[0].release = vec!["idENT"];
    let snapshot = country.snapshot();
    for ent in ["B0", "C0"] {
        let grant = snapshot.resolve(&Query { ent, ..query() }).unwrap();
        assert_eq!(pseudonymizer.of(&grant), before, "{ent}");
        assert_eq!((grant.origin_ent(), grant.ent().code()), ("B0", "C0"));
        let pseudonym = pseudonymizer.of(&grant);
        // C0 in base64, as portals are named now.
        assert_eq!(grant.release(&pseudonym)[0].values, ["QzA="]);
    }
}
