#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]
//! Every way an access can go, from the tile to what the publisher reads, in memory and with nothing mocked.

mod world;

use octroi::http::exchange::{Endpoint, Kind, Method};
use octroi::trust::Legacy;
use octroi_saml::Time;
use octroi_saml::issue::{NameIdToIssue, SignWhat};
use octroi_saml::logout::{LogoutRequestToIssue, soap_envelope, write_request};
use std::time::Duration;
use world::browser::{Browser, incoming, location, posted, read, refused};
use world::country::{NAMED, PULLED, PULLED_TOO, PUSHED};
use world::keys::Keys;
use world::{Plan, portal, publisher};

/// Opens a tile and answers it as portal B for `person`.
fn open(
    browser: &mut Browser<'_>,
    resource: &str,
    person: &str,
) -> octroi::http::exchange::Outgoing {
    let sent = browser.get(
        Endpoint::Tile,
        &format!("idENT=QjA=&idRessource={resource}"),
    );
    let asked = portal::asked(location(&sent));
    let xml = portal::signed_by_b(&portal::of_b(browser.world.now, person, Some(&asked.id)));
    browser.post(
        Endpoint::AssertionConsumer,
        &portal::form(&xml, Some(&asked.relay_state)),
    )
}

#[test]
fn a_tile_with_push_hands_the_publisher_only_what_its_resource_may_know() {
    let world = Plan::new().begin();
    let answer = open(&mut Browser::new(&world), PUSHED, "pupil-1");
    let form = posted(&answer);
    assert_eq!(form.action, "https://push.test/sp/acs");
    let read = read(&form.xml, Keys::get().gateway.public_key(), None);
    assert_eq!(read.audience, "https://push.test/sp");
    assert_eq!(read.in_response_to, None);
    assert_eq!(read.attributes["UAI"], ["0561622J"]);
    assert_eq!(read.attributes["PRO"], ["National_elv"]);
    assert_eq!(read.attributes["DIV"], ["6A##Sixième A"]);
    assert_eq!(read.attributes["IDO"][0].len(), 128);
    assert_eq!(read.attributes.len(), 4, "{:?}", read.attributes);
    assert!(
        read.name_id_format.ends_with("transient") && read.name_id != read.attributes["IDO"][0]
    );
    assert!(
        !String::from_utf8_lossy(&form.xml).contains("pupil-1"),
        "the portal's identifier stays here"
    );
    let seen = world.events.seen.lock().unwrap();
    assert_eq!(seen.last().unwrap().what, "granted");
    assert_eq!(
        seen.last().unwrap().issued.as_deref(),
        Some(read.assertion_id.as_str())
    );
    assert!(seen.last().unwrap().upstream.is_some());
}

#[test]
fn a_name_is_encrypted_and_reads_back_as_it_was() {
    let world = Plan::new().begin();
    let form = posted(&open(&mut Browser::new(&world), NAMED, "teacher-1"));
    assert!(!String::from_utf8_lossy(&form.xml).contains("Brien"));
    let read = read(
        &form.xml,
        Keys::get().gateway.public_key(),
        Some(&Keys::get().publisher.pem),
    );
    assert_eq!(read.attributes["NOM"], ["O'Brien & <fils>"]);
}

#[test]
fn somebody_without_a_subscription_is_refused_with_the_rule() {
    let world = Plan::new().begin();
    let answer = open(&mut Browser::new(&world), PUSHED, "teacher-2");
    assert_eq!(refused(&answer), "no-subscription");
    let nobody = open(&mut Browser::new(&world), PUSHED, "nobody");
    assert_eq!(refused(&nobody), "unknown-person");
}

#[test]
fn a_pull_goes_to_the_resource_and_its_publisher_is_answered_from_the_session() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let answer = open(&mut browser, PULLED, "pupil-1");
    assert_eq!(location(&answer), "https://pull.test/r/1");
    let request = world::publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/1"),
        |_| (),
    );
    let form = posted(&browser.get(Endpoint::SingleSignOn, &request.query));
    assert_eq!(form.relay_state.as_deref(), Some("https://pull.test/r/1"));
    let read = read(&form.xml, Keys::get().gateway.public_key(), None);
    assert_eq!(read.in_response_to.as_deref(), Some(request.id.as_str()));
    assert_eq!(read.attributes["UAI"], ["0561622J"]);
}

#[test]
fn the_school_of_a_tile_narrows_a_pull_too() {
    let mut plan = Plan::new();
    plan.country.line(
        "affiliations.tsv",
        &[
            "B0",
            "teacher-1",
            "0650499P",
            "National_ens",
            "",
            "",
            "",
            "",
        ],
    );
    plan.country.line(
        "subscriptions.tsv",
        &[
            "abo-deux",
            PULLED,
            "0650499P",
            "ETABL",
            "ENSEIGNANT",
            "2026-09-01",
            "2027-08-31",
        ],
    );
    let world = plan.begin();
    for (school, expected) in [
        ("&idEtab=MDY1MDQ5OVA=", &["0650499P"][..]),
        ("", &["0561622J", "0650499P"]),
    ] {
        let mut browser = Browser::new(&world);
        open(&mut browser, &format!("{PULLED}{school}"), "teacher-1");
        let request = world::publisher::redirect(
            &world,
            "https://pull.test/sp",
            Some("https://pull.test/r/1"),
            |_| (),
        );
        let form = posted(&browser.get(Endpoint::SingleSignOn, &request.query));
        let mut uai =
            read(&form.xml, Keys::get().gateway.public_key(), None).attributes["UAI"].clone();
        uai.sort();
        assert_eq!(uai, expected);
    }
}

#[test]
fn responses_may_be_signed_either_way() {
    for what in [SignWhat::Assertion, SignWhat::Response, SignWhat::Both] {
        let world = Plan::new().begin();
        let mut browser = Browser::new(&world);
        let sent = browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}"));
        let asked = portal::asked(location(&sent));
        let xml = portal::sign(
            &portal::of_b(world.now, "pupil-1", Some(&asked.id)),
            &Keys::get().portal_b,
            what,
        );
        let answer = browser.post(
            Endpoint::AssertionConsumer,
            &portal::form(&xml, Some(&asked.relay_state)),
        );
        assert_eq!(
            posted(&answer).action,
            "https://push.test/sp/acs",
            "{what:?}"
        );
    }
}

#[test]
fn a_portal_may_begin_where_its_policy_says_so() {
    let mut plan = Plan::new();
    plan.portal("portal-b").accept_unsolicited = true;
    let world = plan.begin();
    let tile = format!("{}/domaineGar?idENT=QjA=&idRessource={PUSHED}", world::BASE);
    for relay_state in [PUSHED, "http://n2t.net/ark:/99999/push.1", tile.as_str()] {
        let xml = portal::signed_by_b(&portal::of_b(world.now, "pupil-1", None));
        let mut browser = Browser::new(&world);
        let answer = browser.post(
            Endpoint::AssertionConsumer,
            &portal::form(&xml, Some(relay_state)),
        );
        assert_eq!(
            posted(&answer).action,
            "https://push.test/sp/acs",
            "{relay_state}"
        );
    }
    // An answer to a request is never taken for one that nobody asked for.
    let xml = portal::signed_by_b(&portal::of_b(world.now, "pupil-1", Some("_other")));
    let answer = Browser::new(&world).post(
        Endpoint::AssertionConsumer,
        &portal::form(&xml, Some(PUSHED)),
    );
    assert_eq!(refused(&answer), "in-response-to-unexpected");
    // RelayState is a name to look up, never an address to go to.
    let xml = portal::signed_by_b(&portal::of_b(world.now, "pupil-1", None));
    let evil = portal::form(&xml, Some("https://evil.test/"));
    assert_eq!(
        refused(&Browser::new(&world).post(Endpoint::AssertionConsumer, &evil)),
        "resource-unknown"
    );
}

/// Follows a link of a choice page.
fn choose(
    browser: &mut Browser<'_>,
    page: &octroi::http::exchange::Outgoing,
    what: &str,
) -> octroi::http::exchange::Outgoing {
    assert_eq!((page.status, &page.kind), (200, &Kind::Page));
    let html = std::str::from_utf8(&page.body).unwrap();
    let link = html
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|link| {
            link.starts_with("/choose?")
                && link.replace("%2E", ".").replace("%2F", "/").contains(what)
        })
        .unwrap_or_else(|| panic!("no choice of {what} on {html}"));
    let query = link
        .split_once('?')
        .unwrap()
        .1
        .replace("&amp;", "&")
        .replace("&#38;", "&");
    browser.get(Endpoint::Choose, &query)
}

#[test]
fn publisher_first_asks_for_the_resource_and_the_portal_where_nobody_can_know() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let request = publisher::redirect(&world, "https://pull.test/sp", Some("ss:mem:4711"), |_| ());
    let resources = browser.get(Endpoint::SingleSignOn, &request.query);
    let portals = choose(&mut browser, &resources, "pull.2");
    let sent = choose(&mut browser, &portals, "portal");
    let asked = portal::asked(location(&sent));
    // The first on the list is portal B.
    let xml = portal::signed_by_b(&portal::of_b(world.now, "teacher-1", Some(&asked.id)));
    let form = posted(&browser.post(
        Endpoint::AssertionConsumer,
        &portal::form(&xml, Some(&asked.relay_state)),
    ));
    assert_eq!(form.relay_state.as_deref(), Some("ss:mem:4711"));
    let read = read(&form.xml, Keys::get().gateway.public_key(), None);
    assert_eq!(read.in_response_to, Some(request.id));
    // What is not on offer cannot be chosen: another publisher's resource, or without the cookie.
    let request = publisher::redirect(&world, "https://pull.test/sp", None, |_| ());
    let page = browser.get(Endpoint::SingleSignOn, &request.query);
    let html = String::from_utf8_lossy(&page.body).into_owned();
    let flow = html.split("flow=").nth(1).unwrap()[..22].to_owned();
    let foreign = format!("flow={flow}&resource={PUSHED}");
    assert_eq!(
        refused(&browser.get(Endpoint::Choose, &foreign)),
        "choice-invalid"
    );
    let own = format!("flow={flow}&resource={PULLED}");
    assert_eq!(
        refused(&Browser::new(&world).get(Endpoint::Choose, &own)),
        "choice-invalid"
    );
}

#[test]
fn posted_requests_are_answered_like_redirected_ones() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    open(&mut browser, PULLED, "pupil-1");
    let request = publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/1"),
        |_| (),
    );
    let form = posted(&browser.post(Endpoint::SingleSignOn, &request.form));
    assert_eq!(
        read(&form.xml, Keys::get().gateway.public_key(), None).in_response_to,
        Some(request.id)
    );
}

#[test]
fn by_default_a_session_answers_only_the_pull_that_its_tile_opened() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    open(&mut browser, PULLED, "pupil-1");
    let other = publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/2"),
        |_| (),
    );
    assert!(
        location(&browser.get(Endpoint::SingleSignOn, &other.query))
            .starts_with("https://portal.test/sso?")
    );
    let tile = browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}"));
    assert!(location(&tile).starts_with("https://portal.test/sso?"));
    // And for five minutes.
    world
        .engine
        .clock
        .set(world.now.plus(Duration::from_secs(300)));
    let late = Time::from_unix_seconds(world::NOON + 300);
    let own = publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/1"),
        |request| request.now = late,
    );
    assert!(
        location(&browser.get(Endpoint::SingleSignOn, &own.query))
            .starts_with("https://portal.test/sso?")
    );
}

#[test]
fn where_sessions_are_reused_another_tile_is_answered_at_once_but_never_for_another_project() {
    let mut plan = Plan::new();
    plan.portal("portal-b").session_reuse = true;
    plan.portal("portal-b").idents = vec!["B0".into(), "B1".into()];
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    open(&mut browser, PUSHED, "pupil-1");
    let again = browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}"));
    assert_eq!(posted(&again).action, "https://push.test/sp/acs");
    let other = browser.get(Endpoint::Tile, &format!("idENT=QjE=&idRessource={PUSHED}"));
    assert!(location(&other).starts_with("https://portal.test/sso?"));
    let request = publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/2"),
        |_| (),
    );
    assert_eq!(
        posted(&browser.get(Endpoint::SingleSignOn, &request.query)).action,
        "https://pull.test/sp/acs"
    );
    // ForceAuthn goes past the session, and an old sign-in does not answer it.
    let forced = publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/2"),
        |r| r.force_authn = true,
    );
    let asked = portal::asked(location(
        &browser.get(Endpoint::SingleSignOn, &forced.query),
    ));
    assert!(asked.force_authn);
    let mut old = portal::of_b(world.now, "pupil-1", Some(&asked.id));
    old.authn[0].instant = world.now.minus(Duration::from_secs(61));
    let body = portal::form(&portal::signed_by_b(&old), Some(&asked.relay_state));
    assert_eq!(
        refused(&browser.post(Endpoint::AssertionConsumer, &body)),
        "force-authn-ignored"
    );
}

#[test]
fn two_tabs_do_not_disturb_each_other() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let first = portal::asked(location(
        &browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PULLED}")),
    ));
    let second = portal::asked(location(&browser.get(
        Endpoint::Tile,
        &format!("idENT=QjA=&idRessource={PULLED_TOO}"),
    )));
    for (asked, url) in [
        (second, "https://pull.test/r/2"),
        (first, "https://pull.test/r/1"),
    ] {
        let xml = portal::signed_by_b(&portal::of_b(world.now, "pupil-1", Some(&asked.id)));
        let answer = browser.post(
            Endpoint::AssertionConsumer,
            &portal::form(&xml, Some(&asked.relay_state)),
        );
        assert_eq!(location(&answer), url);
    }
    for url in ["https://pull.test/r/1", "https://pull.test/r/2"] {
        let request = publisher::redirect(&world, "https://pull.test/sp", Some(url), |_| ());
        assert_eq!(
            posted(&browser.get(Endpoint::SingleSignOn, &request.query))
                .relay_state
                .as_deref(),
            Some(url)
        );
    }
}

/// A portal's LogoutRequest in its envelope.
fn logout(world: &world::World, keys: &world::keys::Pair, index: &str) -> Vec<u8> {
    let id = format!("_l{}", portal::serial());
    let destination = format!("{}/saml/slo", world::BASE);
    let request = LogoutRequestToIssue {
        id: &id,
        issuer: world::PORTAL_B,
        destination: &destination,
        now: world.now,
        not_on_or_after: Some(world.now.plus(Duration::from_secs(60))),
        name_id: NameIdToIssue {
            value: "_transient",
            format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
            name_qualifier: None,
            sp_name_qualifier: None,
        },
        session_indexes: &[index],
    };
    let mut xml = Vec::new();
    write_request(&request, Some(&*keys.signer), &mut xml).unwrap();
    soap_envelope(&xml)
}

#[test]
fn a_portal_ends_its_sessions_and_nobody_else_does() {
    let mut plan = Plan::new();
    plan.portal("portal-b").session_reuse = true;
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    open(&mut browser, PUSHED, "pupil-1");
    let reused = |browser: &mut Browser<'_>| {
        browser
            .get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}"))
            .kind
            == Kind::FormPage
    };
    let soap = |body: &[u8]| {
        let mut request = incoming(Method::Post, None, body, Vec::new());
        request.content_type = Some("text/xml".into());
        Browser::new(&world).send(Endpoint::PortalLogout, request)
    };
    assert!(reused(&mut browser));
    assert_eq!(
        refused(&soap(&logout(&world, &Keys::get().stranger, "_session"))),
        "signature-invalid"
    );
    assert!(reused(&mut browser), "a forged logout ends nothing");
    assert_eq!(
        soap(&logout(&world, &Keys::get().portal_b, "_elsewhere")).kind,
        Kind::Soap
    );
    assert!(
        reused(&mut browser),
        "another session's logout ends nothing here"
    );
    let own = logout(&world, &Keys::get().portal_b, "_session");
    let answer = soap(&own);
    assert_eq!(answer.kind, Kind::Soap);
    assert!(String::from_utf8_lossy(&answer.body).contains("status:Success"));
    assert!(!reused(&mut browser));
    // The same message again would end what was opened since.
    assert_eq!(refused(&soap(&own)), "assertion-replayed");
}

#[test]
fn the_person_leaves_and_a_copied_cookie_is_worth_nothing() {
    let mut plan = Plan::new();
    plan.portal("portal-b").session_reuse = true;
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    open(&mut browser, PUSHED, "pupil-1");
    let mut copy = Browser {
        world: &world,
        jar: browser.jar.clone(),
    };
    assert_eq!(browser.get(Endpoint::Logout, "").status, 200);
    assert!(
        browser.jar.keys().all(|name| !name.contains("session")),
        "{:?}",
        browser.jar.keys()
    );
    let tile = copy.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}"));
    assert!(location(&tile).starts_with("https://portal.test/sso?"));
}

#[test]
fn dated_exceptions_hold_until_their_day_and_never_after() {
    let try_with =
        |legacy: Legacy, knobs: &dyn Fn(&mut octroi_saml::portal_side::PortalResponse)| {
            let mut plan = Plan::new();
            plan.portal("portal-b").legacy = legacy;
            let world = plan.begin();
            let mut browser = Browser::new(&world);
            let asked = portal::asked(location(
                &browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}")),
            ));
            let mut response = portal::of_b(world.now, "pupil-1", Some(&asked.id));
            knobs(&mut response);
            let body = portal::form(&portal::signed_by_b(&response), Some(&asked.relay_state));
            let answer = browser.post(Endpoint::AssertionConsumer, &body);
            if answer.kind == Kind::FormPage {
                "granted".to_owned()
            } else {
                refused(&answer)
            }
        };
    let future = Some(Time::from_unix_seconds(world::NOON + 1));
    let past = Some(Time::from_unix_seconds(world::NOON));
    let missing = |response: &mut octroi_saml::portal_side::PortalResponse| {
        response.answers(None);
    };
    assert_eq!(
        try_with(
            Legacy {
                missing_in_response_to: future,
                ..Legacy::default()
            },
            &missing
        ),
        "granted"
    );
    assert_eq!(
        try_with(
            Legacy {
                missing_in_response_to: past,
                ..Legacy::default()
            },
            &missing
        ),
        "in-response-to-missing"
    );
    let days = |response: &mut octroi_saml::portal_side::PortalResponse| {
        response.confirmations[0].not_on_or_after =
            Some(Time::from_unix_seconds(world::NOON + 5 * 86_400));
    };
    assert_eq!(
        try_with(
            Legacy {
                long_lifetimes: future,
                ..Legacy::default()
            },
            &days
        ),
        "granted"
    );
    assert_eq!(
        try_with(
            Legacy {
                long_lifetimes: past,
                ..Legacy::default()
            },
            &days
        ),
        "lifetime-too-long"
    );
}

#[test]
fn a_session_at_the_publisher_ends_with_the_first_of_portal_subscription_and_six_hours() {
    let world = Plan::new().begin();
    let end_of = |portal_end: Option<i64>| {
        let mut browser = Browser::new(&world);
        let asked = portal::asked(location(
            &browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={PUSHED}")),
        ));
        let mut response = portal::of_b(world.now, "pupil-1", Some(&asked.id));
        response.authn[0].session_not_on_or_after =
            portal_end.map(|after| Time::from_unix_seconds(world::NOON + after));
        let body = portal::form(&portal::signed_by_b(&response), Some(&asked.relay_state));
        let form = posted(&browser.post(Endpoint::AssertionConsumer, &body));
        read(&form.xml, Keys::get().gateway.public_key(), None)
            .session_end
            .unwrap()
    };
    assert_eq!(end_of(None), "2026-11-23T18:00:00Z");
    assert_eq!(end_of(Some(600)), "2026-11-23T12:10:00Z");
}
