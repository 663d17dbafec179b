//! Randomness that is a function of a seed and a place, never of what was drawn before.
//!
//! Every fact of a made-up country is computed from `(seed, domain, indices)`. So a country of fifteen million people
//! is written as a stream, any one fact can be asked for again without a table, and the same seed gives the same bytes
//! on every machine. The generator is SplitMix64 (Steele, Lea, Flood 2014), fixed here because a library may change
//! its stream between versions.
//!
//! It must never make a key, a nonce or an identifier of a real message: it is predictable on purpose.

/// A seed with a name space: two domains never share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(u64);

/// A stream of draws for one place.
#[derive(Debug, Clone)]
pub struct Draw(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Seed {
    /// A seed from the number that a person gives on the command line.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(GOLDEN)))
    }

    /// The seed of a domain such as `"person"`. Computed once and kept, not once a draw.
    #[must_use]
    pub fn domain(self, name: &str) -> Self {
        Self(name.bytes().fold(self.0, |state, byte| {
            mix(state.wrapping_add(GOLDEN) ^ u64::from(byte))
        }))
    }

    /// The stream for one place, such as (school, index in the school).
    #[must_use]
    pub fn at(self, a: u64, b: u64) -> Draw {
        let first = mix(self.0.wrapping_add(GOLDEN) ^ a);
        Draw(mix(first.wrapping_add(GOLDEN) ^ b))
    }
}

impl Draw {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number in `0..bound`; 0 when the bound is 0. The bias (below `bound / 2^64`) does not matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.bits()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    /// An index below this many; 0 when there is none.
    pub fn place(&mut self, count: u32) -> u32 {
        u32::try_from(self.below(u64::from(count))).unwrap_or(0)
    }

    /// Whether an event of this many chances in a thousand happens.
    pub fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }

    /// One of the choices; `None` only when there is none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let index = self.below(u64::try_from(choices.len()).unwrap_or(0));
        choices.get(usize::try_from(index).ok()?)
    }

    /// Puts a list into an order of chance (Fisher and Yates).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(u64::try_from(last + 1).unwrap_or(1));
            list.swap(last, usize::try_from(other).unwrap_or(0));
        }
    }

    /// An index into a list of weights, each chosen in proportion to its weight.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|&w| u64::from(w)).sum();
        let mut left = self.below(total);
        for (index, &weight) in weights.iter().enumerate() {
            let weight = u64::from(weight);
            if left < weight {
                return index;
            }
            left -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_its_published_stream() {
        // First outputs of the reference implementation for the state 1234567.
        let mut draw = Draw(1_234_567);
        let drawn: Vec<u64> = (0..5).map(|_| draw.bits()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821
            ]
        );
    }

    #[test]
    fn the_same_place_gives_the_same_draws_and_another_place_others() {
        let seed = Seed::new(7).domain("person");
        assert_eq!(seed.at(3, 4).bits(), seed.at(3, 4).bits());
        assert_ne!(seed.at(3, 4).bits(), seed.at(4, 3).bits());
        assert_ne!(
            seed.at(3, 4).bits(),
            Seed::new(8).domain("person").at(3, 4).bits()
        );
        assert_ne!(
            seed.at(3, 4).bits(),
            Seed::new(7).domain("school").at(3, 4).bits()
        );
    }

    #[test]
    fn draws_stay_in_bounds_and_follow_their_weights() {
        let mut draw = Seed::new(1).at(0, 0);
        let mut hits = [0u32; 3];
        for _ in 0..10_000 {
            assert!(draw.below(7) < 7);
            hits[draw.weighted(&[1, 0, 3])] += 1;
        }
        assert_eq!(hits[1], 0);
        assert!((2_200..2_800).contains(&hits[0]), "{hits:?}");
        let mut list: Vec<u32> = (0..50).collect();
        draw.shuffle(&mut list);
        assert_ne!(list, (0..50).collect::<Vec<_>>());
        list.sort_unstable();
        assert_eq!(list, (0..50).collect::<Vec<_>>());
        assert_eq!(draw.below(0), 0);
        assert_eq!(draw.pick::<u8>(&[]), None);
    }
}
