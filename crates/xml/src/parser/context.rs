//! What the parser knows before it reads: the namespaces that a fragment's surroundings bind, and how names get numbers.
//!
//! Must never bind what a declaration in a document could not.

use super::{Parsed, Parser, names};
use crate::document::{Declaration, Span};
use crate::error::{ErrorKind, Failure};
use crate::namespaces::{NamespaceId, PrefixId, is_relative};
use crate::{XML_NAMESPACE, XMLNS_NAMESPACE};

impl Parser<'_> {
    pub(super) fn enter_context(&mut self, in_scope: &[(&str, &str)]) -> Parsed<()> {
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

    pub(super) fn declare(&mut self, declaration: Declaration) {
        self.scope.declare(declaration);
        let namespace = self.namespaces.spans[usize::from(declaration.namespace.0)];
        if declaration.namespace != NamespaceId::NONE && is_relative(self.document.str(namespace)) {
            self.document.relative_namespace = true;
        }
        self.document.declarations.push(declaration);
    }
}
