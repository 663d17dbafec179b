//! The name identifier, as read from a partner. Never trimmed, folded or split: octets compare.

/// A `NameID` (Core 2.2.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameId {
    /// The identifier itself, exactly as signed. Personal data: never logged.
    pub value: String,
    /// `Format`, where given; absent means unspecified.
    pub format: Option<String>,
    /// `NameQualifier`, where given.
    pub name_qualifier: Option<String>,
    /// `SPNameQualifier`, where given.
    pub sp_name_qualifier: Option<String>,
}
