//! Character data: text with references and CDATA sections, attribute values, comments.
//!
//! What needs no unescaping stays a span of the source; the rest goes to the end of the document's buffer.
//! Must never expand anything but the predefined entities and character references, so that text only shrinks.

use memchr::{memchr2, memmem};

use super::{Parsed, Parser, names};
use crate::document::{Kind, Span};
use crate::error::ErrorKind;

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
        let Some(length) = memchr::memchr(quote, &bytes[start..]) else {
            return Err(self.fail_at(ErrorKind::UnexpectedEnd, bytes.len()));
        };
        let end = start + length;
        let special = |byte: &u8| (*byte < b' ') | (*byte == b'&') | (*byte == b'<');
        // All bytes without stopping, so that the compiler can look at many in one step.
        let value = bytes[start..end].iter();
        if !value.fold(false, |found, byte| found | special(byte)) {
            self.position = end + 1;
            return Ok((Span::new(start, end), true));
        }
        let unescaped = self.document.buffer.len();
        self.position = start;
        while self.position < end {
            let rest = &bytes[self.position..end];
            let stop = self.position + rest.iter().position(special).unwrap_or(rest.len());
            self.document
                .buffer
                .push_str(&self.source[self.position..stop]);
            self.position = stop;
            if stop == end {
                break;
            }
            let character = match bytes[stop] {
                b'&' => self.reference()?,
                b'<' => return Err(self.fail(ErrorKind::LessThanInAttribute)),
                // White space is a space (XML 1.0, section 3.3.3); other control characters do not get this far.
                _ => {
                    self.position += 1;
                    ' '
                }
            };
            self.document.buffer.push(character);
        }
        self.position = end + 1;
        Ok((Span::new(unescaped, self.document.buffer.len()), false))
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
