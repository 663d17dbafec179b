//! Pages of the simulators: one look, no external file, and a form that sends itself.

use std::fmt::Write as _;

use http::{StatusCode, header};

use super::markup::html;
use super::server::{Answer, answer};

const STYLE: &str = "\
:root{--ink:#1d2433;--soft:#5b6579;--line:#dfe3ea;--paper:#fff;--ground:#f4f6f9;--accent:#2f5bea;--good:#18794e;--bad:#b3261e}\
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf2;--soft:#a3adc0;--line:#333b4d;--paper:#1b2130;--ground:#12161f;--accent:#8ea8ff;--good:#5fd39b;--bad:#ff8a80}}\
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
header{padding:1.1rem 1.5rem;background:var(--paper);border-bottom:1px solid var(--line)}header small{color:var(--soft);display:block}\
header b{font-size:1.15rem}main{max-width:62rem;margin:1.5rem auto;padding:0 1.5rem}\
section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;margin-bottom:1.2rem}\
h2{font-size:1.05rem;margin:.1rem 0 .7rem}a{color:var(--accent)}p{margin:.4rem 0}.soft{color:var(--soft)}.good{color:var(--good)}.bad{color:var(--bad)}\
table{border-collapse:collapse;width:100%;font-size:.93rem}td,th{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}\
tr:last-child>*{border-bottom:0}code{font-size:.88em;overflow-wrap:anywhere}ul.people{columns:3 16rem;list-style:none;padding:0;margin:0}\
button,select,input[type=text]{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:.3rem .6rem}\
button{cursor:pointer}ul.people button{border:0;padding:.1rem 0;color:var(--accent);background:none;text-align:left}form.row{display:flex;gap:.6rem;flex-wrap:wrap;align-items:center}";

/// Sends the only form of the page, once it is there and not when it comes back from the browser's cache.
const SEND: &str =
    "addEventListener('pageshow',function(e){if(!e.persisted)document.forms[0].submit()})";

fn policy() -> String {
    let hash = octroi_dsig::base64::encode_to_string(&octroi_dsig::sha256(SEND.as_bytes()));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// A page: who shows it, what it is about, and its sections.
#[must_use]
pub fn page(status: StatusCode, who: &str, what: &str, body: &str) -> Answer {
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · {who}</title><style>{STYLE}</style></head><body><header><small>simulated {what}</small><b>{who}</b></header>\
         <main>{body}</main></body></html>",
        title = html(what),
        who = html(who),
        what = html(what),
    );
    let mut answer = answer(status, "text/html; charset=utf-8", text);
    if let Ok(policy) = policy().parse() {
        answer
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// A page with one form that sends itself; without script there is a button.
#[must_use]
pub fn send_form(who: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = format!(
        "<section><form method=\"post\" action=\"{}\">",
        html(action)
    );
    for (name, value) in fields {
        let _ = write!(
            form,
            "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
            html(name),
            html(value)
        );
    }
    let _ = write!(
        form,
        "<button>Continue</button></form></section><script>{SEND}</script>"
    );
    page(StatusCode::OK, who, "step", &form)
}

/// The form of a page, as a browser without script sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it is sent.
    pub action: String,
    /// Its fields, in order.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The value of a field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// The fields as a posted body.
    #[must_use]
    pub fn body(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .finish()
    }
}

/// The first form of a page that posts, if there is one.
#[must_use]
pub fn form_of(page: &str) -> Option<Form> {
    let mut rest = page;
    loop {
        let start = rest.find("<form")?;
        rest = &rest[start..];
        let tag = &rest[..=rest.find('>')?];
        if attribute(tag, "method").is_some_and(|m| m.eq_ignore_ascii_case("post")) {
            let content = &rest[tag.len()..rest.find("</form>").unwrap_or(rest.len())];
            let fields = content
                .split("<input")
                .skip(1)
                .filter_map(|input| {
                    let input = &input[..input.find('>')?];
                    Some((
                        attribute(input, "name")?,
                        attribute(input, "value").unwrap_or_default(),
                    ))
                })
                .collect();
            return Some(Form {
                action: attribute(tag, "action").unwrap_or_default(),
                fields,
            });
        }
        rest = &rest[tag.len()..];
    }
}

/// The value of an attribute of a tag's text.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let before = rest[..at].chars().next_back();
        rest = &rest[at + name.len()..];
        let value = rest
            .strip_prefix("=\"")
            .filter(|_| before.is_none_or(|c| c.is_ascii_whitespace()));
        if let Some(value) = value {
            return value
                .find('"')
                .map(|end| super::markup::from_html(&value[..end]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_form_is_read_back_as_it_was_written() {
        let fields = [
            ("SAMLResponse", "PHg+"),
            ("RelayState", "https://a.example/?x=1&y=\"<'"),
        ];
        let answer = send_form("Somebody", "https://b.example/acs?q=\"", &fields);
        assert!(answer.headers().contains_key("content-security-policy"));
        let page = answer.into_body().collect().await.unwrap().to_bytes();
        let form = form_of(std::str::from_utf8(&page).unwrap()).unwrap();
        assert_eq!(form.action, "https://b.example/acs?q=\"");
        assert_eq!(form.field("SAMLResponse"), Some("PHg+"));
        assert_eq!(
            form.field("RelayState"),
            Some("https://a.example/?x=1&y=\"<'")
        );
        assert_eq!(
            form.body(),
            "SAMLResponse=PHg%2B&RelayState=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y%3D%22%3C%27"
        );
    }

    #[test]
    fn pages_without_a_posting_form_have_none() {
        assert_eq!(form_of("<p>no</p>"), None);
        assert_eq!(
            form_of("<form action=\"/x\" method=\"get\"><input name=\"a\"></form>"),
            None
        );
    }
}
