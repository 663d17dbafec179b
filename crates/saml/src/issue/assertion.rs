//! The issued Assertion in canonical form, without its Signature.
//!
//! Element and attribute order is that of the schema and of exclusive C14N at once. NameFormat is as given,
//! `xsi:type` is never written (IIP-SP02).

use super::{AssertionToIssue, AttributeToIssue, NameIdToIssue};
use crate::canonical::Canonical;

/// Where a Signature belongs in what was written.
pub(super) struct Written {
    /// Offset just behind the Issuer.
    pub(super) signature_at: usize,
}

/// A good guess of the octets needed, so that one allocation serves.
pub(super) fn size_hint(assertion: &AssertionToIssue<'_>) -> usize {
    let attributes: usize = assertion
        .attributes
        .iter()
        .map(|a| 140 + a.name.len() + a.values.iter().map(|v| 60 + v.len()).sum::<usize>())
        .sum();
    1600 + attributes
        + assertion.issuer.len() * 2
        + assertion.audience.len() * 2
        + assertion.recipient.len() * 2
        + assertion.name_id.value.len()
        + assertion
            .authenticating_authorities
            .iter()
            .map(|a| a.len() + 60)
            .sum::<usize>()
}

/// Writes the assertion named `id`.
pub(super) fn write(w: &mut Canonical<'_>, assertion: &AssertionToIssue<'_>, id: &str) -> Written {
    w.markup("<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"");
    w.attribute(" ID=\"", id);
    w.instant(" IssueInstant=\"", assertion.now);
    w.markup(" Version=\"2.0\">");
    w.element("<saml:Issuer>", assertion.issuer, "</saml:Issuer>");
    let signature_at = w.position();
    subject(w, assertion);
    conditions(w, assertion);
    authn_statement(w, assertion);
    attributes(w, assertion.attributes);
    w.markup("</saml:Assertion>");
    Written { signature_at }
}

fn subject(w: &mut Canonical<'_>, assertion: &AssertionToIssue<'_>) {
    w.markup("<saml:Subject>");
    name_id(w, &assertion.name_id);
    w.markup("<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">");
    w.markup("<saml:SubjectConfirmationData");
    w.optional(" InResponseTo=\"", assertion.in_response_to);
    w.instant(" NotOnOrAfter=\"", assertion.not_on_or_after);
    w.attribute(" Recipient=\"", assertion.recipient);
    w.markup("></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>");
}

fn name_id(w: &mut Canonical<'_>, name_id: &NameIdToIssue<'_>) {
    w.markup("<saml:NameID");
    w.attribute(" Format=\"", name_id.format);
    w.optional(" NameQualifier=\"", name_id.name_qualifier);
    w.optional(" SPNameQualifier=\"", name_id.sp_name_qualifier);
    w.element(">", name_id.value, "</saml:NameID>");
}

fn conditions(w: &mut Canonical<'_>, assertion: &AssertionToIssue<'_>) {
    w.markup("<saml:Conditions");
    w.instant(" NotBefore=\"", assertion.not_before);
    w.instant(" NotOnOrAfter=\"", assertion.not_on_or_after);
    w.markup("><saml:AudienceRestriction>");
    w.element("<saml:Audience>", assertion.audience, "</saml:Audience>");
    w.markup("</saml:AudienceRestriction>");
    if let Some(count) = assertion.proxy_count {
        w.markup("<saml:ProxyRestriction");
        w.number(" Count=\"", count);
        w.markup("></saml:ProxyRestriction>");
    }
    w.markup("</saml:Conditions>");
}

fn authn_statement(w: &mut Canonical<'_>, assertion: &AssertionToIssue<'_>) {
    w.markup("<saml:AuthnStatement");
    w.instant(" AuthnInstant=\"", assertion.authn_instant);
    w.optional(" SessionIndex=\"", assertion.session_index);
    if let Some(end) = assertion.session_not_on_or_after {
        w.instant(" SessionNotOnOrAfter=\"", end);
    }
    w.markup("><saml:AuthnContext>");
    w.element(
        "<saml:AuthnContextClassRef>",
        assertion.authn_context,
        "</saml:AuthnContextClassRef>",
    );
    for authority in assertion.authenticating_authorities {
        w.element(
            "<saml:AuthenticatingAuthority>",
            authority,
            "</saml:AuthenticatingAuthority>",
        );
    }
    w.markup("</saml:AuthnContext></saml:AuthnStatement>");
}

fn attributes(w: &mut Canonical<'_>, attributes: &[AttributeToIssue<'_>]) {
    if attributes.is_empty() {
        return;
    }
    w.markup("<saml:AttributeStatement>");
    for attribute in attributes {
        w.markup("<saml:Attribute");
        w.optional(" FriendlyName=\"", attribute.friendly_name);
        w.attribute(" Name=\"", attribute.name);
        w.attribute(" NameFormat=\"", attribute.name_format);
        w.markup(">");
        for value in attribute.values {
            w.element("<saml:AttributeValue>", value, "</saml:AttributeValue>");
        }
        w.markup("</saml:Attribute>");
    }
    w.markup("</saml:AttributeStatement>");
}
