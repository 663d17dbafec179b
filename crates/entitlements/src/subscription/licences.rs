//! How many licences a subscription has, and whether they pass on.

use super::field::{Expected, Field, RuleBroken};
use crate::Public;

/// A licence count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Count {
    /// `ILLIMITE`.
    Unlimited,
    /// At most so many people.
    AtMost(u32),
}

impl Count {
    /// Reads a count. Empty and `0` say the same: no licence.
    pub(super) fn parse(text: &str, field: Field) -> Result<Option<Self>, RuleBroken> {
        match text {
            "" => Ok(None),
            "ILLIMITE" => Ok(Some(Self::Unlimited)),
            _ if text.bytes().all(|b| b.is_ascii_digit()) => match text.parse() {
                Ok(0) => Ok(None),
                Ok(number) => Ok(Some(Self::AtMost(number))),
                Err(_) => Err(malformed(field)),
            },
            _ => Err(malformed(field)),
        }
    }
}

fn malformed(field: Field) -> RuleBroken {
    RuleBroken::Rg10 {
        field,
        expected: Expected::Count,
    }
}

/// The licences of a subscription, over all its schools together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Licences {
    /// One count for everybody (`nbLicenceGlobale`).
    Global(Count),
    /// A count for each public, in the order of [`Public::ALL`]. A public without a count has no licence.
    ByPublic([Count; 4]),
}

impl Licences {
    /// Whether a count can run out. Only INDIV subscriptions count people: for ETABL the number is what was sold, and
    /// the school is open to its whole target public.
    #[must_use]
    pub fn limited(&self) -> bool {
        match self {
            Self::Global(count) => *count != Count::Unlimited,
            Self::ByPublic(counts) => counts.iter().any(|count| *count != Count::Unlimited),
        }
    }

    /// Which pool pays for somebody of this public, and its count.
    pub(super) fn pool(&self, public: Public) -> (usize, Count) {
        match self {
            Self::Global(count) => (0, *count),
            Self::ByPublic(counts) => (public as usize, counts[public as usize]),
        }
    }
}

/// Whether a licence can pass on (`categorieAffectation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Category {
    /// `transferable`: when an assignment ends, its licence is free again.
    Transferable,
    /// `non transferable`: a licence once given stays used until the subscription ends.
    NotTransferable,
}

impl Category {
    /// Reads the word, exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "transferable" => Some(Self::Transferable),
            "non transferable" => Some(Self::NotTransferable),
            _ => None,
        }
    }
}
