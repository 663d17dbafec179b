//! What a portal may get wrong on purpose, so that a refusal can be seen and shown.

/// One thing wrong with a Response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Defect {
    /// Nothing.
    #[default]
    None,
    /// Every time limit has passed.
    Expired,
    /// Not valid before ten minutes from now.
    NotYetValid,
    /// Issued eleven minutes ago, whatever it says of its end.
    Stale,
    /// Meant for another service.
    WrongAudience,
    /// To be delivered elsewhere.
    WrongRecipient,
    /// Answers a request that was never made.
    WrongInResponseTo,
    /// One character of the person's identifier changed after signing.
    Tampered,
    /// Not signed.
    Unsigned,
    /// Signed with a key that the portal's metadata does not have.
    StrangerKey,
    /// Says `idEnt` of another portal.
    OtherIdent,
    /// Does not say who the person is.
    NoPerson,
    /// Says twice, differently, who the person is.
    TwoPersons,
    /// The other portal's name as Issuer.
    WrongIssuer,
}

impl Defect {
    /// All of them, for menus and tests.
    pub const ALL: [Self; 14] = [
        Self::None,
        Self::Expired,
        Self::NotYetValid,
        Self::Stale,
        Self::WrongAudience,
        Self::WrongRecipient,
        Self::WrongInResponseTo,
        Self::Tampered,
        Self::Unsigned,
        Self::StrangerKey,
        Self::OtherIdent,
        Self::NoPerson,
        Self::TwoPersons,
        Self::WrongIssuer,
    ];

    /// Its name in forms.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Stale => "stale",
            Self::WrongAudience => "wrong-audience",
            Self::WrongRecipient => "wrong-recipient",
            Self::WrongInResponseTo => "wrong-in-response-to",
            Self::Tampered => "tampered",
            Self::Unsigned => "unsigned",
            Self::StrangerKey => "stranger-key",
            Self::OtherIdent => "other-ident",
            Self::NoPerson => "no-person",
            Self::TwoPersons => "two-persons",
            Self::WrongIssuer => "wrong-issuer",
        }
    }

    /// The defect of this name; none for a name that is not one.
    #[must_use]
    pub fn named(code: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|d| d.code() == code)
            .unwrap_or_default()
    }
}
