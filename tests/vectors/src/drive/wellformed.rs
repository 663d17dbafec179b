//! Well-formedness: the parser alone, where the row comes from a conformance suite (its context then names the entities or
//! the recommendation). Rows without such a context are attack documents of signature libraries: no production entry
//! point stops after parsing those, so they go on to `octroi_dsig::verify`.
//!
//! What the profile leaves out of XML 1.0 on purpose (DOCTYPE, processing
//! instructions, encodings other than UTF-8, XML 1.1, limits) is `profile`; everything else it refuses is `refused`.

use std::collections::BTreeSet;

use octroi_xml::{ErrorKind, Limits, ParseError, parse};
use serde::Deserialize;

use super::{Vector, dsig};
use crate::outcome::Outcome;
use crate::ranges;

/// Drives the row.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    if let Ok(cases) = serde_json::from_slice::<Vec<Case>>(vector.message) {
        return many(&cases);
    }
    let document = match parse(vector.message, &Limits::METADATA) {
        Ok(document) => document,
        Err(error) => return refusal(error),
    };
    match &vector.context.edition {
        // Names are those of the fifth edition, which allows characters that the first four do not.
        Some(editions) if !editions.split(' ').any(|edition| edition == "5") => {
            Outcome::profile("xml: well-formed by the fifth edition, the row is about earlier ones")
        }
        _ if !vector.context.conformance => dsig::drive(vector),
        _ => Outcome::accepted(document.root().local_name()),
    }
}

/// A parser's refusal, told apart by whether the profile or XML itself refuses.
pub(crate) fn refusal(error: ParseError) -> Outcome {
    let code = format!("xml: {}", error.kind);
    if outside_profile(error.kind) {
        Outcome::profile(code)
    } else {
        Outcome::refused(code)
    }
}

fn outside_profile(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Doctype
            | ErrorKind::ProcessingInstruction
            | ErrorKind::NotUtf8
            | ErrorKind::UnsupportedEncoding
            | ErrorKind::UnsupportedVersion
            | ErrorKind::TooLarge
            | ErrorKind::TooDeep
            | ErrorKind::TooManyNodes
            | ErrorKind::TooManyAttributes
            | ErrorKind::TooManyNamespaces
            | ErrorKind::NameTooLong
    )
}

/// A file of many small documents: only their text is read, not what is expected of them.
#[derive(Deserialize)]
struct Case {
    xml: String,
}

/// The numbers (from 0) of the cases that parse.
fn many(cases: &[Case]) -> Outcome {
    let accepted: BTreeSet<u64> = (0..)
        .zip(cases)
        .filter(|(_, case)| parse(case.xml.as_bytes(), &Limits::default()).is_ok())
        .map(|(number, _)| number)
        .collect();
    Outcome::accepted(ranges::write(&accepted))
}
