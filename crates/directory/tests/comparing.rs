#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! What changed between two segments, against a comparison of the plain data.

mod support;

use octroi_directory::{Change, Differences, SchoolChange, Segment, Subject, compare};
use support::{Folder, Model};

fn differences(old: &Model, new: &Model) -> (Differences, Vec<(Subject, Change, String)>) {
    let folder = Folder::new("compare");
    let (a, b) = (folder.0.join("a"), folder.0.join("b"));
    old.write(&a).unwrap();
    new.write(&b).unwrap();
    let mut told = Vec::new();
    let mut tell = |subject, change, key: &[&str]| told.push((subject, change, key.join(" ")));
    let found = compare(
        &Segment::open(&a).unwrap(),
        &Segment::open(&b).unwrap(),
        &mut tell,
    )
    .unwrap();
    (found, told)
}

/// One line a change: what is done to the small segment, and what is told of it.
#[test]
fn each_change_is_told() {
    type Line = (
        &'static str,
        fn(&mut Model),
        &'static [(Subject, Change, &'static str)],
    );
    let lines: &[Line] = &[
        ("nothing", |_| {}, &[]),
        (
            "a school's name",
            |m| m.schools[0].1 = "x".into(),
            &[(Subject::School, Change::Changed, "0561622J")],
        ),
        (
            "a new school",
            |m| m.schools.push(("Z".into(), "x".into())),
            &[(Subject::School, Change::New, "Z")],
        ),
        (
            "a label",
            |m| m.groups[0].3 = "x".into(),
            &[(Subject::Group, Change::Changed, "0561622J 6A")],
        ),
        (
            "a group's classes",
            |m| m.groups[1].4.clear(),
            &[(Subject::Group, Change::Changed, "0561622J G1")],
        ),
        (
            "a new group",
            |m| {
                m.groups
                    .push((1, m.groups[2].1, "2B".into(), "x".into(), vec![]))
            },
            &[(Subject::Group, Change::New, "0561623K 2B")],
        ),
        (
            "a name",
            |m| m.people[0].1[1] = "x".into(),
            &[(Subject::Person, Change::Changed, "p1")],
        ),
        (
            "a mail",
            |m| m.people[1].1[3].clear(),
            &[(Subject::Person, Change::Changed, "p2")],
        ),
        (
            "a profile",
            |m| m.people[0].2[0].1 = 3,
            &[(Subject::Person, Change::Changed, "p1")],
        ),
        (
            "a class",
            |m| m.people[0].2[0].2 = vec![0],
            &[(Subject::Person, Change::Changed, "p1")],
        ),
        (
            "a code",
            |m| m.people[0].2[0].3 = vec![1],
            &[(Subject::Person, Change::Changed, "p1")],
        ),
        (
            "somebody new",
            |m| m.people.push(("p9".into(), Default::default(), vec![])),
            &[(Subject::Person, Change::New, "p9")],
        ),
        (
            "a manager's school",
            |m| m.managers[0].3 = vec![0],
            &[(Subject::Manager, Change::Changed, "p2")],
        ),
        (
            "a new manager",
            |m| {
                m.managers
                    .push(("q".into(), Default::default(), vec![], vec![0]))
            },
            &[(Subject::Manager, Change::New, "q")],
        ),
    ];
    for (what, change, expected) in lines {
        let mut new = Model::small();
        change(&mut new);
        let own = |back: bool| -> Vec<_> {
            let turn = |change| match change {
                Change::New if back => Change::Gone,
                other => other,
            };
            expected
                .iter()
                .map(|(subject, change, key)| (*subject, turn(*change), (*key).to_owned()))
                .collect()
        };
        assert_eq!(differences(&Model::small(), &new).1, own(false), "{what}");
        assert_eq!(
            differences(&new, &Model::small()).1,
            own(true),
            "{what}, the other way"
        );
    }
}

/// Numbers move when a school, group or code comes before others; people have not changed.
#[test]
fn other_numbers_are_no_change() {
    let old = Model::small();
    let mut new = old.clone();
    new.schools.insert(0, ("0".into(), "first".into()));
    new.groups.iter_mut().for_each(|group| group.0 += 1);
    new.groups
        .insert(0, (0, old.groups[0].1, "A".into(), "x".into(), vec![]));
    new.codes.insert(0, (old.codes[0].0, "0".into()));
    new.courses.iter_mut().for_each(|course| course.0 += 1);
    for person in &mut new.people {
        for (school, _, groups, codes) in &mut person.2 {
            *school += 1;
            groups
                .iter_mut()
                .chain(codes.iter_mut())
                .for_each(|number| *number += 1);
        }
    }
    new.managers[0].3 = vec![1, 2];
    let (found, told) = differences(&old, &new);
    assert_eq!(
        (found.people.changed, found.managers.changed, told.len()),
        (0, 0, 2),
        "{told:?}"
    );
    assert_eq!(
        (found.schools.new, found.groups.new, found.by_school),
        (1, 1, vec![])
    );
}

#[test]
fn people_of_each_school_are_counted() {
    let mut new = Model::small();
    new.people.remove(1);
    new.managers.clear();
    let (found, _) = differences(&Model::small(), &new);
    let school = |uai: &str, before, after| SchoolChange {
        uai: uai.to_owned(),
        before,
        after,
    };
    assert_eq!(
        found.by_school,
        [school("0561622J", 2, 1), school("0561623K", 1, 0)]
    );
    assert_eq!(
        (found.people.before, found.people.after, found.people.gone),
        (3, 2, 1)
    );
}
