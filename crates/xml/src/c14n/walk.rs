//! What all algorithms share: one loop over the nodes of a subtree that writes them in canonical form
//! (Canonical XML 1.0, section 2.3).
//!
//! The nodes of a subtree are a range in document order, so there is no recursion. Must never write more than a fixed
//! multiple of what the document holds.

use std::borrow::Cow;
use std::cmp::Ordering;

use smallvec::SmallVec;

use super::C14nError;
use crate::document::{AttributeData, Declaration, Document, Kind, NodeData};
use crate::element::Element;
use crate::namespaces::{NamespaceId, PrefixId};
use crate::write::{escape_attribute, escape_text};

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
    shown: SmallVec<[Declaration; 8]>,
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

/// An attribute of a start tag, ready to be put in order.
struct Shown<'a> {
    namespace: &'a str,
    local_name: &'a str,
    content: Content<'a>,
}

enum Content<'a> {
    Own(&'a AttributeData),
    Inherited(&'a Inherited<'a>),
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
                end_tag(document, node, out);
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
                        self.apex_start_tag(rules, &mut rendered, out);
                    } else {
                        start_tag(document, node, &mut rendered, out);
                    }
                    if out.len() > most {
                        return Err(C14nError::TooLarge);
                    }
                }
                Kind::Text => escape_text(document.str(node.span), out),
                Kind::Comment if self.comments => comment(document.str(node.span), out),
                Kind::Comment => {}
            }
            index += 1;
        }
        while let Some(innermost) = open.pop() {
            end_tag(document, document.node(innermost.index), out);
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

    /// The start tag of the apex, with what it inherits.
    fn apex_start_tag(&self, rules: &impl Rules, rendered: &mut Rendered, out: &mut Vec<u8>) {
        let (document, node) = (self.document, self.apex.data());
        out.push(b'<');
        out.extend_from_slice(document.str(node.span).as_bytes());
        declarations(document, rendered, out);
        let own = document
            .attributes_of(node)
            .iter()
            .filter(|attribute| !rules.hides(attribute, document));
        let inherited = rules.inherited().iter().map(|attribute| Shown {
            namespace: crate::XML_NAMESPACE,
            local_name: attribute.local_name,
            content: Content::Inherited(attribute),
        });
        attributes(
            document,
            own.map(|attribute| shown(document, attribute))
                .chain(inherited)
                .collect(),
            out,
        );
        out.push(b'>');
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

fn start_tag(document: &Document, node: &NodeData, rendered: &mut Rendered, out: &mut Vec<u8>) {
    let name = node.span;
    if node.attribute_count == 0 && rendered.shown.is_empty() {
        // `<name>` as it stands in the source, where a name is always preceded by `<`.
        let bytes = document.buffer.as_bytes();
        if bytes.get(name.end as usize) == Some(&b'>') {
            out.extend_from_slice(&bytes[name.start as usize - 1..=name.end as usize]);
            return;
        }
    }
    out.push(b'<');
    out.extend_from_slice(document.str(name).as_bytes());
    declarations(document, rendered, out);
    match document.attributes_of(node) {
        [] => {}
        [single] => own_attribute(document, single, out),
        several => {
            attributes(
                document,
                several
                    .iter()
                    .map(|attribute| shown(document, attribute))
                    .collect(),
                out,
            );
        }
    }
    out.push(b'>');
}

fn end_tag(document: &Document, node: &NodeData, out: &mut Vec<u8>) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(document.str(node.span).as_bytes());
    out.push(b'>');
}

/// A comment as canonical form has it; it needs no escaping.
pub(super) fn comment(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"<!--");
    out.extend_from_slice(text.as_bytes());
    out.extend_from_slice(b"-->");
}

/// Namespace declarations, by prefix, the default one first (Canonical XML 1.0, section 2.2).
fn declarations(document: &Document, rendered: &mut Rendered, out: &mut Vec<u8>) {
    let shown = &mut rendered.shown;
    if shown.len() > 1 {
        shown.sort_unstable_by(|a, b| {
            document
                .prefix_str(a.prefix)
                .cmp(document.prefix_str(b.prefix))
        });
    }
    for declaration in shown.drain(..) {
        out.extend_from_slice(b" xmlns");
        if declaration.prefix != PrefixId::NONE {
            out.push(b':');
            out.extend_from_slice(document.prefix_str(declaration.prefix).as_bytes());
        }
        out.extend_from_slice(b"=\"");
        escape_attribute(document.namespace_str(declaration.namespace), out);
        out.push(b'"');
    }
}

fn shown<'a>(document: &'a Document, attribute: &'a AttributeData) -> Shown<'a> {
    Shown {
        namespace: document.namespace_str(attribute.namespace),
        local_name: document.str(attribute.local()),
        content: Content::Own(attribute),
    }
}

/// Attributes by namespace, then local name; those in none first (Canonical XML 1.0, section 2.2).
fn attributes(document: &Document, mut all: SmallVec<[Shown<'_>; 8]>, out: &mut Vec<u8>) {
    all.sort_unstable_by(|a, b| {
        let by_namespace = if std::ptr::eq(a.namespace, b.namespace) {
            Ordering::Equal
        } else {
            a.namespace.cmp(b.namespace)
        };
        by_namespace.then_with(|| a.local_name.cmp(b.local_name))
    });
    for attribute in &all {
        match attribute.content {
            Content::Own(own) => own_attribute(document, own, out),
            Content::Inherited(inherited) => {
                out.push(b' ');
                out.extend_from_slice(inherited.name.as_bytes());
                out.extend_from_slice(b"=\"");
                escape_attribute(&inherited.value, out);
                out.push(b'"');
            }
        }
    }
}

fn own_attribute(document: &Document, attribute: &AttributeData, out: &mut Vec<u8>) {
    let bytes = document.buffer.as_bytes();
    let (name, value) = (attribute.name, attribute.value);
    if attribute.verbatim
        && value.start == name.end + 2
        && bytes.get(value.end as usize) == Some(&b'"')
    {
        // `name="value"` as it stands in the source; between quotation marks it cannot hold one.
        out.push(b' ');
        out.extend_from_slice(&bytes[name.start as usize..=value.end as usize]);
        return;
    }
    out.push(b' ');
    out.extend_from_slice(document.str(name).as_bytes());
    out.extend_from_slice(b"=\"");
    escape_attribute(document.str(value), out);
    out.push(b'"');
}
