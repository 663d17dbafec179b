//! What one access is: a Response that nobody asked for, or a tile, a Response made for it, and its post.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, header};
use http_body_util::Full;
use octroi::simulate::pages::form_of;
use octroi::simulate::tile::{Generation, link};
use octroi_dsig::{base64, redirect};
use octroi_xml::{Limits, parse};

use crate::mint::mint;
use crate::place::{Place, Visitor};
use crate::wire::{Answer, Failure, Line, Wire};

/// Longest request that is read.
const MAX_MESSAGE: usize = 256 * 1024;

/// An access that did not come out as it must: one word for a count.
pub type Kind = String;

/// How long an answered access took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// From the instant at which the tile was due.
    pub start: Option<Duration>,
    /// From the instant at which the Response was due.
    pub answer: Duration,
}

/// Who sends what where.
pub struct Target {
    /// The place.
    pub place: Place,
    /// Connections to the gateway.
    pub wire: Wire,
    /// Whether requests name the whole URL, as HTTP/2 wants it.
    pub absolute: bool,
    /// How long somebody signs in, between the tile's answer being due and the Response being due.
    pub think: Duration,
}

impl Target {
    /// Posts a Response made before.
    ///
    /// # Errors
    /// [`Kind`].
    pub async fn unsolicited(
        &self,
        visitor: &Visitor,
        form: Bytes,
        due: Instant,
    ) -> Result<Took, Kind> {
        let mut line = Line::default();
        self.post(&mut line, visitor, form, None).await?;
        Ok(Took {
            start: None,
            answer: due.elapsed(),
        })
    }

    /// Clicks the tile, makes the Response that its answer asks for, and posts it when it is due.
    ///
    /// # Errors
    /// [`Kind`].
    pub async fn solicited(
        self: &Arc<Self>,
        visitor: &Visitor,
        number: u64,
        due: Instant,
    ) -> Result<Took, Kind> {
        let mut line = Line::default();
        let generation = Generation::ALL[usize::try_from(number % 3).unwrap_or(0)];
        let tile = link(
            generation,
            &visitor.ident,
            &visitor.uai,
            &visitor.ark,
            number,
        );
        let request = self.request(Method::GET, &tile, Bytes::new(), None)?;
        let answer = self
            .wire
            .exchange(&mut line, request)
            .await
            .map_err(failed)?;
        let start = due.elapsed();
        let asked = asked(&answer).ok_or_else(|| unexpected("tile", &answer))?;
        let cookies = cookies(&answer.headers);
        // Signing takes longer than a send may wait behind it.
        let (target, who) = (Arc::clone(self), visitor.clone());
        let minted = tokio::task::spawn_blocking(move || {
            mint(&target.place, &who, Some(&asked.id), &asked.relay_state)
        });
        let form = minted.await.ok().and_then(Result::ok).ok_or("not-minted")?;
        let due = due + self.think;
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            tokio::time::sleep(early).await;
        }
        // What the timer and the minting cost is the generator's own; a gateway that answered the tile late is not.
        let due = if start < self.think {
            Instant::now()
        } else {
            due
        };
        self.post(&mut line, visitor, form, Some(&cookies)).await?;
        Ok(Took {
            start: Some(start),
            answer: due.elapsed(),
        })
    }

    async fn post(
        &self,
        line: &mut Line,
        visitor: &Visitor,
        form: Bytes,
        cookies: Option<&str>,
    ) -> Result<(), Kind> {
        let request = self.request(Method::POST, "/saml/acs", form, cookies)?;
        let answer = self.wire.exchange(line, request).await.map_err(failed)?;
        if is_granted(&answer, visitor) {
            Ok(())
        } else {
            Err(unexpected("answer", &answer))
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        cookies: Option<&str>,
    ) -> Result<Request<Full<Bytes>>, Kind> {
        let base = &self.place.gateway.base_url;
        let uri = if self.absolute {
            format!("{base}{path}")
        } else {
            path.to_owned()
        };
        let host = base
            .split_once("://")
            .map_or(base.as_str(), |(_, host)| host);
        let mut request = Request::builder().method(method.clone()).uri(uri);
        if !self.absolute {
            request = request.header(header::HOST, host);
        }
        if method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(cookies) = cookies {
            request = request.header(header::COOKIE, cookies);
        }
        request
            .body(Full::new(body))
            .map_err(|_| "malformed-request".to_owned())
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(failure: Failure) -> Kind {
    failure.kind().to_owned()
}

/// The status, and the gateway's refusal code where its page has one.
fn unexpected(leg: &str, answer: &Answer) -> Kind {
    let text = String::from_utf8_lossy(&answer.body);
    let code = text
        .split_once("<dt>Code</dt><dd><code>")
        .and_then(|(_, rest)| rest.split_once("</code>"));
    match code {
        Some((code, _)) if code.len() < 64 => format!("{leg}-{}-{code}", answer.status.as_u16()),
        _ => format!("{leg}-{}", answer.status.as_u16()),
    }
}

/// A form to the publisher for a push, a redirect to the resource for a pull.
fn is_granted(answer: &Answer, visitor: &Visitor) -> bool {
    match &visitor.pulled_to {
        Some(url) => {
            answer.status.is_redirection()
                && answer
                    .headers
                    .get(header::LOCATION)
                    .is_some_and(|to| to.as_bytes() == url.as_bytes())
        }
        None => {
            let form = std::str::from_utf8(&answer.body).ok().and_then(form_of);
            answer.status.is_success()
                && form.is_some_and(|form| form.field("SAMLResponse").is_some())
        }
    }
}

/// What the gateway asks the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    id: String,
    relay_state: String,
}

fn asked(answer: &Answer) -> Option<Asked> {
    let (xml, relay_state) = if answer.status.is_redirection() {
        let location: Uri = answer
            .headers
            .get(header::LOCATION)?
            .to_str()
            .ok()?
            .parse()
            .ok()?;
        let value = |name: &str| {
            form_urlencoded::parse(location.query()?.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, v)| v.into_owned())
        };
        let deflated = base64::decode(&value("SAMLRequest")?, MAX_MESSAGE).ok()?;
        (
            redirect::inflate(&deflated, MAX_MESSAGE).ok()?,
            value("RelayState")?,
        )
    } else {
        let form = form_of(std::str::from_utf8(&answer.body).ok()?)?;
        let xml = base64::decode(form.field("SAMLRequest")?, MAX_MESSAGE).ok()?;
        (xml, form.field("RelayState")?.to_owned())
    };
    let document = parse(&xml, &Limits::default()).ok()?;
    Some(Asked {
        id: document.root().attribute("ID")?.to_owned(),
        relay_state,
    })
}

fn cookies(headers: &HeaderMap) -> String {
    let set = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let pairs: Vec<&str> = set.filter_map(|line| line.split(';').next()).collect();
    pairs.join("; ")
}
