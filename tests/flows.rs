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

use octroi::http::exchange::Endpoint;
use octroi_saml::issue::SignWhat;
use world::browser::{Browser, location, posted, read, refused};
use world::country::{NAMED, PULLED, PUSHED};
use world::keys::Keys;
use world::{Plan, portal};

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
