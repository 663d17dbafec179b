//! The signed query of the HTTP-Redirect binding (L11, C18).

use octroi_dsig::{
    AlgorithmPolicy, PublicKey, RedirectError, SignError, SignatureAlgorithm, SignatureError,
    redirect::{self, MessageKind, RawQuery, escape, message_value, sign_query},
};
use proptest::prelude::*;

use crate::common::{ED25519, OTHER_RSA, P256, RSA, producible};

const XML: &[u8] = b"<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\"></samlp:AuthnRequest>";

fn signed(relay_state: Option<&str>) -> String {
    let signer = RSA.signer(SignatureAlgorithm::RsaSha256);
    sign_query(
        &signer,
        MessageKind::Request,
        &message_value(XML),
        relay_state.map(escape).as_deref(),
    )
    .unwrap()
}

fn check(query: &str) -> Result<(), SignatureError> {
    check_with(query, RSA.keys())
}

fn check_with(query: &str, keys: &[PublicKey]) -> Result<(), SignatureError> {
    let query = RawQuery::parse(query).unwrap();
    redirect::verify(&query, keys, &AlgorithmPolicy::default()).map(|_| ())
}

#[test]
fn every_algorithm_round_trips() {
    for (algorithm, pair) in producible() {
        let signer = pair.signer(algorithm);
        for kind in [MessageKind::Request, MessageKind::Response] {
            let query = sign_query(&signer, kind, &message_value(XML), Some("a%20b")).unwrap();
            let raw = RawQuery::parse(&query).unwrap();
            let verified =
                redirect::verify(&raw, pair.keys(), &AlgorithmPolicy::default()).unwrap();
            assert_eq!(verified.get().kind(), kind);
            assert_eq!(verified.get().message(1000).unwrap(), XML);
            assert_eq!(
                verified.get().relay_state().unwrap().as_deref(),
                Some("a b")
            );
            assert_eq!(verified.info().algorithm, algorithm);
        }
    }
}

#[test]
fn the_order_on_the_wire_does_not_matter_but_octets_do() {
    let query = signed(Some("https://x.example/?a=b&c=d"));
    let mut parts: Vec<&str> = query.split('&').collect();
    parts.reverse();
    parts.push("extra=1");
    assert_eq!(check(&parts.join("&")), Ok(()));
    // The same value, escaped otherwise than it was signed.
    assert!(matches!(
        check(&query.replace("%3A%2F%2Fx.example", "%3a%2f%2fx.example")),
        Err(SignatureError::Invalid { .. })
    ));
    assert!(matches!(
        check(&query.replace("x.example", "x%2Eexample")),
        Err(SignatureError::Invalid { .. })
    ));
}

#[test]
fn another_spelling_of_escapes_is_fine_when_it_was_signed() {
    let signer = RSA.signer(SignatureAlgorithm::RsaSha256);
    let value = message_value(XML)
        .replace("%2B", "%2b")
        .replace("%2F", "%2f")
        .replace("%3D", "%3d");
    let query = sign_query(&signer, MessageKind::Request, &value, Some("a%2fb")).unwrap();
    assert_eq!(check(&query), Ok(()));
}

#[test]
fn each_parameter_once_and_under_its_own_name() {
    let query = signed(Some("r"));
    let parse = |query: &str| RawQuery::parse(query).map(|_| ());
    for name in ["SAMLRequest", "RelayState", "SigAlg", "Signature"] {
        let value = query
            .split('&')
            .find_map(|p| p.strip_prefix(name)?.strip_prefix('='))
            .unwrap();
        assert_eq!(
            parse(&format!("{name}={value}&{query}")),
            Err(RedirectError::Duplicate)
        );
        assert_eq!(
            parse(&format!("{query}&{name}=x")),
            Err(RedirectError::Duplicate)
        );
        let escaped = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
        assert_eq!(
            parse(&format!("{query}&{escaped}=x")),
            Err(RedirectError::EscapedName)
        );
        assert_eq!(
            parse(&query.replacen(name, &escaped, 1)),
            Err(RedirectError::EscapedName)
        );
    }
    assert_eq!(
        parse(&format!("SAMLResponse=x&{query}")),
        Err(RedirectError::BothMessages)
    );
    assert_eq!(parse("RelayState=x"), Err(RedirectError::NoMessage));
    assert_eq!(parse("samlrequest=x"), Err(RedirectError::NoMessage));
    assert_eq!(parse("SAMLRequest[]=x"), Err(RedirectError::NoMessage));
    assert_eq!(parse(""), Err(RedirectError::NoMessage));
    assert_eq!(parse(&format!("{query}&%zz=1")), Err(RedirectError::Escape));
    assert_eq!(
        parse(&"x".repeat(redirect::MAX_QUERY + 1)),
        Err(RedirectError::TooLong)
    );
    assert_eq!(
        parse(&format!("{query}&SAMLEncoding=urn%3Ax")),
        Err(RedirectError::Encoding)
    );
    let deflate = escape("urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE");
    assert_eq!(check(&format!("{query}&SAMLEncoding={deflate}")), Ok(()));
}

#[test]
fn parts_cannot_be_taken_away_added_or_changed() {
    let with = signed(Some("r"));
    let without = signed(None);
    assert!(matches!(
        check(&with.replace("&RelayState=r", "")),
        Err(SignatureError::Invalid { .. })
    ));
    assert!(matches!(
        check(&with.replace("RelayState=r", "RelayState=s")),
        Err(SignatureError::Invalid { .. })
    ));
    assert!(matches!(
        check(&format!("{without}&RelayState=r")),
        Err(SignatureError::Invalid { .. })
    ));
    assert!(matches!(
        check(&with.replace("SAMLRequest", "SAMLResponse")),
        Err(SignatureError::Invalid { .. })
    ));
    let part = |name: &str| {
        with.split('&')
            .find(|p| p.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        check(&with.replace(&format!("&{}", part("SigAlg")), "")),
        Err(SignatureError::QueryIncomplete)
    );
    assert_eq!(
        check(&with.replace(&format!("&{}", part("Signature")), "")),
        Err(SignatureError::QueryIncomplete)
    );
    assert_eq!(check(&part("SAMLRequest")), Err(SignatureError::Missing));
}

#[test]
fn algorithms_and_keys() {
    let query = signed(None);
    let uri = escape(SignatureAlgorithm::RsaSha256.uri());
    for bad in [
        "",
        "none",
        "http%3A%2F%2Fwww.w3.org%2F2000%2F09%2Fxmldsig%23hmac-sha1",
        "%zz",
        &escape(SignatureAlgorithm::RsaSha1.uri()),
    ] {
        assert_eq!(
            check(&query.replace(&uri, bad)),
            Err(SignatureError::SignatureMethod),
            "{bad}"
        );
    }
    let lied = query.replace(&uri, &escape(SignatureAlgorithm::RsaSha512.uri()));
    assert!(matches!(check(&lied), Err(SignatureError::Invalid { .. })));
    assert_eq!(check_with(&query, &[]), Err(SignatureError::NoKey));
    assert_eq!(
        check_with(&query, P256.keys()),
        Err(SignatureError::NoMatchingKey)
    );
    assert!(matches!(
        check_with(&query, OTHER_RSA.keys()),
        Err(SignatureError::Invalid { .. })
    ));
    assert_eq!(
        check_with(&query, &[OTHER_RSA.public.clone(), RSA.public.clone()]),
        Ok(())
    );
    let start = query.find("&Signature=").unwrap();
    assert_eq!(
        check(&format!("{}&Signature=%2A", &query[..start])),
        Err(SignatureError::SignatureValue)
    );
    assert!(matches!(
        check(&format!("{}&Signature=", &query[..start])),
        Err(SignatureError::Invalid { .. })
    ));
}

#[test]
fn messages_that_are_none() {
    let message = |value: &str| {
        RawQuery::parse(&format!("SAMLRequest={value}"))
            .unwrap()
            .message(1000)
            .map(|_| ())
    };
    assert_eq!(message(&message_value(XML)), Ok(()));
    assert_eq!(message("%2A"), Err(RedirectError::Base64));
    assert_eq!(message("a-b_"), Err(RedirectError::Base64));
    assert_eq!(message(""), Err(RedirectError::Deflate));
    assert_eq!(
        message(&escape(&octroi_dsig::base64::encode_to_string(XML))),
        Err(RedirectError::Deflate)
    );
    assert_eq!(
        message(&message_value(&[b'x'; 1001])),
        Err(RedirectError::TooLarge { limit: 1000 })
    );
    let relay = |value: &str| {
        RawQuery::parse(&format!("SAMLRequest=x&RelayState={value}"))
            .unwrap()
            .relay_state()
            .map(|r| r.map(|r| r.into_owned()))
    };
    assert_eq!(relay("%00"), Err(RedirectError::Escape));
    assert_eq!(relay("%ff"), Err(RedirectError::Escape));
    assert_eq!(relay(""), Ok(Some(String::new())));
    assert_eq!(relay("a+b"), Ok(Some("a b".to_owned())));
}

#[test]
fn only_escaped_values_are_signed() {
    let signer = ED25519.signer(SignatureAlgorithm::Ed25519);
    for bad in ["a b", "a&b", "a=b", "a+b", "é", "%4", "%zz", "a/b"] {
        assert_eq!(
            sign_query(&signer, MessageKind::Request, bad, None),
            Err(SignError::NotEscaped),
            "{bad}"
        );
        assert_eq!(
            sign_query(&signer, MessageKind::Request, "x", Some(bad)),
            Err(SignError::NotEscaped)
        );
    }
}

proptest! {
    #[test]
    fn any_query_ends(query in "(SAMLRequest|SAMLResponse|RelayState|SigAlg|Signature|SAMLEncoding|x|=|&|%|[0-9a-fA-F]|\\PC){0,30}") {
        if let Ok(raw) = RawQuery::parse(&query) {
            let _ = raw.message(1000);
            let _ = raw.relay_state();
            prop_assert!(redirect::verify(&raw, RSA.keys(), &AlgorithmPolicy::LEGACY).is_err());
        }
    }

    #[test]
    fn any_change_is_refused(at in 0usize..700, byte in 33u8..126) {
        let query = signed(Some("relay"));
        let mut changed = query.clone().into_bytes();
        let at = at % changed.len();
        changed[at] = byte;
        let changed = String::from_utf8(changed).unwrap();
        if let Ok(raw) = RawQuery::parse(&changed)
            && let Ok(verified) = redirect::verify(&raw, RSA.keys(), &AlgorithmPolicy::default())
        {
            // Escapes of the Signature itself may be spelt otherwise.
            prop_assert!(at >= query.find("&Signature=").unwrap() || changed == query);
            prop_assert_eq!(verified.get().message(1000).unwrap(), XML);
            prop_assert_eq!(verified.get().relay_state().unwrap().unwrap(), "relay");
        }
    }
}
