//! A portal: reads our AuthnRequest, and writes and signs what a portal writes.

use super::keys::{Keys, Pair};
use super::{BASE, PORTAL_B};
use octroi_dsig::redirect::RawQuery;
use octroi_saml::Time;
use octroi_saml::issue::SignWhat;
use octroi_saml::portal_side::{PortalResponse, PortalSignature};
use octroi_xml::Limits;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::atomic::{AtomicU64, Ordering};

/// What the portal got from us.
#[derive(Debug, Clone)]
pub struct Asked {
    pub id: String,
    pub relay_state: String,
    pub force_authn: bool,
    pub destination: String,
}

/// Reads the address to which octroi sent the browser.
pub fn asked(location: &str) -> Asked {
    let (_, query) = location.split_once('?').unwrap();
    let raw = RawQuery::parse(query).unwrap();
    let relay_state = raw.relay_state().unwrap().unwrap().into_owned();
    let xml = raw.message(100_000).unwrap();
    let document = octroi_xml::parse(&xml, &Limits::default()).unwrap();
    let root = document.root();
    Asked {
        id: root.attribute("ID").unwrap().to_owned(),
        relay_state,
        force_authn: root.attribute("ForceAuthn") == Some("true"),
        destination: root.attribute("Destination").unwrap().to_owned(),
    }
}

/// A number that no other message of this process has.
pub fn serial() -> u64 {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

/// A usual Response of the portal `entity_id` for `person` of `ent`; a test turns its knobs before it is signed.
pub fn response(
    now: Time,
    entity_id: &str,
    ent: &str,
    person: &str,
    request: Option<&str>,
) -> PortalResponse {
    let n = serial();
    let mut response = PortalResponse::usual(now, entity_id);
    response.identified(&format!("_r{n}"), &format!("_a{n}"));
    response.to(
        &format!("{BASE}/saml/metadata"),
        &format!("{BASE}/saml/acs"),
    );
    response.answers(request);
    response
        .attribute("idEnt", [ent])
        .attribute("GARPersonIdentifiant", [person]);
    response
}

/// The usual Response of portal B.
pub fn of_b(now: Time, person: &str, request: Option<&str>) -> PortalResponse {
    response(now, PORTAL_B, "B0", person, request)
}

/// Signs as asked.
pub fn sign(response: &PortalResponse, keys: &Pair, what: SignWhat) -> Vec<u8> {
    let mut xml = Vec::new();
    response
        .write(
            Some(&PortalSignature::new(&*keys.signer, what)),
            None,
            &mut xml,
        )
        .unwrap();
    xml
}

/// Signs the assertion with portal B's key.
pub fn signed_by_b(response: &PortalResponse) -> Vec<u8> {
    sign(response, &Keys::get().portal_b, SignWhat::Assertion)
}

/// The form that posts it.
pub fn form(xml: &[u8], relay_state: Option<&str>) -> String {
    let encoded = octroi_dsig::base64::encode_to_string(xml);
    let mut body = format!(
        "SAMLResponse={}",
        utf8_percent_encode(&encoded, NON_ALPHANUMERIC)
    );
    if let Some(state) = relay_state {
        body.push_str("&RelayState=");
        body.extend(utf8_percent_encode(state, NON_ALPHANUMERIC));
    }
    body
}
