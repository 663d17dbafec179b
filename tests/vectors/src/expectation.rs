//! What the manifest's `expect` column demands of an accepted row, read by form. Used by the grader only.

/// The attacker's name in the synthetic sets: whoever is taken for this one without a signature has broken in.
pub(crate) const ATTACKER: &str = "admin@example.org";

/// What an accepted row's value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expectation {
    /// Nothing is said about the value.
    Anything,
    /// Exactly this identity.
    Exactly(String),
    /// Not this one, and if another is named, exactly that.
    Never(String, Option<String>),
}

impl Expectation {
    /// Reads the column.
    pub(crate) fn read(expect: &str) -> Self {
        if let Some((_, rest)) = expect.split_once("never nameid=") {
            let never = word(rest);
            let instead = expect
                .split_once("accept with nameid=")
                .map(|(_, rest)| value(rest));
            return Self::Never(never, instead);
        }
        for form in ["nameid=", "accepted NameID MUST be "] {
            if let Some((_, rest)) = expect.split_once(form)
                && rest.contains('@')
            {
                return Self::Exactly(value(rest));
            }
        }
        Self::Anything
    }

    /// Whether an accepted row with this value is as it should be.
    pub(crate) fn allows(&self, read: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Exactly(expected) => read == expected,
            Self::Never(never, None) => read != never,
            Self::Never(never, Some(instead)) => read != never && read == instead,
        }
    }
}

/// Up to the first white space or bracket.
fn word(text: &str) -> String {
    text.split([' ', '(', ';'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Up to the remarks that follow some values; values themselves may hold white space other than the plain space.
fn value(text: &str) -> String {
    let end = ["; ", ", surname", " (", " without network"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min()
        .unwrap_or(text.len());
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::Expectation;

    #[test]
    fn every_form_of_the_manifest_is_understood() {
        let exactly = |text: &str| Expectation::Exactly(text.into());
        for (column, expected) in [
            ("", Expectation::Anything),
            ("byte-identical", Expectation::Anything),
            ("nameid=alice@example.org", exactly("alice@example.org")),
            (
                "nameid=a&b<c>d\"e@example.org",
                exactly("a&b<c>d\"e@example.org"),
            ),
            (
                "nameid=alice@example.org; output ProxyRestriction Count<=1",
                exactly("alice@example.org"),
            ),
            (
                "reject, or accept with nameid=admin@example.org.attacker.example",
                exactly("admin@example.org.attacker.example"),
            ),
            (
                "never nameid=admin@example.org (break); reject",
                Expectation::Never("admin@example.org".into(), None),
            ),
            (
                "never nameid=admin@example.org (break); reject, or accept with nameid=alice@example.org",
                Expectation::Never("admin@example.org".into(), Some("alice@example.org".into())),
            ),
            (
                "if accepted NameID MUST be support@onelogin.com, surname=smith",
                exactly("support@onelogin.com"),
            ),
            (
                "accept nameid=alice@example.org without network access, or reject",
                exactly("alice@example.org"),
            ),
            (
                "if accepted NameID MUST be the full text across the comment (VU#475445)",
                Expectation::Anything,
            ),
        ] {
            assert_eq!(Expectation::read(column), expected, "{column}");
        }
        assert!(!Expectation::read("nameid=a@b").allows("a@b.c"));
        assert!(!Expectation::read("never nameid=a@b (break)").allows("a@b"));
    }
}
