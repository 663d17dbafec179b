//! How many sign-ins one address, and everybody together, may start in a second.
//!
//! Starting a sign-in can cost a signature (an AuthnRequest), so it is limited before. Whole schools come
//! from one address: its share is generous and lets a class that begins at the same moment through.
//! Nothing here is exact, and nothing security rests on: it bounds work.

use moka::sync::Cache;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Addresses remembered at most.
const ADDRESSES: u64 = 100_000;

/// A bucket that leaks `per_second` and holds a burst (generic cell rate algorithm).
#[derive(Debug, Default)]
struct Bucket {
    /// Unix microseconds at which the bucket will be empty.
    empty_at: AtomicI64,
}

impl Bucket {
    fn take(&self, now: i64, share: Share) -> bool {
        let interval = 1_000_000 / i64::from(share.per_second.max(1));
        let tolerance = interval * i64::from(share.burst.max(1));
        self.empty_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |empty_at| {
                let next = empty_at.max(now) + interval;
                (next - now <= tolerance).then_some(next)
            })
            .is_ok()
    }
}

/// What one bucket lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// In the long run.
    pub per_second: u32,
    /// At once, after a rest.
    pub burst: u32,
}

/// The limits, for one address and for all.
#[derive(Debug)]
pub struct SignInRate {
    all: Bucket,
    addresses: Cache<IpAddr, Arc<Bucket>>,
}

impl Default for SignInRate {
    fn default() -> Self {
        Self {
            all: Bucket::default(),
            addresses: Cache::builder()
                .max_capacity(ADDRESSES)
                .time_to_idle(Duration::from_secs(60))
                .build(),
        }
    }
}

impl SignInRate {
    /// Whether `address` may start one more sign-in at `now` (Unix milliseconds).
    pub fn take(&self, address: IpAddr, now: i64, one: Share, all: Share) -> bool {
        let now = now.saturating_mul(1000);
        let bucket = self.addresses.get_with(block(address), Arc::default);
        bucket.take(now, one) && self.all.take(now, all)
    }
}

/// An IPv6 customer has a whole /64.
fn block(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Share = Share {
        per_second: 10,
        burst: 5,
    };
    const ALL: Share = Share {
        per_second: 1000,
        burst: 1000,
    };

    #[test]
    fn lets_a_burst_through_and_then_the_rate() {
        let rate = SignInRate::default();
        let home = "192.0.2.1".parse().unwrap();
        assert_eq!(
            (0..20).filter(|_| rate.take(home, 1000, ONE, ALL)).count(),
            5
        );
        assert!(
            rate.take("192.0.2.2".parse().unwrap(), 1000, ONE, ALL),
            "another address has its own share"
        );
        let later = (0..20)
            .filter(|i| rate.take(home, 2000 + i * 50, ONE, ALL))
            .count();
        assert!((10..=15).contains(&later), "{later}");
    }

    #[test]
    fn all_together_are_bounded_too() {
        let rate = SignInRate::default();
        let few = Share {
            per_second: 10,
            burst: 3,
        };
        let took = (0..20u8)
            .filter(|i| rate.take(IpAddr::from([192, 0, 2, *i]), 1000, ONE, few))
            .count();
        assert_eq!(took, 3);
    }

    #[test]
    fn one_ipv6_network_is_one_address() {
        assert_eq!(
            block("2001:db8::1".parse().unwrap()),
            block("2001:db8::ffff".parse().unwrap())
        );
        assert_ne!(
            block("2001:db8::1".parse().unwrap()),
            block("2001:db8:0:1::1".parse().unwrap())
        );
    }
}
