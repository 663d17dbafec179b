//! What an operator does about a refusal, for every code that is not the gateway's own (those carry their remedy).
//!
//! Words for operators and partners; persons read `pages::words`.

use octroi_entitlements::Denied;
use octroi_saml::Check;

const SENDER_XML: &str = "Have the sender's software corrected: it writes what no SAML product may. One such message alone can be an attack; the audit trail has its source.";
const ATTACK: &str = "No product writes this. Treat it as an attack: find the source by the trace id, and tell the partner whose name was used.";
const SIGNING: &str = "Compare the keys in the partner's current metadata with the fingerprints in the detail; a roll-over that was not published is the usual cause.";
const ALGORITHM: &str = "Have the partner sign with SHA-256 and a key of at least 2048 bits; until then a dated exception under `[portal.legacy]` is possible.";
const CLOCK: &str = "The detail has the difference in seconds. Set the clocks (NTP) of both sides; raise `skew_seconds` (at most 300) only as a last resort.";
const ADDRESS: &str = "The partner has old metadata of this gateway, or another name for it: let it load /saml/metadata or /idp/metadata anew. The detail has both values.";
const FLOW: &str = "Usually tabs, the back button or a bookmark: the person begins again. Many from one portal: it mixes up requests or answers with stored messages.";
const PORTAL_SHAPE: &str = "Have the portal's software corrected: Web Browser SSO (Profiles 4.1.4) demands it. docs/portal.md has an example.";
const PUBLISHER: &str = "Have the publisher correct its request, or its metadata and load them here; docs/publisher.md says what is supported.";
const METADATA: &str =
    "Obtain the partner's current metadata and load them; `octroi check` names file and place.";

/// What to do when a check of a message failed.
#[must_use]
pub fn of_check(check: Check) -> &'static str {
    use Check as C;
    match check {
        C::XmlDoctype
        | C::XmlDuplicateId
        | C::TextAmbiguous
        | C::AssertionMultiple
        | C::AssertionOutOfPlace
        | C::SignatureSeveral
        | C::SignatureMisplaced
        | C::SignatureIdAmbiguous
        | C::SignatureCommentInContent
        | C::SignatureCommentInside
        | C::SignatureShape
        | C::SignatureObject
        | C::SignatureReferenceCount
        | C::SignatureReferenceUri
        | C::SignatureReferenceTarget
        | C::SignatureEmpty
        | C::SignatureDigestMismatch
        | C::RedirectBothMessages
        | C::RedirectDuplicateParameter
        | C::RedirectEscapedName
        | C::RedirectTooLarge => ATTACK,
        C::StatusNotSuccess => {
            "The portal itself refused or failed; the detail has its status. Look at the portal's log for the same time."
        }
        C::SignatureMissing | C::ResponseUnsigned | C::AssertionUnsigned | C::SignatureRequired => {
            "Have the partner sign what the policy asks for. There is no switch that turns this off."
        }
        C::SignatureInvalid | C::SignatureNoKey | C::SignatureNoMatchingKey => SIGNING,
        C::SignatureMethod
        | C::SignatureDigestMethod
        | C::SignatureKeyTooSmall
        | C::SignatureMethodParameters
        | C::SignatureTransform => ALGORITHM,
        C::EncryptedAssertionRefused | C::EncryptedIdRefused => {
            "The cause is deliberately not told apart. Check that the portal encrypts to a key of this gateway's current metadata, with RSA-OAEP and AES-GCM, and signs inside."
        }
        C::DecryptionNotAllowed => {
            "Let the portal sign the Response around an encrypted assertion, or answer our request only."
        }
        C::ResponseIssuerMismatch
        | C::AssertionIssuerMismatch
        | C::IssuerMismatch
        | C::IssuerMissing
        | C::IssuerFormat => {
            "The partner must write exactly the entityID of its metadata; the detail has both. Nobody may speak for another."
        }
        C::DestinationMissing
        | C::DestinationMismatch
        | C::AudienceMissing
        | C::AudienceMismatch
        | C::RecipientMissing
        | C::RecipientMismatch
        | C::NameQualifierMismatch => ADDRESS,
        C::InResponseToMissing => {
            "The portal must write InResponseTo. For one that cannot yet: `missing_in_response_to_until` under `[portal.legacy]`."
        }
        C::InResponseToMismatch | C::InResponseToUnexpected => FLOW,
        C::UnsolicitedRefused => {
            "If this portal may begin on its own, set `accept_unsolicited`. Otherwise it lost the RelayState that it must echo."
        }
        C::IssueInstantInFuture
        | C::IssuedTooLongAgo
        | C::NotYetValid
        | C::AssertionExpired
        | C::ConfirmationExpired
        | C::AuthnInstantInFuture
        | C::RequestExpired
        | C::LogoutExpired => CLOCK,
        C::SessionExpired => {
            "The portal's own session had ended: the person signs in there again. If at once, the portal's SessionNotOnOrAfter is wrong."
        }
        C::LifetimeTooLong => {
            "Have the portal shorten the validity; until then `long_lifetimes_until` under `[portal.legacy]`."
        }
        C::ProxyCountExhausted | C::ProxyAudience => {
            "The portal restricts what is issued on its word. Agree with it which publishers may be served."
        }
        C::AcsUnknown
        | C::AcsIndexUnknown
        | C::AcsAmbiguous
        | C::AcsMissing
        | C::ProtocolBinding
        | C::NameIdPolicy
        | C::AuthnContextUnmet
        | C::SubjectRequested
        | C::ProxyingForbidden => PUBLISHER,
        C::MetadataExpired
        | C::MetadataValidityMissing
        | C::MetadataValidityTooLong
        | C::MetadataInvalid
        | C::EntityIdInvalid
        | C::EndpointInvalid
        | C::KeyInvalid
        | C::EntityMissing => METADATA,
        C::ConditionsMissing
        | C::WindowEmpty
        | C::ConditionUnknown
        | C::SubjectMissing
        | C::ConfirmationMissing
        | C::ConfirmationDataMissing
        | C::ConfirmationNotBefore
        | C::ConfirmationExpiryMissing
        | C::NameIdInvalid
        | C::AuthnStatementMissing
        | C::AuthnStatementMultiple
        | C::AuthnContextInvalid
        | C::AttributeRepeated
        | C::AttributeInvalid
        | C::AssertionMissing
        | C::StatusMissing => PORTAL_SHAPE,
        _ => SENDER_XML,
    }
}

/// What to do when a rule of the entitlements said no.
#[must_use]
pub fn of_denied(denied: Denied) -> &'static str {
    match denied {
        Denied::UnknownEnt => {
            "The directory has no such ENT project, though a portal speaks for it: check `ents.tsv` and the snapshot in force."
        }
        Denied::UnknownResource => {
            "Check the resource in the directory, and that the snapshot in force was built after it was added."
        }
        Denied::PersonRevoked => {
            "Revoked by an operator; `octroi explain` names the entry of the overlay. To lift it, add `person-restored`."
        }
        Denied::PublisherSuspended | Denied::ResourceSuspended => {
            "Suspended by an operator; `octroi explain` names the entry of the overlay. To lift it, add the `-resumed` entry."
        }
        Denied::ResourceDisabled | Denied::PublisherDisabled => {
            "Switched off in the directory (`disabled`); switch it on there and build a snapshot."
        }
        Denied::PublisherNotYet { .. } | Denied::ResourceNotYet { .. } => {
            "Valid later, says the directory (`from`); `octroi explain` has the date."
        }
        Denied::PublisherExpired { .. } | Denied::ResourceExpired { .. } => {
            "No longer valid, says the directory (`until`); `octroi explain` has the date. To prolong it, change the table and build a snapshot."
        }
        Denied::UnknownPerson => {
            "The portal did not deliver this person, or under another identifier: compare its last archive. New people come with the next snapshot."
        }
        Denied::NoSchool => {
            "The portal delivered the person without a school: its archive lacks the affiliation."
        }
        Denied::NotInThatSchool => {
            "The tile names a school (idEtab) that is not one of the person's: the portal's link or its archive is wrong."
        }
        Denied::NoSubscription => {
            "No school of the person has a subscription to this resource; `octroi explain` lists what there is."
        }
        Denied::SubscriptionExpired { .. } => {
            "The subscription has ended; renew it. The detail of `octroi explain` has the date."
        }
        Denied::SubscriptionNotYet { .. } => {
            "The subscription begins later; `octroi explain` has the date."
        }
        Denied::PublicExcluded => {
            "The subscription is for another public (publicCible) than the person's profile in that school."
        }
        Denied::NotAssigned => {
            "An individual subscription: the school's assignment manager must give the person a licence. `octroi explain` says whether others have one, theirs is for another time, or it was taken back; that licences ran out, only the report of the build says."
        }
        _ => "Run `octroi snapshot check` on the file in force, and go back to the one before.",
    }
}
