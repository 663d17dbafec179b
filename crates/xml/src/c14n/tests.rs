//! Canonicalisation against small documents, one rule at a time.

use super::{Algorithm, C14nError, canonicalize, canonicalize_document};
use crate::{Document, Limits, parse, parse_in_context};

fn read(input: &str) -> Document {
    parse(input.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{input:?}: {error}"))
}

fn canonical(input: &str, id: &str, algorithm: Algorithm, prefixes: &[&str]) -> String {
    let document = read(input);
    let apex = if id.is_empty() {
        document.root()
    } else {
        document.element_by_id(id).expect("apex")
    };
    let mut out = Vec::new();
    canonicalize(apex, algorithm, prefixes, None, &mut out).expect("canonical form");
    String::from_utf8(out).expect("UTF-8")
}

fn exclusive(input: &str) -> String {
    canonical(input, "", Algorithm::Exclusive, &[])
}

#[test]
fn identifiers_are_exact() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::from_uri(algorithm.uri()), Some(algorithm));
        assert_eq!(
            algorithm.with_comments(),
            algorithm.uri().ends_with("WithComments")
        );
        assert_eq!(
            algorithm.is_exclusive(),
            algorithm.uri().contains("exc-c14n")
        );
    }
    assert_eq!(
        Algorithm::from_uri("http://www.w3.org/2001/10/xml-exc-c14n"),
        None
    );
}

#[test]
fn tags_attributes_and_escapes() {
    assert_eq!(
        exclusive(
            "<a  z = '1' b=\"x\ty&#9;&#10;&#13;&lt;&amp;>'\" q='\"' >&lt;&gt;&amp;'\"&#13;\r\n<b/></a>"
        ),
        "<a b=\"x y&#x9;&#xA;&#xD;&lt;&amp;>'\" q=\"&quot;\" z=\"1\">&lt;&gt;&amp;'\"&#xD;\n<b></b></a>"
    );
    assert_eq!(
        exclusive("<a><![CDATA[<&>]]>]]&gt;é\u{10348}</a>"),
        "<a>&lt;&amp;&gt;]]&gt;é\u{10348}</a>"
    );
    assert_eq!(exclusive("<a>1<!--c-->2</a>"), "<a>12</a>");
}

#[test]
fn attributes_are_ordered_by_namespace_then_local_name() {
    assert_eq!(
        exclusive(
            "<e x:c='1' w:b='2' d='3' x:a='4' xml:l='5' xmlns:x='urn:1' xmlns:w='urn:2' C='6'/>"
        ),
        "<e xmlns:w=\"urn:2\" xmlns:x=\"urn:1\" C=\"6\" d=\"3\" xml:l=\"5\" x:a=\"4\" x:c=\"1\" w:b=\"2\"></e>"
    );
}

#[test]
fn exclusive_shows_what_is_visibly_utilised() {
    let input = "<a:r xmlns:a='urn:a' xmlns:b='urn:b' xmlns='urn:d'><s ID='s'><b:t a:x='1'/><b:u/><v xmlns=''><w/></v></s></a:r>";
    assert_eq!(
        canonical(input, "s", Algorithm::Exclusive, &[]),
        "<s xmlns=\"urn:d\" ID=\"s\"><b:t xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" a:x=\"1\"></b:t><b:u xmlns:b=\"urn:b\"></b:u><v xmlns=\"\"><w></w></v></s>"
    );
    assert_eq!(
        canonical(
            input,
            "s",
            Algorithm::Exclusive,
            &["b", "unknown", "", "xml"]
        ),
        "<s xmlns=\"urn:d\" xmlns:b=\"urn:b\" ID=\"s\"><b:t xmlns:a=\"urn:a\" a:x=\"1\"></b:t><b:u></b:u><v xmlns=\"\"><w></w></v></s>"
    );
}

#[test]
fn the_prefix_list_shows_redeclarations_and_the_default() {
    let input = "<r xmlns='urn:d' xmlns:p='urn:p'><p:s ID='s'><p:t xmlns=''><p:u xmlns:p='urn:q' xmlns='urn:e'/></p:t></p:s></r>";
    assert_eq!(
        canonical(input, "s", Algorithm::Exclusive, &["#default"]),
        "<p:s xmlns=\"urn:d\" xmlns:p=\"urn:p\" ID=\"s\"><p:t xmlns=\"\"><p:u xmlns=\"urn:e\" xmlns:p=\"urn:q\"></p:u></p:t></p:s>"
    );
    assert_eq!(
        canonical(input, "s", Algorithm::Exclusive, &[]),
        "<p:s xmlns:p=\"urn:p\" ID=\"s\"><p:t><p:u xmlns:p=\"urn:q\"></p:u></p:t></p:s>"
    );
}

#[test]
fn a_prefix_may_mean_something_else_inside() {
    assert_eq!(
        exclusive(
            "<p:a xmlns:p='u:1'><p:b xmlns:p='u:2'><p:c xmlns:p='u:1'/><p:d/></p:b><p:e/></p:a>"
        ),
        "<p:a xmlns:p=\"u:1\"><p:b xmlns:p=\"u:2\"><p:c xmlns:p=\"u:1\"></p:c><p:d></p:d></p:b><p:e></p:e></p:a>"
    );
}

#[test]
fn inclusive_shows_all_that_is_in_scope_and_inherits() {
    let input = "<r xmlns:b='urn:b' xmlns='urn:d' xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='fr' xml:space='preserve' xml:id='i' xml:base='x/y'><m xml:lang='en' xml:base='..'><s ID='s' xml:space='default' xmlns:a='urn:a'><t xmlns='urn:d' xmlns:b='urn:c'/></s></m></r>";
    let inside = "<t xmlns:b=\"urn:c\"></t></s>";
    assert_eq!(
        canonical(input, "s", Algorithm::Inclusive, &[]),
        format!(
            "<s xmlns=\"urn:d\" xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" ID=\"s\" xml:base=\"..\" xml:id=\"i\" xml:lang=\"en\" xml:space=\"default\">{inside}"
        )
    );
    // `x/y` and `..` join to nothing, and nothing is not rendered.
    assert_eq!(
        canonical(input, "s", Algorithm::Inclusive11, &[]),
        format!(
            "<s xmlns=\"urn:d\" xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" ID=\"s\" xml:lang=\"en\" xml:space=\"default\">{inside}"
        )
    );
    let base = "<r xml:base='x/y/z'><m xml:base='q/'><s ID='s' xml:base='../w'/></m></r>";
    assert_eq!(
        canonical(base, "s", Algorithm::Inclusive11, &[]),
        "<s ID=\"s\" xml:base=\"x/y/w\"></s>"
    );
    let own = "<r><s ID='s' xml:base='../w'/></r>";
    assert_eq!(
        canonical(own, "s", Algorithm::Inclusive11, &[]),
        "<s ID=\"s\" xml:base=\"../w\"></s>"
    );
}

#[test]
fn inclusive_undeclares_the_default_namespace_once() {
    assert_eq!(
        canonical(
            "<a xmlns='u:'><b xmlns=''><c xmlns=''/></b></a>",
            "",
            Algorithm::Inclusive,
            &[]
        ),
        "<a xmlns=\"u:\"><b xmlns=\"\"><c></c></b></a>"
    );
    assert_eq!(
        canonical(
            "<a xmlns=''><b ID='b'/></a>",
            "b",
            Algorithm::Inclusive,
            &[]
        ),
        "<b ID=\"b\"></b>"
    );
}

#[test]
fn comments_inside_and_outside() {
    let document = read("<!--1-->\n<!--2--><a><!--3--></a> <!--4--> <!--5-->");
    let whole = |algorithm| {
        let mut out = Vec::new();
        canonicalize_document(&document, algorithm, &[], None, &mut out).expect("canonical form");
        String::from_utf8(out).expect("UTF-8")
    };
    assert_eq!(
        whole(Algorithm::ExclusiveWithComments),
        "<!--1-->\n<!--2-->\n<a><!--3--></a>\n<!--4-->\n<!--5-->"
    );
    assert_eq!(whole(Algorithm::Inclusive), "<a></a>");
}

#[test]
fn the_omitted_element_is_left_out_whole() {
    let document = read("<a ID='a'>1<s ID='s'><t/>2</s>3<u/></a>");
    let omit = document.element_by_id("s");
    let mut out = b"before".to_vec();
    canonicalize(document.root(), Algorithm::Exclusive, &[], omit, &mut out)
        .expect("canonical form");
    assert_eq!(out, b"before<a ID=\"a\">13<u></u></a>");
    let other = read("<a><s/></a>");
    for (apex, omit) in [
        (document.root(), document.root()),
        (document.element_by_id("s").expect("s"), document.root()),
        (document.root(), other.root().elements().next().expect("s")),
    ] {
        let result = canonicalize(apex, Algorithm::Exclusive, &[], Some(omit), &mut out);
        assert_eq!(result, Err(C14nError::NotInside));
    }
    assert_eq!(out, b"before<a ID=\"a\">13<u></u></a>");
}

#[test]
fn relative_namespaces_have_no_canonical_form() {
    for uri in ["a", "../a", "#a", "1:a", "/a:b", ":a"] {
        let document = read(&format!("<a><b xmlns:p='{uri}'/></a>"));
        for algorithm in Algorithm::ALL {
            let mut out = b"before".to_vec();
            let result = canonicalize(document.root(), algorithm, &[], None, &mut out);
            assert_eq!(result, Err(C14nError::RelativeNamespace), "{uri}");
            assert_eq!(
                canonicalize_document(&document, algorithm, &[], None, &mut out),
                result
            );
            assert_eq!(out, b"before");
        }
    }
}

#[test]
fn a_fragment_sees_the_namespaces_of_its_context() {
    let context = [("p", "urn:p"), ("q", "urn:q"), ("", "urn:d")];
    let fragment =
        parse_in_context(b"<p:a><b/></p:a>", &Limits::default(), &context).expect("bound");
    let canonical = |algorithm| {
        let mut out = Vec::new();
        canonicalize(fragment.root(), algorithm, &[], None, &mut out).expect("canonical form");
        String::from_utf8(out).expect("UTF-8")
    };
    assert_eq!(
        canonical(Algorithm::Exclusive),
        "<p:a xmlns:p=\"urn:p\"><b xmlns=\"urn:d\"></b></p:a>"
    );
    assert_eq!(
        canonical(Algorithm::Inclusive),
        "<p:a xmlns=\"urn:d\" xmlns:p=\"urn:p\" xmlns:q=\"urn:q\"><b></b></p:a>"
    );
}

#[test]
fn long_namespace_names_cannot_inflate_the_output() {
    let long = format!("urn:{}", "x".repeat(20_000));
    let input = format!("<a xmlns:p='{long}'>{}</a>", "<p:b/>".repeat(5_000));
    let document = parse(input.as_bytes(), &Limits::default()).expect("well-formed");
    let mut out = b"before".to_vec();
    let result = canonicalize(document.root(), Algorithm::Exclusive, &[], None, &mut out);
    assert_eq!(result, Err(C14nError::TooLarge));
    assert_eq!(out, b"before");
}

#[test]
fn depth_costs_no_stack() {
    let depth = 60_000;
    let limits = Limits {
        depth: u16::MAX,
        nodes: 100_000,
        ..Limits::default()
    };
    let input = "<a>".repeat(depth) + &"</a>".repeat(depth);
    let document = parse(input.as_bytes(), &limits).expect("well-formed");
    let mut out = Vec::new();
    canonicalize(document.root(), Algorithm::Inclusive, &[], None, &mut out)
        .expect("canonical form");
    assert_eq!(out, input.as_bytes());
}
