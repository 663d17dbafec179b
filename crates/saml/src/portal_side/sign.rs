//! Signatures as portals make them: any algorithm that the signer has, SHA-256 or SHA-1 digests.
//!
//! The gateway's own signatures are made elsewhere and never with SHA-1.

use crate::issue::{IssueError, SignWhat};
use aws_lc_rs::digest;
use octroi_dsig::{Signer, base64};
use octroi_xml::{Element, Limits, c14n, parse};

/// How a portal signs.
#[derive(Clone, Copy, Debug)]
pub struct PortalSignature<'a> {
    /// Its key. A signer for RSA-SHA1 is the caller's to bring; `octroi_dsig` makes none.
    pub signer: &'a dyn Signer,
    /// What it signs.
    pub what: SignWhat,
    /// The digest of the signed element.
    pub digest: Digest,
    /// Whether its certificate is repeated in KeyInfo.
    pub include_certificate: bool,
}

/// A digest algorithm.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Digest {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-1, as old portals use it.
    Sha1,
}

impl<'a> PortalSignature<'a> {
    /// SHA-256, without KeyInfo.
    pub fn new(signer: &'a dyn Signer, what: SignWhat) -> Self {
        Self {
            signer,
            what,
            digest: Digest::Sha256,
            include_certificate: false,
        }
    }
}

impl Digest {
    const fn uri(self) -> &'static str {
        match self {
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        }
    }

    fn of(self, octets: &[u8]) -> String {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        };
        base64::encode_to_string(digest::digest(algorithm, octets).as_ref())
    }
}

/// Signs a whole message (Response, Assertion, AuthnRequest, metadata …) that was written by other means: the
/// result is its exclusive canonical form with an enveloped Signature behind its Issuer, or first where it
/// starts with none. `None` when the text is not XML, the root has no ID, or the key fails.
pub fn sign_document(xml: &[u8], signature: &PortalSignature<'_>) -> Option<Vec<u8>> {
    let document = parse(xml, &Limits::default()).ok()?;
    let root = document.root();
    let id = root.attribute("ID")?;
    let mut out = Vec::with_capacity(xml.len() + 2048);
    c14n::canonicalize(root, c14n::Algorithm::Exclusive, &[], None, &mut out).ok()?;
    let issuer = root
        .elements()
        .next()
        .filter(|first| first.local_name() == "Issuer");
    let place = match issuer.map(Element::prefix) {
        Some("") => behind(&out, "</Issuer>")?,
        Some(prefix) => behind(&out, &format!("</{prefix}:Issuer>"))?,
        None => end_of_start_tag(&out)?,
    };
    insert_signature(&mut out, 0, place, id, signature).ok()?;
    Some(out)
}

fn behind(text: &[u8], tag: &str) -> Option<usize> {
    Some(
        text.windows(tag.len())
            .position(|window| window == tag.as_bytes())?
            + tag.len(),
    )
}

/// Where the first tag ends; `>` inside an attribute value does not count.
fn end_of_start_tag(text: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let end = text.iter().position(|octet| {
        quoted ^= *octet == b'"';
        *octet == b'>' && !quoted
    })?;
    Some(end + 1)
}

/// Hashes `out[start..]`, which is canonical, and inserts the Signature at `place`.
pub(super) fn insert_signature(
    out: &mut Vec<u8>,
    start: usize,
    place: usize,
    id: &str,
    signature: &PortalSignature<'_>,
) -> Result<(), IssueError> {
    const DS: &str = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
    let rest_of_signed_info = format!(
        ">\
         <ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod><ds:DigestValue>{}</ds:DigestValue>\
         </ds:Reference></ds:SignedInfo>",
        signature.signer.algorithm().uri(),
        signature.digest.uri(),
        signature.digest.of(&out[start..]),
    );
    let mut value = Vec::with_capacity(512);
    let hashed = format!("<ds:SignedInfo{DS}{rest_of_signed_info}");
    signature
        .signer
        .sign(hashed.as_bytes(), &mut value)
        .map_err(|_| IssueError::Sign)?;
    let certificate = signature
        .signer
        .certificate()
        .filter(|_| signature.include_certificate);
    let key_info = certificate.map_or(String::new(), |der| {
        format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            base64::encode_to_string(der)
        )
    });
    let element = format!(
        "<ds:Signature{DS}><ds:SignedInfo{rest_of_signed_info}<ds:SignatureValue>{}</ds:SignatureValue>{key_info}</ds:Signature>",
        base64::encode_to_string(&value)
    );
    out.splice(place..place, element.into_bytes());
    Ok(())
}
