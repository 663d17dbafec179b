#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]
//! Snapshots from publisher to node: signed, stored, fetched, judged, swapped, taken back, collected; and the log of
//! changes on top. Keys are made at run time, stores are folders, nodes are the program itself where it matters.

mod checking;
#[path = "../edge/client.rs"]
#[allow(dead_code, reason = "shared with the suite of the edge")]
mod client;
mod command;
mod contained;
#[path = "../world/country.rs"]
#[allow(dead_code, reason = "shared with the suite of the flows")]
mod country;
mod depot;
mod following;
mod log;
mod nodes;
#[path = "../edge/place.rs"]
#[allow(dead_code, reason = "shared with the suite of the edge")]
mod place;
mod servers;

/// What the shared directory says of its own time: 2026-11-23T12:00:00Z.
pub const NOON: i64 = 1_795_435_200;
