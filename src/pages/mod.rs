//! The pages that a person sees: French and English beside each other, plain words, no script needed.
//!
//! | page | when |
//! |---|---|
//! | [`RefusalPage`] | an access was refused; the words come from [`words`] by the refusal's code |
//! | [`ChoicePage`] | which portal, which resource |
//! | [`SignedOutPage`] | after `/logout` |
//! | [`IndexPage`] | somebody typed our address |
//! | [`form`] | the way on: a form that posts a message to a partner (hot path, no template) |
//!
//! Both languages are always on the page, the browser's first: whoever helps the person may read the other.
//! A page never holds a name, an identifier of a person or the text of a partner's message.

pub mod form;
pub mod style;
pub mod words;

use askama::Template;
use bytes::Bytes;

use crate::http::exchange::{Language, TraceId};
use words::{Words, words_for};

/// One language's half of a page.
#[derive(Clone, Copy, Debug)]
struct Half {
    lang: &'static str,
    words: &'static Words,
}

/// The two halves, the preferred language first.
fn halves(language: Language, french: &'static Words, english: &'static Words) -> [Half; 2] {
    let french = Half {
        lang: Language::French.tag(),
        words: french,
    };
    let english = Half {
        lang: Language::English.tag(),
        words: english,
    };
    match language {
        Language::French => [french, english],
        Language::English => [english, french],
    }
}

/// An access was refused.
#[derive(Clone, Copy, Debug)]
pub struct RefusalPage<'a> {
    /// The browser's language, shown first.
    pub language: Language,
    /// The refusal's stable code.
    pub code: &'a str,
    /// The request's name, for whoever helps.
    pub trace: TraceId,
    /// Where this access begins anew; shown only when it is a path of ours or an `https` URL.
    pub restart: Option<&'a str>,
    /// Whom to ask: `mailto:` or `https:`.
    pub contact: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalTemplate<'a> {
    lang: &'static str,
    title: &'static str,
    halves: [Half; 2],
    code: &'a str,
    trace: TraceId,
    restart: Option<&'a str>,
    contact: Option<&'a str>,
}

impl RefusalPage<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Bytes {
        let (french, english) = words_for(self.code);
        let halves = halves(self.language, french, english);
        let page = RefusalTemplate {
            lang: self.language.tag(),
            title: halves[0].words.title,
            halves,
            code: self.code,
            trace: self.trace,
            restart: self.restart.filter(|url| is_web_address(url)),
            contact: self.contact.filter(|url| is_contact(url)),
        };
        rendered(&page)
    }
}

/// What is chosen on a [`ChoicePage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceOf {
    /// The portal at which to sign in.
    Portal,
    /// The resource to open.
    Resource,
}

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoiceItem {
    /// Its name.
    pub label: String,
    /// Where choosing it leads: a path of ours.
    pub href: String,
}

/// Which portal, or which resource.
#[derive(Clone, Copy, Debug)]
pub struct ChoicePage<'a> {
    /// The browser's language.
    pub language: Language,
    /// What is chosen.
    pub of: ChoiceOf,
    /// What there is, in the order in which it is shown.
    pub items: &'a [ChoiceItem],
}

#[derive(Template)]
#[template(path = "choice.html")]
struct ChoiceTemplate<'a> {
    lang: &'static str,
    title: &'static str,
    halves: [Half; 2],
    items: Vec<&'a ChoiceItem>,
}

impl ChoicePage<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Bytes {
        let (french, english) = match self.of {
            ChoiceOf::Portal => (&words::CHOOSE_PORTAL_FR, &words::CHOOSE_PORTAL_EN),
            ChoiceOf::Resource => (&words::CHOOSE_RESOURCE_FR, &words::CHOOSE_RESOURCE_EN),
        };
        let halves = halves(self.language, french, english);
        let page = ChoiceTemplate {
            lang: self.language.tag(),
            title: halves[0].words.title,
            halves,
            items: self
                .items
                .iter()
                .filter(|item| is_web_address(&item.href))
                .collect(),
        };
        rendered(&page)
    }
}

#[derive(Template)]
#[template(path = "plain.html")]
struct PlainTemplate<'a> {
    lang: &'static str,
    title: &'static str,
    halves: [Half; 2],
    organization: Option<&'a str>,
    contact: Option<&'a str>,
}

/// After `/logout`.
#[derive(Clone, Copy, Debug)]
pub struct SignedOutPage {
    /// The browser's language.
    pub language: Language,
}

impl SignedOutPage {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Bytes {
        let halves = halves(self.language, &words::SIGNED_OUT_FR, &words::SIGNED_OUT_EN);
        rendered(&PlainTemplate {
            lang: self.language.tag(),
            title: halves[0].words.title,
            halves,
            organization: None,
            contact: None,
        })
    }
}

/// Somebody typed our address.
#[derive(Clone, Copy, Debug)]
pub struct IndexPage<'a> {
    /// The browser's language.
    pub language: Language,
    /// Who runs the gateway.
    pub organization: &'a str,
    /// Whom to ask: `mailto:` or `https:`.
    pub contact: &'a str,
}

impl IndexPage<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Bytes {
        let halves = halves(self.language, &words::INDEX_FR, &words::INDEX_EN);
        rendered(&PlainTemplate {
            lang: self.language.tag(),
            title: halves[0].words.title,
            halves,
            organization: Some(self.organization),
            contact: Some(self.contact).filter(|url| is_contact(url)),
        })
    }
}

/// A template cannot fail on these values; should it, the person still gets an answer in words.
fn rendered(page: &impl Template) -> Bytes {
    match page.render() {
        Ok(html) => html.into(),
        Err(_) => Bytes::from_static(b"<!DOCTYPE html><html lang=\"fr\"><title>octroi</title><p>Acc\xC3\xA8s impossible. Access is not possible.</p></html>"),
    }
}

/// A path of ours (never `//host`), or an absolute web address. Other schemes never become a link.
fn is_web_address(url: &str) -> bool {
    let path = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    path || url.starts_with("https://") || url.starts_with("http://")
}

fn is_contact(url: &str) -> bool {
    url.starts_with("mailto:") || url.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(language: Language, restart: Option<&str>) -> String {
        let page = RefusalPage {
            language,
            code: "no-subscription",
            trace: TraceId::from_bytes([7; 16]),
            restart,
            contact: Some("mailto:aide@example.fr"),
        };
        String::from_utf8(page.render().to_vec()).unwrap()
    }

    #[test]
    fn a_refusal_shows_both_languages_the_code_and_the_trace() {
        let french = refusal(
            Language::French,
            Some("/domaineGar?idENT=QjA=&idRessource=a\"b"),
        );
        assert!(french.contains("<html lang=\"fr\">"));
        assert!(french.contains("no-subscription"));
        assert!(french.contains("07070707070707070707070707070707"));
        assert!(french.contains("mailto:aide@example.fr"));
        assert!(french.contains("idRessource=a&#34;b"), "{french}");
        let (fr, en) = (
            french.find("lang=\"fr\">\n<h1").unwrap(),
            french.find("lang=\"en\">\n<h2").unwrap(),
        );
        assert!(fr < en);
        let english = refusal(Language::English, None);
        assert!(english.contains("<html lang=\"en\">"));
        assert!(
            english.find("lang=\"en\">\n<h1").unwrap() < english.find("lang=\"fr\">\n<h2").unwrap()
        );
        assert!(!english.contains("class=\"button\""));
    }

    #[test]
    fn only_web_addresses_become_links() {
        for bad in [
            "javascript:alert(1)",
            "//evil.example/",
            "data:text/html,x",
            "/\\evil.example",
        ] {
            assert!(
                !refusal(Language::French, Some(bad)).contains("class=\"button\""),
                "{bad}"
            );
        }
        assert!(
            refusal(Language::French, Some("https://octroi.example/x"))
                .contains("class=\"button\"")
        );
    }

    #[test]
    fn choices_are_escaped_links() {
        let items = [ChoiceItem {
            label: "Collège <A> & B".to_owned(),
            href: "/choose?p=1&t=2".to_owned(),
        }];
        let page = ChoicePage {
            language: Language::English,
            of: ChoiceOf::Portal,
            items: &items,
        }
        .render();
        let html = String::from_utf8(page.to_vec()).unwrap();
        assert!(html.contains("Collège &#60;A&#62; &#38; B"), "{html}");
        assert!(html.contains("href=\"/choose?p=1&#38;t=2\""));
    }

    #[test]
    fn no_page_carries_script_or_inline_style() {
        let index = IndexPage {
            language: Language::French,
            organization: "Région",
            contact: "mailto:a@b.fr",
        }
        .render();
        let out = SignedOutPage {
            language: Language::French,
        }
        .render();
        for html in [index, out, refusal(Language::French, None).into()] {
            let html = String::from_utf8(html.to_vec()).unwrap();
            for forbidden in ["<script", "style=", "<style", "onclick", "http://"] {
                assert!(!html.contains(forbidden), "{forbidden} in {html}");
            }
            assert!(html.contains(style::path()) && html.contains("integrity=\"sha256-"));
        }
    }
}
