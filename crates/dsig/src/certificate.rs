//! PEM text, and the key inside an X.509 certificate. A certificate is the container of a key here: its dates, names and signature are
//! stepped over, never judged (IIP-MD12).

use rustls_pki_types::pem::{PemObject, SectionKind};
use x509_cert::der::{Encode, Reader, SliceReader, Tag, TagNumber};

use crate::error::KeyError;

/// Every certificate of PEM text, as DER, in order.
///
/// # Errors
/// [`KeyError::Pem`] when a section is broken.
pub fn certificates_from_pem(pem: &str) -> Result<Vec<Vec<u8>>, KeyError> {
    sections(pem)
        .filter_map(|section| match section {
            Ok((SectionKind::Certificate, der)) => Some(Ok(der)),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        })
        .collect()
}

/// Every PEM section with its kind. Unknown kinds are left out by the reader.
pub(crate) fn sections(
    pem: &str,
) -> impl Iterator<Item = Result<(SectionKind, Vec<u8>), KeyError>> {
    <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes())
        .map(|section| section.map_err(|_| KeyError::Pem))
}

/// Steps over the fields of `TBSCertificate` (RFC 5280 §4.1) to the SubjectPublicKeyInfo. What is stepped over need not be valid:
/// partners' certificates are containers of a key, and a strict reading of names and dates would only refuse working partners.
pub(crate) fn certificate_spki(der: &[u8]) -> Option<&[u8]> {
    let certificate = sequence(der)?;
    let mut outer = SliceReader::new(certificate).ok()?;
    let tbs = sequence(outer.tlv_bytes().ok()?)?;
    let mut fields = SliceReader::new(tbs).ok()?;
    let version = Tag::ContextSpecific {
        constructed: true,
        number: TagNumber::N0,
    };
    if fields.peek_tag().ok()? == version {
        fields.tlv_bytes().ok()?;
    }
    // serialNumber, signature, issuer, validity, subject
    for _ in 0..5 {
        fields.tlv_bytes().ok()?;
    }
    fields.tlv_bytes().ok()
}

/// The content of a DER SEQUENCE.
fn sequence(der: &[u8]) -> Option<&[u8]> {
    let reader = SliceReader::new(der).ok()?;
    let header = reader.peek_header().ok()?;
    if header.tag != Tag::Sequence {
        return None;
    }
    let skip = usize::try_from(header.encoded_len().ok()?).ok()?;
    let length = usize::try_from(header.length).ok()?;
    der.get(skip..skip.checked_add(length)?)
}
