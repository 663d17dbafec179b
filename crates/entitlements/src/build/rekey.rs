//! The map old → new for a publisher that gets new pseudonyms.
//!
//! After a compromise one publisher gets a new pseudonym domain; everybody else keeps theirs. The publisher needs to
//! know which new pseudonym belongs to which old one, and must learn nothing else: the map is in the order of the old
//! pseudonyms, which is no order at all to anybody without the key.

use std::path::Path;

use serde::Serialize;

use super::people::PEOPLE;
use super::report::{BuildError, Log};
use super::{BuildOptions, source};
use crate::format::MAX_PERSON;
use crate::{Pseudonym, Pseudonymizer};

/// How many people a map has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rekeyed {
    /// Pairs given out.
    pub people: u64,
    /// Lines of `people.tsv` that name nobody.
    pub set_aside: u64,
}

/// Gives `each` the old and the new pseudonym of everybody in the source directory, in the order of the old ones.
///
/// Holds 128 octets a person while it sorts.
///
/// # Errors
/// [`BuildError`] when `people.tsv` cannot be read.
pub fn rekey(
    dir: &Path,
    pseudonymizer: &Pseudonymizer,
    old_domain: &str,
    new_domain: &str,
    mut each: impl FnMut(&Pseudonym, &Pseudonym),
) -> Result<Rekeyed, BuildError> {
    let mut log = Log::new(&BuildOptions::default());
    let mut pairs: Vec<[[u8; 64]; 2]> = Vec::new();
    source::read(dir, &PEOPLE, &mut log, |row, _| {
        let ent = row.key(0, 64)?;
        let person = row.key(1, MAX_PERSON)?;
        pairs.push([old_domain, new_domain].map(|domain| pseudonymizer.tag(&ent, &person, domain)));
        Ok(())
    })?;
    pairs.sort_unstable();
    pairs.dedup();
    for [old, new] in &pairs {
        each(&Pseudonym::from_tag(old), &Pseudonym::from_tag(new));
    }
    Ok(Rekeyed {
        people: pairs.len() as u64,
        set_aside: log.files.values().map(|file| file.set_aside).sum(),
    })
}
