//! A writer of canonical XML: fixed markup as text, values through escaping, into one `Vec`.
//!
//! Markup is written by hand in the order that exclusive C14N would give it (namespace declarations, then
//! attributes by name; each namespace declared where it is first used; no empty-element tags), so that
//! the bytes can be hashed as they are. Tests canonicalise what was written and compare. Values never
//! reach the output except through [`Canonical::text`] and [`Canonical::attribute`] (L14).

use crate::Time;

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
        self.unwritable |= escape_text(value, self.out).is_err();
    }

    /// ` name="value"`, where `opening` is everything up to and with the opening quote.
    pub(crate) fn attribute(&mut self, opening: &'static str, value: &str) {
        self.markup(opening);
        self.unwritable |= escape_attribute(value, self.out).is_err();
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

/// Escapes as C14N does for character data; `Err` for a character that XML 1.0 cannot carry.
fn escape_text(value: &str, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    escape(value, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    })
}

/// Escapes as C14N does for attribute values.
fn escape_attribute(value: &str, out: &mut Vec<u8>) -> Result<(), Unwritable> {
    escape(value, out, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    })
}

fn escape(
    value: &str,
    out: &mut Vec<u8>,
    reference: impl Fn(u8) -> Option<&'static str>,
) -> Result<(), Unwritable> {
    let forbidden = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    if value.contains(forbidden) {
        return Err(Unwritable);
    }
    for byte in value.bytes() {
        match reference(byte) {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => out.push(byte),
        }
    }
    Ok(())
}
