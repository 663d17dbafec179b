//! What kind of school each is, as far as subscriptions ask: its nature (*nature de l'UAI*) and its degree.
//!
//! Kept during the build only; nothing of it is written.

use std::collections::BTreeMap;

/// Octets allowed in a nature code.
pub(crate) const MAX_NATURE: usize = 45;

/// Natures and degrees of the schools, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct SchoolKinds {
    /// Schools of each nature, ascending.
    natures: BTreeMap<String, Vec<u32>>,
    /// Schools of the first degree, ascending.
    first_degree: Vec<u32>,
}

impl SchoolKinds {
    /// Notes a school; they come in the order of their numbers.
    pub(crate) fn note(&mut self, number: u32, nature: &str, first_degree: bool) {
        if !nature.is_empty() {
            self.natures
                .entry(nature.to_owned())
                .or_default()
                .push(number);
        }
        if first_degree {
            self.first_degree.push(number);
        }
    }

    /// The schools of a nature; `None` when there is none.
    pub(crate) fn of_nature(&self, nature: &str) -> Option<&[u32]> {
        self.natures.get(nature).map(Vec::as_slice)
    }

    /// Whether a school is known to be of the first degree.
    pub(crate) fn is_first_degree(&self, number: u32) -> bool {
        self.first_degree.binary_search(&number).is_ok()
    }
}

/// `1D` or `2D`; empty is not known.
pub(crate) fn is_first_degree(word: &str) -> Option<bool> {
    match word {
        "1D" => Some(true),
        "2D" | "" => Some(false),
        _ => None,
    }
}
