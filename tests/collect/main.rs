#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]
//! Collection, requirement by requirement: F1 to F10, A4, A5, S5 by name, with real archives, the real program, kills
//! at random points, and OpenSSH in front of a drop box.

mod archive;
mod crash;
mod deliveries;
mod delta;
mod ledger;
mod place;
mod portals;
mod program;
mod room;
mod sftp;
mod shrink;
mod vault;
