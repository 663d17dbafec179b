//! Writes what portals write: for simulators, load generators and tests, never for the gateway itself.
//!
//! [`PortalResponse`] has a knob for everything that portals do differently, also what octroi refuses;
//! [`PortalResponse::usual`] and [`PortalResponse::entcore`] are the two starting points. The message is
//! written in canonical form directly, so that minting one costs little more than its signature.
//! [`sign_document`] signs XML that somebody wrote by other means.
//!
//! ```no_run
//! # use octroi_saml::portal_side::{PortalResponse, PortalSignature};
//! # use octroi_saml::issue::SignWhat;
//! # fn mint(now: octroi_saml::Time, signer: &dyn octroi_dsig::Signer) -> Result<(), Box<dyn std::error::Error>> {
//! let mut response = PortalResponse::usual(now, "https://portal.example/idp");
//! response.to("https://octroi.example/saml/metadata", "https://octroi.example/saml/acs");
//! response.answers(Some("_request"));
//! response.attribute("idEnt", ["B0"]).attribute("GARPersonIdentifiant", ["p-123"]);
//! let mut xml = Vec::new();
//! response.write(Some(&PortalSignature::new(signer, SignWhat::Assertion)), None, &mut xml)?;
//! # Ok(())
//! # }
//! ```

mod sign;
mod write;

pub use sign::{Digest, PortalSignature, sign_document};

use crate::Time;
use crate::uri::{confirmation, context, format, status};
use std::time::Duration;

/// A Response as some portal would write it. Every part that a portal may leave out is optional.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortalResponse {
    /// The Response's `ID`.
    pub response_id: String,
    /// The Assertion's `ID`.
    pub assertion_id: String,
    /// `Version` of both.
    pub version: String,
    /// `IssueInstant` of both.
    pub issue_instant: Time,
    /// The Response's Issuer.
    pub response_issuer: Option<String>,
    /// The Assertion's Issuer.
    pub issuer: Option<String>,
    /// `Destination`.
    pub destination: Option<String>,
    /// The Response's `InResponseTo`.
    pub in_response_to: Option<String>,
    /// Top-level status, and one below it.
    pub status: (String, Option<String>),
    /// The name identifier: value, Format, SPNameQualifier.
    pub name_id: Option<(String, String, Option<String>)>,
    /// Subject confirmations, in order.
    pub confirmations: Vec<Confirmation>,
    /// `Conditions/@NotBefore`.
    pub not_before: Option<Time>,
    /// `Conditions/@NotOnOrAfter`.
    pub not_on_or_after: Option<Time>,
    /// One AudienceRestriction for each list.
    pub audiences: Vec<Vec<String>>,
    /// Whether `OneTimeUse` is written.
    pub one_time_use: bool,
    /// `ProxyRestriction`: Count and audiences.
    pub proxy_restriction: Option<(Option<u32>, Vec<String>)>,
    /// Authentication statements, in order.
    pub authn: Vec<AuthnStatement>,
    /// Attributes, in order.
    pub attributes: Vec<PortalAttribute>,
}

/// A `SubjectConfirmation`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Confirmation {
    /// `Method`.
    pub method: String,
    /// `InResponseTo`.
    pub in_response_to: Option<String>,
    /// `NotBefore`, which a bearer confirmation must not have.
    pub not_before: Option<Time>,
    /// `NotOnOrAfter`.
    pub not_on_or_after: Option<Time>,
    /// `Recipient`.
    pub recipient: Option<String>,
}

/// An `AuthnStatement`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthnStatement {
    /// `AuthnInstant`.
    pub instant: Time,
    /// `SessionIndex`.
    pub session_index: Option<String>,
    /// `SessionNotOnOrAfter`.
    pub session_not_on_or_after: Option<Time>,
    /// `AuthnContextClassRef`.
    pub class: Option<String>,
    /// `AuthenticatingAuthority`, in order.
    pub authorities: Vec<String>,
}

/// An `Attribute`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortalAttribute {
    /// `Name`.
    pub name: String,
    /// `NameFormat`.
    pub name_format: Option<String>,
    /// The values.
    pub values: Vec<String>,
}

impl PortalResponse {
    /// What a careful portal writes: five minutes of validity, both identifiers of its own. Audience,
    /// addresses, request and attributes are still to be set; the IDs are constants until they are.
    pub fn usual(now: Time, portal: &str) -> Self {
        let end = now.plus(Duration::from_secs(300));
        Self {
            response_id: "_response".to_owned(),
            assertion_id: "_assertion".to_owned(),
            version: "2.0".to_owned(),
            issue_instant: now,
            response_issuer: Some(portal.to_owned()),
            issuer: Some(portal.to_owned()),
            destination: None,
            in_response_to: None,
            status: (status::SUCCESS.to_owned(), None),
            name_id: Some(("_transient".to_owned(), format::TRANSIENT.to_owned(), None)),
            confirmations: vec![Confirmation {
                method: confirmation::BEARER.to_owned(),
                in_response_to: None,
                not_before: None,
                not_on_or_after: Some(end),
                recipient: None,
            }],
            not_before: Some(now.minus(Duration::from_secs(60))),
            not_on_or_after: Some(end),
            audiences: Vec::new(),
            one_time_use: false,
            proxy_restriction: None,
            authn: vec![AuthnStatement {
                instant: now,
                session_index: Some("_session".to_owned()),
                session_not_on_or_after: None,
                class: Some(context::PASSWORD_PROTECTED_TRANSPORT.to_owned()),
                authorities: Vec::new(),
            }],
            attributes: Vec::new(),
        }
    }

    /// What entcore writes: NotBefore without allowance, a day of validity, five days for the confirmation,
    /// SessionIndex = the assertion's ID. Its signature is RSA-SHA1 over the Assertion alone, without
    /// KeyInfo; older versions leave InResponseTo out ([`Self::answers`] with `None`).
    pub fn entcore(now: Time, portal: &str) -> Self {
        const DAY: Duration = Duration::from_secs(86_400);
        let mut response = Self::usual(now, portal);
        response.not_before = Some(now);
        response.not_on_or_after = Some(now.plus(DAY));
        for confirmation in &mut response.confirmations {
            confirmation.not_on_or_after = Some(now.plus(DAY * 5));
        }
        for authn in &mut response.authn {
            authn.session_index = Some(response.assertion_id.clone());
        }
        response
    }

    /// Fresh IDs for Response and Assertion.
    pub fn identified(&mut self, response_id: &str, assertion_id: &str) -> &mut Self {
        for authn in &mut self.authn {
            if authn.session_index.as_ref() == Some(&self.assertion_id) {
                authn.session_index = Some(assertion_id.to_owned());
            }
        }
        response_id.clone_into(&mut self.response_id);
        assertion_id.clone_into(&mut self.assertion_id);
        self
    }

    /// For whom: the service provider's entityID as audience, its address as Destination and Recipient.
    pub fn to(&mut self, entity_id: &str, acs: &str) -> &mut Self {
        self.audiences = vec![vec![entity_id.to_owned()]];
        self.destination = Some(acs.to_owned());
        for confirmation in &mut self.confirmations {
            confirmation.recipient = Some(acs.to_owned());
        }
        self
    }

    /// The request answered, in the Response and in each confirmation; `None` for unsolicited.
    pub fn answers(&mut self, request_id: Option<&str>) -> &mut Self {
        self.in_response_to = request_id.map(str::to_owned);
        for confirmation in &mut self.confirmations {
            confirmation.in_response_to = request_id.map(str::to_owned);
        }
        self
    }

    /// Adds an attribute of basic name format.
    pub fn attribute<'v>(
        &mut self,
        name: &str,
        values: impl IntoIterator<Item = &'v str>,
    ) -> &mut Self {
        self.attributes.push(PortalAttribute {
            name: name.to_owned(),
            name_format: Some(format::ATTRIBUTE_BASIC.to_owned()),
            values: values.into_iter().map(str::to_owned).collect(),
        });
        self
    }
}
