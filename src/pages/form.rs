//! The page that carries a message to a partner: an HTML form that submits itself (HTTP-POST binding).
//!
//! It is on the hot path, so it is written straight into one buffer from fixed parts; no template, no copy
//! of the message besides its base64.
//!
//! * The script is allowed by its hash ([`FORM_CSP`]); without JavaScript the button does the same.
//! * It does not submit when the browser shows the page again: a page from the back-forward cache runs no
//!   script, one loaded again by the back button says `back_forward`. The button is always there.
//! * No `form-action`: Chrome applies it to the redirects that the publisher answers with.
//! * It submits while the page is still loading, so that the form page is replaced in the browser's history.
//!
//! Nothing here may be written unescaped, and the page never names the person or the resource.

/// Which parameter carries the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `SAMLResponse`
    Response,
    /// `SAMLRequest`
    Request,
}

impl Field {
    /// The name of the form's field.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Response => "SAMLResponse",
            Self::Request => "SAMLRequest",
        }
    }
}

/// What submits the form. Its hash is in [`FORM_CSP`]; a test compares them.
const SCRIPT: &str = "(function(){var n=performance.getEntriesByType&&performance.getEntriesByType('navigation')[0];\
if(!(n&&n.type==='back_forward'))document.forms[0].submit()})()";

const STYLE: &str = "body{font:1.1rem/1.6 system-ui,sans-serif;margin:3rem auto;max-width:36rem;padding:0 1rem;color-scheme:light dark}\
button{font:inherit;padding:.5rem 1.25rem}";

/// The content security policy of the page: its own script and style by hash, nothing else, no frame.
pub const FORM_CSP: &str = "default-src 'none'; \
script-src 'sha256-znqDKwtrFXHxp8DFO5sE+fPEgsScNOIU/hPO35Vth9g='; \
style-src 'sha256-oNN/sfwkz1AWO5y+pnTrsyqRpotbLW0vF5fSCWCBWDM='; \
base-uri 'none'; frame-ancestors 'none'";

const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
    "<title>Ouverture en cours / Opening</title><style>"
);
const BEFORE_ACTION: &str = "</style></head><body><main><h1>Ouverture en cours…</h1>\
<p>Si rien ne se passe, appuyez sur «\u{a0}Continuer\u{a0}».<br><span lang=\"en\">If nothing happens, press “Continue”.</span></p>\
<form method=\"post\" action=\"";
const BEFORE_FIELD: &str = "\"><input type=\"hidden\" name=\"";
const BEFORE_MESSAGE: &str = "\" value=\"";
const BEFORE_RELAY_STATE: &str = "\"><input type=\"hidden\" name=\"RelayState\" value=\"";
const BEFORE_SCRIPT: &str = "\"><button type=\"submit\">Continuer / <span lang=\"en\">Continue</span></button></form></main><script>";
const TAIL: &str = "</script></body></html>\n";

/// Writes the page after what `out` already holds.
///
/// `action` is the partner's endpoint from metadata, `xml` the complete message; `relay_state` is opaque
/// and goes back byte for byte (C19).
pub fn write_form_page(
    action: &str,
    field: Field,
    xml: &[u8],
    relay_state: Option<&str>,
    out: &mut Vec<u8>,
) {
    let fixed = HEAD.len()
        + STYLE.len()
        + BEFORE_ACTION.len()
        + BEFORE_FIELD.len()
        + BEFORE_MESSAGE.len()
        + BEFORE_RELAY_STATE.len()
        + BEFORE_SCRIPT.len()
        + SCRIPT.len()
        + TAIL.len();
    let text = action.len() + field.name().len() + relay_state.map_or(0, str::len);
    out.reserve(fixed + text + text / 8 + xml.len().div_ceil(3) * 4);

    for part in [HEAD, STYLE, BEFORE_ACTION] {
        out.extend_from_slice(part.as_bytes());
    }
    escape(action, out);
    for part in [BEFORE_FIELD, field.name(), BEFORE_MESSAGE] {
        out.extend_from_slice(part.as_bytes());
    }
    // Base64 straight into the page: its alphabet needs no escape in HTML.
    octroi_dsig::base64::encode(xml, out);
    if let Some(relay_state) = relay_state {
        out.extend_from_slice(BEFORE_RELAY_STATE.as_bytes());
        escape(relay_state, out);
    }
    for part in [BEFORE_SCRIPT, SCRIPT, TAIL] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Escapes a double-quoted attribute value of HTML. Line ends are written as references, because the
/// browser's parser would turn a raw CR into LF.
fn escape(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut done = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let replacement: &[u8] = match byte {
            b'&' => b"&amp;",
            b'"' => b"&quot;",
            b'\'' => b"&#39;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'\r' => b"&#13;",
            b'\n' => b"&#10;",
            // NUL cannot be written in HTML at all; the parser would replace it in the same way.
            0 => "\u{fffd}".as_bytes(),
            _ => continue,
        };
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(replacement);
        done = at + 1;
    }
    out.extend_from_slice(&bytes[done..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn page(action: &str, field: Field, xml: &[u8], relay_state: Option<&str>) -> String {
        let mut out = b"before".to_vec();
        write_form_page(action, field, xml, relay_state, &mut out);
        String::from_utf8(out)
            .unwrap()
            .strip_prefix("before")
            .unwrap()
            .to_owned()
    }

    fn hash(text: &str) -> String {
        format!(
            "'sha256-{}'",
            STANDARD.encode(digest(&SHA256, text.as_bytes()))
        )
    }

    #[test]
    fn the_policy_allows_exactly_this_script_and_style() {
        assert!(
            FORM_CSP.contains(&format!("script-src {};", hash(SCRIPT))),
            "{}",
            hash(SCRIPT)
        );
        assert!(
            FORM_CSP.contains(&format!("style-src {};", hash(STYLE))),
            "{}",
            hash(STYLE)
        );
        assert!(!FORM_CSP.contains("form-action"));
        assert!(!FORM_CSP.contains("unsafe"));
        let html = page("https://sp.example/acs", Field::Response, b"<x/>", None);
        let script = html
            .split_once("<script>")
            .unwrap()
            .1
            .split_once("</script>")
            .unwrap()
            .0;
        let style = html
            .split_once("<style>")
            .unwrap()
            .1
            .split_once("</style>")
            .unwrap()
            .0;
        assert_eq!((script, style), (SCRIPT, STYLE));
    }

    #[test]
    fn the_message_comes_back_from_the_field() {
        for length in [0, 1, 2, 3, 4, 5000] {
            let xml: Vec<u8> = (0..length)
                .map(|i| u8::try_from(i % 251).unwrap())
                .collect();
            let html = page("https://sp.example/acs", Field::Response, &xml, None);
            let value = html
                .split_once("name=\"SAMLResponse\" value=\"")
                .unwrap()
                .1
                .split_once('"')
                .unwrap()
                .0;
            assert_eq!(STANDARD.decode(value).unwrap(), xml);
            assert!(!html.contains("RelayState"));
        }
    }

    #[test]
    fn nothing_leaves_its_attribute() {
        let nasty = "\"'><script>&\r\n\0\u{2028}é";
        let html = page(nasty, Field::Request, b"x", Some(nasty));
        let escaped = "&quot;&#39;&gt;&lt;script&gt;&amp;&#13;&#10;\u{fffd}\u{2028}é";
        assert!(html.contains(&format!("action=\"{escaped}\"")), "{html}");
        assert!(html.contains(&format!("name=\"RelayState\" value=\"{escaped}\"")));
        assert_eq!(html.matches("<script>").count(), 1);
        assert!(html.contains("name=\"SAMLRequest\""));
    }

    #[test]
    fn one_allocation_is_enough() {
        let mut out = Vec::new();
        write_form_page(
            "https://sp.example/acs",
            Field::Response,
            &[b'x'; 5000],
            Some("ss:mem:0"),
            &mut out,
        );
        let capacity = out.capacity();
        assert!(
            out.len() <= capacity && capacity < out.len() + 256,
            "{} of {capacity}",
            out.len()
        );
    }
}
