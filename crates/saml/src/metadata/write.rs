//! Our own metadata, in canonical form, signed on request: the SP role for portals, the IdP role for
//! publishers. No AttributeConsumingService is written: a widespread portal stumbles over it.

use crate::canonical::Canonical;
use crate::issue::IssueError;
use crate::signing::sign_in_place;
use crate::{Time, check_id};
use octroi_dsig::{Signer, base64};

/// What both roles publish about us.
#[derive(Clone, Copy, Debug)]
pub struct OurEntity<'a> {
    /// The entityID of this role.
    pub entity_id: &'a str,
    /// `ID` of the document; needed when it is signed.
    pub id: Option<&'a str>,
    /// `validUntil`.
    pub valid_until: Option<Time>,
    /// Certificates (DER) of every published signing key, the active one first.
    pub signing_certificates: &'a [&'a [u8]],
    /// Certificates (DER) of every published decryption key, the preferred one first.
    pub encryption_certificates: &'a [&'a [u8]],
    /// Where logout messages go: binding and address.
    pub single_logout: &'a [(&'a str, &'a str)],
    /// Name identifier formats.
    pub name_id_formats: &'a [&'a str],
    /// Who runs this, where told.
    pub organization: Option<Organization<'a>>,
    /// A technical contact's mail address, where told.
    pub technical_contact: Option<&'a str>,
}

/// `Organization`.
#[derive(Clone, Copy, Debug)]
pub struct Organization<'a> {
    /// Its name, also shown.
    pub name: &'a str,
    /// Its site.
    pub url: &'a str,
    /// The language of the name, such as `fr`.
    pub language: &'a str,
}

/// The SP role, for portals.
#[derive(Clone, Copy, Debug)]
pub struct OurSp<'a> {
    /// The entity.
    pub entity: OurEntity<'a>,
    /// Assertion consumer services (HTTP-POST); the first is the default.
    pub assertion_consumer: &'a [&'a str],
    /// Whether our AuthnRequests are always signed.
    pub authn_requests_signed: bool,
    /// Whether we ask for signed assertions.
    pub want_assertions_signed: bool,
}

/// The IdP role, for publishers.
#[derive(Clone, Copy, Debug)]
pub struct OurIdp<'a> {
    /// The entity.
    pub entity: OurEntity<'a>,
    /// Where AuthnRequests go: binding and address.
    pub single_sign_on: &'a [(&'a str, &'a str)],
    /// Whether AuthnRequests must be signed.
    pub want_authn_requests_signed: bool,
}

/// Writes the metadata of our SP role to `out` (appended), signed with `signer` if given.
///
/// # Errors
/// [`IssueError`]; `out` is then as long as it was.
pub fn write_sp_metadata(
    sp: &OurSp<'_>,
    signer: Option<&dyn Signer>,
    out: &mut Vec<u8>,
) -> Result<(), IssueError> {
    document(&sp.entity, signer, out, |w| {
        w.markup("<md:SPSSODescriptor");
        w.markup(if sp.authn_requests_signed {
            " AuthnRequestsSigned=\"true\""
        } else {
            " AuthnRequestsSigned=\"false\""
        });
        w.markup(if sp.want_assertions_signed {
            " WantAssertionsSigned=\"true\""
        } else {
            " WantAssertionsSigned=\"false\""
        });
        w.markup(" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">");
        common(w, &sp.entity);
        for (index, location) in (0..).zip(sp.assertion_consumer) {
            w.markup("<md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\"");
            w.attribute(" Location=\"", location);
            w.number(" index=\"", index);
            if index == 0 {
                w.markup(" isDefault=\"true\"");
            }
            w.markup("></md:AssertionConsumerService>");
        }
        w.markup("</md:SPSSODescriptor>");
    })
}

/// Writes the metadata of our IdP role to `out` (appended), signed with `signer` if given.
///
/// # Errors
/// [`IssueError`]; `out` is then as long as it was.
pub fn write_idp_metadata(
    idp: &OurIdp<'_>,
    signer: Option<&dyn Signer>,
    out: &mut Vec<u8>,
) -> Result<(), IssueError> {
    document(&idp.entity, signer, out, |w| {
        w.markup("<md:IDPSSODescriptor");
        w.markup(if idp.want_authn_requests_signed {
            " WantAuthnRequestsSigned=\"true\""
        } else {
            " WantAuthnRequestsSigned=\"false\""
        });
        w.markup(" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">");
        common(w, &idp.entity);
        for (binding, location) in idp.single_sign_on {
            w.markup("<md:SingleSignOnService");
            endpoint(w, binding, location);
            w.markup("></md:SingleSignOnService>");
        }
        w.markup("</md:IDPSSODescriptor>");
    })
}

/// The EntityDescriptor around a role.
fn document(
    entity: &OurEntity<'_>,
    signer: Option<&dyn Signer>,
    out: &mut Vec<u8>,
    role: impl FnOnce(&mut Canonical<'_>),
) -> Result<(), IssueError> {
    if let Some(id) = entity.id {
        check_id(id).map_err(|_| IssueError::Id("ID"))?;
    }
    let start = out.len();
    let mut w = Canonical::new(out);
    w.markup("<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"");
    w.optional(" ID=\"", entity.id);
    w.attribute(" entityID=\"", entity.entity_id);
    if let Some(end) = entity.valid_until {
        w.instant(" validUntil=\"", end);
    }
    w.markup(">");
    let signature_at = w.position();
    role(&mut w);
    about(&mut w, entity);
    w.markup("</md:EntityDescriptor>");
    let written = w
        .finish()
        .map_err(IssueError::from)
        .and_then(|()| match (signer, entity.id) {
            (Some(signer), Some(id)) => sign_in_place(out, start, signature_at, id, signer, true),
            (Some(_), None) => Err(IssueError::Id("ID")),
            (None, _) => Ok(()),
        });
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Keys, logout endpoints and name identifier formats, which come first in both roles.
fn common(w: &mut Canonical<'_>, entity: &OurEntity<'_>) {
    for certificate in entity.signing_certificates {
        w.markup("<md:KeyDescriptor use=\"signing\">");
        key_info(w, certificate);
        w.markup("</md:KeyDescriptor>");
    }
    for certificate in entity.encryption_certificates {
        w.markup("<md:KeyDescriptor use=\"encryption\">");
        key_info(w, certificate);
        // What we decrypt without an exception, so that senders do not choose CBC.
        for algorithm in [
            "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"></md:EncryptionMethod>",
            "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"></md:EncryptionMethod>",
            "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"></md:EncryptionMethod>",
        ] {
            w.markup(algorithm);
        }
        w.markup("</md:KeyDescriptor>");
    }
    for (binding, location) in entity.single_logout {
        w.markup("<md:SingleLogoutService");
        endpoint(w, binding, location);
        w.markup("></md:SingleLogoutService>");
    }
    for format in entity.name_id_formats {
        w.element("<md:NameIDFormat>", format, "</md:NameIDFormat>");
    }
}

fn key_info(w: &mut Canonical<'_>, certificate: &[u8]) {
    w.markup("<ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>");
    w.element(
        "<ds:X509Certificate>",
        &base64::encode_to_string(certificate),
        "</ds:X509Certificate>",
    );
    w.markup("</ds:X509Data></ds:KeyInfo>");
}

fn endpoint(w: &mut Canonical<'_>, binding: &str, location: &str) {
    w.attribute(" Binding=\"", binding);
    w.attribute(" Location=\"", location);
}

fn about(w: &mut Canonical<'_>, entity: &OurEntity<'_>) {
    if let Some(organization) = entity.organization {
        w.markup("<md:Organization>");
        for (start, value, end) in [
            (
                "<md:OrganizationName",
                organization.name,
                "</md:OrganizationName>",
            ),
            (
                "<md:OrganizationDisplayName",
                organization.name,
                "</md:OrganizationDisplayName>",
            ),
            (
                "<md:OrganizationURL",
                organization.url,
                "</md:OrganizationURL>",
            ),
        ] {
            w.markup(start);
            w.attribute(" xml:lang=\"", organization.language);
            w.element(">", value, end);
        }
        w.markup("</md:Organization>");
    }
    if let Some(mail) = entity.technical_contact {
        w.markup("<md:ContactPerson contactType=\"technical\"><md:EmailAddress>");
        w.text("mailto:");
        w.element(
            "",
            mail.strip_prefix("mailto:").unwrap_or(mail),
            "</md:EmailAddress></md:ContactPerson>",
        );
    }
}
