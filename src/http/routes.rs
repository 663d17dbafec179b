//! Which path leads where, with which methods and which bodies. The whole public surface is this table.

use super::exchange::Endpoint;

/// What answers a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// An endpoint of the access.
    Access(Endpoint),
    /// `GET /`: what this is.
    Index,
    /// Below `/assets/`: style sheet and icon.
    Asset,
    /// `GET /.well-known/security.txt` (RFC 9116).
    SecurityTxt,
    /// `GET /robots.txt`: nothing here is for robots.
    Robots,
}

impl Route {
    /// The label in metrics and logs.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Access(endpoint) => endpoint.label(),
            Self::Index => "index",
            Self::Asset => "asset",
            Self::SecurityTxt => "security-txt",
            Self::Robots => "robots",
        }
    }
}

/// Which methods a path takes. HEAD goes with GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Methods {
    /// GET and HEAD.
    Get,
    /// POST.
    Post,
    /// GET, HEAD and POST.
    GetPost,
}

impl Methods {
    /// The value of `Allow`.
    #[must_use]
    pub const fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
            Self::GetPost => "GET, HEAD, POST",
        }
    }

    /// Whether a method is taken.
    #[must_use]
    pub fn takes(self, method: &http::Method) -> bool {
        let get = *method == http::Method::GET || *method == http::Method::HEAD;
        match self {
            Self::Get => get,
            Self::Post => *method == http::Method::POST,
            Self::GetPost => get || *method == http::Method::POST,
        }
    }
}

/// What a POST may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bodies {
    /// No POST here.
    None,
    /// `application/x-www-form-urlencoded`
    Form,
    /// A form, or a SOAP 1.1 envelope as `text/xml`.
    FormOrSoap,
}

impl Bodies {
    /// Whether a content type (without parameters, lower case) is taken.
    #[must_use]
    pub fn takes(self, content_type: Option<&str>) -> bool {
        matches!(
            (self, content_type),
            (
                Self::Form | Self::FormOrSoap,
                Some("application/x-www-form-urlencoded")
            ) | (Self::FormOrSoap, Some("text/xml"))
        )
    }
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The path, exactly; with a final `*`, everything below.
    pub path: &'static str,
    /// Its methods.
    pub methods: Methods,
    /// Its bodies.
    pub bodies: Bodies,
    /// Who answers.
    pub route: Route,
}

const fn row(path: &'static str, methods: Methods, bodies: Bodies, route: Route) -> Row {
    Row {
        path,
        methods,
        bodies,
        route,
    }
}

/// The public surface.
pub const TABLE: &[Row] = &[
    row(
        "/saml/acs",
        Methods::Post,
        Bodies::Form,
        Route::Access(Endpoint::AssertionConsumer),
    ),
    row(
        "/domaineGar",
        Methods::Get,
        Bodies::None,
        Route::Access(Endpoint::Tile),
    ),
    row(
        "/idp/sso",
        Methods::GetPost,
        Bodies::Form,
        Route::Access(Endpoint::SingleSignOn),
    ),
    row(
        "/choose",
        Methods::Get,
        Bodies::None,
        Route::Access(Endpoint::Choose),
    ),
    row(
        "/choose/*",
        Methods::Get,
        Bodies::None,
        Route::Access(Endpoint::Choose),
    ),
    row(
        "/saml/slo",
        Methods::Post,
        Bodies::FormOrSoap,
        Route::Access(Endpoint::PortalLogout),
    ),
    row(
        "/idp/slo",
        Methods::GetPost,
        Bodies::Form,
        Route::Access(Endpoint::PublisherLogout),
    ),
    row(
        "/logout",
        Methods::Get,
        Bodies::None,
        Route::Access(Endpoint::Logout),
    ),
    row(
        "/saml/metadata",
        Methods::Get,
        Bodies::None,
        Route::Access(Endpoint::SpMetadata),
    ),
    row(
        "/idp/metadata",
        Methods::Get,
        Bodies::None,
        Route::Access(Endpoint::IdpMetadata),
    ),
    row("/assets/*", Methods::Get, Bodies::None, Route::Asset),
    row("/", Methods::Get, Bodies::None, Route::Index),
    row(
        "/.well-known/security.txt",
        Methods::Get,
        Bodies::None,
        Route::SecurityTxt,
    ),
    row("/robots.txt", Methods::Get, Bodies::None, Route::Robots),
];

/// The line for a path as received. Nothing is decoded or normalised: one path has one spelling.
#[must_use]
pub fn find(path: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| match row.path.strip_suffix('*') {
        Some(prefix) => path.len() > prefix.len() && path.starts_with(prefix),
        None => path == row.path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_a_path() {
        for endpoint in Endpoint::ALL {
            assert!(
                TABLE.iter().any(|row| row.route == Route::Access(endpoint)),
                "{endpoint:?}"
            );
        }
    }

    #[test]
    fn one_path_has_one_spelling() {
        assert_eq!(
            find("/saml/acs").unwrap().route,
            Route::Access(Endpoint::AssertionConsumer)
        );
        assert_eq!(
            find("/choose/portal").unwrap().route,
            Route::Access(Endpoint::Choose)
        );
        for stranger in [
            "/saml/acs/",
            "/SAML/acs",
            "//saml/acs",
            "/saml/%61cs",
            "/assets/",
            "/assets",
            "",
            "*",
        ] {
            assert!(find(stranger).is_none(), "{stranger}");
        }
    }

    #[test]
    fn methods_and_bodies_agree() {
        for row in TABLE {
            let posts = row.methods.takes(&http::Method::POST);
            assert_eq!(posts, row.bodies != Bodies::None, "{}", row.path);
            assert!(!row.methods.takes(&http::Method::PUT));
            assert_eq!(posts, row.methods.allow().contains("POST"));
        }
        assert!(Bodies::FormOrSoap.takes(Some("text/xml")));
        assert!(!Bodies::Form.takes(Some("text/xml")));
        assert!(!Bodies::Form.takes(None));
    }
}
