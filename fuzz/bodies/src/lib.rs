//! What each fuzz target does with its octets. A body panics when an invariant is broken and returns otherwise.
//!
//! The bodies live apart from the fuzzer so that `cargo test` replays every committed corpus with the stable compiler
//! (`tests/replay.rs`); `fuzz/fuzz_targets/*.rs` only hand octets over. `tests/seeds.rs` writes the signed seeds anew.
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a broken invariant is told to the fuzzer by a panic"
)]

pub mod archive;
pub mod c14n;
pub mod configuration;
pub mod delta;
pub mod form;
pub mod metadata;
pub mod overlay;
pub mod parser;
pub mod questions;
pub mod redirect;
pub mod segment;
pub mod signed;
pub mod snapshot;
pub mod store;
pub mod verify;

/// A target: its name (the folder of its corpus) and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("parser", parser::body),
    ("c14n", c14n::body),
    ("verify", verify::body),
    ("form", form::body),
    ("redirect", redirect::body),
    ("metadata", metadata::body),
    ("snapshot", snapshot::body),
    ("damage", snapshot::damage),
    ("overlay", overlay::body),
    ("configuration", configuration::body),
    ("archive", archive::body),
    ("segment", segment::body),
    ("delta", delta::body),
    ("store", store::body),
];

/// A path for what a body must have as a file, the same for each run of one thread.
fn scratch(name: &str) -> std::path::PathBuf {
    let (process, thread) = (std::process::id(), std::thread::current().id());
    std::env::temp_dir().join(format!("octroi-fuzz-{name}-{process}-{thread:?}"))
}
