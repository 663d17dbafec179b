//! What is read does not depend on how the octets arrive.

use std::io::{self, Read};

use octroi_directory::Degree;
use proptest::prelude::*;

use super::*;

/// Gives so many octets at a time.
struct Steps<'a>(&'a [u8], usize);

impl Read for Steps<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.1.min(self.0.len()).min(into.len());
        into[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

/// Everything that was said, as text.
#[derive(Default)]
struct Heard(Vec<String>);

impl Sink for Heard {
    fn record(
        &mut self,
        record: &'static RecordType,
        at: Position,
        raw: &str,
        values: &Values<'_>,
    ) -> Result<(), ImportError> {
        let values: Vec<_> = values.iter().collect();
        self.0
            .push(format!("{} {at:?} {raw} {values:?}", record.name));
        Ok(())
    }

    fn found(&mut self, found: &Found<'_>) -> Result<(), ImportError> {
        // How much of a broken rest was in the window depends on the window.
        let raw = if found.loss == Loss::Record {
            found.raw
        } else {
            ""
        };
        self.0.push(format!(
            "{} {:?} {} {:?} {raw}",
            found.rule, found.at, found.reason, found.loss
        ));
        Ok(())
    }

    fn moved(&mut self) -> Result<(), ImportError> {
        Ok(())
    }
}

fn heard(octets: &[u8], step: usize) -> Vec<String> {
    let mut heard = Heard::default();
    let mut window = Window::new();
    let mut from = Steps(octets, step);
    scan(
        Degree::Second,
        FileKind::Groupe,
        &mut window,
        &mut from,
        &mut heard,
    )
    .unwrap();
    heard.0
}

const PIECES: &[&str] = &[
    "<men:GARPersonGroupe><men:GARStructureUAI>U</men:GARStructureUAI><men:GARPersonIdentifiant>é&amp;1</men:GARPersonIdentifiant><men:GARGroupeCode>G</men:GARGroupeCode></men:GARPersonGroupe>",
    "<men:GARPersonGroupe><men:GARStructureUAI>U</men:GARStructureUAI></men:GARPersonGroupe>",
    "<men:GARGroupe\n xmlns:a='b'><men:GARGroupeCode><![CDATA[<x>]]>y<!-- c -->z</men:GARGroupeCode><men:GARStructureUAI>U\r\n</men:GARStructureUAI><men:GARGroupeLibelle/><men:GARGroupeStatut>&#71;ROUPE</men:GARGroupeStatut></men:GARGroupe>",
    "<men:x/>",
    "<!-- a > b -->",
    "<?p q?>",
    " \r\n\t",
    "text",
    "&",
    "<a>",
    "</men:GARPersonGroupe>",
    "<",
    "]]>",
    "\u{feff}",
    "<![CDATA[",
    "<!DOCTYPE a>",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_is_heard_however_the_octets_arrive(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..8),
        step in 1usize..300,
        cut in 0usize..64,
    ) {
        let body = pieces.concat();
        let text = format!("<?xml version='1.0'?>\n{}<men:GAR-ENT-Groupe xmlns:men=\"http://data.education.fr/ns/gar\" Version='1'>\n{body}</men:GAR-ENT-Groupe>\n", "<!-- pad -->".repeat(60));
        let text = &text.as_bytes()[..text.len() - cut.min(body.len())];
        let whole = heard(text, usize::MAX);
        prop_assert_eq!(heard(text, step), whole);
    }
}
