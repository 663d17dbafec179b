//! Files that contradict themselves in one chosen place, hashes repaired: the answer is damage, or the narrower right; or, where
//! two places say the same thing differently, what one of them says, and the check tells.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{
    BuildOptions, Query, Silent, Snapshot, SnapshotError, Sources, build, repair_hashes,
};
use support::{Affiliation, Assignment, Country, Folder, Person, Resource, Subscription, january};

const OTHER: &str = "0350042F";
/// Numbers of sections in docs/snapshot.md.
const LISTS: usize = 2;
const ENT_INDEX: usize = 4;
const ESTABLISHMENT_INDEX: usize = 6;
const OFFERS: usize = 7;
const PUBLISHER_INDEX: usize = 11;
const RESOURCE_INDEX: usize = 13;
const SUBSCRIPTIONS: usize = 16;
const TERMS: usize = 17;
const AFFILIATIONS: usize = 18;
const PEOPLE: usize = 19;
const PERSON_INDEX: usize = 20;
const OFFER_INDEX: usize = 21;
/// Octets of a slot of these two.
const SLOT: usize = 32;

/// A file that is to be damaged.
struct File(Vec<u8>);

impl File {
    fn of(country: &Country) -> Self {
        let folder = Folder::of(country);
        let out = folder.join("out");
        let report = build(
            &Sources::tables(folder.path()),
            &out,
            &BuildOptions::default(),
            &Silent,
        )
        .unwrap();
        assert_eq!(report.set_aside, []);
        Self(std::fs::read(out).unwrap())
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    /// First octet of a section.
    fn start(&self, section: usize) -> usize {
        self.word(160 + 24 * (section - 1) + 8) as usize
    }

    fn length(&self, section: usize) -> usize {
        self.word(160 + 24 * (section - 1) + 16) as usize
    }

    /// Where each slot in use of one of the two long indexes begins.
    fn slots(&self, index: usize) -> Vec<usize> {
        let start = self.start(index);
        (start..start + self.length(index))
            .step_by(SLOT)
            .filter(|at| self.word(at + 12) != u32::MAX)
            .collect()
    }

    fn with(&self, at: usize, word: u32) -> Self {
        let mut octets = self.0.clone();
        octets[at..at + 4].copy_from_slice(&word.to_le_bytes());
        repair_hashes(&mut octets);
        Self(octets)
    }

    fn open(self) -> Result<Snapshot, SnapshotError> {
        Snapshot::from_bytes(self.0)
    }
}

fn code(snapshot: &Snapshot, person: &str) -> &'static str {
    code_in(snapshot, person, None)
}

fn code_in(snapshot: &Snapshot, person: &str, school: Option<&str>) -> &'static str {
    let query = Query {
        ent: "B0",
        person,
        resource: "ark:/99999/r1",
        school,
        at: january(10),
    };
    snapshot
        .resolve(&query)
        .map_or_else(|denied| denied.code(), |_| "granted")
}

/// The smallest country with an INDIV subscription, assigned to the first of two people.
fn individual() -> Country {
    let mut country = Country::smallest();
    country.subscriptions[0].individual = true;
    country.assignments = vec![Assignment {
        subscription: "s1".into(),
        school: "0561622J".into(),
        kind: "person",
        ent: "B0".into(),
        target: "p1".into(),
        ..Assignment::default()
    }];
    country.people.push(Person {
        ent: "B0".into(),
        id: "p2".into(),
        ..Person::default()
    });
    country.affiliations.push(Affiliation {
        person: "p2".into(),
        ..country.affiliations[0].clone()
    });
    country
}

#[test]
fn references_that_lead_nowhere_are_damage() {
    let file = File::of(&individual());
    assert_eq!(
        code(&File::of(&individual()).open().unwrap(), "p1"),
        "granted"
    );
    // Targets and terms of the only offer; then facts and further schools of both people.
    let offer = file.start(OFFERS);
    let mut places = vec![offer + 8, offer + 12];
    for person in file.slots(PERSON_INDEX) {
        // The number of the person, and the project that first named them.
        places.extend([person + 12, person + 20, person + 26 - 2, person + 28]);
    }
    assert_eq!(places.len(), 10);
    for at in places {
        let snapshot = file.with(at, 0x7fff_fff0).open().unwrap();
        assert!(
            matches!(snapshot.check(), Err(SnapshotError::BadRecord { .. })),
            "{at}"
        );
        let answers = [code(&snapshot, "p1"), code(&snapshot, "p2")];
        assert!(answers.contains(&"snapshot-corrupt"), "{at} {answers:?}");
    }
}

/// Nothing compares a name with the text of what an index has found: a body in which another name finds something, or a name
/// does not find its own, does not open.
#[test]
fn an_index_that_finds_other_than_its_names_does_not_open() {
    const NUMBERED: usize = 16;
    let file = File::of(&individual());
    for index in [
        ENT_INDEX,
        ESTABLISHMENT_INDEX,
        PUBLISHER_INDEX,
        RESOURCE_INDEX,
    ] {
        let start = file.start(index);
        let size = if index == RESOURCE_INDEX {
            SLOT
        } else {
            NUMBERED
        };
        let slots = (start..start + file.length(index)).step_by(size);
        let (used, free): (Vec<_>, Vec<_>) =
            slots.partition(|slot| file.word(slot + 12) != u32::MAX);
        let foreign = [7, 7, 7, 0].into_iter().enumerate();
        let one_more = foreign.fold(File(file.0.clone()), |file, (word, value)| {
            file.with(free[0] + 4 * word, value)
        });
        let one_less = file.with(used[0] + 12, u32::MAX);
        for damaged in [one_more, one_less] {
            let opened = damaged.open();
            assert!(
                matches!(opened, Err(SnapshotError::BadRecord { .. })),
                "{index}: {:?}",
                opened.err()
            );
        }
    }
}

/// A question that names the school is answered from the index of offers.
#[test]
fn an_index_of_offers_that_leads_nowhere_is_damage() {
    let file = File::of(&individual());
    let school = Some("0561622J");
    let answers = |file: File| {
        let snapshot = file.open().unwrap();
        let codes = ["p1", "p2"].map(|person| code_in(&snapshot, person, school));
        (codes, snapshot.check().is_ok())
    };
    assert_eq!(
        answers(File::of(&individual())),
        (["granted", "not-assigned"], true)
    );
    let [slot] = file.slots(OFFER_INDEX)[..] else {
        panic!("one offer");
    };
    // Subscription, terms, targets.
    for at in [slot + 20, slot + 24, slot + 28] {
        let (codes, sound) = answers(file.with(at, 0x7fff_fff0));
        assert_eq!((codes, sound), (["snapshot-corrupt"; 2], false), "{at}");
    }
    // More offers than there may be, or than there are, or none.
    for several in [257, 2, 0] {
        let (codes, sound) = answers(file.with(slot + 16, several));
        assert_eq!(
            (codes, sound),
            (["snapshot-corrupt"; 2], false),
            "{several}"
        );
    }
    // In another school, or found by nobody: a narrower right. Told to look among the offers, it finds the same one there.
    for (at, word, expected) in [
        (slot + 12, 7, "not-in-that-school"),
        (slot, 7, "no-subscription"),
        (slot + 16, 1, "granted"),
    ] {
        let (codes, sound) = answers(file.with(at, word));
        assert_eq!((codes[0], sound), (expected, false), "{at}");
    }
}

/// Assigned to both people, for a time of its own each.
fn dated() -> Country {
    let mut country = individual();
    country.assignments[0].from = Some(8);
    country.assignments.push(Assignment {
        target: "p2".into(),
        from: Some(9),
        ..country.assignments[0].clone()
    });
    country
}

#[test]
fn times_of_assignments_that_contradict_themselves_are_damage() {
    let file = File::of(&dated());
    let snapshot = File::of(&dated()).open().unwrap();
    snapshot.check().unwrap();
    assert_eq!(
        [code(&snapshot, "p1"), code(&snapshot, "p2")],
        ["granted"; 2]
    );
    // The only offer's dated list: a count, and two pairs of fact and terms.
    let list = file.start(LISTS) + 4 * file.word(file.start(OFFERS) + 16) as usize;
    assert_eq!(file.word(list), 4);
    let no_such_terms = [(list + 8, 0x7fff_fff0), (list + 16, 0x7fff_fff0)];
    let half_a_pair = [(list, 3), (file.start(OFFERS) + 16, 0x7fff_fff0)];
    for (at, word) in no_such_terms.into_iter().chain(half_a_pair) {
        let snapshot = file.with(at, word).open().unwrap();
        assert!(snapshot.check().is_err(), "{at}");
        let answers = [code(&snapshot, "p1"), code(&snapshot, "p2")];
        assert!(answers.contains(&"snapshot-corrupt"), "{at} {answers:?}");
    }
    // What a look-up would take for another time, or not find, the check does.
    let [first, second] = [list + 4, list + 12].map(|at| file.word(at));
    let disordered = file.with(list + 4, second).with(list + 12, first);
    assert!(disordered.open().unwrap().check().is_err(), "disordered");
    let terms = file.start(TERMS) + 24 * file.word(list + 8) as usize;
    // Publics and kind.
    let another_kind = file.with(terms + 16, 1);
    assert!(another_kind.open().unwrap().check().is_err(), "ETABL");
}

/// What the index of resources repeats of a record decides whether it may be used: it is compared when a snapshot opens.
#[test]
fn an_index_of_resources_that_says_what_they_do_not_say_is_refused() {
    let file = File::of(&Country::smallest());
    let slots = file.slots(RESOURCE_INDEX);
    assert_eq!(slots.len(), 1);
    // Number, publisher, flags, list of its validity, nothing.
    for field in 0..5 {
        let at = slots[0] + 12 + 4 * field;
        let refused = file.with(at, file.word(at) ^ 1).open();
        assert!(refused.is_err(), "{field}");
    }
}

#[test]
fn what_no_look_up_reads_is_found_by_the_check() {
    let file = File::of(&Country::smallest());
    let resource_of_subscription = file.start(SUBSCRIPTIONS) + 4;
    let snapshot = file.with(resource_of_subscription, 7).open().unwrap();
    assert_eq!(code(&snapshot, "p1"), "granted");
    assert!(matches!(
        snapshot.check(),
        Err(SnapshotError::BadRecord {
            section: "Subscriptions",
            record: 0
        })
    ));
}

/// What a person is in a school never makes them somebody else: a person's own number is not among their facts.
#[test]
fn facts_cannot_name_another_person() {
    let file = File::of(&individual());
    let targets = file.word(file.start(OFFERS) + 8);
    let people = file.slots(PERSON_INDEX);
    assert_eq!(people.len(), 2);
    for person in people {
        let snapshot = file.with(person + 20, targets).open().unwrap();
        assert_eq!(
            [code(&snapshot, "p1"), code(&snapshot, "p2")],
            ["granted", "not-assigned"]
        );
    }
}

#[test]
fn nobody_has_more_schools_than_the_bound() {
    let mut country = Country::smallest();
    country.schools.push(OTHER.into());
    let profiles = [
        "National_elv",
        "National_ens",
        "National_doc",
        "National_dir",
        "National_evs",
        "National_eta",
        "National_aca",
    ];
    // Different sets for many people, so that the section is long enough for a count that is too high.
    for set in 1..100_u32 {
        let id = format!("q{set}");
        country.people.push(Person {
            ent: "B0".into(),
            id: id.clone(),
            ..Person::default()
        });
        let some = (0..7)
            .filter(|bit| set & (1 << bit) != 0)
            .map(|bit| profiles[bit]);
        for school in ["0561622J", OTHER] {
            country.affiliations.push(Affiliation {
                ent: "B0".into(),
                person: id.clone(),
                school: school.into(),
                profiles: some.clone().collect(),
                ..Affiliation::default()
            });
        }
    }
    let mut file = File::of(&country);
    let start = file.start(AFFILIATIONS) + 4;
    assert!(file.length(AFFILIATIONS) > 70 * 12 + 8);
    // Index 0 is the empty list; at index 1 the first set begins. Each school in it is a good one that entitles.
    for at in (start + 4..start + 4 + 70 * 12).step_by(12) {
        for (word, value) in [1, 1, 0].into_iter().enumerate() {
            file = file.with(at + 4 * word, value);
        }
    }
    let answers = |count| {
        let snapshot = file.with(start, count).open().unwrap();
        let codes = (1..100).map(|set| code(&snapshot, &format!("q{set}")));
        (
            codes.filter(|code| *code == "snapshot-corrupt").count(),
            snapshot,
        )
    };
    // The sets after the first were overwritten: some people are damaged in any case.
    let (others, _) = answers(63);
    let (all, snapshot) = answers(64);
    assert_eq!(all, others + 1);
    assert!(matches!(
        snapshot.check(),
        Err(SnapshotError::BadRecord {
            section: "PersonIndex",
            ..
        })
    ));
}

#[test]
fn no_school_has_more_offers_of_a_resource_than_the_bound() {
    let mut country = Country::smallest();
    country.resources.push(Resource {
        id: "ark:/99999/r2".into(),
        ..country.resources[0].clone()
    });
    for n in 0..300 {
        country.subscriptions.push(Subscription {
            id: format!("t{n}"),
            resource: if n < 200 {
                "ark:/99999/r1"
            } else {
                "ark:/99999/r2"
            }
            .into(),
            ..country.subscriptions[0].clone()
        });
    }
    let mut file = File::of(&country);
    assert_eq!(file.length(OFFERS), 301 * 20);
    let offers = file.start(OFFERS);
    for (at, expected) in [(255, "granted"), (256, "snapshot-corrupt")] {
        // The second resource's offers, one after another, become the first one's.
        for offer in 201..=at {
            file = file.with(offers + 20 * offer, 0);
        }
        assert_eq!(
            code(&file.with(0, file.word(0)).open().unwrap(), "p1"),
            expected,
            "{at}"
        );
    }
}

#[test]
fn sections_stand_in_order_aligned_and_whole() {
    let file = File::of(&Country::smallest());
    let entry = |section: usize| 160 + 24 * (section - 1);
    for (at, word) in [
        // Over the section before it, not aligned, not a whole number of records, beyond the hashes.
        (entry(PEOPLE) + 8, file.start(OFFERS) as u32),
        (entry(PEOPLE) + 8, file.start(PEOPLE) as u32 + 4),
        (entry(PEOPLE) + 16, 15),
        (entry(PEOPLE) + 16, 16 * 1000),
        // The upper half of an offset and of a length.
        (entry(PEOPLE) + 12, 1),
        (entry(PEOPLE) + 20, u32::MAX),
        // Another number, another size of records.
        (entry(PEOPLE), 18),
        (entry(PEOPLE) + 4, 24),
    ] {
        let opened = file.with(at, word).open();
        assert!(
            matches!(opened, Err(SnapshotError::BadSectionTable)),
            "{at} {word} {opened:?}"
        );
    }
}
