//! Simulators for tests with partners: a made-up country, its portals and its publishers.
//!
//! Nothing here is met by an access through the gateway, and nothing of the gateway may depend on it.

pub mod country;
mod metadata;
pub mod prng;
pub mod settings;
