//! From bytes to characters: UTF-8, the byte order mark, line ends, characters that XML does not allow anywhere.
//!
//! Must never guess an encoding (T6).

use std::borrow::Cow;

use super::limits::Limits;
use super::names;
use crate::error::{ErrorKind, Failure, ParseError};

/// An input that is within its size and all characters.
pub(super) struct Input<'i> {
    bytes: &'i [u8],
    /// Without the byte order mark.
    text: &'i str,
    /// With line ends normalised.
    source: Cow<'i, str>,
}

impl<'i> Input<'i> {
    pub(super) fn check(bytes: &'i [u8], limits: &Limits) -> Result<Self, ParseError> {
        let fail = |kind, offset| Err(ParseError::locate(kind, bytes, offset));
        if bytes.len() > limits.bytes.min(Limits::MOST_BYTES) {
            return fail(ErrorKind::TooLarge, 0);
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{FEFF}').unwrap_or(text),
            Err(error) => return fail(ErrorKind::NotUtf8, error.valid_up_to()),
        };
        if let Some(at) = names::forbidden(text) {
            return fail(ErrorKind::ForbiddenCharacter, bytes.len() - text.len() + at);
        }
        let source = normalise_line_ends(text);
        Ok(Self {
            bytes,
            text,
            source,
        })
    }

    /// What the parser reads.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// An error of the parser, placed in the input.
    pub(super) fn locate(&self, failure: Failure) -> ParseError {
        let at = match &self.source {
            Cow::Borrowed(_) => failure.at,
            Cow::Owned(_) => offset_before_normalisation(self.text, failure.at),
        };
        let skipped = self.bytes.len() - self.text.len();
        ParseError::locate(failure.kind, self.bytes, skipped + at)
    }
}

/// CR LF and lone CR become LF (XML 1.0, section 2.11).
fn normalise_line_ends(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut normalised = String::with_capacity(text.len());
    let mut lines = text.split('\r');
    normalised.extend(lines.next());
    for line in lines {
        normalised.push('\n');
        normalised.push_str(line.strip_prefix('\n').unwrap_or(line));
    }
    Cow::Owned(normalised)
}

/// Where the byte `at` of the normalised text was before [`normalise_line_ends`].
fn offset_before_normalisation(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let mut dropped = 0;
    for cr in memchr::memchr_iter(b'\r', bytes) {
        if cr - dropped >= at {
            break;
        }
        if bytes.get(cr + 1) == Some(&b'\n') {
            dropped += 1;
        }
    }
    at + dropped
}
