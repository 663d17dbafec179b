//! Percent escapes of a form query. Decoding refuses what is broken; it is never followed by encoding again.

use std::borrow::Cow;

use crate::error::RedirectError;

/// Percent-escapes everything but the unreserved characters of RFC 3986.
#[must_use]
pub fn escape(value: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(value.len() + value.len() / 2);
    for byte in value.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// Whether a value is nothing but unreserved characters and whole escapes.
pub(super) fn is_escaped(value: &str) -> bool {
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        let whole = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            other => is_unreserved(other),
        };
        if !whole {
            return false;
        }
    }
    true
}

/// Decodes escapes, and `+` as a space.
pub(super) fn unescape(value: &str) -> Result<Cow<'_, str>, RedirectError> {
    if !value.contains(['%', '+']) {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = hex(bytes.next())?;
                let low = hex(bytes.next())?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(out)
        .map(Cow::Owned)
        .map_err(|_| RedirectError::Escape)
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn hex(digit: Option<u8>) -> Result<u8, RedirectError> {
    match digit {
        Some(d @ b'0'..=b'9') => Ok(d - b'0'),
        Some(d @ b'a'..=b'f') => Ok(d - b'a' + 10),
        Some(d @ b'A'..=b'F') => Ok(d - b'A' + 10),
        _ => Err(RedirectError::Escape),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn broken_escapes_are_refused() {
        for bad in ["%", "%4", "%zz", "%4g", "a%+1", "%ff", "%C3%28"] {
            assert_eq!(unescape(bad), Err(RedirectError::Escape), "{bad}");
        }
        assert_eq!(unescape("a+b%2bc%2Fé").unwrap(), "a b+c/é");
    }

    proptest! {
        #[test]
        fn escape_round_trip(text in ".*") {
            let escaped = escape(&text);
            prop_assert!(is_escaped(&escaped));
            prop_assert_eq!(unescape(&escaped).unwrap(), text);
        }
    }
}
