//! Why a message was refused: the check that failed and what was measured, bounded and harmless.
//!
//! A refusal goes to logs and metrics, so it holds no name, no attribute value, no status message: only
//! clock differences, key fingerprints, counts, and URIs cut at [`MAX_TEXT`] characters.

use crate::Time;
use crate::check::Check;
use octroi_dsig::{Fingerprint, KeysTried, RedirectError, SignatureError};
use octroi_xml::{ErrorKind, ParseError};
use std::fmt;

/// The longest text of a message that a refusal repeats, in characters.
pub const MAX_TEXT: usize = 256;

/// A refused message. Small, so that `Result` stays small on the hot path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    check: Check,
    detail: Detail,
}

/// What was measured when the check failed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Detail {
    /// Nothing to add to the code.
    #[default]
    None,
    /// Seconds between the instant in the message and ours; positive when the message's is later.
    Clock {
        /// The message's instant minus our clock, in seconds, without skew.
        seconds: i64,
    },
    /// A lifetime or an age in seconds, and the longest that is allowed.
    Span {
        /// What was measured, in seconds.
        seconds: u64,
        /// What the policy allows, in seconds.
        allowed: u64,
    },
    /// An identifier (URI) that differs from the one expected.
    Mismatch(Box<Mismatch>),
    /// The keys that were tried, by fingerprint (SHA-256 of the public key, hex); bounded.
    Keys(Box<KeysTried>),
    /// The key whose signature held although the content was changed.
    Key(Box<Fingerprint>),
    /// The element or attribute concerned: always a name of ours, never text of the message.
    Place(&'static str),
    /// Byte offset in the message where reading stopped.
    Offset(usize),
    /// An algorithm or status URI found in the message, cut at [`MAX_TEXT`].
    Uri(Box<str>),
}

/// Expected and received identifier, both cut at [`MAX_TEXT`] characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// What it had to be.
    pub expected: String,
    /// What the message says.
    pub got: String,
}

impl Refusal {
    /// A refusal without measured values.
    pub const fn new(check: Check) -> Self {
        Self {
            check,
            detail: Detail::None,
        }
    }

    /// A refusal with what was measured.
    pub const fn with(check: Check, detail: Detail) -> Self {
        Self { check, detail }
    }

    /// Names the element or attribute concerned.
    pub const fn at(check: Check, place: &'static str) -> Self {
        Self {
            check,
            detail: Detail::Place(place),
        }
    }

    /// An instant of the message against our clock.
    pub fn clock(check: Check, instant: Time, now: Time) -> Self {
        Self {
            check,
            detail: Detail::Clock {
                seconds: instant.seconds_after(now),
            },
        }
    }

    /// Two identifiers that should have been equal.
    pub fn mismatch(check: Check, expected: &str, got: &str) -> Self {
        let mismatch = Mismatch {
            expected: bounded(expected),
            got: bounded(got),
        };
        Self {
            check,
            detail: Detail::Mismatch(Box::new(mismatch)),
        }
    }

    /// An algorithm or status that is not accepted.
    pub fn uri(check: Check, uri: &str) -> Self {
        Self {
            check,
            detail: Detail::Uri(bounded(uri).into_boxed_str()),
        }
    }

    /// The check that failed.
    pub const fn check(&self) -> Check {
        self.check
    }

    /// The check's stable code.
    pub const fn code(&self) -> &'static str {
        self.check.code()
    }

    /// What was measured.
    pub const fn detail(&self) -> &Detail {
        &self.detail
    }
}

/// The text's first [`MAX_TEXT`] characters.
pub(crate) fn bounded(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match &self.detail {
            Detail::None => Ok(()),
            Detail::Clock { seconds } => write!(f, " (clock difference {seconds} s)"),
            Detail::Span { seconds, allowed } => write!(f, " ({seconds} s, allowed {allowed} s)"),
            Detail::Mismatch(m) => write!(f, " (expected {:?}, got {:?})", m.expected, m.got),
            Detail::Keys(keys) => write!(f, " (keys: {keys})"),
            Detail::Key(key) => write!(f, " (key {key})"),
            Detail::Place(place) => write!(f, " (at {place})"),
            Detail::Offset(offset) => write!(f, " (at byte {offset})"),
            Detail::Uri(uri) => write!(f, " ({uri:?})"),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<ParseError> for Refusal {
    fn from(error: ParseError) -> Self {
        let check = match error.kind {
            ErrorKind::Doctype => Check::XmlDoctype,
            ErrorKind::DuplicateId => Check::XmlDuplicateId,
            ErrorKind::TooLarge
            | ErrorKind::TooDeep
            | ErrorKind::TooManyNodes
            | ErrorKind::TooManyAttributes
            | ErrorKind::TooManyNamespaces
            | ErrorKind::NameTooLong => Check::XmlLimit,
            _ => Check::XmlMalformed,
        };
        Self::with(check, Detail::Offset(error.offset))
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        let check = match &error {
            SignatureError::Missing => Check::SignatureMissing,
            SignatureError::Several => Check::SignatureSeveral,
            SignatureError::Misplaced => Check::SignatureMisplaced,
            SignatureError::IdMissing => Check::SignatureIdMissing,
            SignatureError::IdAmbiguous => Check::SignatureIdAmbiguous,
            SignatureError::CommentInContent => Check::SignatureCommentInContent,
            SignatureError::CommentInSignature => Check::SignatureCommentInside,
            SignatureError::Shape => Check::SignatureShape,
            SignatureError::Object => Check::SignatureObject,
            SignatureError::SignedInfoShape => Check::SignatureSignedInfoShape,
            SignatureError::CanonicalizationMethod => Check::SignatureC14nMethod,
            SignatureError::SignatureMethod => Check::SignatureMethod,
            SignatureError::SignatureParameters => Check::SignatureMethodParameters,
            SignatureError::ReferenceCount => Check::SignatureReferenceCount,
            SignatureError::ReferenceShape => Check::SignatureReferenceShape,
            SignatureError::ReferenceUri => Check::SignatureReferenceUri,
            SignatureError::ReferenceTarget => Check::SignatureReferenceTarget,
            SignatureError::Transform => Check::SignatureTransform,
            SignatureError::PrefixList => Check::SignaturePrefixList,
            SignatureError::DigestMethod => Check::SignatureDigestMethod,
            SignatureError::DigestValue => Check::SignatureDigestValue,
            SignatureError::SignatureValue => Check::SignatureValue,
            SignatureError::NoKey => Check::SignatureNoKey,
            SignatureError::NoMatchingKey => Check::SignatureNoMatchingKey,
            SignatureError::KeyTooSmall => Check::SignatureKeyTooSmall,
            SignatureError::Canonicalization => Check::SignatureC14nFailed,
            SignatureError::Empty => Check::SignatureEmpty,
            SignatureError::Digest { .. } => Check::SignatureDigestMismatch,
            SignatureError::QueryIncomplete => Check::SignatureQueryIncomplete,
            _ => Check::SignatureInvalid,
        };
        let detail = match error {
            SignatureError::Invalid { tried } => Detail::Keys(Box::new(tried)),
            SignatureError::Digest { key } => Detail::Key(Box::new(key)),
            _ => Detail::None,
        };
        Self { check, detail }
    }
}

impl From<RedirectError> for Refusal {
    fn from(error: RedirectError) -> Self {
        Self::new(match error {
            RedirectError::NoMessage => Check::RedirectNoMessage,
            RedirectError::BothMessages => Check::RedirectBothMessages,
            RedirectError::Duplicate => Check::RedirectDuplicateParameter,
            RedirectError::EscapedName => Check::RedirectEscapedName,
            RedirectError::TooLong => Check::RedirectTooLong,
            RedirectError::Encoding => Check::RedirectEncoding,
            RedirectError::Base64 => Check::RedirectBase64,
            RedirectError::Deflate => Check::RedirectDeflate,
            RedirectError::TooLarge { .. } => Check::RedirectTooLarge,
            _ => Check::RedirectBadEscape,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_bounded_and_printed_harmlessly() {
        let long = "é\n".repeat(1000);
        let refusal = Refusal::mismatch(Check::AudienceMismatch, "https://us.example", &long);
        let Detail::Mismatch(mismatch) = refusal.detail() else {
            panic!("not a mismatch")
        };
        assert_eq!(mismatch.got.chars().count(), MAX_TEXT);
        let printed = refusal.to_string();
        assert!(
            printed.starts_with("audience-mismatch (expected \"https://us.example\", got \"é\\n")
        );
        assert!(!printed.contains('\n'));
    }

    #[test]
    fn clock_difference_has_a_sign() {
        let now = Time::from_unix_seconds(1000);
        let refusal = Refusal::clock(Check::AssertionExpired, Time::from_unix_seconds(990), now);
        assert_eq!(
            refusal.to_string(),
            "assertion-expired (clock difference -10 s)"
        );
    }

    #[test]
    fn causes_keep_their_codes() {
        use RedirectError as R;
        use SignatureError as S;
        for error in [
            R::NoMessage,
            R::BothMessages,
            R::Duplicate,
            R::EscapedName,
            R::TooLong,
            R::Escape,
            R::Encoding,
            R::Base64,
            R::Deflate,
            R::TooLarge { limit: 1 },
        ] {
            assert_eq!(Refusal::from(error).code(), error.code());
        }
        for error in [
            S::Missing,
            S::Several,
            S::Misplaced,
            S::IdMissing,
            S::IdAmbiguous,
            S::CommentInContent,
            S::CommentInSignature,
            S::Shape,
            S::Object,
            S::SignedInfoShape,
            S::CanonicalizationMethod,
            S::SignatureMethod,
            S::SignatureParameters,
            S::ReferenceCount,
            S::ReferenceShape,
            S::ReferenceUri,
            S::ReferenceTarget,
            S::Transform,
            S::PrefixList,
            S::DigestMethod,
            S::DigestValue,
            S::SignatureValue,
            S::NoKey,
            S::NoMatchingKey,
            S::KeyTooSmall,
            S::Canonicalization,
            S::Empty,
            S::QueryIncomplete,
            S::Digest {
                key: Fingerprint::of_spki(b"key"),
            },
        ] {
            let code = error.code();
            assert_eq!(Refusal::from(error).code(), code);
        }
    }

    #[test]
    fn a_refusal_is_small() {
        assert!(size_of::<Refusal>() <= 40, "{}", size_of::<Refusal>());
    }
}
