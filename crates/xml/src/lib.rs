//! The XML that SAML needs, and no more: a strict parser into one arena, canonicalisation, and a writer of canonical form.
//!
//! ```
//! use octroi_xml::{Limits, c14n, parse};
//!
//! let document = parse(br#"<a:r xmlns:a="urn:a" z='1' b="2"><a:empty/></a:r>"#, &Limits::default())?;
//! assert!(document.root().is("urn:a", "r"));
//!
//! let mut octets = Vec::new();
//! c14n::canonicalize(document.root(), c14n::Algorithm::Exclusive, &[], None, &mut octets)?;
//! assert_eq!(octets, br#"<a:r xmlns:a="urn:a" b="2" z="1"><a:empty></a:empty></a:r>"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! One parser, one tree: what the signature code digests and what the message code reads are the same nodes
//! (requirements W1 and W5). The crate does no I/O, knows no clock, and must never
//! * read a DOCTYPE, a processing instruction or an entity other than the five predefined ones (P1),
//! * do work that grows faster than its input (P2), recurse on input, or panic on any input,
//! * answer a failure with an empty result: parsing and canonicalisation return a `Result` (W6).

pub mod c14n;
mod document;
mod element;
mod error;
mod namespaces;
mod parser;
pub mod write;

pub use document::Document;
pub use element::{Attribute, Element, Node, NotText};
pub use error::{ErrorKind, ParseError};
pub use parser::limits::Limits;
pub use parser::{parse, parse_in_context};

/// The namespace that the prefix `xml` is always bound to (Namespaces in XML 1.0, section 3).
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// The namespace of `xmlns` attributes, which nothing may be bound to (Namespaces in XML 1.0, section 3).
pub const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";
