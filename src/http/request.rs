//! From a request of hyper to what an endpoint sees.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE};
use http::request::Parts;

use super::exchange::{COOKIE_PREFIX, Incoming, Language, Method, TraceId};

/// More cookies of ours than this are not read; `state` keeps far fewer.
const MOST_COOKIES: usize = 32;

/// What an endpoint sees, without the body.
pub(super) fn incoming(parts: &Parts, peer: IpAddr, trace: TraceId) -> Incoming {
    Incoming {
        method: if parts.method == http::Method::POST {
            Method::Post
        } else {
            Method::Get
        },
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        content_type: content_type(&parts.headers),
        cookies: cookies(&parts.headers),
        language: language(&parts.headers),
        body: Bytes::new(),
        peer,
        trace,
        received: Instant::now(),
    }
}

/// `Content-Type` without parameters, in lower case.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default().trim();
    Some(essence.to_ascii_lowercase())
}

/// Our cookies. HTTP/2 may send each pair in a header of its own (RFC 9113, 8.2.3).
fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| name.starts_with(COOKIE_PREFIX))
        .take(MOST_COOKIES)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The first of the two languages we speak, by weight and then by order (RFC 9110, 12.5.4).
pub(super) fn language(headers: &HeaderMap) -> Language {
    let mut best = (Language::default(), 0_u16);
    let Some(value) = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
    else {
        return best.0;
    };
    for range in value.split(',').take(16) {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let primary = tag.trim().split('-').next().unwrap_or_default();
        let language = if primary.eq_ignore_ascii_case("fr") {
            Language::French
        } else if primary.eq_ignore_ascii_case("en") {
            Language::English
        } else {
            continue;
        };
        let weight = weight(parameters);
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// `q=0.8` in thousandths; 1 when absent, 0 when unreadable.
fn weight(parameters: &str) -> u16 {
    let Some(text) = parameters
        .trim()
        .strip_prefix("q=")
        .or_else(|| parameters.trim().strip_prefix("Q="))
    else {
        return if parameters.trim().is_empty() {
            1000
        } else {
            0
        };
    };
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let thousandths = format!("{fraction:0<3}");
    match (
        whole,
        thousandths
            .get(..3)
            .and_then(|digits| digits.parse::<u16>().ok()),
    ) {
        ("1", _) => 1000,
        ("0", Some(thousandths)) => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(name: http::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn the_better_loved_language_wins() {
        for (value, wanted) in [
            ("fr-FR,fr;q=0.9,en;q=0.8", Language::French),
            ("en-GB,en;q=0.9,fr;q=0.8", Language::English),
            ("de,en;q=0.5", Language::English),
            ("de", Language::French),
            ("en;q=0,fr;q=0", Language::French),
            ("en;q=0.2, fr;q=0.25", Language::French),
            ("en;q=bad", Language::French),
            ("*", Language::French),
        ] {
            assert_eq!(
                language(&headers(ACCEPT_LANGUAGE, &[value])),
                wanted,
                "{value}"
            );
        }
        assert_eq!(language(&HeaderMap::new()), Language::French);
    }

    #[test]
    fn only_our_cookies_are_seen() {
        let seen = cookies(&headers(
            COOKIE,
            &[
                "a=1; __Host-octroi-s=x=y;__Host-octroi-f=",
                "__Host-octroi-g=2",
                "octroi-s=bad; __host-octroi-s=bad",
            ],
        ));
        let seen: Vec<_> = seen
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("__Host-octroi-s", "x=y"),
                ("__Host-octroi-f", ""),
                ("__Host-octroi-g", "2")
            ]
        );
    }

    #[test]
    fn the_content_type_loses_its_parameters() {
        let headers = headers(
            CONTENT_TYPE,
            &["Application/X-WWW-Form-Urlencoded ; charset=UTF-8"],
        );
        assert_eq!(
            content_type(&headers).as_deref(),
            Some("application/x-www-form-urlencoded")
        );
    }
}
