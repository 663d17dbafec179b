//! Properties of parser, canonicalisation and writer together, over documents made at random.
//!
//! A document is a model first. The writer writes it; a second, careless serialiser in this file writes it in any of the
//! ways that XML allows. Both must mean the same, and have the same canonical form.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test that cannot go on must stop"
)]

use octroi_xml::c14n::{Algorithm, canonicalize, canonicalize_document};
use octroi_xml::write::{Namespace, Writer};
use octroi_xml::{Document, Element, Limits, Node, parse};
use proptest::prelude::*;

/// Prefixes that mean several things, things that have several prefixes.
const NAMESPACES: [Namespace<'static>; 7] = [
    Namespace::NONE,
    Namespace::new("", "urn:d"),
    Namespace::new("", "urn:e"),
    Namespace::new("p", "urn:p"),
    Namespace::new("p", "urn:q"),
    Namespace::new("q", "urn:p"),
    Namespace::new("é", "http://example.org/?a=1&b='2'"),
];
const LOCAL_NAMES: [&str; 5] = ["a", "b", "B", "a-b.c", "\u{10348}"];

#[derive(Debug, Clone, PartialEq)]
struct Model {
    namespace: Namespace<'static>,
    local_name: &'static str,
    attributes: Vec<(Namespace<'static>, &'static str, String)>,
    children: Vec<Child>,
}

#[derive(Debug, Clone, PartialEq)]
enum Child {
    Element(Model),
    Text(String),
}

fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        3 => prop::sample::select(vec!['<', '>', '&', '"', '\'', ']', '-', '\t', '\n', '\r', ' ']),
        1 => any::<char>().prop_filter("XML allows it", |c| {
            !matches!(*c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
        }),
    ];
    prop::collection::vec(character, 1..12).prop_map(|characters| characters.into_iter().collect())
}

fn model() -> impl Strategy<Value = Model> {
    let attribute = (
        prop::sample::select([&NAMESPACES[3..], &[Namespace::NONE, Namespace::XML]].concat()),
        prop::sample::select(LOCAL_NAMES.to_vec()),
        prop_oneof![text(), Just(String::new())],
    );
    let tag = (
        prop::sample::select(NAMESPACES.to_vec()),
        prop::sample::select(LOCAL_NAMES.to_vec()),
        prop::collection::vec(attribute, 0..5),
    );
    let leaf = tag.clone().prop_map(|(namespace, local_name, attributes)| {
        consistent(Model {
            namespace,
            local_name,
            attributes,
            children: Vec::new(),
        })
    });
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let child =
            prop_oneof![2 => inner.prop_map(Child::Element), 1 => text().prop_map(Child::Text)];
        (tag.clone(), prop::collection::vec(child, 0..5)).prop_map(
            |((namespace, local_name, attributes), children)| {
                consistent(Model {
                    namespace,
                    local_name,
                    attributes,
                    children,
                })
            },
        )
    })
}

/// Takes out what cannot be in one tag, and joins neighbouring texts.
fn consistent(mut model: Model) -> Model {
    let mut bound = vec![model.namespace];
    let mut kept: Vec<(Namespace<'static>, &'static str, String)> = Vec::new();
    for attribute in model.attributes {
        let (namespace, local_name, _) = &attribute;
        let clash = bound.iter().any(|other| {
            *namespace != Namespace::NONE
                && other.prefix == namespace.prefix
                && other.uri != namespace.uri
        });
        let repeated = kept
            .iter()
            .any(|(other, name, _)| (other.uri, name) == (namespace.uri, local_name));
        if !clash && !repeated {
            if *namespace != Namespace::NONE {
                bound.push(*namespace);
            }
            kept.push(attribute);
        }
    }
    model.attributes = kept;
    let mut children: Vec<Child> = Vec::new();
    for child in model.children {
        match (children.last_mut(), child) {
            (Some(Child::Text(before)), Child::Text(after)) => before.push_str(&after),
            (_, child) => children.push(child),
        }
    }
    model.children = children;
    model
}

fn written(model: &Model) -> Vec<u8> {
    fn element(writer: &mut Writer<'_, 'static>, model: &Model) {
        writer
            .start(model.namespace, model.local_name)
            .expect("start");
        for (namespace, local_name, value) in &model.attributes {
            writer
                .attribute_ns(*namespace, local_name, value)
                .expect("attribute");
        }
        for child in &model.children {
            match child {
                Child::Element(inner) => element(writer, inner),
                Child::Text(text) => writer.text(text).expect("text"),
            }
        }
        writer.end().expect("end");
    }
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    element(&mut writer, model);
    writer.finish().expect("a whole element");
    out
}

fn read(input: &[u8]) -> Document {
    parse(input, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(input)))
}

/// Whether the element is what the model says, by everything that an application can read.
fn means(element: Element<'_>, model: &Model) -> bool {
    let attributes_match = element.attributes().len() == model.attributes.len()
        && model
            .attributes
            .iter()
            .all(|(namespace, local_name, value)| {
                let found = if *namespace == Namespace::NONE {
                    element.attribute(local_name)
                } else {
                    element.attribute_ns(namespace.uri, local_name)
                };
                found == Some(value)
            });
    let children: Vec<_> = element
        .children()
        .filter(|node| !matches!(node, Node::Comment(_)))
        .collect();
    attributes_match
        && element.is(model.namespace.uri, model.local_name)
        && element.prefix() == model.namespace.prefix
        && children.len() == model.children.len()
        && children
            .iter()
            .zip(&model.children)
            .all(|(node, child)| match (node, child) {
                (Node::Element(inner), Child::Element(model)) => {
                    inner.parent() == Some(element) && means(*inner, model)
                }
                (Node::Text(found), Child::Text(text)) => found == text,
                _ => false,
            })
}

fn canonical(document: &Document, algorithm: Algorithm) -> Vec<u8> {
    let mut out = Vec::new();
    canonicalize_document(document, algorithm, &[], None, &mut out).expect("canonical form");
    out
}

/// Writes a model in one of the ways that XML allows, chosen by a seed.
struct Careless {
    seed: u64,
    comments: bool,
    out: String,
}

impl Careless {
    fn choose(&mut self, of: u64) -> u64 {
        // SplitMix64.
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (bits ^ (bits >> 31)) % of
    }

    fn space(&mut self, least: usize) {
        let count = least + self.choose(3).saturating_sub(1) as usize;
        for _ in 0..count {
            let space = [" ", "\n", "\t", "\r\n"][self.choose(4) as usize];
            self.out.push_str(space);
        }
    }

    fn reference(&mut self, character: char) {
        let code = u32::from(character);
        let written = match (self.choose(3), character) {
            (0, '<') => "&lt;".to_owned(),
            (0, '>') => "&gt;".to_owned(),
            (0, '&') => "&amp;".to_owned(),
            (0, '"') => "&quot;".to_owned(),
            (0, '\'') => "&apos;".to_owned(),
            (1, _) => format!("&#{code:05};"),
            _ => format!("&#x{code:X};"),
        };
        self.out.push_str(&written);
    }

    fn value(&mut self, value: &str) {
        let quote = if self.choose(2) == 0 { '"' } else { '\'' };
        self.out.push(quote);
        for character in value.chars() {
            let must = character == quote || matches!(character, '<' | '&' | '\t' | '\n' | '\r');
            if must || self.choose(8) == 0 {
                self.reference(character);
            } else if character == ' ' {
                let space = [" ", "\n", "\t", "\r"][self.choose(4) as usize];
                // A CR before a LF would be one space only.
                self.out
                    .push_str(if space == "\n" && self.out.ends_with('\r') {
                        " "
                    } else {
                        space
                    });
            } else {
                self.out.push(character);
            }
        }
        self.out.push(quote);
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match self.choose(10) {
                0 if !matches!(character, '\r' | ']') => {
                    self.out.push_str("<![CDATA[");
                    self.out.push(character);
                    self.out.push_str("]]>");
                }
                1 => self.reference(character),
                _ if matches!(character, '<' | '>' | '&' | '\r') => self.reference(character),
                _ if character == '\n' && !self.out.ends_with('\r') => {
                    let line_end = ["\n", "\r\n"][self.choose(2) as usize];
                    self.out.push_str(line_end);
                }
                _ => self.out.push(character),
            }
        }
    }

    fn comment(&mut self) {
        if self.comments && self.choose(4) == 0 {
            self.out.push_str("<!-- <&]]> - -->");
        }
    }

    fn name(&mut self, prefix: &str, local_name: &str) {
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(local_name);
    }

    fn element(&mut self, model: &Model) {
        self.out.push('<');
        self.name(model.namespace.prefix, model.local_name);
        let mut declarations: Vec<Namespace<'static>> = vec![model.namespace];
        for (namespace, _, _) in &model.attributes {
            let known = *namespace == Namespace::NONE || declarations.contains(namespace);
            // The prefix `xml` may be declared or not.
            if !known && (*namespace != Namespace::XML || self.choose(2) == 0) {
                declarations.push(*namespace);
            }
        }
        if self.choose(3) == 0 {
            declarations.push(Namespace::new("unused", "urn:unused"));
        }
        let mut all: Vec<(String, &str)> = declarations
            .iter()
            .map(|namespace| match namespace.prefix {
                "" => ("xmlns".to_owned(), namespace.uri),
                prefix => (format!("xmlns:{prefix}"), namespace.uri),
            })
            .collect();
        for (namespace, local_name, value) in &model.attributes {
            let name = match namespace.prefix {
                "" => (*local_name).to_owned(),
                prefix => format!("{prefix}:{local_name}"),
            };
            all.push((name, value));
        }
        while !all.is_empty() {
            let next = self.choose(all.len() as u64) as usize;
            let (name, value) = all.swap_remove(next);
            self.space(1);
            self.out.push_str(&name);
            self.space(0);
            self.out.push('=');
            self.space(0);
            self.value(value);
        }
        self.space(0);
        if model.children.is_empty() && self.choose(2) == 0 {
            self.out.push_str("/>");
            return;
        }
        self.out.push('>');
        for child in &model.children {
            self.comment();
            match child {
                Child::Element(inner) => self.element(inner),
                Child::Text(text) => self.text(text),
            }
        }
        self.comment();
        self.out.push_str("</");
        self.name(model.namespace.prefix, model.local_name);
        self.space(0);
        self.out.push('>');
    }
}

fn carelessly(model: &Model, seed: u64, comments: bool) -> String {
    let mut careless = Careless {
        seed,
        comments,
        out: String::new(),
    };
    if careless.choose(2) == 0 {
        careless
            .out
            .push_str("<?xml version='1.0' standalone=\"yes\" ?>\r\n");
    }
    careless.element(model);
    careless.space(0);
    careless.out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(model in model()) {
        let written = written(&model);
        prop_assert!(means(read(&written).root(), &model), "{}", String::from_utf8_lossy(&written));
    }

    #[test]
    fn what_is_written_is_canonical(model in model()) {
        let written = written(&model);
        let again = canonical(&read(&written), Algorithm::ExclusiveWithComments);
        prop_assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&written));
    }

    #[test]
    fn how_it_is_written_does_not_matter(model in model(), seed in any::<u64>()) {
        let source = carelessly(&model, seed, false);
        let document = read(source.as_bytes());
        prop_assert!(means(document.root(), &model), "{}", source);
        let exclusive = canonical(&document, Algorithm::Exclusive);
        let written = written(&model);
        prop_assert_eq!(String::from_utf8_lossy(&exclusive), String::from_utf8_lossy(&written), "{}", source);
        let commented = carelessly(&model, seed, true);
        prop_assert_eq!(canonical(&read(commented.as_bytes()), Algorithm::Exclusive), exclusive, "{}", commented);
    }

    #[test]
    fn canonical_form_is_its_own_canonical_form(model in model(), seed in any::<u64>()) {
        let document = read(carelessly(&model, seed, true).as_bytes());
        for algorithm in [
            Algorithm::Exclusive,
            Algorithm::ExclusiveWithComments,
            Algorithm::Inclusive,
            Algorithm::InclusiveWithComments,
            Algorithm::Inclusive11,
            Algorithm::Inclusive11WithComments,
        ] {
            let once = canonical(&document, algorithm);
            let twice = canonical(&read(&once), algorithm);
            prop_assert_eq!(String::from_utf8_lossy(&twice), String::from_utf8_lossy(&once));
        }
    }

    /// An element cut out by exclusive canonicalisation stands for itself: that is what exclusive means.
    #[test]
    fn an_element_cut_out_is_unchanged(model in model(), seed in any::<u64>()) {
        let document = read(carelessly(&model, seed, false).as_bytes());
        for element in document.root().elements() {
            let mut out = Vec::new();
            canonicalize(element, Algorithm::Exclusive, &[], None, &mut out).expect("canonical form");
            let alone = read(&out);
            prop_assert_eq!(canonical(&alone, Algorithm::Exclusive), out);
            // Inclusive canonicalisation of the whole and of a part agree about inner text.
            prop_assert_eq!(alone.root().text().ok(), element.text().ok());
        }
    }

    #[test]
    fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = parse(&bytes, &Limits::default()) {
            prop_assert!(error.offset <= bytes.len());
        }
    }

    /// Bytes changed, cut and moved in a good document: an answer, and a canonical form if it is accepted.
    #[test]
    fn damaged_documents_have_an_answer(
        model in model(),
        seed in any::<u64>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..4),
    ) {
        let mut bytes = carelessly(&model, seed, true).into_bytes();
        for (at, byte, how) in damage {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes[at] = b"<>&;'\"/!?-[]:= x\n"[usize::from(byte) % 17],
                2 => bytes.truncate(at),
                _ => bytes.rotate_left(at),
            }
        }
        match parse(&bytes, &Limits::default()) {
            Ok(document) => {
                let mut out = Vec::new();
                if canonicalize(document.root(), Algorithm::Inclusive11, &[], None, &mut out).is_ok() {
                    prop_assert!(parse(&out, &Limits::default()).is_ok());
                }
            }
            Err(error) => prop_assert!(error.offset <= bytes.len()),
        }
    }
}
