//! Replays the committed corpora on the stable compiler: each seed was once interesting or once a bug.

use std::fs;
use std::path::Path;

use octroi_fuzz_bodies::TARGETS;

#[test]
fn every_corpus_replays() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for (name, body) in TARGETS {
        let folder = corpora.join(name);
        let mut seeds: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        seeds.sort();
        assert!(!seeds.is_empty(), "no seed for {name}");
        for seed in seeds {
            let octets = fs::read(&seed).unwrap();
            if let Err(panic) = std::panic::catch_unwind(|| body(&octets)) {
                let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                panic!("{}: {text}", seed.display());
            }
        }
    }
}

#[test]
fn short_and_empty_inputs_harm_nobody() {
    for (_, body) in TARGETS {
        for octets in [&b""[..], b"\0", b"\xff\xfe", b"<", b"a=b", b"[", b"{}"] {
            body(octets);
        }
    }
}
