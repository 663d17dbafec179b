//! What nodes read from an object store: envelopes as they come, and what is behind a good signature.

use octroi::store::envelope::{Opened, Signed, open, seal};
use octroi::store::log::{Base, Batch, Log, standing};
use octroi::store::manifest::Manifest;
use octroi::store::{Keys, SecretKey, is_digest};

/// A key that everybody knows: PKCS#8 (RFC 8410) around a constant.
fn key() -> SecretKey {
    let mut der = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    der.extend([7; 32]);
    let text = octroi_dsig::base64::encode_to_string(&der);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    SecretKey::from_pem(&pem).expect("a key")
}

/// Nothing unsigned opens; what is signed is read or refused, and never breaks a chain.
pub fn body(octets: &[u8]) {
    // As it comes: no key of ours has signed it.
    let nobody = Keys::default();
    assert!(open::<Manifest>(octets, &nobody).is_err());
    assert!(open::<Batch>(octets, &nobody).is_err());
    assert!(open::<Base>(octets, &nobody).is_err());

    // Behind the signature.
    if let Some(manifest) = signed::<Manifest>(octets) {
        for seen in [0, 1, u64::MAX] {
            if manifest.document.may_follow("test", seen).is_ok() {
                let Manifest { sequence, body, .. } = &manifest.document;
                assert!(*sequence > seen && is_digest(&body.root));
            }
        }
    }
    let mut log = Log::new("test");
    if let Some(batch) = signed::<Batch>(octets)
        && log.accept("fuzz", batch.clone()).is_ok()
    {
        let numbers = log.entries().iter().map(|entry| entry.sequence);
        assert!(numbers.eq(1..=log.end().sequence));
        let end = log.end();
        assert!(log.accept("fuzz", batch).is_err(), "never twice");
        assert_eq!(log.end(), end);
        assert!(standing(log.entries(), end.sequence).len() <= log.entries().len());
    }
    if let Some(base) = signed::<Base>(octets) {
        let end = base.document.end.clone();
        let mut fresh = Log::new("test");
        if fresh.rebase(base).is_ok() {
            assert_eq!(fresh.end(), end);
            assert!(
                fresh
                    .entries()
                    .iter()
                    .all(|entry| entry.sequence <= end.sequence && entry.change.is_standing())
            );
        }
    }
}

/// The octets as a payload that the known key has signed.
fn signed<T: Signed>(octets: &[u8]) -> Option<Opened<T>> {
    let document: T = serde_json::from_slice(octets).ok()?;
    let key = key();
    let (envelope, sealed) = seal(&document, &key).ok()?;
    let opened = open::<T>(&envelope, &key.public()).expect("our own signature holds");
    assert_eq!(opened.digest, sealed.digest);
    Some(opened)
}
