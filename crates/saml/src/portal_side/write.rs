//! The message of a [`PortalResponse`] in canonical form.

use super::sign::insert_signature;
use super::{AuthnStatement, Confirmation, PortalAttribute, PortalResponse, PortalSignature};
use crate::canonical::Canonical;
use crate::issue::{IssueError, SignWhat, Status, write_status};
use octroi_dsig::{EncryptionRecipient, encrypt};

impl PortalResponse {
    /// Writes the whole message to `out` (appended). Without a signature it is unsigned; with `encryption`
    /// the assertion is signed first, then encrypted.
    ///
    /// # Errors
    /// [`IssueError`]; `out` may then hold a part of the message.
    pub fn write(
        &self,
        signature: Option<&PortalSignature<'_>>,
        encryption: Option<&EncryptionRecipient>,
        out: &mut Vec<u8>,
    ) -> Result<(), IssueError> {
        let start = out.len();
        let mut w = Canonical::new(out);
        let signature_at = self.open(&mut w);
        w.finish()?;
        let mut assertion = Vec::with_capacity(4096);
        self.write_assertion(
            signature.filter(|s| s.what != SignWhat::Response),
            &mut assertion,
        )?;
        match encryption {
            None => out.extend_from_slice(&assertion),
            Some(recipient) => {
                out.extend_from_slice(
                    b"<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
                );
                encrypt(&assertion, recipient, out).map_err(|_| IssueError::Encrypt)?;
                out.extend_from_slice(b"</saml:EncryptedAssertion>");
            }
        }
        out.extend_from_slice(b"</samlp:Response>");
        match signature.filter(|s| s.what != SignWhat::Assertion) {
            Some(signature) => {
                insert_signature(out, start, signature_at, &self.response_id, signature)
            }
            None => Ok(()),
        }
    }

    /// Writes the Assertion alone to `out` (appended), signed if asked.
    ///
    /// # Errors
    /// [`IssueError`]; `out` may then hold a part of it.
    pub fn write_assertion(
        &self,
        signature: Option<&PortalSignature<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<(), IssueError> {
        let start = out.len();
        let mut w = Canonical::new(out);
        let signature_at = self.assertion(&mut w);
        w.finish()?;
        match signature {
            Some(signature) => {
                insert_signature(out, start, signature_at, &self.assertion_id, signature)
            }
            None => Ok(()),
        }
    }

    fn open(&self, w: &mut Canonical<'_>) -> usize {
        w.markup("<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"");
        w.optional(" Destination=\"", self.destination.as_deref());
        w.attribute(" ID=\"", &self.response_id);
        w.optional(" InResponseTo=\"", self.in_response_to.as_deref());
        w.instant(" IssueInstant=\"", self.issue_instant);
        w.attribute(" Version=\"", &self.version);
        w.markup(">");
        if let Some(issuer) = &self.response_issuer {
            w.element(
                "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">",
                issuer,
                "</saml:Issuer>",
            );
        }
        let signature_at = w.position();
        write_status(
            w,
            &Status {
                top: &self.status.0,
                second: self.status.1.as_deref(),
                message: None,
            },
        );
        signature_at
    }

    fn assertion(&self, w: &mut Canonical<'_>) -> usize {
        w.markup("<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"");
        w.attribute(" ID=\"", &self.assertion_id);
        w.instant(" IssueInstant=\"", self.issue_instant);
        w.attribute(" Version=\"", &self.version);
        w.markup(">");
        if let Some(issuer) = &self.issuer {
            w.element("<saml:Issuer>", issuer, "</saml:Issuer>");
        }
        let signature_at = w.position();
        w.markup("<saml:Subject>");
        if let Some((value, format, qualifier)) = &self.name_id {
            w.markup("<saml:NameID");
            w.attribute(" Format=\"", format);
            w.optional(" SPNameQualifier=\"", qualifier.as_deref());
            w.element(">", value, "</saml:NameID>");
        }
        self.confirmations.iter().for_each(|c| confirmation(w, c));
        w.markup("</saml:Subject>");
        self.conditions(w);
        self.authn.iter().for_each(|a| authn(w, a));
        if !self.attributes.is_empty() {
            w.markup("<saml:AttributeStatement>");
            self.attributes.iter().for_each(|a| attribute(w, a));
            w.markup("</saml:AttributeStatement>");
        }
        w.markup("</saml:Assertion>");
        signature_at
    }

    fn conditions(&self, w: &mut Canonical<'_>) {
        w.markup("<saml:Conditions");
        if let Some(start) = self.not_before {
            w.instant(" NotBefore=\"", start);
        }
        if let Some(end) = self.not_on_or_after {
            w.instant(" NotOnOrAfter=\"", end);
        }
        w.markup(">");
        for restriction in &self.audiences {
            w.markup("<saml:AudienceRestriction>");
            audiences(w, restriction);
            w.markup("</saml:AudienceRestriction>");
        }
        if self.one_time_use {
            w.markup("<saml:OneTimeUse></saml:OneTimeUse>");
        }
        if let Some((count, restriction)) = &self.proxy_restriction {
            w.markup("<saml:ProxyRestriction");
            if let Some(count) = count {
                w.number(" Count=\"", *count);
            }
            w.markup(">");
            audiences(w, restriction);
            w.markup("</saml:ProxyRestriction>");
        }
        w.markup("</saml:Conditions>");
    }
}

fn audiences(w: &mut Canonical<'_>, audiences: &[String]) {
    for audience in audiences {
        w.element("<saml:Audience>", audience, "</saml:Audience>");
    }
}

fn confirmation(w: &mut Canonical<'_>, confirmation: &Confirmation) {
    w.markup("<saml:SubjectConfirmation");
    w.attribute(" Method=\"", &confirmation.method);
    w.markup("><saml:SubjectConfirmationData");
    w.optional(" InResponseTo=\"", confirmation.in_response_to.as_deref());
    if let Some(start) = confirmation.not_before {
        w.instant(" NotBefore=\"", start);
    }
    if let Some(end) = confirmation.not_on_or_after {
        w.instant(" NotOnOrAfter=\"", end);
    }
    w.optional(" Recipient=\"", confirmation.recipient.as_deref());
    w.markup("></saml:SubjectConfirmationData></saml:SubjectConfirmation>");
}

fn authn(w: &mut Canonical<'_>, statement: &AuthnStatement) {
    w.markup("<saml:AuthnStatement");
    w.instant(" AuthnInstant=\"", statement.instant);
    w.optional(" SessionIndex=\"", statement.session_index.as_deref());
    if let Some(end) = statement.session_not_on_or_after {
        w.instant(" SessionNotOnOrAfter=\"", end);
    }
    w.markup("><saml:AuthnContext>");
    if let Some(class) = &statement.class {
        w.element(
            "<saml:AuthnContextClassRef>",
            class,
            "</saml:AuthnContextClassRef>",
        );
    }
    for authority in &statement.authorities {
        w.element(
            "<saml:AuthenticatingAuthority>",
            authority,
            "</saml:AuthenticatingAuthority>",
        );
    }
    w.markup("</saml:AuthnContext></saml:AuthnStatement>");
}

fn attribute(w: &mut Canonical<'_>, attribute: &PortalAttribute) {
    w.markup("<saml:Attribute");
    w.attribute(" Name=\"", &attribute.name);
    w.optional(" NameFormat=\"", attribute.name_format.as_deref());
    w.markup(">");
    for value in &attribute.values {
        w.element("<saml:AttributeValue>", value, "</saml:AttributeValue>");
    }
    w.markup("</saml:Attribute>");
}
