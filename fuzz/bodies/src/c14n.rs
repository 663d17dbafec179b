//! Canonical forms against libxml2's. The first three octets choose algorithm, apex and prefixes; the rest is the document.

use octroi_oracle::{C14n, Tree};
use octroi_xml::c14n::{Algorithm, canonicalize, canonicalize_document};
use octroi_xml::{Limits, parse};

use crate::parser::elements;

const METHODS: [(Algorithm, C14n, bool); 6] = [
    (Algorithm::Exclusive, C14n::Exclusive, false),
    (Algorithm::ExclusiveWithComments, C14n::Exclusive, true),
    (Algorithm::Inclusive, C14n::Inclusive, false),
    (Algorithm::InclusiveWithComments, C14n::Inclusive, true),
    (Algorithm::Inclusive11, C14n::Inclusive11, false),
    (Algorithm::Inclusive11WithComments, C14n::Inclusive11, true),
];

const PREFIXES: [&str; 5] = ["a", "b", "saml", "#default", "xml"];

/// What both canonicalize is the same, octet for octet, and octroi's result is never empty.
///
/// Left out are three known differences of libxml2 2.9.14, which `crates/oracle/tests/c14n.rs` explains.
pub fn body(octets: &[u8]) {
    let [method, apex, prefixes, xml @ ..] = octets else {
        return;
    };
    let (algorithm, theirs, comments) = METHODS[usize::from(*method) % METHODS.len()];
    let Ok(document) = parse(xml, &Limits::default()) else {
        return;
    };
    let elements = elements(document.root());
    let ampersand = |uri: &str| uri.contains('&');
    if elements.iter().any(|e| {
        e.namespaces_in_scope()
            .iter()
            .any(|(_, uri)| ampersand(uri))
    }) || theirs == C14n::Inclusive11 && xml.windows(8).any(|w| w == b"xml:base")
    {
        return;
    }
    let chosen: Vec<&str> = (0..PREFIXES.len())
        .filter(|bit| prefixes >> bit & 1 == 1)
        .map(|bit| PREFIXES[bit])
        .collect();
    // 0 is the document; the others count elements, and an odd top bit leaves the last child out.
    let index = usize::from(apex & 0x7f)
        .checked_sub(1)
        .map(|i| i % elements.len());
    let mut out = Vec::new();
    let mut omitted = None;
    let done = match index {
        None => canonicalize_document(&document, algorithm, &chosen, None, &mut out),
        Some(index) => {
            let omit = elements[index]
                .elements()
                .last()
                .filter(|_| apex & 0x80 != 0);
            omitted = omit.and_then(|child| elements.iter().position(|e| *e == child));
            canonicalize(elements[index], algorithm, &chosen, omit, &mut out)
        }
    };
    if done.is_err() {
        assert!(out.is_empty(), "a failure left octets behind");
        return;
    }
    assert!(!out.is_empty(), "nothing was canonicalized (W6)");
    let tree = Tree::parse(xml).expect("libxml2 refuses what octroi read");
    if let Some(expected) = tree.canonicalize(index, theirs, comments, &chosen, omitted) {
        assert_eq!(
            String::from_utf8_lossy(&out),
            String::from_utf8_lossy(&expected),
            "{algorithm:?}"
        );
    }
}
