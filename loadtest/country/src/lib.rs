//! A nation from a seed: what 35 portals deliver in a night for 15 million people, and the tables that go with it.
//!
//! Schools, people and rights are those of [`octroi::simulate::country`]: functions of seed and place, so a load
//! generator can act for anybody of them while nothing is stored. This crate writes them down as portals do
//! (`gar.md` §3): archives with all the habits that importers must live with, and a known share of records that are
//! wrong on purpose, counted in `country.json`, so that an import's own figures can be checked.
//!
//! It must never read an archive or share code with the import: it is the other side.

pub mod archive;
pub mod defect;
pub mod deliver;
pub mod nation;
mod people;
mod places;
mod sheet;
pub mod tally;
mod xml;
