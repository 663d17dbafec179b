//! Lines of `people.tsv` and `affiliations.tsv` on their way through the external sorter, and out of it person by person.
//!
//! A key is the number of the project that speaks for the person, the identifier, and what the line is; so all lines
//! about one person come together, those that name them first, in the order of the tables.

use std::io;
use std::path::Path;

use octroi_directory::{DEFAULT_SORT_BUFFER, Sorted, Sorter};

use super::batch::{AFFILIATIONS_FILE, PEOPLE_FILE};
use super::held::Held;
use super::report::BuildError;

/// What is known of a line besides its own words.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    /// The project that speaks for the person.
    pub(crate) ent: u16,
    /// The project that the line names.
    pub(crate) origin: u16,
    pub(crate) person: &'a str,
    pub(crate) line: u32,
}

/// Collects lines.
pub(crate) struct Collected {
    sorter: Sorter,
    folder: std::path::PathBuf,
    key: Vec<u8>,
    payload: Vec<u8>,
}

impl Collected {
    /// Lines beyond a fixed amount of memory go to temporary files in `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            sorter: Sorter::new(folder, DEFAULT_SORT_BUFFER),
            folder: folder.to_owned(),
            key: Vec::new(),
            payload: Vec::new(),
        }
    }

    /// A line that names a person: civility, name, given name and mail.
    pub(crate) fn name(&mut self, about: About<'_>, texts: [&str; 4]) -> Result<(), BuildError> {
        self.begin(about, PEOPLE_FILE);
        for text in texts {
            self.payload
                .extend_from_slice(&(text.len() as u16).to_le_bytes());
        }
        for text in texts {
            self.payload.extend_from_slice(text.as_bytes());
        }
        self.push()
    }

    /// A line about what a person is in a school.
    pub(crate) fn say(
        &mut self,
        about: About<'_>,
        (establishment, profiles): (u32, u16),
        facts: &[u32],
    ) -> Result<(), BuildError> {
        self.begin(about, AFFILIATIONS_FILE);
        self.payload.extend_from_slice(&establishment.to_le_bytes());
        self.payload.extend_from_slice(&profiles.to_le_bytes());
        for fact in facts {
            self.payload.extend_from_slice(&fact.to_le_bytes());
        }
        self.push()
    }

    fn begin(&mut self, about: About<'_>, file: u16) {
        self.key.clear();
        self.key.extend_from_slice(&about.ent.to_be_bytes());
        self.key.extend_from_slice(about.person.as_bytes());
        // No identifier holds a zero octet: the shorter of two stands first.
        self.key.push(0);
        self.key.push(file as u8);
        self.key.extend_from_slice(&about.line.to_be_bytes());
        self.payload.clear();
        self.payload.extend_from_slice(&about.origin.to_le_bytes());
    }

    fn push(&mut self) -> Result<(), BuildError> {
        let pushed = self.sorter.push(&self.key, &self.payload);
        pushed.map_err(|error| BuildError::io(&self.folder, error))
    }

    /// The lines, person by person.
    pub(crate) fn finish(self) -> Result<Lines, BuildError> {
        let fail = |error| BuildError::io(&self.folder, error);
        let mut lines = Lines {
            sorted: self.sorter.finish().map_err(fail)?,
            key: Vec::new(),
            payload: Vec::new(),
            live: true,
            folder: self.folder,
        };
        lines.fetch()?;
        Ok(lines)
    }
}

/// Lines in order, the next one at hand.
pub(crate) struct Lines {
    sorted: Sorted,
    key: Vec<u8>,
    payload: Vec<u8>,
    live: bool,
    folder: std::path::PathBuf,
}

impl Lines {
    /// All lines about the next person; false at the end.
    pub(crate) fn next(&mut self, held: &mut Held) -> Result<bool, BuildError> {
        let mut first = true;
        while self.live {
            let (ent, person, file, line) = self.key().ok_or_else(|| self.damaged())?;
            if first {
                held.ent = ent;
                held.id.push_str(person);
                first = false;
            } else if (ent, person) != (held.ent, held.id.as_str()) {
                break;
            }
            take(held, file, line, &self.payload).ok_or_else(|| self.damaged())?;
            self.fetch()?;
        }
        Ok(!first)
    }

    fn fetch(&mut self) -> Result<(), BuildError> {
        let next = self.sorted.next();
        let next = next.map_err(|error| BuildError::io(&self.folder, error))?;
        self.live = next.is_some();
        if let Some((key, payload)) = next {
            self.key.clear();
            self.key.extend_from_slice(key);
            self.payload.clear();
            self.payload.extend_from_slice(payload);
        }
        Ok(())
    }

    /// Project, person, file and line.
    fn key(&self) -> Option<(u16, &str, u16, u32)> {
        let (ent, rest) = self.key.split_first_chunk()?;
        let (rest, line) = rest.split_last_chunk()?;
        let (file, rest) = rest.split_last()?;
        let (_, person) = rest.split_last()?;
        let person = std::str::from_utf8(person).ok()?;
        let file = u16::from(*file);
        Some((
            u16::from_be_bytes(*ent),
            person,
            file,
            u32::from_be_bytes(*line),
        ))
    }

    /// A temporary file came back as it was not written.
    fn damaged(&self) -> BuildError {
        BuildError::io(&self.folder, io::ErrorKind::InvalidData.into())
    }
}

fn take(held: &mut Held, file: u16, line: u32, payload: &[u8]) -> Option<()> {
    let (origin, rest) = payload.split_first_chunk()?;
    let origin = u16::from_le_bytes(*origin);
    if file == PEOPLE_FILE {
        let (lengths, rest) = rest.split_at_checked(8)?;
        let (lengths, _) = lengths.as_chunks::<2>();
        let mut rest = std::str::from_utf8(rest).ok()?;
        let mut texts = [""; 4];
        for (text, length) in texts.iter_mut().zip(lengths) {
            (*text, rest) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
        }
        held.name(origin, PEOPLE_FILE, line, texts);
        return Some(());
    }
    let (establishment, rest) = rest.split_first_chunk()?;
    let (profiles, rest) = rest.split_first_chunk()?;
    let (facts, _) = rest.as_chunks::<4>();
    held.say(
        [origin, AFFILIATIONS_FILE],
        line,
        (
            u32::from_le_bytes(*establishment),
            u16::from_le_bytes(*profiles),
        ),
        facts.iter().map(|fact| u32::from_le_bytes(*fact)),
    );
    Some(())
}
