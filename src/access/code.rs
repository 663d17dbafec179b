//! The refusal codes of the gateway itself, beside those of messages ([`octroi_saml::Check`]) and of the
//! entitlements ([`octroi_entitlements::Denied`]).
//!
//! A code is an interface: operators alert on it, `docs/refusals.md` explains it, pages choose their words
//! by it. It never changes its meaning and is never used again for another.

use super::remedy;
use octroi_entitlements::Denied;
use octroi_saml::Check;

macro_rules! codes {
    ($( $name:ident = $code:literal, $status:literal : $meaning:literal / $remedy:literal ; )*) => {
        /// What the gateway itself refuses.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Code { $( #[doc = $meaning] $name, )* }

        impl Code {
            /// All of them, in the order in which an access meets them.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// The stable kebab-case code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $( Self::$name => $code, )* }
            }

            /// The HTTP status of the page.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $( Self::$name => $status, )* }
            }

            /// What happened, for an operator.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$name => $meaning, )* }
            }

            /// What an operator or partner can do about it.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self { $( Self::$name => $remedy, )* }
            }
        }
    };
}

codes! {
    // The tile
    TileMalformed = "tile-malformed", 400 : "The tile's link cannot be read: a parameter is missing, repeated, too long or not base64."
        / "Have the portal write the link as docs/portal.md says; the detail names the parameter.";
    EntUnknown = "ent-unknown", 404 : "The tile's idENT belongs to no portal of the configuration."
        / "Add the idENT to the portal's `idents`, or correct the portal's link.";
    ResourceUnknown = "resource-unknown", 404 : "The tile names a resource that the snapshot does not have."
        / "Check the resource in the directory and that the snapshot in force was built after it was added.";

    // Partners: the one policy point
    PortalDisabled = "portal-disabled", 403 : "The portal is switched off in the configuration."
        / "Remove `disabled = true` from the portal when it may come back.";
    PortalMetadataExpired = "portal-metadata-expired", 503 : "The portal's metadata has passed its validUntil."
        / "Obtain and install the portal's current metadata, then reload.";
    PortalUnknown = "portal-unknown", 404 : "Nobody of that entityID or id is a portal here."
        / "Check the Issuer that the portal writes against its metadata.";
    PublisherDisabled = "publisher-disabled-here", 403 : "The publisher is switched off in the configuration."
        / "Remove `disabled = true` from the publisher when it may come back.";
    PublisherMetadataExpired = "publisher-metadata-expired", 503 : "The publisher's metadata has passed its validUntil."
        / "Obtain and install the publisher's current metadata, then reload.";
    PublisherUnknown = "publisher-unknown", 404 : "The publisher of the resource, or the Issuer of the request, is not in the configuration."
        / "Add a [[publisher]] with the same id as in the directory and its metadata.";

    // The way to the portal and back
    TooManySignIns = "too-many-sign-ins", 429 : "This address, or all together, start more sign-ins than the limits allow."
        / "Look for an attack or a loop; raise `[limits] sign_ins_*` when a school really is that large.";
    FormMalformed = "form-malformed", 400 : "The posted form cannot be read, or lacks its message."
        / "The partner must post SAMLResponse or SAMLRequest as application/x-www-form-urlencoded.";
    FlowMissing = "flow-missing", 400 : "The Response came back to a browser that did not ask, or too late (10 minutes)."
        / "Usually a bookmark, the back button or blocked cookies: the person opens the tile again. Many at once: look for a portal that loses RelayState.";
    EntMissing = "ent-missing", 403 : "The portal's assertion has no idEnt, or several."
        / "The portal must release exactly one value of the attribute idEnt.";
    EntNotOfPortal = "ent-not-of-portal", 403 : "The portal speaks for an ENT project that is not one of its own."
        / "Nobody may speak for another's people. If the project moved, change `idents` of both portals.";
    EntNotOfFlow = "ent-not-of-flow", 403 : "The portal answers for another ENT project than the tile named."
        / "The portal's tile and its assertion must name the same project.";
    PersonMissing = "person-missing", 403 : "The portal's assertion has no GARPersonIdentifiant, or several."
        / "The portal must release exactly one value of the attribute GARPersonIdentifiant.";
    PersonInvalid = "person-invalid", 403 : "GARPersonIdentifiant is empty, longer than 64 characters or holds control characters."
        / "The portal must release the identifier that it delivers in its archive.";
    ForceAuthnIgnored = "force-authn-ignored", 403 : "A fresh sign-in was demanded and the portal answered with an older one."
        / "The portal must honour ForceAuthn; the detail has the age of the sign-in.";
    AssertionReplayed = "assertion-replayed", 403 : "This assertion was accepted before."
        / "A double click or the back button, which begin anew by themselves; otherwise a replay: look at the audit trail for the first use.";
    RequestAnswered = "request-answered", 403 : "This sign-in was answered before by another assertion."
        / "As for assertion-replayed.";
    GuardUnavailable = "guard-unavailable", 503 : "One-time use could not be claimed, so nothing was accepted."
        / "Look at the disk under `[state] directory`; the detail has the cause.";

    // The publisher's request
    RequestMissing = "request-missing", 400 : "The request has no SAMLRequest."
        / "Usually a bookmark of the sign-in address: the person opens the resource again.";
    RelayStateTooLong = "relay-state-too-long", 400 : "The publisher's RelayState is longer than 2 KiB, or leaves no room in the cookie."
        / "The publisher must send a shorter RelayState.";
    NoPassive = "no-passive", 403 : "The publisher asked not to disturb the person, and nobody is signed in."
        / "Nothing: the publisher asked to be told so.";
    PublisherWithoutResource = "publisher-without-resource", 404 : "The publisher has no resource in the snapshot."
        / "Check the publisher's resources in the directory.";
    ChoiceInvalid = "choice-invalid", 400 : "What was chosen is not on offer, or the choice took longer than 10 minutes."
        / "The person opens the resource again.";
    NoPortal = "no-portal", 503 : "There is no portal to sign in at."
        / "Check that at least one portal is enabled and its metadata valid.";

    // The answer
    EncryptionKeyMissing = "encryption-key-missing", 503 : "The publisher requires encryption and its metadata has no usable encryption key."
        / "Have the publisher publish an encryption key, or change `encrypt`.";
    NotIssued = "not-issued", 500 : "The assertion could not be written, signed or encrypted."
        / "The detail has the cause; a value that XML cannot carry comes from the directory.";
    AuditUnavailable = "audit-unavailable", 503 : "The audit trail could not take the line, and its policy is `block`."
        / "Look at the disk under `[audit] directory`.";

    // Ending
    LogoutMalformed = "logout-malformed", 400 : "The logout message cannot be read."
        / "The detail names what is wrong.";
    Internal = "internal", 500 : "Something failed inside that is nobody's input."
        / "Report it with the trace id and the log line.";
}

/// A code with what operators are told about it: for `docs/refusals.md` and its test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// Who refuses: the gateway, a check of a message, a rule of the entitlements.
    pub family: &'static str,
    /// What happened.
    pub meaning: String,
    /// What an operator or partner can do.
    pub remedy: &'static str,
}

/// Every refusal code there is.
pub fn every_code() -> impl Iterator<Item = Entry> {
    let own = Code::ALL.iter().map(|c| Entry {
        code: c.code(),
        family: "gateway",
        meaning: c.meaning().to_owned(),
        remedy: c.remedy(),
    });
    let messages = Check::ALL.iter().map(|c| Entry {
        code: c.code(),
        family: "message",
        meaning: c.meaning().to_owned(),
        remedy: remedy::of_check(*c),
    });
    let denied = Denied::ALL.iter().map(|d| Entry {
        code: d.code(),
        family: "entitlement",
        meaning: sentence(&d.to_string()),
        remedy: remedy::of_denied(*d),
    });
    own.chain(messages).chain(denied)
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), characters.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_code_means_two_things() {
        let mut seen = HashSet::new();
        for entry in every_code() {
            assert!(
                seen.insert(entry.code),
                "{} stands for two refusals",
                entry.code
            );
            assert!(
                entry
                    .code
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                entry.code
            );
        }
    }
}
