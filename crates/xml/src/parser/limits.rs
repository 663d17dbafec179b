//! How much a document may ask for, checked while parsing (P2).

/// Bounds on one document. Each is checked before the memory is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the input, at most 1 GiB whatever this says.
    pub bytes: usize,
    /// Elements open at the same time.
    pub depth: u16,
    /// Elements, texts and comments in the whole document.
    pub nodes: u32,
    /// Attributes of one element, namespace declarations not counted.
    pub attributes: u16,
    /// Namespace declarations in scope at one place, those of ancestors and of the context counted.
    pub namespaces: u16,
    /// Bytes of one qualified name.
    pub name: u16,
}

impl Limits {
    /// One SAML protocol message.
    pub const MESSAGE: Self = Self {
        bytes: 1 << 20,
        depth: 64,
        nodes: 50_000,
        attributes: 64,
        namespaces: 128,
        name: 256,
    };

    /// Metadata of a whole federation.
    pub const METADATA: Self = Self {
        bytes: 128 << 20,
        depth: 64,
        nodes: 16_000_000,
        attributes: 128,
        namespaces: 256,
        name: 512,
    };

    /// What offsets of 32 bits can hold with room for unescaped text.
    pub(crate) const MOST_BYTES: usize = 1 << 30;
}

impl Default for Limits {
    /// [`Limits::MESSAGE`].
    fn default() -> Self {
        Self::MESSAGE
    }
}
