//! XML as an exporter concatenates it: elements of one namespace, text escaped, nothing checked.

/// A growing piece of a document.
#[derive(Debug, Default, Clone)]
pub(crate) struct Xml(Vec<u8>);

impl Xml {
    /// `<men:tag>`.
    pub(crate) fn open(&mut self, tag: &str) {
        self.0.extend_from_slice(b"<men:");
        self.0.extend_from_slice(tag.as_bytes());
        self.0.push(b'>');
    }

    /// `</men:tag>`.
    pub(crate) fn close(&mut self, tag: &str) {
        self.0.extend_from_slice(b"</men:");
        self.0.extend_from_slice(tag.as_bytes());
        self.0.push(b'>');
    }

    /// An element with text alone.
    pub(crate) fn leaf(&mut self, tag: &str, text: &str) {
        self.open(tag);
        for byte in text.bytes() {
            match byte {
                b'&' => self.0.extend_from_slice(b"&amp;"),
                b'<' => self.0.extend_from_slice(b"&lt;"),
                b'>' => self.0.extend_from_slice(b"&gt;"),
                byte => self.0.push(byte),
            }
        }
        self.close(tag);
    }

    /// An element whose content follows; a line feed after it, as exporters write.
    pub(crate) fn element(&mut self, tag: &str, content: impl FnOnce(&mut Self)) {
        self.open(tag);
        content(self);
        self.close(tag);
        self.0.push(b'\n');
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut xml = Xml::default();
        xml.element("A", |xml| xml.leaf("B", "a<b & c>d é"));
        assert_eq!(
            String::from_utf8_lossy(xml.octets()),
            "<men:A><men:B>a&lt;b &amp; c&gt;d é</men:B></men:A>\n"
        );
    }
}
