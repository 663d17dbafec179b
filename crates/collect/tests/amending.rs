#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! A small load over a segment: records that are tried again, and changes.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use octroi_collect::{Amend, Amendment, Loss, Meaning, Options, Outcome, Report, Rule, import};
use octroi_directory::{Degree, Head, Segment};
use support::records::{group, manager, pupil, relation, school, teacher};
use support::{Delivery, Folder, InSchool, Listener, people, sum_of};

const UAI: &str = "0561622J";
const LATER: &str = "0560001A";

struct Base {
    folder: Folder,
    path: PathBuf,
    told: Listener,
}

fn base(delivery: &Delivery) -> Base {
    let folder = Folder::new("amend");
    let archive = delivery.pack(&folder.0);
    let path = folder.0.join("base.segment");
    let mut told = Listener::default();
    let outcome = import(
        &archive,
        &sum_of(&archive),
        &path,
        &Options::new(&folder.0),
        &mut told,
    )
    .unwrap();
    assert!(matches!(outcome, Outcome::Imported(_)));
    Base { folder, path, told }
}

struct Amended {
    report: Report,
    told: Listener,
    people: BTreeMap<String, Vec<InSchool>>,
    groups: Vec<String>,
    managers: Vec<String>,
}

impl Base {
    fn amend(&self, meaning: Meaning, amendments: &[Amendment<'_>]) -> Amended {
        let segment = Segment::open(&self.path).unwrap();
        let mut told = Listener::default();
        let options = Options::new(&self.folder.0);
        let mut amend = Amend::new(&segment, meaning, &options, &mut told).unwrap();
        for amendment in amendments {
            amend.apply(*amendment).unwrap();
        }
        let out = self.folder.0.join("amended.segment");
        let head = Head {
            sequence: 1,
            ..segment.head().clone()
        };
        let report = amend.finish(head, "test", &out).unwrap();
        let amended = Segment::open(&out).unwrap();
        amended.check().unwrap();
        assert_eq!(amended.head().sequence, 1);
        let groups = amended
            .groups()
            .map(|g| format!("{} {}", amended.school(g.school).unwrap().uai, g.code))
            .collect();
        let mut managers = Vec::new();
        let mut all = amended.managers();
        while let Some(manager) = all.next().unwrap() {
            managers.push(manager.id.to_owned());
        }
        Amended {
            report,
            told,
            people: people(&amended),
            groups,
            managers,
        }
    }
}

fn record(raw: &str) -> Amendment<'_> {
    Amendment::Record {
        source: "test",
        raw,
    }
}

#[test]
fn nothing_amended_is_the_same_directory() {
    let base = base(&Delivery::small(Degree::Second));
    let amended = base.amend(Meaning::Replace, &[]);
    let segment = Segment::open(&base.path).unwrap();
    assert_eq!(
        (amended.people, amended.report.directory),
        (people(&segment), segment.counts())
    );
    let differences = amended.report.differences.unwrap();
    for changes in [
        differences.people,
        differences.schools,
        differences.groups,
        differences.managers,
    ] {
        assert_eq!(
            (changes.new, changes.gone, changes.changed, changes.before),
            (0, 0, 0, changes.after)
        );
    }
    assert_eq!(differences.by_school, []);
}

/// What was set aside because its school came late goes in as it stood, when the school is there.
#[test]
fn records_that_were_set_aside_are_tried_again() {
    let late = [
        pupil("p9", LATER),
        relation("GARPersonGroupe", LATER, "p9", ("GARGroupeCode", "CP")),
        group(LATER, "CP", "DIVISION", &[]),
    ];
    let two_schools = pupil("p8", UAI).replacen(
        "<men:GARPersonNom>",
        &(support::records::profiles(LATER, "National_elv") + "<men:GARPersonNom>"),
        1,
    );
    let delivery = Delivery::small(Degree::Second)
        .file("Eleve", &(late[0].clone() + &two_schools))
        .file("Groupe", &(late[2].clone() + &late[1]));
    let base = base(&delivery);
    assert_eq!(base.told.0.len(), 4);

    let raws: Vec<&str> = base.told.0.iter().map(|told| told.raw.as_str()).collect();
    let again: Vec<_> = raws.iter().map(|raw| record(raw)).collect();
    let in_vain = base.amend(Meaning::Add, &again);
    assert_eq!(in_vain.told.0.len(), 4, "the school is still missing");
    assert_eq!(in_vain.people, people(&Segment::open(&base.path).unwrap()));

    let school = school(LATER);
    let with_school: Vec<_> = [record(&school)].into_iter().chain(again).collect();
    let amended = base.amend(Meaning::Add, &with_school);
    assert_eq!(amended.told.0, []);
    assert_eq!(
        amended.people["p9"],
        [(LATER.to_owned(), 1, vec!["CP".to_owned()], vec![])]
    );
    assert_eq!(amended.people["p8"].len(), 2);
    assert_eq!(
        amended.people["p1"],
        people(&Segment::open(&base.path).unwrap())["p1"]
    );
    let changes = amended.report.differences.unwrap();
    assert_eq!(
        (
            changes.people.new,
            changes.people.changed,
            changes.schools.new,
            changes.groups.new
        ),
        (1, 1, 1, 1)
    );
    assert_eq!(
        changes.by_school,
        [octroi_directory::SchoolChange {
            uai: LATER.to_owned(),
            before: 0,
            after: 2
        }]
    );
}

#[test]
fn a_relation_finds_the_courses_of_the_segment_beneath() {
    let base = base(&Delivery::small(Degree::Second));
    let relation = relation("GARPersonMEF", UAI, "p2", ("GARMEFCode", "10010012110"));
    let amended = base.amend(Meaning::Add, &[record(&relation)]);
    assert_eq!(amended.told.0, []);
    assert_eq!(amended.people["p2"][0].3, ["P_MS4=2111", "E_MS1=2"]);
}

#[test]
fn a_change_replaces_a_person_whole() {
    let base = base(&Delivery::small(Degree::Second));
    let (new, into) = (
        pupil("p1", UAI),
        relation("GARPersonGroupe", UAI, "p1", ("GARGroupeCode", "6A")),
    );
    let amended = base.amend(Meaning::Replace, &[record(&new), record(&into)]);
    assert_eq!(
        amended.people["p1"],
        [(UAI.to_owned(), 1, vec!["6A".to_owned()], vec![])]
    );
    assert_eq!(amended.people.len(), 3);
    let added = base.amend(Meaning::Add, &[record(&new), record(&into)]);
    assert_eq!(
        added.people,
        people(&Segment::open(&base.path).unwrap()),
        "nothing new is said"
    );
}

/// A move to a school that is not there yet takes nobody away, and half of it does not count either.
#[test]
fn a_change_that_names_only_unknown_schools_leaves_who_was_there() {
    let base = base(&Delivery::small(Degree::Second));
    let before = people(&Segment::open(&base.path).unwrap());
    let (moved, into) = (
        pupil("p2", LATER),
        relation("GARPersonGroupe", UAI, "p2", ("GARGroupeCode", "6A")),
    );
    let manager = manager("t1", LATER);
    let changes = [record(&moved), record(&into), record(&manager)];
    let amended = base.amend(Meaning::Replace, &changes);
    assert_eq!(amended.people, before);
    assert_eq!(amended.managers, ["t1"]);
    let rules: Vec<_> = amended.told.0.iter().map(|told| told.rule).collect();
    assert_eq!(
        rules,
        [
            Rule::UnknownSchool,
            Rule::UnknownPerson,
            Rule::UnknownSchool
        ]
    );
    // Who is taken away on purpose and sent anew like that is away.
    let gone = base.amend(
        Meaning::Replace,
        &[
            Amendment::RemovePerson("p2"),
            Amendment::RemoveManager("t1"),
            record(&moved),
            record(&manager),
        ],
    );
    assert!(!gone.people.contains_key("p2"));
    assert_eq!(gone.managers, Vec::<String>::new());
    // The same records with their school take the place of what was there.
    let school = school(LATER);
    let done = base.amend(Meaning::Replace, &[record(&school), record(&moved)]);
    assert_eq!(done.people["p2"], [(LATER.to_owned(), 1, vec![], vec![])]);
}

#[test]
fn removals() {
    let delivery = Delivery::small(Degree::Second)
        .file("Etab", &school(LATER))
        .file("Eleve", &pupil("p7", LATER))
        .file("Groupe", &group(LATER, "CP", "DIVISION", &[]));
    let base = base(&delivery);
    let ids = |amended: &Amended| amended.people.keys().cloned().collect::<Vec<_>>();
    let gone = base.amend(
        Meaning::Replace,
        &[
            Amendment::RemovePerson("p1"),
            Amendment::RemovePerson("nobody"),
            Amendment::RemovePerson(""),
        ],
    );
    assert_eq!(
        (ids(&gone), gone.managers),
        (
            vec!["p2".into(), "p7".into(), "t1".into()],
            vec!["t1".to_owned()]
        )
    );
    let gone = base.amend(Meaning::Replace, &[Amendment::RemoveManager("t1")]);
    assert_eq!((ids(&gone).len(), gone.managers), (4, vec![]));
    let gone = base.amend(
        Meaning::Replace,
        &[Amendment::RemoveGroup {
            uai: UAI,
            code: "6A",
        }],
    );
    assert_eq!(
        (gone.groups, &gone.people["p1"][0].2),
        (
            vec![format!("{LATER} CP"), format!("{UAI} LAT")],
            &vec!["LAT".to_owned()]
        )
    );
    let gone = base.amend(Meaning::Replace, &[Amendment::RemoveSchool(UAI)]);
    assert_eq!(
        (ids(&gone), &gone.groups),
        (vec!["p7".to_owned()], &vec![format!("{LATER} CP")])
    );
    assert_eq!(gone.managers, Vec::<String>::new());

    // Sent anew after a removal: there, as sent, and nothing else.
    let new = teacher("t1", LATER);
    let moved = base.amend(Meaning::Add, &[record(&new), Amendment::RemovePerson("t1")]);
    assert_eq!(moved.people["t1"], [(LATER.to_owned(), 2, vec![], vec![])]);
    let all: Vec<_> = ["p1", "p2", "p7", "t1"].map(Amendment::RemovePerson).into();
    assert_eq!(
        base.amend(Meaning::Replace, &all).report.directory.people,
        0
    );
}

#[test]
fn what_is_no_record_is_set_aside_again() {
    let base = base(&Delivery::small(Degree::Second));
    for (raw, rule, loss) in [
        ("", Rule::UnexpectedElement, Loss::Record),
        ("<men:x/>", Rule::UnexpectedElement, Loss::Record),
        ("<men:GAREleve>", Rule::WellFormed, Loss::RestOfFile),
        ("<men:GAREleve/>", Rule::MissingElement, Loss::Record),
        (
            "<!DOCTYPE a><men:GAREleve/>",
            Rule::UnexpectedElement,
            Loss::Record,
        ),
    ] {
        let amended = base.amend(Meaning::Add, &[record(raw)]);
        let told: Vec<_> = amended
            .told
            .0
            .iter()
            .map(|told| (told.rule, told.loss))
            .collect();
        assert_eq!(told, [(rule, loss)], "{raw}");
    }
}
