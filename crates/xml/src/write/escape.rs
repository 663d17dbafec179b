//! Escaping as canonical form has it (Canonical XML 1.0, section 2.3).
//!
//! Characters that XML does not allow pass: the writer refuses them, and a parsed document has none.

/// Appends `text` as canonical form has it between tags (Canonical XML 1.0, section 2.3).
pub fn escape_text(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    if memchr::memchr3(b'&', b'<', b'>', bytes).is_none() && memchr::memchr(b'\r', bytes).is_none()
    {
        out.extend_from_slice(bytes);
        return;
    }
    escape(bytes, out, |byte| match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'>' => Some(b"&gt;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

/// Appends `value` as canonical form has it between the quotation marks of an attribute (Canonical XML 1.0, section 2.3).
pub fn escape_attribute(value: &str, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    let special = |byte: u8| (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'"');
    // All bytes without stopping, so that the compiler can look at many in one step.
    if !bytes
        .iter()
        .fold(false, |found, byte| found | special(*byte))
    {
        out.extend_from_slice(bytes);
        return;
    }
    escape(bytes, out, |byte| match byte {
        b'&' => Some(b"&amp;"),
        b'<' => Some(b"&lt;"),
        b'"' => Some(b"&quot;"),
        b'\t' => Some(b"&#x9;"),
        b'\n' => Some(b"&#xA;"),
        b'\r' => Some(b"&#xD;"),
        _ => None,
    });
}

#[inline]
fn escape(bytes: &[u8], out: &mut Vec<u8>, replacement: impl Fn(u8) -> Option<&'static [u8]>) {
    let mut written = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if let Some(reference) = replacement(*byte) {
            out.extend_from_slice(&bytes[written..at]);
            out.extend_from_slice(reference);
            written = at + 1;
        }
    }
    out.extend_from_slice(&bytes[written..]);
}
