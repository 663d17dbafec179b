//! What portals write: Responses in the styles of the field, with or without a defect, statuses and logout requests.

use std::fmt::Write as _;
use std::time::Duration;

use octroi_dsig::{EncryptionRecipient, Signer};
use octroi_saml::issue::{IssueError, SignWhat};
use octroi_saml::portal_side::{Digest, PortalResponse, PortalSignature, sign_document};
use octroi_saml::{Random, Time, new_id};

use super::defect::Defect;
use crate::simulate::country::partner::PortalStyle;
use crate::simulate::markup::{attribute, text};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const STATUS: &str = "urn:oasis:names:tc:SAML:2.0:status:";

/// Everything that one Response says.
#[derive(Debug, Clone, Copy)]
pub struct Say<'a> {
    /// In which way.
    pub style: PortalStyle,
    /// The portal's entityID.
    pub issuer: &'a str,
    /// `idEnt`.
    pub ident: &'a str,
    /// Another portal's `idEnt`, for [`Defect::OtherIdent`].
    pub other_ident: &'a str,
    /// `GARPersonIdentifiant`.
    pub person: &'a str,
    /// The gateway's assertion consumer service.
    pub acs: &'a str,
    /// The gateway's entityID.
    pub audience: &'a str,
    /// ID of the request that is answered.
    pub in_response_to: Option<&'a str>,
    /// The current time.
    pub now: Time,
    /// When the person signed in.
    pub signed_in: Time,
    /// What is wrong with it.
    pub defect: Defect,
}

/// A portal's keys, and the gateway's for encryption.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// The portal's signing key.
    pub own: &'a dyn Signer,
    /// A key that nobody knows.
    pub stranger: &'a dyn Signer,
    /// To whom [`PortalStyle::Sealed`] encrypts.
    pub gateway: &'a EncryptionRecipient,
}

/// A Response as sent, and what a logout needs to name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The XML.
    pub xml: Vec<u8>,
    /// ID of the Assertion.
    pub assertion_id: String,
    /// The transient name identifier.
    pub name_id: String,
    /// `SessionIndex`.
    pub session_index: String,
}

/// Writes a Response.
///
/// # Errors
/// [`IssueError`] when signing or encrypting fails.
pub fn response(
    say: &Say<'_>,
    keys: &Keys<'_>,
    random: &mut dyn Random,
) -> Result<Written, IssueError> {
    let mut response = composed(say, random);
    deface(&mut response, say);
    let what = match say.style {
        PortalStyle::Modern | PortalStyle::Entcore => SignWhat::Assertion,
        PortalStyle::Sealed => SignWhat::Response,
        PortalStyle::Twice => SignWhat::Both,
    };
    let signer = if say.defect == Defect::StrangerKey {
        keys.stranger
    } else {
        keys.own
    };
    let digest = if say.style == PortalStyle::Entcore {
        Digest::Sha1
    } else {
        Digest::Sha256
    };
    let signature = PortalSignature {
        digest,
        ..PortalSignature::new(signer, what)
    };
    let encryption = (say.style == PortalStyle::Sealed).then_some(keys.gateway);
    let mut xml = Vec::with_capacity(8192);
    response.write(
        (say.defect != Defect::Unsigned).then_some(&signature),
        encryption,
        &mut xml,
    )?;
    if say.defect == Defect::Tampered {
        tamper(
            &mut xml,
            if encryption.is_some() {
                b"</xenc:CipherValue>"
            } else {
                b"</saml:AttributeValue>"
            },
        );
    }
    Ok(Written {
        xml,
        name_id: response
            .name_id
            .map(|(value, ..)| value)
            .unwrap_or_default(),
        session_index: response
            .authn
            .into_iter()
            .find_map(|a| a.session_index)
            .unwrap_or_default(),
        assertion_id: response.assertion_id,
    })
}

/// What the style writes when nothing is wrong.
fn composed(say: &Say<'_>, random: &mut dyn Random) -> PortalResponse {
    let mut response = match say.style {
        PortalStyle::Entcore => PortalResponse::entcore(say.now, say.issuer),
        _ => PortalResponse::usual(say.now, say.issuer),
    };
    response
        .identified(&new_id(random), &new_id(random))
        .to(say.audience, say.acs);
    // Entcore's older versions leave InResponseTo out even when a request was made.
    response.answers(
        say.in_response_to
            .filter(|_| say.style != PortalStyle::Entcore),
    );
    response.name_id = Some((new_id(random), TRANSIENT.to_owned(), None));
    for authn in &mut response.authn {
        authn.instant = say.signed_in;
        authn.session_index = Some(response.assertion_id.clone());
    }
    response
        .attribute("idEnt", [say.ident])
        .attribute("GARPersonIdentifiant", [say.person]);
    response
}

/// Makes wrong what is asked to be wrong.
fn deface(response: &mut PortalResponse, say: &Say<'_>) {
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let mut shift = |issued: Time, from: Time, until: Time| {
        response.issue_instant = issued;
        response.not_before = Some(from);
        response.not_on_or_after = Some(until);
        for confirmation in &mut response.confirmations {
            confirmation.not_on_or_after = Some(until);
        }
    };
    match say.defect {
        Defect::None | Defect::Tampered | Defect::Unsigned | Defect::StrangerKey => {}
        Defect::Expired => shift(
            say.now.minus(minutes(9)),
            say.now.minus(minutes(9)),
            say.now.minus(minutes(4)),
        ),
        Defect::NotYetValid => shift(
            say.now,
            say.now.plus(minutes(10)),
            say.now.plus(minutes(15)),
        ),
        Defect::Stale => shift(
            say.now.minus(minutes(12)),
            say.now.minus(minutes(12)),
            say.now.plus(minutes(30)),
        ),
        Defect::WrongAudience => {
            response.audiences = vec![vec!["https://elsewhere.example/metadata".to_owned()]]
        }
        Defect::WrongRecipient => {
            for confirmation in &mut response.confirmations {
                confirmation.recipient = Some("https://elsewhere.example/acs".to_owned());
            }
        }
        Defect::WrongInResponseTo => {
            response.answers(Some("_00000000000000000000000000000000"));
        }
        Defect::OtherIdent | Defect::NoPerson | Defect::TwoPersons => {
            response.attributes.clear();
            let ident = if say.defect == Defect::OtherIdent {
                say.other_ident
            } else {
                say.ident
            };
            response.attribute("idEnt", [ident]);
            let persons: &[&str] = match say.defect {
                Defect::NoPerson => &[],
                Defect::TwoPersons => &[say.person, "somebody-else"],
                _ => &[say.person],
            };
            if !persons.is_empty() {
                response.attribute("GARPersonIdentifiant", persons.iter().copied());
            }
        }
        Defect::WrongIssuer => {
            let other = Some("https://another.portal.example/metadata".to_owned());
            response.issuer.clone_from(&other);
            response.response_issuer = other;
        }
    }
}

/// Changes one character before the last occurrence of `end`, as somebody in the middle would.
fn tamper(xml: &mut [u8], end: &[u8]) {
    let at = xml.windows(end.len()).rposition(|window| window == end);
    // A few characters further in for base64, whose last ones may be padding.
    let back = if end.starts_with(b"</xenc") { 12 } else { 1 };
    if let Some(byte) = at.and_then(|at| xml.get_mut(at.checked_sub(back)?)) {
        *byte = if *byte == b'7' { b'8' } else { b'7' };
    }
}

/// Writes a Response that only says no, such as `NoPassive`. Not signed, as most portals do it.
#[must_use]
pub fn status(say: &Say<'_>, second: &str, random: &mut dyn Random) -> Vec<u8> {
    let mut answer = String::new();
    if let Some(id) = say.in_response_to {
        let _ = write!(answer, " InResponseTo=\"{}\"", attribute(id));
    }
    format!(
        "<samlp:Response xmlns:samlp=\"{PROTOCOL}\" Destination=\"{}\" ID=\"{}\"{answer} IssueInstant=\"{}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer><samlp:Status>\
         <samlp:StatusCode Value=\"{STATUS}Responder\"><samlp:StatusCode Value=\"{STATUS}{second}\"/></samlp:StatusCode>\
         </samlp:Status></samlp:Response>",
        attribute(say.acs),
        new_id(random),
        say.now,
        text(say.issuer),
    )
    .into_bytes()
}

/// Writes a signed LogoutRequest in a SOAP 1.1 envelope.
///
/// # Errors
/// [`IssueError::Sign`].
pub fn logout(
    say: &Say<'_>,
    destination: &str,
    written: &Written,
    signer: &dyn Signer,
    random: &mut dyn Random,
) -> Result<Vec<u8>, IssueError> {
    let request = format!(
        "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" Destination=\"{}\" ID=\"{}\" IssueInstant=\"{}\" NotOnOrAfter=\"{}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer>\
         <saml:NameID xmlns:saml=\"{ASSERTION}\" Format=\"{TRANSIENT}\">{}</saml:NameID>\
         <samlp:SessionIndex>{}</samlp:SessionIndex></samlp:LogoutRequest>",
        attribute(destination),
        new_id(random),
        say.now,
        say.now.plus(Duration::from_secs(300)),
        text(say.issuer),
        text(&written.name_id),
        text(&written.session_index),
    );
    let digest = if say.style == PortalStyle::Entcore {
        Digest::Sha1
    } else {
        Digest::Sha256
    };
    let signature = PortalSignature {
        digest,
        ..PortalSignature::new(signer, SignWhat::Assertion)
    };
    let signed = sign_document(request.as_bytes(), &signature).ok_or(IssueError::Sign)?;
    let mut soap = b"<soap11:Envelope xmlns:soap11=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap11:Body>".to_vec();
    soap.extend_from_slice(&signed);
    soap.extend_from_slice(b"</soap11:Body></soap11:Envelope>");
    Ok(soap)
}
