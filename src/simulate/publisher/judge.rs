//! How a publisher judges what the gateway sent: every check of a service provider, and the signature once more by
//! `xmlsec1` where that is asked for.

use std::path::PathBuf;
use std::time::Duration;

use octroi_dsig::{DecryptionKey, PublicKey};
use octroi_saml::response::{
    AcceptedAssertion, Expectations, InResponseTo, SignatureDemand, accept,
};
use octroi_saml::{Check, Time};
use octroi_xml::{Limits, parse};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::xmlsec1::{Objection, Place, Xmlsec1};
use crate::simulate::country::partner::{Publisher, Signed};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";

/// What the publisher was told of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// ID of the Assertion.
    pub assertion_id: String,
    /// The request answered; none after a push.
    pub in_response_to: Option<String>,
    /// Format and value of the name identifier.
    pub name_id: Option<(String, String)>,
    /// `SessionIndex`.
    pub session_index: Option<String>,
    /// Attributes in the order received.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Who signed the person in, as the gateway names them.
    pub authorities: Vec<String>,
    /// Whether the Assertion was encrypted.
    pub encrypted: bool,
    /// Whether `xmlsec1` verified it, too.
    pub verified_by_xmlsec1: bool,
}

/// Why the publisher let nobody in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Complaint {
    /// A check of the message failed.
    #[error("{}", .0.code())]
    Check(Check),
    /// The gateway says no, by a signed Status: its top-level and second-level codes.
    #[error("status {0} {1}")]
    Status(String, String),
    /// What is signed is not what was agreed.
    #[error("signed otherwise than agreed")]
    SignedOtherwise,
    /// This assertion was used before.
    #[error("this assertion was used before")]
    Replayed,
    /// `xmlsec1` does not agree.
    #[error(transparent)]
    Xmlsec1(#[from] Objection),
    /// `xmlsec1` verified an element that is not the one read.
    #[error("the signature that xmlsec1 verified is over another element")]
    OtherElement,
}

/// A publisher's keys and the gateway's.
#[derive(Debug)]
pub struct Judge {
    pub(super) publisher: Publisher,
    pub(super) acs: String,
    pub(super) gateway_entity_id: String,
    pub(super) gateway_keys: Vec<PublicKey>,
    pub(super) decryption: Vec<DecryptionKey>,
    pub(super) decryption_file: PathBuf,
}

impl Judge {
    /// Checks a Response with octroi's own reader and says what it tells.
    ///
    /// # Errors
    /// [`Complaint`].
    pub fn read(
        &self,
        xml: &[u8],
        in_response_to: Option<&str>,
        now: Time,
    ) -> Result<Told, Complaint> {
        let expect = Expectations {
            skew: Duration::from_secs(60),
            decryption_keys: &self.decryption,
            demand: match self.publisher.signed {
                Signed::Assertion => SignatureDemand::Assertion,
                Signed::Response => SignatureDemand::Response,
                Signed::Both => SignatureDemand::Both,
            },
            may_decrypt: true,
            ..Expectations::strict(
                now,
                &self.publisher.entity_id,
                &self.acs,
                &self.gateway_entity_id,
                &self.gateway_keys,
                in_response_to.map_or(InResponseTo::Unsolicited, InResponseTo::Required),
            )
        };
        match accept(xml, &expect) {
            Ok(accepted) => Ok(told(accepted)),
            Err(refusal) => Err(self.refusal(xml, refusal.check())),
        }
    }

    /// A Status, if that is what came and the gateway signed it.
    fn refusal(&self, xml: &[u8], check: Check) -> Complaint {
        let Ok(document) = parse(xml, &Limits::default()) else {
            return Complaint::Check(check);
        };
        let policy = octroi_dsig::AlgorithmPolicy::default();
        let Ok(root) = octroi_dsig::verify(document.root(), &self.gateway_keys, &policy) else {
            return Complaint::Check(check);
        };
        let top = root
            .first_child(PROTOCOL, "Status")
            .and_then(|s| s.first_child(PROTOCOL, "StatusCode"));
        let second = top.and_then(|code| code.first_child(PROTOCOL, "StatusCode"));
        let last = |uri: Option<&str>| {
            uri.and_then(|u| u.rsplit(':').next())
                .unwrap_or_default()
                .to_owned()
        };
        let code = last(top.and_then(|code| code.attribute("Value")));
        if code.is_empty() || code == "Success" {
            return Complaint::Check(check);
        }
        Complaint::Status(code, last(second.and_then(|code| code.attribute("Value"))))
    }

    /// Asks `xmlsec1` about every signature that was agreed on, and whether it is over what was read.
    ///
    /// # Errors
    /// [`Complaint`].
    pub fn verify(&self, xml: &[u8], told: &Told, xmlsec1: &Xmlsec1) -> Result<(), Complaint> {
        let plain = if told.encrypted {
            xmlsec1.decrypt(xml, &self.decryption_file)?
        } else {
            xml.to_vec()
        };
        let document = parse(&plain, &Limits::default()).map_err(|_| Complaint::OtherElement)?;
        let response = document.root();
        let holder = if told.encrypted {
            response.first_child(ASSERTION, "EncryptedAssertion")
        } else {
            Some(response)
        };
        let assertion = holder
            .and_then(|holder| holder.first_child(ASSERTION, "Assertion"))
            .filter(|a| a.attribute("ID") == Some(&told.assertion_id))
            .ok_or(Complaint::OtherElement)?;
        for (signed, element, place) in [
            (
                self.publisher.signed != Signed::Assertion,
                response,
                Place::Response,
            ),
            (
                self.publisher.signed != Signed::Response,
                assertion,
                Place::Assertion,
            ),
        ] {
            if !signed {
                continue;
            }
            let uri = element
                .first_child(DS, "Signature")
                .and_then(|s| s.first_child(DS, "SignedInfo"))
                .and_then(|s| s.first_child(DS, "Reference"))
                .and_then(|r| r.attribute("URI"))
                .ok_or(Complaint::SignedOtherwise)?;
            if element
                .attribute("ID")
                .is_none_or(|id| uri.strip_prefix('#') != Some(id))
            {
                return Err(Complaint::OtherElement);
            }
            let xmlsec1 = xmlsec1.trying_first(self.publisher.gateway_key);
            // The Response's signature is over the encrypted form, the Assertion's over the plain one.
            xmlsec1.verify(
                if place == Place::Response {
                    xml
                } else {
                    &plain
                },
                place,
            )?;
        }
        Ok(())
    }
}

fn told(accepted: AcceptedAssertion) -> Told {
    Told {
        assertion_id: accepted.id,
        in_response_to: accepted.in_response_to,
        name_id: accepted
            .name_id
            .map(|n| (n.format.unwrap_or_default(), n.value)),
        session_index: accepted.session_index,
        attributes: accepted
            .attributes
            .into_iter()
            .map(|a| (a.name, a.values))
            .collect(),
        authorities: accepted.authenticating_authorities,
        encrypted: accepted.was_encrypted,
        verified_by_xmlsec1: false,
    }
}
