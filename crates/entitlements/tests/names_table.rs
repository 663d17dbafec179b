//! Who and what is meant by a question, and when: switches, dates, schools asked for, every form of an ARK, merged
//! projects, with cases that say yes and cases that say no.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{Query, Snapshot};
use support::table::*;
use support::{Country, Ent, Resource, Subscription, january};

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
