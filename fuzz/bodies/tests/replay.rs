#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
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

/// Seeds that are refused would leave the fuzzer at the header: they are then to be written anew (`seeds.rs`).
#[test]
fn the_seeds_of_differences_are_applied() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/delta");
    for entry in fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let octets = fs::read(&path).unwrap();
        assert!(
            octroi_fuzz_bodies::delta::is_applied(&octets),
            "{}",
            path.display()
        );
    }
}

/// Seeds that no longer verify would leave the fuzzer at the first check: they are then to be written anew (`seeds.rs`).
#[test]
fn the_signed_seeds_are_accepted() {
    use octroi_dsig::{AlgorithmPolicy, redirect};
    use octroi_fuzz_bodies::signed::{ACS, OURS, PORTAL, REQUEST, keys, now};
    use octroi_saml::metadata::{self, MetadataPolicy};
    use octroi_saml::response::{Expectations, InResponseTo, accept};

    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let keys = keys();
    for key in ["rsa", "p256"] {
        for sign in ["assertion", "response", "both"] {
            let xml = fs::read(corpora.join(format!("verify/{key}-{sign}.xml"))).unwrap();
            let asked = InResponseTo::Required(REQUEST);
            let expect = Expectations::strict(now(), OURS, ACS, PORTAL, &keys, asked);
            assert!(accept(&xml, &expect).is_ok(), "{key} {sign}");
        }
        let query = fs::read_to_string(corpora.join(format!("redirect/{key}.query"))).unwrap();
        let query = redirect::RawQuery::parse(&query).unwrap();
        assert!(redirect::verify(&query, &keys, &AlgorithmPolicy::default()).is_ok());
        let xml = fs::read(corpora.join(format!("metadata/{key}.xml"))).unwrap();
        let month = std::time::Duration::from_secs(30 * 86_400);
        let policy = MetadataPolicy::for_federation(now(), &keys, month);
        let read = metadata::parse(&xml, &policy).unwrap();
        assert_eq!(read.entities[0].entity_id, PORTAL);
    }
    let snapshot = fs::read(corpora.join("snapshot/smallest.snapshot")).unwrap();
    assert!(octroi_entitlements::Snapshot::from_bytes(snapshot).is_ok());
}
