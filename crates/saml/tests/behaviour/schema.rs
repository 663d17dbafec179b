//! What is emitted is valid by OASIS's schemas, judged by xmllint (IIP, S10). Runs where Debian's `libxml2-utils` and
//! `opensaml-schemas` with `xmltooling-schemas` are installed, and says so where they are not.

use crate::common::{ACS, Counter, GATEWAY, NOW, PORTAL, REQUEST, SIGNER, certificate, seconds};
use crate::issuing::{OUR_IDP, PUBLISHER_ACS, assertion, issue};
use octroi_dsig::Signer;
use octroi_saml::authn_request::{AuthnRequestToIssue, Comparison, write_request};
use octroi_saml::issue::{
    AttributeToIssue, NameIdToIssue, SignWhat, Status, StatusToIssue, write_status_response,
};
use octroi_saml::logout::{self, LogoutRequestToIssue, LogoutResponseToIssue};
use octroi_saml::metadata::{
    Organization, OurEntity, OurIdp, OurSp, write_idp_metadata, write_sp_metadata,
};
use octroi_saml::portal_side::{PortalResponse, PortalSignature};
use octroi_saml::uri::{binding, context, format};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::Command;

const SAML: &str = "/usr/share/xml/opensaml";
const W3C: &str = "/usr/share/xml/xmltooling";

/// A catalog, so that the schemas find each other without a network.
fn catalog(folder: &Path) -> PathBuf {
    let mut text = String::from("<catalog xmlns=\"urn:oasis:names:tc:entity:xmlns:xml:catalog\">");
    for (address, file) in [
        (
            "http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd",
            "xmldsig-core-schema.xsd",
        ),
        (
            "http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd",
            "xenc-schema.xsd",
        ),
        ("http://www.w3.org/2001/xml.xsd", "xml.xsd"),
    ] {
        text += &format!(
            "<system systemId=\"{address}\" uri=\"file://{W3C}/{file}\"/><uri name=\"{address}\" uri=\"file://{W3C}/{file}\"/>"
        );
    }
    let path = folder.join("catalog.xml");
    std::fs::write(&path, text + "</catalog>").unwrap();
    path
}

fn messages() -> Vec<(&'static str, Vec<u8>)> {
    let values = [Cow::Borrowed("a"), Cow::Borrowed("<&>")];
    let attributes = [AttributeToIssue {
        name: "UAI",
        name_format: format::ATTRIBUTE_BASIC,
        friendly_name: Some("Établissement"),
        values: &values,
    }];
    let mut messages = Vec::new();
    for sign in [SignWhat::Assertion, SignWhat::Response, SignWhat::Both] {
        for encrypt in [false, true] {
            messages.push((
                "protocol",
                issue(assertion(&attributes), sign, encrypt).unwrap(),
            ));
        }
    }
    let mut written = |schema, write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        messages.push((schema, out));
    };
    let signer: &dyn Signer = &*SIGNER;
    let status = StatusToIssue {
        issuer: OUR_IDP,
        destination: PUBLISHER_ACS,
        in_response_to: Some(REQUEST),
        now: NOW,
        status: Status {
            message: Some("no"),
            ..Status::NO_PASSIVE
        },
        include_certificate: true,
    };
    written("protocol", &|out| {
        write_status_response(&status, signer, &mut Counter(1), out).unwrap();
    });
    let request = AuthnRequestToIssue {
        id: "_r",
        issuer: GATEWAY,
        destination: "https://portal.example/sso",
        acs_url: ACS,
        now: NOW,
        force_authn: true,
        is_passive: true,
        name_id_format: Some(format::TRANSIENT),
        authn_context: &[context::PASSWORD_PROTECTED_TRANSPORT],
        comparison: Comparison::Exact,
        proxy_count: Some(1),
        requester_ids: &["https://publisher.example"],
    };
    written("protocol", &|out| {
        write_request(&request, Some(signer), out).unwrap()
    });
    let logout = LogoutRequestToIssue {
        id: "_l",
        issuer: GATEWAY,
        destination: "https://portal.example/slo",
        now: NOW,
        not_on_or_after: Some(seconds(60)),
        name_id: NameIdToIssue {
            value: "ada",
            format: format::PERSISTENT,
            name_qualifier: Some(OUR_IDP),
            sp_name_qualifier: Some(GATEWAY),
        },
        session_indexes: &["_s"],
    };
    written("protocol", &|out| {
        logout::write_request(&logout, Some(signer), out).unwrap()
    });
    let answer = LogoutResponseToIssue {
        id: "_a",
        issuer: GATEWAY,
        destination: None,
        in_response_to: "_l",
        now: NOW,
        status: Status::PARTIAL_LOGOUT,
    };
    written("protocol", &|out| {
        logout::write_response(&answer, Some(signer), out).unwrap()
    });
    let mut portal = PortalResponse::entcore(NOW, PORTAL);
    portal
        .to(GATEWAY, ACS)
        .answers(Some(REQUEST))
        .attribute("idEnt", ["B0"]);
    portal.one_time_use = true;
    portal.proxy_restriction = Some((Some(1), vec![GATEWAY.to_owned()]));
    let signature = PortalSignature {
        include_certificate: true,
        ..PortalSignature::new(signer, SignWhat::Both)
    };
    written("protocol", &|out| {
        portal.write(Some(&signature), None, out).unwrap()
    });

    let der = certificate(SIGNER.public_key().spki_der());
    let certificates: [&[u8]; 1] = [&der];
    let entity = OurEntity {
        entity_id: GATEWAY,
        id: Some("_m"),
        valid_until: Some(seconds(60)),
        signing_certificates: &certificates,
        encryption_certificates: &certificates,
        single_logout: &[(binding::SOAP, "https://octroi.example/saml/slo")],
        name_id_formats: &[format::TRANSIENT],
        organization: Some(Organization {
            name: "Académie",
            url: "https://example.org/",
            language: "fr",
        }),
        technical_contact: Some("ops@example.org"),
    };
    let sp = OurSp {
        entity,
        assertion_consumer: &[ACS],
        authn_requests_signed: true,
        want_assertions_signed: false,
    };
    let idp = OurIdp {
        entity,
        single_sign_on: &[(binding::REDIRECT, "https://octroi.example/idp/sso")],
        want_authn_requests_signed: false,
    };
    written("metadata", &|out| {
        write_sp_metadata(&sp, Some(signer), out).unwrap()
    });
    written("metadata", &|out| {
        write_idp_metadata(&idp, None, out).unwrap()
    });
    messages
}

#[test]
fn everything_written_is_valid_by_the_schemas() {
    let installed = Path::new(SAML).is_dir() && Path::new(W3C).is_dir();
    if !installed || Command::new("xmllint").arg("--version").output().is_err() {
        eprintln!(
            "not judged by schema: xmllint, opensaml-schemas or xmltooling-schemas are not installed"
        );
        return;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("schema");
    std::fs::create_dir_all(&folder).unwrap();
    let catalog = catalog(&folder);
    let judge = |schema: &str, file: &Path| {
        let judged = Command::new("xmllint")
            .env("XML_CATALOG_FILES", &catalog)
            .args(["--nonet", "--noout", "--schema"])
            .arg(format!("{SAML}/saml-schema-{schema}-2.0.xsd"))
            .arg(file)
            .output()
            .unwrap();
        (
            judged.status.success(),
            String::from_utf8_lossy(&judged.stderr).into_owned(),
        )
    };
    for (number, (schema, xml)) in messages().into_iter().enumerate() {
        let file = folder.join(format!("{number}.xml"));
        std::fs::write(&file, &xml).unwrap();
        let (valid, said) = judge(schema, &file);
        assert!(valid, "{said}\n{}", String::from_utf8_lossy(&xml));
        // The judge is awake: without its IssueInstant or with a strange element nothing is valid.
        let text = String::from_utf8(xml).unwrap();
        let spoilt = match schema {
            "protocol" => text.replacen(" IssueInstant=", " Instant=", 1),
            _ => text.replacen(" entityID=", " entity=", 1),
        };
        std::fs::write(&file, spoilt).unwrap();
        assert!(!judge(schema, &file).0);
    }
}
