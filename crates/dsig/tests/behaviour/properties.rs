//! Properties of signing and verifying.

use std::sync::LazyLock;

use octroi_dsig::{AlgorithmPolicy, SignatureAlgorithm, SignatureError, SoftwareSigner, verify};
use octroi_xml::{Element, Limits, c14n, parse, write::escape_text};
use proptest::prelude::*;

use crate::common::{
    ASSERTION, Forge, METADATA, P256, producible, sign, signed_assertion, signed_response,
};

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
static SIGNER: LazyLock<SoftwareSigner> =
    LazyLock::new(|| P256.signer(SignatureAlgorithm::EcdsaP256Sha256));
static RESPONSE: LazyLock<String> = LazyLock::new(|| signed_response(&*SIGNER));

#[test]
fn every_algorithm_round_trips() {
    for (algorithm, pair) in producible() {
        let signer = pair.signer(algorithm);
        for text in [
            signed_assertion(&signer),
            signed_response(&signer),
            sign(METADATA, "_m1", &signer),
        ] {
            let document = parse(text.as_bytes(), &Limits::default()).unwrap();
            let verified =
                verify(document.root(), pair.keys(), &AlgorithmPolicy::default()).unwrap();
            assert_eq!(verified.info().algorithm, algorithm);
        }
    }
}

/// What a signature covers: the canonical form without it.
fn content(element: Element<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let signature = element.first_child(DS, "Signature");
    c14n::canonicalize(
        element,
        c14n::Algorithm::Exclusive,
        &[],
        signature,
        &mut out,
    )
    .unwrap();
    out
}

/// Verifies a changed text: refused, or (a change of quotes or spaces) the very same content.
fn refused_or_same(original: &str, changed: &[u8]) {
    let Ok(document) = parse(changed, &Limits::default()) else {
        return;
    };
    if verify(document.root(), P256.keys(), &AlgorithmPolicy::default()).is_ok() {
        let original = parse(original.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(content(document.root()), content(original.root()));
    }
}

#[test]
fn every_single_bit_of_the_signed_text_counts() {
    let text: &str = &RESPONSE;
    let document = parse(text.as_bytes(), &Limits::default()).unwrap();
    verify(document.root(), P256.keys(), &AlgorithmPolicy::default()).unwrap();
    for position in 0..text.len() {
        let mut changed = text.as_bytes().to_vec();
        changed[position] ^= 1 << (position % 7);
        refused_or_same(text, &changed);
    }
}

#[test]
fn neutral_rewrites_are_accepted() {
    let text: &str = &RESPONSE;
    for (from, to) in [
        ("Version=\"2.0\"", "Version='2.0'"),
        ("ID=\"_r1\" Version=\"2.0\"", "Version=\"2.0\"\n ID=\"_r1\""),
        ("></samlp:StatusCode>", "/>"),
        ("&amp;", "&#38;"),
        ("ada@", "&#x61;da@"),
        ("ada@example.org", "<![CDATA[ada@example.org]]>"),
        (
            "<samlp:Response ",
            "<?xml version=\"1.0\"?>\n<samlp:Response ",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let changed = text.replacen(from, to, 1);
        let document = parse(changed.as_bytes(), &Limits::default()).unwrap();
        verify(document.root(), P256.keys(), &AlgorithmPolicy::default())
            .unwrap_or_else(|error| panic!("{to}: {error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_byte_changed(position in 0..RESPONSE.len(), byte: u8) {
        let mut changed = RESPONSE.as_bytes().to_vec();
        changed[position] = byte;
        refused_or_same(&RESPONSE, &changed);
    }

    #[test]
    fn any_piece_cut_or_copied(a in 0..RESPONSE.len(), b in 0..RESPONSE.len(), c in 0..RESPONSE.len()) {
        let (from, to) = (a.min(b), a.max(b));
        let text = RESPONSE.as_bytes();
        refused_or_same(&RESPONSE, &[&text[..from], &text[to..]].concat());
        refused_or_same(&RESPONSE, &[&text[..c], &text[from..to], &text[c..]].concat());
    }

    #[test]
    fn any_text_is_read_back(value in "[ -~\t\n\u{e9}\u{20ac}\u{1f3eb}]{0,40}") {
        let mut escaped = Vec::new();
        escape_text(&value, &mut escaped);
        let template = ASSERTION.replace("ada &amp; co", std::str::from_utf8(&escaped).unwrap());
        let text = sign(&template, "_a1", &*SIGNER);
        let document = parse(text.as_bytes(), &Limits::default()).unwrap();
        let verified = verify(document.root(), P256.keys(), &AlgorithmPolicy::default()).unwrap();
        let statement = verified.elements().find(|e| e.local_name() == "AttributeStatement").unwrap();
        let attribute = statement.elements().next().unwrap();
        prop_assert_eq!(attribute.elements().next().unwrap().text().unwrap(), value);
    }

    #[test]
    fn any_signed_info_ends(inside in "[<>/a-zA-Z:=\"# ]{0,60}") {
        let text = Forge::new(&*SIGNER, "_a1").sign(ASSERTION, |text| text.replacen("<ds:Reference", &format!("{inside}<ds:Reference"), 1), |text| text);
        if let Ok(document) = parse(text.as_bytes(), &Limits::default()) {
            let verdict = verify(document.root(), P256.keys(), &AlgorithmPolicy::default());
            prop_assert!(inside.trim_ascii().is_empty() || matches!(verdict, Err(SignatureError::SignedInfoShape)));
        }
    }
}
