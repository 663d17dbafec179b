//! Inputs made to be expensive (P2): each is answered as it should be, and in time proportional to its length. A quadratic
//! step would take these tests from a blink to minutes.

#![allow(clippy::expect_used, reason = "a test that cannot go on must stop")]

use octroi_xml::c14n::{Algorithm, canonicalize};
use octroi_xml::{Document, ErrorKind, Limits, parse};

/// Everything that 16 bits can say, so that only time is in the way.
const OPEN: Limits = Limits {
    bytes: 64 << 20,
    depth: u16::MAX,
    nodes: u32::MAX,
    attributes: u16::MAX,
    namespaces: u16::MAX,
    name: u16::MAX,
};

fn repeated(before: &str, count: usize, one: impl Fn(usize) -> String, after: &str) -> String {
    let mut text = before.to_owned();
    text.extend((0..count).map(one));
    text.push_str(after);
    text
}

fn open(input: &str) -> Document {
    parse(input.as_bytes(), &OPEN).expect("well-formed")
}

fn refused(input: &str, limits: &Limits) -> ErrorKind {
    parse(input.as_bytes(), limits).expect_err("refused").kind
}

fn canonical_length(document: &Document, algorithm: Algorithm, prefixes: &[&str]) -> usize {
    let mut out = Vec::new();
    canonicalize(document.root(), algorithm, prefixes, None, &mut out).expect("canonical form");
    out.len()
}

#[test]
fn many_attributes() {
    let input = repeated("<a", 60_000, |at| format!(" a{at}=''"), "/>");
    assert_eq!(
        refused(&input, &Limits::default()),
        ErrorKind::TooManyAttributes
    );
    assert_eq!(open(&input).root().attributes().len(), 60_000);
    let twice = input.replace("/>", " a30000=''/>");
    assert_eq!(refused(&twice, &OPEN), ErrorKind::DuplicateAttribute);
    assert!(canonical_length(&open(&input), Algorithm::Exclusive, &[]) > input.len());
}

#[test]
fn many_namespaces() {
    let input = repeated("<a", 20_000, |at| format!(" xmlns:p{at}='urn:{at}'"), "/>");
    assert_eq!(
        refused(&input, &Limits::default()),
        ErrorKind::TooManyNamespaces
    );
    let document = open(&input);
    assert_eq!(document.root().namespaces_in_scope().len(), 20_000);
    assert_eq!(
        canonical_length(&document, Algorithm::Exclusive, &[]),
        "<a></a>".len()
    );
    assert!(canonical_length(&document, Algorithm::Inclusive, &[]) > input.len());
    let siblings = repeated(
        "<a>",
        30_000,
        |at| format!("<p{at}:a xmlns:p{at}='urn:{at}'/>"),
        "</a>",
    );
    assert_eq!(open(&siblings).root().elements().count(), 30_000);
    let nested: String = (0..20_000)
        .map(|at| format!("<p:a xmlns:p='urn:{at}'>"))
        .collect();
    let nested = nested + &"</p:a>".repeat(20_000);
    assert_eq!(
        canonical_length(&open(&nested), Algorithm::Exclusive, &["p"]),
        nested.len()
    );
}

#[test]
fn long_prefix_lists_and_many_inherited_attributes() {
    let declared = repeated(
        "<a>",
        30_000,
        |at| format!("<p{at}:a xmlns:p{at}='urn:{at}'/>"),
        "</a>",
    );
    let list: Vec<_> = (0..100_000).map(|at| format!("q{at}")).collect();
    let list: Vec<_> = list.iter().map(String::as_str).collect();
    assert!(canonical_length(&open(&declared), Algorithm::Exclusive, &list) > declared.len());
    let inherited = repeated("<a", 60_000, |at| format!(" xml:a{at}=''"), "><b/></a>");
    let document = open(&inherited);
    let mut out = Vec::new();
    let inner = document.root().elements().next().expect("b");
    canonicalize(inner, Algorithm::Inclusive, &[], None, &mut out).expect("canonical form");
    assert!(out.len() > 60_000 * " xml:a0=\"\"".len());
}

#[test]
fn many_ids() {
    let input = repeated("<a>", 100_000, |at| format!("<a ID='{at}'/>"), "</a>");
    let document = open(&input);
    assert!(
        (0..100_000)
            .step_by(7)
            .all(|at| document.element_by_id(&at.to_string()).is_some())
    );
    let twice = input.replace("</a>", "<a ID='5'/></a>");
    assert_eq!(refused(&twice, &OPEN), ErrorKind::DuplicateId);
}

#[test]
fn text_in_many_pieces() {
    let cdata = open(&repeated(
        "<a>",
        100_000,
        |_| "<![CDATA[x]]>".to_owned(),
        "</a>",
    ));
    assert_eq!(cdata.root().text().map(str::len), Ok(100_000));
    let references = open(&repeated(
        "<a b='",
        100_000,
        |_| "&#x10FFFF;".to_owned(),
        "'/>",
    ));
    assert_eq!(
        references.root().attribute("b").map(str::len),
        Some(400_000)
    );
    let comments = open(&repeated("<a>", 100_000, |_| "x<!---->".to_owned(), "</a>"));
    assert_eq!(comments.root().children().count(), 200_000);
    let brackets = format!("<a>{}&#62;<![CDATA[]]></a>", "]".repeat(1 << 20));
    assert_eq!(
        open(&brackets).root().text().map(str::len),
        Ok((1 << 20) + 1)
    );
    let zeros = format!("<a>&#{}65;</a>", "0".repeat(1 << 20));
    assert_eq!(open(&zeros).root().text(), Ok("A"));
}

#[test]
fn depth_and_length() {
    assert_eq!(
        refused(&"<a>".repeat(300_000), &Limits::default()),
        ErrorKind::TooDeep
    );
    assert_eq!(refused(&"<a>".repeat(300_000), &OPEN), ErrorKind::TooDeep);
    assert_eq!(
        refused(&"<a>".repeat(60_000), &OPEN),
        ErrorKind::UnexpectedEnd
    );
    let siblings = repeated("<a>", 300_000, |_| "<b/>".to_owned(), "</a>");
    assert_eq!(refused(&siblings, &Limits::default()), ErrorKind::TooLarge);
    let siblings = repeated("<a>", 60_000, |_| "<b/>".to_owned(), "</a>");
    assert_eq!(
        refused(&siblings, &Limits::default()),
        ErrorKind::TooManyNodes
    );
    let name = "n".repeat(70_000);
    assert_eq!(
        refused(&format!("<{name}/>"), &OPEN),
        ErrorKind::NameTooLong
    );
    assert_eq!(
        refused(&format!("<a {name}=''/>"), &OPEN),
        ErrorKind::NameTooLong
    );
    assert_eq!(
        refused(&repeated("<a", 100_000, |_| " b='".to_owned(), ""), &OPEN),
        ErrorKind::UnexpectedEnd
    );
}

/// A deep walk up from each of many elements would be quadratic; nothing here walks up but what is asked to.
#[test]
fn a_deep_document_is_canonicalised_once() {
    let input =
        "<p:a xmlns:p='urn:p'>".to_owned() + &"<p:a>".repeat(60_000) + &"</p:a>".repeat(60_001);
    let document = open(&input);
    for algorithm in [
        Algorithm::Exclusive,
        Algorithm::Inclusive,
        Algorithm::Inclusive11,
    ] {
        assert_eq!(
            canonical_length(&document, algorithm, &["p", "#default"]),
            input.len()
        );
    }
}
