use std::collections::HashSet;

use jiff::civil::date;

use super::expect::Refused;
use super::person::{Profile, Seat};
use super::school::Kind;
use super::*;

pub(crate) fn shape() -> Shape {
    Shape {
        seed: 7,
        schools: 50,
        people: 5000,
        resources: 200,
        portals: 5,
        projects: 0,
        national: false,
        publishers: 12,
        disabled_partners: true,
        unsolicited: false,
        day: date(2026, 11, 23),
        hosts: Hosts::default(),
    }
}

fn country() -> Country {
    Country::new(shape()).unwrap()
}

#[test]
fn the_numbers_asked_for_are_the_numbers_made() {
    for (schools, people) in [(50, 5000), (1, 20), (997, 123_457)] {
        let country = Country::new(Shape {
            schools,
            people,
            portals: 1,
            ..shape()
        })
        .unwrap();
        let seats: u64 = (0..schools)
            .map(|i| u64::from(country.school(i).seats))
            .sum();
        assert_eq!(seats, people);
        assert!(
            (0..schools).all(|i| country.school(i).seats >= 5),
            "every school has somebody"
        );
    }
}

#[test]
fn a_country_of_fifteen_million_answers_without_a_table() {
    let country = Country::new(Shape {
        schools: 60_000,
        people: 15_000_000,
        resources: 14_000,
        portals: 35,
        projects: 0,
        national: false,
        publishers: 300,
        ..shape()
    })
    .unwrap();
    let school = country.school(59_999);
    assert_eq!(school.first_person + u64::from(school.seats), 15_000_000);
    let last = country.people_of(&school).last().unwrap();
    assert_eq!(last.profile, Profile::Pupil);
    assert_eq!(last.portal, 34);
}

#[test]
fn portals_share_the_schools_and_every_one_has_some() {
    let country = country();
    let mut covered = 0;
    for portal in 0..5 {
        let range = country.schools_of(portal);
        assert!(!range.is_empty());
        assert_eq!(range.start, covered);
        assert!(range.clone().all(|s| country.school(s).portal == portal));
        covered = range.end;
    }
    assert_eq!(covered, 50);
}

#[test]
fn identifiers_are_unique_in_a_portal_and_may_repeat_in_another() {
    let country = country();
    let mut seen = HashSet::new();
    let mut anywhere: HashSet<String> = HashSet::new();
    let mut repeated = 0;
    for index in 0..50 {
        for person in country.people_of(&country.school(index)) {
            assert!(!person.id.is_empty() && person.id.len() <= 64);
            repeated += u32::from(!anywhere.insert(person.id.clone()));
            assert!(
                seen.insert((person.portal, person.id)),
                "twice in one portal"
            );
        }
    }
    assert!(
        repeated > 100,
        "two portals number alike, or nothing tests that they are kept apart"
    );
}

#[test]
fn people_are_what_schools_are_made_of() {
    let country = country();
    let (mut pupils, mut teachers, mut twice) = (0, 0, 0);
    for index in 0..50 {
        let school = country.school(index);
        for person in country.people_of(&school) {
            assert_eq!(country.person(person.seat).unwrap(), person);
            match person.profile {
                Profile::Pupil => {
                    pupils += 1;
                    assert_eq!(person.schools[0].classes.len(), 1);
                    assert!(person.mail.is_none() && person.civility.is_none());
                }
                Profile::Teacher => teachers += 1,
                Profile::Documentalist => assert_ne!(school.kind, Kind::Primary),
                Profile::Head | Profile::SchoolLife => {}
            }
            for place in &person.schools {
                assert!(
                    place
                        .classes
                        .iter()
                        .all(|&c| c < country.school(place.school).classes())
                );
                assert_eq!(
                    country.school(place.school).portal,
                    person.portal,
                    "a person is one portal's"
                );
            }
            twice += u32::from(person.schools.len() > 1);
        }
        let classes = school.classes();
        let codes: HashSet<String> = (0..classes).map(|c| school.class(c).code).collect();
        assert_eq!(codes.len(), classes as usize);
        assert!(
            country
                .person(Seat {
                    school: index,
                    seat: school.seats
                })
                .is_none()
        );
    }
    assert!(
        pupils > 4000 && teachers > 300 && twice > 5,
        "{pupils} {teachers} {twice}"
    );
}

#[test]
fn resources_are_all_somebodys_and_their_identifiers_differ() {
    let country = country();
    let all: Vec<_> = (0..200).map(|i| country.resource(i)).collect();
    assert_eq!(
        all.iter().map(|r| &r.ark).collect::<HashSet<_>>().len(),
        200
    );
    assert_eq!(
        all.iter()
            .map(|r| &r.access_url)
            .collect::<HashSet<_>>()
            .len(),
        200
    );
    for publisher in 0..12 {
        let (first, count) = country.resources_of(publisher);
        assert!(count >= 1);
        assert!((first..first + count).all(|i| all[i as usize].publisher == publisher));
    }
    assert_eq!(
        country.resources_of(10).1,
        1,
        "one publisher has its only resource"
    );
    for member in all.iter().filter_map(|r| r.mother.map(|m| (r, m))) {
        assert_eq!(all[member.1 as usize].publisher, member.0.publisher);
        assert_eq!(all[member.1 as usize].mother, None);
    }
}

#[test]
fn the_same_seed_gives_the_same_country_and_another_one_another() {
    let people = |seed| {
        let country = Country::new(Shape { seed, ..shape() }).unwrap();
        country.people_of(&country.school(3)).collect::<Vec<_>>()
    };
    assert_eq!(people(7), people(7));
    assert_ne!(people(7), people(8));
    // One figure pinned: a change of the generator that would change every published country is told here.
    assert_eq!(
        country().person(Seat { school: 0, seat: 9 }).unwrap().id,
        PINNED_ID
    );
}

const PINNED_ID: &str = "7d9e26af-226e-4c52-8343-3db66a0828b4";

#[test]
fn every_outcome_occurs_so_that_it_can_be_shown() {
    let country = country();
    let day = country.shape().day;
    let mut granted = 0;
    let mut refused: HashSet<Refused> = HashSet::new();
    for index in 0..50 {
        let school = country.school(index);
        let subscriptions = country.subscriptions_of(&school);
        for person in country.people_of(&school) {
            for subscription in &subscriptions {
                match country.expected(&person, &country.resource(subscription.resource), None, day)
                {
                    Ok(released) => {
                        granted += 1;
                        assert!(released.attributes.iter().any(|(name, _)| *name == "UAI"));
                    }
                    Err(why) => {
                        refused.insert(why);
                    }
                }
            }
        }
    }
    assert!(granted > 10_000, "{granted}");
    for why in [
        Refused::Expired,
        Refused::NotYet,
        Refused::OtherPublic,
        Refused::NotAssigned,
    ] {
        assert!(refused.contains(&why), "{why:?}");
    }
    let person = country.person(Seat { school: 0, seat: 9 }).unwrap();
    let foreign = country.school(49).uai;
    assert_eq!(
        country.expected(&person, &country.resource(0), Some(&foreign), day),
        Err(Refused::NotInThatSchool)
    );
}

#[test]
fn a_bare_date_includes_its_day() {
    let country = country();
    let day = country.shape().day;
    let (mut ends_today, mut ended_yesterday) = (0, 0);
    for index in 0..50 {
        for subscription in country.own_subscriptions(&country.school(index)) {
            ends_today += u32::from(subscription.until == day);
            ended_yesterday += u32::from(subscription.until == day.yesterday().unwrap());
        }
    }
    assert!(ends_today > 0 && ended_yesterday > 0);
}

#[test]
fn impossible_shapes_are_told() {
    let wrong = |shape: Shape| Country::new(shape).unwrap_err();
    assert_eq!(
        wrong(Shape {
            schools: 0,
            ..shape()
        }),
        ShapeError::None("schools")
    );
    assert!(matches!(
        wrong(Shape {
            people: 10,
            ..shape()
        }),
        ShapeError::TooFewPeople { .. }
    ));
    assert_eq!(
        wrong(Shape {
            portals: 51,
            ..shape()
        }),
        ShapeError::MoreThan("portals", "schools")
    );
    assert!(matches!(
        wrong(Shape {
            schools: 100_000,
            people: 9_000_000,
            ..shape()
        }),
        ShapeError::TooManySchools(_)
    ));
}

#[test]
fn tables_are_the_same_bytes_for_the_same_seed_and_hold_everybody() {
    let directory = std::env::temp_dir().join(format!("octroi-country-{}", std::process::id()));
    let mut digests = Vec::new();
    for run in ["a", "b"] {
        let directory = directory.join(run);
        std::fs::create_dir_all(&directory).unwrap();
        let counts = country().write_tables(&directory).unwrap();
        assert_eq!(
            (counts.schools, counts.people, counts.resources),
            (50, 5000, 200)
        );
        assert!(
            counts.subscriptions > 300 && counts.assignments > 500,
            "{counts:?}"
        );
        let mut names: Vec<_> = std::fs::read_dir(&directory)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        names.sort();
        assert_eq!(names.len(), 10);
        digests.push(
            names
                .iter()
                .map(|n| std::fs::read(n).unwrap())
                .collect::<Vec<_>>(),
        );
        for (name, bytes) in names.iter().zip(digests.last().unwrap()) {
            let text = std::str::from_utf8(bytes).unwrap();
            let columns = text.lines().next().unwrap().split('\t').count();
            assert!(
                text.lines().all(|l| l.split('\t').count() == columns),
                "{name:?}"
            );
        }
    }
    assert!(digests[0] == digests[1]);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_place_has_settings_that_the_gateway_and_the_simulators_read() {
    let loaded = crate::simulate::tests::place();
    let country = loaded.country.as_ref().unwrap();
    let file = loaded.path("octroi.toml".as_ref());
    let (settings, problems) =
        crate::config::Settings::read(&file, &std::fs::read_to_string(&file).unwrap());
    assert!(problems.is_empty(), "{problems}");
    assert_eq!((settings.portals.len(), settings.publishers.len()), (4, 6));
    assert_eq!(loaded.settings.portal, country.portals);
    assert_eq!(loaded.settings.publisher, country.publishers);
    for portal in &country.portals {
        assert!(
            loaded
                .pki(&format!("portals/{}/sign.key", portal.id))
                .exists()
        );
    }
}
