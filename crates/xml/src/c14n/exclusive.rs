//! Exclusive canonicalisation: a namespace is shown where it is first visibly utilised
//! (Exclusive XML Canonicalization 1.0, section 3).
//!
//! Must never inherit `xml:` attributes, nor show a prefix because it is in scope, unless the PrefixList names it.

use super::walk::{Rendered, Rules};
use crate::document::{Declaration, Document};
use crate::element::Element;
use crate::namespaces::PrefixId;

pub(super) struct Exclusive {
    /// By prefix, whether the PrefixList names it; empty if it names none.
    listed: Vec<bool>,
}

impl Exclusive {
    pub(super) fn new(document: &Document, inclusive_prefixes: &[&str]) -> Self {
        // The empty string is no way to write `#default`.
        let written = inclusive_prefixes.iter().filter(|it| !it.is_empty());
        let mut names: Vec<_> = written
            .map(|it| if *it == "#default" { "" } else { it })
            .collect();
        if names.is_empty() {
            return Self { listed: Vec::new() };
        }
        names.sort_unstable();
        let prefixes = document.prefixes.iter().map(|prefix| document.str(*prefix));
        let listed = prefixes
            .map(|prefix| names.binary_search(&prefix).is_ok())
            .collect();
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
