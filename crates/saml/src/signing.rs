//! Puts an enveloped signature into a message that was just written in canonical form.

use crate::issue::IssueError;
use octroi_dsig::{Signer, signature_element};

/// Hashes `out[start..]` as it is (canonical, without Signature) and inserts the Signature over it at
/// `place`. The digest is SHA-256; nothing is parsed.
pub(crate) fn sign_in_place(
    out: &mut Vec<u8>,
    start: usize,
    place: usize,
    id: &str,
    signer: &dyn Signer,
    include_certificate: bool,
) -> Result<(), IssueError> {
    let digest = octroi_dsig::sha256(&out[start..]);
    let end = out.len();
    signature_element(signer, id, &digest, include_certificate, out)
        .map_err(|_| IssueError::Sign)?;
    let length = out.len() - end;
    out[place..].rotate_right(length);
    Ok(())
}
