//! Our own names and metadata, written once at each reload.

use bytes::Bytes;
use octroi_saml::issue::IssueError;
use octroi_saml::metadata::{
    Organization, OurEntity, OurIdp, OurSp, write_idp_metadata, write_sp_metadata,
};
use octroi_saml::uri::{binding, format};

use super::keys::{Decryption, Signing};
use crate::config::GatewaySettings;

/// Names and addresses that follow from the base URL.
pub(super) struct Names {
    pub(super) sp_entity_id: String,
    pub(super) idp_entity_id: String,
    pub(super) acs_url: String,
    pub(super) sso_url: String,
    pub(super) sp_slo_url: String,
    pub(super) idp_slo_url: String,
}

impl Names {
    pub(super) fn of(base_url: &str) -> Self {
        Self {
            sp_entity_id: format!("{base_url}/saml/metadata"),
            idp_entity_id: format!("{base_url}/idp/metadata"),
            acs_url: format!("{base_url}/saml/acs"),
            sso_url: format!("{base_url}/idp/sso"),
            sp_slo_url: format!("{base_url}/saml/slo"),
            idp_slo_url: format!("{base_url}/idp/slo"),
        }
    }
}

/// What `/saml/metadata` and `/idp/metadata` answer.
pub(super) struct Documents {
    pub(super) sp: Bytes,
    pub(super) idp: Bytes,
}

pub(super) fn metadata(
    settings: &GatewaySettings,
    names: &Names,
    signing: &Signing,
    decryption: &Decryption,
    requests_signed: bool,
) -> Result<Documents, IssueError> {
    let signing_certificates: Vec<&[u8]> = signing.certificates.iter().map(Vec::as_slice).collect();
    let encryption_certificates: Vec<&[u8]> =
        decryption.certificates.iter().map(Vec::as_slice).collect();
    let organization = Organization {
        name: &settings.organization,
        url: &settings.base_url,
        language: "fr",
    };
    let entity = OurEntity {
        entity_id: &names.sp_entity_id,
        id: None,
        valid_until: None,
        signing_certificates: &signing_certificates,
        encryption_certificates: &encryption_certificates,
        single_logout: &[
            (binding::SOAP, &names.sp_slo_url),
            (binding::POST, &names.sp_slo_url),
        ],
        name_id_formats: &[format::TRANSIENT],
        organization: Some(organization),
        technical_contact: settings.contact.strip_prefix("mailto:"),
    };
    let mut sp = Vec::new();
    let role = OurSp {
        entity,
        assertion_consumer: &[&names.acs_url],
        authn_requests_signed: requests_signed,
        want_assertions_signed: true,
    };
    write_sp_metadata(&role, None, &mut sp)?;

    let mut idp = Vec::new();
    let role = OurIdp {
        entity: OurEntity {
            entity_id: &names.idp_entity_id,
            encryption_certificates: &[],
            single_logout: &[
                (binding::REDIRECT, &names.idp_slo_url),
                (binding::POST, &names.idp_slo_url),
            ],
            name_id_formats: &[format::TRANSIENT, format::PERSISTENT],
            ..entity
        },
        single_sign_on: &[
            (binding::REDIRECT, &names.sso_url),
            (binding::POST, &names.sso_url),
        ],
        want_authn_requests_signed: false,
    };
    write_idp_metadata(&role, None, &mut idp)?;
    Ok(Documents {
        sp: sp.into(),
        idp: idp.into(),
    })
}
