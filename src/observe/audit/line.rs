//! One line and its hash.
//!
//! A line is a JSON object whose last member is `"hash"`: 64 hex digits of
//! `SHA-256(previous hash ‖ the line's bytes before ,"hash")`.

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

/// The hash that stands before the first line of a trail.
pub(super) const GENESIS: Hash = Hash([0; 32]);

/// The member that ends each line, before its digits.
const MARK: &[u8] = b",\"hash\":\"";
const DIGITS: usize = 64;
const END: &[u8] = b"\"}";

/// The longest line that is written or read.
pub(super) const LONGEST: usize = 64 << 10;

/// A link of the chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    fn over(previous: Self, body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(&previous.0);
        context.update(body);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self(hash)
    }

    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != DIGITS {
            return None;
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |at: usize| match pair[at] {
                lower @ (b'0'..=b'9' | b'a'..=b'f') => char::from(lower).to_digit(16),
                _ => None,
            };
            *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
        }
        Some(Self(hash))
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// The first line of a segment: which chain it goes on with.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opening {
    pub(super) seq: u64,
    pub(super) time: String,
    pub(super) event: String,
    /// The hash that ended what came before.
    pub(super) previous: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

/// The event of an [`Opening`].
pub(super) const SEGMENT_OPENED: &str = "segment-opened";

/// Turns a JSON object in `line` (written by us, so it ends in `}`) into a line with its hash and newline.
pub(super) fn seal(previous: Hash, line: &mut Vec<u8>) -> Hash {
    if line.last() == Some(&b'}') {
        line.pop();
    }
    let hash = Hash::over(previous, line);
    line.extend_from_slice(MARK);
    push_hex(&hash.0, line);
    line.extend_from_slice(END);
    line.push(b'\n');
    hash
}

fn push_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It does not have the form of a line.
    #[error("the line does not have the form of the trail")]
    Form,
    /// It does not go on with the line before it.
    #[error("the hash does not follow from the line and the one before it")]
    Hash,
    /// A line is missing, or stands twice.
    #[error("the sequence number does not follow")]
    Sequence,
}

/// Checks a line (without its newline) against the hash before it; gives its number and its own hash.
pub(super) fn open(previous: Hash, line: &[u8]) -> Result<(u64, Hash), LineError> {
    let (body, stated) = split(line)?;
    let hash = Hash::over(previous, body);
    if hash != stated {
        return Err(LineError::Hash);
    }
    Ok((sequence(line)?, hash))
}

/// The body and the stated hash of a line.
pub(super) fn split(line: &[u8]) -> Result<(&[u8], Hash), LineError> {
    let tail = MARK.len() + DIGITS + END.len();
    let at = line.len().checked_sub(tail).ok_or(LineError::Form)?;
    let (body, tail) = line.split_at(at);
    let digits = tail
        .strip_prefix(MARK)
        .and_then(|rest| rest.strip_suffix(END))
        .ok_or(LineError::Form)?;
    Ok((body, Hash::parse(digits).ok_or(LineError::Form)?))
}

/// `{"seq":N,…`
pub(super) fn sequence(line: &[u8]) -> Result<u64, LineError> {
    let rest = line.strip_prefix(b"{\"seq\":").ok_or(LineError::Form)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits])
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(LineError::Form)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(previous: Hash, json: &str) -> (Hash, Vec<u8>) {
        let mut line = json.as_bytes().to_vec();
        let hash = seal(previous, &mut line);
        assert_eq!(line.pop(), Some(b'\n'));
        (hash, line)
    }

    #[test]
    fn a_line_opens_only_as_it_was_sealed() {
        let (hash, line) = sealed(GENESIS, r#"{"seq":7,"event":"x"}"#);
        assert_eq!(open(GENESIS, &line), Ok((7, hash)));
        assert_eq!(open(hash, &line), Err(LineError::Hash));
        for at in 0..line.len() {
            let mut changed = line.clone();
            changed[at] ^= 1;
            assert!(open(GENESIS, &changed).is_err(), "byte {at}");
        }
        assert!(serde_json::from_slice::<serde_json::Value>(&line).is_ok());
    }

    #[test]
    fn odd_lines_are_refused() {
        for odd in [&b""[..], b"{}", b"\n", &[0xff; 200]] {
            assert_eq!(open(GENESIS, odd), Err(LineError::Form));
        }
    }
}
