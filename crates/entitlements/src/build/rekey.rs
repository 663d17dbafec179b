//! The map old → new for a publisher that gets new pseudonyms.
//!
//! After a compromise one publisher gets a new pseudonym domain; everybody else keeps theirs. The publisher needs to
//! know which new pseudonym belongs to which old one, and must learn nothing else: the map is in the order of the old
//! pseudonyms, which is no order at all to anybody without the key.

use std::path::Path;

use octroi_directory::{DEFAULT_SORT_BUFFER, Sorter};
use serde::Serialize;

use super::people::PEOPLE;
use super::report::{BuildError, Log};
use super::segments::{self, key_fault};
use super::{BuildOptions, Sources, source};
use crate::format::MAX_PERSON;
use crate::{Pseudonym, Pseudonymizer};

/// How many people a map has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rekeyed {
    /// Pairs given out.
    pub people: u64,
    /// Lines of `people.tsv` and records of segments that name nobody.
    pub set_aside: u64,
}

/// Gives `each` the old and the new pseudonym of everybody whom `people.tsv` or a segment of the directory names, once, in
/// the order of the old ones.
///
/// Pairs beyond a fixed amount of memory go to nameless temporary files in `temporary`. Somebody whom a build would set
/// aside (of a project that `ents.tsv` does not have, or named by two merged projects) is in the map all the same: they
/// may have been known to the publisher before.
///
/// # Errors
/// [`BuildError`] when a source cannot be read: `people.tsv` may be absent beside a directory, and nothing else.
pub fn rekey(
    from: &Sources,
    temporary: &Path,
    pseudonymizer: &Pseudonymizer,
    [old_domain, new_domain]: [&str; 2],
    mut each: impl FnMut(&Pseudonym, &Pseudonym),
) -> Result<Rekeyed, BuildError> {
    let fail = |error| BuildError::io(temporary, error);
    let mut sorter = Sorter::new(temporary, DEFAULT_SORT_BUFFER);
    let mut push = |ent: &str, person: &str| {
        let [old, new] =
            [old_domain, new_domain].map(|domain| pseudonymizer.tag(ent, person, domain));
        sorter.push(&old, &new).map_err(fail)
    };
    let mut log = Log::new(&BuildOptions::default());
    let dir = from.tables.as_path();
    if from.directory.is_none() || dir.join(PEOPLE.file).exists() {
        source::read(dir, &PEOPLE, &mut log, |row, _| {
            let ent = row.key(0, 64)?;
            Ok(push(&ent, &row.key(1, MAX_PERSON)?)?)
        })?;
    }
    for opened in segments::open(from.directory.as_deref())? {
        let ent = opened.segment.head().ent.as_str();
        let mut people = opened.segment.people();
        let mut line = 0_u32;
        while let Some(person) = people.next().map_err(|error| opened.damaged(error))? {
            line = line.saturating_add(1);
            match key_fault(person.id, MAX_PERSON, "person") {
                None => push(ent, person.id)?,
                Some(fault) => log.aside(&opened.name, line, fault),
            }
        }
    }
    let mut sorted = sorter.finish().map_err(fail)?;
    let mut last = None;
    let mut people = 0;
    while let Some((old, new)) = sorted.next().map_err(fail)? {
        let (Ok(old), Ok(new)) = (<[u8; 64]>::try_from(old), <[u8; 64]>::try_from(new)) else {
            return Err(fail(std::io::ErrorKind::InvalidData.into()));
        };
        // Who is in a table and in a segment, or in the segments of both degrees, is one person.
        if last.replace(old) != Some(old) {
            each(&Pseudonym::from_tag(&old), &Pseudonym::from_tag(&new));
            people += 1;
        }
    }
    Ok(Rekeyed {
        people,
        set_aside: log.files.values().map(|file| file.set_aside).sum(),
    })
}
