//! The seam between HTTP and the access: what an endpoint sees of a request, and what it answers.
//!
//! Everything above this line (`access`, `pages`) knows no socket, no TLS and no hyper; everything
//! below it (`http`) knows no SAML. What is fixed for every answer (security headers, cache policy,
//! content type, content security policy) follows from [`Kind`] in one place, so that an endpoint can
//! neither forget a header nor choose a weaker one.
//!
//! This module must never hold a decision about a person or a partner.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use smallvec::SmallVec;

/// Every cookie of the gateway starts so; other cookies of the browser never reach an endpoint.
///
/// `__Host-` makes the browser itself demand `Secure`, `Path=/` and no `Domain` (S1).
pub const COOKIE_PREFIX: &str = "__Host-octroi-";

/// The endpoints that the access answers. The table of `http::routes` says which path leads where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `GET /domaineGar`: a portal's tile (*vignette*) was clicked.
    Tile,
    /// `POST /saml/acs`: a portal's Response, solicited or not.
    AssertionConsumer,
    /// `GET /saml/metadata`: our role towards portals.
    SpMetadata,
    /// `GET /idp/metadata`: our role towards publishers.
    IdpMetadata,
    /// `GET|POST /idp/sso`: a publisher's AuthnRequest.
    SingleSignOn,
    /// `POST /saml/slo`: a portal's LogoutRequest, by SOAP or by form.
    PortalLogout,
    /// `GET|POST /idp/slo`: a publisher's LogoutRequest.
    PublisherLogout,
    /// `GET /logout`: the person wants to leave.
    Logout,
    /// `GET /choose` and below: the person chose a portal or a resource.
    Choose,
}

impl Endpoint {
    /// All endpoints, for tables and tests.
    pub const ALL: [Self; 9] = [
        Self::Tile,
        Self::AssertionConsumer,
        Self::SpMetadata,
        Self::IdpMetadata,
        Self::SingleSignOn,
        Self::PortalLogout,
        Self::PublisherLogout,
        Self::Logout,
        Self::Choose,
    ];

    /// The label of the endpoint in metrics and log lines.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Tile => "tile",
            Self::AssertionConsumer => "acs",
            Self::SpMetadata => "sp-metadata",
            Self::IdpMetadata => "idp-metadata",
            Self::SingleSignOn => "sso",
            Self::PortalLogout => "portal-slo",
            Self::PublisherLogout => "publisher-slo",
            Self::Logout => "logout",
            Self::Choose => "choose",
        }
    }
}

/// The method of a request that passed the route table. HEAD arrives as [`Method::Get`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET (or HEAD, whose body the edge drops).
    Get,
    /// POST.
    Post,
}

/// The language that the browser prefers of the two we speak. French when it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `fr`
    #[default]
    French,
    /// `en`
    English,
}

impl Language {
    /// The value of `lang` in HTML.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// The name of one request in logs, pages and the audit trail: 16 random bytes, shown as 32 hex digits.
///
/// It is made here and never taken from the request, so that nobody can choose what we log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 16]);

impl TraceId {
    /// A fresh trace id. Should the system have no randomness, the id is all zero and says so by that.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 16];
        match aws_lc_rs::rand::fill(&mut bytes) {
            Ok(()) => Self(bytes),
            Err(_) => Self([0; 16]),
        }
    }

    /// A trace id from given bytes, for tests and tools.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 32];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&hex).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an endpoint sees of a request.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// GET or POST; the route table has refused everything else.
    pub method: Method,
    /// The path as received: not decoded, without the query.
    pub path: String,
    /// The raw octets of the query as received, without `?` (signatures of the Redirect binding cover them).
    pub query: Option<String>,
    /// `Content-Type` without parameters, in lower case.
    pub content_type: Option<String>,
    /// Cookies whose name starts with [`COOKIE_PREFIX`], in the order of the header; full names.
    pub cookies: Vec<(String, String)>,
    /// The preferred language of the two we speak.
    pub language: Language,
    /// The whole body, bounded by `[limits] body_bytes`.
    pub body: Bytes,
    /// The address of the peer of the connection.
    pub peer: IpAddr,
    /// The name of this request.
    pub trace: TraceId,
    /// When the last byte of the request was in our hands: the start of P1's 0.5 s.
    pub received: Instant,
}

impl Incoming {
    /// The value of one of our cookies.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What an answer is. It decides the content type, the content security policy and the referrer policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An HTML page of ours: style sheet from `/assets`, no script, forms to ourselves only.
    Page,
    /// The form page of `pages::form`: its one script by hash, no `form-action`, `strict-origin`.
    FormPage,
    /// A redirection. The status is 303 unless set otherwise; the target is already a complete URL.
    Redirect {
        /// The value of `Location`. It must have passed an allow-list: metadata, snapshot or our own paths.
        location: String,
    },
    /// `application/samlmetadata+xml`
    Metadata,
    /// `text/xml`, a SOAP 1.1 envelope.
    Soap,
    /// `text/plain; charset=utf-8`
    Text,
}

/// What an endpoint answers.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The HTTP status, 200–599.
    pub status: u16,
    /// What the answer is.
    pub kind: Kind,
    /// Further headers, such as `Retry-After`. Those that follow from `kind` are set by the edge and win.
    pub headers: SmallVec<[(&'static str, String); 2]>,
    /// Complete `Set-Cookie` values.
    pub cookies: Vec<String>,
    /// The body.
    pub body: Bytes,
}

impl Outgoing {
    /// An answer without further headers or cookies.
    #[must_use]
    pub fn new(status: u16, kind: Kind, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            kind,
            headers: SmallVec::new(),
            cookies: Vec::new(),
            body: body.into(),
        }
    }

    /// A page of ours.
    #[must_use]
    pub fn page(status: u16, html: impl Into<Bytes>) -> Self {
        Self::new(status, Kind::Page, html)
    }

    /// The page that posts a message to a partner.
    #[must_use]
    pub fn form_page(html: impl Into<Bytes>) -> Self {
        Self::new(200, Kind::FormPage, html)
    }

    /// 303 See Other, so that a POST becomes a GET.
    #[must_use]
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::new(
            303,
            Kind::Redirect {
                location: location.into(),
            },
            Bytes::new(),
        )
    }

    /// The same answer with one more `Set-Cookie`.
    #[must_use]
    pub fn with_cookie(mut self, set_cookie: String) -> Self {
        self.cookies.push(set_cookie);
        self
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What stands above the edge: the access in the product, something small in the edge's own tests.
pub trait Answer: Send + Sync + 'static {
    /// Answer one request. It must not panic; should it, the edge answers 500 and lives on.
    fn answer(
        &self,
        endpoint: Endpoint,
        incoming: Incoming,
    ) -> impl Future<Output = Outgoing> + Send;

    /// The link with which this browser starts again (the tile's URL), for the 503 page of an overloaded
    /// gateway. It must cost microseconds: no signature, no claim, no I/O.
    fn restart_link(&self, endpoint: Endpoint, incoming: &Incoming) -> Option<String>;
}

impl<A: Answer> Answer for std::sync::Arc<A> {
    fn answer(
        &self,
        endpoint: Endpoint,
        incoming: Incoming,
    ) -> impl Future<Output = Outgoing> + Send {
        A::answer(self, endpoint, incoming)
    }

    fn restart_link(&self, endpoint: Endpoint, incoming: &Incoming) -> Option<String> {
        A::restart_link(self, endpoint, incoming)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trace_id_is_32_lower_case_hex_digits() {
        let id = TraceId::from_bytes([0x0f, 0xa0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0xff]);
        assert_eq!(id.to_string(), "0fa00102030405060708090a0b0c0dff");
    }

    #[test]
    fn trace_ids_differ() {
        assert_ne!(TraceId::random(), TraceId::random());
    }

    #[test]
    fn labels_are_distinct() {
        let labels: std::collections::HashSet<_> =
            Endpoint::ALL.iter().map(|e| e.label()).collect();
        assert_eq!(labels.len(), Endpoint::ALL.len());
    }
}
