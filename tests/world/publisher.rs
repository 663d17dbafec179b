//! A publisher: writes AuthnRequests, signed or not.

use super::keys::Keys;
use super::{BASE, World, portal::serial};
use octroi_dsig::redirect::MessageKind;
use octroi_saml::authn_request::{AuthnRequestToIssue, Comparison, write_request};
use octroi_saml::binding::{post_value, redirect_url};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// A request, ready to be sent.
#[derive(Debug)]
pub struct Request {
    pub id: String,
    pub query: String,
    pub form: String,
}

/// A request of the publisher `entity_id`; `knobs` may change it before it is signed with the publisher's key.
pub fn redirect(
    world: &World,
    entity_id: &str,
    relay_state: Option<&str>,
    knobs: impl FnOnce(&mut AuthnRequestToIssue<'_>),
) -> Request {
    let id = format!("_q{}", serial());
    let (destination, acs) = (format!("{BASE}/idp/sso"), format!("{entity_id}/acs"));
    let mut request = AuthnRequestToIssue {
        id: &id,
        issuer: entity_id,
        destination: &destination,
        acs_url: &acs,
        now: world.now,
        force_authn: false,
        is_passive: false,
        name_id_format: None,
        authn_context: &[],
        comparison: Comparison::Exact,
        proxy_count: None,
        requester_ids: &[],
    };
    knobs(&mut request);
    let signer = &*Keys::get().publisher.signer;
    let mut xml = Vec::new();
    write_request(&request, None, &mut xml).unwrap();
    let url = redirect_url(
        &destination,
        MessageKind::Request,
        &xml,
        relay_state,
        Some(signer),
    )
    .unwrap();
    let mut signed = Vec::new();
    write_request(&request, Some(signer), &mut signed).unwrap();
    let mut form = format!(
        "SAMLRequest={}",
        utf8_percent_encode(&post_value(&signed), NON_ALPHANUMERIC)
    );
    if let Some(state) = relay_state {
        form.push_str("&RelayState=");
        form.extend(utf8_percent_encode(state, NON_ALPHANUMERIC));
    }
    Request {
        id: id.clone(),
        query: url.split_once('?').unwrap().1.to_owned(),
        form,
    }
}
