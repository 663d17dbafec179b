//! Exclusive canonicalisation: a namespace is shown where it is first visibly utilised
//! (Exclusive XML Canonicalization 1.0, section 3).
//!
//! Must never inherit `xml:` attributes, nor show a prefix because it is in scope, unless the PrefixList names it.

use super::walk::{Rendered, Rules};
use crate::document::{Declaration, Document};
use crate::element::Element;
use crate::namespaces::PrefixId;

pub(super) struct Exclusive {
    /// By prefix, whether the PrefixList names it; empty if it names none that the document has.
    listed: Vec<bool>,
}

impl Exclusive {
    pub(super) fn new(document: &Document, inclusive_prefixes: &[&str]) -> Self {
        let mut listed = Vec::new();
        for listed_prefix in inclusive_prefixes {
            let prefix = if *listed_prefix == "#default" {
                ""
            } else {
                listed_prefix
            };
            let known = document
                .prefixes
                .iter()
                .position(|known| document.str(*known) == prefix);
            // The empty string is no way to write `#default`.
            if let Some(at) = known.filter(|_| !listed_prefix.is_empty()) {
                listed.resize(document.prefixes.len(), false);
                listed[at] = true;
            }
        }
        Self { listed }
    }

    fn is_listed(&self, prefix: PrefixId) -> bool {
        self.listed
            .get(usize::from(prefix.0))
            .copied()
            .unwrap_or(false)
    }
}

impl Rules for Exclusive {
    #[inline]
    fn namespaces(&self, element: Element<'_>, is_apex: bool, rendered: &mut Rendered) {
        let node = element.data();
        rendered.render(Declaration {
            prefix: node.prefix,
            namespace: node.namespace,
        });
        for attribute in element.attribute_data() {
            if attribute.prefix != PrefixId::NONE {
                rendered.render(Declaration {
                    prefix: attribute.prefix,
                    namespace: attribute.namespace,
                });
            }
        }
        if self.listed.is_empty() {
            return;
        }
        // As inclusive canonicalisation does, for the listed prefixes only.
        if is_apex {
            let in_scope = element.declarations_in_scope();
            in_scope
                .filter(|declaration| self.is_listed(declaration.prefix))
                .for_each(|it| rendered.render(it));
        } else {
            let own = element.document.declarations_of(node).iter().copied();
            own.filter(|declaration| self.is_listed(declaration.prefix))
                .for_each(|it| rendered.render(it));
        }
    }
}
