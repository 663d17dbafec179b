//! Tags and comments in canonical form (Canonical XML 1.0, section 2.3).
//!
//! What already stands so in the source is copied as it is. Must never write an attribute value unescaped.

use std::cmp::Ordering;

use smallvec::SmallVec;

use super::walk::{Inherited, Rendered, Rules};
use crate::document::{AttributeData, Document, NodeData};
use crate::namespaces::PrefixId;
use crate::write::escape_attribute;

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

/// The start tag of the apex, with what it inherits.
pub(super) fn apex_start_tag(
    document: &Document,
    node: &NodeData,
    rules: &impl Rules,
    rendered: &mut Rendered,
    out: &mut Vec<u8>,
) {
    out.push(b'<');
    out.extend_from_slice(document.str(node.span).as_bytes());
    declarations(document, rendered, out);
    let own = document.attributes_of(node).iter();
    let own = own.filter(|attribute| !rules.hides(attribute, document));
    let inherited = rules.inherited().iter().map(|attribute| Shown {
        namespace: crate::XML_NAMESPACE,
        local_name: attribute.local_name,
        content: Content::Inherited(attribute),
    });
    let all = own
        .map(|attribute| shown(document, attribute))
        .chain(inherited);
    attributes(document, all.collect(), out);
    out.push(b'>');
}

/// The start tag of an element inside the apex.
pub(super) fn start_tag(
    document: &Document,
    node: &NodeData,
    rendered: &mut Rendered,
    out: &mut Vec<u8>,
) {
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
            let all = several.iter().map(|attribute| shown(document, attribute));
            attributes(document, all.collect(), out);
        }
    }
    out.push(b'>');
}

/// An end tag; canonical form has no empty-element tags.
pub(super) fn end_tag(document: &Document, node: &NodeData, out: &mut Vec<u8>) {
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
