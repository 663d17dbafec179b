//! One strict pass over the bytes, from input to [`Document`].
//!
//! A profile of XML 1.0 with namespaces, for SAML: UTF-8 only (one leading byte order mark is skipped), an XML declaration
//! only with version 1.0 and encoding UTF-8 or none, comments and CDATA sections accepted, line ends and attribute values
//! normalised. Never a DOCTYPE, a processing instruction, an entity beyond the five predefined ones. What is wrong for
//! XML is refused, there is no recovery. Nesting is a loop with parent links, so depth costs no stack.
//!
//! Relative namespace names are parsed, because Namespaces in XML only deprecates them, and marked: canonicalisation of
//! such a document fails, so that nothing in it can be signed or verified (W6).

mod context;
mod input;
pub(crate) mod limits;
pub(crate) mod names;
mod prolog;
mod tags;
#[cfg(test)]
mod tests;
mod text;

use crate::XML_NAMESPACE;
use crate::document::{Document, Kind, NO_PARENT, NodeData, Span};
use crate::error::{ErrorKind, Failure, ParseError};
use crate::namespaces::{Interner, NamespaceId, PrefixId, Scope};
use input::Input;
use limits::Limits;

type Parsed<T> = Result<T, Failure>;

/// Parses a document.
///
/// # Errors
/// [`ParseError`] when the input is not a document of the profile that this module's text describes, or passes a limit.
pub fn parse(input: &[u8], limits: &Limits) -> Result<Document, ParseError> {
    parse_in_context(input, limits, &[])
}

/// Parses a document as if it stood in an element where the namespaces `in_scope` (prefix, name) are bound: a
/// decrypted fragment (XML Encryption, section 4.3). An empty prefix is the default namespace.
///
/// `in_scope` is what [`crate::Element::namespaces_in_scope`] gives. The context has no `xml:` attributes to inherit,
/// which only inclusive canonicalisation of the whole fragment would see.
///
/// # Errors
/// As [`parse`]; [`ErrorKind::MalformedContext`] when `in_scope` could not have been declared.
pub fn parse_in_context(
    input: &[u8],
    limits: &Limits,
    in_scope: &[(&str, &str)],
) -> Result<Document, ParseError> {
    let input = Input::check(input, limits)?;
    let parsed = Parser::new(input.source(), limits).and_then(|parser| parser.document(in_scope));
    parsed.map_err(|failure| input.locate(failure))
}

struct Parser<'s> {
    source: &'s str,
    position: usize,
    limits: &'s Limits,
    /// The innermost open element.
    current: u32,
    depth: u16,
    scope: Scope,
    prefixes: Interner,
    namespaces: Interner,
    /// `]]>` stands somewhere in the source, so texts must be searched for it.
    has_cdata_end: bool,
    /// What is built; its buffer starts as a copy of the source.
    document: Document,
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, limits: &'s Limits) -> Parsed<Self> {
        let few = (source.len() / 32).clamp(16, 8192);
        let mut buffer = String::with_capacity(source.len() + 64);
        buffer.push_str(source);
        let mut parser = Self {
            source,
            position: 0,
            limits,
            current: NO_PARENT,
            depth: 0,
            scope: Scope::new(),
            prefixes: Interner::default(),
            namespaces: Interner::default(),
            has_cdata_end: memchr::memmem::find(source.as_bytes(), b"]]>").is_some(),
            document: Document {
                buffer,
                nodes: Vec::with_capacity(few),
                attributes: Vec::with_capacity(few),
                declarations: Vec::with_capacity(16),
                context: 0,
                prefixes: Vec::new(),
                namespaces: Vec::new(),
                ids: Vec::new(),
                relative_namespace: false,
                root: NO_PARENT,
            },
        };
        // In this order: PrefixId::NONE, PrefixId::XML, NamespaceId::NONE, NamespaceId::XML.
        for prefix in ["", "xml"] {
            parser
                .intern_prefix(prefix)
                .map_err(|kind| Failure { kind, at: 0 })?;
        }
        for namespace in ["", XML_NAMESPACE] {
            parser
                .intern_namespace(namespace)
                .map_err(|kind| Failure { kind, at: 0 })?;
        }
        Ok(parser)
    }

    fn document(mut self, in_scope: &[(&str, &str)]) -> Parsed<Document> {
        self.enter_context(in_scope)?;
        self.xml_declaration()?;
        while self.position < self.source.len() {
            self.outside_root()?;
            while self.current != NO_PARENT {
                self.content()?;
            }
        }
        if self.document.root == NO_PARENT {
            return Err(self.fail(ErrorKind::NoRoot));
        }
        self.index_ids()?;
        let mut document = self.document;
        document.prefixes = self.prefixes.spans;
        document.namespaces = self.namespaces.spans;
        Ok(document)
    }

    /// One piece of the content of the open element.
    fn content(&mut self) -> Parsed<()> {
        let bytes = self.source.as_bytes();
        match bytes.get(self.position) {
            None => Err(self.fail(ErrorKind::UnexpectedEnd)),
            Some(b'<') => match bytes.get(self.position + 1) {
                None => Err(self.fail(ErrorKind::UnexpectedEnd)),
                Some(b'/') => self.end_tag(),
                Some(b'!') if self.at("<!--") => self.comment(),
                Some(b'!') if self.at("<![CDATA[") => self.text(),
                Some(b'!') if self.at("<!DOCTYPE") => Err(self.fail(ErrorKind::Doctype)),
                Some(b'!') => Err(self.fail(ErrorKind::UnexpectedCharacter)),
                Some(b'?') => Err(self.fail(ErrorKind::ProcessingInstruction)),
                Some(_) => self.start_tag(),
            },
            Some(_) => self.text(),
        }
    }

    /// Adds a node without content of its own to the open element.
    fn push(&mut self, kind: Kind, span: Span) -> Parsed<u32> {
        let index = self.document.nodes.len() as u32;
        if index >= self.limits.nodes.min(NO_PARENT - 2) {
            return Err(self.fail(ErrorKind::TooManyNodes));
        }
        self.document.nodes.push(NodeData {
            kind,
            parent: self.current,
            end: index + 1,
            span,
            local: span.start,
            prefix: PrefixId::NONE,
            namespace: NamespaceId::NONE,
            attributes: 0,
            declarations: 0,
            attribute_count: 0,
            declaration_count: 0,
        });
        Ok(index)
    }

    /// Sorts the IDs by value and refuses two equal ones (W3).
    fn index_ids(&mut self) -> Parsed<()> {
        let mut ids = std::mem::take(&mut self.document.ids);
        let document = &self.document;
        ids.sort_unstable_by(|(a, i), (b, j)| {
            document.str(*a).cmp(document.str(*b)).then(i.cmp(j))
        });
        for pair in ids.windows(2) {
            let [(first, _), (second, element)] = pair else {
                continue;
            };
            if document.str(*first) == document.str(*second) {
                let at = document.node(*element).span.start as usize;
                return Err(Failure {
                    kind: ErrorKind::DuplicateId,
                    at,
                });
            }
        }
        self.document.ids = ids;
        Ok(())
    }

    fn at(&self, markup: &str) -> bool {
        self.source.as_bytes()[self.position..].starts_with(markup.as_bytes())
    }

    /// Skips white space and says whether there was any.
    #[inline]
    fn skip_space(&mut self) -> bool {
        let bytes = self.source.as_bytes();
        let start = self.position;
        while matches!(bytes.get(self.position), Some(b' ' | b'\t' | b'\n')) {
            self.position += 1;
        }
        self.position > start
    }

    fn fail(&self, kind: ErrorKind) -> Failure {
        self.fail_at(kind, self.position)
    }

    fn fail_at(&self, kind: ErrorKind, at: usize) -> Failure {
        Failure { kind, at }
    }
}
