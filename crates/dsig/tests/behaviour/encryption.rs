//! XML Encryption both ways (K6, C7, S11).

use aws_lc_rs::{
    aead::{self, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{self, EncryptingKey, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPublicEncryptingKey,
        PublicEncryptingKey,
    },
};
use octroi_dsig::{
    AlgorithmPolicy, DataEncryption, DecryptError, DecryptionKey, EncryptError,
    EncryptionRecipient, KeyTransport, SignatureAlgorithm, base64::encode_to_string, decrypt,
    encrypt, verify,
};
use octroi_xml::{Limits, parse};
use proptest::prelude::*;

use crate::common::{ASSERTION, OTHER_RSA, P256, RESPONSE, RSA, RSA_3072, sign, signed_assertion};

const DATA: [DataEncryption; 2] = [DataEncryption::Aes128Gcm, DataEncryption::Aes256Gcm];
const TRANSPORT: [KeyTransport; 3] = [
    KeyTransport::OaepSha1Mgf1Sha1,
    KeyTransport::OaepSha256Mgf1Sha1,
    KeyTransport::OaepSha256Mgf1Sha256,
];
const CBC: AlgorithmPolicy = AlgorithmPolicy {
    sha1: false,
    small_rsa: false,
    cbc: true,
    inclusive_c14n: false,
};

fn recipient(data: DataEncryption, transport: KeyTransport) -> EncryptionRecipient {
    EncryptionRecipient {
        key: RSA.public.clone(),
        data,
        transport,
    }
}

fn encrypted(plaintext: &[u8], recipient: &EncryptionRecipient) -> String {
    let mut out = Vec::new();
    encrypt(plaintext, recipient, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn our_key() -> DecryptionKey {
    DecryptionKey::from_pkcs8_pem(&RSA.pem).unwrap()
}

fn open_with(
    xml: &str,
    keys: &[DecryptionKey],
    policy: &AlgorithmPolicy,
) -> Result<Vec<u8>, DecryptError> {
    let document = parse(xml.as_bytes(), &Limits::default()).unwrap();
    let root = document.root();
    let data = root
        .first_child("http://www.w3.org/2001/04/xmlenc#", "EncryptedData")
        .unwrap_or(root);
    decrypt(data, keys, policy).map(|plaintext| plaintext.to_vec())
}

fn open(xml: &str) -> Result<Vec<u8>, DecryptError> {
    open_with(xml, &[our_key()], &AlgorithmPolicy::default())
}

#[test]
fn every_combination_round_trips() {
    for data in DATA {
        for transport in TRANSPORT {
            let text = encrypted(b"<x>content</x>", &recipient(data, transport));
            assert_eq!(
                open(&text).unwrap(),
                b"<x>content</x>",
                "{data:?} {transport:?}"
            );
        }
    }
}

#[test]
fn what_is_written_is_canonical() {
    for data in DATA {
        for transport in TRANSPORT {
            let text = encrypted(b"<x></x>", &recipient(data, transport));
            let document = parse(text.as_bytes(), &Limits::default()).unwrap();
            let mut canonical = Vec::new();
            octroi_xml::c14n::canonicalize(
                document.root(),
                octroi_xml::c14n::Algorithm::Exclusive,
                &[],
                None,
                &mut canonical,
            )
            .unwrap();
            assert_eq!(String::from_utf8(canonical).unwrap(), text);
        }
    }
}

#[test]
fn each_of_our_keys_is_tried() {
    let text = encrypted(b"<x/>", &recipient(DATA[0], TRANSPORT[0]));
    let key = |pem: &str| DecryptionKey::from_pkcs8_pem(pem).unwrap();
    let keys = [key(&OTHER_RSA.pem), key(&RSA_3072.pem), key(&RSA.pem)];
    assert_eq!(
        open_with(&text, &keys, &AlgorithmPolicy::default()).unwrap(),
        b"<x/>"
    );
    assert_eq!(
        open_with(&text, &keys[..2], &AlgorithmPolicy::default()),
        Err(DecryptError)
    );
    assert_eq!(
        open_with(&text, &[], &AlgorithmPolicy::default()),
        Err(DecryptError)
    );
}

#[test]
fn only_rsa_of_a_decent_size_is_encrypted_to() {
    let mut out = Vec::new();
    let to = EncryptionRecipient {
        key: P256.public.clone(),
        data: DATA[0],
        transport: TRANSPORT[0],
    };
    assert_eq!(encrypt(b"<x/>", &to, &mut out), Err(EncryptError::Key));
    assert!(out.is_empty());
}

/// An EncryptedData made to order, with aws-lc-rs' own OAEP.
fn made(
    method: &str,
    key_method: &str,
    oaep: &'static OaepAlgorithm,
    key: &[u8],
    ciphertext: &[u8],
) -> String {
    let public =
        OaepPublicEncryptingKey::new(PublicEncryptingKey::from_der(RSA.public.spki_der()).unwrap())
            .unwrap();
    let mut buffer = [0; 256];
    let encrypted_key = public.encrypt(oaep, key, &mut buffer, None).unwrap();
    format!(
        "<EncryptedData xmlns=\"http://www.w3.org/2001/04/xmlenc#\"><EncryptionMethod Algorithm=\"{method}\"/>\
         <KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><EncryptedKey xmlns=\"http://www.w3.org/2001/04/xmlenc#\">\
         <EncryptionMethod {key_method}</EncryptionMethod><CipherData><CipherValue>{}</CipherValue></CipherData></EncryptedKey></KeyInfo>\
         <CipherData><CipherValue>{}</CipherValue></CipherData></EncryptedData>",
        encode_to_string(encrypted_key),
        encode_to_string(ciphertext)
    )
}

const OAEP_SHA1: &str = "Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\">";
const OAEP_SHA512: &str = "Algorithm=\"http://www.w3.org/2009/xmlenc11#rsa-oaep\">\
    <DigestMethod xmlns=\"http://www.w3.org/2000/09/xmldsig#\" Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha512\"/>\
    <MGF xmlns=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha512\"/>";

fn gcm(algorithm: &'static aead::Algorithm, key: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).unwrap());
    let mut sealed = plaintext.to_vec();
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key([7; 12]),
        Aad::empty(),
        &mut sealed,
    )
    .unwrap();
    [&[7; 12], &sealed[..]].concat()
}

fn cbc(algorithm: &'static cipher::Algorithm, key: &[u8], padded: &[u8]) -> Vec<u8> {
    let key = EncryptingKey::cbc(UnboundCipherKey::new(algorithm, key).unwrap()).unwrap();
    let mut blocks = padded.to_vec();
    key.less_safe_encrypt(
        &mut blocks,
        EncryptionContext::Iv128(FixedLength::from([9; 16])),
    )
    .unwrap();
    [&[9; 16], &blocks[..]].concat()
}

#[test]
fn the_ciphers_that_partners_send() {
    for (bits, algorithm) in [
        (128, &aead::AES_128_GCM),
        (192, &aead::AES_192_GCM),
        (256, &aead::AES_256_GCM),
    ] {
        let key = vec![1; bits / 8];
        let method = format!("http://www.w3.org/2009/xmlenc11#aes{bits}-gcm");
        let ciphertext = gcm(algorithm, &key, b"<x/>");
        assert_eq!(
            open(&made(
                &method,
                OAEP_SHA1,
                &OAEP_SHA1_MGF1SHA1,
                &key,
                &ciphertext
            ))
            .unwrap(),
            b"<x/>"
        );
        assert_eq!(
            open(&made(
                &method,
                OAEP_SHA512,
                &OAEP_SHA512_MGF1SHA512,
                &key,
                &ciphertext
            ))
            .unwrap(),
            b"<x/>"
        );
    }
    for (bits, algorithm) in [
        (128, &cipher::AES_128),
        (192, &cipher::AES_192),
        (256, &cipher::AES_256),
    ] {
        let key = vec![1; bits / 8];
        let method = format!("http://www.w3.org/2001/04/xmlenc#aes{bits}-cbc");
        let ciphertext = cbc(algorithm, &key, b"<x>eleven</x>\xff\xfe\x03");
        let text = made(&method, OAEP_SHA1, &OAEP_SHA1_MGF1SHA1, &key, &ciphertext);
        assert_eq!(open(&text), Err(DecryptError), "not without the policy");
        assert_eq!(
            open_with(&text, &[our_key()], &CBC).unwrap(),
            b"<x>eleven</x>"
        );
    }
}

#[test]
fn a_key_that_does_not_open_never_hides_the_one_that_does() {
    let method = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    let ciphertext = cbc(&cipher::AES_128, &[1; 16], b"<x>eleven</x>\xff\xfe\x03");
    let text = made(
        method,
        OAEP_SHA1,
        &OAEP_SHA1_MGF1SHA1,
        &[1; 16],
        &ciphertext,
    );
    let other = || DecryptionKey::from_pkcs8_pem(&OTHER_RSA.pem).unwrap();
    let keys = [other(), our_key()];
    // The random key in the place of one that does not open leaves a good padding once in sixteen times.
    for _ in 0..200 {
        assert_eq!(open_with(&text, &keys, &CBC).unwrap(), b"<x>eleven</x>");
        assert_eq!(open_with(&text, &keys[..1], &CBC), Err(DecryptError));
    }
}

#[test]
fn cbc_padding() {
    let method = "http://www.w3.org/2001/04/xmlenc#aes128-cbc";
    let open = |padded: &[u8]| {
        let ciphertext = cbc(&cipher::AES_128, &[1; 16], padded);
        open_with(
            &made(
                method,
                OAEP_SHA1,
                &OAEP_SHA1_MGF1SHA1,
                &[1; 16],
                &ciphertext,
            ),
            &[our_key()],
            &CBC,
        )
    };
    let block = |last: u8| [&[b'x'; 15][..], &[last]].concat();
    assert_eq!(open(&block(1)).unwrap(), b"xxxxxxxxxxxxxxx");
    assert_eq!(open(&block(16)).unwrap(), b"");
    for bad in [0, 17, 255] {
        assert_eq!(open(&block(bad)), Err(DecryptError));
    }
    assert_eq!(open(&[]), Err(DecryptError));
    let text = made(method, OAEP_SHA1, &OAEP_SHA1_MGF1SHA1, &[1; 16], &[0; 31]);
    assert_eq!(open_with(&text, &[our_key()], &CBC), Err(DecryptError));
}

#[test]
fn lies_about_key_and_tag_sizes() {
    let method = |bits: usize| format!("http://www.w3.org/2009/xmlenc11#aes{bits}-gcm");
    let good = gcm(&aead::AES_128_GCM, &[1; 16], b"<x/>");
    // AES-128's key under AES-256's name, and keys that are too long or too short.
    for (bits, length) in [(256, 16), (128, 32), (128, 0), (128, 15), (192, 16)] {
        let text = made(
            &method(bits),
            OAEP_SHA1,
            &OAEP_SHA1_MGF1SHA1,
            &vec![1; length],
            &good,
        );
        assert_eq!(open(&text), Err(DecryptError));
    }
    // A tag cut to four bytes, no tag, no content.
    for cut in [good.len() - 12, good.len() - 16, 12, 4, 0] {
        let text = made(
            &method(128),
            OAEP_SHA1,
            &OAEP_SHA1_MGF1SHA1,
            &[1; 16],
            &good[..cut],
        );
        assert_eq!(open(&text), Err(DecryptError));
    }
}

#[test]
fn shapes_that_are_refused() {
    let text = made(
        "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        OAEP_SHA1,
        &OAEP_SHA1_MGF1SHA1,
        &[1; 16],
        &gcm(&aead::AES_128_GCM, &[1; 16], b"<x/>"),
    );
    assert_eq!(open(&text).unwrap(), b"<x/>");
    for (from, to) in [
        ("#rsa-oaep-mgf1p", "#rsa-1_5"),
        (
            "#rsa-oaep-mgf1p\">",
            "#rsa-oaep-mgf1p\"><OAEPparams>AAAA</OAEPparams>",
        ),
        (
            "#rsa-oaep-mgf1p\">",
            "#rsa-oaep-mgf1p\"><MGF xmlns=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/>",
        ),
        ("#aes128-gcm", "#aes128-ctr"),
        (
            "aes128-gcm\"/>",
            "aes128-gcm\"><KeySize>128</KeySize></EncryptionMethod>",
        ),
        (
            "<CipherValue>",
            "<CipherReference URI=\"http://x.example/\"/><CipherValue>",
        ),
        ("<CipherValue>", "<CipherValue>*"),
        ("<CipherValue>", "<CipherValue><!-- -->"),
        ("<CipherData>", "<CipherData/><CipherData>"),
        ("<CipherData>", "text<CipherData>"),
        ("</EncryptedData>", "<CipherData/></EncryptedData>"),
        (
            "<EncryptedData xmlns=\"http://www.w3.org/2001/04/xmlenc#\">",
            "<EncryptedData xmlns=\"http://www.w3.org/2009/xmlenc11#\">",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        let bent = text.replacen(from, to, 1);
        let bent = if to.contains("KeySize") {
            bent
        } else {
            bent.replace("<EncryptionMethod Algorithm=\"x\"/>", "")
        };
        assert_eq!(open(&bent), Err(DecryptError), "{to}");
    }
    let many = text.replacen("<EncryptedKey ", "{key}<EncryptedKey ", 1);
    let start = text.find("<EncryptedKey ").unwrap();
    let end = text.find("</EncryptedKey>").unwrap() + 15;
    assert_eq!(
        open(&many.replace("{key}", &text[start..end].repeat(3))).unwrap(),
        b"<x/>"
    );
    assert_eq!(
        open(&many.replace("{key}", &text[start..end].repeat(4))),
        Err(DecryptError)
    );
}

#[test]
fn keys_beside_the_content() {
    let text = encrypted(b"<x/>", &recipient(DATA[0], TRANSPORT[0]));
    let start = text.find("<xenc:EncryptedKey>").unwrap();
    let end = text.find("</xenc:EncryptedKey>").unwrap() + 20;
    let key = text[start..end].replace("<xenc:EncryptedKey>", "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"_k\" Recipient=\"us\">");
    let wrap = |key_info: &str, keys: &str| {
        let data = format!("{}{key_info}{}", &text[..start], &text[end..]);
        format!(
            "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{data}{keys}</saml:EncryptedAssertion>"
        )
    };
    let retrieval = |uri: &str| {
        format!(
            "<ds:RetrievalMethod Type=\"http://www.w3.org/2001/04/xmlenc#EncryptedKey\" URI=\"{uri}\"/>"
        )
    };
    assert_eq!(open(&wrap(&retrieval("#_k"), &key)).unwrap(), b"<x/>");
    assert_eq!(
        open(&wrap("", &key)).unwrap(),
        b"<x/>",
        "the sibling, named by nothing"
    );
    assert_eq!(
        open(&wrap("<ds:KeyName>k</ds:KeyName>", &key)).unwrap(),
        b"<x/>"
    );
    assert_eq!(open(&wrap(&retrieval("#_other"), &key)), Err(DecryptError));
    assert_eq!(
        open(&wrap(&retrieval("http://x.example/#_k"), &key)),
        Err(DecryptError)
    );
    assert_eq!(open(&wrap(&retrieval(""), &key)), Err(DecryptError));
    assert_eq!(
        open(&wrap(&retrieval("#_k"), &key.repeat(2))),
        Err(DecryptError),
        "twice the same Id"
    );
    assert_eq!(
        open(&wrap(
            &retrieval("#_k").replace("#EncryptedKey", "#Other"),
            &key
        )),
        Err(DecryptError)
    );
    assert_eq!(open(&wrap("", "")), Err(DecryptError));
}

#[test]
fn content_under_an_outer_signature() {
    let signer = RSA.signer(SignatureAlgorithm::RsaSha256);
    let to = recipient(DATA[1], TRANSPORT[1]);
    let inner = ASSERTION.replace("{signature}", "");
    let encrypted_assertion = format!(
        "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:EncryptedAssertion>",
        encrypted(inner.as_bytes(), &to)
    );
    let response = sign(
        &RESPONSE.replace("{assertion}", &encrypted_assertion),
        "_r1",
        &signer,
    );
    let document = parse(response.as_bytes(), &Limits::default()).unwrap();
    let strict = AlgorithmPolicy::default();
    let verified = verify(document.root(), RSA.keys(), &strict).unwrap();
    let data = verified
        .elements()
        .last()
        .unwrap()
        .elements()
        .next()
        .unwrap();
    let opened = data
        .decrypt(&[our_key()], &strict, &Limits::default())
        .unwrap();
    let assertion = opened.root();
    assert_eq!(assertion.attribute("ID"), Some("_a1"));
    assert_eq!(assertion.info(), verified.info());
    assert!(data.decrypt(&[], &strict, &Limits::default()).is_err());
    // Not XML inside: the same error.
    let broken = response.replace(&encrypted_assertion, "");
    assert!(
        verify(
            parse(broken.as_bytes(), &Limits::default()).unwrap().root(),
            RSA.keys(),
            &strict
        )
        .is_err()
    );
}

#[test]
fn a_signed_assertion_survives_encryption() {
    let signer = RSA.signer(SignatureAlgorithm::RsaSha256);
    let text = encrypted(
        signed_assertion(&signer).as_bytes(),
        &recipient(DATA[0], TRANSPORT[2]),
    );
    let plaintext = open(&text).unwrap();
    let document = parse(&plaintext, &Limits::default()).unwrap();
    assert!(verify(document.root(), RSA.keys(), &AlgorithmPolicy::default()).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_plaintext(plaintext in proptest::collection::vec(any::<u8>(), 0..600), data in 0..2usize, transport in 0..3usize) {
        let text = encrypted(&plaintext, &recipient(DATA[data], TRANSPORT[transport]));
        prop_assert_eq!(open(&text).unwrap(), plaintext);
    }

    #[test]
    fn any_character_of_a_cipher_value_counts(at in 0usize..2000, to in "[A-Za-z0-9+/]") {
        let text = encrypted(b"<x>some content of some length</x>", &recipient(DATA[0], TRANSPORT[1]));
        let values: Vec<usize> = text.match_indices("<xenc:CipherValue>").flat_map(|(start, tag)| {
            let start = start + tag.len();
            let end = start + text[start..].find('<').unwrap();
            start..end
        }).filter(|i| text.as_bytes()[*i] != b'=').collect();
        let at = values[at % values.len()];
        if &text[at..=at] != to.as_str() {
            let changed = format!("{}{to}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(open(&changed), Err(DecryptError));
        }
    }

    #[test]
    fn any_text_ends(text in "(<|</|>|EncryptedData|EncryptedKey|CipherData|CipherValue|KeyInfo|AAAA| ){0,30}") {
        let wrapped = format!("<EncryptedData xmlns=\"http://www.w3.org/2001/04/xmlenc#\">{text}</EncryptedData>");
        if parse(wrapped.as_bytes(), &Limits::default()).is_ok() {
            prop_assert_eq!(open(&wrapped), Err(DecryptError));
        }
    }
}
