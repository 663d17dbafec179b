//! Inclusive canonicalisation, versions 1.0 and 1.1: every namespace in scope is shown, and the apex inherits `xml:`
//! attributes from the ancestors that are not part of the output (section 2.4 of both).
//!
//! Only for partners with a dated exception (T2). Must never inherit `xml:id` in version 1.1.

use std::borrow::Cow;

use super::base;
use super::walk::{Inherited, Rendered, Rules};
use crate::document::{AttributeData, Document};
use crate::element::Element;
use crate::namespaces::NamespaceId;

pub(super) struct Inclusive<'d> {
    inherited: Vec<Inherited<'d>>,
    /// The apex's own `xml:base` is replaced by a joined one, or by nothing.
    hides_base: bool,
}

impl<'d> Inclusive<'d> {
    /// Each `xml:` attribute that the apex lacks, from its nearest ancestor that has it.
    pub(super) fn version_1_0(apex: Element<'d>) -> Self {
        let mut inherited: Vec<Inherited<'d>> = Vec::new();
        for attribute in xml_attributes_of_ancestors(apex) {
            inherit(apex, attribute, &mut inherited);
        }
        Self {
            inherited: nearest(inherited),
            hides_base: false,
        }
    }

    /// `xml:lang` and `xml:space` likewise; `xml:base` as joined from all; no other.
    pub(super) fn version_1_1(apex: Element<'d>) -> Self {
        let mut inherited: Vec<Inherited<'d>> = Vec::new();
        let document = apex.document;
        let mut joined: Option<Cow<'d, str>> = None;
        for attribute in xml_attributes_of_ancestors(apex) {
            match document.str(attribute.local()) {
                "lang" | "space" => inherit(apex, attribute, &mut inherited),
                "base" => {
                    let outer = document.str(attribute.value);
                    let inner = match joined.take() {
                        // The first one found is the innermost; the apex's own comes before it.
                        None => apex
                            .attribute_ns(crate::XML_NAMESPACE, "base")
                            .map(Cow::Borrowed),
                        found => found,
                    };
                    joined = Some(match inner {
                        Some(inner) => Cow::Owned(base::join(outer, &inner)),
                        None => Cow::Borrowed(outer),
                    });
                }
                _ => {}
            }
        }
        let hides_base = joined.is_some();
        if let Some(value) = joined.filter(|value| !value.is_empty()) {
            inherited.push(Inherited {
                name: "xml:base",
                local_name: "base",
                value,
            });
        }
        Self {
            inherited: nearest(inherited),
            hides_base,
        }
    }
}

/// Of each name the first.
fn nearest(mut inherited: Vec<Inherited<'_>>) -> Vec<Inherited<'_>> {
    // A stable sort: what was nearer stays before what was farther.
    inherited.sort_by_key(|attribute| attribute.local_name);
    inherited.dedup_by_key(|attribute| attribute.local_name);
    inherited
}

/// Innermost ancestor first.
fn xml_attributes_of_ancestors<'d>(apex: Element<'d>) -> impl Iterator<Item = &'d AttributeData> {
    let all = apex
        .and_ancestors()
        .skip(1)
        .flat_map(Element::attribute_data);
    all.filter(|attribute| attribute.namespace == NamespaceId::XML)
}

/// Takes over an attribute that the apex does not have.
fn inherit<'d>(
    apex: Element<'d>,
    attribute: &'d AttributeData,
    inherited: &mut Vec<Inherited<'d>>,
) {
    let document = apex.document;
    let local_name = document.str(attribute.local());
    if apex
        .attribute_ns(crate::XML_NAMESPACE, local_name)
        .is_none()
    {
        inherited.push(Inherited {
            name: document.str(attribute.name),
            local_name,
            value: Cow::Borrowed(document.str(attribute.value)),
        });
    }
}

impl Rules for Inclusive<'_> {
    fn namespaces(&self, element: Element<'_>, is_apex: bool, rendered: &mut Rendered) {
        if is_apex {
            element
                .declarations_in_scope()
                .for_each(|declaration| rendered.render(declaration));
        } else {
            let own = element.document.declarations_of(element.data());
            own.iter()
                .for_each(|declaration| rendered.render(*declaration));
        }
    }

    fn inherited(&self) -> &[Inherited<'_>] {
        &self.inherited
    }

    fn hides(&self, attribute: &AttributeData, document: &Document) -> bool {
        self.hides_base
            && attribute.namespace == NamespaceId::XML
            && document.str(attribute.local()) == "base"
    }
}
