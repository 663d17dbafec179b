//! Snapshots from segments of the directory: same answers as from tables, sources that add up, damage that refuses.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_directory::Degree;
use octroi_directory::current::Directory;
use octroi_entitlements::{
    BuildError, BuildOptions, BuildReport, Pseudonymizer, Query, Silent, Snapshot, Sources, build,
    rekey,
};
use support::segments::TAKEN_OVER;
use support::{Country, Ent, Folder, Person, january};

/// A country in a folder: tables, segments in `directory`, snapshot in `out`.
fn place(country: &Country) -> (Folder, Sources) {
    let folder = Folder::of(country);
    country.write_segments(&folder.join("directory"));
    let sources = Sources::tables(folder.path()).with_directory(folder.join("directory"));
    (folder, sources)
}

fn without_tables(folder: &Folder) {
    for table in TAKEN_OVER {
        std::fs::remove_file(folder.join(table)).unwrap();
    }
}

fn built(folder: &Folder, sources: &Sources) -> (Snapshot, BuildReport) {
    let out = folder.join("out");
    let report = build(sources, &out, &BuildOptions::default(), &Silent).unwrap();
    let snapshot = Snapshot::open(&out).unwrap();
    snapshot.check().unwrap();
    (snapshot, report)
}

fn query<'q>(ent: &'q str, person: &'q str) -> Query<'q> {
    Query {
        ent,
        person,
        resource: "ark:/99999/r1",
        school: None,
        at: january(10),
    }
}

fn name_of(snapshot: &Snapshot, query: &Query<'_>) -> String {
    let grant = snapshot.resolve(query).unwrap();
    let pseudonym = Pseudonymizer::new(&[0; 32]).unwrap().of(&grant);
    let released = grant.release(&pseudonym);
    let name = released.iter().find(|a| a.name == "NOM").unwrap();
    name.values[0].to_string()
}

fn with_names() -> Country {
    let mut country = Country::smallest();
    country.resources[0].release = vec!["NOM", "DIV"];
    country
}

#[test]
fn segments_take_the_place_of_four_tables() {
    let (folder, sources) = place(&with_names());
    without_tables(&folder);
    let (snapshot, report) = built(&folder, &sources);
    assert_eq!((report.set_aside, report.differing), (vec![], vec![]));
    let segment = report.files["directory/B0/2D"];
    assert_eq!((segment.lines, segment.taken), (1, 1));
    assert_eq!(name_of(&snapshot, &query("B0", "p1")), "Durand");
}

#[test]
fn without_a_directory_the_four_tables_must_be_there() {
    let (folder, _) = place(&with_names());
    without_tables(&folder);
    let sources = Sources::tables(folder.path());
    let error = build(
        &sources,
        &folder.join("out"),
        &BuildOptions::default(),
        &Silent,
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("establishments.tsv")
    );
}

#[test]
fn a_directory_that_is_not_there_is_no_country_without_portals() {
    let folder = Folder::of(&with_names());
    let sources = Sources::tables(folder.path()).with_directory(folder.join("elsewhere"));
    let error = build(
        &sources,
        &folder.join("out"),
        &BuildOptions::default(),
        &Silent,
    );
    assert!(matches!(error, Err(BuildError::Io { path, .. }) if path.contains("elsewhere")));
    assert!(!folder.join("out").exists());
}

#[test]
fn tables_and_segments_add_up_and_the_table_stands_where_they_differ() {
    let mut country = with_names();
    let (folder, sources) = place(&country);
    // The tables: another name for p1, one school more, and somebody whom no portal names.
    country.people[0].name = "Dupont".into();
    country.people.push(Person {
        ent: "B0".into(),
        id: "p0".into(),
        name: "Martin".into(),
        ..Person::default()
    });
    country.schools.push("0350042F".into());
    let mut second = country.affiliations[0].clone();
    second.school = "0350042F".into();
    second.divisions.clear();
    country.affiliations = vec![second.clone()];
    second.person = "p0".into();
    country.affiliations.push(second);
    country.subscriptions[0].schools.push("0350042F".into());
    country.write(folder.path());
    let (snapshot, report) = built(&folder, &sources);
    assert_eq!(report.set_aside, []);
    let told: Vec<String> = report.differing.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["directory/B0/2D:1: name: an earlier source says something else, which stands"]
    );
    assert_eq!(report.files["directory/B0/2D"].differing, 1);
    assert_eq!(name_of(&snapshot, &query("B0", "p1")), "Dupont");
    assert_eq!(name_of(&snapshot, &query("B0", "p0")), "Martin");
    let grant = snapshot.resolve(&query("B0", "p1"));
    assert_eq!(grant.unwrap().schools().count(), 2);
}

#[test]
fn both_flows_of_a_portal_may_name_a_person() {
    let country = with_names();
    let (folder, sources) = place(&country);
    without_tables(&folder);
    let mut first = country.clone();
    first.schools = vec!["0350042F".into()];
    first.groups.clear();
    first.affiliations[0].school = "0350042F".into();
    first.affiliations[0].divisions.clear();
    first.people[0].name = "Duranton".into();
    first.write_segment(&folder.join("directory"), "B0", Degree::First, |_| true);
    let mut subscribed = country.clone();
    subscribed.subscriptions[0].schools.push("0350042F".into());
    subscribed.write(folder.path());
    without_tables(&folder);
    let (snapshot, report) = built(&folder, &sources);
    assert_eq!(report.set_aside, []);
    assert_eq!(report.files["directory/B0/1D"].differing, 1);
    // The second degree is asked first.
    assert_eq!(name_of(&snapshot, &query("B0", "p1")), "Durand");
    let grant = snapshot.resolve(&query("B0", "p1"));
    assert_eq!(grant.unwrap().schools().count(), 2);
}

#[test]
fn people_whom_a_merger_confuses_are_both_left_out() {
    let mut country = with_names();
    country.ents.push(Ent {
        code: "C0".into(),
        alias_of: "B0".into(),
    });
    for (ent, id) in [("C0", "p1"), ("C0", "p2"), ("B0", "p3")] {
        country.people.push(Person {
            ent: ent.into(),
            id: id.into(),
            name: format!("Name {id}"),
            ..Person::default()
        });
        let mut affiliation = country.affiliations[0].clone();
        (affiliation.ent, affiliation.person) = (ent.into(), id.into());
        country.affiliations.push(affiliation);
    }
    let (folder, sources) = place(&country);
    without_tables(&folder);
    let (snapshot, report) = built(&folder, &sources);
    let told: Vec<String> = report.set_aside.iter().map(ToString::to_string).collect();
    let both = "another project merged with this one has the same person identifier";
    assert_eq!(
        told,
        [
            format!("directory/B0/2D:1: person: {both}"),
            format!("directory/C0/2D:1: person: {both}")
        ]
    );
    for ent in ["B0", "C0"] {
        let denied = snapshot.resolve(&query(ent, "p1")).unwrap_err();
        assert_eq!(denied.code(), "unknown-person");
        // The others are found by either code, under the project that named them.
        for (id, origin) in [("p2", "C0"), ("p3", "B0")] {
            assert_eq!(
                snapshot.resolve(&query(ent, id)).unwrap().origin_ent(),
                origin
            );
        }
    }
}

#[test]
fn a_project_that_the_tables_do_not_name_is_left_out_whole() {
    let country = with_names();
    let (folder, sources) = place(&country);
    let mut other = country.clone();
    other.people[0].ent = "Z9".into();
    other.affiliations[0].ent = "Z9".into();
    other.write_segments(&folder.join("directory"));
    let (snapshot, report) = built(&folder, &sources);
    assert_eq!(
        report.set_aside[0].to_string(),
        "directory/Z9/2D:0: ent: names nothing that is known"
    );
    assert_eq!(snapshot.counts().people, 1);
}

#[test]
fn a_damaged_segment_refuses_the_build_and_leaves_the_last_snapshot() {
    let mut country = with_names();
    for n in 0..2000 {
        country.people.push(Person {
            ent: "B0".into(),
            id: format!("q{n}"),
            name: format!("Name {n}"),
            ..Person::default()
        });
    }
    let (folder, sources) = place(&country);
    without_tables(&folder);
    let (_, _) = built(&folder, &sources);
    let before = std::fs::read(folder.join("out")).unwrap();
    let directory = Directory::new(&folder.join("directory"));
    let path = directory.in_force("B0", Degree::Second).unwrap().unwrap();
    let good = std::fs::read(&path).unwrap();
    for at in [3, 40, 300, good.len() / 2, good.len() - 3] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, bad).unwrap();
        for threads in [1, 2] {
            let options = BuildOptions {
                threads,
                ..BuildOptions::default()
            };
            let error = build(&sources, &folder.join("out"), &options, &Silent).unwrap_err();
            assert!(
                matches!(&error, BuildError::Segment { file, .. } if file == "directory/B0/2D"),
                "octet {at}: {error}"
            );
            assert_eq!(std::fs::read(folder.join("out")).unwrap(), before);
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_segment_that_lost_too_much_refuses_the_build() {
    let mut country = with_names();
    for n in 0..10 {
        country.people.push(Person {
            ent: "B0".into(),
            // One octet more than the limit.
            id: format!("{n:065}"),
            ..Person::default()
        });
    }
    let (folder, sources) = place(&country);
    without_tables(&folder);
    let options = |max_set_aside| BuildOptions {
        max_set_aside,
        ..BuildOptions::default()
    };
    let error = build(&sources, &folder.join("out"), &options(9), &Silent).unwrap_err();
    assert!(
        matches!(
            &error,
            BuildError::TooManySetAside { file, set_aside: 10, lines: 11, .. } if file == "directory/B0/2D"
        ),
        "{error}"
    );
    let report = build(&sources, &folder.join("out"), &options(10), &Silent).unwrap();
    assert_eq!(report.files["directory/B0/2D"].taken, 1);
}

#[test]
fn the_number_of_threads_changes_no_octet() {
    let mut country = with_names();
    for n in 0..20_000 {
        country.people.push(Person {
            ent: "B0".into(),
            id: format!("q{n}"),
            name: format!("Name {}", n % 700),
            given_name: format!("Given {}", n % 90),
            mail: format!("q{n}@example.org"),
            ..Person::default()
        });
    }
    let (folder, sources) = place(&country);
    without_tables(&folder);
    let octets = [1, 2, 5].map(|threads| {
        let options = BuildOptions {
            threads,
            ..BuildOptions::default()
        };
        build(&sources, &folder.join("out"), &options, &Silent).unwrap();
        std::fs::read(folder.join("out")).unwrap()
    });
    assert!(octets[0] == octets[1] && octets[1] == octets[2]);
}

#[test]
fn rekeying_maps_people_of_tables_and_of_both_flows_once() {
    let mut country = with_names();
    let named = |ent: &str, id: &str| Person {
        ent: ent.into(),
        id: id.into(),
        ..Person::default()
    };
    country.ents.push(Ent {
        code: "C0".into(),
        ..country.ents[0].clone()
    });
    country.people.push(named("B0", "p2"));
    country.people.push(named("C0", "p1"));
    let (folder, sources) = place(&country);
    // p2 also in the first degree; p3 only in the table, p1 in the table, too.
    let directory = folder.join("directory");
    country.write_segment(&directory, "B0", Degree::First, |id| id == "p2");
    country.people = vec![named("B0", "p3"), named("B0", "p1")];
    country.write(folder.path());
    let pseudonymizer = Pseudonymizer::new(&[3; 32]).unwrap();
    let map = |sources: &Sources| {
        let mut map = Vec::new();
        let domains = ["house-x", "house-x-2"];
        let done = rekey(
            sources,
            folder.path(),
            &pseudonymizer,
            domains,
            |old, new| map.push((old.to_string(), new.to_string())),
        )
        .unwrap();
        assert_eq!((done.people, done.set_aside), (map.len() as u64, 0));
        map
    };
    let expected = |people: &[(&str, &str)]| {
        let mut all: Vec<(String, String)> = people
            .iter()
            .map(|(ent, id)| {
                ["house-x", "house-x-2"]
                    .map(|domain| pseudonymizer.derive(ent, id, domain).to_string())
                    .into()
            })
            .collect();
        all.sort();
        all
    };
    let everybody = [("B0", "p1"), ("B0", "p2"), ("B0", "p3"), ("C0", "p1")];
    assert_eq!(map(&sources), expected(&everybody));
    std::fs::remove_file(folder.join("people.tsv")).unwrap();
    let collected = [("B0", "p1"), ("B0", "p2"), ("C0", "p1")];
    assert_eq!(map(&sources), expected(&collected));
    // Neither the table, nor a directory: nobody is no answer.
    let nothing = Sources::tables(folder.path());
    let domains = ["house-x", "house-x-2"];
    assert!(rekey(&nothing, folder.path(), &pseudonymizer, domains, |_, _| ()).is_err());
    // A damaged segment is an error, never a shorter map.
    let segment = Directory::new(&directory).all().unwrap().remove(0).path;
    let mut octets = std::fs::read(&segment).unwrap();
    let middle = octets.len() / 2;
    octets[middle] ^= 1;
    std::fs::write(&segment, octets).unwrap();
    let damaged = rekey(&sources, folder.path(), &pseudonymizer, domains, |_, _| ());
    assert!(
        matches!(damaged, Err(BuildError::Segment { .. })),
        "{damaged:?}"
    );
}
