//! What octroi-dsig promises, from outside: everything through its public API.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../common/mod.rs"]
mod common;

mod encryption;
mod keys;
mod methods;
mod properties;
mod redirect;
mod shapes;
mod verified;
