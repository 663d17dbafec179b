//! The name of a resource: an ARK, bare or through a resolver.
//!
//! `ark:/32151/LA.FLE`, `ark:32151/LA.FLE` and `http://n2t.net/ark:/32151/LA.FLE` are one resource. Nothing else is
//! normalised: ARK names are compared octet by octet.

/// Longest identifier accepted, in octets, without a resolver in front.
pub(crate) const MAX_ARK: usize = 1024;

/// Resolvers that portals put in front of an ARK.
const RESOLVERS: [&str; 2] = ["http://n2t.net/", "https://n2t.net/"];

/// What identifies the resource: the part after `ark:/`. `None` when the text is not an ARK.
pub(crate) fn name(text: &str) -> Option<&str> {
    let bare = RESOLVERS
        .iter()
        .find_map(|resolver| text.strip_prefix(resolver))
        .unwrap_or(text);
    let name = bare.strip_prefix("ark:")?;
    let name = name.strip_prefix('/').unwrap_or(name);
    // Some five octets on: a search made for long texts would only be begun.
    let slash = name.bytes().position(|octet| octet == b'/')?;
    (slash > 0 && slash + 1 < name.len() && name.len() <= MAX_ARK - 5).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn forms_of_one_ark() {
        for form in [
            "ark:/99999/r20xxxxxxxx",
            "ark:99999/r20xxxxxxxx",
            "http://n2t.net/ark:/99999/r20xxxxxxxx",
            "https://n2t.net/ark:/99999/r20xxxxxxxx",
        ] {
            assert_eq!(name(form), Some("99999/r20xxxxxxxx"), "{form}");
        }
        assert_eq!(
            name("ark:/57800/europresse-cision"),
            Some("57800/europresse-cision")
        );
        assert_eq!(name("ark:/1/a/b.c_d"), Some("1/a/b.c_d"));
    }

    #[test]
    fn what_is_not_an_ark() {
        for text in [
            "",
            "ark:",
            "ark:/",
            "ark:/99999",
            "ark:/99999/",
            "ark://x",
            "ARK:/1/x",
            "https://evil.example/ark:/1/x",
            "x ark:/1/x",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
        assert_eq!(name(&format!("ark:/1/{}", "x".repeat(1018))), None);
        assert!(name(&format!("ark:/1/{}", "x".repeat(1017))).is_some());
    }
}
