//! Metadata: ours reads back, a partner's is read by the rules, and one bad entity does not take others along.

use crate::common::{
    KEYS, NOW, OTHER_KEYS, OTHER_SIGNER, RSA_SIGNER, SIGNER, certificate, edited, seconds,
};
use octroi_dsig::{PublicKey, Signer, SoftwareSigner, base64};
use octroi_saml::issue::SignWhat;
use octroi_saml::metadata::{
    Metadata, MetadataPolicy, Organization, OurEntity, OurIdp, OurSp, parse, write_idp_metadata,
    write_sp_metadata,
};
use octroi_saml::portal_side::{PortalSignature, sign_document};
use octroi_saml::uri::{binding, format};
use octroi_saml::{Check, Refusal};
use octroi_xml::{Limits, c14n};
use std::time::Duration;

const PORTAL: &str = "https://portal.example/idp";
const MONTH: Duration = Duration::from_secs(30 * 86_400);

fn certificate_of(signer: &SoftwareSigner) -> Vec<u8> {
    certificate(signer.public_key().spki_der())
}

fn key(signer: &SoftwareSigner, attributes: &str) -> String {
    format!(
        "<md:KeyDescriptor{attributes}><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
         <ds:X509Certificate>\n{}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        base64::encode_to_string(&certificate_of(signer))
    )
}

fn portal(entity_id: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m{}\" cacheDuration=\"PT1H\" \
         entityID=\"{entity_id}\" validUntil=\"2026-12-01T00:00:00Z\"><md:Extensions><x:y xmlns:x=\"urn:x\"></x:y></md:Extensions>\
         <md:IDPSSODescriptor WantAuthnRequestsSigned=\"1\" protocolSupportEnumeration=\"urn:other urn:oasis:names:tc:SAML:2.0:protocol\">\
         <md:Extensions><shibmd:Scope xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"false\">a.example</shibmd:Scope>\
         <shibmd:Scope xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" regexp=\"true\">.*</shibmd:Scope></md:Extensions>\
         {}{}<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:SOAP\" Location=\"https://portal.example/slo\" \
         ResponseLocation=\"https://portal.example/slo2\"></md:SingleLogoutService>\
         <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://portal.example/sso\"></md:SingleSignOnService>\
         </md:IDPSSODescriptor></md:EntityDescriptor>",
        entity_id.len(),
        key(&SIGNER, " use=\"signing\""),
        key(&RSA_SIGNER, ""),
    )
}

fn read(xml: &str) -> Result<Metadata, Refusal> {
    parse(xml.as_bytes(), &MetadataPolicy::for_trusted_file(NOW))
}

fn our_entity<'a>(certificates: &'a [&'a [u8]]) -> OurEntity<'a> {
    OurEntity {
        entity_id: "https://octroi.example/saml/metadata",
        id: Some("_metadata"),
        valid_until: Some(seconds(86_400)),
        signing_certificates: certificates,
        encryption_certificates: &certificates[1..],
        single_logout: &[(binding::SOAP, "https://octroi.example/saml/slo")],
        name_id_formats: &[format::TRANSIENT, format::PERSISTENT],
        organization: Some(Organization {
            name: "Académie & co",
            url: "https://example.org/",
            language: "fr",
        }),
        technical_contact: Some("ops@example.org"),
    }
}

#[test]
fn ours_reads_back_in_both_roles() {
    let (first, second) = (certificate_of(&SIGNER), certificate_of(&RSA_SIGNER));
    let certificates: [&[u8]; 2] = [&first, &second];
    let sp = OurSp {
        entity: our_entity(&certificates),
        assertion_consumer: &[
            "https://octroi.example/saml/acs",
            "https://octroi.example/second",
        ],
        authn_requests_signed: true,
        want_assertions_signed: true,
    };
    let idp = OurIdp {
        entity: our_entity(&certificates),
        single_sign_on: &[
            (binding::REDIRECT, "https://octroi.example/idp/sso"),
            (binding::POST, "https://octroi.example/idp/sso"),
        ],
        want_authn_requests_signed: true,
    };
    for signer in [None, Some(&*SIGNER as &dyn Signer)] {
        let (mut sp_xml, mut idp_xml) = (Vec::new(), Vec::new());
        write_sp_metadata(&sp, signer, &mut sp_xml).unwrap();
        write_idp_metadata(&idp, signer, &mut idp_xml).unwrap();
        let policy = match signer {
            Some(_) => MetadataPolicy::for_federation(NOW, &*KEYS, MONTH),
            None => MetadataPolicy::for_trusted_file(NOW),
        };
        for xml in [&sp_xml, &idp_xml] {
            let document = octroi_xml::parse(xml, &Limits::default()).unwrap();
            let mut canonical = Vec::new();
            c14n::canonicalize(
                document.root(),
                c14n::Algorithm::Exclusive,
                &[],
                None,
                &mut canonical,
            )
            .unwrap();
            assert_eq!(canonical, *xml);
            assert!(!String::from_utf8_lossy(xml).contains("AttributeConsumingService"));
        }
        let read = parse(&sp_xml, &policy).unwrap().entities.remove(0);
        assert_eq!(read.entity_id, "https://octroi.example/saml/metadata");
        assert_eq!(read.valid_until, Some(seconds(86_400)));
        let role = read.sp.unwrap();
        assert!(read.idp.is_none() && role.authn_requests_signed && role.want_assertions_signed);
        assert_eq!(
            role.signing_keys,
            [SIGNER.public_key().clone(), RSA_SIGNER.public_key().clone()]
        );
        assert_eq!(role.encryption_keys, [RSA_SIGNER.public_key().clone()]);
        assert_eq!(
            role.default_acs().unwrap().location,
            "https://octroi.example/saml/acs"
        );
        assert_eq!(role.assertion_consumer[1].index, 1);
        assert_eq!(role.single_logout[0].binding, binding::SOAP);
        assert_eq!(
            role.name_id_formats,
            [format::TRANSIENT, format::PERSISTENT]
        );
        let role = parse(&idp_xml, &policy)
            .unwrap()
            .entities
            .remove(0)
            .idp
            .unwrap();
        assert!(role.want_authn_requests_signed);
        assert_eq!(role.single_sign_on.len(), 2);
        assert_eq!(role.signing_keys.len(), 2);
    }
}

#[test]
fn a_portal_is_read_whole() {
    let metadata = read(&portal(PORTAL)).unwrap();
    let entity = metadata.entity(PORTAL).unwrap();
    assert_eq!(
        entity.valid_until,
        Some(octroi_saml::Time::parse("2026-12-01T00:00:00Z").unwrap())
    );
    let idp = entity.idp.as_ref().unwrap();
    // A key without `use` serves both.
    assert_eq!(
        idp.signing_keys,
        [SIGNER.public_key().clone(), RSA_SIGNER.public_key().clone()]
    );
    assert_eq!(idp.encryption_keys, [RSA_SIGNER.public_key().clone()]);
    assert_eq!(
        (idp.unusable_keys, idp.want_authn_requests_signed),
        (0, true)
    );
    assert_eq!(idp.scopes, ["a.example"]);
    assert_eq!(
        idp.single_logout[0].response_location.as_deref(),
        Some("https://portal.example/slo2")
    );
    assert_eq!(idp.name_id_formats, [format::TRANSIENT]);
    assert_eq!(
        metadata
            .entity("https://other.example")
            .unwrap_err()
            .check(),
        Check::EntityMissing
    );
}

#[test]
fn each_check_of_metadata_refuses_what_it_is_for() {
    let descriptor = key(&SIGNER, " use=\"signing\"");
    let second = key(&RSA_SIGNER, "");
    let sso = "<md:SingleSignOnService";
    let long = format!("entityID=\"https://{}\"", "x".repeat(1017));
    let cases: &[(Check, &[(&str, &str)])] = &[
        (
            Check::UnexpectedRoot,
            &[
                ("<md:EntityDescriptor", "<md:Entity"),
                ("</md:EntityDescriptor", "</md:Entity"),
            ],
        ),
        (
            Check::XmlDoctype,
            &[("<md:EntityDescriptor", "<!DOCTYPE x><md:EntityDescriptor")],
        ),
        (
            Check::EntityIdInvalid,
            &[("entityID=\"https://portal.example/idp\"", "")],
        ),
        (
            Check::EntityIdInvalid,
            &[("entityID=\"https://portal.example/idp\"", "entityID=\"\"")],
        ),
        (
            Check::EntityIdInvalid,
            &[("entityID=\"https://portal.example/idp\"", &long)],
        ),
        (
            Check::MetadataExpired,
            &[("2026-12-01T00:00:00Z", "2026-11-23T14:00:00Z")],
        ),
        (
            Check::TimeMalformed,
            &[("2026-12-01T00:00:00Z", "2026-12-01")],
        ),
        (Check::MetadataInvalid, &[("PT1H", "1H")]),
        (
            Check::MetadataInvalid,
            &[
                ("IDPSSODescriptor", "Organization"),
                ("/md:IDPSSODescriptor", "/md:Organization"),
            ],
        ),
        (
            Check::MetadataInvalid,
            &[(
                "</md:IDPSSODescriptor>",
                "</md:IDPSSODescriptor><md:Extensions></md:Extensions>",
            )],
        ),
        (
            Check::MetadataInvalid,
            &[(
                "<md:NameIDFormat>",
                "<md:KeyDescriptor></md:KeyDescriptor><md:NameIDFormat>",
            )],
        ),
        (
            Check::MetadataInvalid,
            &[(
                "<md:NameIDFormat>",
                "<md:Unknown></md:Unknown><md:NameIDFormat>",
            )],
        ),
        (
            Check::MetadataInvalid,
            &[("use=\"signing\"", "use=\"Signing\"")],
        ),
        (
            Check::StructureInvalid,
            &[(
                "WantAuthnRequestsSigned=\"1\"",
                "WantAuthnRequestsSigned=\"yes\"",
            )],
        ),
        (Check::KeyInvalid, &[(&descriptor, ""), (&second, "")]),
        (
            Check::KeyInvalid,
            &[("use=\"signing\"", "use=\"encryption\""), (&second, "")],
        ),
        (
            Check::KeyInvalid,
            &[
                ("<ds:X509Certificate>\n", "<ds:X509Certificate>AAAA"),
                (&second, ""),
            ],
        ),
        (
            Check::EndpointInvalid,
            &[("https://portal.example/sso", "http://portal.example/sso")],
        ),
        (
            Check::EndpointInvalid,
            &[("https://portal.example/sso", "javascript:alert(1)")],
        ),
        (
            Check::EndpointInvalid,
            &[(
                "https://portal.example/sso",
                "https://user@portal.example/sso",
            )],
        ),
        (
            Check::EndpointInvalid,
            &[("https://portal.example/sso", "https:///sso")],
        ),
        (
            Check::EndpointInvalid,
            &[("https://portal.example/sso", "https://portal.example/ sso")],
        ),
        (
            Check::EndpointInvalid,
            &[(
                "Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\"",
                "Binding=\"\"",
            )],
        ),
        (
            Check::EndpointInvalid,
            &[(sso, "<!--"), ("</md:SingleSignOnService>", "-->")],
        ),
    ];
    for (check, edits) in cases {
        let refusal = read(&edited(portal(PORTAL), edits)).unwrap_err();
        assert_eq!(refusal.check(), *check, "{edits:?}: {refusal}");
    }
}

#[test]
fn endpoints_of_publishers_have_each_their_index() {
    let sp = |endpoints: &str| {
        format!(
            "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://sp.example\">\
             <md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{endpoints}</md:SPSSODescriptor></md:EntityDescriptor>"
        )
    };
    let acs = |index: &str| {
        format!(
            "<md:AssertionConsumerService Binding=\"b\" Location=\"https://sp.example/{index}\" index=\"{index}\"></md:AssertionConsumerService>"
        )
    };
    let check = |endpoints: &str| {
        read(&sp(endpoints))
            .map(|_| ())
            .map_err(|refusal| refusal.check())
    };
    assert_eq!(check(&(acs("0") + &acs("65535"))), Ok(()));
    for bad in [
        acs("0").repeat(2),
        acs("65536"),
        acs("-1"),
        acs("+1"),
        acs(""),
        String::new(),
    ] {
        assert_eq!(check(&bad), Err(Check::EndpointInvalid), "{bad}");
    }
}

#[test]
fn an_unusable_key_is_skipped_while_another_is_left() {
    let broken =
        key(&RSA_SIGNER, "").replacen("<ds:X509Certificate>\n", "<ds:X509Certificate>AAAA", 1);
    let xml = edited(portal(PORTAL), &[(&key(&RSA_SIGNER, ""), &broken)]);
    let entity = read(&xml).unwrap().entities.remove(0);
    let idp = entity.idp.unwrap();
    assert_eq!((idp.signing_keys.len(), idp.unusable_keys), (1, 1));
}

#[test]
fn a_federation_is_signed_and_short_lived() {
    let signature = |signer| PortalSignature::new(signer, SignWhat::Response);
    let signed = |xml: &str| {
        String::from_utf8(sign_document(xml.as_bytes(), &signature(&*SIGNER)).unwrap()).unwrap()
    };
    let judge = |xml: &str, keys: &[PublicKey], max| {
        parse(
            xml.as_bytes(),
            &MetadataPolicy::for_federation(NOW, keys, max),
        )
        .map(|_| ())
        .map_err(|r| r.check())
    };
    let good = signed(&portal(PORTAL));
    assert_eq!(judge(&good, &*KEYS, MONTH), Ok(()));
    assert_eq!(
        judge(&good, &*OTHER_KEYS, MONTH),
        Err(Check::SignatureInvalid)
    );
    assert_eq!(
        judge(&portal(PORTAL), &*KEYS, MONTH),
        Err(Check::SignatureMissing)
    );
    assert_eq!(
        judge(&good, &*KEYS, Duration::from_secs(86_400)),
        Err(Check::MetadataValidityTooLong)
    );
    let moved = good.replace("portal.example/sso", "evil.example/sso");
    assert_eq!(
        judge(&moved, &*KEYS, MONTH),
        Err(Check::SignatureDigestMismatch)
    );
    let forever = signed(&portal(PORTAL).replace(" validUntil=\"2026-12-01T00:00:00Z\"", ""));
    assert_eq!(
        judge(&forever, &*KEYS, MONTH),
        Err(Check::MetadataValidityMissing)
    );
    // An unsigned aggregate around a signed entity is an unsigned aggregate.
    let aggregate = format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_all\">{good}</md:EntitiesDescriptor>"
    );
    assert_eq!(
        judge(&aggregate, &*KEYS, MONTH),
        Err(Check::SignatureMissing)
    );
    let theirs = String::from_utf8(
        sign_document(portal(PORTAL).as_bytes(), &signature(&*OTHER_SIGNER)).unwrap(),
    )
    .unwrap();
    assert_eq!(judge(&theirs, &*KEYS, MONTH), Err(Check::SignatureInvalid));
}

fn aggregate(inside: &str) -> String {
    format!(
        "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" validUntil=\"2026-11-30T00:00:00Z\">{inside}</md:EntitiesDescriptor>"
    )
}

#[test]
fn one_bad_entity_is_set_aside() {
    let bad =
        portal("https://bad").replace("https://portal.example/sso", "http://portal.example/sso");
    let inner = format!(
        "<md:EntitiesDescriptor>{}</md:EntitiesDescriptor>",
        portal("https://inner.example")
    );
    let metadata = read(&aggregate(&(portal(PORTAL) + &bad + &inner))).unwrap();
    assert_eq!(metadata.entities.len(), 2);
    assert_eq!(
        metadata.set_aside[0].entity_id.as_deref(),
        Some("https://bad")
    );
    assert_eq!(
        metadata.entity("https://bad").unwrap_err().check(),
        Check::EndpointInvalid
    );
    // The aggregate's validity bounds that of what is inside.
    let end = octroi_saml::Time::parse("2026-11-30T00:00:00Z").unwrap();
    assert_eq!(
        metadata
            .entity("https://inner.example")
            .unwrap()
            .valid_until,
        Some(end)
    );
    assert_eq!(
        read(&aggregate(&bad)).unwrap_err().check(),
        Check::EndpointInvalid
    );
    assert_eq!(
        read(&aggregate("")).unwrap_err().check(),
        Check::EntityMissing
    );
}

#[test]
fn an_entity_described_twice_refuses_all() {
    let twice = portal(PORTAL) + &portal(PORTAL).replace("ID=\"_m", "ID=\"_n");
    assert_eq!(
        read(&aggregate(&twice)).unwrap_err().check(),
        Check::EntityIdInvalid
    );
    let spoilt = portal(PORTAL)
        .replace("ID=\"_m", "ID=\"_n")
        .replace("https://portal.example/sso", "ftp://x");
    assert_eq!(
        read(&aggregate(&(portal(PORTAL) + &spoilt)))
            .unwrap_err()
            .check(),
        Check::EntityIdInvalid
    );
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| {
        let (open, close) = ("<md:EntitiesDescriptor>", "</md:EntitiesDescriptor>");
        aggregate(&format!(
            "{}{}{}",
            open.repeat(depth),
            portal(PORTAL),
            close.repeat(depth)
        ))
    };
    assert!(read(&nested(8)).is_ok());
    assert_eq!(read(&nested(9)).unwrap_err().check(), Check::XmlLimit);
}

#[test]
fn roles_of_other_protocols_are_no_roles() {
    let other = portal(PORTAL).replace(
        "urn:other urn:oasis:names:tc:SAML:2.0:protocol",
        "urn:oasis:names:tc:SAML:1.1:protocol",
    );
    let metadata = read(&other).unwrap();
    assert!(metadata.entities[0].idp.is_none() && metadata.entities[0].sp.is_none());
}
