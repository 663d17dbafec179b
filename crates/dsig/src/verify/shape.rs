//! The first stage: is this the one shape of signature that SAML allows (Core §5.4), with algorithms on the list? It computes nothing
//! and reads nothing outside the Signature but the parent's name, ID and comments. Every child of every element has its place: what is
//! not expected is refused, so no lookup can find one thing and a reader another (W2, W4, W7).

use octroi_xml::{Element, Node, c14n};

use super::{
    methods::{Canonicalization, canonicalization, digest_method, signature_method, transforms},
    signature::MAX_SIGNATURE,
};
use crate::{
    algorithm::{DS, DigestAlgorithm, SignatureAlgorithm},
    base64,
    error::SignatureError,
    policy::AlgorithmPolicy,
};

const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

/// Longest digest in bytes: SHA-512.
const MAX_DIGEST: usize = 64;

/// A signature of the right shape. Its existence says nothing yet about whether it holds.
pub(super) struct Shape<'d> {
    pub(super) parent: Element<'d>,
    pub(super) signature: Element<'d>,
    pub(super) signed_info: Element<'d>,
    pub(super) signed_info_c14n: Canonicalization<'d>,
    pub(super) content_c14n: Canonicalization<'d>,
    pub(super) signature_algorithm: SignatureAlgorithm,
    pub(super) digest_algorithm: DigestAlgorithm,
    digest: Bounded<MAX_DIGEST>,
    signature_value: Bounded<MAX_SIGNATURE>,
}

/// A short octet string without a heap.
struct Bounded<const N: usize> {
    octets: [u8; N],
    length: usize,
}

impl Shape<'_> {
    pub(super) fn digest(&self) -> &[u8] {
        &self.digest.octets[..self.digest.length]
    }

    pub(super) fn signature_value(&self) -> &[u8] {
        &self.signature_value.octets[..self.signature_value.length]
    }

    pub(super) fn uses_inclusive_c14n(&self) -> bool {
        [&self.signed_info_c14n, &self.content_c14n]
            .into_iter()
            .any(|c14n| c14n.algorithm != c14n::Algorithm::Exclusive)
    }
}

/// Reads the shape of `parent`'s Signature.
pub(super) fn read<'d>(
    parent: Element<'d>,
    policy: &AlgorithmPolicy,
) -> Result<Shape<'d>, SignatureError> {
    let signature = place(parent)?;
    let id = own_id(parent)?;
    if signature.has_comments_within() {
        return Err(SignatureError::CommentInSignature);
    }
    // Canonicalisation drops comments, so text would read on both sides of one (T1). Aggregates of metadata do carry comments between
    // elements; there, text with a comment is refused where it is read.
    if parent.namespace() != METADATA && parent.has_comments_within() {
        return Err(SignatureError::CommentInContent);
    }

    let [signed_info, value] = signature_children(signature)?;
    let [c14n_element, method_element, reference] = signed_info_children(signed_info)?;
    let signed_info_c14n =
        canonicalization(c14n_element, policy, SignatureError::CanonicalizationMethod)?;
    let signature_algorithm = signature_method(method_element, policy)?;

    target(reference, id)?;
    let [transforms_element, digest_element, digest_value] =
        exactly(reference, ["Transforms", "DigestMethod", "DigestValue"])
            .ok_or(SignatureError::ReferenceShape)?;
    let content_c14n = transforms(transforms_element, policy)?;
    let digest_algorithm = digest_method(digest_element, policy)?;
    let digest = octets(digest_value).ok_or(SignatureError::DigestValue)?;
    if digest.length != digest_algorithm.hash().output_len() {
        return Err(SignatureError::DigestValue);
    }
    let signature_value = octets(value).ok_or(SignatureError::SignatureValue)?;
    Ok(Shape {
        parent,
        signature,
        signed_info,
        signed_info_c14n,
        content_c14n,
        signature_algorithm,
        digest_algorithm,
        digest,
        signature_value,
    })
}

/// The one Signature among `parent`'s children, at its place in the schema.
fn place(parent: Element<'_>) -> Result<Element<'_>, SignatureError> {
    let mut found = None;
    for (index, child) in parent.elements().enumerate() {
        if child.is(DS, "Signature") && found.replace((index, child)).is_some() {
            return Err(SignatureError::Several);
        }
    }
    let (index, signature) = found.ok_or(SignatureError::Missing)?;
    let after_issuer = || {
        index == 1
            && parent
                .elements()
                .next()
                .is_some_and(|first| first.is(ASSERTION, "Issuer"))
    };
    let in_place = match parent.namespace() {
        ASSERTION => after_issuer(),
        // Issuer is optional in protocol messages.
        PROTOCOL => index == 0 || after_issuer(),
        METADATA => index == 0,
        _ => false,
    };
    if in_place {
        Ok(signature)
    } else {
        Err(SignatureError::Misplaced)
    }
}

/// The parent's un-namespaced `ID`, which must lead back to it.
fn own_id(parent: Element<'_>) -> Result<&str, SignatureError> {
    let id = parent
        .attribute("ID")
        .filter(|id| !id.is_empty())
        .ok_or(SignatureError::IdMissing)?;
    if parent.document().element_by_id(id) == Some(parent) {
        Ok(id)
    } else {
        Err(SignatureError::IdAmbiguous)
    }
}

/// SignedInfo and SignatureValue. KeyInfo may follow and is not looked into.
fn signature_children(signature: Element<'_>) -> Result<[Element<'_>; 2], SignatureError> {
    if signature.elements().any(|child| child.is(DS, "Object")) {
        return Err(SignatureError::Object);
    }
    exactly(signature, ["SignedInfo", "SignatureValue"])
        .or_else(|| {
            exactly(signature, ["SignedInfo", "SignatureValue", "KeyInfo"])
                .map(|[signed_info, value, _]| [signed_info, value])
        })
        .ok_or(SignatureError::Shape)
}

fn signed_info_children(signed_info: Element<'_>) -> Result<[Element<'_>; 3], SignatureError> {
    let references = signed_info
        .elements()
        .filter(|child| child.is(DS, "Reference"))
        .count();
    if references != 1 {
        return Err(SignatureError::ReferenceCount);
    }
    exactly(
        signed_info,
        ["CanonicalizationMethod", "SignatureMethod", "Reference"],
    )
    .ok_or(SignatureError::SignedInfoShape)
}

/// The Reference must be a plain `#ID`, and name the Signature's own parent.
fn target(reference: Element<'_>, id: &str) -> Result<(), SignatureError> {
    match reference
        .attribute("URI")
        .and_then(|uri| uri.strip_prefix('#'))
    {
        Some(name) if name == id => Ok(()),
        Some(name) if !name.is_empty() && !name.contains(['(', '/', '#']) => {
            Err(SignatureError::ReferenceTarget)
        }
        _ => Err(SignatureError::ReferenceUri),
    }
}

/// The child elements, when they are exactly these of XML Signature in this order, with nothing but white space between.
pub(super) fn exactly<'d, const N: usize>(
    parent: Element<'d>,
    names: [&str; N],
) -> Option<[Element<'d>; N]> {
    if has_text(parent) {
        return None;
    }
    let mut children = parent.elements();
    let mut found = [parent; N];
    for (slot, name) in found.iter_mut().zip(names) {
        *slot = children.next().filter(|child| child.is(DS, name))?;
    }
    children.next().is_none().then_some(found)
}

/// No child element and no text but white space.
pub(super) fn is_empty(element: Element<'_>) -> bool {
    element.elements().next().is_none() && !has_text(element)
}

pub(super) fn has_text(element: Element<'_>) -> bool {
    element.children().any(|child| match child {
        Node::Text(text) => !text
            .bytes()
            .all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')),
        _ => false,
    })
}

fn octets<const N: usize>(element: Element<'_>) -> Option<Bounded<N>> {
    let text = element.text().ok()?;
    let mut octets = [0; N];
    let length = base64::decode_into(text, &mut octets).ok()?.len();
    (length > 0).then_some(Bounded { octets, length })
}
