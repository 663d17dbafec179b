//! What all algorithms share: one loop over the nodes of a subtree, and which namespaces the output has shown.
//!
//! The nodes of a subtree are a range in document order, so there is no recursion. Must never write more than a fixed
//! multiple of what the document holds.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{C14nError, tags};
use crate::document::{AttributeData, Declaration, Document, Kind};
use crate::element::Element;
use crate::namespaces::{NamespaceId, PrefixId};
use crate::write::escape_text;

/// What the algorithms differ in.
pub(super) trait Rules {
    /// Has `rendered` render the namespaces that the start tag of `element` shows.
    fn namespaces(&self, element: Element<'_>, is_apex: bool, rendered: &mut Rendered);

    /// The `xml:` attributes that the apex shows although it does not have them, or with another value.
    fn inherited(&self) -> &[Inherited<'_>] {
        &[]
    }

    /// Whether one of its own attributes is replaced by an inherited one, or left out.
    fn hides(&self, _attribute: &AttributeData, _document: &Document) -> bool {
        false
    }
}

/// An `xml:` attribute of the apex that comes from its ancestors.
pub(super) struct Inherited<'d> {
    pub(super) name: &'d str,
    pub(super) local_name: &'d str,
    pub(super) value: Cow<'d, str>,
}

/// Which namespace each prefix means in the output so far.
pub(super) struct Rendered {
    /// By prefix.
    current: SmallVec<[NamespaceId; 16]>,
    /// What was rendered and what it replaced, for all open elements.
    replaced: SmallVec<[(PrefixId, NamespaceId); 16]>,
    /// What the start tag being written shows.
    pub(super) shown: SmallVec<[Declaration; 8]>,
}

impl Rendered {
    fn new(document: &Document) -> Self {
        let mut current = SmallVec::from_elem(NamespaceId::UNBOUND, document.prefixes.len());
        current[usize::from(PrefixId::NONE.0)] = NamespaceId::NONE;
        current[usize::from(PrefixId::XML.0)] = NamespaceId::XML;
        Self {
            current,
            replaced: SmallVec::new(),
            shown: SmallVec::new(),
        }
    }

    /// Shows a declaration unless the output already says so.
    #[inline]
    pub(super) fn render(&mut self, declaration: Declaration) {
        let current = &mut self.current[usize::from(declaration.prefix.0)];
        if *current != declaration.namespace {
            self.replaced.push((declaration.prefix, *current));
            *current = declaration.namespace;
            self.shown.push(declaration);
        }
    }

    fn leave(&mut self, count: usize) {
        while self.replaced.len() > count {
            if let Some((prefix, before)) = self.replaced.pop() {
                self.current[usize::from(prefix.0)] = before;
            }
        }
    }
}

/// An element whose end tag is still to come.
struct Open {
    index: u32,
    /// How many declarations were rendered before it.
    rendered: u32,
}

pub(super) struct Walk<'d> {
    document: &'d Document,
    apex: Element<'d>,
    /// The node to leave out, or one that does not exist.
    omit: u32,
    comments: bool,
}

impl<'d> Walk<'d> {
    pub(super) fn new(apex: Element<'d>, omit: Option<Element<'_>>, comments: bool) -> Self {
        Self {
            document: apex.document,
            apex,
            omit: omit.map_or(u32::MAX, |element| element.index),
            comments,
        }
    }

    pub(super) fn run(&self, rules: &impl Rules, out: &mut Vec<u8>) -> Result<(), C14nError> {
        let document = self.document;
        let mut rendered = Rendered::new(document);
        let mut open: SmallVec<[Open; 32]> = SmallVec::new();
        let (mut index, end) = (self.apex.index, self.apex.data().end);
        out.reserve(self.estimate(end));
        let most = out.len().saturating_add(limit(document));
        while index < end {
            while let Some(innermost) = open.last() {
                let node = document.node(innermost.index);
                if node.end > index {
                    break;
                }
                tags::end_tag(document, node, out);
                rendered.leave(innermost.rendered as usize);
                open.pop();
            }
            let node = document.node(index);
            if index == self.omit {
                index = node.end;
                continue;
            }
            match node.kind {
                Kind::Element => {
                    // Bounded by the number of declarations in scope, which 16 bits hold.
                    open.push(Open {
                        index,
                        rendered: rendered.replaced.len() as u32,
                    });
                    let element = document.element(index);
                    let is_apex = index == self.apex.index;
                    rules.namespaces(element, is_apex, &mut rendered);
                    if is_apex {
                        tags::apex_start_tag(document, node, rules, &mut rendered, out);
                    } else {
                        tags::start_tag(document, node, &mut rendered, out);
                    }
                    if out.len() > most {
                        return Err(C14nError::TooLarge);
                    }
                }
                Kind::Text => escape_text(document.str(node.span), out),
                Kind::Comment if self.comments => tags::comment(document.str(node.span), out),
                Kind::Comment => {}
            }
            index += 1;
        }
        while let Some(innermost) = open.pop() {
            tags::end_tag(document, document.node(innermost.index), out);
        }
        Ok(())
    }

    /// About as many bytes as the apex takes in the source.
    fn estimate(&self, end: u32) -> usize {
        let start = self.apex.data().span.start as usize;
        let last = &self.document.nodes[end as usize - 1];
        (last.span.end as usize)
            .saturating_sub(start)
            .saturating_add(256)
            .min(self.document.buffer.len() + 256)
    }
}

/// More than any honest document needs: each byte of it sixteen times.
fn limit(document: &Document) -> usize {
    document
        .buffer
        .len()
        .saturating_mul(16)
        .saturating_add(1 << 16)
}
