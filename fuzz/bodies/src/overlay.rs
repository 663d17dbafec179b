//! Logs of the overlay, as a store or an operator might hand them in: one JSON entry a line, on a sound snapshot.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use octroi_entitlements::overlay::{Change, Entry, MAX_TOLD};
use octroi_entitlements::{Directory, Query, Snapshot};

use crate::questions::{PEOPLE, ask_everything};
use crate::snapshot::SOUND;

static SNAPSHOT: LazyLock<Arc<Snapshot>> =
    LazyLock::new(|| Arc::new(Snapshot::from_bytes(SOUND.to_vec()).expect("a sound seed")));

/// A log that revokes all people of the seeds' country, under the code that speaks for them.
#[must_use]
pub fn everybody_revoked() -> Vec<Arc<Entry>> {
    (1..)
        .zip(PEOPLE)
        .map(|(sequence, person)| {
            let change = Change::PersonRevoked {
                ent: "B0".into(),
                person: person.into(),
            };
            let at = 0;
            Arc::new(Entry {
                sequence,
                at,
                change,
            })
        })
        .collect()
}

/// Whatever the log: what is read is written alike, its pieces come to the same as the whole, what it forbids is
/// forbidden, and nothing unknown stops it.
pub fn body(octets: &[u8]) {
    let mut log: Vec<Arc<Entry>> = Vec::new();
    for line in octets.split(|octet| *octet == b'\n').take(200) {
        let Ok(entry) = serde_json::from_slice::<Entry>(line) else {
            continue;
        };
        assert_eq!(entry.change.check(), Ok(()), "what was read is in bounds");
        let text = serde_json::to_vec(&entry).expect("entries can be written");
        let again: Entry = serde_json::from_slice(&text).expect("what was written can be read");
        assert_eq!(again, entry);
        log.push(Arc::new(entry));
    }
    let whole = Directory::new(Arc::clone(&SNAPSHOT), &log);
    log.sort_by_key(|entry| entry.sequence);
    log.dedup_by_key(|entry| entry.sequence);
    let mut pieces = Directory::bare(Arc::clone(&SNAPSHOT));
    for piece in log.chunks(3) {
        pieces = pieces.extended(piece);
    }
    let (overlay, other) = (whole.overlay(), pieces.overlay());
    assert_eq!(overlay.last_sequence(), other.last_sequence());
    assert_eq!(overlay.unknown(), other.unknown());
    assert_eq!(overlay.unknown_total(), other.unknown_total());
    assert!(overlay.unknown().len() <= MAX_TOLD.min(overlay.unknown_total()));
    let answers = ask_everything(&whole);
    for (one, another) in answers.iter().zip(ask_everything(&pieces)) {
        assert_eq!(one.granted, another.granted, "{one:?}");
    }
    forbidden(&whole, &log);
}

/// The last word about each person, publisher and resource, read from the log itself.
fn forbidden(directory: &Directory, log: &[Arc<Entry>]) {
    let mut people: BTreeMap<&str, bool> = BTreeMap::new();
    let mut publishers: BTreeMap<&str, bool> = BTreeMap::new();
    for entry in log {
        match &entry.change {
            Change::PersonRevoked { ent, person } if ent == "B0" || ent == "C0" => {
                people.insert(person, true);
            }
            Change::PersonRestored { ent, person } if ent == "B0" || ent == "C0" => {
                people.insert(person, false);
            }
            Change::PublisherSuspended { publisher } => {
                publishers.insert(publisher, true);
            }
            Change::PublisherResumed { publisher } => {
                publishers.insert(publisher, false);
            }
            _ => {}
        }
    }
    let at = 1_768_003_200;
    for (person, revoked) in people {
        for ent in ["B0", "C0"] {
            let resource = "ark:/99999/r1";
            let query = Query {
                ent,
                person,
                resource,
                school: None,
                at,
            };
            let code = directory
                .resolve(&query)
                .map_or_else(|no| no.code(), |_| "granted");
            assert_eq!(code == "person-revoked", revoked, "{code}");
        }
    }
    for asked in ask_everything(directory) {
        if let Some(resource) = directory.snapshot().resource(asked.resource) {
            let suspended = publishers.get(resource.publisher().id()) == Some(&true);
            assert!(!asked.granted || !suspended, "{asked:?}");
        }
    }
}
