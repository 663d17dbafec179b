//! What a signature covers, as a type. A [`Verified`] value is made by the verifier alone, and from it one only gets to content that
//! was digested: never to an ancestor, a sibling, the document, or the enveloped Signature itself (C4, W1).

use octroi_xml::{Attribute, Element, NotText};

use crate::{
    algorithm::{DS, DigestAlgorithm, SignatureAlgorithm},
    fingerprint::Fingerprint,
    policy::LegacyUse,
};

/// Content that a trusted key signed. There is no constructor and no `map`: what is inside came out of the verifier.
#[derive(Clone, Copy, Debug)]
pub struct Verified<T> {
    pub(crate) value: T,
    pub(crate) info: VerifiedInfo,
    /// `value` is the element that the Reference named, and its one `ds:Signature` child is not part of what was digested.
    pub(crate) enveloping: bool,
}

/// How a signature was made: for metrics, audit and the partner's legacy report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedInfo {
    /// The signature method.
    pub algorithm: SignatureAlgorithm,
    /// The digest method; `None` for a signed query, which has none of its own.
    pub digest: Option<DigestAlgorithm>,
    /// The key that verified it.
    pub key: Fingerprint,
    /// Legacy algorithms that were used.
    pub legacy: LegacyUse,
}

impl<T> Verified<T> {
    /// How the signature was made.
    pub fn info(&self) -> &VerifiedInfo {
        &self.info
    }
}

impl<'d> Verified<Element<'d>> {
    fn inner(&self, element: Element<'d>) -> Self {
        Self {
            value: element,
            info: self.info,
            enveloping: false,
        }
    }

    fn is_left_out(&self, child: Element<'d>) -> bool {
        self.enveloping && child.is(DS, "Signature")
    }

    /// Whether this is the very element `element`.
    #[must_use]
    pub fn is_element(&self, element: Element<'_>) -> bool {
        self.value == element
    }

    /// `element` as verified content, if it was digested: this element or one inside it, and not in the enveloped Signature. So a
    /// signed Response covers its Assertion.
    #[must_use]
    pub fn covers(&self, element: Element<'d>) -> Option<Self> {
        let mut at = element;
        while at != self.value {
            let parent = at.parent()?;
            if parent == self.value && self.is_left_out(at) {
                return None;
            }
            at = parent;
        }
        let enveloping = self.enveloping && element == self.value;
        Some(Self {
            value: element,
            info: self.info,
            enveloping,
        })
    }

    /// Whether namespace and local name are these.
    #[must_use]
    pub fn is(&self, namespace: &str, local_name: &str) -> bool {
        self.value.is(namespace, local_name)
    }

    /// The namespace URI, empty for none.
    #[must_use]
    pub fn namespace(&self) -> &'d str {
        self.value.namespace()
    }

    /// The local name.
    #[must_use]
    pub fn local_name(&self) -> &'d str {
        self.value.local_name()
    }

    /// The value of the attribute without namespace of this name.
    #[must_use]
    pub fn attribute(&self, local_name: &str) -> Option<&'d str> {
        self.value.attribute(local_name)
    }

    /// The value of an attribute in a namespace.
    #[must_use]
    pub fn attribute_ns(&self, namespace: &str, local_name: &str) -> Option<&'d str> {
        self.value.attribute_ns(namespace, local_name)
    }

    /// Every attribute (namespace declarations are none).
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'d>> + use<'d> {
        self.value.attributes()
    }

    /// The child elements that were digested, in order.
    pub fn elements(&self) -> impl Iterator<Item = Self> + use<'d> {
        let parent = *self;
        self.value
            .elements()
            .filter(move |child| !parent.is_left_out(*child))
            .map(move |child| parent.inner(child))
    }

    /// The first child element of this name that was digested.
    #[must_use]
    pub fn first_child(&self, namespace: &str, local_name: &str) -> Option<Self> {
        self.elements()
            .find(|child| child.is(namespace, local_name))
    }

    /// The whole text content.
    ///
    /// # Errors
    /// [`NotText`] when there are child elements or comments (T1).
    pub fn text(&self) -> Result<&'d str, NotText> {
        self.value.text()
    }
}
