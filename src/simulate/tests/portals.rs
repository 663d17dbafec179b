//! What portals send is what the gateway's reader takes, or refuses where a defect was asked for.

use octroi_dsig::redirect::MessageKind;
use octroi_dsig::{AlgorithmPolicy, DecryptionKey, PublicKey, base64};
use octroi_saml::authn_request::{AuthnRequestToIssue, Comparison, write_request};
use octroi_saml::binding::redirect_url;
use octroi_saml::response::{
    AcceptedAssertion, Expectations, InResponseTo, SignatureDemand, accept,
};
use octroi_saml::{Check, new_id};

use super::*;
use crate::simulate::country::partner::PortalStyle;
use crate::simulate::portal::{Defect, Portals};

fn gateway_request(gateway: &GatewayView, sso: &str, id: &str, passive: bool) -> Vec<u8> {
    let request = AuthnRequestToIssue {
        id,
        issuer: &gateway.sp_entity_id,
        destination: sso,
        acs_url: &gateway.acs,
        now: system_now(),
        force_authn: false,
        is_passive: passive,
        name_id_format: None,
        authn_context: &[],
        comparison: Comparison::Exact,
        proxy_count: None,
        requester_ids: &[],
    };
    let mut xml = Vec::new();
    write_request(&request, None, &mut xml).unwrap();
    xml
}

/// Goes through a portal's desk and returns the form that the browser would post to the gateway.
async fn through_the_desk(
    portals: &Portals,
    portal: usize,
    person: &str,
    defect: Defect,
    id: &str,
) -> Form {
    let loaded = place();
    let gateway = GatewayView::load(loaded).unwrap();
    let portal = &loaded.settings.portal[portal];
    let sso = format!("{}/sso", portal.origin);
    let xml = gateway_request(&gateway, &sso, id, false);
    let signer = read_key(&loaded.pki("gateway/sign-rsa2048.key")).unwrap();
    let url = redirect_url(
        &sso,
        MessageKind::Request,
        &xml,
        Some("token"),
        Some(&signer),
    )
    .unwrap();
    let desk = portals
        .answer(get(
            &portal.host,
            url.strip_prefix(&portal.origin).unwrap(),
            "",
        ))
        .await;
    let flow = location(&desk).strip_prefix("/?flow=").unwrap().to_owned();
    let fields = [
        ("flow", flow.as_str()),
        ("person", person),
        ("defect", defect.code()),
    ];
    form(
        portals
            .answer(post(&portal.host, "/sign-in", "", &fields))
            .await,
    )
    .await
}

/// Reads what a portal sent as the gateway would, with the allowances that the style needs.
fn received(portal: usize, form: &Form, id: &str) -> Result<AcceptedAssertion, Check> {
    let loaded = place();
    let gateway = GatewayView::load(loaded).unwrap();
    let portal = &loaded.settings.portal[portal];
    let certificate =
        std::fs::read_to_string(loaded.pki(&format!("portals/{}/sign.pem", portal.id))).unwrap();
    let keys = [PublicKey::from_pem(&certificate).unwrap()];
    let decryption = std::fs::read_to_string(loaded.pki("gateway/decrypt.key")).unwrap();
    let decryption = [DecryptionKey::from_pkcs8_pem(&decryption).unwrap()];
    let entcore = portal.style == PortalStyle::Entcore;
    let expect = Expectations {
        decryption_keys: &decryption,
        algorithms: AlgorithmPolicy {
            sha1: entcore,
            ..AlgorithmPolicy::default()
        },
        long_lifetimes: entcore,
        demand: match portal.style {
            PortalStyle::Modern | PortalStyle::Entcore => SignatureDemand::Assertion,
            PortalStyle::Sealed => SignatureDemand::Response,
            PortalStyle::Twice => SignatureDemand::Both,
        },
        ..Expectations::strict(
            system_now(),
            &gateway.sp_entity_id,
            &gateway.acs,
            &portal.entity_id,
            &keys,
            if entcore {
                InResponseTo::RequiredUnlessMissing(id)
            } else {
                InResponseTo::Required(id)
            },
        )
    };
    assert_eq!(form.action, gateway.acs);
    assert_eq!(form.field("RelayState"), Some("token"));
    let xml = base64::decode(form.field("SAMLResponse").unwrap(), 1 << 20).unwrap();
    accept(&xml, &expect).map_err(|refusal| refusal.check())
}

#[tokio::test]
async fn every_style_of_portal_says_who_signed_in() {
    let portals = Portals::load(place()).unwrap();
    for portal in 0..4 {
        let id = new_id(&mut SystemRandom);
        let form = through_the_desk(&portals, portal, "p & <q>", Defect::None, &id).await;
        let accepted = received(portal, &form, &id)
            .unwrap_or_else(|check| panic!("{portal}: {}", check.code()));
        let style = place().settings.portal[portal].style;
        assert_eq!(
            accepted.values("GARPersonIdentifiant").collect::<Vec<_>>(),
            ["p & <q>"]
        );
        assert_eq!(
            accepted.values("idEnt").collect::<Vec<_>>(),
            [place().settings.portal[portal].ident.as_str()]
        );
        assert_eq!(accepted.was_encrypted, style == PortalStyle::Sealed);
        assert_eq!(accepted.legacy_used.sha1, style == PortalStyle::Entcore);
        assert_eq!(
            accepted.legacy_used.long_lifetime,
            style == PortalStyle::Entcore
        );
        assert_eq!(
            accepted.in_response_to.is_none(),
            style == PortalStyle::Entcore
        );
    }
}

#[tokio::test]
async fn every_defect_is_one() {
    let portals = Portals::load(place()).unwrap();
    for portal in 0..4 {
        for defect in Defect::ALL.into_iter().filter(|d| *d != Defect::None) {
            let id = new_id(&mut SystemRandom);
            let form = through_the_desk(&portals, portal, "p7", defect, &id).await;
            let outcome = received(portal, &form, &id);
            match defect {
                // Told by what is said, not by a check of the message.
                Defect::OtherIdent => {
                    let ident = outcome.unwrap().values("idEnt").next().unwrap().to_owned();
                    assert_ne!(ident, place().settings.portal[portal].ident);
                }
                Defect::NoPerson => {
                    assert_eq!(outcome.unwrap().values("GARPersonIdentifiant").count(), 0)
                }
                Defect::TwoPersons => {
                    assert_eq!(outcome.unwrap().values("GARPersonIdentifiant").count(), 2)
                }
                _ => assert!(outcome.is_err(), "{portal} {} was accepted", defect.code()),
            }
        }
    }
}

#[tokio::test]
async fn a_portal_keeps_its_session_and_answers_passive_requests() {
    let loaded = place();
    let portals = Portals::load(loaded).unwrap();
    let gateway = GatewayView::load(loaded).unwrap();
    let portal = &loaded.settings.portal[2];
    let sso = format!("{}/sso", portal.origin);
    let ask = |passive: bool| {
        let xml = gateway_request(&gateway, &sso, &new_id(&mut SystemRandom), passive);
        base64::encode_to_string(&xml)
    };
    // Nobody is signed in: a passive request gets a status, another one the desk.
    let answer = portals
        .answer(post(
            &portal.host,
            "/sso",
            "",
            &[("SAMLRequest", &ask(true))],
        ))
        .await;
    let sent = form(answer).await;
    let xml = base64::decode(sent.field("SAMLResponse").unwrap(), 1 << 20).unwrap();
    assert!(String::from_utf8(xml).unwrap().contains("status:NoPassive"));

    let signed_in = portals
        .answer(post(&portal.host, "/sign-in", "", &[("person", "p1")]))
        .await;
    let session = cookie(&signed_in, "portal-session");
    for passive in [true, false] {
        let answer = portals
            .answer(post(
                &portal.host,
                "/sso",
                &session,
                &[("SAMLRequest", &ask(passive))],
            ))
            .await;
        assert_eq!(form(answer).await.action, gateway.acs);
    }
    // Portal-first: nothing was asked, so nothing is answered.
    let answer = portals
        .answer(get(&portal.host, "/send?resource=ark:/99999/x", &session))
        .await;
    let sent = form(answer).await;
    assert_eq!(sent.field("RelayState"), Some("ark:/99999/x"));
    let xml = base64::decode(sent.field("SAMLResponse").unwrap(), 1 << 20).unwrap();
    assert!(!String::from_utf8(xml).unwrap().contains("InResponseTo"));
    // The tiles and the desk are pages.
    assert!(
        text(portals.answer(get(&portal.host, "/", "")).await)
            .await
            .contains("Sign in as anybody")
    );
    assert!(
        text(portals.answer(get(&portal.host, "/", &session)).await)
            .await
            .contains("Signed in as")
    );
}

#[tokio::test]
async fn a_modern_portal_wants_the_gateways_signature() {
    let loaded = place();
    let portals = Portals::load(loaded).unwrap();
    let gateway = GatewayView::load(loaded).unwrap();
    let portal = &loaded.settings.portal[0];
    let sso = format!("{}/sso", portal.origin);
    let xml = gateway_request(&gateway, &sso, "_1", false);
    let url = redirect_url(&sso, MessageKind::Request, &xml, None, None).unwrap();
    let answer = portals
        .answer(get(
            &portal.host,
            url.strip_prefix(&portal.origin).unwrap(),
            "",
        ))
        .await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}
