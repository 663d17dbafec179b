//! What no file can hold: the stateful tests S1–S16 of the house's security catalogue. Each name begins with its code.
//! (S12 is the attack suite's, S13 the fuzz targets', S4's second node and S9's refresh of metadata come with shared state.)
#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]

mod leaving;
mod replay;
mod switches;
#[path = "../world/mod.rs"]
mod world;

use octroi::http::exchange::{Endpoint, Kind, Outgoing};
use world::browser::{Browser, location};
use world::portal::{Asked, asked};

fn begin(browser: &mut Browser<'_>, resource: &str) -> Asked {
    asked(location(&browser.get(
        Endpoint::Tile,
        &format!("idENT=QjA=&idRessource={resource}"),
    )))
}

fn granted(outgoing: &Outgoing) -> bool {
    outgoing.kind == Kind::FormPage && outgoing.status == 200
}
