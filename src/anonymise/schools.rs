//! Numbers of schools that do not exist, in place of those that do.
//!
//! Well-formed, with the right check letter, in departments that France does not have (200 to 599). A suffix
//! (`0650499P-ET6`) stays a suffix of the same school.

use std::collections::{HashMap, HashSet};

use super::AnonymiseError;
use super::pseudonym::Pseudonyms;
use crate::simulate::country::uai::uai;

/// First of the numbers that no school has.
const FIRST: u32 = 2_000_001;
/// First that may be somebody's again.
const END: u32 = 6_000_000;

/// From each old number to its new one. In memory only.
pub(super) struct Schools(HashMap<String, String>);

/// A number and its suffix.
fn parts(number: &str) -> (&str, Option<&str>) {
    match number.split_once('-') {
        Some((base, suffix)) => (base, Some(suffix)),
        None => (number, None),
    }
}

impl Schools {
    /// Gives every number a new one, in an order that only the key knows, none of them a number that was there.
    pub(super) fn invent(numbers: Vec<String>, names: &Pseudonyms) -> Result<Self, AnonymiseError> {
        let old: HashSet<&str> = numbers.iter().map(|n| parts(n).0).collect();
        let mut order: Vec<(Vec<u8>, &str)> = old
            .iter()
            .map(|base| (names.order("school", base), *base))
            .collect();
        order.sort_unstable();
        let taken: HashSet<String> = old.iter().map(|base| base.to_ascii_uppercase()).collect();
        let mut invented = (FIRST..END)
            .map(uai)
            .filter(|number| !taken.contains(number));
        let mut bases = HashMap::with_capacity(order.len());
        for (_, base) in order {
            let new = invented.next().ok_or(AnonymiseError::TooManySchools)?;
            bases.insert(base, new);
        }
        let whole = numbers.iter().filter_map(|number| {
            let (base, suffix) = parts(number);
            let base = bases.get(base)?;
            let new = match suffix {
                Some(suffix) => format!("{base}-{}", names.text("school suffix", suffix)),
                None => base.clone(),
            };
            Some((number.clone(), new))
        });
        Ok(Self(whole.collect()))
    }

    /// The new number; empty for one that was not collected, which does not happen.
    pub(super) fn new_of(&self, number: &str) -> &str {
        self.0.get(number).map_or("", String::as_str)
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::pseudonym::{KEY, Key};
    use super::*;
    use crate::simulate::country::uai::is_valid;

    #[test]
    fn numbers_are_well_formed_distinct_and_nobodys() {
        let names = Pseudonyms::new(Key::given([3; KEY]));
        let taken = uai(FIRST);
        let old = [
            "0561622J",
            "0650499P",
            "0650499P-ET6",
            "0650499P-ET7",
            taken.as_str(),
            "odd one",
        ];
        let schools = Schools::invent(old.map(String::from).to_vec(), &names).unwrap();
        let new: HashSet<&str> = old.iter().map(|n| schools.new_of(n)).collect();
        assert_eq!(new.len(), old.len());
        for number in &new {
            assert!(is_valid(parts(number).0), "{number}");
            assert!(!old.contains(number));
        }
        let base = schools.new_of("0650499P");
        assert!(
            schools
                .new_of("0650499P-ET6")
                .starts_with(&format!("{base}-"))
        );
    }
}
