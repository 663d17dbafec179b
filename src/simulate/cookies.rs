//! A browser's cookies, by the rules that matter here: `Secure`, `__Host-`, `SameSite`, `Max-Age`.

use http::Method;

/// How a cookie may travel to another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SameSite {
    None,
    Lax,
    Strict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    host: String,
    name: String,
    value: String,
    same_site: SameSite,
}

/// The cookies of one browser.
#[derive(Debug, Clone, Default)]
pub(super) struct Jar(Vec<Cookie>);

impl Jar {
    /// The header line for a request to a host that a page of `from` leads to; none when there is no cookie to send.
    /// Sites are hosts here, and every request is a navigation.
    pub(super) fn line(&self, host: &str, method: &Method, from: Option<&str>) -> Option<String> {
        let cross = from.is_some_and(|from| from != host);
        let own = self.0.iter().filter(|cookie| cookie.host == host);
        let sent = own.filter(|cookie| match cookie.same_site {
            SameSite::None => true,
            SameSite::Lax => !cross || method == Method::GET,
            SameSite::Strict => !cross,
        });
        let line: Vec<String> = sent.map(|c| format!("{}={}", c.name, c.value)).collect();
        (!line.is_empty()).then(|| line.join("; "))
    }

    /// Keeps, replaces or removes a cookie. One without `Secure`, or a `__Host-` cookie that breaks its promise, is
    /// not kept.
    pub(super) fn keep(&mut self, host: &str, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        let attributes: Vec<String> = parts.map(str::to_ascii_lowercase).collect();
        let has = |wanted: &str| attributes.iter().any(|a| a == wanted);
        let domain = attributes.iter().any(|a| a.starts_with("domain="));
        if !has("secure") || (name.starts_with("__Host-") && (domain || !has("path=/"))) {
            return;
        }
        let gone = attributes
            .iter()
            .any(|a| a == "max-age=0" || a.starts_with("max-age=-"));
        let same_site = match attributes.iter().find_map(|a| a.strip_prefix("samesite=")) {
            Some("none") => SameSite::None,
            Some("strict") => SameSite::Strict,
            _ => SameSite::Lax,
        };
        self.0.retain(|c| c.host != host || c.name != name);
        if !gone {
            self.0.push(Cookie {
                host: host.to_owned(),
                name: name.to_owned(),
                value: value.to_owned(),
                same_site,
            });
        }
    }

    /// Forgets the cookies of a host.
    pub(super) fn forget(&mut self, host: &str) {
        self.0.retain(|cookie| cookie.host != host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_travel_as_their_attributes_say() {
        let mut jar = Jar::default();
        for line in [
            "none=1; Path=/; Secure; SameSite=None",
            "lax=1; Path=/; Secure; SameSite=Lax",
            "silent=1; Path=/; Secure",
            "strict=1; Path=/; Secure; SameSite=Strict",
            "insecure=1; Path=/",
            "__Host-wrong=1; Secure; Path=/deep",
            "no cookie",
        ] {
            jar.keep("a.localhost", line);
        }
        jar.keep("b.localhost", "other=1; Path=/; Secure; SameSite=None");
        let sent = |method, from| jar.line("a.localhost", &method, from).unwrap();
        assert_eq!(sent(Method::POST, Some("b.localhost")), "none=1");
        assert_eq!(
            sent(Method::GET, Some("b.localhost")),
            "none=1; lax=1; silent=1"
        );
        assert_eq!(
            sent(Method::POST, Some("a.localhost")),
            "none=1; lax=1; silent=1; strict=1"
        );
        assert_eq!(sent(Method::GET, None), "none=1; lax=1; silent=1; strict=1");
        jar.keep("a.localhost", "lax=; Path=/; Secure; Max-Age=0");
        assert_eq!(
            jar.line("a.localhost", &Method::GET, None).unwrap(),
            "none=1; silent=1; strict=1"
        );
        jar.forget("a.localhost");
        assert_eq!(jar.line("a.localhost", &Method::GET, None), None);
    }
}
