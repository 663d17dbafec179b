//! Random documents that stress what canonicalization is about: prefixes declared, used, redeclared and undeclared at
//! different depths, attributes in namespaces, `xml:` attributes, character references, CDATA, comments, odd white space.

use proptest::prelude::*;

const PREFIXES: [&str; 4] = ["", "a", "b", "saml"];
const URIS: [&str; 5] = [
    "urn:one",
    "urn:two",
    "http://x.example/?q=1#r",
    "urn:a",
    "urn:Z",
];

#[derive(Clone, Debug)]
struct Node {
    prefix: usize,
    name: usize,
    /// Declarations made here: prefix and URI.
    declared: Vec<(usize, usize)>,
    /// Attributes: prefix (or `xml`), name, value.
    attributes: Vec<(usize, usize, String)>,
    content: Vec<Content>,
}

#[derive(Clone, Debug)]
enum Content {
    Element(Node),
    Text(String),
    Comment(String),
    Cdata(String),
}

const NAMES: [&str; 4] = ["e", "f", "Élan", "ID"];
const LOCALS: [&str; 5] = ["x", "y", "lang", "base", "É"];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just("t".to_owned()),
            Just(" \t\n".to_owned()),
            Just("\r\n".to_owned()),
            Just("&#13;".to_owned()),
            Just("&#x9;&#xA;".to_owned()),
            Just("&lt;&gt;&amp;&quot;&apos;".to_owned()),
            Just(">".to_owned()),
            Just("é😀\u{2028}\u{a0}".to_owned()),
            Just("&#x1F600;".to_owned()),
        ],
        0..4,
    )
    .prop_map(|parts| parts.concat())
}

fn attributes() -> impl Strategy<Value = Vec<(usize, usize, String)>> {
    proptest::collection::vec((0..=PREFIXES.len(), 0..LOCALS.len(), text()), 0..4)
}

fn node() -> impl Strategy<Value = Node> {
    let head = || {
        (
            0..PREFIXES.len(),
            0..NAMES.len(),
            proptest::collection::vec((0..PREFIXES.len(), 0..=URIS.len()), 0..3),
            attributes(),
        )
    };
    let leaf = (head(), text()).prop_map(|((prefix, name, declared, attributes), text)| Node {
        prefix,
        name,
        declared,
        attributes,
        content: if text.is_empty() {
            vec![]
        } else {
            vec![Content::Text(text)]
        },
    });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let content = prop_oneof![
            3 => inner.prop_map(Content::Element),
            2 => text().prop_map(Content::Text),
            1 => "[ a-c<&>é]{0,5}".prop_map(Content::Comment),
            1 => "[ a-c<&>é\n\r]{0,5}".prop_map(Content::Cdata),
        ];
        (head(), proptest::collection::vec(content, 0..4)).prop_map(
            |((prefix, name, declared, attributes), content)| Node {
                prefix,
                name,
                declared,
                attributes,
                content,
            },
        )
    })
}

/// Writes the node; `scope` says which prefixes are bound to what.
fn write(node: &Node, scope: [Option<usize>; PREFIXES.len()], out: &mut String) {
    let mut scope = scope;
    let mut declarations = String::new();
    let mut done = [false; PREFIXES.len()];
    let mut declare = |prefix: usize, uri: usize, scope: &mut [Option<usize>; PREFIXES.len()]| {
        if done[prefix] || (prefix != 0 && uri == URIS.len()) {
            return;
        }
        done[prefix] = true;
        let name = if prefix == 0 {
            "xmlns".to_owned()
        } else {
            format!("xmlns:{}", PREFIXES[prefix])
        };
        // One past the last URI undeclares the default namespace.
        let value = URIS.get(uri).copied().unwrap_or_default();
        scope[prefix] = (uri < URIS.len()).then_some(uri);
        declarations.push_str(&format!(" {name}=\"{value}\""));
    };
    for (prefix, uri) in &node.declared {
        declare(*prefix, *uri, &mut scope);
    }
    if node.prefix != 0 && scope[node.prefix].is_none() {
        declare(node.prefix, 0, &mut scope);
    }
    let mut attributes = String::new();
    let mut expanded = Vec::new();
    for (prefix, local, value) in &node.attributes {
        let (name, namespace) = match *prefix {
            0 => (LOCALS[*local].to_owned(), "".to_owned()),
            4 => (format!("xml:{}", LOCALS[*local]), "xml".to_owned()),
            bound => {
                if scope[bound].is_none() {
                    declare(bound, 1, &mut scope);
                }
                let Some(uri) = scope[bound] else { continue };
                (
                    format!("{}:{}", PREFIXES[bound], LOCALS[*local]),
                    URIS[uri].to_owned(),
                )
            }
        };
        let key = (namespace, *local);
        if !expanded.contains(&key) {
            expanded.push(key);
            attributes.push_str(&format!(" {name}=\"{}\"", value.replace('"', "&quot;")));
        }
    }
    let prefix = PREFIXES[node.prefix];
    let colon = if prefix.is_empty() { "" } else { ":" };
    let name = format!("{prefix}{colon}{}", NAMES[node.name]);
    out.push_str(&format!("<{name}{declarations}{attributes}"));
    if node.content.is_empty() {
        out.push_str("/>");
        return;
    }
    out.push('>');
    for content in &node.content {
        match content {
            Content::Element(element) => write(element, scope, out),
            Content::Text(text) => out.push_str(text),
            Content::Comment(text) => out.push_str(&format!("<!--{text}-->")),
            Content::Cdata(text) => out.push_str(&format!("<![CDATA[{text}]]>")),
        }
    }
    out.push_str(&format!("</{name}>"));
}

/// A well-formed document.
pub(crate) fn document() -> impl Strategy<Value = String> {
    (node(), any::<bool>()).prop_map(|(node, around)| {
        let mut out = String::new();
        if around {
            out.push_str("<?xml version='1.0'?>\n<!-- before -->");
        }
        write(&node, [None; PREFIXES.len()], &mut out);
        if around {
            out.push_str("\n<!-- after -->\n");
        }
        out
    })
}

/// A document after a few random cuts and pastes of its own text: mostly not well-formed, sometimes surprisingly so.
pub(crate) fn mutated() -> impl Strategy<Value = String> {
    (
        document(),
        proptest::collection::vec(
            (any::<usize>(), any::<usize>(), 0..12_usize, any::<bool>()),
            1..3,
        ),
    )
        .prop_map(|(document, steps)| {
            let mut characters: Vec<char> = document.chars().collect();
            for (from, to, length, cut) in steps {
                let from = from % characters.len().max(1);
                let end = (from + length).min(characters.len());
                let piece: Vec<char> = characters[from..end].to_vec();
                if cut {
                    characters.drain(from..end);
                }
                let at = to % (characters.len() + 1);
                characters.splice(at..at, piece);
            }
            characters.into_iter().collect()
        })
}

/// A PrefixList.
pub(crate) fn prefixes() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec!["a", "b", "saml", "#default", "unbound"], 0..=3)
}
