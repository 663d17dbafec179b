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

    // Signature: demands of the partner's policy, then the causes of `octroi_dsig::SignatureError` under the same codes
    ResponseUnsigned = "response-unsigned": "The partner's policy demands a signed Response and it is not signed.";
    AssertionUnsigned = "assertion-unsigned": "The partner's policy demands a signed Assertion and it is not signed.";
    SignatureMissing = "signature-missing": "Nothing in the message is signed; unsigned messages are always refused (K2).";
    SignatureSeveral = "signature-several": "One element carries several Signatures (W7).";
    SignatureMisplaced = "signature-misplaced": "A Signature is not at its place in the schema (W2, W10).";
    SignatureIdMissing = "signature-id-missing": "The signed element has no ID (W3).";
    SignatureIdAmbiguous = "signature-id-ambiguous": "The ID does not lead to the signed element (W3).";
    SignatureCommentInContent = "signature-comment-in-content": "There is a comment inside the signed message (T1).";
    SignatureCommentInside = "signature-comment-inside": "There is a comment or stray text inside the Signature (W7).";
    SignatureShape = "signature-shape": "The Signature holds something else than SignedInfo, SignatureValue and KeyInfo (W7).";
    SignatureObject = "signature-object": "The Signature holds an Object (W2).";
    SignatureSignedInfoShape = "signature-signedinfo-shape": "SignedInfo does not have the one accepted form.";
    SignatureC14nMethod = "signature-c14n-method": "The canonicalization of SignedInfo is not accepted for this partner (T2).";
    SignatureMethod = "signature-method": "The signature algorithm is not accepted for this partner (K3, K4).";
    SignatureMethodParameters = "signature-method-parameters": "The signature algorithm's parameters are not accepted (K3, K5).";
    SignatureReferenceCount = "signature-reference-count": "There is not exactly one Reference (W9).";
    SignatureReferenceShape = "signature-reference-shape": "The Reference does not have the one accepted form.";
    SignatureReferenceUri = "signature-reference-uri": "The Reference is not a plain #ID (W9).";
    SignatureReferenceTarget = "signature-reference-target": "The Reference names another element than the Signature's own parent (W1, W10).";
    SignatureTransform = "signature-transform": "The transforms are not exactly enveloped and exclusive canonicalization (W9, P5).";
    SignaturePrefixList = "signature-prefix-list": "The InclusiveNamespaces list is malformed or too long (P2).";
    SignatureDigestMethod = "signature-digest-method": "The digest algorithm is not accepted for this partner (K4).";
    SignatureDigestValue = "signature-digest-value": "The digest value is not base64 of the right length (W7).";
    SignatureValue = "signature-value": "The signature value is not base64 (W7).";
    SignatureNoKey = "signature-no-key": "No signing key is known for this partner (K2).";
    SignatureNoMatchingKey = "signature-no-matching-key": "No signing key of this partner is of the algorithm's kind (K3).";
    SignatureKeyTooSmall = "signature-key-too-small": "The partner's RSA keys are too small (K4).";
    SignatureC14nFailed = "signature-c14n-failed": "The signed content cannot be canonicalized (W6).";
    SignatureEmpty = "signature-empty": "The signature covers nothing (W6).";
    SignatureInvalid = "signature-invalid": "No signing key of this partner verifies the signature.";
    SignatureDigestMismatch = "signature-digest-mismatch": "The signed content was changed after signing.";
    SignatureQueryIncomplete = "signature-query-incomplete": "The query has SigAlg without Signature or the other way round.";

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
    NameIdInvalid = "name-id-invalid": "The name identifier is empty, repeated, or of a kind that is not read (BaseID).";
    NameQualifierMismatch = "name-qualifier-mismatch": "The name identifier is qualified for another service provider.";

    // How
    AuthnStatementMissing = "authn-statement-missing": "The assertion does not say that the person was authenticated.";
    AuthnStatementMultiple = "authn-statement-multiple": "The assertion holds several authentication statements; none of them counts (L9).";
    AuthnInstantInFuture = "authn-instant-in-future": "The person is said to have been authenticated later than our clock allows.";
    SessionExpired = "session-expired": "The session at the portal has ended (SessionNotOnOrAfter).";
    AuthnContextInvalid = "authn-context-invalid": "The AuthnContext is missing or not of the schema's form.";
    AttributeRepeated = "attribute-repeated": "Two attributes have the same Name and NameFormat; none is taken silently.";
    AttributeInvalid = "attribute-invalid": "An attribute has no Name.";

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

    // Redirect and POST encodings: the causes of `octroi_dsig::RedirectError` under the same codes
    RedirectNoMessage = "redirect-no-message": "The query holds no SAML message.";
    RedirectBothMessages = "redirect-both-messages": "The query holds a request and a response at once (L11).";
    RedirectDuplicateParameter = "redirect-duplicate-parameter": "A parameter occurs twice (L11).";
    RedirectEscapedName = "redirect-escaped-name": "A parameter's name is spelt with percent escapes (L11).";
    RedirectTooLong = "redirect-too-long": "The query is too long (C26).";
    RedirectBadEscape = "redirect-bad-escape": "The query has a broken escape or is not UTF-8 text.";
    RedirectEncoding = "redirect-encoding": "The message's SAMLEncoding is not DEFLATE.";
    RedirectBase64 = "redirect-base64": "The message is not base64.";
    RedirectDeflate = "redirect-deflate": "The message is not a raw DEFLATE stream.";
    RedirectTooLarge = "redirect-too-large": "The message inflates past the limit (P3).";
    UnexpectedMessage = "unexpected-message": "A request came where a response is due, or the other way round.";

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
    fn causes_of_signatures_and_queries_have_their_check() {
        for code in octroi_dsig::SignatureError::CODES {
            assert!(
                Check::ALL.iter().any(|check| check.code() == *code),
                "{code}"
            );
        }
    }

    #[test]
    fn codes_are_kebab_case_and_unique() {
        let mut seen = HashSet::new();
        for check in Check::ALL {
            let code = check.code();
            assert!(
                code.split('-').all(|word| !word.is_empty()
                    && word
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())),
                "{code}"
            );
            assert!(seen.insert(code), "{code} twice");
            assert!(check.meaning().ends_with('.'), "{code}");
        }
    }
}
