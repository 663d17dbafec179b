//! The XML declaration, and what may stand outside the root element: white space and comments.
//!
//! Must never let a DOCTYPE pass (P1, C1).

use super::{Parsed, Parser};
use crate::document::NO_PARENT;
use crate::error::ErrorKind;

impl Parser<'_> {
    /// Reads the XML declaration if there is one (XML 1.0, productions 23–26, 32, 80).
    pub(super) fn xml_declaration(&mut self) -> Parsed<()> {
        const OPEN: &str = "<?xml";
        let bytes = self.source.as_bytes();
        if !self.at(OPEN) || !matches!(bytes.get(OPEN.len()), Some(b' ' | b'\t' | b'\n')) {
            return Ok(());
        }
        self.position = OPEN.len();
        let mut spaced = self.skip_space();
        let Some((at, version)) = self.pseudo_attribute("version", spaced)? else {
            return Err(self.fail(ErrorKind::MalformedDeclaration));
        };
        if version != "1.0" {
            return Err(self.fail_at(ErrorKind::UnsupportedVersion, at));
        }
        spaced = self.skip_space();
        if let Some((at, encoding)) = self.pseudo_attribute("encoding", spaced)? {
            if !encoding.eq_ignore_ascii_case("UTF-8") {
                return Err(self.fail_at(ErrorKind::UnsupportedEncoding, at));
            }
            spaced = self.skip_space();
        }
        if let Some((at, standalone)) = self.pseudo_attribute("standalone", spaced)? {
            if !matches!(standalone, "yes" | "no") {
                return Err(self.fail_at(ErrorKind::MalformedDeclaration, at));
            }
            self.skip_space();
        }
        if !self.at("?>") {
            return Err(self.fail(ErrorKind::MalformedDeclaration));
        }
        self.position += 2;
        Ok(())
    }

    /// The place and the value of `name = "value"` if it stands here; white space must have come before it.
    fn pseudo_attribute(&mut self, name: &str, spaced: bool) -> Parsed<Option<(usize, &str)>> {
        if !self.at(name) {
            return Ok(None);
        }
        let malformed = self.fail(ErrorKind::MalformedDeclaration);
        if !spaced {
            return Err(malformed);
        }
        self.position += name.len();
        self.skip_space();
        if !self.at("=") {
            return Err(malformed);
        }
        self.position += 1;
        self.skip_space();
        let rest = &self.source[self.position..];
        let Some(quote @ ('"' | '\'')) = rest.chars().next() else {
            return Err(malformed);
        };
        let at = self.position + 1;
        let Some((value, _)) = rest[1..].split_once(quote) else {
            return Err(malformed);
        };
        self.position = at + value.len() + 1;
        Ok(Some((at, value)))
    }

    /// One piece of what stands before or after the root element, or the root's start tag.
    pub(super) fn outside_root(&mut self) -> Parsed<()> {
        self.skip_space();
        if self.position == self.source.len() {
            return Ok(());
        }
        if self.at("<!--") {
            return self.comment();
        }
        if self.at("<!DOCTYPE") {
            return Err(self.fail(ErrorKind::Doctype));
        }
        if self.at("<?") {
            return Err(self.fail(ErrorKind::ProcessingInstruction));
        }
        if !self.at("<") || self.at("<!") || self.document.root != NO_PARENT {
            return Err(self.fail(ErrorKind::ContentOutsideRoot));
        }
        self.document.root = self.document.nodes.len() as u32;
        self.start_tag()
    }
}
