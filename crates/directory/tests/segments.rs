#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! What is written is read again; what is damaged is told; what does not fit is not written.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use octroi_directory::{CodeKind, GroupKind, Segment, SegmentError, WriteError, repair_hashes};
use proptest::prelude::*;
use support::{Folder, Model, head};

#[test]
fn a_small_segment_comes_back() {
    let folder = Folder::new("segment-small");
    let path = folder.0.join("a.segment");
    let written = Model::small().write(&path).unwrap();
    let segment = Segment::open(&path).unwrap();
    assert_eq!(Model::read(&segment).unwrap(), Model::small());
    assert_eq!(segment.head(), &head());
    assert_eq!(
        (segment.root(), segment.counts()),
        (written.root, written.counts)
    );
    assert_eq!(written.counts.affiliations, 3);
    assert_eq!(segment.group(1).unwrap().label, "Latin");
    assert!(segment.group(3).is_none() && segment.school(2).is_none() && segment.code(9).is_none());
    let file = fs::metadata(&path).unwrap();
    assert_eq!(
        (file.len(), file.permissions().mode() & 0o777),
        (written.length, 0o600)
    );
    assert_eq!(
        fs::read_dir(&folder.0).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn the_same_content_is_the_same_octets() {
    let folder = Folder::new("segment-same");
    let (a, b) = (folder.0.join("a"), folder.0.join("b"));
    Model::small().write(&a).unwrap();
    Model::small().write(&b).unwrap();
    assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap());
}

#[test]
fn an_unfinished_segment_is_not_seen() {
    let folder = Folder::new("segment-unfinished");
    let path = folder.0.join("a.segment");
    let mut bad = Model::small();
    bad.managers[0].3 = vec![0, 2];
    assert!(bad.write(&path).is_err());
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
    // What a killed process left is replaced.
    fs::write(folder.0.join(".a.segment.partial"), "left").unwrap();
    Model::small().write(&path).unwrap();
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn many_people_are_many_blocks() {
    let folder = Folder::new("segment-many");
    let path = folder.0.join("a.segment");
    let mut model = Model::small();
    model.people = (0..20_000)
        .map(|n| {
            let texts = [
                String::new(),
                format!("Name {n}"),
                "A".repeat(40),
                String::new(),
            ];
            (format!("p{n:06}"), texts, vec![(n % 2, 1, vec![], vec![0])])
        })
        .collect();
    model.write(&path).unwrap();
    let segment = Segment::open(&path).unwrap();
    let blocks = segment.people_blocks();
    assert!(blocks > 3, "{blocks} blocks");
    assert_eq!(Model::read(&segment).unwrap(), model);

    let count = |mut people: octroi_directory::People<'_>| {
        let mut count = 0;
        while people.next().unwrap().is_some() {
            count += 1;
        }
        count
    };
    let parts: u32 = (0..blocks)
        .map(|block| count(segment.people_in(block..block + 1)))
        .sum();
    assert_eq!(
        (parts, count(segment.people_in(blocks..blocks + 9))),
        (20_000, 0)
    );
    assert_eq!(count(segment.people_in(0..u32::MAX)), 20_000);

    for id in ["p000000", "p000001", "p009999", "p019999"] {
        let mut near = segment.people_near(id);
        let mut steps = 0;
        while near.next().unwrap().is_some_and(|person| person.id < id) {
            steps += 1;
        }
        assert!(steps < 20_000 / (blocks - 1), "{id}: {steps} steps");
    }
    assert_eq!(count(segment.people_near("a")), 20_000);
}

#[test]
fn every_changed_octet_is_told() {
    let folder = Folder::new("segment-damage");
    let path = folder.0.join("a.segment");
    Model::small().write(&path).unwrap();
    let octets = fs::read(&path).unwrap();
    let damaged = folder.0.join("damaged");
    for at in 0..octets.len() {
        for bit in [0x01, 0x80] {
            let mut changed = octets.clone();
            changed[at] ^= bit;
            fs::write(&damaged, &changed).unwrap();
            let read = Segment::open(&damaged).and_then(|segment| Model::read(&segment));
            assert!(read.is_err(), "octet {at}");
        }
    }
    for length in 0..octets.len() {
        fs::write(&damaged, &octets[..length]).unwrap();
        assert!(Segment::open(&damaged).is_err(), "{length} octets");
    }
    fs::write(&damaged, [&octets[..], b"x"].concat()).unwrap();
    assert!(matches!(
        Segment::open(&damaged),
        Err(SegmentError::Length { .. })
    ));
    fs::write(&damaged, [0; 300]).unwrap();
    assert!(matches!(
        Segment::open(&damaged),
        Err(SegmentError::NotASegment)
    ));
}

/// Damage behind repaired hashes: an error or another directory, never a panic.
#[test]
fn behind_the_hashes_every_record_is_checked() {
    let folder = Folder::new("segment-behind");
    let path = folder.0.join("a.segment");
    Model::small().write(&path).unwrap();
    let octets = fs::read(&path).unwrap();
    let mut same = octets.clone();
    repair_hashes(&mut same);
    assert_eq!(same, octets);
    let (mut read, mut refused) = (0, 0);
    for at in 0..octets.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut changed = octets.clone();
            changed[at] ^= change;
            repair_hashes(&mut changed);
            fs::write(&path, &changed).unwrap();
            match Segment::open(&path).and_then(|segment| Model::read(&segment)) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(
        read > 100 && refused > 100,
        "{read} read, {refused} refused"
    );
}

/// One line a rule: what makes the small segment break it, and whether it is one of order.
#[test]
fn what_does_not_fit_is_not_written() {
    type Break = fn(&mut Model);
    let breaks: &[(&str, bool, Break)] = &[
        ("schools descend", true, |m| m.schools.swap(0, 1)),
        ("a school twice", true, |m| {
            m.schools[1].0 = m.schools[0].0.clone()
        }),
        ("a school without UAI", false, |m| m.schools[0].0.clear()),
        ("a long UAI", false, |m| m.schools[1].0 = "9".repeat(1025)),
        ("a long name", false, |m| m.schools[1].1 = "n".repeat(4097)),
        ("groups descend by school", true, |m| m.groups.swap(1, 2)),
        ("groups descend by kind", true, |m| m.groups.swap(0, 1)),
        ("a group twice", true, |m| m.groups[1] = m.groups[0].clone()),
        ("a group of no school", false, |m| m.groups[2].0 = 2),
        ("codes descend", true, |m| m.codes.swap(0, 1)),
        ("courses descend", true, |m| m.courses.swap(0, 1)),
        ("a course twice", true, |m| {
            m.courses[1] = m.courses[0].clone()
        }),
        ("a course of no school", false, |m| m.courses[2].0 = 2),
        ("people descend", true, |m| m.people.swap(0, 1)),
        ("a person twice", true, |m| m.people[1].0 = "p1".into()),
        ("a person without identifier", false, |m| {
            m.people[0].0.clear()
        }),
        ("an affiliation to no school", false, |m| {
            m.people[0].2[0].0 = 2
        }),
        ("affiliations descend", false, |m| m.people[1].2.swap(0, 1)),
        ("affiliations to a school twice", false, |m| {
            m.people[1].2[1] = m.people[1].2[0].clone()
        }),
        ("no such group", false, |m| m.people[0].2[0].2 = vec![3]),
        ("a group of another school", false, |m| {
            m.people[0].2[0].2 = vec![2]
        }),
        ("groups of a person descend", false, |m| {
            m.people[0].2[0].2 = vec![1, 0]
        }),
        ("a group of a person twice", false, |m| {
            m.people[0].2[0].2 = vec![1, 1]
        }),
        ("no such code", false, |m| m.people[0].2[0].3 = vec![2]),
        ("65 schools", false, |m| {
            m.people[0].2 = (0..65).map(|n| (n, 1, vec![], vec![])).collect()
        }),
        ("managers descend", true, |m| {
            m.managers.push(m.managers[0].clone())
        }),
        ("a manager of no school", false, |m| {
            m.managers[0].3 = vec![5]
        }),
    ];
    let folder = Folder::new("segment-rules");
    for (name, order, spoil) in breaks {
        let mut model = Model::small();
        spoil(&mut model);
        let error = model.write(&folder.0.join("a")).expect_err(name);
        let found = matches!(error, WriteError::Order { .. });
        let record = matches!(error, WriteError::Record { .. });
        assert!(found == *order && record != *order, "{name}: {error}");
    }
}

fn models() -> impl Strategy<Value = Model> {
    let text = || "[a-zà-ü0-9 ]{0,12}";
    let texts = || prop::collection::vec(text(), 4);
    let facts = || prop::collection::btree_set(0u32..40, 0..5);
    (
        prop::collection::btree_map("[0-9]{1,3}[A-Z]", text(), 1..6),
        prop::collection::btree_map(
            (0u32..6, any::<bool>(), "[A-Z0-9]{1,3}"),
            (text(), prop::collection::vec("[A-Z]{1,3}", 0..3)),
            0..30,
        ),
        prop::collection::btree_set((0usize..3, "[0-9]{1,4}"), 0..20),
        prop::collection::btree_map(
            "[a-zé0-9]{1,8}",
            (
                texts(),
                prop::collection::btree_map(0u32..6, (1u16..512, facts(), facts()), 0..4),
            ),
            0..60,
        ),
        prop::collection::btree_map(
            "[a-z]{1,8}",
            (texts(), prop::collection::btree_set(0u32..6, 1..4)),
            0..5,
        ),
    )
        .prop_map(|(schools, groups, codes, people, managers)| {
            let count = schools.len() as u32;
            let groups: Vec<_> = groups
                .into_iter()
                .filter(|((school, ..), _)| *school < count)
                .map(|((school, group, code), (label, divisions))| {
                    let kind = if group {
                        GroupKind::Group
                    } else {
                        GroupKind::Division
                    };
                    (school, kind, code, label, divisions)
                })
                .collect();
            let kinds = [CodeKind::PMs4, CodeKind::PMat, CodeKind::EMs1];
            let codes: Vec<_> = codes
                .into_iter()
                .map(|(kind, code)| (kinds[kind], code))
                .collect();
            let of = |schools: BTreeMap<u32, (u16, BTreeSet<u32>, BTreeSet<u32>)>| {
                let known = schools.into_iter().filter(|(school, _)| *school < count);
                let affiliation = |(school, (profiles, in_groups, in_codes)): (
                    u32,
                    (u16, BTreeSet<u32>, BTreeSet<u32>),
                )| {
                    let here =
                        |group: &u32| groups.get(*group as usize).is_some_and(|g| g.0 == school);
                    let in_groups = in_groups.into_iter().filter(here).collect();
                    let in_codes = in_codes
                        .into_iter()
                        .filter(|code| (*code as usize) < codes.len())
                        .collect();
                    (school, profiles, in_groups, in_codes)
                };
                known.map(affiliation).collect()
            };
            let people = people
                .into_iter()
                .map(|(id, (texts, schools))| (id, texts.try_into().unwrap(), of(schools)))
                .collect();
            let managers = managers
                .into_iter()
                .map(|(id, (mut texts, schools))| {
                    let mail = texts.pop().unwrap();
                    let schools = schools
                        .into_iter()
                        .filter(|school| *school < count)
                        .collect();
                    (id, texts.try_into().unwrap(), vec![mail], schools)
                })
                .collect();
            Model {
                schools: schools.into_iter().collect(),
                groups,
                codes,
                courses: Vec::new(),
                people,
                managers,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_segment_comes_back(model in models()) {
        let folder = Folder::new("segment-any");
        let path = folder.0.join("a.segment");
        let written = model.write(&path).unwrap();
        let segment = Segment::open(&path).unwrap();
        segment.check().unwrap();
        prop_assert_eq!(segment.root(), written.root);
        prop_assert_eq!(Model::read(&segment).unwrap(), model);
    }
}
