//! The parser on arbitrary octets: it ends, within its limits, and reads nothing that libxml2 would not read.

use octroi_oracle::Tree;
use octroi_xml::{Element, Limits, parse};

/// Whatever octroi takes for a document, libxml2 takes for one, with as many elements.
pub fn body(octets: &[u8]) {
    let limits = Limits::default();
    let Ok(document) = parse(octets, &limits) else {
        return;
    };
    assert!(octets.len() <= limits.bytes);
    let Some(tree) = Tree::parse(octets) else {
        panic!("octroi reads what libxml2 refuses");
    };
    assert!(!tree.has_doctype(), "a DOCTYPE was read");
    assert_eq!(
        elements(document.root()).len(),
        tree.element_count(),
        "elements"
    );
}

/// The element and all below it, in document order.
pub(crate) fn elements(root: Element<'_>) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let mut stack = vec![root];
    while let Some(element) = stack.pop() {
        found.push(element);
        let below = stack.len();
        stack.extend(element.elements());
        stack[below..].reverse();
    }
    found
}
