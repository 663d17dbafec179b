//! What must not lie inside a message where a reader or another product could take it for the real thing
//! (W2): assertions, messages and Signatures out of place, text between elements. Shared by all messages.

use crate::uri::ns;
use crate::{Check, Refusal};
use octroi_xml::{Element, Node};

/// Neither the element nor anything inside it is an assertion, a message or a Signature, and there is no
/// text between SAML's elements. The depth is bounded by the parser.
pub(crate) fn holds_nothing_hidden(element: Element<'_>) -> Result<(), Refusal> {
    for child in element.elements() {
        match (child.namespace(), child.local_name()) {
            (ns::ASSERTION, "Assertion" | "EncryptedAssertion") | (ns::PROTOCOL, "Response") => {
                return Err(Refusal::new(Check::AssertionOutOfPlace));
            }
            (ns::DSIG, "Signature") => return Err(Refusal::new(Check::SignatureMisplaced)),
            _ => holds_nothing_hidden(child)?,
        }
    }
    if matches!(element.namespace(), ns::ASSERTION | ns::PROTOCOL)
        && element.local_name() != "AttributeValue"
    {
        no_stray_text(element)?;
    }
    Ok(())
}

/// An element with child elements has only white space between them.
pub(crate) fn no_stray_text(element: Element<'_>) -> Result<(), Refusal> {
    let mut children = element.children();
    let (mut elements, mut text) = (false, false);
    let mixed = children.any(|child| {
        match child {
            Node::Element(_) => elements = true,
            Node::Text(characters) => text |= !characters.trim_ascii().is_empty(),
            Node::Comment(_) => {}
        }
        elements && text
    });
    if mixed {
        Err(Refusal::at(
            Check::StructureInvalid,
            "text between elements",
        ))
    } else {
        Ok(())
    }
}
