//! Simulators for tests with partners: a made-up country, its portals and its publishers.
//!
//! Nothing here is met by an access through the gateway, and nothing of the gateway may depend on it. Partners are
//! played with text of their own hand, so that the gateway does not only understand itself.

pub mod browser;
pub mod cli;
pub mod client;
mod cookies;
pub mod country;
pub mod gateway;
pub mod markup;
mod metadata;
pub mod pages;
pub mod portal;
pub mod prng;
pub mod process;
pub mod publisher;
pub mod server;
pub mod settings;
pub mod sign;
pub mod tile;

#[cfg(test)]
mod tests;

use octroi_saml::Random;

/// The system's randomness, for identifiers of messages and sessions.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, out: &mut [u8]) {
        // Without randomness identifiers repeat, and the gateway refuses the second message: visible, not harmful.
        let _ = aws_lc_rs::rand::fill(out);
    }
}
