//! The parser against small inputs, one rule at a time.

use crate::{Document, ErrorKind, Limits, Node, parse, parse_in_context};

fn read(input: &str) -> Document {
    parse(input.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{input:?}: {error}"))
}

fn refused(input: impl AsRef<[u8]>) -> ErrorKind {
    let input = input.as_ref();
    match parse(input, &Limits::default()) {
        Ok(document) => panic!("{:?} gave {document:?}", String::from_utf8_lossy(input)),
        Err(error) => error.kind,
    }
}

#[test]
fn elements_attributes_and_text() {
    let document = read(
        "<?xml version='1.0' encoding=\"utf-8\" ?>\n<!--c--><a:r xmlns:a='urn:a' xmlns='urn:d' b='1' a:b='2'> t <x/>u<a:y>v</a:y ></a:r>\n<!--d-->",
    );
    let root = document.root();
    assert!(root.is("urn:a", "r"));
    assert_eq!(root.prefix(), "a");
    assert_eq!(root.attribute("b"), Some("1"));
    assert_eq!(root.attribute_ns("urn:a", "b"), Some("2"));
    assert_eq!(root.attributes().len(), 2);
    assert_eq!(root.text(), Err(crate::NotText));
    let children: Vec<_> = root.children().collect();
    let [
        Node::Text(" t "),
        Node::Element(x),
        Node::Text("u"),
        Node::Element(y),
    ] = children[..]
    else {
        panic!("{children:?}");
    };
    assert!(x.is("urn:d", "x"));
    assert_eq!(x.text(), Ok(""));
    assert_eq!(y.text(), Ok("v"));
    assert_eq!(root.first_child("urn:a", "y"), Some(y));
    assert_eq!(root.first_child("urn:d", "y"), None);
    assert_eq!(root.elements().collect::<Vec<_>>(), [x, y]);
    assert_eq!(y.parent(), Some(root));
    assert_eq!(root.parent(), None);
    assert!(y.is_descendant_of(root) && !root.is_descendant_of(root));
    assert!(!x.is_descendant_of(y) && !y.is_descendant_of(x));
    let twin = read("<!--c--><a:r xmlns:a='urn:a'><a:y/></a:r>");
    assert_ne!(root, twin.root());
    assert!(
        !y.is_descendant_of(twin.root())
            && !twin.root().elements().any(|y| y.is_descendant_of(root))
    );
    assert_eq!(root.namespaces_in_scope(), [("a", "urn:a"), ("", "urn:d")]);
    assert!(!root.has_comments_within());
}

#[test]
fn text_is_whole_and_comments_are_no_text() {
    let text = read("<a>x&lt;y&#x20AC;<![CDATA[<&]]>z&amp;<![CDATA[]]>&#13;</a>");
    assert_eq!(text.root().text(), Ok("x<y€<&z&\r"));
    assert_eq!(text.node_count(), 2);
    let comment = read("<a>admin<!---->@x</a>");
    assert_eq!(comment.root().text(), Err(crate::NotText));
    assert!(comment.root().has_comments_within());
    assert_eq!(
        read("<a><!--only--></a>").root().text(),
        Err(crate::NotText)
    );
}

#[test]
fn line_ends_and_attribute_values_are_normalised() {
    let document = read("<a b='1\r\n2\t3&#9;&#xA;&#xD;&quot;\"'>x\r\ny\rz\n</a>");
    assert_eq!(document.root().attribute("b"), Some("1 2 3\t\n\r\"\""));
    assert_eq!(document.root().text(), Ok("x\ny\nz\n"));
}

#[test]
fn namespaces_are_scoped() {
    let document = read("<a xmlns='urn:1'><b xmlns=''><c xmlns:p='urn:2'/></b><d/></a>");
    let b = document.root().elements().next().expect("b");
    assert_eq!(b.namespace(), "");
    assert_eq!(
        b.elements().next().map(|c| c.namespaces_in_scope()),
        Some(vec![("p", "urn:2")])
    );
    assert!(document.root().first_child("urn:1", "d").is_some());
    let in_scope = [("p", "urn:p"), ("", "urn:d")];
    let fragment =
        parse_in_context(b"<p:a><b/></p:a>", &Limits::default(), &in_scope).expect("bound");
    assert!(fragment.root().is("urn:p", "a"));
    assert!(fragment.root().first_child("urn:d", "b").is_some());
    assert_eq!(fragment.root().namespaces_in_scope(), in_scope);
    for context in [
        [("p", "")],
        [("xml", "urn:x")],
        [("p:q", "urn:x")],
        [("p", crate::XMLNS_NAMESPACE)],
    ] {
        let error = parse_in_context(b"<a/>", &Limits::default(), &context).expect_err("context");
        assert_eq!(error.kind, ErrorKind::MalformedContext);
    }
    let small = Limits {
        bytes: 16,
        namespaces: 2,
        ..Limits::default()
    };
    let within = |context: &[(&str, &str)]| {
        let parsed = parse_in_context(b"<a/>", &small, context);
        parsed.map(|_| ()).map_err(|error| error.kind)
    };
    assert_eq!(within(&[("p", "urn:1"), ("q", "urn:234")]), Ok(()));
    for context in [
        [("p", "urn:1"), ("q", "urn:23456789")].as_slice(),
        &[("p", "u:"), ("q", "u:"), ("r", "u:")],
    ] {
        assert_eq!(within(context), Err(ErrorKind::MalformedContext));
    }
    let twice = [("p", "urn:1"), ("p", "urn:2")];
    let error = parse_in_context(b"<a/>", &Limits::default(), &twice).expect_err("context");
    assert_eq!(error.kind, ErrorKind::MalformedContext);
}

#[test]
fn ids_are_unique_and_un_namespaced() {
    let document =
        read("<a ID='1'><b ID='2' Id='9' x:ID='8' xmlns:x='urn:x' xml:id='7'/><c ID='10'/></a>");
    assert_eq!(document.element_by_id("1"), Some(document.root()));
    assert_eq!(
        document.element_by_id("10").map(|e| e.local_name()),
        Some("c")
    );
    for id in ["9", "8", "7", ""] {
        assert_eq!(document.element_by_id(id), None);
    }
    assert_eq!(refused("<a ID='1'><b ID='1'/></a>"), ErrorKind::DuplicateId);
    assert_eq!(
        refused("<a ID='1'><b ID='&#x31;'/></a>"),
        ErrorKind::DuplicateId
    );
}

#[test]
fn refusals() {
    use ErrorKind::*;
    let cases: &[(&[u8], ErrorKind)] = &[
        (b"", NoRoot),
        (b" <!--x--> ", NoRoot),
        (b"<a", UnexpectedEnd),
        (b"<a>", UnexpectedEnd),
        (b"<a><", UnexpectedEnd),
        (b"<a></a", UnexpectedEnd),
        (b"<a><!--", UnexpectedEnd),
        (b"<a><![CDATA[", UnexpectedEnd),
        (b"<a b='", UnexpectedEnd),
        (b"<a></b>", MismatchedEndTag),
        (b"<a></ab>", MismatchedEndTag),
        (b"<ab></a>", MismatchedEndTag),
        (b"<a></a b>", UnexpectedCharacter),
        (b"<a/ >", UnexpectedCharacter),
        (b"<a b>", UnexpectedCharacter),
        (b"<a b=c/>", UnexpectedCharacter),
        (b"<a b='1'c='2'/>", MissingWhiteSpace),
        (b"<a b='<'/>", LessThanInAttribute),
        (b"<a b='1' b='2'/>", DuplicateAttribute),
        (
            b"<a xmlns:p='u:' xmlns:q='u:' p:b='1' q:b='2'/>",
            DuplicateAttribute,
        ),
        (b"<a xmlns='u:' xmlns='u:'/>", DuplicateAttribute),
        (b"<a xmlns:p='u:' xmlns:p='u:'/>", DuplicateAttribute),
        (b"<a><p:b xmlns:p='u:'/><p:c/></a>", UnboundPrefix),
        (b"<a p:b='1'/>", UnboundPrefix),
        (b"<a xmlns:p=''/>", EmptyNamespace),
        (b"<a xmlns:xmlns='u:'/>", ReservedNamespace),
        (b"<xmlns:a/>", UnboundPrefix),
        (b"<a xmlns:xml='u:'/>", ReservedNamespace),
        (
            b"<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
            ReservedNamespace,
        ),
        (
            b"<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
            ReservedNamespace,
        ),
        (b"<a:b:c xmlns:a='u:'/>", MalformedName),
        (b"<:a/>", MalformedName),
        (b"<a:/>", MalformedName),
        (b"<1/>", MalformedName),
        (b"<a>&b;</a>", UnknownEntity),
        (b"<a>&b</a>", MalformedReference),
        (b"<a>& </a>", MalformedReference),
        (b"<a>&#;</a>", MalformedReference),
        (b"<a>&#xg;</a>", MalformedReference),
        (b"<a>&#0;</a>", ForbiddenReference),
        (b"<a>&#xD800;</a>", ForbiddenReference),
        (b"<a>&#xFFFF;</a>", ForbiddenReference),
        (b"<a>&#4294967361;</a>", ForbiddenReference),
        (b"<a b='&#1;'/>", ForbiddenReference),
        (b"<a>]]></a>", CdataEndInText),
        (b"<a><!--a--b--></a>", DoubleHyphenInComment),
        (b"<a><!--a---></a>", DoubleHyphenInComment),
        (b"<a/><b/>", ContentOutsideRoot),
        (b"<a/>x", ContentOutsideRoot),
        (b"x<a/>", ContentOutsideRoot),
        (b"<a/><![CDATA[]]>", ContentOutsideRoot),
        (b"<a>\x00</a>", ForbiddenCharacter),
        (b"<a b='\x1F'/>", ForbiddenCharacter),
        (b"<a>\xEF\xBF\xBE</a>", ForbiddenCharacter),
        (b"<a>\xFF</a>", NotUtf8),
        (b"<a>\xC0\xBC</a>", NotUtf8),
        (b"<a>\xED\xA0\x80</a>", NotUtf8),
        (b"\xFF\xFE<\0a\0/\0>\0", NotUtf8),
        (b"<!DOCTYPE a><a/>", Doctype),
        (b"<a><!DOCTYPE a></a>", Doctype),
        (b"<a><!ELEMENT></a>", UnexpectedCharacter),
        (b"<?p?><a/>", ProcessingInstruction),
        (b"<a><?p?></a>", ProcessingInstruction),
        (b"<a/><?p?>", ProcessingInstruction),
        (b" <?xml version='1.0'?><a/>", ProcessingInstruction),
        (b"<?xml version='1.1'?><a/>", UnsupportedVersion),
        (
            b"<?xml version='1.0' encoding='UTF-16'?><a/>",
            UnsupportedEncoding,
        ),
        (
            b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            UnsupportedEncoding,
        ),
        (b"<?xml encoding='UTF-8'?><a/>", MalformedDeclaration),
        (
            b"<?xml version='1.0'encoding='UTF-8'?><a/>",
            MalformedDeclaration,
        ),
        (
            b"<?xml version='1.0' standalone='maybe'?><a/>",
            MalformedDeclaration,
        ),
        (b"<?xml version='1.0'><a/>", MalformedDeclaration),
    ];
    for (input, kind) in cases {
        assert_eq!(
            refused(input),
            *kind,
            "{:?}",
            String::from_utf8_lossy(input)
        );
    }
}

#[test]
fn a_byte_order_mark_is_skipped_once() {
    assert_eq!(
        read("\u{FEFF}<?xml version='1.0'?><a/>")
            .root()
            .local_name(),
        "a"
    );
    assert_eq!(
        refused("\u{FEFF}\u{FEFF}<a/>"),
        ErrorKind::ContentOutsideRoot
    );
}

#[test]
fn limits_are_exact() {
    let limits = Limits {
        bytes: 1000,
        depth: 3,
        nodes: 4,
        attributes: 20,
        namespaces: 2,
        name: 7,
    };
    let check = |input: &str| {
        parse(input.as_bytes(), &limits)
            .map(|_| ())
            .map_err(|error| error.kind)
    };
    assert_eq!(check("<a><b><c/></b></a>"), Ok(()));
    assert_eq!(check("<a><b><c><d/></c></b></a>"), Err(ErrorKind::TooDeep));
    assert_eq!(check("<a>1<b/>2</a>"), Ok(()));
    assert_eq!(check("<a>1<b/>2<c/></a>"), Err(ErrorKind::TooManyNodes));
    let many =
        |count: usize| (0..count).fold("<a".to_owned(), |tag, at| format!("{tag} a{at}=''")) + "/>";
    assert_eq!(check(&many(20)), Ok(()));
    assert_eq!(check(&many(21)), Err(ErrorKind::TooManyAttributes));
    assert_eq!(
        check(&many(19).replace("/>", " a3=''/>")),
        Err(ErrorKind::DuplicateAttribute)
    );
    assert_eq!(
        check("<a xmlns:a='a:'><b xmlns:b='b:'/><b xmlns:b='b:'/></a>"),
        Ok(())
    );
    assert_eq!(
        check("<a xmlns:a='a:' xmlns='c:'><b xmlns:b='b:'/></a>"),
        Err(ErrorKind::TooManyNamespaces)
    );
    assert_eq!(check("<a:bcdef xmlns:a='a:'/>"), Ok(()));
    assert_eq!(check("<abcdefgh/>"), Err(ErrorKind::NameTooLong));
    assert_eq!(check(&format!("<a>{}</a>", "x".repeat(993))), Ok(()));
    assert_eq!(
        check(&format!("<a>{}</a>", "x".repeat(994))),
        Err(ErrorKind::TooLarge)
    );
}

#[test]
fn many_prefixes_and_namespaces_keep_their_meaning() {
    let limits = Limits {
        namespaces: 300,
        ..Limits::default()
    };
    let declared = (0..200).fold("<a".to_owned(), |tag, at| {
        format!("{tag} xmlns:p{at}='urn:{at}'")
    });
    let used = (0..200).fold(declared + ">", |text, at| {
        format!("{text}<p{at}:e p{}:f=''/>", 199 - at)
    }) + "</a>";
    let document = parse(used.as_bytes(), &limits).expect("well-formed");
    for (at, element) in document.root().elements().enumerate() {
        assert!(element.is(&format!("urn:{at}"), "e"));
        assert_eq!(
            element.attribute_ns(&format!("urn:{}", 199 - at), "f"),
            Some("")
        );
    }
}

#[test]
fn errors_name_the_place_in_the_input() {
    let error =
        parse("\u{FEFF}<a>\r\n\r\né&x;</a>".as_bytes(), &Limits::default()).expect_err("entity");
    assert_eq!(error.kind, ErrorKind::UnknownEntity);
    assert_eq!((error.offset, error.line, error.column), (12, 3, 2));
    assert_eq!(
        error.to_string(),
        "reference to an unknown entity at line 3, column 2 (byte 12)"
    );
    // Each line end before the place counts as it was written, each one after it does not.
    let lines = "\r\n".repeat(20);
    let error = parse(
        format!("<a>{lines}\r\r\n&x;{lines}</a>").as_bytes(),
        &Limits::default(),
    );
    let error = error.expect_err("entity");
    assert_eq!((error.offset, error.line, error.column), (46, 22, 1));
}

#[test]
fn a_document_may_go_to_another_thread() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&read("<a/>"));
}
