//! What became of a row: one line of the file of outcomes.
//!
//! Columns: path, outcome, value, code under the default policy; then outcome, value, code under the test-only legacy
//! policy (the two are equal where no policy matters); then measured milliseconds of CPU and KiB of heap.

use std::fmt::Write as _;

/// The three outcomes that a driver can report, and the one that only the guard can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The entry point accepted; the value is what it read.
    Accepted,
    /// The entry point refused.
    Refused,
    /// The entry point refused because the vector lies outside the SAML profile (never used for SAML messages).
    Profile,
    /// Panic, abort, hang, or a limit on time or memory passed.
    Crashed,
}

impl Verdict {
    /// As written in the file.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Profile => "profile",
            Self::Crashed => "crashed",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Accepted, Self::Refused, Self::Profile, Self::Crashed]
            .into_iter()
            .find(|verdict| verdict.word() == word)
    }
}

/// An outcome under one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What happened.
    pub(crate) verdict: Verdict,
    /// The identity or value read; empty unless accepted.
    pub(crate) value: String,
    /// The refusal code; empty when accepted.
    pub(crate) code: String,
}

impl Outcome {
    /// Accepted with what was read.
    pub(crate) fn accepted(value: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Accepted,
            value: value.into(),
            code: String::new(),
        }
    }

    /// Refused with a code.
    pub(crate) fn refused(code: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Refused,
            value: String::new(),
            code: code.into(),
        }
    }

    /// Refused because it lies outside the profile.
    pub(crate) fn profile(code: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Profile,
            ..Self::refused(code)
        }
    }

    /// Crashed, for this reason.
    pub(crate) fn crashed(reason: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Crashed,
            ..Self::refused(reason)
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// As the manifest writes it.
    pub(crate) path: String,
    /// Under the default policy.
    pub(crate) default: Outcome,
    /// Under the legacy policy.
    pub(crate) legacy: Outcome,
    /// CPU time of both runs together.
    pub(crate) milliseconds: u64,
    /// The higher peak of the two.
    pub(crate) kibibytes: u64,
}

impl Line {
    /// A row whose process was lost.
    pub(crate) fn lost(path: &str, reason: &str) -> Self {
        Self {
            path: path.to_owned(),
            default: Outcome::crashed(reason),
            legacy: Outcome::crashed(reason),
            milliseconds: 0,
            kibibytes: 0,
        }
    }

    /// The text of the line, without its end.
    pub(crate) fn write(&self) -> String {
        let mut line = escape(&self.path);
        for outcome in [&self.default, &self.legacy] {
            for field in [outcome.verdict.word(), &outcome.value, &outcome.code] {
                line.push('\t');
                line.push_str(&escape(field));
            }
        }
        let _ = write!(line, "\t{}\t{}", self.milliseconds, self.kibibytes);
        line
    }

    /// Reads a line that `write` wrote.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let fields: Vec<String> = line.split('\t').map(unescape).collect();
        let [path, d0, d1, d2, l0, l1, l2, ms, kib] = <[String; 9]>::try_from(fields).ok()?;
        let outcome = |verdict: &str, value, code| {
            Some(Outcome {
                verdict: Verdict::parse(verdict)?,
                value,
                code,
            })
        };
        Some(Self {
            path,
            default: outcome(&d0, d1, d2)?,
            legacy: outcome(&l0, l1, l2)?,
            milliseconds: ms.parse().ok()?,
            kibibytes: kib.parse().ok()?,
        })
    }
}

fn escape(field: &str) -> String {
    let mut escaped = String::with_capacity(field.len());
    for c in field.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn unescape(field: &str) -> String {
    let mut plain = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(c) = characters.next() {
        plain.push(match (c, c == '\\') {
            (_, true) => match characters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            (other, false) => other,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::{Line, Outcome};

    #[test]
    fn a_line_reads_back_whatever_it_holds() {
        let line = Line {
            path: "a\tb\\n.xml".into(),
            default: Outcome::refused("signature-missing"),
            legacy: Outcome::accepted("a\nb\r\\t\té"),
            milliseconds: 12,
            kibibytes: 0,
        };
        let written = line.write();
        assert!(!written.contains('\n'));
        assert_eq!(Line::read(&written), Some(line));
        assert_eq!(Line::read("a\taccepted"), None);
    }
}
