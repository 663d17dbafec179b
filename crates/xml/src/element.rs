//! Reading a document: elements, attributes and text, as cheap views into the arena.
//!
//! Names are matched by namespace and local name together (W4). Must never give part of a text as if it were the
//! whole: an element with comments or elements inside has no [`Element::text`] (T1).

use std::fmt;

use crate::document::{AttributeData, Declaration, Document, Kind, NO_PARENT, NodeData};
use crate::namespaces::{NamespaceId, PrefixId};

/// An element of a [`Document`].
#[derive(Clone, Copy)]
pub struct Element<'d> {
    pub(crate) document: &'d Document,
    pub(crate) index: u32,
}

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node<'d> {
    /// A child element.
    Element(Element<'d>),
    /// Text, as long as it goes: references are resolved, CDATA sections are part of it, and no two texts are neighbours.
    Text(&'d str),
    /// A comment.
    Comment(&'d str),
}

/// An attribute; namespace declarations are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'d> {
    /// The namespace, empty for an attribute without prefix.
    pub namespace: &'d str,
    /// The prefix, empty if there is none.
    pub prefix: &'d str,
    /// The name without prefix.
    pub local_name: &'d str,
    /// The normalised value.
    pub value: &'d str,
}

/// The element holds elements or comments, so that it has no text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the element holds more than text")]
pub struct NotText;

impl<'d> Element<'d> {
    /// The document that the element is of.
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// The namespace, empty if the element is in none.
    pub fn namespace(self) -> &'d str {
        self.document.namespace_str(self.data().namespace)
    }

    /// The name without prefix.
    pub fn local_name(self) -> &'d str {
        self.document.str(self.data().local())
    }

    /// The prefix, empty if there is none.
    pub fn prefix(self) -> &'d str {
        self.document.prefix_str(self.data().prefix)
    }

    /// Whether the element has this namespace and local name.
    pub fn is(self, namespace: &str, local_name: &str) -> bool {
        self.local_name() == local_name && self.namespace() == namespace
    }

    /// The value of the attribute in no namespace that is called `local_name`.
    pub fn attribute(self, local_name: &str) -> Option<&'d str> {
        let document = self.document;
        let mut attributes = self.attribute_data().iter();
        let found =
            attributes.find(|a| a.prefix == PrefixId::NONE && document.str(a.name) == local_name);
        found.map(|attribute| document.str(attribute.value))
    }

    /// The value of the attribute with this namespace and local name.
    pub fn attribute_ns(self, namespace: &str, local_name: &str) -> Option<&'d str> {
        self.attributes()
            .find(|a| a.local_name == local_name && a.namespace == namespace)
            .map(|a| a.value)
    }

    /// The attributes, in the order of the document.
    pub fn attributes(self) -> impl ExactSizeIterator<Item = Attribute<'d>> + Clone {
        let document = self.document;
        self.attribute_data()
            .iter()
            .map(move |attribute| Attribute {
                namespace: document.namespace_str(attribute.namespace),
                prefix: document.prefix_str(attribute.prefix),
                local_name: document.str(attribute.local()),
                value: document.str(attribute.value),
            })
    }

    /// The children: elements, texts and comments, in the order of the document.
    pub fn children(self) -> impl Iterator<Item = Node<'d>> + Clone {
        let document = self.document;
        self.child_indices().map(move |index| {
            let data = document.node(index);
            match data.kind {
                Kind::Element => Node::Element(document.element(index)),
                Kind::Text => Node::Text(document.str(data.span)),
                Kind::Comment => Node::Comment(document.str(data.span)),
            }
        })
    }

    /// The child elements, in the order of the document.
    pub fn elements(self) -> impl Iterator<Item = Element<'d>> + Clone {
        let document = self.document;
        let elements = self
            .child_indices()
            .filter(move |index| document.node(*index).kind == Kind::Element);
        elements.map(move |index| document.element(index))
    }

    /// The first child element with this namespace and local name.
    pub fn first_child(self, namespace: &str, local_name: &str) -> Option<Element<'d>> {
        self.elements()
            .find(|child| child.is(namespace, local_name))
    }

    /// The element around this one; none for the root.
    pub fn parent(self) -> Option<Element<'d>> {
        let parent = self.data().parent;
        (parent != NO_PARENT).then(|| self.document.element(parent))
    }

    /// The whole text of an element that holds nothing else; empty if it holds nothing.
    ///
    /// # Errors
    /// [`NotText`] if there is an element or a comment in it (T1).
    pub fn text(self) -> Result<&'d str, NotText> {
        // Neighbouring texts are one node, so whatever comes second is no text.
        let first = self.index + 1;
        match self.data().end - first {
            0 => Ok(""),
            1 => match self.document.node(first) {
                data if data.kind == Kind::Text => Ok(self.document.str(data.span)),
                _ => Err(NotText),
            },
            _ => Err(NotText),
        }
    }

    /// The namespaces (prefix, name) that are bound where the element stands, its own declarations included and `xml`
    /// left out. An empty prefix is the default namespace. In no particular order.
    pub fn namespaces_in_scope(self) -> Vec<(&'d str, &'d str)> {
        let document = self.document;
        let bound = self.declarations_in_scope().filter(|declaration| {
            declaration.namespace != NamespaceId::NONE && declaration.prefix != PrefixId::XML
        });
        bound
            .map(|it| {
                (
                    document.prefix_str(it.prefix),
                    document.namespace_str(it.namespace),
                )
            })
            .collect()
    }

    /// Whether the element is inside `ancestor`, at any depth; an element is not inside itself.
    pub fn is_descendant_of(self, ancestor: Element<'_>) -> bool {
        std::ptr::eq(self.document, ancestor.document)
            && self.index > ancestor.index
            && self.index < ancestor.data().end
    }

    /// Whether there is a comment inside the element, at any depth.
    pub fn has_comments_within(self) -> bool {
        let inside = self.index as usize..self.data().end as usize;
        self.document.nodes[inside]
            .iter()
            .any(|node| node.kind == Kind::Comment)
    }

    /// The element, its parent, and so on up to the root.
    pub(crate) fn and_ancestors(self) -> impl Iterator<Item = Element<'d>> + Clone {
        std::iter::successors(Some(self), |element| element.parent())
    }

    /// The declarations that are in force where the element stands: of each prefix the innermost.
    pub(crate) fn declarations_in_scope(self) -> impl Iterator<Item = Declaration> {
        let document = self.document;
        let mut seen = vec![false; document.prefixes.len()];
        let levels = self
            .and_ancestors()
            .map(move |element| document.declarations_of(element.data()));
        let all = levels
            .chain([document.context_declarations()])
            .flatten()
            .copied();
        all.filter(move |it| !std::mem::replace(&mut seen[usize::from(it.prefix.0)], true))
    }

    pub(crate) fn data(self) -> &'d NodeData {
        self.document.node(self.index)
    }

    pub(crate) fn attribute_data(self) -> &'d [AttributeData] {
        self.document.attributes_of(self.data())
    }

    fn child_indices(self) -> impl Iterator<Item = u32> + Clone {
        let document = self.document;
        let end = self.data().end;
        let within = move |index: u32| (index < end).then_some(index);
        std::iter::successors(within(self.index + 1), move |index| {
            within(document.node(*index).end)
        })
    }
}

impl PartialEq for Element<'_> {
    /// The same element of the same document, not one that looks like it.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl Eq for Element<'_> {}

impl fmt::Debug for Element<'_> {
    /// The name only: content is personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({{{}}}{})", self.namespace(), self.local_name())
    }
}
