//! A writer of canonical XML: fixed markup as text, values through escaping, into one `Vec`.
//!
//! Markup is written by hand in the order that exclusive C14N would give it (namespace declarations, then
//! attributes by name; each namespace declared where it is first used; no empty-element tags), so that
//! the bytes can be hashed as they are. Tests canonicalise what was written and compare. Values never
//! reach the output except through [`Canonical::text`] and [`Canonical::attribute`] (L14).

use crate::Time;
use octroi_xml::write::{escape_attribute, escape_text};

/// Writes into a `Vec`; remembers whether a value held a character that XML cannot carry.
pub(crate) struct Canonical<'o> {
    out: &'o mut Vec<u8>,
    unwritable: bool,
}

/// A value held a character that XML 1.0 cannot carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unwritable;

impl<'o> Canonical<'o> {
    /// Appends to `out`.
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            out,
            unwritable: false,
        }
    }

    /// Where the next octet goes.
    pub(crate) fn position(&self) -> usize {
        self.out.len()
    }

    /// Markup that this crate writes itself; never a value.
    pub(crate) fn markup(&mut self, markup: &'static str) {
        self.out.extend_from_slice(markup.as_bytes());
    }

    /// Character data.
    pub(crate) fn text(&mut self, value: &str) {
        self.unwritable |= !is_writable(value);
        escape_text(value, self.out);
    }

    /// ` name="value"`, where `opening` is everything up to and with the opening quote.
    pub(crate) fn attribute(&mut self, opening: &'static str, value: &str) {
        self.markup(opening);
        self.unwritable |= !is_writable(value);
        escape_attribute(value, self.out);
        self.out.push(b'"');
    }

    /// An attribute that may be absent.
    pub(crate) fn optional(&mut self, opening: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.attribute(opening, value);
        }
    }

    /// An attribute that holds an instant.
    pub(crate) fn instant(&mut self, opening: &'static str, time: Time) {
        self.markup(opening);
        time.write(self.out);
        self.out.push(b'"');
    }

    /// An attribute that holds a number.
    pub(crate) fn number(&mut self, opening: &'static str, number: u32) {
        self.attribute(opening, &number.to_string());
    }

    /// `start`, the escaped text, `end`.
    pub(crate) fn element(&mut self, start: &'static str, value: &str, end: &'static str) {
        self.markup(start);
        self.text(value);
        self.markup(end);
    }

    /// Ends the writing.
    ///
    /// # Errors
    /// [`Unwritable`] when any value could not be carried; what was written is then to be thrown away.
    pub(crate) fn finish(self) -> Result<(), Unwritable> {
        if self.unwritable {
            Err(Unwritable)
        } else {
            Ok(())
        }
    }
}

/// Whether XML 1.0 can carry every character (production Char; surrogates cannot occur in a `str`).
fn is_writable(value: &str) -> bool {
    let control = |b: u8| b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r');
    !value.bytes().any(control) && !value.contains(['\u{FFFE}', '\u{FFFF}'])
}
