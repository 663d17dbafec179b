//! Logout messages that we send, in canonical form.

use crate::canonical::Canonical;
use crate::issue::{IssueError, NameIdToIssue, Status, write_status};
use crate::signing::sign_in_place;
use crate::{Time, check_id};
use octroi_dsig::Signer;

/// A LogoutRequest to write.
#[derive(Clone, Copy, Debug)]
pub struct LogoutRequestToIssue<'a> {
    /// A fresh ID ([`crate::new_id`]).
    pub id: &'a str,
    /// Our entityID in the role that this partner knows.
    pub issuer: &'a str,
    /// The partner's SingleLogoutService.
    pub destination: &'a str,
    /// The current instant.
    pub now: Time,
    /// Until when it is valid.
    pub not_on_or_after: Option<Time>,
    /// Whose session ends: the name identifier as the partner knows it.
    pub name_id: NameIdToIssue<'a>,
    /// Which sessions end; all of the person's when empty.
    pub session_indexes: &'a [&'a str],
}

/// A LogoutResponse to write.
#[derive(Clone, Copy, Debug)]
pub struct LogoutResponseToIssue<'a> {
    /// A fresh ID ([`crate::new_id`]).
    pub id: &'a str,
    /// Our entityID in the role that this partner knows.
    pub issuer: &'a str,
    /// Where it goes; not needed in SOAP.
    pub destination: Option<&'a str>,
    /// The request that is answered.
    pub in_response_to: &'a str,
    /// The current instant.
    pub now: Time,
    /// How it went: [`Status::SUCCESS`], [`Status::PARTIAL_LOGOUT`] or a refusal.
    pub status: Status<'a>,
}

/// Writes a LogoutRequest to `out` (appended), with an enveloped signature if a signer is given (SOAP, POST);
/// without one it is for [`crate::binding::redirect_url`] to sign.
///
/// # Errors
/// [`IssueError`]; `out` is then as long as it was.
pub fn write_request(
    request: &LogoutRequestToIssue<'_>,
    signer: Option<&dyn Signer>,
    out: &mut Vec<u8>,
) -> Result<(), IssueError> {
    message(request.id, signer, out, |w| {
        w.markup("<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"");
        w.attribute(" Destination=\"", request.destination);
        w.attribute(" ID=\"", request.id);
        w.instant(" IssueInstant=\"", request.now);
        if let Some(end) = request.not_on_or_after {
            w.instant(" NotOnOrAfter=\"", end);
        }
        let signature_at = issuer(w, request.issuer);
        let name_id = &request.name_id;
        w.markup("<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"");
        w.attribute(" Format=\"", name_id.format);
        w.optional(" NameQualifier=\"", name_id.name_qualifier);
        w.optional(" SPNameQualifier=\"", name_id.sp_name_qualifier);
        w.element(">", name_id.value, "</saml:NameID>");
        for index in request.session_indexes {
            w.element("<samlp:SessionIndex>", index, "</samlp:SessionIndex>");
        }
        w.markup("</samlp:LogoutRequest>");
        signature_at
    })
}

/// Writes a LogoutResponse to `out` (appended); the signature as in [`write_request`].
///
/// # Errors
/// [`IssueError`]; `out` is then as long as it was.
pub fn write_response(
    response: &LogoutResponseToIssue<'_>,
    signer: Option<&dyn Signer>,
    out: &mut Vec<u8>,
) -> Result<(), IssueError> {
    check_id(response.in_response_to).map_err(|_| IssueError::Id("InResponseTo"))?;
    message(response.id, signer, out, |w| {
        w.markup("<samlp:LogoutResponse xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"");
        w.optional(" Destination=\"", response.destination);
        w.attribute(" ID=\"", response.id);
        w.attribute(" InResponseTo=\"", response.in_response_to);
        w.instant(" IssueInstant=\"", response.now);
        let signature_at = issuer(w, response.issuer);
        write_status(w, &response.status);
        w.markup("</samlp:LogoutResponse>");
        signature_at
    })
}

/// A SOAP 1.1 envelope around a message, whose enveloped signature stays what it was.
pub fn soap_envelope(message: &[u8]) -> Vec<u8> {
    const START: &[u8] =
        b"<soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>";
    const END: &[u8] = b"</soap:Body></soap:Envelope>";
    [START, message, END].concat()
}

/// Ends a start tag and writes the Issuer; returns where a Signature belongs.
fn issuer(w: &mut Canonical<'_>, issuer: &str) -> usize {
    w.markup(" Version=\"2.0\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">");
    w.text(issuer);
    w.markup("</saml:Issuer>");
    w.position()
}

/// Writes with `compose`, which returns where a Signature belongs, and signs.
fn message(
    id: &str,
    signer: Option<&dyn Signer>,
    out: &mut Vec<u8>,
    compose: impl FnOnce(&mut Canonical<'_>) -> usize,
) -> Result<(), IssueError> {
    check_id(id).map_err(|_| IssueError::Id("ID"))?;
    let start = out.len();
    let mut w = Canonical::new(out);
    let signature_at = compose(&mut w);
    let written = w
        .finish()
        .map_err(IssueError::from)
        .and_then(|()| match signer {
            Some(signer) => sign_in_place(out, start, signature_at, id, signer, false),
            None => Ok(()),
        });
    if written.is_err() {
        out.truncate(start);
    }
    written
}
