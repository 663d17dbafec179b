//! Why an input is not a document: one typed reason, and where.
//!
//! Must never carry text of the input: errors reach logs, and messages hold personal data.

/// Why an input was refused, and where.
///
/// `offset` counts bytes of the input as it was handed in; line and column are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line}, column {column} (byte {offset})")]
pub struct ParseError {
    /// The reason.
    pub kind: ErrorKind,
    /// Byte of the input at which the reason was seen, from 0.
    pub offset: usize,
    /// Line of that byte, from 1.
    pub line: u32,
    /// Column of that byte in characters, from 1.
    pub column: u32,
}

/// The reasons for which [`crate::parse`] refuses an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// More bytes than [`crate::Limits::bytes`].
    #[error("input is too large")]
    TooLarge,
    /// Elements nested deeper than [`crate::Limits::depth`].
    #[error("elements are nested too deeply")]
    TooDeep,
    /// More elements, texts and comments than [`crate::Limits::nodes`].
    #[error("too many nodes")]
    TooManyNodes,
    /// More attributes on one element than [`crate::Limits::attributes`].
    #[error("too many attributes on one element")]
    TooManyAttributes,
    /// More namespace declarations in scope at one place than [`crate::Limits::namespaces`], or more than 65 000 different ones.
    #[error("too many namespaces")]
    TooManyNamespaces,
    /// A name longer than [`crate::Limits::name`].
    #[error("a name is too long")]
    NameTooLong,
    /// Bytes that are not UTF-8 (XML 1.0, section 4.3.3; requirement T6).
    #[error("input is not UTF-8")]
    NotUtf8,
    /// A character outside the production Char (XML 1.0, section 2.2).
    #[error("a character that XML does not allow")]
    ForbiddenCharacter,
    /// A malformed XML declaration (XML 1.0, section 2.8).
    #[error("malformed XML declaration")]
    MalformedDeclaration,
    /// An XML version other than 1.0.
    #[error("XML version is not 1.0")]
    UnsupportedVersion,
    /// A declared encoding other than UTF-8.
    #[error("declared encoding is not UTF-8")]
    UnsupportedEncoding,
    /// A document type declaration, always refused (P1).
    #[error("a DOCTYPE is not accepted")]
    Doctype,
    /// A processing instruction, always refused (W8).
    #[error("a processing instruction is not accepted")]
    ProcessingInstruction,
    /// The input ends inside the root element, a tag or other markup.
    #[error("input ends too early")]
    UnexpectedEnd,
    /// A character that the grammar does not allow here.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// Something that should be a name is not one, or not a qualified name (Namespaces in XML 1.0, section 4).
    #[error("malformed name")]
    MalformedName,
    /// No white space between two attributes.
    #[error("white space is missing between attributes")]
    MissingWhiteSpace,
    /// Two attributes of one element with the same name, the same expanded name, or two declarations of one prefix.
    #[error("duplicate attribute")]
    DuplicateAttribute,
    /// A prefix that no namespace is bound to.
    #[error("a prefix is not bound to a namespace")]
    UnboundPrefix,
    /// `xml` or `xmlns`, or their namespaces, bound otherwise than Namespaces in XML 1.0, section 3 says.
    #[error("a reserved prefix or namespace is bound")]
    ReservedNamespace,
    /// A prefix bound to the empty namespace name, which only Namespaces in XML 1.1 allows.
    #[error("a prefix is bound to no namespace")]
    EmptyNamespace,
    /// An entity reference other than `&lt; &gt; &amp; &apos; &quot;`.
    #[error("reference to an unknown entity")]
    UnknownEntity,
    /// A `&` that starts no well-formed reference.
    #[error("malformed reference")]
    MalformedReference,
    /// A character reference to something outside the production Char (XML 1.0, section 4.1).
    #[error("character reference to a character that XML does not allow")]
    ForbiddenReference,
    /// `]]>` in text (XML 1.0, section 2.4).
    #[error("`]]>` in text")]
    CdataEndInText,
    /// `<` in an attribute value (XML 1.0, section 3.1).
    #[error("`<` in an attribute value")]
    LessThanInAttribute,
    /// `--` inside a comment (XML 1.0, section 2.5).
    #[error("`--` in a comment")]
    DoubleHyphenInComment,
    /// An end tag whose name is not the one of the open element.
    #[error("end tag does not match the start tag")]
    MismatchedEndTag,
    /// No root element.
    #[error("there is no root element")]
    NoRoot,
    /// Something other than comments and white space before or after the root element.
    #[error("content outside the root element")]
    ContentOutsideRoot,
    /// Two elements with the same un-namespaced `ID` (W3).
    #[error("two elements have the same ID")]
    DuplicateId,
    /// The namespaces handed to [`crate::parse_in_context`] are not usable.
    #[error("the namespaces of the context are not well-formed")]
    MalformedContext,
}

/// A reason and the place in the text that the parser sees; becomes a [`ParseError`] at the edge.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) at: usize,
}

impl ParseError {
    /// Places a reason in `input`: `offset` bytes from its start.
    pub(crate) fn locate(kind: ErrorKind, input: &[u8], offset: usize) -> Self {
        let offset = offset.min(input.len());
        let before = &input[..offset];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before[line_start..]
            .iter()
            .filter(|byte| **byte & 0xC0 != 0x80)
            .count()
            + 1;
        Self {
            kind,
            offset,
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }
}
