//! SAML metadata of simulated partners, written by hand so that the gateway's reader meets another writer's text.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::country::partner::{Portal, PortalStyle, Publisher};
use super::markup::attribute;

const NAMESPACES: &str = "xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// The base64 lines of the first certificate of a PEM text, without their line ends.
fn certificate(pem: &str) -> String {
    pem.lines()
        .skip_while(|line| !line.contains("BEGIN CERTIFICATE"))
        .skip(1)
        .take_while(|line| !line.starts_with("-----"))
        .flat_map(|line| line.trim().chars())
        .collect()
}

fn key(use_: &str, pem: &str) -> String {
    format!(
        "<md:KeyDescriptor use=\"{use_}\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n",
        certificate(pem)
    )
}

fn open(entity_id: &str, until: Date) -> String {
    format!(
        "<md:EntityDescriptor {NAMESPACES} entityID=\"{}\" validUntil=\"{until}T00:00:00Z\">\n",
        attribute(entity_id)
    )
}

/// A portal's metadata.
pub(super) fn of_portal(portal: &Portal, certificate_pem: &str, until: Date) -> String {
    let origin = &portal.origin;
    let wants_signed = portal.style == PortalStyle::Modern;
    let mut xml = open(&portal.entity_id, until);
    let _ = writeln!(
        xml,
        "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"{wants_signed}\" protocolSupportEnumeration=\"{PROTOCOL}\">"
    );
    xml.push_str(&key("signing", certificate_pem));
    let _ = writeln!(
        xml,
        "<md:SingleLogoutService Binding=\"{BINDING}SOAP\" Location=\"{origin}/slo\"/>"
    );
    let _ = writeln!(xml, "<md:NameIDFormat>{TRANSIENT}</md:NameIDFormat>");
    // One that offers POST alone, one that offers redirect alone, the others both.
    let redirect = portal.style != PortalStyle::Sealed;
    let post = portal.style != PortalStyle::Entcore;
    for (binding, offered) in [("HTTP-Redirect", redirect), ("HTTP-POST", post)] {
        if offered {
            let _ = writeln!(
                xml,
                "<md:SingleSignOnService Binding=\"{BINDING}{binding}\" Location=\"{origin}/sso\"/>"
            );
        }
    }
    xml.push_str("</md:IDPSSODescriptor>\n</md:EntityDescriptor>\n");
    xml
}

/// A publisher's metadata.
pub(super) fn of_publisher(
    publisher: &Publisher,
    signing_pem: &str,
    encryption_pem: &str,
    until: Date,
) -> String {
    let origin = &publisher.origin;
    let mut xml = open(&publisher.entity_id, until);
    let _ = writeln!(
        xml,
        "<md:SPSSODescriptor AuthnRequestsSigned=\"{}\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"{PROTOCOL}\">",
        publisher.signs_requests
    );
    xml.push_str(&key("signing", signing_pem));
    if publisher.encryption {
        xml.push_str(&key("encryption", encryption_pem));
    }
    for binding in ["HTTP-Redirect", "HTTP-POST"] {
        let _ = writeln!(
            xml,
            "<md:SingleLogoutService Binding=\"{BINDING}{binding}\" Location=\"{origin}/saml/slo\"/>"
        );
    }
    for format in [TRANSIENT, PERSISTENT] {
        let _ = writeln!(xml, "<md:NameIDFormat>{format}</md:NameIDFormat>");
    }
    let _ = writeln!(
        xml,
        "<md:AssertionConsumerService Binding=\"{BINDING}HTTP-POST\" Location=\"{origin}/saml/acs\" index=\"0\" isDefault=\"true\"/>"
    );
    xml.push_str("</md:SPSSODescriptor>\n</md:EntityDescriptor>\n");
    xml
}
