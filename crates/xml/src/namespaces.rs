//! Prefixes and namespace names as small numbers, and which namespace a prefix means at a place in the document.
//!
//! Must never search in a way whose cost grows with the number of declarations (P2): a name is found by hash once
//! there are more than a few, and the binding of a prefix is one array access.

use std::collections::HashMap;

use crate::document::{Declaration, Span};
use crate::error::ErrorKind;

/// A prefix of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PrefixId(pub(crate) u16);

impl PrefixId {
    /// No prefix, or the default namespace's.
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const XML: Self = Self(1);
}

/// A namespace name of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NamespaceId(pub(crate) u16);

impl NamespaceId {
    /// No namespace.
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const XML: Self = Self(1);
    /// What a prefix is bound to where it is not bound.
    pub(crate) const UNBOUND: Self = Self(u16::MAX);
}

/// Distinct strings of one buffer, numbered in the order of their first appearance.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    pub(crate) spans: Vec<Span>,
    /// The one asked for last, which is often asked for again.
    recent: u16,
    /// Filled only when there are more strings than a linear search should look at.
    index: Option<HashMap<Box<str>, u16>>,
}

/// Up to here comparing with each is faster than hashing.
const LINEAR: usize = 12;
/// Numbers stay below the one that means "unbound".
const MOST: usize = 65_000;

impl Interner {
    /// The number of `text`, if it has one.
    pub(crate) fn find(&self, buffer: &str, text: &[u8]) -> Option<u16> {
        match &self.index {
            None => {
                let found = self
                    .spans
                    .iter()
                    .position(|span| bytes(buffer, *span) == text)?;
                Some(found as u16)
            }
            Some(index) => index.get(std::str::from_utf8(text).ok()?).copied(),
        }
    }

    /// The number of the string at `span`, a new one if it is new.
    pub(crate) fn intern(&mut self, buffer: &str, span: Span) -> Result<u16, ErrorKind> {
        let wanted = bytes(buffer, span);
        let recent = self.spans.get(usize::from(self.recent));
        if recent.is_some_and(|recent| bytes(buffer, *recent) == wanted) {
            return Ok(self.recent);
        }
        if let Some(found) = self.find(buffer, wanted) {
            self.recent = found;
            return Ok(found);
        }
        if self.spans.len() >= MOST {
            return Err(ErrorKind::TooManyNamespaces);
        }
        let number = self.spans.len() as u16;
        self.spans.push(span);
        if let Some(index) = &mut self.index {
            index.insert(text(buffer, span).into(), number);
        } else if self.spans.len() > LINEAR {
            let numbered = self.spans.iter().zip(0u16..);
            self.index = Some(
                numbered
                    .map(|(span, number)| (text(buffer, *span).into(), number))
                    .collect(),
            );
        }
        Ok(number)
    }
}

fn bytes(buffer: &str, span: Span) -> &[u8] {
    &buffer.as_bytes()[span.start as usize..span.end as usize]
}

fn text(buffer: &str, span: Span) -> &str {
    &buffer[span.start as usize..span.end as usize]
}

/// What each prefix is bound to where the parser stands.
#[derive(Debug)]
pub(crate) struct Scope {
    /// By prefix; shorter than the prefixes seen so far when the last ones were never bound.
    current: Vec<Binding>,
    /// What the declarations in scope replaced, innermost last.
    replaced: Vec<NamespaceId>,
}

#[derive(Debug, Clone, Copy)]
struct Binding {
    namespace: NamespaceId,
    /// The element that declared the prefix last, in scope or not.
    declared_by: u32,
}

impl Binding {
    const fn initial(namespace: NamespaceId) -> Self {
        Self {
            namespace,
            declared_by: u32::MAX,
        }
    }
}

impl Scope {
    pub(crate) fn new() -> Self {
        let mut current = Vec::with_capacity(16);
        current.extend([NamespaceId::NONE, NamespaceId::XML].map(Binding::initial));
        Self {
            current,
            replaced: Vec::with_capacity(16),
        }
    }

    /// How many declarations are in scope.
    pub(crate) fn len(&self) -> usize {
        self.replaced.len()
    }

    pub(crate) fn resolve(&self, prefix: PrefixId) -> Option<NamespaceId> {
        let bound = self.current.get(usize::from(prefix.0))?.namespace;
        (bound != NamespaceId::UNBOUND).then_some(bound)
    }

    /// Binds a prefix for the element with this number; says no if that element did so already.
    #[must_use]
    pub(crate) fn declare(&mut self, declaration: Declaration, element: u32) -> bool {
        let at = usize::from(declaration.prefix.0);
        if self.current.len() <= at {
            self.current
                .resize(at + 1, Binding::initial(NamespaceId::UNBOUND));
        }
        let binding = &mut self.current[at];
        if binding.declared_by == element {
            return false;
        }
        self.replaced.push(binding.namespace);
        *binding = Binding {
            namespace: declaration.namespace,
            declared_by: element,
        };
        true
    }

    /// Takes back `declarations`, the last ones made.
    pub(crate) fn leave(&mut self, declarations: &[Declaration]) {
        for declaration in declarations.iter().rev() {
            if let Some(before) = self.replaced.pop() {
                self.current[usize::from(declaration.prefix.0)].namespace = before;
            }
        }
    }
}

/// Whether a namespace name is a relative URI reference: it has no scheme (RFC 3986, section 4.2).
///
/// Canonical XML requires a failure for these (section 1.3), Namespaces in XML only deprecates them.
pub(crate) fn is_relative(namespace: &str) -> bool {
    let Some(colon) = memchr::memchr(b':', namespace.as_bytes()) else {
        return true;
    };
    match namespace.as_bytes()[..colon] {
        [first, ref rest @ ..] if first.is_ascii_alphabetic() => !rest
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)),
        _ => true,
    }
}
