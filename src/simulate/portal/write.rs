//! What portals write: Responses in the styles of the field, statuses and logout requests.
//!
//! A writer of its own, so that the gateway's reader does not only meet the gateway's writer. Text is laid down in the
//! form that exclusive canonicalisation gives it, and hashed as it stands.

use octroi_dsig::{EncryptionRecipient, encrypt};
use octroi_saml::{Random, Time, new_id};
use std::time::Duration;
use thiserror::Error;

use super::defect::Defect;
use crate::simulate::country::partner::PortalStyle;
use crate::simulate::markup::{attribute as quoted, text};
use crate::simulate::sign::{KeyFailure, PartnerKey, envelop};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

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
    pub own: &'a PartnerKey,
    /// A key that nobody knows.
    pub stranger: &'a PartnerKey,
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

/// Why nothing was written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The key failed.
    #[error(transparent)]
    Key(#[from] KeyFailure),
    /// Encryption to the gateway's key failed.
    #[error("encryption failed")]
    Encrypt,
}

/// The two prefixes of a style.
fn prefixes(style: PortalStyle) -> (&'static str, &'static str) {
    if style == PortalStyle::Entcore { ("saml2p", "saml2") } else { ("samlp", "saml") }
}

struct Times {
    issued: Time,
    not_before: Time,
    not_on_or_after: Time,
    confirmation: Time,
}

impl Times {
    fn of(say: &Say<'_>) -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        let now = match say.defect {
            Defect::Expired => say.now.minus(minutes(9)),
            Defect::NotYetValid => say.now.plus(minutes(10)),
            Defect::Stale => say.now.minus(minutes(11)),
            _ => say.now,
        };
        let issued = if say.defect == Defect::NotYetValid { say.now } else { now };
        if say.style == PortalStyle::Entcore && say.defect != Defect::Expired {
            // A day for the Conditions, five for the confirmation, no allowance for late clocks.
            let (day, days) = (now.plus(minutes(1440)), now.plus(minutes(5 * 1440)));
            return Self { issued, not_before: now, not_on_or_after: day, confirmation: days };
        }
        let life = if say.defect == Defect::Stale { minutes(60) } else { minutes(5) };
        let end = now.plus(life);
        Self { issued, not_before: now.minus(Duration::from_secs(30)), not_on_or_after: end, confirmation: end }
    }
}

/// Writes a Response.
///
/// # Errors
/// [`WriteError`].
pub fn response(say: &Say<'_>, keys: &Keys<'_>, random: &mut dyn Random) -> Result<Written, WriteError> {
    let (p, a) = prefixes(say.style);
    let times = Times::of(say);
    let assertion_id = new_id(random);
    let response_id = new_id(random);
    let name_id = new_id(random);
    let key = if say.defect == Defect::StrangerKey { keys.stranger } else { keys.own };
    let signs = |wanted: bool| wanted && say.defect != Defect::Unsigned;
    let in_response_to = in_response_to(say);

    let mut assertion = assertion(say, a, &times, &assertion_id, &name_id, in_response_to.as_deref());
    if signs(say.style != PortalStyle::Sealed) {
        envelop(&mut assertion, &format!("</{a}:Issuer>"), &assertion_id, hidden_prefix(say.style), key)?;
    }
    if say.defect == Defect::Tampered && say.style != PortalStyle::Sealed {
        tamper(&mut assertion, say.person);
    }
    let content = if say.style == PortalStyle::Sealed {
        let mut sealed = format!("<{a}:EncryptedAssertion xmlns:{a}=\"{ASSERTION}\">").into_bytes();
        encrypt(assertion.as_bytes(), keys.gateway, &mut sealed).map_err(|_| WriteError::Encrypt)?;
        sealed.extend_from_slice(format!("</{a}:EncryptedAssertion>").as_bytes());
        String::from_utf8(sealed).map_err(|_| WriteError::Encrypt)?
    } else {
        assertion
    };

    let issuer = text(issuer(say));
    let acs = quoted(say.acs);
    let answer = in_response_to.map_or_else(String::new, |id| format!(" InResponseTo=\"{id}\""));
    let mut xml = format!(
        "<{p}:Response xmlns:{p}=\"{PROTOCOL}\" Destination=\"{acs}\" ID=\"{response_id}\"{answer} IssueInstant=\"{}\" Version=\"2.0\">\
         <{a}:Issuer xmlns:{a}=\"{ASSERTION}\">{issuer}</{a}:Issuer>\
         <{p}:Status><{p}:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></{p}:StatusCode></{p}:Status>{content}</{p}:Response>",
        times.issued
    );
    if signs(matches!(say.style, PortalStyle::Sealed | PortalStyle::Twice)) {
        envelop(&mut xml, &format!("</{a}:Issuer>"), &response_id, hidden_prefix(say.style), key)?;
        if say.defect == Defect::Tampered && say.style == PortalStyle::Sealed {
            // Inside the encrypted content, behind the outer signature.
            if let Some(at) = xml.rfind("</xenc:CipherValue>") {
                tamper_at(&mut xml, at - 12);
            }
        }
    }
    Ok(Written { xml: xml.into_bytes(), session_index: assertion_id.clone(), assertion_id, name_id })
}

/// Entcore's older versions leave it out even when a request was made.
fn in_response_to(say: &Say<'_>) -> Option<String> {
    match (say.defect, say.style) {
        (Defect::WrongInResponseTo, _) => Some("_00000000000000000000000000000000".to_owned()),
        (_, PortalStyle::Entcore) => None,
        _ => say.in_response_to.map(quoted),
    }
}

fn issuer<'a>(say: &Say<'a>) -> &'a str {
    if say.defect == Defect::WrongIssuer { "https://another.portal.example/metadata" } else { say.issuer }
}

/// Changes one character of the last occurrence of a text, as a person in the middle would.
fn tamper(xml: &mut String, text: &str) {
    if let Some(at) = xml.rfind(text) {
        tamper_at(xml, at + text.len() - 1);
    }
}

/// Changes the character there, if it is one of ASCII.
fn tamper_at(xml: &mut String, at: usize) {
    if let Some(found) = xml.get(at..=at) {
        let other = if found == "7" { "8" } else { "7" };
        xml.replace_range(at..=at, other);
    }
}

fn assertion(
    say: &Say<'_>,
    a: &str,
    times: &Times,
    id: &str,
    name_id: &str,
    in_response_to: Option<&str>,
) -> String {
    let recipient = match say.defect {
        Defect::WrongRecipient => "https://elsewhere.example/acs".to_owned(),
        _ => quoted(say.acs),
    };
    let audience = match say.defect {
        Defect::WrongAudience => "https://elsewhere.example/metadata".to_owned(),
        _ => text(say.audience),
    };
    let answer = in_response_to.map_or_else(String::new, |id| format!(" InResponseTo=\"{id}\""));
    let mut attributes = vec![("idEnt", if say.defect == Defect::OtherIdent { say.other_ident } else { say.ident })];
    if say.defect != Defect::NoPerson {
        attributes.push(("GARPersonIdentifiant", say.person));
    }
    if say.defect == Defect::TwoPersons {
        attributes.push(("GARPersonIdentifiant", "somebody-else"));
    }
    let statement: String = attributes.iter().map(|(name, value)| attribute(say.style, a, name, value)).collect();
    format!(
        "<{a}:Assertion xmlns:{a}=\"{ASSERTION}\" ID=\"{id}\" IssueInstant=\"{issued}\" Version=\"2.0\">\
         <{a}:Issuer>{issuer}</{a}:Issuer>\
         <{a}:Subject><{a}:NameID Format=\"{TRANSIENT}\">{name_id}</{a}:NameID>\
         <{a}:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">\
         <{a}:SubjectConfirmationData{answer} NotOnOrAfter=\"{confirmation}\" Recipient=\"{recipient}\"></{a}:SubjectConfirmationData>\
         </{a}:SubjectConfirmation></{a}:Subject>\
         <{a}:Conditions NotBefore=\"{not_before}\" NotOnOrAfter=\"{end}\">\
         <{a}:AudienceRestriction><{a}:Audience>{audience}</{a}:Audience></{a}:AudienceRestriction></{a}:Conditions>\
         <{a}:AuthnStatement AuthnInstant=\"{signed_in}\" SessionIndex=\"{id}\"><{a}:AuthnContext>\
         <{a}:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</{a}:AuthnContextClassRef>\
         </{a}:AuthnContext></{a}:AuthnStatement>\
         <{a}:AttributeStatement>{statement}</{a}:AttributeStatement></{a}:Assertion>",
        issued = times.issued,
        issuer = text(issuer(say)),
        confirmation = times.confirmation,
        not_before = times.not_before,
        end = times.not_on_or_after,
        signed_in = say.signed_in,
    )
}

fn attribute(style: PortalStyle, a: &str, name: &str, value: &str) -> String {
    let value = text(value);
    // Entcore's library types its values; the namespace that only the type's value uses needs a PrefixList to be signed.
    let typed = match style {
        PortalStyle::Entcore => {
            " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\""
        }
        _ => "",
    };
    format!(
        "<{a}:Attribute Name=\"{name}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:basic\">\
         <{a}:AttributeValue{typed}>{value}</{a}:AttributeValue></{a}:Attribute>"
    )
}

/// The prefix that only a type's value uses, and that a PrefixList must name to be signed.
fn hidden_prefix(style: PortalStyle) -> Option<&'static str> {
    (style == PortalStyle::Entcore).then_some("xs")
}

/// Writes a Response that only says no, such as `NoPassive`. Not signed, as most portals do it.
#[must_use]
pub fn status(say: &Say<'_>, second: &str, random: &mut dyn Random) -> Vec<u8> {
    let (p, a) = prefixes(say.style);
    let answer = say.in_response_to.map_or_else(String::new, |id| format!(" InResponseTo=\"{}\"", quoted(id)));
    format!(
        "<{p}:Response xmlns:{p}=\"{PROTOCOL}\" Destination=\"{}\" ID=\"{}\"{answer} IssueInstant=\"{}\" Version=\"2.0\">\
         <{a}:Issuer xmlns:{a}=\"{ASSERTION}\">{}</{a}:Issuer><{p}:Status>\
         <{p}:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\">\
         <{p}:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{second}\"></{p}:StatusCode></{p}:StatusCode>\
         </{p}:Status></{p}:Response>",
        quoted(say.acs),
        new_id(random),
        say.now,
        text(say.issuer),
    )
    .into_bytes()
}

/// Writes a signed LogoutRequest in a SOAP 1.1 envelope.
///
/// # Errors
/// [`WriteError`].
pub fn logout(
    say: &Say<'_>,
    destination: &str,
    written: &Written,
    key: &PartnerKey,
    random: &mut dyn Random,
) -> Result<Vec<u8>, WriteError> {
    let (p, a) = prefixes(say.style);
    let id = new_id(random);
    let mut request = format!(
        "<{p}:LogoutRequest xmlns:{p}=\"{PROTOCOL}\" Destination=\"{}\" ID=\"{id}\" IssueInstant=\"{}\" NotOnOrAfter=\"{}\" Version=\"2.0\">\
         <{a}:Issuer xmlns:{a}=\"{ASSERTION}\">{}</{a}:Issuer>\
         <{a}:NameID xmlns:{a}=\"{ASSERTION}\" Format=\"{TRANSIENT}\">{}</{a}:NameID>\
         <{p}:SessionIndex>{}</{p}:SessionIndex></{p}:LogoutRequest>",
        quoted(destination),
        say.now,
        say.now.plus(Duration::from_secs(300)),
        text(say.issuer),
        text(&written.name_id),
        text(&written.session_index),
    );
    envelop(&mut request, &format!("</{a}:Issuer>"), &id, hidden_prefix(say.style), key)?;
    Ok(format!(
        "<soap11:Envelope xmlns:soap11=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap11:Body>{request}</soap11:Body></soap11:Envelope>"
    )
    .into_bytes())
}
