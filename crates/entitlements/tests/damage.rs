//! Damaged snapshots: whatever the octets, an error or an answer, never a panic, never an endless loop; and without
//! repaired hashes always an error.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use std::time::{Duration, Instant};

use octroi_entitlements::{Pseudonymizer, Query, Snapshot, SnapshotError, explain, repair_hashes};
use proptest::prelude::*;
use support::{Assignment, Country, Folder, Group, Person, Resource, january};

/// A country with something in every section.
fn country() -> Country {
    let mut country = Country::smallest();
    country.groups.push(Group {
        school: "0561622J".into(),
        kind: "group",
        code: "LAT".into(),
        label: "Latin".into(),
        divisions: vec!["6A".into()],
    });
    country.affiliations[0].groups = vec!["LAT".into()];
    country.affiliations[0].levels = vec!["2211".into()];
    country.resources[0].release = vec![
        "IDO", "IDC", "UAI", "PRO", "DIV", "GRO", "P_MS4", "P_MAT", "E_MS1", "CIV", "NOM", "PRE",
        "P_MEL", "LRA", "idENT",
    ];
    country.resources[0].family = "f".into();
    country.resources[0].urls = vec![
        "https://x.example/p/*".into(),
        "https://x.example/p/q/*".into(),
    ];
    country.publishers[0].valid = (Some(1), Some(31));
    country.resources[0].valid = (None, Some(30));
    country.resources[0]
        .release
        .retain(|attribute| *attribute != "NOM");
    country.resources[0].dated_release =
        vec![("NOM", (None, Some(5))), ("NOM", (Some(8), Some(12)))];
    country.resources.push(Resource {
        id: "ark:/99999/r2".into(),
        access_url: "https://x.example/r2".into(),
        ..country.resources[0].clone()
    });
    let mut individual = country.subscriptions[0].clone();
    individual.id = "s2".into();
    individual.individual = true;
    country.subscriptions.push(individual);
    for (kind, target) in [
        ("person", "p1"),
        ("group", "LAT"),
        ("profile", "National_elv"),
    ] {
        country.assignments.push(Assignment {
            subscription: "s2".into(),
            school: "0561622J".into(),
            kind,
            ent: if kind == "person" {
                "B0".into()
            } else {
                String::new()
            },
            target: target.into(),
            ..Assignment::default()
        });
    }
    for n in 2..30 {
        country.people.push(Person {
            ent: "B0".into(),
            id: format!("p{n}"),
            ..Person::default()
        });
        let mut affiliation = country.affiliations[0].clone();
        affiliation.person = format!("p{n}");
        country.affiliations.push(affiliation);
    }
    country
}

fn octets() -> Vec<u8> {
    let folder = Folder::new();
    country().write(folder.path());
    let out = folder.join("out");
    octroi_entitlements::build(
        &octroi_entitlements::Sources::tables(folder.path()),
        &out,
        &Default::default(),
        &octroi_entitlements::Silent,
    )
    .unwrap();
    std::fs::read(out).unwrap()
}

/// Asks everything there is to ask.
fn use_it(snapshot: &Snapshot) {
    let pseudonymizer = Pseudonymizer::new(&[5; 32]).unwrap();
    let _ = snapshot.check();
    let _ = (
        snapshot.counts(),
        snapshot.generation(),
        snapshot.digest(),
        snapshot.sources_digest(),
    );
    for person in ["p1", "p2", "p29", "nobody"] {
        for resource in ["ark:/99999/r1", "ark:/99999/r2", "ark:/99999/r3"] {
            for school in [None, Some("0561622J")] {
                let query = Query {
                    ent: "B0",
                    person,
                    resource,
                    school,
                    at: january(10),
                };
                let explanation = explain(snapshot, &query);
                assert!(!explanation.to_string().is_empty());
                if let Ok(grant) = snapshot.resolve(&query) {
                    assert_ne!(person, "nobody", "no damage makes a stranger known");
                    assert!(explanation.granted);
                    assert!(format!("{grant:?}").starts_with("Grant"));
                    let pseudonym = pseudonymizer.of(&grant);
                    for attribute in grant.release(&pseudonym) {
                        assert!(!attribute.values.is_empty());
                    }
                }
            }
        }
    }
    for publisher in snapshot.publishers() {
        for url in [
            "https://x.example/p/q/r",
            "https://x.example/p/q",
            "https://x.example/r1",
            "x",
        ] {
            if let Some(resource) = publisher.resource_by_url(url) {
                assert_eq!(resource.publisher(), publisher);
            }
        }
        for resource in publisher.resources() {
            let _ = (
                resource.id(),
                resource.name(),
                resource.family(),
                resource.acs_index(),
                resource.delivery(),
            );
            let _ = (
                resource.family_urls().count(),
                resource.family_urls_xml().count(),
            );
        }
    }
    for ent in snapshot.ents() {
        let _ = (ent.name(), ent.current().code());
    }
    let _ = snapshot
        .establishment("0561622J")
        .map(|school| school.name());
}

/// Where something stands that is worth damaging: not the padding that fills most of a small file.
fn interesting(octets: &[u8]) -> Vec<usize> {
    (0..octets.len())
        .filter(|at| {
            octets[at.saturating_sub(8)..(at + 8).min(octets.len())]
                .iter()
                .any(|octet| *octet != 0)
        })
        .collect()
}

#[test]
fn every_single_octet_is_covered_by_the_hashes() {
    let good = octets();
    assert!(Snapshot::from_bytes(good.clone()).is_ok());
    // Every octet of the header and the hashes, and a sample of the rest.
    let hashes = good.len() - 64;
    let places = (0..512)
        .chain((512..hashes).step_by(7))
        .chain(hashes..good.len());
    for at in places {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert!(Snapshot::from_bytes(bad).is_err(), "octet {at}");
    }
}

#[test]
fn every_truncation_and_every_addition_is_an_error() {
    let good = octets();
    for length in (0..good.len()).step_by(13).chain([good.len() - 1]) {
        assert!(
            Snapshot::from_bytes(good[..length].to_vec()).is_err(),
            "{length}"
        );
        let mut repaired = good[..length].to_vec();
        repair_hashes(&mut repaired);
        assert!(Snapshot::from_bytes(repaired).is_err(), "{length}");
    }
    let mut longer = good;
    longer.push(0);
    assert!(matches!(
        Snapshot::from_bytes(longer),
        Err(SnapshotError::Truncated)
    ));
}

#[test]
fn errors_say_what_is_wrong() {
    let good = octets();
    let damaged = |at: usize, octet: u8, repaired: bool| {
        let mut bad = good.clone();
        bad[at] = octet;
        if repaired {
            repair_hashes(&mut bad);
        }
        Snapshot::from_bytes(bad).unwrap_err()
    };
    assert!(matches!(damaged(0, b'X', true), SnapshotError::WrongMagic));
    assert!(matches!(
        damaged(8, 2, true),
        SnapshotError::UnknownVersion { found: 2 }
    ));
    assert!(matches!(
        damaged(24, 77, false),
        SnapshotError::RootMismatch
    ));
    assert!(matches!(
        damaged(4100, 0xff, false),
        SnapshotError::ChunkMismatch { chunk: 0 }
    ));
    assert!(matches!(
        damaged(160, 99, true),
        SnapshotError::BadSectionTable
    ));
    assert!(matches!(
        damaged(12, 18, true),
        SnapshotError::BadSectionTable
    ));
    assert!(matches!(
        Snapshot::from_bytes(vec![]),
        Err(SnapshotError::WrongMagic)
    ));
}

#[test]
fn the_hashes_are_those_of_the_documented_tree() {
    use aws_lc_rs::digest::{SHA256, digest};
    let good = octets();
    let hashes_at = u64::from_le_bytes(good[128..136].try_into().unwrap()) as usize;
    let mut expected = Vec::new();
    for chunk in good[4096..hashes_at].chunks(1 << 20) {
        expected.extend_from_slice(digest(&SHA256, chunk).as_ref());
    }
    assert_eq!(good[hashes_at..], expected);
    let mut page = good[..4096].to_vec();
    page[96..128].fill(0);
    page.extend_from_slice(&expected);
    assert_eq!(good[96..128], *digest(&SHA256, &page).as_ref());
    let mut repaired = good.clone();
    repair_hashes(&mut repaired);
    assert_eq!(repaired, good);
}

/// Every word of the file in turn set to values that tend to hurt, hashes repaired.
#[test]
fn hostile_words_behind_good_hashes_are_survived() {
    let good = octets();
    let begin = Instant::now();
    let mut opened = 0;
    for at in interesting(&good)
        .into_iter()
        .filter(|at| at % 4 == 0 && at + 4 <= good.len())
    {
        for word in [
            0,
            1,
            u32::MAX,
            u32::MAX - 1,
            1 << 29,
            1 << 31,
            0x7fff_ffff,
            good.len() as u32,
        ] {
            let mut bad = good.clone();
            bad[at..at + 4].copy_from_slice(&word.to_le_bytes());
            repair_hashes(&mut bad);
            if let Ok(snapshot) = Snapshot::from_bytes(bad) {
                use_it(&snapshot);
                opened += 1;
            }
        }
    }
    // Many of them get past the door, or this test would not test what is behind it.
    assert!(opened > 1000, "{opened}");
    assert!(begin.elapsed() < Duration::from_secs(300));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn random_damage_behind_good_hashes_is_survived(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12),
    ) {
        thread_local!(static GOOD: (Vec<u8>, Vec<usize>) = {
            let good = octets();
            let places = interesting(&good);
            (good, places)
        });
        let bad = GOOD.with(|(good, places)| {
            let mut bad = good.clone();
            for (place, octet, how) in &damage {
                let at = *place.get(places);
                bad[at] = match how {
                    0 => *octet,
                    1 => bad[at] ^ (1 << (octet & 7)),
                    2 => bad[at].wrapping_add(1),
                    _ => bad[place.index(bad.len())],
                };
            }
            repair_hashes(&mut bad);
            bad
        });
        if let Ok(snapshot) = Snapshot::from_bytes(bad) {
            use_it(&snapshot);
        }
    }
}
