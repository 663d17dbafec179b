//! The floor, measured a second time and independently: operation by operation, on made-up octets of the same
//! sizes, with `aws-lc-rs` alone, in turn with the batches that it checks.

use super::cpu;
use super::prepare::{SigningKey, verifying_key};
use super::world::keys::Pair;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::ParsedPublicKey;
use octroi_dsig::Signer;
use std::hint::black_box;

/// How often each operation runs in one measurement.
const EACH: usize = 40;

/// Octets that one access hashes and signs.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub assertion_in: usize,
    pub assertion_out: usize,
    pub signed_info_in: usize,
    pub signed_info_out: usize,
}

/// The operations of the floor on made-up octets.
pub struct Check {
    sizes: Sizes,
    message: Vec<u8>,
    signature: Vec<u8>,
    verifying: ParsedPublicKey,
    signing: SigningKey,
}

impl Check {
    pub fn new(portal: &Pair, gateway: &Pair, sizes: Sizes) -> Self {
        let message = vec![0x5a_u8; 64 * 1024];
        let mut signature = Vec::new();
        portal
            .signer
            .sign(&message[..sizes.signed_info_in], &mut signature)
            .unwrap();
        let (verifying, signing) = (verifying_key(portal), SigningKey::of(gateway));
        Self {
            sizes,
            message,
            signature,
            verifying,
            signing,
        }
    }

    /// Microseconds of one verification, two hashes and one signature, each timed by itself.
    pub fn floor(&self) -> f64 {
        let Self { sizes, message, .. } = self;
        timed(|| {
            self.verifying
                .verify_sig(&message[..sizes.signed_info_in], &self.signature)
                .unwrap()
        }) + timed(|| {
            black_box(digest(&SHA256, &message[..sizes.assertion_in]));
        }) + timed(|| {
            black_box(digest(&SHA256, &message[..sizes.assertion_out]));
        }) + timed(|| {
            black_box(self.signing.sign(&message[..sizes.signed_info_out]));
        })
    }
}

/// Microseconds of one run.
fn timed(mut operation: impl FnMut()) -> f64 {
    let before = cpu();
    for _ in 0..EACH {
        operation();
    }
    (cpu() - before) / EACH as f64
}
