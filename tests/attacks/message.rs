//! Rightly signed Responses to start from, what they must be checked against, and what was signed.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use octroi_dsig::{PublicKey, SoftwareSigner};
use octroi_saml::issue::{
    AssertionToIssue, AttributeToIssue, NameIdToIssue, ResponseToIssue, SignWhat, write_response,
};
use octroi_saml::response::{self, AcceptedAssertion, Expectations, InResponseTo};
use octroi_saml::{Random, Refusal, Time, uri};

pub const SIGNED: [SignWhat; 3] = [SignWhat::Assertion, SignWhat::Response, SignWhat::Both];
/// Who the portal really named.
pub const PERSON: &str = "alice-8f2c";
/// Whom an attacker wants to be; as long as the real name, so that forged text differs in nothing else.
pub const FORGED: &str = "admin-0001";

const PORTAL: &str = "https://portal.example/metadata";
const OURS: &str = "https://octroi.example/saml/metadata";
const ACS: &str = "https://octroi.example/saml/acs";
const REQUEST: &str = "_request";

struct Counter(u8);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        self.0 += 1;
        out.fill(self.0);
    }
}

/// The portal's key, and another that nobody trusts.
pub struct Signers {
    pub portal: SoftwareSigner,
    pub stranger: SoftwareSigner,
    keys: [PublicKey; 1],
}

pub fn signers() -> &'static Signers {
    static SIGNERS: OnceLock<Signers> = OnceLock::new();
    SIGNERS.get_or_init(|| {
        let portal = signer();
        Signers {
            keys: [portal.public_key().clone()],
            stranger: signer(),
            portal,
        }
    })
}

fn signer() -> SoftwareSigner {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(key.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    SoftwareSigner::from_pkcs8_pem(&pem, None, None).unwrap()
}

pub fn now() -> Time {
    Time::from_unix_seconds(1_795_442_400)
}

/// A Response of the portal about `person`, signed by `signer`.
pub fn response(sign: SignWhat, person: &str, signer: &SoftwareSigner) -> String {
    let values = [Cow::Borrowed("B0-eleve"), Cow::Borrowed("a<b&c \"d\"")];
    let attributes = [
        AttributeToIssue {
            name: "GARPersonIdentifiant",
            name_format: uri::format::ATTRIBUTE_BASIC,
            friendly_name: None,
            values: &[Cow::Borrowed(person)],
        },
        AttributeToIssue {
            name: "profil",
            name_format: uri::format::ATTRIBUTE_BASIC,
            friendly_name: Some("Profil"),
            values: &values,
        },
    ];
    let assertion = AssertionToIssue {
        issuer: PORTAL,
        audience: OURS,
        recipient: ACS,
        in_response_to: Some(REQUEST),
        now: now(),
        not_before: now().minus(Duration::from_secs(60)),
        not_on_or_after: now().plus(Duration::from_secs(300)),
        proxy_count: None,
        name_id: NameIdToIssue {
            value: person,
            format: uri::format::TRANSIENT,
            name_qualifier: None,
            sp_name_qualifier: None,
        },
        session_index: Some("_session"),
        session_not_on_or_after: None,
        authn_instant: now(),
        authn_context: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        authenticating_authorities: &[],
        attributes: &attributes,
    };
    let mut out = Vec::new();
    write_response(
        &ResponseToIssue {
            assertion,
            sign,
            include_certificate: false,
        },
        signer,
        None,
        &mut Counter(0),
        &mut out,
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

/// What the gateway says to a message, as answer to its own open request.
pub fn accept(xml: &str) -> Result<AcceptedAssertion, Refusal> {
    let expect = Expectations::strict(
        now(),
        OURS,
        ACS,
        PORTAL,
        &signers().keys,
        InResponseTo::Required(REQUEST),
    );
    response::accept(xml.as_bytes(), &expect)
}

/// Holds an acceptance against what was signed. Where only the Assertion is signed the Response's ID is nobody's word.
pub fn assert_signed(
    accepted: &AcceptedAssertion,
    honest: &AcceptedAssertion,
    sign: SignWhat,
    xml: &str,
) {
    let mut accepted = accepted.clone();
    if sign == SignWhat::Assertion {
        accepted.response_id.clone_from(&honest.response_id);
    }
    assert_eq!(&accepted, honest, "read otherwise than signed:\n{xml}");
}

#[test]
fn the_honest_messages_are_accepted_and_strangers_are_not() {
    for sign in SIGNED {
        let accepted = accept(&response(sign, PERSON, &signers().portal)).unwrap();
        assert_eq!(accepted.name_id.unwrap().value, PERSON);
        assert!(accept(&response(sign, PERSON, &signers().stranger)).is_err());
    }
}
