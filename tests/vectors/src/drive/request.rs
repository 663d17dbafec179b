//! AuthnRequests of publishers, by POST and by redirect: the calls that `/idp/sso` makes (`Received`, `accept`,
//! `resolve_acs`, `check_wishes`) for the one publisher that `ctx` knows. The value is where the answer would go.

use std::time::Duration;

use octroi_dsig::PublicKey;
use octroi_saml::authn_request::{DEFAULT_MAX_AGE, Received, RequestExpectations};
use octroi_saml::metadata::{IndexedEndpoint, SpRole};
use octroi_saml::{Refusal, Time, uri};
use octroi_xml::{Limits, parse};

use super::Vector;
use crate::keys;
use crate::outcome::Outcome;

/// Drives a request that came by POST.
pub(crate) fn drive(vector: &Vector<'_>) -> Outcome {
    answer(
        Received::post(vector.message)
            .and_then(|received| accept(vector, &received, &Claims::read(vector.message))),
    )
}

/// Turns the entry point's answer into an outcome.
pub(crate) fn answer(result: Result<String, Refusal>) -> Outcome {
    match result {
        Ok(value) => Outcome::accepted(value),
        Err(refusal) => Outcome::refused(refusal.code()),
    }
}

/// Checks a received request against the publisher of the context.
pub(crate) fn accept(
    vector: &Vector<'_>,
    received: &Received<'_>,
    claims: &Claims,
) -> Result<String, Refusal> {
    let context = vector.context;
    let publisher = publisher(vector, claims);
    let expect = RequestExpectations {
        now: context
            .now
            .as_ref()
            .or(claims.issue_instant.as_ref())
            .and_then(|now| Time::parse(now).ok())
            .unwrap_or(Time::from_unix_seconds(0)),
        skew: context
            .skew
            .and_then(|skew| Duration::try_from_secs_f64(skew).ok())
            .unwrap_or_default(),
        destination: known(context.endpoint.as_ref(), claims.destination.as_ref()),
        publisher_entity_id: known(context.sp_entity_id.as_ref(), claims.issuer.as_ref()),
        publisher: &publisher,
        algorithms: vector.policy.algorithms(),
        signature_required: context.want_signed,
        max_age: DEFAULT_MAX_AGE,
    };
    let request = received.accept(&expect)?;
    let endpoint = request.resolve_acs(&publisher)?;
    // Wishes are met or not by a publisher's policy: where the context knows no publisher there is none to ask.
    if context.sp_entity_id.is_some() {
        request.check_wishes(&[uri::format::TRANSIENT, uri::format::PERSISTENT])?;
    }
    Ok(endpoint.location.clone())
}

fn known<'a>(stated: Option<&'a String>, claimed: Option<&'a String>) -> &'a str {
    stated.or(claimed).map_or("", String::as_str)
}

/// What the message claims. Stands in for what a context leaves open: rows without any context test the form of the
/// message alone, and say nothing about who sent it where and when.
#[derive(Default)]
pub(crate) struct Claims {
    pub(crate) issue_instant: Option<String>,
    pub(crate) destination: Option<String>,
    pub(crate) issuer: Option<String>,
    pub(crate) acs: Option<String>,
    pub(crate) in_response_to: Option<String>,
    /// Whether the root has a Signature.
    pub(crate) signed: bool,
    /// The root element's local name.
    pub(crate) root: Option<String>,
    /// Certificates inside: as for bare signatures without a key, they stand in for metadata.
    pub(crate) certificates: Vec<PublicKey>,
}

impl Claims {
    /// Reads the claims; a message that does not parse claims nothing.
    pub(crate) fn read(xml: &[u8]) -> Self {
        let Ok(document) = parse(xml, &Limits::METADATA) else {
            return Self::default();
        };
        let root = document.root();
        let attribute = |name: &str| root.attribute(name).map(str::to_owned);
        Self {
            issue_instant: attribute("IssueInstant"),
            destination: attribute("Destination"),
            issuer: root
                .first_child(uri::ns::ASSERTION, "Issuer")
                .and_then(|issuer| issuer.text().ok())
                .map(str::to_owned),
            acs: attribute("AssertionConsumerServiceURL"),
            in_response_to: attribute("InResponseTo"),
            signed: root
                .elements()
                .any(|child| child.is(uri::ns::DSIG, "Signature")),
            root: Some(root.local_name().to_owned()),
            certificates: keys::certificates_within(root),
        }
    }
}

fn publisher(vector: &Vector<'_>, claims: &Claims) -> SpRole {
    let context = vector.context;
    let addresses = if context.sp_acs.is_empty() && context.endpoint.is_none() {
        claims.acs.iter().cloned().collect()
    } else {
        context.sp_acs.clone()
    };
    let signing_keys = match &context.sp_certs {
        Some(paths) => keys::public_keys(vector.base, paths),
        None => claims.certificates.clone(),
    };
    SpRole {
        signing_keys,
        assertion_consumer: (0..)
            .zip(addresses)
            .map(|(index, location)| IndexedEndpoint {
                binding: uri::binding::POST.to_owned(),
                location,
                index,
                is_default: None,
            })
            .collect(),
        authn_requests_signed: context.want_signed,
        ..SpRole::default()
    }
}
