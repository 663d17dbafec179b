//! Roles: keys, endpoints and formats, in the schema's order.
//!
//! A key that cannot be used is counted and skipped; where none is left although one is demanded, the role is
//! refused (K2). An address that is no https address is never skipped: it refuses.

use super::{Endpoint, IdpRole, IndexedEndpoint, MetadataPolicy, SpRole};
use crate::read::{Source, boolean, number};
use crate::uri::ns;
use crate::{Check, Refusal};
use octroi_dsig::{PublicKey, base64};

/// A certificate larger than this is none.
const MAX_CERTIFICATE: usize = 64 * 1024;

/// The children that both roles share, then those of an IdP, then those of an SP, in schema order.
const IDP_ORDER: [&str; 13] = [
    "Extensions",
    "KeyDescriptor",
    "Organization",
    "ContactPerson",
    "ArtifactResolutionService",
    "SingleLogoutService",
    "ManageNameIDService",
    "NameIDFormat",
    "SingleSignOnService",
    "NameIDMappingService",
    "AssertionIDRequestService",
    "AttributeProfile",
    "Attribute",
];
const SP_ORDER: [&str; 10] = [
    "Extensions",
    "KeyDescriptor",
    "Organization",
    "ContactPerson",
    "ArtifactResolutionService",
    "SingleLogoutService",
    "ManageNameIDService",
    "NameIDFormat",
    "AssertionConsumerService",
    "AttributeConsumingService",
];

pub(super) fn idp_role<'d, S: Source<'d>>(
    element: &S,
    policy: &MetadataPolicy<'_>,
) -> Result<IdpRole, Refusal> {
    let mut keys = Keys::default();
    let mut role = IdpRole {
        want_authn_requests_signed: boolean(element, "WantAuthnRequestsSigned")?.unwrap_or(false),
        ..IdpRole::default()
    };
    for (name, child) in in_order(element, &IDP_ORDER)? {
        match name {
            "Extensions" => scopes(&child, &mut role.scopes),
            "KeyDescriptor" => keys.read(&child, policy)?,
            "SingleLogoutService" => role.single_logout.push(endpoint(&child, policy)?),
            "NameIDFormat" => role.name_id_formats.push(uri_text(&child)?),
            "SingleSignOnService" => role.single_sign_on.push(endpoint(&child, policy)?),
            _ => {}
        }
    }
    if policy.keys_required && keys.signing.is_empty() {
        return Err(Refusal::at(Check::KeyInvalid, "IDPSSODescriptor"));
    }
    if role.single_sign_on.is_empty() {
        return Err(Refusal::at(Check::EndpointInvalid, "SingleSignOnService"));
    }
    role.signing_keys = keys.signing;
    role.encryption_keys = keys.encryption;
    role.unusable_keys = keys.unusable;
    Ok(role)
}

pub(super) fn sp_role<'d, S: Source<'d>>(
    element: &S,
    policy: &MetadataPolicy<'_>,
) -> Result<SpRole, Refusal> {
    let mut keys = Keys::default();
    let mut role = SpRole {
        authn_requests_signed: boolean(element, "AuthnRequestsSigned")?.unwrap_or(false),
        want_assertions_signed: boolean(element, "WantAssertionsSigned")?.unwrap_or(false),
        ..SpRole::default()
    };
    for (name, child) in in_order(element, &SP_ORDER)? {
        match name {
            "KeyDescriptor" => keys.read(&child, policy)?,
            "SingleLogoutService" => role.single_logout.push(endpoint(&child, policy)?),
            "NameIDFormat" => role.name_id_formats.push(uri_text(&child)?),
            "AssertionConsumerService" => {
                let endpoint = indexed_endpoint(&child, policy)?;
                if role
                    .assertion_consumer
                    .iter()
                    .any(|known| known.index == endpoint.index)
                {
                    return Err(Refusal::at(Check::EndpointInvalid, "index"));
                }
                role.assertion_consumer.push(endpoint);
            }
            _ => {}
        }
    }
    if role.assertion_consumer.is_empty() {
        return Err(Refusal::at(
            Check::EndpointInvalid,
            "AssertionConsumerService",
        ));
    }
    role.signing_keys = keys.signing;
    role.encryption_keys = keys.encryption;
    role.unusable_keys = keys.unusable;
    Ok(role)
}

/// The role's children with their names, refused when one is unknown or out of the schema's order.
fn in_order<'d, S: Source<'d>>(
    element: &S,
    order: &'static [&'static str],
) -> Result<Vec<(&'static str, S)>, Refusal> {
    let mut found = Vec::new();
    let mut reached = 0;
    for child in element
        .children()
        .filter(|child| !child.is(ns::DSIG, "Signature"))
    {
        let place = order
            .iter()
            .position(|name| {
                child.is(ns::METADATA, name)
                    || (*name == "Attribute" && child.is(ns::ASSERTION, name))
            })
            .filter(|place| *place >= reached)
            .ok_or(Refusal::at(Check::MetadataInvalid, "role"))?;
        reached = place;
        found.push((order[place], child));
    }
    Ok(found)
}

/// Keys by use.
#[derive(Default)]
struct Keys {
    signing: Vec<PublicKey>,
    encryption: Vec<PublicKey>,
    unusable: usize,
}

impl Keys {
    /// A KeyDescriptor; without `use` it serves both (IIP-MD07, Metadata 2.4.1.1).
    fn read<'d, S: Source<'d>>(
        &mut self,
        descriptor: &S,
        policy: &MetadataPolicy<'_>,
    ) -> Result<(), Refusal> {
        let (signs, encrypts) = match descriptor.attribute("use") {
            None => (true, true),
            Some("signing") => (true, false),
            Some("encryption") => (false, true),
            Some(_) => return Err(Refusal::at(Check::MetadataInvalid, "use")),
        };
        let usable = |key: &PublicKey| policy.algorithms.small_rsa || !key.is_small_rsa();
        let Some(key) = key_of(descriptor).filter(usable) else {
            self.unusable += 1;
            return Ok(());
        };
        if signs {
            self.signing.push(key.clone());
        }
        if encrypts {
            self.encryption.push(key);
        }
        Ok(())
    }
}

/// The key of the first certificate in KeyInfo. Nothing else of the certificate counts (IIP-MD12).
fn key_of<'d, S: Source<'d>>(descriptor: &S) -> Option<PublicKey> {
    let key_info = descriptor
        .children()
        .find(|child| child.is(ns::DSIG, "KeyInfo"))?;
    let data = key_info
        .children()
        .find(|child| child.is(ns::DSIG, "X509Data"))?;
    let certificate = data
        .children()
        .find(|child| child.is(ns::DSIG, "X509Certificate"))?;
    let der = base64::decode(certificate.text().ok()?, MAX_CERTIFICATE).ok()?;
    PublicKey::from_certificate_der(&der).ok()
}

fn endpoint<'d, S: Source<'d>>(
    element: &S,
    policy: &MetadataPolicy<'_>,
) -> Result<Endpoint, Refusal> {
    Ok(Endpoint {
        binding: binding(element)?,
        location: address(element, "Location", policy)?
            .ok_or(Refusal::at(Check::EndpointInvalid, "Location"))?,
        response_location: address(element, "ResponseLocation", policy)?,
    })
}

fn indexed_endpoint<'d, S: Source<'d>>(
    element: &S,
    policy: &MetadataPolicy<'_>,
) -> Result<IndexedEndpoint, Refusal> {
    let invalid = |_| Refusal::at(Check::EndpointInvalid, "index");
    Ok(IndexedEndpoint {
        binding: binding(element)?,
        location: address(element, "Location", policy)?
            .ok_or(Refusal::at(Check::EndpointInvalid, "Location"))?,
        index: number(element, "index")
            .map_err(invalid)?
            .ok_or(Refusal::at(Check::EndpointInvalid, "index"))?,
        is_default: boolean(element, "isDefault")?,
    })
}

fn binding<'d, S: Source<'d>>(element: &S) -> Result<String, Refusal> {
    let binding = element
        .attribute("Binding")
        .filter(|binding| !binding.is_empty());
    binding
        .map(str::to_owned)
        .ok_or(Refusal::at(Check::EndpointInvalid, "Binding"))
}

/// An address where a browser or we may be sent: https with a host, without user part, white space or
/// characters that need escaping.
fn address<'d, S: Source<'d>>(
    element: &S,
    name: &'static str,
    policy: &MetadataPolicy<'_>,
) -> Result<Option<String>, Refusal> {
    let Some(address) = element.attribute(name) else {
        return Ok(None);
    };
    let rest = match address.strip_prefix("http://") {
        Some(rest) if !policy.https_only => Some(rest),
        _ => address.strip_prefix("https://"),
    };
    let authority = rest
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    let harmless =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '"' | '<' | '>' | '\\');
    if authority.is_empty() || authority.contains('@') || !address.chars().all(harmless) {
        return Err(Refusal::at(Check::EndpointInvalid, name));
    }
    Ok(Some(address.to_owned()))
}

/// Plain `shibmd:Scope` values of an Extensions element; regular expressions are not evaluated (L16).
pub(super) fn scopes<'d, S: Source<'d>>(extensions: &S, scopes: &mut Vec<String>) {
    for scope in extensions
        .children()
        .filter(|child| child.is(ns::SHIBMD, "Scope"))
    {
        let is_expression = matches!(scope.attribute("regexp"), Some("true" | "1"));
        if let Ok(text) = scope.text()
            && !is_expression
            && !text.trim_ascii().is_empty()
        {
            scopes.push(text.trim_ascii().to_owned());
        }
    }
}

/// An `xs:anyURI` element, whose white space the schema collapses.
fn uri_text<'d, S: Source<'d>>(element: &S) -> Result<String, Refusal> {
    let text = element
        .text()
        .map_err(|_| Refusal::at(Check::TextAmbiguous, "NameIDFormat"))?;
    Ok(text.trim_ascii().to_owned())
}
