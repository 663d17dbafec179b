//! What the edge itself refuses, before any endpoint is asked.

use super::exchange::{Language, Outgoing, TraceId};
use crate::pages::RefusalPage;

/// What the edge refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeRefusal {
    /// No such path.
    NotFound,
    /// The path does not take this method.
    MethodNotAllowed,
    /// The path does not take this kind of body.
    ContentTypeUnsupported,
    /// The body is longer than `[limits] body_bytes`.
    BodyTooLarge,
    /// The body did not arrive within `[limits] body_seconds`.
    RequestTimeout,
    /// More at once than `[limits] in_flight`, or a processor lag over `[limits] lag_milliseconds`.
    Overloaded,
    /// A handler panicked.
    Internal,
}

/// The codes of the edge, for tables and tests.
pub const CODES: [&str; 7] = [
    EdgeRefusal::NotFound.code(),
    EdgeRefusal::MethodNotAllowed.code(),
    EdgeRefusal::ContentTypeUnsupported.code(),
    EdgeRefusal::BodyTooLarge.code(),
    EdgeRefusal::RequestTimeout.code(),
    EdgeRefusal::Overloaded.code(),
    EdgeRefusal::Internal.code(),
];

impl EdgeRefusal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::ContentTypeUnsupported,
        Self::BodyTooLarge,
        Self::RequestTimeout,
        Self::Overloaded,
        Self::Internal,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::ContentTypeUnsupported => "content-type-unsupported",
            Self::BodyTooLarge => "body-too-large",
            Self::RequestTimeout => "request-timeout",
            Self::Overloaded => "overloaded",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::ContentTypeUnsupported => 415,
            Self::BodyTooLarge => 413,
            Self::RequestTimeout => 408,
            Self::Overloaded => 503,
            Self::Internal => 500,
        }
    }

    /// What it means, in one sentence for an operator.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::NotFound => "The path is not one of the gateway's.",
            Self::MethodNotAllowed => "The path does not take this method.",
            Self::ContentTypeUnsupported => "The path does not take this Content-Type.",
            Self::BodyTooLarge => "The body is longer than `[limits] body_bytes`.",
            Self::RequestTimeout => "The body did not arrive within `[limits] body_seconds`.",
            Self::Overloaded => {
                "More work than can be answered in time: `[limits] in_flight` or `lag_milliseconds`."
            }
            Self::Internal => "A handler failed; a defect of the gateway.",
        }
    }

    /// What an operator or partner can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::NotFound => "A mistyped or old address; many at once are a scan.",
            Self::MethodNotAllowed => {
                "The answer's `Allow` has the methods; Responses come by POST."
            }
            Self::ContentTypeUnsupported => {
                "Messages come as `application/x-www-form-urlencoded`; logouts also as `text/xml`."
            }
            Self::BodyTooLarge => {
                "No message is so long; raise `body_bytes` if a partner's really is."
            }
            Self::RequestTimeout => "A very slow line, or an attack with slow requests.",
            Self::Overloaded => {
                "Another node, or wait: the page has a link that begins anew. `octroi_http_shed_total` says why."
            }
            Self::Internal => "Report it with the trace id and the log line.",
        }
    }

    /// The page. 503 says when to come back; browsers ignore it after a POST, hence the restart link.
    #[must_use]
    pub fn page(
        self,
        language: Language,
        trace: TraceId,
        restart: Option<&str>,
        contact: Option<&str>,
    ) -> Outgoing {
        let page = RefusalPage {
            language,
            code: self.code(),
            trace,
            restart,
            contact,
        };
        let outgoing = Outgoing::page(self.status(), page.render());
        if self.status() == 503 {
            outgoing.with_header("retry-after", "2")
        } else {
            outgoing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_all_refusals() {
        assert_eq!(EdgeRefusal::ALL.map(EdgeRefusal::code), CODES);
        for refusal in EdgeRefusal::ALL {
            assert!(refusal.meaning().ends_with('.') && refusal.remedy().ends_with('.'));
            let page = refusal.page(
                Language::French,
                TraceId::from_bytes([1; 16]),
                Some("/domaineGar"),
                None,
            );
            assert_eq!(page.status, refusal.status());
            assert!(String::from_utf8_lossy(&page.body).contains(refusal.code()));
        }
    }
}
