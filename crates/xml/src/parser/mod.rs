//! One strict pass over the bytes, from input to [`Document`].
//!
//! A profile of XML 1.0 with namespaces, for SAML: UTF-8 only (one leading byte order mark is skipped), an XML declaration
//! only with version 1.0 and encoding UTF-8 or none, comments and CDATA sections accepted, line ends and attribute values
//! normalised. Never a DOCTYPE, a processing instruction, an entity beyond the five predefined ones. What is wrong for
//! XML is refused, there is no recovery. Nesting is a loop with parent links, so depth costs no stack.
//!
//! Relative namespace names are parsed, because Namespaces in XML only deprecates them, and marked: canonicalisation of
//! such a document fails, so that nothing in it can be signed or verified (W6).

pub(crate) mod limits;
pub(crate) mod names;
mod prolog;
mod tags;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use crate::document::{Declaration, Document, Kind, NO_PARENT, NodeData, Span};
use crate::error::{ErrorKind, Failure, ParseError};
use crate::namespaces::{Interner, NamespaceId, PrefixId, Scope, is_relative};
use crate::{XML_NAMESPACE, XMLNS_NAMESPACE};
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
    if input.len() > limits.bytes.min(Limits::MOST_BYTES) {
        return Err(ParseError::locate(ErrorKind::TooLarge, input, 0));
    }
    let text = std::str::from_utf8(input)
        .map_err(|error| ParseError::locate(ErrorKind::NotUtf8, input, error.valid_up_to()))?;
    let (skipped, text) = match text.strip_prefix('\u{FEFF}') {
        Some(rest) => (input.len() - rest.len(), rest),
        None => (0, text),
    };
    if let Some(at) = names::forbidden(text) {
        return Err(ParseError::locate(
            ErrorKind::ForbiddenCharacter,
            input,
            skipped + at,
        ));
    }
    let source = normalise_line_ends(text);
    let parsed = Parser::new(&source, limits).and_then(|parser| parser.document(in_scope));
    parsed.map_err(|failure| {
        let at = match &source {
            Cow::Borrowed(_) => failure.at,
            Cow::Owned(_) => offset_before_normalisation(text, failure.at),
        };
        ParseError::locate(failure.kind, input, skipped + at)
    })
}

/// CR LF and lone CR become LF (XML 1.0, section 2.11).
fn normalise_line_ends(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut normalised = String::with_capacity(text.len());
    let mut lines = text.split('\r');
    normalised.extend(lines.next());
    for line in lines {
        normalised.push('\n');
        normalised.push_str(line.strip_prefix('\n').unwrap_or(line));
    }
    Cow::Owned(normalised)
}

/// Where the byte `at` of the normalised text was before [`normalise_line_ends`].
fn offset_before_normalisation(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut dropped = 0;
    for cr in memchr::memchr_iter(b'\r', bytes) {
        if cr - dropped >= at {
            break;
        }
        if bytes.get(cr + 1) == Some(&b'\n') {
            dropped += 1;
        }
    }
    at + dropped
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

    fn enter_context(&mut self, in_scope: &[(&str, &str)]) -> Parsed<()> {
        let malformed = Failure {
            kind: ErrorKind::MalformedContext,
            at: 0,
        };
        if in_scope.len() > usize::from(self.limits.namespaces) {
            return Err(malformed);
        }
        for (position, (prefix, namespace)) in in_scope.iter().enumerate() {
            if *prefix == "xml" && *namespace == XML_NAMESPACE {
                continue;
            }
            let reserved = matches!(*prefix, "xml" | "xmlns")
                || matches!(*namespace, XML_NAMESPACE | XMLNS_NAMESPACE)
                || namespace.chars().any(|c| !names::is_character(c));
            let unusable = if prefix.is_empty() {
                false
            } else {
                namespace.is_empty() || !names::is_unprefixed(prefix)
            };
            let repeated = in_scope[..position]
                .iter()
                .any(|(earlier, _)| earlier == prefix);
            let longest = usize::from(self.limits.name).max(1 << 12);
            if reserved || unusable || repeated || prefix.len() + namespace.len() > longest {
                return Err(malformed);
            }
            let prefix = self.intern_prefix(prefix).map_err(|_| malformed)?;
            let namespace = self.intern_namespace(namespace).map_err(|_| malformed)?;
            self.declare(Declaration { prefix, namespace });
            self.document.context += 1;
        }
        Ok(())
    }

    fn intern_prefix(&mut self, prefix: &str) -> Result<PrefixId, ErrorKind> {
        let span = self.append(prefix);
        self.prefixes
            .intern(&self.document.buffer, span)
            .map(PrefixId)
    }

    fn intern_namespace(&mut self, namespace: &str) -> Result<NamespaceId, ErrorKind> {
        let span = self.append(namespace);
        self.namespaces
            .intern(&self.document.buffer, span)
            .map(NamespaceId)
    }

    fn append(&mut self, text: &str) -> Span {
        let start = self.document.buffer.len();
        self.document.buffer.push_str(text);
        Span::new(start, self.document.buffer.len())
    }

    fn declare(&mut self, declaration: Declaration) {
        self.scope.declare(declaration);
        let namespace = self.namespaces.spans[usize::from(declaration.namespace.0)];
        if declaration.namespace != NamespaceId::NONE && is_relative(self.document.str(namespace)) {
            self.document.relative_namespace = true;
        }
        self.document.declarations.push(declaration);
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
        if index >= self.limits.nodes.min(NO_PARENT - 1) {
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
