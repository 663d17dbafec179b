//! Identifiers of messages and assertions: made from randomness that the caller brings, and checked
//! (`xs:ID`) wherever one is read or written (L14). Nothing here draws randomness itself.

use std::fmt;

/// The longest ID that is accepted from a partner, in bytes. SAML sets no bound; ours keeps the
/// replay guard and the logs small.
pub const MAX_ID_BYTES: usize = 256;

/// A source of unpredictable octets. The gateway implements it over the system's generator, tests over
/// a counter.
pub trait Random {
    /// Fills the whole of `out`.
    fn fill(&mut self, out: &mut [u8]);
}

/// A fresh identifier: `_` and 32 hexadecimal digits, 128 bits of the source (Core 1.3.4 asks for 128).
pub fn new_id(random: &mut dyn Random) -> String {
    let mut octets = [0_u8; 16];
    random.fill(&mut octets);
    let mut id = String::with_capacity(33);
    id.push('_');
    for octet in octets {
        for nibble in [octet >> 4, octet & 15] {
            id.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    id
}

/// The text is not an `xs:ID` (an NCName) of at most [`MAX_ID_BYTES`] bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an xs:ID of at most {MAX_ID_BYTES} bytes")
    }
}

impl std::error::Error for NotAnId {}

/// Checks that `text` is an `xs:ID`: an NCName of bounded length.
///
/// # Errors
/// [`NotAnId`] when it is empty, too long, or holds a character that an NCName may not hold there.
pub fn check_id(text: &str) -> Result<&str, NotAnId> {
    if text.len() > MAX_ID_BYTES {
        return Err(NotAnId);
    }
    let mut characters = text.chars();
    let first = characters.next().ok_or(NotAnId)?;
    if is_name_start(first) && characters.all(is_name_character) {
        Ok(text)
    } else {
        Err(NotAnId)
    }
}

/// `NameStartChar` of XML 1.0 (fifth edition) without the colon.
fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_character(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(u8);

    impl Random for Counter {
        fn fill(&mut self, out: &mut [u8]) {
            for octet in out {
                *octet = self.0;
                self.0 = self.0.wrapping_add(17);
            }
        }
    }

    #[test]
    fn fresh_ids_are_xs_ids_and_use_every_octet() {
        let mut random = Counter(0);
        let first = new_id(&mut random);
        assert_eq!(first, "_00112233445566778899aabbccddeeff");
        assert_eq!(check_id(&first), Ok(first.as_str()));
        assert_ne!(new_id(&mut random), first);
    }

    #[test]
    fn ids_of_the_wild() {
        for good in ["_a", "id-1.2", "pfx7b2c", "éa·", "_"] {
            assert_eq!(check_id(good), Ok(good));
        }
        let long = "a".repeat(MAX_ID_BYTES + 1);
        for bad in [
            "",
            "1a",
            "-a",
            "a b",
            "a:b",
            "a\"b",
            "a<b",
            " a",
            "a\n",
            "a\u{0}",
            long.as_str(),
        ] {
            assert_eq!(check_id(bad), Err(NotAnId), "{bad:?}");
        }
    }
}
