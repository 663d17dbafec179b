//! What each fuzz target does with its octets. A body panics when an invariant is broken and returns otherwise.
//!
//! The bodies live apart from the fuzzer so that `cargo test` replays every committed corpus with the stable compiler
//! (`tests/replay.rs`); `fuzz/fuzz_targets/*.rs` only hand octets over.
#![allow(
    clippy::panic,
    reason = "a broken invariant is told to the fuzzer by a panic"
)]

pub mod parser;

/// A target: its name (the folder of its corpus) and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[("parser", parser::body)];
