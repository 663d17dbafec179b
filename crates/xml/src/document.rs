//! The arena: nodes in document order, each with spans into one text buffer.
//!
//! The nodes of an element follow it directly, so that a subtree is a range, a first child is the next node, and a walk
//! is a loop. Must never hand out a span that was not made by the parser of this very document.

use crate::element::Element;
use crate::namespaces::{NamespaceId, PrefixId};

/// A range of bytes in a document's buffer. Inputs are bounded so that `u32` suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The span from `start` to `end`; the parser bounds its buffer to `u32` before it makes any.
    pub(crate) fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end && u32::try_from(end).is_ok());
        Self {
            start: start as u32,
            end: end as u32,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Element,
    Text,
    Comment,
}

/// The parent of what stands outside the root element, and of the root itself.
pub(crate) const NO_PARENT: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeData {
    pub(crate) kind: Kind,
    /// Index of the parent, or [`NO_PARENT`].
    pub(crate) parent: u32,
    /// Index of the first node after this one that is not inside it.
    pub(crate) end: u32,
    /// The qualified name of an element; the content of a text or a comment.
    pub(crate) span: Span,
    /// Where the local name of an element starts.
    pub(crate) local: u32,
    pub(crate) prefix: PrefixId,
    pub(crate) namespace: NamespaceId,
    pub(crate) attributes: u32,
    pub(crate) declarations: u32,
    pub(crate) attribute_count: u16,
    pub(crate) declaration_count: u16,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeData {
    /// The qualified name.
    pub(crate) name: Span,
    /// Where the local name starts.
    pub(crate) local: u32,
    pub(crate) prefix: PrefixId,
    pub(crate) namespace: NamespaceId,
    pub(crate) value: Span,
    /// The value stands in the source as it is: no reference, no white space but blanks.
    pub(crate) verbatim: bool,
}

impl AttributeData {
    /// The local name.
    pub(crate) fn local(&self) -> Span {
        Span {
            start: self.local,
            end: self.name.end,
        }
    }
}

impl NodeData {
    /// The local name of an element.
    pub(crate) fn local(&self) -> Span {
        Span {
            start: self.local,
            end: self.span.end,
        }
    }
}

/// A namespace declaration: an `xmlns` attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declaration {
    pub(crate) prefix: PrefixId,
    pub(crate) namespace: NamespaceId,
}

/// A parsed, namespace-well-formed XML document that owns its data.
///
/// Made by [`crate::parse`]; nothing changes it afterwards.
pub struct Document {
    /// The input with line ends normalised, then whatever had to be unescaped.
    pub(crate) buffer: String,
    pub(crate) nodes: Vec<NodeData>,
    pub(crate) attributes: Vec<AttributeData>,
    /// Those of the context first, then each element's in document order.
    pub(crate) declarations: Vec<Declaration>,
    /// How many declarations the context has ([`crate::parse_in_context`]).
    pub(crate) context: u16,
    /// By [`PrefixId`].
    pub(crate) prefixes: Vec<Span>,
    /// By [`NamespaceId`].
    pub(crate) namespaces: Vec<Span>,
    /// Elements that have an un-namespaced `ID`, in the order of its values.
    pub(crate) ids: Vec<(Span, u32)>,
    /// Some declaration in the document has a relative URI reference; canonicalisation refuses it (W6).
    pub(crate) relative_namespace: bool,
    pub(crate) root: u32,
}

impl Document {
    /// The root element.
    pub fn root(&self) -> Element<'_> {
        self.element(self.root)
    }

    /// The element whose un-namespaced `ID` attribute is `id`.
    ///
    /// There is at most one: duplicates are a parse error (W3). `Id`, `id`, `xml:id` and namespaced `ID`s are no IDs here.
    pub fn element_by_id(&self, id: &str) -> Option<Element<'_>> {
        let at = self
            .ids
            .binary_search_by(|(value, _)| self.str(*value).cmp(id))
            .ok()?;
        self.ids.get(at).map(|(_, index)| self.element(*index))
    }

    /// The number of nodes: elements, texts and comments.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn element(&self, index: u32) -> Element<'_> {
        Element {
            document: self,
            index,
        }
    }

    pub(crate) fn str(&self, span: Span) -> &str {
        &self.buffer[span.start as usize..span.end as usize]
    }

    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        &self.buffer.as_bytes()[span.start as usize..span.end as usize]
    }

    pub(crate) fn node(&self, index: u32) -> &NodeData {
        &self.nodes[index as usize]
    }

    pub(crate) fn attributes_of(&self, node: &NodeData) -> &[AttributeData] {
        let start = node.attributes as usize;
        &self.attributes[start..start + usize::from(node.attribute_count)]
    }

    pub(crate) fn declarations_of(&self, node: &NodeData) -> &[Declaration] {
        let start = node.declarations as usize;
        &self.declarations[start..start + usize::from(node.declaration_count)]
    }

    pub(crate) fn context_declarations(&self) -> &[Declaration] {
        &self.declarations[..usize::from(self.context)]
    }

    pub(crate) fn prefix_str(&self, prefix: PrefixId) -> &str {
        self.str(self.prefixes[usize::from(prefix.0)])
    }

    pub(crate) fn namespace_str(&self, namespace: NamespaceId) -> &str {
        self.str(self.namespaces[usize::from(namespace.0)])
    }
}

impl std::fmt::Debug for Document {
    /// The shape only: the text is personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Document")
            .field("root", &self.root().local_name())
            .field("nodes", &self.nodes.len())
            .field("bytes", &self.buffer.len())
            .finish()
    }
}
