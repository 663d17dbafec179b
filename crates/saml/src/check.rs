//! Every check of a SAML message, each with one stable code (design §1.4).
//!
//! A code is an interface: operators alert on it, `docs/refusals.md` explains it, vectors record it.
//! It never changes its meaning; a new check gets a new code.

macro_rules! checks {
    ($( $(#[$meta:meta])* $name:ident = $code:literal : $meaning:literal ; )*) => {
        /// One check that a message must pass. The variant names what failed.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Check { $( #[doc = $meaning] $(#[$meta])* $name, )* }

        impl Check {
            /// Every check there is, in the order in which a Response meets them.
            pub const ALL: &'static [Self] = &[ $( Self::$name, )* ];

            /// The stable kebab-case code.
            pub const fn code(self) -> &'static str {
                match self { $( Self::$name => $code, )* }
            }

            /// What it means that this check failed, in one sentence for an operator.
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$name => $meaning, )* }
            }
        }
    };
}

checks! {
    // Reading
    XmlMalformed = "xml-malformed": "The message is not well-formed XML of the accepted profile (UTF-8, no processing instruction).";
    XmlDoctype = "xml-doctype": "The message has a DOCTYPE; none is ever accepted (C1).";
    XmlLimit = "xml-limit": "The message passes a limit on bytes, depth, nodes, attributes, namespaces or names (C26).";
    XmlDuplicateId = "xml-duplicate-id": "Two elements carry the same ID (W3).";
    UnexpectedRoot = "unexpected-root": "The root element is not the message that this endpoint takes.";
    StructureInvalid = "structure-invalid": "An element is missing, repeated, out of place or unknown where the schema allows none (C2).";
    TextAmbiguous = "text-ambiguous": "A value that decides something holds comments or elements instead of plain text (T1).";
    VersionUnsupported = "version-unsupported": "The message's Version is not exactly 2.0.";
    IdInvalid = "id-invalid": "The ID is missing or not an xs:ID of at most 256 bytes.";
    TimeMalformed = "time-malformed": "An instant is missing or is not an xs:dateTime in UTC (L7).";

    // Shape of a Response
    AssertionMissing = "assertion-missing": "The Response says Success but holds no assertion.";
    AssertionMultiple = "assertion-multiple": "The Response holds more than one assertion, plain or encrypted.";
    AssertionOutOfPlace = "assertion-out-of-place": "An assertion lies somewhere else than directly in the Response (W2).";

    // Status
    StatusMissing = "status-missing": "The response has no Status with a StatusCode.";
    StatusNotSuccess = "status-not-success": "The partner answers with a status other than Success.";

    // Signature
    SigningKeysMissing = "signing-keys-missing": "No usable signing key is known for this partner (K2).";
    SignatureMissing = "signature-missing": "Nothing in the message is signed; unsigned messages are always refused.";
    ResponseUnsigned = "response-unsigned": "The partner's policy demands a signed Response and it is not signed.";
    AssertionUnsigned = "assertion-unsigned": "The partner's policy demands a signed Assertion and it is not signed.";
    SignatureMalformed = "signature-malformed": "The Signature does not have the one accepted form (C3).";
    SignatureOutOfPlace = "signature-out-of-place": "A Signature lies outside its schema position, or more than one is there.";
    SignatureReference = "signature-reference": "The Signature refers to something else than its own parent, or transforms it unacceptably (W9, W10).";
    SignatureAlgorithm = "signature-algorithm": "The signature, digest or canonicalization algorithm is not accepted for this partner (C6).";
    SignatureInvalid = "signature-invalid": "No signing key of this partner verifies the signature.";
    DigestMismatch = "digest-mismatch": "The signed content was changed after signing.";

    // Encryption
    DecryptionNotAllowed = "decryption-not-allowed": "An encrypted assertion arrived without an outer signature or an open sign-in of this browser.";
    EncryptedAssertionRefused = "encrypted-assertion-refused": "The encrypted assertion could not be decrypted, read and verified; one code for every cause (C7).";
    EncryptedIdRefused = "encrypted-id-refused": "The encrypted name identifier could not be decrypted and read.";

    // Who speaks
    IssuerMissing = "issuer-missing": "The Issuer is missing.";
    IssuerFormat = "issuer-format": "The Issuer's Format is not that of an entity, or it is qualified.";
    ResponseIssuerMismatch = "response-issuer-mismatch": "The Response's Issuer is not the portal that was asked (C14).";
    AssertionIssuerMismatch = "assertion-issuer-mismatch": "The Assertion's Issuer is not the portal that was asked (C14).";
    IssuerMismatch = "issuer-mismatch": "The message's Issuer is not the partner it should come from (C14).";

    // For whom
    DestinationMissing = "destination-missing": "A signed message names no Destination (Bindings 3.5.5.2).";
    DestinationMismatch = "destination-mismatch": "The Destination is not exactly the address that received the message (C9).";
    AudienceMissing = "audience-missing": "The assertion is not restricted to an audience (C10).";
    AudienceMismatch = "audience-mismatch": "An AudienceRestriction does not name this gateway (C10).";

    // Answer to what
    InResponseToMissing = "in-response-to-missing": "The answer does not say which request it answers (C12).";
    InResponseToMismatch = "in-response-to-mismatch": "The answer belongs to another request than this browser's (C12).";
    InResponseToUnexpected = "in-response-to-unexpected": "An answer names a request although none is open in this browser (C12).";
    UnsolicitedRefused = "unsolicited-refused": "An unsolicited Response, which this portal's policy does not allow.";

    // When
    IssueInstantInFuture = "issue-instant-in-future": "The message was issued later than our clock allows.";
    IssuedTooLongAgo = "issued-too-long-ago": "The message is older than the longest accepted age, whatever its expiry says.";
    ConditionsMissing = "conditions-missing": "The assertion has no Conditions.";
    NotYetValid = "not-yet-valid": "The assertion's NotBefore is still to come (C11).";
    AssertionExpired = "assertion-expired": "The assertion's NotOnOrAfter has passed (C11).";
    WindowEmpty = "window-empty": "NotOnOrAfter is not later than NotBefore.";
    LifetimeTooLong = "lifetime-too-long": "The assertion or its confirmation lives longer than this partner's policy allows.";
    ConditionUnknown = "condition-unknown": "A Condition is not understood, so the assertion's validity is indeterminate (L10).";

    // Whom
    SubjectMissing = "subject-missing": "The assertion has no Subject.";
    ConfirmationMissing = "confirmation-missing": "No bearer SubjectConfirmation is there (L3).";
    ConfirmationDataMissing = "confirmation-data-missing": "The bearer confirmation has no SubjectConfirmationData (L3).";
    ConfirmationNotBefore = "confirmation-not-before": "The bearer confirmation has a NotBefore, which Profiles 4.1.4.2 forbids.";
    ConfirmationExpiryMissing = "confirmation-expiry-missing": "The bearer confirmation has no NotOnOrAfter (L3).";
    ConfirmationExpired = "confirmation-expired": "The bearer confirmation's NotOnOrAfter has passed (L3).";
    RecipientMissing = "recipient-missing": "The bearer confirmation names no Recipient (C9).";
    RecipientMismatch = "recipient-mismatch": "The Recipient is not exactly our assertion consumer service (C9).";
    NameIdInvalid = "name-id-invalid": "The name identifier is empty, repeated or too long, or of a kind that is not read (BaseID).";
    NameQualifierMismatch = "name-qualifier-mismatch": "The name identifier is qualified for another service provider.";

    // How
    AuthnStatementMissing = "authn-statement-missing": "The assertion does not say that the person was authenticated.";
    AuthnStatementMultiple = "authn-statement-multiple": "The assertion holds several authentication statements; none of them counts (L9).";
    AuthnInstantInFuture = "authn-instant-in-future": "The person is said to have been authenticated later than our clock allows.";
    SessionExpired = "session-expired": "The session at the portal has ended (SessionNotOnOrAfter).";
    AuthnContextInvalid = "authn-context-invalid": "The AuthnContext is missing or not of the schema's form.";
    AttributeInvalid = "attribute-invalid": "An attribute has no name, or names or values pass the limits.";

    // Passing on
    ProxyCountExhausted = "proxy-count-exhausted": "The portal forbids that anything is issued on the basis of its assertion (L10).";
    ProxyAudience = "proxy-audience": "The portal restricts for whom its assertion may be passed on, and the publisher is not named (L10).";

    // Requests of publishers
    RequestExpired = "request-expired": "The request is too old or comes from the future.";
    SignatureRequired = "signature-required": "The publisher's metadata or policy demands signed requests and this one is not signed.";
    ProtocolBinding = "protocol-binding": "The request wants its answer by another binding than HTTP-POST.";
    AcsUnknown = "acs-unknown": "The AssertionConsumerServiceURL is not exactly one of the publisher's metadata (L13).";
    AcsIndexUnknown = "acs-index-unknown": "The AssertionConsumerServiceIndex is not one of the publisher's metadata.";
    AcsAmbiguous = "acs-ambiguous": "The request names its assertion consumer service both by index and by URL.";
    AcsMissing = "acs-missing": "The publisher's metadata has no usable assertion consumer service (HTTP-POST over https).";
    NameIdPolicy = "name-id-policy": "The requested name identifier is not one this publisher can have.";
    AuthnContextUnmet = "authn-context-unmet": "The requested authentication context cannot be met.";
    SubjectRequested = "subject-requested": "The request asks for a named person, which is not supported.";
    ProxyingForbidden = "proxying-forbidden": "The request forbids asking a portal (ProxyCount 0) or lists none that is known.";

    // Redirect and POST encodings
    QueryMalformed = "query-malformed": "The query string is not that of the HTTP-Redirect binding, or names a parameter twice (L11).";
    EncodingInvalid = "encoding-invalid": "Base64 or DEFLATE of the message is broken or inflates past the limit (P3).";

    // Logout
    LogoutExpired = "logout-expired": "The LogoutRequest's NotOnOrAfter has passed.";
    LogoutSubjectMissing = "logout-subject-missing": "The LogoutRequest names nobody.";

    // Metadata
    MetadataExpired = "metadata-expired": "The metadata's validUntil has passed.";
    MetadataValidityMissing = "metadata-validity-missing": "The metadata has no validUntil although its policy demands one (C21).";
    MetadataValidityTooLong = "metadata-validity-too-long": "The metadata's validUntil is further away than its policy allows.";
    MetadataInvalid = "metadata-invalid": "The metadata does not have the schema's form.";
    EntityIdInvalid = "entity-id-invalid": "An entityID is missing, repeated, or not of 1 to 1024 characters.";
    EndpointInvalid = "endpoint-invalid": "An endpoint has no binding, no https location, or a repeated index.";
    KeyInvalid = "key-invalid": "A key in the metadata cannot be used.";
    EntityMissing = "entity-missing": "The metadata does not hold the entity that was asked for.";
}

#[cfg(test)]
mod tests {
    use super::Check;
    use std::collections::HashSet;

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut seen = HashSet::new();
        for check in Check::ALL {
            let code = check.code();
            assert!(
                code.split('-')
                    .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase())),
                "{code}"
            );
            assert!(seen.insert(code), "{code} twice");
            assert!(check.meaning().ends_with('.'), "{code}");
        }
    }
}
