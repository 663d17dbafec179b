//! The headers of every answer (S1). They follow from what the answer is; no endpoint can leave one out.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, LOCATION, REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::Full;

use super::exchange::{Kind, Outgoing};
use crate::pages::form::FORM_CSP;

/// The body of every answer: complete in memory.
pub type Body = Full<Bytes>;

/// Pages: our own style sheet and icon, nothing else; never in a frame.
const PAGE_CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What is no page of ours loads nothing at all.
const BARE_CSP: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
/// Our origin and never a path: tiles carry ids in the query. `no-referrer` would make browsers send
/// `Origin: null` with the form, which publishers refuse.
const REFERRER: HeaderValue = HeaderValue::from_static("strict-origin");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
     magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), usb=()",
);
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// What never differs.
fn common(headers: &mut HeaderMap, csp: &'static str) {
    headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(X_FRAME_OPTIONS, DENY);
    headers.insert(REFERRER_POLICY, REFERRER);
    headers.insert(PERMISSIONS_POLICY, PERMISSIONS);
    headers.insert(RESOURCE_POLICY, SAME_ORIGIN);
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
}

/// An answer of an endpoint as HTTP. What cannot stand in a header makes it a bare 500, never a split header.
#[must_use]
pub fn response(outgoing: Outgoing) -> Response<Body> {
    try_response(outgoing).unwrap_or_else(|| {
        let mut response = Response::new(Full::new(Bytes::new()));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        common(response.headers_mut(), BARE_CSP);
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    })
}

fn try_response(outgoing: Outgoing) -> Option<Response<Body>> {
    let Outgoing {
        status,
        kind,
        headers: further,
        cookies,
        body,
    } = outgoing;
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    headers.reserve(10 + further.len() + cookies.len());
    for (name, value) in further {
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::try_from(value).ok()?,
        );
    }
    let (csp, content_type) = match kind {
        Kind::Page => (PAGE_CSP, Some("text/html; charset=utf-8")),
        Kind::FormPage => (FORM_CSP, Some("text/html; charset=utf-8")),
        Kind::Redirect { location } => {
            headers.insert(LOCATION, HeaderValue::try_from(location).ok()?);
            (BARE_CSP, None)
        }
        Kind::Metadata => (BARE_CSP, Some("application/samlmetadata+xml")),
        Kind::Soap => (BARE_CSP, Some("text/xml; charset=utf-8")),
        Kind::Text => (BARE_CSP, Some("text/plain; charset=utf-8")),
    };
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    common(headers, csp);
    headers.insert(CACHE_CONTROL, NO_STORE);
    for cookie in cookies {
        headers.append(SET_COOKIE, HeaderValue::try_from(cookie).ok()?);
    }
    Some(response)
}

/// A style sheet or icon, kept for ever when its name holds its hash.
#[must_use]
pub fn asset(content_type: &'static str, body: &'static str, immutable: bool) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    let headers = response.headers_mut();
    common(headers, BARE_CSP);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let cache = if immutable {
        FOR_EVER
    } else {
        HeaderValue::from_static("public, max-age=86400")
    };
    headers.insert(CACHE_CONTROL, cache);
    response
}

/// Adds `Allow` to a 405.
pub(super) fn allow(response: &mut Response<Body>, methods: &'static str) {
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(methods));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_answer_has_the_security_headers() {
        let kinds = [
            Kind::Page,
            Kind::FormPage,
            Kind::Redirect {
                location: "https://sp.example/".to_owned(),
            },
            Kind::Metadata,
            Kind::Soap,
            Kind::Text,
        ];
        for kind in kinds {
            let answer = Outgoing::new(200, kind.clone(), "x")
                .with_header("cache-control", "public")
                .with_header("content-security-policy", "default-src *");
            let response = response(answer);
            let headers = response.headers();
            assert_eq!(headers[CACHE_CONTROL], "no-store", "{kind:?}");
            assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(headers[X_FRAME_OPTIONS], "DENY");
            assert_eq!(headers[REFERRER_POLICY], "strict-origin");
            assert!(
                headers[STRICT_TRANSPORT_SECURITY]
                    .to_str()
                    .unwrap()
                    .starts_with("max-age=")
            );
            let csp = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                csp.starts_with("default-src 'none'") && csp.contains("frame-ancestors 'none'"),
                "{csp}"
            );
            assert_eq!(csp.contains("form-action"), kind != Kind::FormPage);
            assert_eq!(headers.get_all(CONTENT_SECURITY_POLICY).iter().count(), 1);
        }
    }

    #[test]
    fn a_header_cannot_be_split() {
        for bad in [
            Outgoing::redirect("https://sp.example/\r\nSet-Cookie: x=1"),
            Outgoing::page(200, "x").with_cookie("a=b\r\nX: y".to_owned()),
            Outgoing::page(200, "x").with_header("retry-after", "1\n2"),
            Outgoing::page(1000, "x"),
        ] {
            let response = response(bad);
            assert_eq!(response.status(), 500);
            assert!(
                response.headers().get(SET_COOKIE).is_none()
                    && response.headers().get(LOCATION).is_none()
            );
        }
    }

    #[test]
    fn cookies_stand_each_in_its_own_header() {
        let answer = Outgoing::redirect("/x")
            .with_cookie("a=1".to_owned())
            .with_cookie("b=2".to_owned());
        let response = response(answer);
        assert_eq!(response.status(), 303);
        assert_eq!(response.headers().get_all(SET_COOKIE).iter().count(), 2);
    }
}
