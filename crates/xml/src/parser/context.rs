//! What the parser knows before it reads: the namespaces that a fragment's surroundings bind, and how names get numbers.
//!
//! Must never bind what a declaration in a document could not.

use super::{Limits, Parsed, Parser, names};
use crate::document::{Declaration, Span};
use crate::error::{ErrorKind, Failure};
use crate::namespaces::{NamespaceId, PrefixId, is_relative};
use crate::{XML_NAMESPACE, XMLNS_NAMESPACE};

/// The number of the element around a fragment: no node has it.
const AROUND: u32 = u32::MAX - 1;

impl Parser<'_> {
    pub(super) fn enter_context(&mut self, in_scope: &[(&str, &str)]) -> Parsed<()> {
        let malformed = Failure {
            kind: ErrorKind::MalformedContext,
            at: 0,
        };
        if in_scope.len() > usize::from(self.limits.namespaces) {
            return Err(malformed);
        }
        let most = self.limits.bytes.min(Limits::MOST_BYTES);
        let mut length = 0;
        for (prefix, namespace) in in_scope {
            length += prefix.len() + namespace.len();
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
            if reserved || unusable || length > most {
                return Err(malformed);
            }
            let prefix = self.intern_prefix(prefix).map_err(|_| malformed)?;
            let namespace = self.intern_namespace(namespace).map_err(|_| malformed)?;
            if !self.declare(Declaration { prefix, namespace }, AROUND) {
                return Err(malformed);
            }
            self.document.context += 1;
        }
        Ok(())
    }

    pub(super) fn intern_prefix(&mut self, prefix: &str) -> Result<PrefixId, ErrorKind> {
        let span = self.append(prefix);
        self.prefixes
            .intern(&self.document.buffer, span)
            .map(PrefixId)
    }

    pub(super) fn intern_namespace(&mut self, namespace: &str) -> Result<NamespaceId, ErrorKind> {
        let span = self.append(namespace);
        self.namespaces
            .intern(&self.document.buffer, span)
            .map(NamespaceId)
    }

    pub(super) fn append(&mut self, text: &str) -> Span {
        let start = self.document.buffer.len();
        self.document.buffer.push_str(text);
        Span::new(start, self.document.buffer.len())
    }

    /// Binds a prefix for the element with this number; says no if that element did so already.
    #[must_use]
    pub(super) fn declare(&mut self, declaration: Declaration, element: u32) -> bool {
        if !self.scope.declare(declaration, element) {
            return false;
        }
        let namespace = self.namespaces.spans[usize::from(declaration.namespace.0)];
        if declaration.namespace != NamespaceId::NONE && is_relative(self.document.str(namespace)) {
            self.document.relative_namespace = true;
        }
        self.document.declarations.push(declaration);
        true
    }
}
