//! The made-up country means the same to the gateway's own build and look-up as to the country itself, which works out
//! from its facts alone who may use what (`octroi::simulate::country::expect`): for everybody, on several days.
#![allow(clippy::unwrap_used)] // a test program

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use octroi::simulate::country::assignment::Assignee;
use octroi::simulate::country::expect::Refused;
use octroi::simulate::country::licence::{Count, Licences};
use octroi::simulate::country::partner::Hosts;
use octroi::simulate::country::person::{Person, Profile};
use octroi::simulate::country::subscription::Public;
use octroi::simulate::country::{Country, Shape};
use octroi_entitlements::{
    BuildOptions, BuildReport, Pseudonymizer, Query, Reason, Silent, Snapshot, Sources, build,
};

const DAY: Date = date(2026, 11, 27);

struct Built {
    country: Country,
    folder: PathBuf,
    report: BuildReport,
    snapshot: Snapshot,
}

impl Drop for Built {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn built(name: &str) -> Built {
    let country = Country::new(Shape {
        seed: 11,
        schools: 24,
        people: 2_400,
        resources: 240,
        portals: 3,
        projects: 6,
        national: true,
        publishers: 30,
        disabled_partners: false,
        unsolicited: true,
        day: DAY,
        hosts: Hosts::default(),
    })
    .unwrap();
    let folder = std::env::temp_dir().join(format!("octroi-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    country.write_tables(&folder).unwrap();
    let body = folder.join("body.octroi");
    // So little memory that licences are counted in many rounds.
    let options = BuildOptions {
        counting_memory: 1 << 14,
        listed: usize::MAX,
        ..BuildOptions::default()
    };
    let report = build(&Sources::tables(&folder), &body, &options, &Silent).unwrap();
    let snapshot = Snapshot::open(&body).unwrap();
    Built {
        country,
        folder,
        report,
        snapshot,
    }
}

fn noon(day: Date) -> i64 {
    let zoned = day
        .at(12, 0, 0, 0)
        .to_zoned(TimeZone::get("Europe/Paris").unwrap());
    zoned.unwrap().timestamp().as_second()
}

fn everybody(country: &Country) -> impl Iterator<Item = Person> {
    (0..country.shape().people).map(|rank| country.person_at(rank).unwrap())
}

#[test]
fn every_right_of_a_small_nation_is_the_one_that_the_country_works_out() {
    let built = built("rights");
    let (country, snapshot) = (&built.country, &built.snapshot);
    let pseudonyms = Pseudonymizer::new(&[7; 64]).unwrap();
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    let mut by_family = 0;
    for (number, person) in everybody(country).enumerate() {
        let ent = country.ident_of(person.seat.school);
        // To what a school of theirs has subscribed, what that opens, and something else.
        let mut resources = BTreeSet::from([number as u32 % country.shape().resources]);
        let mut direct = BTreeSet::new();
        for place in &person.schools {
            for subscription in country.subscriptions_of(&country.school(place.school)) {
                let resource = country.resource(subscription.resource);
                direct.insert(resource.index);
                resources.extend(country.opened_by(&resource));
            }
        }
        resources.extend(&direct);
        // Each person on one of the days, everybody else on the others.
        let days = [-1, 0, 1, 30, 75].map(|n| DAY.saturating_add(jiff::Span::new().days(n)));
        let day = days[number % days.len()];
        for index in resources {
            let resource = country.resource(index);
            let expected = country.expected(&person, &resource, None, day);
            let found = snapshot.resolve(&Query {
                ent,
                person: &person.id,
                resource: &resource.ark,
                school: None,
                at: noon(day),
            });
            let at = format!("{} to {} on {day}", person.id, resource.ark);
            match (&expected, &found) {
                (Ok(expected), Ok(grant)) => {
                    *outcomes.entry("granted").or_default() += 1;
                    by_family += u32::from(!direct.contains(&index));
                    let pseudonym = pseudonyms.of(grant);
                    let mut told: Vec<(&str, Vec<String>)> = Vec::new();
                    for attribute in grant.release(&pseudonym) {
                        if !matches!(attribute.name, "IDO" | "IDC") {
                            let values = attribute.values.iter().map(ToString::to_string);
                            let mut values: Vec<String> = values.collect();
                            values.sort();
                            told.push((attribute.name, values));
                        }
                    }
                    told.sort();
                    let mut wanted = expected.attributes.clone();
                    wanted.sort();
                    assert_eq!(told, wanted, "{at}");
                }
                (Err(refused), Err(denied)) => {
                    *outcomes.entry(refused.code()).or_default() += 1;
                    assert_eq!(denied.code(), refused.code(), "{at}");
                }
                _ => panic!("{at}: {:?}, and not {expected:?}", found.err()),
            }
        }
    }
    assert!(by_family > 50, "{by_family}");
    for refused in [
        Refused::ResourceDisabled,
        Refused::PublisherNotYet,
        Refused::PublisherExpired,
        Refused::ResourceNotYet,
        Refused::ResourceExpired,
        Refused::NoSubscription,
        Refused::Expired,
        Refused::NotYet,
        Refused::OtherPublic,
        Refused::NotAssigned,
    ] {
        let seen = outcomes.get(refused.code()).copied().unwrap_or_default();
        assert!(seen > 10, "{refused:?}: {outcomes:?}");
    }
    let granted = outcomes["granted"];
    assert!(granted * 4 > outcomes.values().sum::<u32>(), "{outcomes:?}");
}

#[test]
fn what_is_set_aside_is_what_found_no_licence_by_the_country_too() {
    let built = built("licences");
    let country = &built.country;
    let mut line = 1_u64;
    let mut refused = BTreeSet::new();
    let (mut scarce, mut kept) = (0, 0);
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    for index in 0..country.shape().schools {
        let school = country.school(index);
        for subscription in country.own_subscriptions(&school) {
            let assignments = country.assignments(&subscription, &school);
            scarce += u32::from(subscription.pupils_at_most().is_some());
            kept += u32::from(subscription.keeps_licences);
            let let_through = country.let_through(&subscription, &school, &assignments);
            for (assignment, let_through) in assignments.iter().zip(let_through) {
                line += 1;
                if !let_through {
                    refused.insert(line);
                }
                let kind = match assignment.assignee {
                    Assignee::Class(_) => "division",
                    Assignee::Group(_) => "group",
                    Assignee::Level(_) => "level",
                    Assignee::Subject(_) => "subject",
                    Assignee::Profile(_) => "profile",
                    Assignee::Seat(_) => "person",
                };
                *kinds.entry(kind).or_default() += 1;
                let time = assignment.time;
                *kinds.entry("dated").or_default() += u32::from(time != Default::default());
                *kinds.entry("since").or_default() += u32::from(assignment.since.is_some());
            }
        }
    }
    let aside = &built.report.set_aside;
    assert!(
        aside
            .iter()
            .all(|a| a.reason == Reason::LicencesExhausted && a.file == "assignments.tsv"),
        "{aside:?}"
    );
    let lines: BTreeSet<u64> = aside.iter().map(|a| a.line).collect();
    assert_eq!(lines, refused);
    assert!(refused.len() > 15, "{}", refused.len());
    assert!(scarce > 20 && kept > 20, "{scarce} {kept}");
    for kind in [
        "division", "group", "level", "subject", "profile", "person", "dated", "since",
    ] {
        let seen = kinds.get(kind).copied().unwrap_or_default();
        assert!(seen >= 3, "{kind}: {kinds:?}");
    }
}

/// What makes the country's own answer right: a count that it does not count is larger than everybody who may come.
#[test]
fn licences_run_out_among_pupils_only() {
    let built = built("counts");
    let country = &built.country;
    let mut people: HashMap<(u32, Public), u32> = HashMap::new();
    for person in everybody(country) {
        for place in &person.schools {
            *people
                .entry((place.school, Public::of(person.profile)))
                .or_default() += 1;
            assert!(person.profile != Profile::Pupil || person.schools.len() == 1);
        }
    }
    let (mut global, mut by_public, mut sold) = (0, 0, 0);
    for index in 0..country.shape().schools {
        let school = country.school(index);
        let of = |public| people.get(&(index, public)).copied().unwrap_or_default();
        for subscription in country.own_subscriptions(&school) {
            match &subscription.licences {
                Licences::Global(Count::AtMost(most)) if subscription.individual => {
                    let all: u32 = subscription.publics.iter().map(|p| of(*p)).sum();
                    let counted = subscription.pupils_at_most().is_some();
                    assert!(counted || all <= *most, "{}", subscription.id);
                    global += 1;
                }
                Licences::Global(Count::AtMost(_)) => sold += 1,
                Licences::ByPublic(counts) => {
                    assert_eq!(counts.len(), subscription.publics.len());
                    for (public, count) in counts {
                        let enough = match count {
                            Count::AtMost(most) => of(*public) <= *most,
                            Count::Unlimited => true,
                        };
                        assert!(enough || *public == Public::Pupils, "{}", subscription.id);
                    }
                    by_public += 1;
                }
                Licences::Untold | Licences::Global(Count::Unlimited) => {}
            }
        }
    }
    assert!(
        global > 10 && by_public > 10 && sold > 20,
        "{global} {by_public} {sold}"
    );
}
