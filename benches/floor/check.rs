//! The floor, measured a second time and independently: operation by operation, on made-up octets of the same
//! sizes, with `aws-lc-rs` alone. Medians of many short runs are added up.

use super::world::keys::Pair;
use super::{cpu, median};
use aws_lc_rs::digest::{SHA256, digest};
use octroi_dsig::{KeyKind, Signer};
use std::hint::black_box;

const RUNS: usize = 41;
const EACH: usize = 60;

/// Octets that one access hashes and signs.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub assertion_in: usize,
    pub assertion_out: usize,
    pub signed_info_in: usize,
    pub signed_info_out: usize,
}

pub fn floor(portal: &Pair, gateway: &Pair, sizes: Sizes) -> f64 {
    let message = vec![0x5a_u8; 64 * 1024];
    let verifying = super::prepare::verifying_key(portal);
    let signing = super::prepare::SigningKey::of(gateway);
    debug_assert!(matches!(portal.signer.public_key().kind(), KeyKind::Rsa));
    let mut signature = Vec::new();
    portal
        .signer
        .sign(&message[..sizes.signed_info_in], &mut signature)
        .unwrap();
    timed(|| {
        verifying
            .verify_sig(&message[..sizes.signed_info_in], &signature)
            .unwrap()
    }) + timed(|| drop(black_box(digest(&SHA256, &message[..sizes.assertion_in]))))
        + timed(|| drop(black_box(digest(&SHA256, &message[..sizes.assertion_out]))))
        + timed(|| drop(black_box(signing.sign(&message[..sizes.signed_info_out]))))
}

/// Microseconds of one run.
fn timed(mut operation: impl FnMut()) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let before = cpu();
            for _ in 0..EACH {
                operation();
            }
            (cpu() - before) / EACH as f64
        })
        .collect();
    median(&mut runs)
}
