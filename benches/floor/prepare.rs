//! Everything that is made before the clock runs: a directory, flows that were begun, Responses that were signed,
//! and the octets that the floor verifies, hashes and signs.

use super::check::Sizes;
use super::world::browser::{Browser, incoming, location, posted, run};
use super::world::country::Country;
use super::world::keys::Pair;
use super::world::{Plan, World, portal};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, ParsedPublicKey, RsaKeyPair};
use octroi::access::Engine;
use octroi::http::exchange::{Endpoint, Incoming, Method};
use octroi::state::guard::LocalGuard;
use octroi_dsig::KeyKind;
use octroi_saml::issue::SignWhat;
use octroi_xml::c14n::{Algorithm, canonicalize};
use octroi_xml::{Element, Limits};
use std::sync::Arc;

pub const PEOPLE: usize = 2500;
pub const SCHOOLS: usize = 60;
pub const RESOURCES: usize = 2100;
const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// One access, ready to be posted.
pub struct Prepared {
    index: usize,
    body: bytes::Bytes,
    cookies: Vec<(String, String)>,
}

impl Prepared {
    pub fn incoming(&self) -> Incoming {
        let mut incoming = incoming(Method::Post, None, b"", self.cookies.clone());
        incoming.body = self.body.clone();
        incoming
    }
}

/// The octets of one access's cryptography.
pub struct Crypto {
    verifying: ParsedPublicKey,
    signing: Arc<SigningKey>,
    signed_info_in: Vec<u8>,
    signature_in: Vec<u8>,
    pub assertion_in: Vec<u8>,
    pub assertion_out: Vec<u8>,
    signed_info_out: Vec<u8>,
}

impl Crypto {
    pub fn verify(&self) {
        self.verifying
            .verify_sig(&self.signed_info_in, &self.signature_in)
            .unwrap();
    }

    pub fn sign(&self) -> Vec<u8> {
        self.signing.sign(&self.signed_info_out)
    }
}

/// The gateway's signing key, straight from the library.
pub enum SigningKey {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl SigningKey {
    pub fn of(pair: &Pair) -> Self {
        let body: String = pair
            .pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        let der = octroi_dsig::base64::decode(&body, 1 << 16).unwrap();
        match pair.signer.public_key().kind() {
            KeyKind::Rsa => Self::Rsa(RsaKeyPair::from_pkcs8(&der).unwrap()),
            _ => Self::Ecdsa(
                EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &der)
                    .unwrap(),
            ),
        }
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let mut out = vec![0; key.public_modulus_len()];
                key.sign(
                    &signature::RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut out,
                )
                .unwrap();
                out
            }
            Self::Ecdsa(key) => key
                .sign(&SystemRandom::new(), message)
                .unwrap()
                .as_ref()
                .to_vec(),
        }
    }
}

/// A portal's key, parsed once.
pub fn verifying_key(pair: &Pair) -> ParsedPublicKey {
    ParsedPublicKey::new(
        &signature::RSA_PKCS1_2048_8192_SHA256,
        pair.signer.public_key().spki_der(),
    )
    .unwrap()
}

/// A world and its accesses.
pub struct Bench {
    world: World,
    prepared: Vec<Prepared>,
    crypto: Vec<Crypto>,
    folder: std::path::PathBuf,
}

impl Bench {
    pub fn new(portal_keys: &Pair, gateway: &Pair, accesses: usize) -> Self {
        let folder = std::env::temp_dir().join(format!(
            "octroi-floor-{}-{}",
            std::process::id(),
            portal::serial()
        ));
        let mut plan = Plan::new();
        plan.country = Country::large(PEOPLE, SCHOOLS, RESOURCES);
        plan.guard = Arc::new(LocalGuard::open(&folder.join("state"), 1_000_000, 0).unwrap());
        let b = plan.portal("portal-b");
        b.signing_keys = vec![portal_keys.signer.public_key().clone()];
        // So that the session's cookie is sealed too.
        b.session_reuse = true;
        plan.publisher("push-house").signer = gateway.signer.clone();
        plan.witness = Some(super::world::audited(&folder.join("audit")));
        let world = plan.begin();
        let signing = Arc::new(SigningKey::of(gateway));
        let prepared: Vec<_> = (0..accesses)
            .map(|index| prepare(&world, portal_keys, index))
            .collect();
        let crypto = (0..RESOURCES.min(200))
            .map(|index| crypto(&world, portal_keys, &signing, accesses + index))
            .collect();
        Self {
            world,
            prepared,
            crypto,
            folder,
        }
    }

    pub fn engine(&self) -> &Engine {
        &self.world.engine
    }

    pub fn batches(&self, size: usize) -> impl Iterator<Item = &[Prepared]> {
        self.prepared.chunks_exact(size)
    }

    /// The octets of an access like this one.
    pub fn crypto_of(&self, prepared: &Prepared) -> &Crypto {
        &self.crypto[prepared.index % self.crypto.len()]
    }

    pub fn sizes(&self) -> Sizes {
        let one = &self.crypto[0];
        Sizes {
            assertion_in: one.assertion_in.len(),
            assertion_out: one.assertion_out.len(),
            signed_info_in: one.signed_info_in.len(),
            signed_info_out: one.signed_info_out.len(),
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Begins a flow and signs the portal's answer to it.
fn start(
    world: &World,
    portal_keys: &Pair,
    index: usize,
) -> (Vec<u8>, String, Vec<(String, String)>) {
    let mut browser = Browser::new(world);
    let resource = Country::resource(index * 7 % RESOURCES);
    let sent = browser.get(
        Endpoint::Tile,
        &format!("idENT=QjA=&idRessource={resource}"),
    );
    let asked = portal::asked(location(&sent));
    let person = Country::person(index % PEOPLE);
    let response = portal::of_b(world.now, &person, Some(&asked.id));
    (
        portal::sign(&response, portal_keys, SignWhat::Assertion),
        asked.relay_state,
        browser.cookies(),
    )
}

fn prepare(world: &World, portal_keys: &Pair, index: usize) -> Prepared {
    let (xml, relay_state, cookies) = start(world, portal_keys, index);
    Prepared {
        index,
        body: portal::form(&xml, Some(&relay_state)).into_bytes().into(),
        cookies,
    }
}

/// Walks one access and keeps what its cryptography worked on.
fn crypto(world: &World, portal_keys: &Pair, signing: &Arc<SigningKey>, index: usize) -> Crypto {
    let (xml, relay_state, cookies) = start(world, portal_keys, index);
    let body = portal::form(&xml, Some(&relay_state));
    let answer = run(world.engine.handle(
        Endpoint::AssertionConsumer,
        incoming(Method::Post, None, body.as_bytes(), cookies),
    ));
    let (assertion_in, signed_info_in, signature_in) = parts(&xml);
    let (assertion_out, signed_info_out, _) = parts(&posted(&answer).xml);
    Crypto {
        verifying: verifying_key(portal_keys),
        signing: Arc::clone(signing),
        signed_info_in,
        signature_in,
        assertion_in,
        assertion_out,
        signed_info_out,
    }
}

/// The canonical assertion without its signature, the canonical SignedInfo, and the signature's octets.
fn parts(xml: &[u8]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let document = octroi_xml::parse(xml, &Limits::default()).unwrap();
    let assertion = document.root().first_child(SAML, "Assertion").unwrap();
    let signature = assertion.first_child(DS, "Signature").unwrap();
    let canonical = |element: Element<'_>, omit| {
        let mut out = Vec::new();
        canonicalize(element, Algorithm::Exclusive, &[], omit, &mut out).unwrap();
        out
    };
    let value = signature
        .first_child(DS, "SignatureValue")
        .unwrap()
        .text()
        .unwrap();
    (
        canonical(assertion, Some(signature)),
        canonical(signature.first_child(DS, "SignedInfo").unwrap(), None),
        octroi_dsig::base64::decode(value, 1 << 16).unwrap(),
    )
}
