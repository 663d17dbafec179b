//! `application/x-www-form-urlencoded`: the body of a posted message, and the parameters of a tile.
//!
//! Names are compared as they stand, each wanted name may come once, everything is bounded, and nothing is
//! decoded that is not wanted.

/// Why a form or query cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The same name twice: two readers could choose two values.
    #[error("{0} comes twice")]
    Twice(&'static str),
    /// The decoded value is longer than it may be.
    #[error("{0} is too long")]
    TooLong(&'static str),
    /// The decoded value is not UTF-8.
    #[error("{0} is not UTF-8")]
    NotUtf8(&'static str),
}

/// The raw (still encoded) value of `name`, or `None`.
///
/// # Errors
/// [`FormError::Twice`].
pub fn raw<'a>(form: &'a [u8], name: &'static str) -> Result<Option<&'a [u8]>, FormError> {
    let mut found = None;
    let mut rest = form;
    loop {
        let end = memchr::memchr(b'&', rest).unwrap_or(rest.len());
        let (pair, after) = rest.split_at(end);
        let value =
            pair.strip_prefix(name.as_bytes())
                .and_then(|value| match value.split_first() {
                    None => Some(value),
                    Some((b'=', value)) => Some(value),
                    Some(_) => None,
                });
        if value.is_some() && found.is_some() {
            return Err(FormError::Twice(name));
        }
        found = found.or(value);
        match after.split_first() {
            Some((_, next)) => rest = next,
            None => break,
        }
    }
    Ok(found)
}

/// The decoded octets of `name`: `+` is a space, `%XX` an octet.
///
/// # Errors
/// [`FormError`].
pub fn octets(form: &[u8], name: &'static str, limit: usize) -> Result<Option<Vec<u8>>, FormError> {
    let Some(value) = raw(form, name)? else {
        return Ok(None);
    };
    if value.len() > limit.saturating_mul(3) {
        return Err(FormError::TooLong(name));
    }
    let decoded = decode(value);
    if decoded.len() > limit {
        Err(FormError::TooLong(name))
    } else {
        Ok(Some(decoded))
    }
}

/// `%XX` is an octet, `+` a space; a `%` that no two hexadecimal digits follow stands for itself.
fn decode(value: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = memchr::memchr2(b'%', b'+', rest) {
        let (plain, special) = rest.split_at(at);
        decoded.extend_from_slice(plain);
        let digit = |i: usize| {
            special
                .get(i)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        let (octet, read) = match (special[0], digit(1), digit(2)) {
            (b'+', _, _) => (b' ', 1),
            (_, Some(high), Some(low)) => ((high << 4 | low) as u8, 3),
            (other, _, _) => (other, 1),
        };
        decoded.push(octet);
        rest = &special[read..];
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// The decoded text of `name`.
///
/// # Errors
/// [`FormError`].
pub fn text(form: &[u8], name: &'static str, limit: usize) -> Result<Option<String>, FormError> {
    octets(form, name, limit)?
        .map(|octets| String::from_utf8(octets).map_err(|_| FormError::NotUtf8(name)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_and_nothing_that_begins_like_it() {
        let form = b"SAMLResponseX=1&SAMLResponse=a%2Bb+c&RelayState";
        assert_eq!(text(form, "SAMLResponse", 100), Ok(Some("a+b c".into())));
        assert_eq!(text(form, "RelayState", 100), Ok(Some(String::new())));
        assert_eq!(text(form, "SAML", 100), Ok(None));
    }

    #[test]
    fn refuses_two_readings() {
        assert_eq!(text(b"a=1&a=2", "a", 9), Err(FormError::Twice("a")));
        assert_eq!(text(b"a=1&a", "a", 9), Err(FormError::Twice("a")));
    }

    #[test]
    fn decodes_what_browsers_encode_and_leaves_broken_escapes() {
        assert_eq!(text(b"a=%C3%a9+%2B%25", "a", 9), Ok(Some("é +%".into())));
        assert_eq!(text(b"a=%zz%4", "a", 9), Ok(Some("%zz%4".into())));
        assert_eq!(text(b"a=100%", "a", 9), Ok(Some("100%".into())));
    }

    #[test]
    fn is_bounded() {
        assert_eq!(text(b"a=123456", "a", 5), Err(FormError::TooLong("a")));
        assert_eq!(text(b"a=%31%32%33%34%35", "a", 5), Ok(Some("12345".into())));
        assert_eq!(text(b"a=%ff", "a", 5), Err(FormError::NotUtf8("a")));
    }
}
