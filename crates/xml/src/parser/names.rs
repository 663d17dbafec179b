//! Names and characters as XML 1.0 (fifth edition, productions 2, 4, 4a) and Namespaces in XML 1.0 (productions 4, 7–10) define them.
//!
//! Must never accept a name with two colons or an empty part.

use crate::error::ErrorKind;

/// May start a name (ASCII without the colon).
const START: u8 = 1;
/// May continue a name (ASCII without the colon).
const CONTINUE: u8 = 2;
/// First or later byte of a character beyond ASCII.
const WIDE: u8 = 4;

const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => START | CONTINUE,
            b'0'..=b'9' | b'-' | b'.' => CONTINUE,
            0x80.. => WIDE,
            _ => 0,
        };
        byte += 1;
    }
    table
}

/// A qualified name in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) start: usize,
    /// Where the colon stands.
    pub(crate) colon: Option<usize>,
    pub(crate) end: usize,
}

impl Name {
    /// Where the local part starts.
    pub(crate) fn local(self) -> usize {
        self.colon.map_or(self.start, |colon| colon + 1)
    }
}

/// Reads the qualified name that starts at `start`.
pub(crate) fn qualified(text: &str, start: usize) -> Result<Name, (ErrorKind, usize)> {
    let bytes = text.as_bytes();
    let first = unprefixed(text, start)?;
    if bytes.get(first) != Some(&b':') {
        return Ok(Name {
            start,
            colon: None,
            end: first,
        });
    }
    let end = unprefixed(text, first + 1)?;
    if bytes.get(end) == Some(&b':') {
        return Err((ErrorKind::MalformedName, end));
    }
    Ok(Name {
        start,
        colon: Some(first),
        end,
    })
}

/// The end of the name without colon (NCName) that starts at `start`.
#[inline]
fn unprefixed(text: &str, start: usize) -> Result<usize, (ErrorKind, usize)> {
    let bytes = text.as_bytes();
    let mut at = start;
    match bytes.get(at).map(|byte| CLASS[usize::from(*byte)]) {
        Some(class) if class & START != 0 => at += 1,
        Some(WIDE) => match text[at..].chars().next() {
            Some(c) if is_start(c) => at += c.len_utf8(),
            _ => return Err((ErrorKind::MalformedName, at)),
        },
        Some(_) => return Err((ErrorKind::MalformedName, at)),
        None => return Err((ErrorKind::UnexpectedEnd, at)),
    }
    while let Some(byte) = bytes.get(at) {
        let class = CLASS[usize::from(*byte)];
        if class & CONTINUE != 0 {
            at += 1;
        } else if class == WIDE {
            match text[at..].chars().next() {
                Some(c) if is_continue(c) => at += c.len_utf8(),
                _ => return Err((ErrorKind::MalformedName, at)),
            }
        } else {
            break;
        }
    }
    Ok(at)
}

/// Whether `text` is a name without colon (NCName).
pub(crate) fn is_unprefixed(text: &str) -> bool {
    unprefixed(text, 0) == Ok(text.len())
}

fn is_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

fn is_continue(c: char) -> bool {
    is_start(c)
        || matches!(c, '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether XML allows the character at all (production 2).
pub(crate) fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Where in `text` the first character stands that XML does not allow.
pub(crate) fn forbidden(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    // By blocks, so that the compiler can look at many bytes at once.
    let mut from = 0;
    for block in bytes.chunks(64) {
        let bad = block.iter().fold(false, |bad, byte| bad | control(*byte));
        if bad {
            return block
                .iter()
                .position(|byte| control(*byte))
                .map(|at| from + at);
        }
        from += block.len();
    }
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF; UTF-8 itself excludes surrogates.
    memchr::memchr_iter(0xEF, bytes).find(|at| {
        bytes.get(at + 1) == Some(&0xBF) && matches!(bytes.get(at + 2), Some(0xBE | 0xBF))
    })
}
