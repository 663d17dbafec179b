//! The name of a delivery: whose, of which flow, of when.

use octroi_directory::{Degree, Stamp, is_ent_code};

use super::ledger::event::Sort;

/// What a name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The ENT project.
    pub ent: String,
    /// The flow.
    pub degree: Degree,
    /// When the portal made it, by its wall clock.
    pub stamp: Stamp,
    /// What it is.
    pub sort: Sort,
}

/// The ending of full loads.
pub const FULL: &str = ".tar.gz";
/// The ending of differences.
pub const DELTA: &str = ".jsonl.gz";

/// The name without the ending of a delivery; `None` when it is none.
#[must_use]
pub fn stem(file: &str) -> Option<&str> {
    file.strip_suffix(FULL).or_else(|| file.strip_suffix(DELTA))
}

impl Name {
    /// Reads `{idENT}_GAR-ENT_Complet_{yyyyMMdd_HHmmss}_{2D|1D}.tar.gz` or
    /// `{idENT}_GAR-ENT_Delta_{yyyyMMdd_HHmmss}_{2D|1D}.jsonl.gz`.
    #[must_use]
    pub fn parse(file: &str) -> Option<Self> {
        let (stem, middle, sort) = match (file.strip_suffix(FULL), file.strip_suffix(DELTA)) {
            (Some(stem), _) => (stem, "_GAR-ENT_Complet_", Sort::Full),
            (None, Some(stem)) => (stem, "_GAR-ENT_Delta_", Sort::Delta),
            (None, None) => return None,
        };
        let (ent, rest) = stem.split_once(middle)?;
        let (stamp, degree) = rest.rsplit_once('_')?;
        is_ent_code(ent).then_some(Self {
            ent: ent.to_owned(),
            degree: Degree::parse(degree)?,
            stamp: stamp.parse().ok()?,
            sort,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_portals_are_read_and_others_are_not() {
        let full = Name::parse("B0_GAR-ENT_Complet_20261127_020000_2D.tar.gz").unwrap();
        assert_eq!((full.ent.as_str(), full.degree), ("B0", Degree::Second));
        assert_eq!(full.stamp.to_string(), "20261127_020000");
        assert_eq!(full.sort, Sort::Full);
        let delta = Name::parse("B0_GAR-ENT_Delta_20261127_140000_1D.jsonl.gz").unwrap();
        assert_eq!((delta.degree, delta.sort), (Degree::First, Sort::Delta));
        for other in [
            "B0_GAR-ENT_Complet_20261327_020000_2D.tar.gz",
            "B0_GAR-ENT_Complet_20261127_020000_3D.tar.gz",
            "B0_GAR-ENT_Delta_20261127_020000_2D.tar.gz",
            "../B0_GAR-ENT_Complet_20261127_020000_2D.tar.gz",
            "_GAR-ENT_Complet_20261127_020000_2D.tar.gz",
            "B0.tar.gz",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
