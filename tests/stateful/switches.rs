//! S8, S9: what is switched off, rolled over or expired is so on every endpoint, and nobody speaks for another's people.

use crate::world::browser::{Browser, location, refused};
use crate::world::country::{Country, PULLED, PUSHED};
use crate::world::keys::Keys;
use crate::world::portal::{Asked, form, of_b, sign, signed_by_b};
use crate::world::{Plan, World};
use crate::{begin, granted};
use octroi::http::exchange::Endpoint;
use octroi_saml::Time;
use octroi_saml::issue::SignWhat;

#[test]
fn s8_a_disabled_portal_is_refused_on_every_endpoint() {
    let mut plan = Plan::new();
    plan.portal("portal-b").session_reuse = true;
    plan.portal("portal-b").accept_unsolicited = true;
    let mut off = Plan::new();
    off.portal("portal-b").disabled = true;
    off.portal("portal-b").accept_unsolicited = true;
    let off = off.trust();
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PULLED);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert_eq!(
        location(&browser.post(Endpoint::AssertionConsumer, &body)),
        "https://pull.test/r/1"
    );
    let open = begin_another(&world);
    let request = || {
        crate::world::publisher::redirect(
            &world,
            "https://pull.test/sp",
            Some("https://pull.test/r/1"),
            |_| (),
        )
    };
    assert!(
        granted(&browser.get(Endpoint::SingleSignOn, &request().query)),
        "the session answers while all is on"
    );

    world.engine.current.swap_trust(off);
    assert_eq!(
        refused(&browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}"))),
        "portal-disabled"
    );
    let (mut other, flow) = open;
    let solicited = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert_eq!(
        refused(&other.post(Endpoint::AssertionConsumer, &solicited)),
        "portal-disabled"
    );
    let unsolicited = form(
        &signed_by_b(&of_b(world.now, "pupil-1", None)),
        Some(PUSHED),
    );
    assert_eq!(
        refused(&other.post(Endpoint::AssertionConsumer, &unsolicited)),
        "portal-disabled"
    );
    // The session is there, but its portal's word no longer counts: the way leads to the other portal.
    let answer = browser.get(Endpoint::SingleSignOn, &request().query);
    assert!(!granted(&answer), "{answer:?}");
}

fn begin_another(world: &World) -> (Browser<'_>, Asked) {
    let mut browser = Browser::new(world);
    let flow = begin(&mut browser, PUSHED);
    (browser, flow)
}

#[test]
fn s8_a_disabled_publisher_is_refused_on_every_endpoint() {
    let mut off = Plan::new();
    off.publisher("pull-house").disabled = true;
    off.publisher("push-house").disabled = true;
    let off = off.trust();
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PUSHED);
    world.engine.current.swap_trust(off);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert_eq!(
        refused(&browser.post(Endpoint::AssertionConsumer, &body)),
        "publisher-disabled-here"
    );
    for resource in [PUSHED, PULLED] {
        let tile = browser.get(
            Endpoint::Tile,
            &format!("idENT=QjA=&idRessource={resource}"),
        );
        assert_eq!(refused(&tile), "publisher-disabled-here");
    }
    let request = crate::world::publisher::redirect(&world, "https://pull.test/sp", None, |_| ());
    assert_eq!(
        refused(&browser.get(Endpoint::SingleSignOn, &request.query)),
        "publisher-disabled-here"
    );
    assert_eq!(
        refused(&browser.post(Endpoint::SingleSignOn, &request.form)),
        "publisher-disabled-here"
    );
}

#[test]
fn s8_what_the_directory_switches_off_is_off() {
    let mut plan = Plan::new();
    let mut country = Country::small();
    country.generation = 2;
    let publishers = country.tables.get_mut("publishers.tsv").unwrap();
    *publishers = publishers.replace("push-domain\t", "push-domain\tyes");
    plan.country = country;
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PUSHED);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert_eq!(
        refused(&browser.post(Endpoint::AssertionConsumer, &body)),
        "publisher-disabled"
    );
}

#[test]
fn s9_keys_roll_over_and_expired_metadata_is_gone() {
    let keys = Keys::get();
    let with = |signing: &[&crate::world::keys::Pair], valid_until: Option<Time>| {
        let mut plan = Plan::new();
        let b = plan.portal("portal-b");
        b.signing_keys = signing
            .iter()
            .map(|pair| pair.signer.public_key().clone())
            .collect();
        b.valid_until = valid_until;
        plan.trust()
    };
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let mut try_with = |pair: &crate::world::keys::Pair| {
        let flow = begin(&mut browser, PUSHED);
        let xml = sign(
            &of_b(world.now, "pupil-1", Some(&flow.id)),
            pair,
            SignWhat::Assertion,
        );
        let answer = browser.post(
            Endpoint::AssertionConsumer,
            &form(&xml, Some(&flow.relay_state)),
        );
        if granted(&answer) {
            "granted".to_owned()
        } else {
            refused(&answer)
        }
    };
    world
        .engine
        .current
        .swap_trust(with(&[&keys.stranger, &keys.portal_b], None));
    assert_eq!(try_with(&keys.portal_b), "granted");
    assert_eq!(try_with(&keys.stranger), "granted");
    world
        .engine
        .current
        .swap_trust(with(&[&keys.stranger], None));
    assert_eq!(try_with(&keys.portal_b), "signature-invalid");
    world.engine.current.swap_trust(with(&[], None));
    assert_eq!(try_with(&keys.stranger), "signature-no-key");
    world
        .engine
        .current
        .swap_trust(with(&[&keys.stranger], Some(world.now)));
    let gone = browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}"));
    assert_eq!(refused(&gone), "portal-metadata-expired");
}

#[test]
fn no_portal_speaks_for_another_portals_people() {
    let world = Plan::new().begin();
    let keys = Keys::get();
    let mut browser = Browser::new(&world);
    let mut try_it = |entity: &str, ent: &str, pair: &crate::world::keys::Pair| {
        let flow = begin(&mut browser, PUSHED);
        let response =
            crate::world::portal::response(world.now, entity, ent, "pupil-1", Some(&flow.id));
        let xml = sign(&response, pair, SignWhat::Both);
        refused(&browser.post(
            Endpoint::AssertionConsumer,
            &form(&xml, Some(&flow.relay_state)),
        ))
    };
    assert_eq!(
        try_it(crate::world::PORTAL_B, "C0", &keys.portal_b),
        "ent-not-of-portal"
    );
    assert_eq!(
        try_it(crate::world::PORTAL_C, "C0", &keys.portal_c),
        "response-issuer-mismatch"
    );
    assert_eq!(
        try_it(crate::world::PORTAL_B, "B0", &keys.portal_c),
        "signature-invalid"
    );
}
