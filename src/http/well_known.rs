//! `security.txt` and `robots.txt`.

use octroi_saml::Time;

use super::exchange::{Kind, Outgoing};

/// RFC 9116. It expires in 30 days counted from now: it is written anew at each request.
pub(super) fn security_txt(base_url: &str, contact: &str, now: Time) -> Outgoing {
    const DAYS: i64 = 30;
    let expires = Time::from_unix_millis(now.unix_millis().saturating_add(DAYS * 86_400_000));
    let text = format!(
        "Contact: {contact}\nExpires: {expires}\nPreferred-Languages: fr, en\nCanonical: {base_url}/.well-known/security.txt\n"
    );
    Outgoing::new(200, Kind::Text, text)
}

/// Nothing here is for robots.
pub(super) fn robots() -> Outgoing {
    Outgoing::new(200, Kind::Text, "User-agent: *\nDisallow: /\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_txt_has_its_fields() {
        let now = Time::from_unix_millis(1_795_442_400_000);
        let outgoing = security_txt("https://octroi.example", "mailto:s@example.fr", now);
        let text = String::from_utf8(outgoing.body.to_vec()).unwrap();
        assert!(text.contains("Contact: mailto:s@example.fr\n"));
        assert!(text.contains("Expires: 2026-12-23T"), "{text}");
        assert!(text.contains("Canonical: https://octroi.example/.well-known/security.txt\n"));
    }
}
