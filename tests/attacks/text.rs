//! Elements as spans of a text. octroi writes canonical form: no comment, no empty-element tag, every `<` begins a tag. That
//! makes cutting and pasting exact, without a second parser whose opinion could differ from the one under test.

use std::ops::Range;

/// An element of a canonical text.
#[derive(Clone, Debug)]
pub struct Span {
    /// From `<` of the start tag to `>` of the end tag.
    pub whole: Range<usize>,
    /// Between the tags.
    pub inner: Range<usize>,
    /// The name as written, with its prefix.
    pub name: String,
}

/// Every element, in document order.
pub fn elements(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut open = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|offset| at + offset) {
        let end = start + text[start..].find('>').unwrap() + 1;
        if text[start..].starts_with("</") {
            let span: &mut Span = &mut found[open.pop().unwrap()];
            span.whole.end = end;
            span.inner.end = start;
        } else {
            let name = text[start + 1..end - 1].split(' ').next().unwrap();
            open.push(found.len());
            found.push(Span {
                whole: start..end,
                inner: end..end,
                name: name.to_owned(),
            });
        }
        at = end;
    }
    assert!(open.is_empty());
    found
}

/// Every place where an element can be put: around and between the children of every element.
pub fn places(text: &str) -> Vec<usize> {
    let mut places: Vec<usize> = elements(text)
        .iter()
        .flat_map(|span| {
            [
                span.whole.start,
                span.whole.end,
                span.inner.start,
                span.inner.end,
            ]
        })
        .filter(|place| (1..text.len()).contains(place))
        .collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// `text` with what is in `range` replaced.
pub fn replaced(text: &str, range: Range<usize>, with: &str) -> String {
    [&text[..range.start], with, &text[range.end..]].concat()
}

/// `text` with `what` put at `place`.
pub fn inserted(text: &str, place: usize, what: &str) -> String {
    replaced(text, place..place, what)
}

/// The text with every namespace declared on its root, so that subtrees keep their meaning wherever they are pasted.
/// Exclusive canonicalization does not see declarations that an element does not use.
pub fn with_all_namespaces(text: &str) -> String {
    let end = text.find('>').unwrap();
    let mut root = text[..end].to_owned();
    for (prefix, namespace) in [
        ("saml", "urn:oasis:names:tc:SAML:2.0:assertion"),
        ("samlp", "urn:oasis:names:tc:SAML:2.0:protocol"),
        ("ds", "http://www.w3.org/2000/09/xmldsig#"),
    ] {
        if !root.contains(&format!("xmlns:{prefix}=")) {
            root.push_str(&format!(" xmlns:{prefix}=\"{namespace}\""));
        }
    }
    root + &text[end..]
}
