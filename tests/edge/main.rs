#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]
//! The edge as partners and operators meet it: sockets, TLS, limits, configuration, reload, the program itself.
//! Keys are made at run time; the configuration is the documented `config/octroi.toml` with other ports.

mod admin;
mod client;
#[path = "../world/country.rs"]
#[allow(dead_code, reason = "shared with the suite of the flows")]
mod country;
mod limits;
mod place;
mod problems;
mod program;
mod reload;

/// What the shared directory says of its own time: 2026-11-23T12:00:00Z.
pub const NOON: i64 = 1_795_435_200;
