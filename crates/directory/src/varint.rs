//! Numbers and texts as a segment holds them: LEB128 (seven bits an octet, least first) and length-prefixed UTF-8.
//!
//! Reading never trusts a length: what does not lie in the octets at hand is `None`. One number has one encoding.

/// Appends a number.
pub(crate) fn put(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a text: its length in octets, then the octets.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u32);
    out.extend_from_slice(text.as_bytes());
}

/// Octets that are read from the front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Octets<'a>(pub(crate) &'a [u8]);

impl<'a> Octets<'a> {
    /// The next number, if a whole and shortest encoding of at most 32 bits stands there.
    #[inline]
    pub(crate) fn number(&mut self) -> Option<u32> {
        let (&first, rest) = self.0.split_first()?;
        if first < 0x80 {
            self.0 = rest;
            return Some(u32::from(first));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Option<u32> {
        let mut value = 0u64;
        for (n, &octet) in self.0.iter().take(5).enumerate() {
            value |= u64::from(octet & 0x7f) << (7 * n);
            if octet < 0x80 {
                // A last octet of zero would be a second way to write the same number.
                if octet == 0 {
                    return None;
                }
                self.0 = &self.0[n + 1..];
                return u32::try_from(value).ok();
            }
        }
        None
    }

    /// The next octet.
    pub(crate) fn octet(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The next `length` octets.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    /// The next text, if its octets are UTF-8.
    #[inline]
    pub(crate) fn text(&mut self) -> Option<&'a str> {
        let length = self.number()? as usize;
        std::str::from_utf8(self.take(length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for value in [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            1 << 21,
            1 << 28,
            u32::MAX - 1,
            u32::MAX,
        ] {
            let mut out = Vec::new();
            put(&mut out, value);
            let mut octets = Octets(&out);
            assert_eq!((octets.number(), octets.0.len()), (Some(value), 0));
            assert_eq!(Octets(&out[..out.len() - 1]).number(), None, "cut short");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for octets in [
            &b""[..],
            b"\x80",
            b"\x80\x00",
            b"\xff\xff\xff\xff\x10",
            b"\xff\xff\xff\xff\xff\x01",
        ] {
            assert_eq!(Octets(octets).number(), None, "{octets:x?}");
        }
    }

    #[test]
    fn texts_are_whole_and_utf8() {
        let mut out = Vec::new();
        put_text(&mut out, "Élève");
        assert_eq!(Octets(&out).text(), Some("Élève"));
        assert_eq!(Octets(&out[..3]).text(), None);
        assert_eq!(Octets(b"\x01\xff").text(), None);
    }
}
