//! S12: what is signed cannot be changed by a single character; what canonicalization does not see may be written
//! differently without another value; comments and processing instructions never change what is read.

use octroi_saml::issue::SignWhat;
use octroi_saml::response::AcceptedAssertion;

use crate::message::{PERSON, SIGNED, accept, assert_signed, response, signers};
use crate::text::{elements, inserted, replaced};

/// The signed element's text range, without its own Signature.
fn signed_ranges(text: &str, sign: SignWhat) -> Vec<std::ops::Range<usize>> {
    let spans = elements(text);
    let name = if sign == SignWhat::Response {
        "samlp:Response"
    } else {
        "saml:Assertion"
    };
    let signed = spans.iter().find(|span| span.name == name).unwrap();
    let signature = spans
        .iter()
        .find(|span| span.name == "ds:Signature" && span.whole.start > signed.whole.start)
        .unwrap();
    vec![
        signed.whole.start..signature.whole.start,
        signature.whole.end..signed.whole.end,
    ]
}

fn honest(sign: SignWhat) -> (String, AcceptedAssertion) {
    let text = response(sign, PERSON, &signers().portal);
    let accepted = accept(&text).unwrap();
    (text, accepted)
}

#[test]
fn every_changed_letter_is_refused() {
    for sign in SIGNED {
        let (text, _) = honest(sign);
        let mut changed = 0;
        for range in signed_ranges(&text, sign) {
            for at in range {
                let old = text.as_bytes()[at];
                if !old.is_ascii_alphanumeric() {
                    continue;
                }
                for new in [old ^ 1, old ^ 0x20, b'x', b'0'] {
                    if new == old || !new.is_ascii_alphanumeric() {
                        continue;
                    }
                    let xml = replaced(&text, at..at + 1, &char::from(new).to_string());
                    assert!(
                        accept(&xml).is_err(),
                        "accepted with a changed letter:\n{xml}"
                    );
                    changed += 1;
                }
            }
        }
        assert!(changed > 3_000, "{sign:?}: {changed}");
    }
}

#[test]
fn every_changed_letter_of_the_signature_is_refused() {
    for sign in SIGNED {
        let (text, _) = honest(sign);
        for span in elements(&text) {
            if !matches!(span.name.as_str(), "ds:SignedInfo" | "ds:SignatureValue") {
                continue;
            }
            for at in span.inner {
                let old = text.as_bytes()[at];
                if !old.is_ascii_alphanumeric() {
                    continue;
                }
                let new = if old == b'A' { 'B' } else { 'A' };
                let xml = replaced(&text, at..at + 1, &new.to_string());
                assert!(
                    accept(&xml).is_err(),
                    "accepted with a changed signature:\n{xml}"
                );
            }
        }
    }
}

#[test]
fn characters_taken_out_or_put_in_are_refused() {
    for sign in SIGNED {
        let (text, _) = honest(sign);
        for range in signed_ranges(&text, sign) {
            for at in range {
                if !text.as_bytes()[at].is_ascii_alphanumeric() {
                    continue;
                }
                for xml in [replaced(&text, at..at + 1, ""), inserted(&text, at, "e")] {
                    assert!(
                        accept(&xml).is_err(),
                        "accepted with another length:\n{xml}"
                    );
                }
            }
        }
    }
}

/// Rewrites of a text that leave its canonical form alone: name, and how.
fn neutral(text: &str) -> Vec<(&'static str, String)> {
    let tags = |change: fn(&str) -> String| {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('<') {
            let end = start + rest[start..].find('>').unwrap() + 1;
            out.push_str(&rest[..start]);
            let tag = &rest[start..end];
            out.push_str(&if tag.starts_with("</") {
                tag.to_owned()
            } else {
                change(tag)
            });
            rest = &rest[end..];
        }
        out + rest
    };
    let letters = |change: &dyn Fn(char) -> String| {
        let mut out = String::new();
        let (mut in_tag, mut in_entity) = (false, false);
        for c in text.chars() {
            match c {
                '<' => in_tag = true,
                '>' => in_tag = false,
                '&' => in_entity = true,
                ';' if in_entity => in_entity = false,
                c if !in_tag && !in_entity && c.is_ascii_alphabetic() => {
                    out.push_str(&change(c));
                    continue;
                }
                _ => {}
            }
            out.push(c);
        }
        out
    };
    vec![
        ("the text itself", text.to_owned()),
        (
            "a declaration",
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}"),
        ),
        ("comments around", format!("<!-- a -->{text}<!-- b -->\n")),
        ("apostrophes", tags(|tag| tag.replace('"', "'"))),
        (
            "space in tags",
            tags(|tag| tag.replace(' ', "\n\t ").replace('>', " >")),
        ),
        ("attributes backwards", tags(backwards)),
        ("space around =", tags(|tag| tag.replace("=\"", " = \""))),
        ("empty-element tags", empty_tags(text)),
        (
            "decimal references",
            letters(&|c| format!("&#{};", u32::from(c))),
        ),
        (
            "hexadecimal references",
            letters(&|c| format!("&#x{:X};", u32::from(c))),
        ),
        ("CDATA", letters(&|c| format!("<![CDATA[{c}]]>"))),
        ("references in attributes", tags(references_in_values)),
        (
            "unused namespace",
            tags(|tag| tag.replacen('>', " xmlns:unused=\"urn:unused\">", 1)),
        ),
        (
            "lines end with CR LF outside text",
            text.replacen(' ', "\r\n", 1),
        ),
    ]
}

/// Attributes (and declarations) of a start tag in the other order.
fn backwards(tag: &str) -> String {
    let inner = tag.trim_start_matches('<').trim_end_matches('>');
    let Some((name, attributes)) = inner.split_once(' ') else {
        return tag.to_owned();
    };
    let mut parts: Vec<&str> = attributes.split_inclusive("\" ").map(str::trim).collect();
    parts.reverse();
    format!("<{name} {}>", parts.join(" "))
}

fn references_in_values(tag: &str) -> String {
    let mut out = String::new();
    for (number, part) in tag.split('"').enumerate() {
        if number > 0 {
            out.push('"');
        }
        // Odd parts are values; declarations keep theirs, since a parser may look at them before resolving.
        if number % 2 == 1 {
            out.extend(part.chars().map(|c| {
                if c.is_ascii_digit() {
                    format!("&#{};", u32::from(c))
                } else {
                    c.to_string()
                }
            }));
        } else {
            out.push_str(part);
        }
    }
    out
}

fn empty_tags(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(span) = elements_with_empty(&out) {
        out = span;
    }
    out
}

/// The text with one more `<a></a>` written `<a/>`, if there is one.
fn elements_with_empty(text: &str) -> Option<String> {
    let at = text.find("></").filter(|at| !text[..*at].ends_with('/'))?;
    let mut from = at;
    loop {
        let close = from + 1;
        let end = close + text[close..].find('>')? + 1;
        let name = &text[close + 2..end - 1];
        let start = text[..from].rfind('<')?;
        let opened = text[start + 1..from].split([' ', '\n']).next()?;
        if opened == name && !text[start..].starts_with("</") {
            return Some(replaced(text, from..end, "/>"));
        }
        from = close + text[close..].find("></")?;
    }
}

#[test]
fn what_canonicalization_does_not_see_changes_nothing() {
    for sign in SIGNED {
        let (text, honest) = honest(sign);
        for (name, xml) in neutral(&text) {
            // Each rewrite must find something to rewrite, or it tests nothing.
            assert!(xml != text || name == "the text itself", "{name}");
            match accept(&xml) {
                Ok(accepted) => assert_signed(&accepted, &honest, sign, &xml),
                Err(refusal) => panic!("{sign:?}, {name}: {refusal}\n{xml}"),
            }
        }
    }
}

#[test]
fn comments_and_instructions_never_change_a_value() {
    for sign in SIGNED {
        let (text, honest) = honest(sign);
        for piece in ["<!---->", "<!--x-->", "<?x y?>", "<![CDATA[]]>"] {
            for at in 1..text.len() {
                if !text.is_char_boundary(at) {
                    continue;
                }
                let xml = inserted(&text, at, piece);
                if let Ok(accepted) = accept(&xml) {
                    assert_signed(&accepted, &honest, sign, &xml);
                    assert!(
                        !piece.starts_with("<?"),
                        "an instruction inside a message:\n{xml}"
                    );
                }
            }
        }
    }
}
