//! Signed Responses: what octroi accepts is what was signed (S13), and xmlsec1 accepts it, too, for the same element.

use octroi_dsig::{AlgorithmPolicy, DS, verify};
use octroi_oracle::{C14n, Opinion, Tree, TrustedKey, verify_with_xmlsec};
use octroi_saml::response::{Expectations, InResponseTo, accept};
use octroi_xml::{Limits, parse};

use crate::parser::elements;
use crate::signed::{ACS, KEYS, OURS, PERSON, PORTAL, REQUEST, keys, now};

/// Both invariants.
pub fn body(xml: &[u8]) {
    let keys = keys();
    let expect = Expectations::strict(
        now(),
        OURS,
        ACS,
        PORTAL,
        &keys,
        InResponseTo::Required(REQUEST),
    );
    if let Ok(accepted) = accept(xml, &expect) {
        let name = accepted.name_id.map(|name_id| name_id.value);
        assert_eq!(name.as_deref(), Some(PERSON), "nobody signed this name");
        assert!(
            accepted
                .attributes
                .iter()
                .all(|attribute| { attribute.name == "profil" && attribute.values == ["eleve"] })
        );
    }
    let Ok(document) = parse(xml, &Limits::default()) else {
        return;
    };
    let elements = elements(document.root());
    for (index, signature) in elements.iter().enumerate() {
        let Some(parent) = signature.parent().filter(|_| signature.is(DS, "Signature")) else {
            continue;
        };
        if verify(parent, &keys, &AlgorithmPolicy::default()).is_err() {
            continue;
        }
        let covered = elements.iter().position(|element| *element == parent);
        // libxml2 walks the whole document and fails on odd namespace URIs even outside what is signed.
        let canonical = Tree::parse(xml)
            .and_then(|tree| tree.canonicalize(None, C14n::Inclusive, false, &[], None));
        if canonical.is_none() {
            return;
        }
        let same = KEYS.iter().any(|pem| {
            verify_with_xmlsec(
                xml,
                Some(index),
                TrustedKey::KeyPem(pem.as_bytes()),
                &["ID"],
            ) == Opinion::Valid {
                referenced: vec![covered],
            }
        });
        assert!(
            same,
            "octroi verifies what xmlsec1 does not, or another element"
        );
    }
}
