//! The Response around an assertion, its signatures and its encryption; and the Response that only refuses.

use super::{IssueError, Issued, ResponseToIssue, SignWhat, Status, StatusToIssue, assertion};
use crate::canonical::{Canonical, Unwritable};
use crate::signing::sign_in_place;
use crate::uri::status;
use crate::{Random, Time, check_id, new_id};
use octroi_dsig::{EncryptionRecipient, Signer, encrypt};

/// Room for one signature with a certificate of usual size.
const SIGNATURE_HINT: usize = 2600;

/// Writes a Response with one assertion to `out` (appended), signed as asked; with `encryption` the
/// assertion is signed inside first, then encrypted.
///
/// # Errors
/// [`IssueError`]; `out` is then as long as it was.
pub fn write_response(
    response: &ResponseToIssue<'_>,
    signer: &dyn Signer,
    encryption: Option<&EncryptionRecipient>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<Issued, IssueError> {
    let start = out.len();
    let written = compose(response, signer, encryption, random, out);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn compose(
    response: &ResponseToIssue<'_>,
    signer: &dyn Signer,
    encryption: Option<&EncryptionRecipient>,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<Issued, IssueError> {
    let content = &response.assertion;
    let response_id = new_id(random);
    let assertion_id = new_id(random);
    let hint = assertion::size_hint(content) + SIGNATURE_HINT;
    out.reserve(if encryption.is_some() {
        hint * 3
    } else {
        hint + SIGNATURE_HINT
    });
    let start = out.len();
    let envelope = Envelope {
        id: &response_id,
        issuer: content.issuer,
        destination: content.recipient,
        in_response_to: content.in_response_to,
        now: content.now,
        status: Status {
            top: status::SUCCESS,
            second: None,
            message: None,
        },
    };
    let response_signature_at = envelope.open(out)?;
    let sign_assertion = response.sign != SignWhat::Response;
    let mut scratch = Vec::new();
    let target = if encryption.is_some() {
        scratch.reserve(hint);
        &mut scratch
    } else {
        &mut *out
    };
    let assertion_start = target.len();
    let mut w = Canonical::new(target);
    let written = assertion::write(&mut w, content, &assertion_id);
    w.finish()?;
    if sign_assertion {
        let place = written.signature_at;
        sign_in_place(
            target,
            assertion_start,
            place,
            &assertion_id,
            signer,
            response.include_certificate,
        )?;
    }
    if let Some(recipient) = encryption {
        out.extend_from_slice(
            b"<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        );
        encrypt(&scratch, recipient, out).map_err(|_| IssueError::Encrypt)?;
        out.extend_from_slice(b"</saml:EncryptedAssertion>");
    }
    out.extend_from_slice(b"</samlp:Response>");
    if response.sign != SignWhat::Assertion {
        sign_in_place(
            out,
            start,
            response_signature_at,
            &response_id,
            signer,
            response.include_certificate,
        )?;
    }
    Ok(Issued {
        response_id,
        assertion_id,
        encrypted: encryption.is_some(),
    })
}

/// Writes a signed Response that holds a Status and no assertion to `out` (appended). Returns its ID.
///
/// # Errors
/// [`IssueError`]; `out` is then as long as it was.
pub fn write_status_response(
    refusal: &StatusToIssue<'_>,
    signer: &dyn Signer,
    random: &mut dyn Random,
    out: &mut Vec<u8>,
) -> Result<String, IssueError> {
    let start = out.len();
    let id = new_id(random);
    let envelope = Envelope {
        id: &id,
        issuer: refusal.issuer,
        destination: refusal.destination,
        in_response_to: refusal.in_response_to,
        now: refusal.now,
        status: refusal.status,
    };
    let written = envelope.open(out).and_then(|signature_at| {
        out.extend_from_slice(b"</samlp:Response>");
        sign_in_place(
            out,
            start,
            signature_at,
            &id,
            signer,
            refusal.include_certificate,
        )
    });
    match written {
        Ok(()) => Ok(id),
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

/// Everything of a Response but its assertion.
struct Envelope<'a> {
    id: &'a str,
    issuer: &'a str,
    destination: &'a str,
    in_response_to: Option<&'a str>,
    now: Time,
    status: Status<'a>,
}

impl Envelope<'_> {
    /// Writes start tag, Issuer and Status; returns where a Signature belongs.
    fn open(&self, out: &mut Vec<u8>) -> Result<usize, IssueError> {
        if let Some(request) = self.in_response_to {
            check_id(request).map_err(|_| IssueError::Id("InResponseTo"))?;
        }
        let mut w = Canonical::new(out);
        w.markup("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"");
        w.attribute(" Destination=\"", self.destination);
        w.attribute(" ID=\"", self.id);
        w.optional(" InResponseTo=\"", self.in_response_to);
        w.instant(" IssueInstant=\"", self.now);
        w.markup(
            " Version=\"2.0\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
        );
        w.text(self.issuer);
        w.markup("</saml:Issuer>");
        let signature_at = w.position();
        write_status(&mut w, &self.status);
        w.finish()?;
        Ok(signature_at)
    }
}

/// `samlp:Status`; also of LogoutResponses.
pub(crate) fn write_status(w: &mut Canonical<'_>, status: &Status<'_>) {
    w.markup("<samlp:Status><samlp:StatusCode");
    w.attribute(" Value=\"", status.top);
    w.markup(">");
    if let Some(second) = status.second {
        w.markup("<samlp:StatusCode");
        w.attribute(" Value=\"", second);
        w.markup("></samlp:StatusCode>");
    }
    w.markup("</samlp:StatusCode>");
    if let Some(message) = status.message {
        w.element("<samlp:StatusMessage>", message, "</samlp:StatusMessage>");
    }
    w.markup("</samlp:Status>");
}

impl From<Unwritable> for IssueError {
    fn from(_: Unwritable) -> Self {
        Self::Character
    }
}
