//! Character data: text with references and CDATA sections, attribute values, comments.
//!
//! What needs no unescaping stays a span of the source; the rest goes to the end of the document's buffer.
//! Must never expand anything but the predefined entities and character references, so that text only shrinks.

use memchr::{memchr2, memmem};

use super::{Parsed, Parser, names};
use crate::document::{Kind, Span};
use crate::error::ErrorKind;

/// Bytes at which the search in an attribute value stops.
const STOPS: [bool; 256] = {
    let mut table = [false; 256];
    let stops = b"\"'<&\t\n";
    let mut at = 0;
    while at < stops.len() {
        table[stops[at] as usize] = true;
        at += 1;
    }
    table
};

impl Parser<'_> {
    /// Reads text up to the next tag or comment, CDATA sections included, as one node.
    pub(super) fn text(&mut self) -> Parsed<()> {
        let start = self.position;
        let stop = self.run_end()?;
        let bytes = self.source.as_bytes();
        if bytes[stop] == b'<' && !bytes[stop..].starts_with(b"<![CDATA[") {
            self.position = stop;
            return self.push(Kind::Text, Span::new(start, stop)).map(|_| ());
        }
        let unescaped = self.document.buffer.len();
        loop {
            let stop = self.run_end()?;
            let run = &self.source[self.position..stop];
            self.document.buffer.push_str(run);
            self.position = stop;
            if bytes[stop] == b'&' {
                let character = self.reference()?;
                self.document.buffer.push(character);
            } else if self.at("<![CDATA[") {
                self.cdata()?;
            } else {
                break;
            }
        }
        let end = self.document.buffer.len();
        if end > unescaped {
            self.push(Kind::Text, Span::new(unescaped, end))?;
        }
        Ok(())
    }

    /// Where the plain characters from here on end: at a `<` or `&`.
    fn run_end(&self) -> Parsed<usize> {
        let bytes = &self.source.as_bytes()[self.position..];
        let Some(length) = memchr2(b'<', b'&', bytes) else {
            return Err(self.fail_at(ErrorKind::UnexpectedEnd, self.source.len()));
        };
        if self.has_cdata_end
            && let Some(at) = memmem::find(&bytes[..length], b"]]>")
        {
            return Err(self.fail_at(ErrorKind::CdataEndInText, self.position + at));
        }
        Ok(self.position + length)
    }

    fn cdata(&mut self) -> Parsed<()> {
        let rest = &self.source[self.position + "<![CDATA[".len()..];
        let Some(length) = memmem::find(rest.as_bytes(), b"]]>") else {
            return Err(self.fail_at(ErrorKind::UnexpectedEnd, self.source.len()));
        };
        self.document.buffer.push_str(&rest[..length]);
        self.position += "<![CDATA[".len() + length + "]]>".len();
        Ok(())
    }

    pub(super) fn comment(&mut self) -> Parsed<()> {
        let start = self.position + "<!--".len();
        let bytes = self.source.as_bytes();
        let Some(length) = memmem::find(&bytes[start..], b"--") else {
            return Err(self.fail_at(ErrorKind::UnexpectedEnd, self.source.len()));
        };
        let end = start + length;
        match bytes.get(end + 2) {
            Some(b'>') => {}
            None => return Err(self.fail_at(ErrorKind::UnexpectedEnd, self.source.len())),
            Some(_) => return Err(self.fail_at(ErrorKind::DoubleHyphenInComment, end)),
        }
        self.push(Kind::Comment, Span::new(start, end))?;
        self.position = end + "-->".len();
        Ok(())
    }

    /// Reads a quoted value; says whether it stands in the source as it is.
    pub(super) fn attribute_value(&mut self) -> Parsed<(Span, bool)> {
        let bytes = self.source.as_bytes();
        let quote = match bytes.get(self.position) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            None => return Err(self.fail(ErrorKind::UnexpectedEnd)),
            Some(_) => return Err(self.fail(ErrorKind::UnexpectedCharacter)),
        };
        self.position += 1;
        let start = self.position;
        loop {
            match self.value_run()? {
                (end, found) if found == quote => {
                    self.position = end + 1;
                    return Ok((Span::new(start, end), true));
                }
                (_, b'&' | b'\t' | b'\n') => break,
                // The other quotation mark.
                (end, _) => self.position = end + 1,
            }
        }
        let unescaped = self.document.buffer.len();
        self.position = start;
        loop {
            let from = self.position;
            let (end, found) = self.value_run()?;
            self.document.buffer.push_str(&self.source[from..end]);
            self.position = end;
            if found == b'&' {
                let character = self.reference()?;
                self.document.buffer.push(character);
                continue;
            }
            self.position += 1;
            if found == quote {
                let span = Span::new(unescaped, self.document.buffer.len());
                return Ok((span, false));
            }
            // White space is a space (XML 1.0, section 3.3.3); the other quotation mark is itself.
            self.document
                .buffer
                .push(if matches!(found, b'\t' | b'\n') {
                    ' '
                } else {
                    char::from(found)
                });
        }
    }

    /// The next byte of a value that needs a decision, and where it is.
    #[inline]
    fn value_run(&self) -> Parsed<(usize, u8)> {
        let bytes = self.source.as_bytes();
        let rest = &bytes[self.position..];
        let Some(length) = rest.iter().position(|byte| STOPS[usize::from(*byte)]) else {
            return Err(self.fail_at(ErrorKind::UnexpectedEnd, bytes.len()));
        };
        let end = self.position + length;
        match rest[length] {
            b'<' => Err(self.fail_at(ErrorKind::LessThanInAttribute, end)),
            found => Ok((end, found)),
        }
    }

    /// Reads a reference (XML 1.0, section 4.1) and gives the character that it stands for.
    fn reference(&mut self) -> Parsed<char> {
        const NAMES: [(&str, char); 5] = [
            ("lt;", '<'),
            ("gt;", '>'),
            ("amp;", '&'),
            ("apos;", '\''),
            ("quot;", '"'),
        ];
        let start = self.position;
        let rest = &self.source[start + 1..];
        if let Some(number) = rest.strip_prefix('#') {
            let (radix, digits) = match number.strip_prefix('x') {
                Some(digits) => (16, digits),
                None => (10, number),
            };
            let mut value = 0u32;
            let mut length = 0;
            for digit in digits.chars().map_while(|c| c.to_digit(radix)) {
                value = value.saturating_mul(radix).saturating_add(digit);
                length += 1;
            }
            if length == 0 || digits.as_bytes().get(length) != Some(&b';') {
                return Err(self.fail(ErrorKind::MalformedReference));
            }
            self.position = self.source.len() - digits.len() + length + 1;
            return match char::from_u32(value) {
                Some(character) if names::is_character(character) => Ok(character),
                _ => Err(self.fail_at(ErrorKind::ForbiddenReference, start)),
            };
        }
        for (name, character) in NAMES {
            if rest.starts_with(name) {
                self.position = start + 1 + name.len();
                return Ok(character);
            }
        }
        match names::qualified(self.source, start + 1) {
            Ok(name) if self.source.as_bytes().get(name.end) == Some(&b';') => {
                Err(self.fail(ErrorKind::UnknownEntity))
            }
            _ => Err(self.fail(ErrorKind::MalformedReference)),
        }
    }
}
