//! Each rule of `docs/directory.md` about subscriptions, assignments and families, with cases that say yes and cases that
//! say no, through build, file and look-up.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use support::table::*;
use support::{Assignment, Country, Ent, Person, Resource, january};

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
