//! The writer, one rule at a time.

use super::{Namespace, WriteError, Writer};

const P: Namespace<'static> = Namespace::new("p", "urn:p");
const Q: Namespace<'static> = Namespace::new("q", "urn:a");
const DEFAULT: Namespace<'static> = Namespace::new("", "urn:d");

fn written(write: impl FnOnce(&mut Writer<'_, 'static>) -> Result<(), WriteError>) -> String {
    let mut out = b"before".to_vec();
    let mut writer = Writer::new(&mut out);
    write(&mut writer).expect("written");
    writer.finish().expect("a whole element");
    String::from_utf8(out)
        .expect("UTF-8")
        .strip_prefix("before")
        .expect("appended")
        .to_owned()
}

fn refused(write: impl FnOnce(&mut Writer<'_, 'static>) -> Result<(), WriteError>) -> WriteError {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    write(&mut writer).expect_err("refused")
}

#[test]
fn namespaces_are_declared_where_first_used_and_attributes_put_in_order() {
    let text = written(|writer| {
        writer.start(P, "a")?;
        writer.attribute_ns(P, "z", "1")?;
        writer.attribute_ns(Q, "y", "2")?;
        writer.attribute("x", "3")?;
        writer.attribute_ns(Namespace::XML, "lang", "fr")?;
        writer.attribute("b", "\t\n\r<>&\"'")?;
        writer.start(Namespace::NONE, "c")?;
        writer.end()?;
        writer.start(DEFAULT, "d")?;
        writer.start(Namespace::NONE, "e")?;
        writer.text("\t\n\r<>&\"']]>")?;
        writer.end()?;
        writer.text_element(Namespace::new("p", "urn:other"), "f", "")?;
        writer.end()?;
        writer.text_element(P, "g", "h")?;
        writer.end()
    });
    assert_eq!(
        text,
        "<p:a xmlns:p=\"urn:p\" xmlns:q=\"urn:a\" b=\"&#x9;&#xA;&#xD;&lt;>&amp;&quot;'\" x=\"3\" xml:lang=\"fr\" q:y=\"2\" p:z=\"1\"><c></c><d xmlns=\"urn:d\"><e xmlns=\"\">\t\n&#xD;&lt;&gt;&amp;\"']]&gt;</e><p:f xmlns:p=\"urn:other\"></p:f></d><p:g>h</p:g></p:a>"
    );
}

#[test]
fn prepared_octets_and_positions() {
    let mut position = 0;
    let text = written(|writer| {
        writer.start(P, "a")?;
        writer.namespace(Q)?;
        position = writer.position()?;
        writer.canonical(b"<b></b>")?;
        writer.end()
    });
    assert_eq!(
        text,
        "<p:a xmlns:p=\"urn:p\" xmlns:q=\"urn:a\"><b></b></p:a>"
    );
    assert_eq!(&text[position - "before".len()..], "<b></b></p:a>");
}

#[test]
fn what_is_not_xml_is_refused() {
    for character in ['\0', '\u{1}', '\u{B}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
        let text = format!("a{character}b");
        let in_text = refused(|writer| {
            writer.start(P, "a")?;
            writer.text(&text)
        });
        let in_attribute = refused(|writer| {
            writer.start(P, "a")?;
            writer.attribute("b", &text)
        });
        assert_eq!([in_text, in_attribute], [WriteError::ForbiddenCharacter; 2]);
    }
    for name in ["", "a:b", "1", "a b", "a>"] {
        assert_eq!(
            refused(|writer| writer.start(P, name)),
            WriteError::MalformedName
        );
    }
    assert_eq!(
        refused(|writer| writer.start(Namespace::new("a b", "urn:x"), "a")),
        WriteError::MalformedName
    );
    for (prefix, uri) in [
        ("p", ""),
        ("xml", "urn:x"),
        ("xmlns", "urn:x"),
        ("p", crate::XML_NAMESPACE),
        ("", crate::XMLNS_NAMESPACE),
        ("p", "relative"),
    ] {
        assert_eq!(
            refused(|writer| writer.start(Namespace::new(prefix, uri), "a")),
            WriteError::Namespace
        );
    }
}

#[test]
fn attributes_do_not_clash() {
    type Attribute = (Namespace<'static>, &'static str);
    let both = |first: Attribute, second: Attribute| {
        refused(|writer| {
            writer.start(P, "a")?;
            writer.attribute_ns(first.0, first.1, "")?;
            writer.attribute_ns(second.0, second.1, "")
        })
    };
    let none = Namespace::NONE;
    assert_eq!(
        both((none, "b"), (none, "b")),
        WriteError::DuplicateAttribute
    );
    assert_eq!(
        both((P, "b"), (Namespace::new("r", "urn:p"), "b")),
        WriteError::DuplicateAttribute
    );
    assert_eq!(
        both((none, "b"), (Namespace::new("p", "urn:x"), "b")),
        WriteError::Namespace
    );
    assert_eq!(both((none, "b"), (DEFAULT, "b")), WriteError::Namespace);
    assert_eq!(
        both((none, "b"), (none, "xmlns")),
        WriteError::MalformedName
    );
}

#[test]
fn calls_out_of_place_are_refused() {
    let refusals = [
        refused(|writer| writer.text("a")),
        refused(|writer| writer.end()),
        refused(|writer| writer.attribute("a", "b")),
        refused(|writer| writer.position().map(|_| ())),
        refused(|writer| writer.canonical(b"<a></a>")),
        refused(|writer| {
            writer.start(P, "a")?;
            writer.text("")?;
            writer.attribute("a", "b")
        }),
        refused(|writer| {
            writer.start(P, "a")?;
            writer.end()?;
            writer.start(P, "a")
        }),
    ];
    assert_eq!(refusals, [WriteError::OutOfPlace; 7]);
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    assert_eq!(writer.start(P, "a"), Ok(()));
    assert_eq!(writer.finish(), Err(WriteError::OutOfPlace));
}
