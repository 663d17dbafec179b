//! Metadata: read without harm; from a federation only what its key signed.

use std::time::Duration;

use octroi_saml::metadata::{MetadataPolicy, parse};

use crate::signed::{PORTAL, keys, now};

/// A federation's metadata that is accepted names only entities that were signed.
pub fn body(xml: &[u8]) {
    if let Ok(metadata) = parse(xml, &MetadataPolicy::for_trusted_file(now())) {
        for entity in &metadata.entities {
            let length = entity.entity_id.chars().count();
            assert!(
                (1..=1024).contains(&length),
                "entityID of {length} characters"
            );
            if let Some(idp) = &entity.idp {
                assert!(!idp.signing_keys.is_empty(), "a portal without a key (K2)");
            }
            if let Some(sp) = &entity.sp {
                assert!(
                    sp.assertion_consumer
                        .iter()
                        .all(|e| e.location.starts_with("https://"))
                );
            }
        }
    }
    let keys = keys();
    let month = Duration::from_secs(30 * 86_400);
    if let Ok(metadata) = parse(xml, &MetadataPolicy::for_federation(now(), &keys, month)) {
        for entity in &metadata.entities {
            assert_eq!(entity.entity_id, PORTAL, "nobody signed this entity");
        }
    }
}
