//! Base64 as XML Schema's `base64Binary` means it: the standard alphabet, XML white space anywhere, padding and its zero bits required.
//! Anything else (comments, other characters, two encodings of the same octets) is refused, and the size is bounded before decoding.

use std::borrow::Cow;

use base64_simd::{AsOut as _, STANDARD};
use thiserror::Error;

/// Why text is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Base64Error {
    /// The decoded form would be longer than the caller allows.
    #[error("base64 text decodes to more than {0} bytes")]
    TooLong(usize),
    /// A character outside the alphabet, wrong padding, or padding bits that are not zero.
    #[error("not base64 text")]
    Invalid,
}

/// Decodes at most `limit` bytes. XML white space (space, tab, CR, LF) is skipped.
///
/// # Errors
/// [`Base64Error`]; nothing is decoded when the text is too long.
pub fn decode(text: &str, limit: usize) -> Result<Vec<u8>, Base64Error> {
    let fits = |length: usize| length / 4 * 3 <= limit.saturating_add(2);
    // Messages come on one line; only what is not valid as it stands is looked at for white space.
    let on_one_line = fits(text.len())
        .then(|| STANDARD.decode_to_vec(text).ok())
        .flatten();
    let octets = match on_one_line {
        Some(octets) => octets,
        None => {
            let compact = compact(text.as_bytes());
            if !fits(compact.len()) {
                return Err(Base64Error::TooLong(limit));
            }
            STANDARD
                .decode_to_vec(compact.as_ref())
                .map_err(|_| Base64Error::Invalid)?
        }
    };
    if octets.len() > limit {
        return Err(Base64Error::TooLong(limit));
    }
    Ok(octets)
}

/// Decodes into `out`, of which the filled part is returned. For digests and signatures, whose size is known.
///
/// # Errors
/// [`Base64Error::TooLong`] when `out` is too small.
pub(crate) fn decode_into<'o>(text: &str, out: &'o mut [u8]) -> Result<&'o [u8], Base64Error> {
    let compact = compact(text.as_bytes());
    let length = STANDARD
        .decoded_length(compact.as_ref())
        .map_err(|_| Base64Error::Invalid)?;
    if length > out.len() {
        return Err(Base64Error::TooLong(out.len()));
    }
    STANDARD
        .decode(compact.as_ref(), out.as_out())
        .map(|octets| &*octets)
        .map_err(|_| Base64Error::Invalid)
}

/// Appends the base64 text of `octets`, on one line.
pub fn encode(octets: &[u8], out: &mut Vec<u8>) {
    STANDARD.encode_append(octets, out);
}

/// The base64 text of `octets`, on one line.
#[must_use]
pub fn encode_to_string(octets: &[u8]) -> String {
    STANDARD.encode_to_string(octets)
}

fn compact(text: &[u8]) -> Cow<'_, [u8]> {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    if !text.iter().any(is_space) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.iter().copied().filter(|b| !is_space(b)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn white_space_is_skipped_and_nothing_else() {
        assert_eq!(decode(" aGVs\r\n\tbG8= \n", 5).unwrap(), b"hello");
        assert_eq!(decode("", 0).unwrap(), b"");
        for bad in [
            "aGVsbG8",
            "aGVsbG9=",
            "aGVsbG8==",
            "aGVs-G8=",
            "aGVs\u{b}bG8=",
            "=",
            "a",
            "aGVsbG8=x",
        ] {
            assert_eq!(decode(bad, 100), Err(Base64Error::Invalid), "{bad:?}");
        }
    }

    #[test]
    fn the_bound_is_exact() {
        assert_eq!(decode("aGVsbG8=", 5).unwrap().len(), 5);
        assert_eq!(decode("aGVsbG8=", 4), Err(Base64Error::TooLong(4)));
        assert_eq!(decode("aGVsbG8h", 5), Err(Base64Error::TooLong(5)));
        assert_eq!(
            decode(&"A".repeat(1 << 20), 10),
            Err(Base64Error::TooLong(10))
        );
        assert_eq!(decode_into("aGVsbG8=", &mut [0; 8]).unwrap(), b"hello");
        assert_eq!(
            decode_into("aGVsbG8h", &mut [0; 5]),
            Err(Base64Error::TooLong(5))
        );
    }

    proptest! {
        #[test]
        fn round_trip(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut out = Vec::new();
            encode(&octets, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(&text, &encode_to_string(&octets));
            prop_assert_eq!(decode(&text, octets.len()).unwrap(), octets);
        }
    }
}
