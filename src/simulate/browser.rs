//! A browser without a screen: cookies by the rules that matter here, redirects, forms that send themselves.
//!
//! Each browser has connections of its own, as each person has. It tells apart sites (here: hosts) and sends a cookie
//! to another site's request only where its SameSite attribute allows it, so that a cookie which would not survive a
//! real browser does not survive this one.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use thiserror::Error;

use super::client::{Client, ClientError, Clients};
use super::cookies::Jar;
use super::markup::from_html;
use super::pages::{Form, form_of};

/// More steps than any access has.
const MOST_HOPS: usize = 16;

/// Why a browser is stuck.
#[derive(Debug, Error)]
pub enum Stuck {
    /// No answer.
    #[error("{url}: {error}")]
    Client {
        /// Where it went.
        url: String,
        /// What happened.
        error: ClientError,
    },
    /// A redirect or form without a usable address.
    #[error("{0}: leads nowhere")]
    Nowhere(String),
    /// It was sent around.
    #[error("more than {MOST_HOPS} steps")]
    Loop,
}

/// One exchange that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Host name.
    pub host: String,
    /// `GET /path`, without the query.
    pub what: String,
    /// From the request's first byte to the answer's last.
    pub took: Duration,
}

/// Where a browser came to rest.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its address.
    pub url: Uri,
    /// Its status.
    pub status: StatusCode,
    /// Its text.
    pub text: String,
    /// Whether it is JSON.
    pub json: bool,
}

/// A browser.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    cookies: Jar,
    /// Every exchange since it was last emptied.
    pub hops: Vec<Hop>,
    /// Every form with a SAML message that was sent since it was last emptied.
    pub sent: Vec<Form>,
    /// A form to this address is not sent: the browser rests on its page.
    pub hold: Option<String>,
}

/// What is about to be sent.
#[derive(Debug, Clone)]
struct Step {
    method: Method,
    url: Uri,
    body: String,
    /// Host of the page that leads here; none when the person typed the address.
    from: Option<String>,
}

impl Browser {
    /// A browser without history.
    #[must_use]
    pub fn new(clients: &Clients) -> Self {
        Self {
            client: clients.client(),
            cookies: Jar::default(),
            hops: Vec::new(),
            sent: Vec::new(),
            hold: None,
        }
    }

    /// Follows a link from a page of another site, to where the browser comes to rest.
    ///
    /// # Errors
    /// [`Stuck`].
    pub async fn open(&mut self, url: &str, from: Option<&str>) -> Result<Page, Stuck> {
        let url = url.parse().map_err(|_| Stuck::Nowhere(url.to_owned()))?;
        self.follow(Step {
            method: Method::GET,
            url,
            body: String::new(),
            from: from.map(str::to_owned),
        })
        .await
    }

    /// Sends a form from a page, to where the browser comes to rest.
    ///
    /// # Errors
    /// [`Stuck`].
    pub async fn send(&mut self, page: &Page, form: &Form) -> Result<Page, Stuck> {
        let step = posted(&page.url, form)?;
        self.follow(step).await
    }

    /// Sends a form and returns the answer itself, following nothing.
    ///
    /// # Errors
    /// [`Stuck`].
    pub async fn send_once(&mut self, form: &Form, from: &str) -> Result<Page, Stuck> {
        let url: Uri = form
            .action
            .parse()
            .map_err(|_| Stuck::Nowhere(form.action.clone()))?;
        let step = Step {
            method: Method::POST,
            url,
            body: form.body(),
            from: Some(from.to_owned()),
        };
        let answer = self.exchange(&step).await?;
        Ok(page(step.url, answer))
    }

    /// Forgets the cookies of a host.
    pub fn forget(&mut self, host: &str) {
        self.cookies.forget(host);
    }

    /// Goes on until there is no redirect and no form that sends itself, or it is to be held.
    async fn follow(&mut self, mut step: Step) -> Result<Page, Stuck> {
        for _ in 0..MOST_HOPS {
            let answer = self.exchange(&step).await?;
            if answer.status().is_redirection() {
                let target = answer
                    .headers()
                    .get(header::LOCATION)
                    .and_then(|v| v.to_str().ok())
                    .unwrap_or_default();
                let url = resolve(&step.url, target)?;
                let from = step
                    .from
                    .clone()
                    .or_else(|| step.url.host().map(str::to_owned));
                step = Step {
                    method: Method::GET,
                    url,
                    body: String::new(),
                    from,
                };
                continue;
            }
            let page = page(step.url.clone(), answer);
            match page.form_that_sends_itself() {
                Some(form) if self.hold.as_ref() != Some(&form.action) => {
                    step = posted(&page.url, &form)?;
                    self.sent.push(form);
                }
                _ => return Ok(page),
            }
        }
        Err(Stuck::Loop)
    }

    async fn exchange(&mut self, step: &Step) -> Result<Response<Bytes>, Stuck> {
        let stuck = |error| Stuck::Client {
            url: step.url.to_string(),
            error,
        };
        let host = step.url.host().unwrap_or_default().to_owned();
        let mut request = Request::builder()
            .method(step.method.clone())
            .uri(step.url.clone())
            .header(header::ACCEPT, "application/json, text/html;q=0.9")
            .header(header::ACCEPT_LANGUAGE, "en");
        if let Some(cookies) = self.cookies.line(&host, &step.method, step.from.as_deref()) {
            request = request.header(header::COOKIE, cookies);
        }
        if step.method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request
            .body(Full::new(Bytes::from(step.body.clone())))
            .map_err(|e| stuck(e.into()))?;
        let start = Instant::now();
        let answer = self.client.send(request).await.map_err(stuck)?;
        let took = start.elapsed();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            if let Ok(cookie) = cookie.to_str() {
                self.cookies.keep(&host, cookie);
            }
        }
        self.hops.push(Hop {
            host,
            what: format!("{} {}", step.method, step.url.path()),
            took,
        });
        Ok(answer)
    }
}

impl Page {
    /// The form that a script would send at once: one with a SAML message.
    #[must_use]
    pub fn form_that_sends_itself(&self) -> Option<Form> {
        let saml = |form: &Form| {
            form.field("SAMLResponse")
                .or(form.field("SAMLRequest"))
                .is_some()
        };
        form_of(&self.text).filter(saml)
    }

    /// Where the link with this label leads, if the page has one.
    #[must_use]
    pub fn link(&self, label: &str) -> Option<String> {
        self.text.split("<a ").skip(1).find_map(|rest| {
            let (tag, rest) = rest.split_once('>')?;
            let (text, _) = rest.split_once("</a>")?;
            let address = tag.split_once("href=\"")?.1.split_once('"')?.0;
            (from_html(text.trim()) == label).then(|| from_html(address))
        })
    }

    /// Host name of its address.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host().unwrap_or_default()
    }
}

fn posted(page: &Uri, form: &Form) -> Result<Step, Stuck> {
    let url = resolve(page, &form.action)?;
    Ok(Step {
        method: Method::POST,
        url,
        body: form.body(),
        from: page.host().map(str::to_owned),
    })
}

/// An address on a page: whole, or a path of the same host.
fn resolve(base: &Uri, target: &str) -> Result<Uri, Stuck> {
    let nowhere = || Stuck::Nowhere(target.to_owned());
    if target.starts_with('/') {
        let authority = base.authority().ok_or_else(nowhere)?;
        return format!("https://{authority}{target}")
            .parse()
            .map_err(|_| nowhere());
    }
    target
        .parse()
        .ok()
        .filter(|url: &Uri| url.host().is_some())
        .ok_or_else(nowhere)
}

fn page(url: Uri, answer: Response<Bytes>) -> Page {
    let json = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
    Page {
        url,
        status: answer.status(),
        json,
        text: String::from_utf8_lossy(answer.body()).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn links_and_addresses_are_found() {
        let page = Page {
            url: Uri::from_static("https://a.localhost:8443/choose"),
            status: StatusCode::OK,
            text: "<a href=\"/x\">No</a> <a href=\"/choose?a=1&amp;b=2\">L&#39;ENT &#38; Cie</a>"
                .to_owned(),
            json: false,
        };
        assert_eq!(page.link("L'ENT & Cie").unwrap(), "/choose?a=1&b=2");
        assert_eq!(page.link("nobody"), None);
        assert_eq!(
            resolve(&page.url, "/choose?a=1").unwrap().to_string(),
            "https://a.localhost:8443/choose?a=1"
        );
        assert_eq!(
            resolve(&page.url, "https://b.localhost/y")
                .unwrap()
                .to_string(),
            "https://b.localhost/y"
        );
        assert!(resolve(&page.url, "no where").is_err());
    }

    #[test]
    fn a_missing_authority_is_named() {
        let error = Clients::new(Path::new("/nonexistent/ca.pem")).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/ca.pem"));
    }
}
