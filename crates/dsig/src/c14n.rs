//! Stands in until `octroi_xml::c14n` is there: every canonicalisation fails, so every signature is refused.
#![allow(missing_docs)]
use octroi_xml::Element;
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Exclusive,
    Inclusive,
}
impl Algorithm {
    pub(crate) fn from_uri(uri: &str) -> Option<Self> {
        match uri {
            "http://www.w3.org/2001/10/xml-exc-c14n#" => Some(Self::Exclusive),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315" => Some(Self::Inclusive),
            _ => None,
        }
    }
}
pub(crate) fn canonicalize(
    _: Element<'_>,
    _: Algorithm,
    _: &[&str],
    _: Option<Element<'_>>,
    _: &mut Vec<u8>,
) -> Result<(), ()> {
    Err(())
}
