//! Escaping, and a writer whose output is in exclusive canonical form as it stands.
//!
//! What octroi issues is written once, and the bytes that were hashed are the bytes that are sent: nothing is parsed or
//! canonicalised to sign it. Must never write a character that XML does not allow, nor a value unescaped (L14).

mod escape;
#[cfg(test)]
mod tests;
mod writer;

pub use escape::{escape_attribute, escape_text};
pub use writer::Writer;

use crate::parser::names;
use crate::{XML_NAMESPACE, XMLNS_NAMESPACE};

/// A prefix and the namespace that it stands for; an empty prefix is the default namespace, an empty `uri` none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespace<'n> {
    /// The prefix, or nothing.
    pub prefix: &'n str,
    /// The namespace name.
    pub uri: &'n str,
}

impl<'n> Namespace<'n> {
    /// No namespace, written without prefix.
    pub const NONE: Namespace<'static> = Namespace {
        prefix: "",
        uri: "",
    };
    /// The namespace of `xml:lang` and the like.
    pub const XML: Namespace<'static> = Namespace {
        prefix: "xml",
        uri: XML_NAMESPACE,
    };

    pub(super) fn is_none(self) -> bool {
        self.prefix.is_empty() && self.uri.is_empty()
    }

    /// `prefix` for `uri`.
    pub const fn new(prefix: &'n str, uri: &'n str) -> Self {
        Self { prefix, uri }
    }
}

/// What cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A value holds a character outside the production Char (XML 1.0, section 2.2).
    #[error("a value holds a character that XML does not allow")]
    ForbiddenCharacter,
    /// A local name or a prefix is not a name without colon.
    #[error("malformed name")]
    MalformedName,
    /// A prefix for no namespace, a reserved prefix or namespace, a relative namespace name, or one prefix for two namespaces in one tag.
    #[error("a namespace cannot be bound as asked")]
    Namespace,
    /// Two attributes of one element with the same expanded name.
    #[error("duplicate attribute")]
    DuplicateAttribute,
    /// The call does not fit: an attribute after content, an end without start, content outside the root element.
    #[error("the writer is not at a place where this can be written")]
    OutOfPlace,
}

/// Whether two names are equal; most often they are the same constant.
#[inline]
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && (std::ptr::eq(a, b) || a == b)
}

fn check_name(name: &str) -> Result<(), WriteError> {
    if names::is_unprefixed(name) {
        Ok(())
    } else {
        Err(WriteError::MalformedName)
    }
}

fn check_characters(text: &str) -> Result<(), WriteError> {
    match names::forbidden(text) {
        None => Ok(()),
        Some(_) => Err(WriteError::ForbiddenCharacter),
    }
}

fn check_namespace(namespace: Namespace<'_>) -> Result<(), WriteError> {
    let Namespace { prefix, uri } = namespace;
    if !prefix.is_empty() {
        check_name(prefix)?;
    }
    check_characters(uri)?;
    let reserved =
        matches!(prefix, "xml" | "xmlns") || matches!(uri, XML_NAMESPACE | XMLNS_NAMESPACE);
    let unusable = if uri.is_empty() {
        !prefix.is_empty()
    } else {
        crate::namespaces::is_relative(uri)
    };
    if reserved || unusable {
        Err(WriteError::Namespace)
    } else {
        Ok(())
    }
}
