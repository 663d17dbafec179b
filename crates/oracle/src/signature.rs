//! xmlsec1's opinion of an XML signature, narrowed as far as its API allows: the key is given (KeyInfo is not read),
//! references stay inside the document, ID attributes are named by the caller.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::ptr;
use std::sync::Once;

use libxml::bindings as x;
use xmlsec::bindings as s;
use xmlsec::{XmlSecKey, XmlSecKeyFormat, XmlSecSignatureContext};

use crate::tree::{ElementIndex, Tree};

/// The one key that is trusted.
#[derive(Clone, Copy, Debug)]
pub enum TrustedKey<'a> {
    /// A DER certificate; its dates and chain are not looked at.
    CertificateDer(&'a [u8]),
    /// A PEM certificate.
    CertificatePem(&'a [u8]),
    /// A PEM public or private key (SubjectPublicKeyInfo or PKCS#8).
    KeyPem(&'a [u8]),
}

/// What xmlsec1 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// Signature and all digests hold.
    Valid {
        /// The element that each Reference covers; `None` for `URI=""` (the document) or a URI that names no element.
        referenced: Vec<Option<ElementIndex>>,
    },
    /// The document, the key or the signature is not accepted; xmlsec1's reasons are not told apart.
    Invalid,
}

static SILENCE: Once = Once::new();

/// xmlsec1 writes each error on stderr by default, which would drown a fuzzer.
fn silence() {
    SILENCE.call_once(|| {
        let context = XmlSecSignatureContext::new();
        // SAFETY: the context above has initialised the library; the callback is a plain function.
        unsafe { xmlSecErrorsSetCallback(Some(ignore)) };
        drop(context);
    });
}

type ErrorCallback = unsafe extern "C" fn(
    *const c_char,
    c_int,
    *const c_char,
    *const c_char,
    *const c_char,
    c_int,
    *const c_char,
);

unsafe extern "C" {
    /// `xmlsec/errors.h`, which the crate's bindings leave out.
    fn xmlSecErrorsSetCallback(callback: Option<ErrorCallback>);
}

unsafe extern "C" fn ignore(
    _file: *const c_char,
    _line: c_int,
    _function: *const c_char,
    _object: *const c_char,
    _subject: *const c_char,
    _reason: c_int,
    _message: *const c_char,
) {
}

impl TrustedKey<'_> {
    fn load(self) -> Option<XmlSecKey> {
        let (octets, format) = match self {
            Self::CertificateDer(der) => (der, XmlSecKeyFormat::CertDer),
            Self::CertificatePem(pem) => (pem, XmlSecKeyFormat::CertPem),
            Self::KeyPem(pem) => (pem, XmlSecKeyFormat::Pem),
        };
        XmlSecKey::from_memory(octets, format, None).ok()
    }
}

/// Verifies the signature at element `signature` (or, with `None`, the first in document order), with `key` as the only
/// key and the un-namespaced attributes `id_attributes` as IDs. An ID that occurs twice makes the answer `Invalid`.
#[must_use]
pub fn verify_with_xmlsec(
    xml: &[u8],
    signature: Option<ElementIndex>,
    key: TrustedKey<'_>,
    id_attributes: &[&str],
) -> Opinion {
    silence();
    try_verify(xml, signature, key, id_attributes).unwrap_or(Opinion::Invalid)
}

fn try_verify(
    xml: &[u8],
    signature: Option<ElementIndex>,
    key: TrustedKey<'_>,
    id_attributes: &[&str],
) -> Option<Opinion> {
    let tree = Tree::parse(xml)?;
    let elements = tree.elements();
    register_ids(&tree, &elements, id_attributes)?;
    let signature = match signature {
        Some(index) => *elements.get(index)?,
        None => *elements.iter().find(|element| is_signature(**element))?,
    };
    let mut context = XmlSecSignatureContext::new();
    context.insert_key(key.load()?);
    // SAFETY: the context, the tree and the node live until the end of this function; lists are read after the call
    // that filled them, within the size that xmlsec1 reports.
    unsafe {
        let raw = context.as_ptr();
        (*raw).enabledReferenceUris =
            s::xmlSecTransformUriTypeEmpty | s::xmlSecTransformUriTypeSameDocument;
        if s::xmlSecDSigCtxVerify(raw, signature.cast()) < 0
            || (*raw).status != s::xmlSecDSigStatus_xmlSecDSigStatusSucceeded
        {
            return None;
        }
        let list = &raw mut (*raw).signedInfoReferences;
        let mut referenced = Vec::new();
        for position in 0..s::xmlSecPtrListGetSize(list) {
            let reference = s::xmlSecPtrListGetItem(list, position as c_uint)
                .cast::<s::_xmlSecDSigReferenceCtx>();
            referenced.push(target(&tree, &elements, (*reference).uri.cast()));
        }
        Some(Opinion::Valid { referenced })
    }
}

/// The element that a same-document URI names.
unsafe fn target(
    tree: &Tree,
    elements: &[x::xmlNodePtr],
    uri: *const c_char,
) -> Option<ElementIndex> {
    if uri.is_null() {
        return None;
    }
    // SAFETY: xmlsec1 keeps the URI as a NUL-terminated string as long as its context lives.
    let uri = unsafe { CStr::from_ptr(uri) }.to_bytes();
    let id = CString::new(uri.strip_prefix(b"#")?).ok()?;
    // SAFETY: `tree` is live, `id` is NUL-terminated; an attribute's parent is an element of the same tree.
    let element = unsafe {
        let attribute = x::xmlGetID(tree.raw(), id.as_ptr().cast());
        if attribute.is_null() {
            return None;
        }
        (*attribute).parent
    };
    elements.iter().position(|candidate| *candidate == element)
}

fn is_signature(element: x::xmlNodePtr) -> bool {
    // SAFETY: `element` is a live element node; names and namespace URIs are NUL-terminated.
    unsafe {
        let namespace = (*element).ns;
        CStr::from_ptr((*element).name.cast()).to_bytes() == b"Signature"
            && !namespace.is_null()
            && !(*namespace).href.is_null()
            && CStr::from_ptr((*namespace).href.cast()).to_bytes()
                == b"http://www.w3.org/2000/09/xmldsig#"
    }
}

/// Makes the named attributes IDs, as `xmlsec1 --id-attr` does. `None` when a value occurs twice.
fn register_ids(tree: &Tree, elements: &[x::xmlNodePtr], names: &[&str]) -> Option<()> {
    for name in names {
        let name = CString::new(*name).ok()?;
        for element in elements {
            // SAFETY: live element, NUL-terminated name; the value is allocated by libxml2 and freed with its allocator.
            unsafe {
                let attribute = x::xmlHasNsProp(*element, name.as_ptr().cast(), ptr::null());
                if attribute.is_null() || (*attribute).children.is_null() {
                    continue;
                }
                let value = x::xmlNodeListGetString(tree.raw(), (*attribute).children, 1);
                if value.is_null() {
                    continue;
                }
                let known = x::xmlGetID(tree.raw(), value);
                let mut unique = known.is_null() || known == attribute;
                if known.is_null() {
                    unique = !x::xmlAddID(ptr::null_mut(), tree.raw(), value, attribute).is_null();
                }
                if let Some(free) = x::xmlFree {
                    free(value.cast::<c_void>());
                }
                if !unique {
                    return None;
                }
            }
        }
    }
    Some(())
}

/// Fills the first `ds:Signature` template of `xml` (DigestValue and SignatureValue empty) with xmlsec1 and returns the
/// signed document as libxml2 writes it: an independent signer to test the verifier against.
#[must_use]
pub fn sign_with_xmlsec(xml: &[u8], key_pem: &[u8], id_attributes: &[&str]) -> Option<Vec<u8>> {
    silence();
    let tree = Tree::parse(xml)?;
    let elements = tree.elements();
    register_ids(&tree, &elements, id_attributes)?;
    let template = *elements.iter().find(|element| is_signature(**element))?;
    let mut context = XmlSecSignatureContext::new();
    context.insert_key(TrustedKey::KeyPem(key_pem).load()?);
    // SAFETY: as in `try_verify`; the dumped text is copied and freed.
    unsafe {
        if s::xmlSecDSigCtxSign(context.as_ptr(), template.cast()) < 0 {
            return None;
        }
        let mut text: *mut u8 = ptr::null_mut();
        let mut length = 0;
        x::xmlDocDumpMemory(tree.raw(), &raw mut text, &raw mut length);
        if text.is_null() {
            return None;
        }
        let octets = std::slice::from_raw_parts(text, usize::try_from(length).ok()?).to_vec();
        if let Some(free) = x::xmlFree {
            free(text.cast::<c_void>());
        }
        Some(octets)
    }
}
