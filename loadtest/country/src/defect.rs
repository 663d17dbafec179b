//! Which people bring a bad record along: drawn by rank, a known share of each sort.

use octroi::simulate::prng::Seed;

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// The same person once more, in a later file.
    Duplicate,
    /// The same person in a later file, with another given name.
    Contradiction,
    /// A school that nobody delivers.
    UnknownSchool,
    /// A name of 501 characters.
    TooLong,
    /// A profile that does not exist.
    BadProfile,
    /// A level of somebody whom nobody delivers.
    StrayRelation,
}

const SORTS: [Defect; 6] = [
    Defect::Duplicate,
    Defect::Contradiction,
    Defect::UnknownSchool,
    Defect::TooLong,
    Defect::BadProfile,
    Defect::StrayRelation,
];

/// Draws defects.
#[derive(Debug, Clone, Copy)]
pub struct Defects {
    seed: Seed,
    per_100k: u32,
}

impl Defects {
    /// So many of each sort for 100 000 people, at most 16 000.
    #[must_use]
    pub fn new(seed: u64, per_100k: u32) -> Self {
        Self {
            seed: Seed::new(seed).domain("defect"),
            per_100k: per_100k.min(16_000),
        }
    }

    /// The bad record that comes with the person of this rank, if one does.
    #[must_use]
    pub fn of(&self, rank: u64) -> Option<Defect> {
        let roll = self.seed.at(rank, 0).below(100_000);
        SORTS
            .get(usize::try_from(roll.checked_div(u64::from(self.per_100k))?).ok()?)
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_as_asked_and_none_is_none() {
        let defects = Defects::new(1, 1_000);
        for sort in SORTS {
            let found = (0..100_000)
                .filter(|&r| defects.of(r) == Some(sort))
                .count();
            assert!((850..1150).contains(&found), "{sort:?} {found}");
        }
        assert!((0..10_000).all(|r| Defects::new(1, 0).of(r).is_none()));
    }
}
