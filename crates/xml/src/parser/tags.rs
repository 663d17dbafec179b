//! Start tags, with their attributes and namespace declarations, and end tags.
//!
//! Must never let two attributes of one element pass as the same, by name or by expanded name.

use super::names::{self, Name};
use super::{Parsed, Parser};
use crate::document::{AttributeData, Declaration, Document, Kind, Span};
use crate::error::{ErrorKind, Failure};
use crate::namespaces::{NamespaceId, PrefixId};
use crate::{XML_NAMESPACE, XMLNS_NAMESPACE};

/// Up to this many attributes are compared pair by pair, more are sorted.
const FEW: usize = 12;

impl Parser<'_> {
    pub(super) fn start_tag(&mut self) -> Parsed<()> {
        self.position += 1;
        let name = self.name()?;
        if self.depth >= self.limits.depth {
            return Err(self.fail_at(ErrorKind::TooDeep, name.start));
        }
        let index = self.push(Kind::Element, Span::new(name.start, name.end))?;
        let attributes = self.document.attributes.len();
        let declarations = self.document.declarations.len();
        let bytes = self.source.as_bytes();
        let empty = loop {
            let spaced = self.skip_space();
            match bytes.get(self.position) {
                Some(b'>') => {
                    self.position += 1;
                    break false;
                }
                Some(b'/') => {
                    if bytes.get(self.position + 1) != Some(&b'>') {
                        return Err(self.fail(ErrorKind::UnexpectedCharacter));
                    }
                    self.position += 2;
                    break true;
                }
                None => return Err(self.fail(ErrorKind::UnexpectedEnd)),
                Some(_) if !spaced => return Err(self.fail(ErrorKind::MissingWhiteSpace)),
                Some(_) => self.attribute(attributes, index)?,
            }
        };
        let (prefix, namespace) = self.resolve(name)?;
        self.resolve_attributes(attributes, index)?;
        let node = &mut self.document.nodes[index as usize];
        node.local = name.local() as u32;
        node.prefix = prefix;
        node.namespace = namespace;
        // Both counts are bounded by limits of 16 bits.
        node.attributes = attributes as u32;
        node.attribute_count = (self.document.attributes.len() - attributes) as u16;
        node.declarations = declarations as u32;
        node.declaration_count = (self.document.declarations.len() - declarations) as u16;
        if empty {
            self.scope
                .leave(&self.document.declarations[declarations..]);
        } else {
            self.current = index;
            self.depth += 1;
        }
        Ok(())
    }

    pub(super) fn end_tag(&mut self) -> Parsed<()> {
        let index = self.current;
        let end = self.document.nodes.len() as u32;
        let node = &mut self.document.nodes[index as usize];
        let open = &self.source.as_bytes()[node.span.start as usize..node.span.end as usize];
        if !self.source.as_bytes()[self.position + 2..].starts_with(open) {
            return Err(self.fail(ErrorKind::MismatchedEndTag));
        }
        node.end = end;
        self.current = node.parent;
        self.depth -= 1;
        let node = *node;
        self.scope.leave(self.document.declarations_of(&node));
        let start = self.position;
        self.position += 2 + open.len();
        let spaced = self.skip_space();
        match self.source.as_bytes().get(self.position) {
            Some(b'>') => {
                self.position += 1;
                Ok(())
            }
            None => Err(self.fail(ErrorKind::UnexpectedEnd)),
            Some(_) if spaced => Err(self.fail(ErrorKind::UnexpectedCharacter)),
            Some(_) => Err(self.fail_at(ErrorKind::MismatchedEndTag, start)),
        }
    }

    /// Reads the qualified name that stands here.
    fn name(&mut self) -> Parsed<Name> {
        let name = names::qualified(self.source, self.position)
            .map_err(|(kind, at)| Failure { kind, at })?;
        if name.end - name.start > usize::from(self.limits.name) {
            return Err(self.fail(ErrorKind::NameTooLong));
        }
        self.position = name.end;
        Ok(name)
    }

    /// Reads one attribute of an element, whose attributes start at the place given.
    fn attribute(&mut self, attributes: usize, element: u32) -> Parsed<()> {
        let name = self.name()?;
        self.skip_space();
        match self.source.as_bytes().get(self.position) {
            Some(b'=') => self.position += 1,
            None => return Err(self.fail(ErrorKind::UnexpectedEnd)),
            Some(_) => return Err(self.fail(ErrorKind::UnexpectedCharacter)),
        }
        self.skip_space();
        let (value, verbatim) = self.attribute_value()?;
        let first = &self.source.as_bytes()[name.start..name.colon.unwrap_or(name.end)];
        if first == b"xmlns" {
            let prefix = name.colon.map(|_| Span::new(name.local(), name.end));
            return self.declaration(prefix.unwrap_or_default(), name, value, element);
        }
        if self.document.attributes.len() - attributes >= usize::from(self.limits.attributes) {
            return Err(self.fail_at(ErrorKind::TooManyAttributes, name.start));
        }
        let prefix = match name.colon {
            None => PrefixId::NONE,
            Some(colon) => self.prefix(name.start, colon)?,
        };
        self.document.attributes.push(AttributeData {
            name: Span::new(name.start, name.end),
            local: name.local() as u32,
            prefix,
            // Known when all declarations of the tag are.
            namespace: NamespaceId::NONE,
            value,
            verbatim,
        });
        Ok(())
    }

    /// Binds a prefix (Namespaces in XML 1.0, sections 2.2 and 3).
    fn declaration(&mut self, prefix: Span, name: Name, value: Span, element: u32) -> Parsed<()> {
        let fail = |kind| Failure {
            kind,
            at: name.start,
        };
        if self.scope.len() >= usize::from(self.limits.namespaces) {
            return Err(fail(ErrorKind::TooManyNamespaces));
        }
        let uri = self.document.str(value);
        match (self.document.str(prefix), uri) {
            ("xmlns", _) | (_, XMLNS_NAMESPACE) => return Err(fail(ErrorKind::ReservedNamespace)),
            ("xml", XML_NAMESPACE) => {}
            ("xml", _) | (_, XML_NAMESPACE) => return Err(fail(ErrorKind::ReservedNamespace)),
            ("", _) => {}
            (_, "") => return Err(fail(ErrorKind::EmptyNamespace)),
            _ => {}
        }
        let prefix = PrefixId(
            self.prefixes
                .intern(&self.document.buffer, prefix)
                .map_err(fail)?,
        );
        let namespace = NamespaceId(
            self.namespaces
                .intern(&self.document.buffer, value)
                .map_err(fail)?,
        );
        if !self.declare(Declaration { prefix, namespace }, element) {
            return Err(fail(ErrorKind::DuplicateAttribute));
        }
        Ok(())
    }

    /// The prefix that ends at `colon`; one that no declaration ever named is unbound.
    fn prefix(&mut self, start: usize, colon: usize) -> Parsed<PrefixId> {
        let fail = |kind| Failure { kind, at: start };
        self.prefixes
            .intern(&self.document.buffer, Span::new(start, colon))
            .map(PrefixId)
            .map_err(fail)
    }

    fn resolve(&mut self, name: Name) -> Parsed<(PrefixId, NamespaceId)> {
        let prefix = match name.colon {
            None => PrefixId::NONE,
            Some(colon) => self.prefix(name.start, colon)?,
        };
        match self.scope.resolve(prefix) {
            Some(namespace) => Ok((prefix, namespace)),
            None => Err(self.fail_at(ErrorKind::UnboundPrefix, name.start)),
        }
    }

    /// Gives the attributes from `first` on their namespaces, refuses duplicates, notes an `ID`.
    fn resolve_attributes(&mut self, first: usize, element: u32) -> Parsed<()> {
        for attribute in &mut self.document.attributes[first..] {
            if attribute.prefix != PrefixId::NONE {
                let Some(namespace) = self.scope.resolve(attribute.prefix) else {
                    let at = attribute.name.start as usize;
                    return Err(Failure {
                        kind: ErrorKind::UnboundPrefix,
                        at,
                    });
                };
                attribute.namespace = namespace;
            }
        }
        let document = &mut self.document;
        if let Some(duplicate) = duplicate(document, first) {
            return Err(Failure {
                kind: ErrorKind::DuplicateAttribute,
                at: duplicate.start as usize,
            });
        }
        for attribute in &document.attributes[first..] {
            if attribute.prefix == PrefixId::NONE && document.bytes(attribute.local()) == b"ID" {
                document.ids.push((attribute.value, element));
            }
        }
        Ok(())
    }
}

/// The name of an attribute from `first` on whose expanded name another one has too.
fn duplicate(document: &Document, first: usize) -> Option<Span> {
    let attributes = &document.attributes[first..];
    let local = |attribute: &AttributeData| document.bytes(attribute.local());
    if attributes.len() <= FEW {
        let same = |a: &AttributeData, b: &AttributeData| {
            a.namespace == b.namespace && local(a) == local(b)
        };
        let mut later = attributes.iter().enumerate();
        return later
            .find(|(at, b)| attributes[..*at].iter().any(|a| same(a, b)))
            .map(|(_, b)| b.name);
    }
    let mut sorted: Vec<_> = attributes
        .iter()
        .map(|a| (a.namespace.0, local(a), a.name))
        .collect();
    sorted.sort_unstable_by_key(|(namespace, local, name)| (*namespace, *local, name.start));
    let pair = sorted
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if (a.0, a.1) == (b.0, b.1)))?;
    pair.get(1).map(|(_, _, name)| *name)
}
