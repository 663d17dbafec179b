//! The name identifier, as read from a partner. Never trimmed, folded or split: octets compare.

use std::fmt;

/// A `NameID` (Core 2.2.3). Its `Debug` form leaves the identifier out, so that no log gets hold of it.
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::NameId;

    #[test]
    fn the_identifier_is_not_printed() {
        let name_id = NameId {
            value: "ada".to_owned(),
            format: Some("urn:f".to_owned()),
            name_qualifier: None,
            sp_name_qualifier: None,
        };
        assert_eq!(
            format!("{name_id:?}"),
            "NameId { format: Some(\"urn:f\"), .. }"
        );
    }
}
