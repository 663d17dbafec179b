//! Our AuthnRequest to a portal, in canonical form.

use super::AuthnRequestToIssue;
use crate::canonical::Canonical;
use crate::check_id;
use crate::issue::IssueError;
use crate::signing::sign_in_place;
use octroi_dsig::Signer;

/// Writes the request to `out` (appended). With a signer it carries an enveloped signature, as HTTP-POST
/// needs it; for HTTP-Redirect write it unsigned and let [`crate::binding::redirect_url`] sign the query.
///
/// # Errors
/// [`IssueError`]; `out` is then as long as it was.
pub fn write_request(
    request: &AuthnRequestToIssue<'_>,
    signer: Option<&dyn Signer>,
    out: &mut Vec<u8>,
) -> Result<(), IssueError> {
    check_id(request.id).map_err(|_| IssueError::Id("ID"))?;
    let start = out.len();
    out.reserve(1400 + if signer.is_some() { 1400 } else { 0 });
    let mut w = Canonical::new(out);
    let signature_at = compose(&mut w, request);
    let written = w
        .finish()
        .map_err(IssueError::from)
        .and_then(|()| match signer {
            Some(signer) => sign_in_place(out, start, signature_at, request.id, signer, false),
            None => Ok(()),
        });
    if written.is_err() {
        out.truncate(start);
    }
    written
}

fn compose(w: &mut Canonical<'_>, request: &AuthnRequestToIssue<'_>) -> usize {
    w.markup("<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"");
    w.attribute(" AssertionConsumerServiceURL=\"", request.acs_url);
    w.attribute(" Destination=\"", request.destination);
    if request.force_authn {
        w.markup(" ForceAuthn=\"true\"");
    }
    w.attribute(" ID=\"", request.id);
    if request.is_passive {
        w.markup(" IsPassive=\"true\"");
    }
    w.instant(" IssueInstant=\"", request.now);
    w.markup(
        " ProtocolBinding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Version=\"2.0\">",
    );
    w.markup("<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">");
    w.text(request.issuer);
    w.markup("</saml:Issuer>");
    let signature_at = w.position();
    if let Some(format) = request.name_id_format {
        w.markup("<samlp:NameIDPolicy AllowCreate=\"true\"");
        w.attribute(" Format=\"", format);
        w.markup("></samlp:NameIDPolicy>");
    }
    requested_context(w, request);
    scoping(w, request);
    w.markup("</samlp:AuthnRequest>");
    signature_at
}

fn requested_context(w: &mut Canonical<'_>, request: &AuthnRequestToIssue<'_>) {
    if request.authn_context.is_empty() {
        return;
    }
    w.markup("<samlp:RequestedAuthnContext");
    w.attribute(" Comparison=\"", request.comparison.as_str());
    w.markup(">");
    for class in request.authn_context {
        w.element(
            "<saml:AuthnContextClassRef xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
            class,
            "</saml:AuthnContextClassRef>",
        );
    }
    w.markup("</samlp:RequestedAuthnContext>");
}

fn scoping(w: &mut Canonical<'_>, request: &AuthnRequestToIssue<'_>) {
    if request.proxy_count.is_none() && request.requester_ids.is_empty() {
        return;
    }
    w.markup("<samlp:Scoping");
    if let Some(count) = request.proxy_count {
        w.number(" ProxyCount=\"", count);
    }
    w.markup(">");
    for requester in request.requester_ids {
        w.element("<samlp:RequesterID>", requester, "</samlp:RequesterID>");
    }
    w.markup("</samlp:Scoping>");
}
