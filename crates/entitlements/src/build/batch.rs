//! A batch of people on the way from their sources to the sections, without anything allocated for a person.

use super::held::{Held, Naming};
use super::people::{AFFILIATIONS, PEOPLE};
use super::report::{Fault, Log};
use super::segments::Opened;

/// Number of `people.tsv` among the files that a batch tells of.
pub(crate) const PEOPLE_FILE: u16 = 0;
/// Number of `affiliations.tsv`; segments come after it.
pub(crate) const AFFILIATIONS_FILE: u16 = 1;

/// One person: the texts and affiliations that follow are theirs.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: u128,
    pub(crate) origin: u16,
    /// Octets of civility, name, given name and mail.
    pub(crate) lengths: [u16; 4],
    pub(crate) affiliations: u8,
}

/// What the person is in one school: the facts that follow are theirs.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) establishment: u32,
    pub(crate) profiles: u16,
    pub(crate) facts: u16,
}

/// A batch of people.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) rows: Vec<Row>,
    pub(crate) texts: String,
    pub(crate) places: Vec<Place>,
    pub(crate) facts: Vec<u32>,
    asides: Vec<(u16, u32, Fault)>,
    differing: Vec<(u16, u32)>,
    /// For each segment how many records were read, and how many of them left out whole, from file 2 on.
    records: Vec<[u32; 2]>,
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.rows.len().max(self.asides.len())
    }

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.texts.clear();
        self.places.clear();
        self.facts.clear();
        self.asides.clear();
        self.differing.clear();
        self.records.clear();
    }

    /// Takes over what a source has to tell beside the person.
    pub(crate) fn told(&mut self, held: &Held) {
        for (line, fault) in &held.faults {
            self.asides.push((held.file, *line, *fault));
        }
        if let Some(at) = held.file.checked_sub(AFFILIATIONS_FILE + 1) {
            let at = usize::from(at);
            if self.records.len() <= at {
                self.records.resize(at + 1, [0; 2]);
            }
            self.records[at][0] += held.records;
            self.records[at][1] += held.left_out;
        }
    }

    pub(crate) fn person(&mut self, key: u128, naming: &Naming, texts: &str) {
        self.texts.push_str(texts);
        self.rows.push(Row {
            key,
            origin: naming.origin,
            lengths: naming.lengths,
            affiliations: 0,
        });
    }

    /// Adds a school to the last person, who has fewer than the most.
    pub(crate) fn affiliation(&mut self, establishment: u32, profiles: u16, facts: &[u32]) {
        self.facts.extend_from_slice(facts);
        self.places.push(Place {
            establishment,
            profiles,
            facts: facts.len() as u16,
        });
        if let Some(row) = self.rows.last_mut() {
            row.affiliations += 1;
        }
    }

    pub(crate) fn aside(&mut self, file: u16, line: u32, fault: Fault) {
        self.asides.push((file, line, fault));
    }

    pub(crate) fn differs(&mut self, file: u16, line: u32) {
        self.differing.push((file, line));
    }

    /// Tells the log what this batch knows.
    pub(crate) fn tell(&self, log: &mut Log, segments: &[Opened]) {
        let name = |file: u16| match file {
            PEOPLE_FILE => PEOPLE.file,
            AFFILIATIONS_FILE => AFFILIATIONS.file,
            _ => segments
                .get(usize::from(file - AFFILIATIONS_FILE - 1))
                .map_or("directory", |opened| &opened.name),
        };
        for (opened, [records, left_out]) in segments.iter().zip(&self.records) {
            let report = log.file(&opened.name);
            report.lines += u64::from(*records);
            report.taken += u64::from(records - left_out);
        }
        for (file, line, fault) in &self.asides {
            log.aside(name(*file), *line, *fault);
        }
        for (file, line) in &self.differing {
            log.differs(name(*file), *line, "name");
        }
    }
}
