//! Encrypted assertions: decrypted only when it is earned, never trusted for being encrypted, and one answer for
//! everything that is wrong with one.

use crate::common::{
    DECRYPTION_KEYS, Message, OTHER_DECRYPTION_KEYS, OTHER_SIGNER, RSA_SIGNER, expectations,
    recipient,
};
use octroi_dsig::encrypt;
use octroi_saml::issue::SignWhat;
use octroi_saml::portal_side::PortalSignature;
use octroi_saml::response::{SignatureDemand, accept};
use octroi_saml::{Check, Refusal};

fn encrypted(sign: Option<SignWhat>) -> Message {
    let mut message = Message::new();
    message.sign = sign;
    message.encrypt = Some(recipient());
    message
}

#[test]
fn an_inner_signature_needs_the_flow() {
    let xml = encrypted(Some(SignWhat::Assertion)).build();
    let mut expect = expectations();
    assert_eq!(
        accept(&xml, &expect).unwrap_err().check(),
        Check::DecryptionNotAllowed
    );
    expect.may_decrypt = true;
    let accepted = accept(&xml, &expect).unwrap();
    assert!(accepted.was_encrypted);
    assert_eq!(
        accepted.values("GARPersonIdentifiant").collect::<Vec<_>>(),
        ["p-123"]
    );
}

#[test]
fn an_outer_signature_earns_decryption_and_vouches_for_the_content() {
    for sign in [SignWhat::Response, SignWhat::Both] {
        let accepted = accept(&encrypted(Some(sign)).build(), &expectations()).unwrap();
        assert_eq!(accepted.values("idEnt").collect::<Vec<_>>(), ["B0"]);
    }
    let mut expect = expectations();
    expect.demand = SignatureDemand::Assertion;
    let refusal = accept(&encrypted(Some(SignWhat::Response)).build(), &expect).unwrap_err();
    assert_eq!(refusal, Refusal::new(Check::EncryptedAssertionRefused));
    assert!(accept(&encrypted(Some(SignWhat::Both)).build(), &expect).is_ok());
}

/// S11: bad key, bad tag, bad content, bad or no signature inside are one refusal without details.
#[test]
fn every_fault_inside_is_the_same_answer() {
    let mut expect = expectations();
    expect.may_decrypt = true;
    let same = Refusal::new(Check::EncryptedAssertionRefused);
    let good = String::from_utf8(encrypted(Some(SignWhat::Assertion)).build()).unwrap();

    let mut bad = Vec::new();
    // Unsigned inside.
    bad.push(String::from_utf8(encrypted(None).build()).unwrap());
    // A changed octet of the ciphertext, and of the encrypted key.
    for (at, _) in good.match_indices("CipherValue>").step_by(2) {
        let place = at + "CipherValue>".len() + 40;
        let mut changed = good.clone();
        let other = if &good[place..=place] == "A" {
            "B"
        } else {
            "A"
        };
        changed.replace_range(place..=place, other);
        bad.push(changed);
    }
    // Signed by somebody else, not an Assertion, two of them, a DOCTYPE, no XML at all.
    let mut theirs = Vec::new();
    let signature = PortalSignature::new(&*OTHER_SIGNER, SignWhat::Assertion);
    Message::new()
        .response
        .write_assertion(Some(&signature), &mut theirs)
        .unwrap();
    let assertion = String::from_utf8(theirs).unwrap();
    let start = good.find("<xenc:EncryptedData").unwrap();
    let end = good.find("</xenc:EncryptedData>").unwrap() + "</xenc:EncryptedData>".len();
    for content in [
        assertion.clone(),
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"></samlp:Response>"
            .to_owned(),
        format!("{assertion}{assertion}"),
        format!("<!DOCTYPE x>{assertion}"),
        "no xml".to_owned(),
    ] {
        let mut data = Vec::new();
        encrypt(content.as_bytes(), &recipient(), &mut data).unwrap();
        let mut replaced = good.clone();
        replaced.replace_range(start..end, std::str::from_utf8(&data).unwrap());
        bad.push(replaced);
    }
    // None, or two, of what must be one.
    let data = good[start..end].to_owned();
    bad.push(good.replace(&data, ""));
    bad.push(good.replace(&data, &data.repeat(2)));
    for xml in &bad {
        assert_eq!(accept(xml.as_bytes(), &expect), Err(same.clone()));
    }
    // Not for our key.
    expect.decryption_keys = &*OTHER_DECRYPTION_KEYS;
    assert_eq!(accept(good.as_bytes(), &expect), Err(same.clone()));
    expect.decryption_keys = &*DECRYPTION_KEYS;
    assert!(accept(good.as_bytes(), &expect).is_ok());
    // A key of another kind for the signature.
    expect.signing_keys = std::slice::from_ref(RSA_SIGNER.public_key());
    assert_eq!(accept(good.as_bytes(), &expect), Err(same));
}

#[test]
fn what_is_authentic_inside_is_refused_by_name() {
    let mut message = encrypted(Some(SignWhat::Assertion));
    message.response.audiences = vec![vec!["https://other.example".to_owned()]];
    let mut expect = expectations();
    expect.may_decrypt = true;
    assert_eq!(
        accept(&message.build(), &expect).unwrap_err().check(),
        Check::AudienceMismatch
    );
}

#[test]
fn an_encrypted_identifier_is_read() {
    let mut name_id = Vec::new();
    let plain =
        "<saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">ada</saml:NameID>";
    encrypt(plain.as_bytes(), &recipient(), &mut name_id).unwrap();
    let element = format!(
        "<saml:EncryptedID>{}</saml:EncryptedID>",
        String::from_utf8(name_id).unwrap()
    );
    let mut message = Message::new();
    message.response.name_id = None;
    let with: &'static str = Box::leak(format!("<saml:Subject>{element}").into_boxed_str());
    message.assertion("<saml:Subject>", with);
    assert_eq!(message.accept().unwrap().name_id.unwrap().value, "ada");
    let mut expect = expectations();
    expect.decryption_keys = &*OTHER_DECRYPTION_KEYS;
    assert_eq!(
        accept(&message.build(), &expect).unwrap_err().check(),
        Check::EncryptedIdRefused
    );
}
