#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]
//! Attacks on Responses, generated: every subtree of a rightly signed message moved, copied, forged and nested at every
//! place (signature wrapping, W1–W12), and every character of what is signed changed (S12).
//!
//! One invariant: **what is accepted is what was signed**, value for value.

mod message;
mod metamorphic;
mod text;
mod wrapping;
