//! A browser with a cookie jar, and what a publisher reads of the form that it posts.

use super::World;
use bytes::Bytes;
use octroi::http::exchange::{Endpoint, Incoming, Kind, Language, Method, Outgoing, TraceId};
use octroi_dsig::{AlgorithmPolicy, DecryptionKey, PublicKey};
use octroi_xml::{Document, Limits};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Somebody's browser.
pub struct Browser<'w> {
    pub world: &'w World,
    pub jar: BTreeMap<String, String>,
}

/// Runs a future that never really waits.
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
}

pub fn incoming(
    method: Method,
    query: Option<&str>,
    body: &[u8],
    cookies: Vec<(String, String)>,
) -> Incoming {
    Incoming {
        method,
        path: String::new(),
        query: query.map(str::to_owned),
        content_type: (method == Method::Post)
            .then(|| "application/x-www-form-urlencoded".to_owned()),
        cookies,
        language: Language::French,
        body: Bytes::copy_from_slice(body),
        peer: "192.0.2.1".parse().unwrap(),
        trace: TraceId::random(),
        received: Instant::now(),
    }
}

impl<'w> Browser<'w> {
    pub fn new(world: &'w World) -> Self {
        Self {
            world,
            jar: BTreeMap::new(),
        }
    }

    pub fn cookies(&self) -> Vec<(String, String)> {
        self.jar
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    pub fn get(&mut self, endpoint: Endpoint, query: &str) -> Outgoing {
        self.send(
            endpoint,
            incoming(Method::Get, Some(query), b"", self.cookies()),
        )
    }

    pub fn post(&mut self, endpoint: Endpoint, body: &str) -> Outgoing {
        self.send(
            endpoint,
            incoming(Method::Post, None, body.as_bytes(), self.cookies()),
        )
    }

    pub fn send(&mut self, endpoint: Endpoint, incoming: Incoming) -> Outgoing {
        let outgoing = run(self.world.engine.handle(endpoint, incoming));
        self.absorb(&outgoing);
        outgoing
    }

    /// Takes the cookies of an answer, as a browser does.
    pub fn absorb(&mut self, outgoing: &Outgoing) {
        for cookie in &outgoing.cookies {
            assert!(
                cookie.starts_with("__Host-octroi-") && cookie.contains("; Path=/;"),
                "{cookie}"
            );
            assert!(
                cookie.ends_with("; Secure; HttpOnly; SameSite=None"),
                "{cookie}"
            );
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.into(), value.into());
            }
        }
    }
}

/// A message that a form page posts.
#[derive(Debug)]
pub struct Posted {
    pub action: String,
    pub relay_state: Option<String>,
    pub xml: Vec<u8>,
}

/// The form of a form page, read like a browser reads it.
pub fn posted(outgoing: &Outgoing) -> Posted {
    assert_eq!(
        outgoing.kind,
        Kind::FormPage,
        "{}",
        String::from_utf8_lossy(&outgoing.body)
    );
    let html = std::str::from_utf8(&outgoing.body).unwrap();
    let value_of = |name: &str| {
        let at = html.find(&format!("name=\"{name}\" value=\""))?;
        let rest = &html[at + format!("name=\"{name}\" value=\"").len()..];
        Some(unescape(&rest[..rest.find('"').unwrap()]))
    };
    let action = html.split("action=\"").nth(1).unwrap();
    let message = value_of("SAMLResponse")
        .or_else(|| value_of("SAMLRequest"))
        .unwrap();
    Posted {
        action: unescape(&action[..action.find('"').unwrap()]),
        relay_state: value_of("RelayState"),
        xml: octroi_dsig::base64::decode(&message, 1 << 20).unwrap(),
    }
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// What a publisher reads: attribute values by name, and the parts that tests ask for.
#[derive(Debug)]
pub struct Read {
    pub attributes: BTreeMap<String, Vec<String>>,
    pub name_id: String,
    pub name_id_format: String,
    pub in_response_to: Option<String>,
    pub audience: String,
    pub session_index: Option<String>,
    pub authn_instant: String,
    pub session_end: Option<String>,
    pub assertion_id: String,
}

/// Reads and verifies a Response as a publisher does: with the gateway's key, and from the verified assertion only.
pub fn read(xml: &[u8], key: &PublicKey, decryption_pem: Option<&str>) -> Read {
    const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
    let document = octroi_xml::parse(xml, &Limits::default()).unwrap();
    let policy = AlgorithmPolicy::default();
    let plain = document.root().first_child(SAML, "Assertion");
    let decrypted: Option<Document> = match (plain, decryption_pem) {
        (Some(_), _) => None,
        (None, Some(pem)) => {
            let encrypted = document
                .root()
                .first_child(SAML, "EncryptedAssertion")
                .unwrap();
            let data = encrypted.elements().next().unwrap();
            let keys = [DecryptionKey::from_pkcs8_pem(pem).unwrap()];
            let octets = octroi_dsig::decrypt(data, &keys, &policy).unwrap();
            Some(octroi_xml::parse(&octets, &Limits::default()).unwrap())
        }
        (None, None) => panic!("no assertion: {}", String::from_utf8_lossy(xml)),
    };
    let element = decrypted
        .as_ref()
        .map_or_else(|| plain.unwrap(), Document::root);
    let verified = octroi_dsig::verify(element, std::slice::from_ref(key), &policy).unwrap();
    let one = |path: &[&str]| {
        let mut at = verified;
        for name in path {
            at = at.first_child(SAML, name)?;
        }
        Some(at)
    };
    let mut attributes = BTreeMap::new();
    for attribute in one(&["AttributeStatement"])
        .into_iter()
        .flat_map(|statement| statement.elements().collect::<Vec<_>>())
    {
        let values = attribute
            .elements()
            .map(|value| value.text().unwrap().to_owned())
            .collect();
        attributes.insert(attribute.attribute("Name").unwrap().to_owned(), values);
    }
    let name_id = one(&["Subject", "NameID"]).unwrap();
    let confirmation = one(&["Subject", "SubjectConfirmation", "SubjectConfirmationData"]).unwrap();
    let authn = one(&["AuthnStatement"]).unwrap();
    Read {
        attributes,
        name_id: name_id.text().unwrap().to_owned(),
        name_id_format: name_id.attribute("Format").unwrap().to_owned(),
        in_response_to: confirmation.attribute("InResponseTo").map(str::to_owned),
        audience: one(&["Conditions", "AudienceRestriction", "Audience"])
            .unwrap()
            .text()
            .unwrap()
            .to_owned(),
        session_index: authn.attribute("SessionIndex").map(str::to_owned),
        authn_instant: authn.attribute("AuthnInstant").unwrap().to_owned(),
        session_end: authn.attribute("SessionNotOnOrAfter").map(str::to_owned),
        assertion_id: verified.attribute("ID").unwrap().to_owned(),
    }
}

/// The top-level and second status codes of a Response.
pub fn status(xml: &[u8]) -> (String, Option<String>) {
    const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
    let document = octroi_xml::parse(xml, &Limits::default()).unwrap();
    let top = document
        .root()
        .first_child(SAMLP, "Status")
        .unwrap()
        .first_child(SAMLP, "StatusCode")
        .unwrap();
    let second = top
        .first_child(SAMLP, "StatusCode")
        .map(|code| code.attribute("Value").unwrap().to_owned());
    (top.attribute("Value").unwrap().to_owned(), second)
}

/// The refusal's code on a page.
pub fn refused(outgoing: &Outgoing) -> String {
    assert_eq!(
        outgoing.kind,
        Kind::Page,
        "{:?} {}",
        outgoing.kind,
        String::from_utf8_lossy(&outgoing.body)
    );
    let html = std::str::from_utf8(&outgoing.body).unwrap();
    octroi::access::every_code()
        .map(|entry| entry.code)
        .filter(|code| html.contains(&format!(">{code}<")))
        .max_by_key(|code| code.len())
        .unwrap_or_else(|| panic!("no code on {html}"))
        .to_owned()
}

/// Where a redirection leads.
pub fn location(outgoing: &Outgoing) -> &str {
    match &outgoing.kind {
        Kind::Redirect { location } => location,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(&outgoing.body)),
    }
}
