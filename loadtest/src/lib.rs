//! An open-loop load generator for octroi.
//!
//! Accesses are sent at instants fixed beforehand, whatever the gateway does meanwhile, and their latency is counted from
//! the instant at which they were due. So a gateway that stalls is charged for everybody who would have come during the
//! stall (no coordinated omission). The generator measures its own lateness the same way and declares a run void when
//! it was late itself.
//!
//! The map: [`pace`] when to send · [`wire`] connections · [`place`] and [`mint`] who comes with which message ·
//! [`access`] what one access is · [`run`] all of it together · [`report`] the figures.

pub mod access;
pub mod mint;
pub mod pace;
pub mod place;
pub mod report;
pub mod run;
pub mod wire;
