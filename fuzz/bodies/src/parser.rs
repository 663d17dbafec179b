//! The parser on arbitrary octets: it ends, within its limits, and reads nothing that libxml2 would not read.

use octroi_oracle::Tree;
use octroi_xml::{Limits, parse};

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
    let mut stack = vec![document.root()];
    let mut elements = 0;
    while let Some(element) = stack.pop() {
        elements += 1;
        stack.extend(element.elements());
    }
    assert_eq!(elements, tree.element_count(), "elements");
}
