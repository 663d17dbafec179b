//! Snapshots behind the hash: the fuzzer's damage gets its checksums repaired, so that the readers meet it.
//!
//! Whatever the octets, every question ends in an answer or a refusal; and a yes must be true of the very file that gave
//! it (`questions`). `snapshot` mutates whole files; `damage` changes octets of a sound one, which reaches further.

use std::sync::{Arc, LazyLock};

use octroi_entitlements::{Directory, Snapshot, repair_hashes};

use crate::questions::{Asked, PEOPLE, ask_everything};

/// A sound country with every kind of record; `tests/seeds.rs` writes it.
pub const SOUND: &[u8] = include_bytes!("../../corpus/snapshot/country.snapshot");

/// Octets of one change: where (3), how (1), what (1).
const CHANGE: usize = 5;

/// What the sound country answers.
static SOUND_ANSWERS: LazyLock<Vec<Asked>> = LazyLock::new(|| {
    let snapshot = Snapshot::from_bytes(SOUND.to_vec()).expect("a sound seed");
    ask_everything(&Directory::bare(Arc::new(snapshot)))
});

/// A whole file.
pub fn body(octets: &[u8]) {
    let _ = open_and_ask(octets.to_vec());
}

/// Changes to a sound file.
pub fn damage(octets: &[u8]) {
    let mut file = SOUND.to_vec();
    let mut touched = Vec::new();
    for change in octets.chunks_exact(CHANGE).take(64) {
        let at = u32::from_le_bytes([change[0], change[1], change[2], 0]) as usize % file.len();
        let octet = &mut file[at];
        *octet = match change[3] % 4 {
            0 => change[4],
            1 => octet.wrapping_add(change[4]),
            2 => *octet ^ change[4],
            _ => *octet ^ (1 << (change[4] % 8)),
        };
        touched.push(at);
    }
    let Some(answers) = open_and_ask(file) else {
        return;
    };
    // Names of groups, codes, families and URLs decide nothing: where only they were touched, nobody gains a right.
    if touched.iter().all(|at| decides_nothing(*at)) {
        for (before, after) in SOUND_ANSWERS.iter().zip(&answers) {
            assert!(
                !after.granted || before.granted,
                "a right from a name: {before:?} {after:?}"
            );
        }
    }
}

fn open_and_ask(mut octets: Vec<u8>) -> Option<Vec<Asked>> {
    repair_hashes(&mut octets);
    let snapshot = Arc::new(Snapshot::from_bytes(octets).ok()?);
    let _ = snapshot.check();
    for ent in snapshot.ents().take(8) {
        let _ = (ent.name(), ent.current().code());
    }
    for publisher in snapshot.publishers().take(8) {
        for url in ["https://x.example/r1", "https://x.example/r1/page?a=1", ""] {
            if let Some(resource) = publisher.resource_by_url(url) {
                assert_eq!(resource.publisher(), publisher, "another's resource");
            }
        }
    }
    let directory = Directory::bare(snapshot);
    let answers = ask_everything(&directory);
    // Revocation wins over everything, damage too.
    let revoked = directory.extended(&crate::overlay::everybody_revoked());
    for asked in ask_everything(&revoked) {
        assert!(
            !asked.granted || !PEOPLE.contains(&asked.person),
            "{asked:?}"
        );
    }
    Some(answers)
}

/// Whether an octet of the sound file stands in a section that no rule reads.
fn decides_nothing(at: usize) -> bool {
    const TABLE: usize = 160;
    const GROUPS: u32 = 8;
    const CODES: u32 = 9;
    const FAMILIES: u32 = 14;
    const URLS: u32 = 15;
    (0..20).any(|section| {
        let entry = TABLE + section * 24;
        let word = |at: usize| {
            u64::from_le_bytes(SOUND[at..at + 8].try_into().expect("eight octets")) as usize
        };
        let number = u32::from_le_bytes(SOUND[entry..entry + 4].try_into().expect("four octets"));
        let (start, length) = (word(entry + 8), word(entry + 16));
        [GROUPS, CODES, FAMILIES, URLS].contains(&number) && (start..start + length).contains(&at)
    })
}
