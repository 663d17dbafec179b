//! What no file can hold: the stateful tests S1–S16 of the house's security catalogue. Each name begins with its code.
//! (S12 is the attack suite's, S13 the fuzz targets', S4's second node and S9's refresh of metadata come with shared state.)
#![allow(
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test suite"
)]

mod world;

use octroi::http::exchange::{Endpoint, Kind, Method, Outgoing};
use octroi::state::guard::LocalGuard;
use octroi::trust::RefusalChoice;
use octroi_dsig::{DataEncryption, EncryptionRecipient, KeyTransport};
use octroi_saml::Time;
use octroi_saml::issue::SignWhat;
use octroi_saml::portal_side::PortalSignature;
use std::sync::Arc;
use std::time::Duration;
use world::browser::{Browser, incoming, location, posted, read, refused, run, status};
use world::country::{Country, LOST, NAMED, PULLED, PUSHED};
use world::keys::Keys;
use world::portal::{Asked, asked, form, of_b, sign, signed_by_b};
use world::{Plan, World};

fn begin(browser: &mut Browser<'_>, resource: &str) -> Asked {
    asked(location(&browser.get(
        Endpoint::Tile,
        &format!("idENT=QjA=&idRessource={resource}"),
    )))
}

fn granted(outgoing: &Outgoing) -> bool {
    outgoing.kind == Kind::FormPage && outgoing.status == 200
}

#[test]
fn s1_the_same_response_twice_is_accepted_once_and_begins_anew_once() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PUSHED);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert!(granted(&browser.post(Endpoint::AssertionConsumer, &body)));
    let again = browser.post(Endpoint::AssertionConsumer, &body);
    assert_eq!(again.status, 303);
    let restart = location(&again).to_owned();
    assert!(
        restart.starts_with("https://octroi.test/domaineGar?idENT=QjA"),
        "{restart}"
    );
    assert_eq!(
        world.events.seen.lock().unwrap().last().unwrap().code,
        Some("assertion-replayed")
    );
    // The restarted flow does not restart itself again.
    let flow = asked(location(
        &browser.get(Endpoint::Tile, restart.split_once('?').unwrap().1),
    ));
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert!(granted(&browser.post(Endpoint::AssertionConsumer, &body)));
    assert_eq!(
        refused(&browser.post(Endpoint::AssertionConsumer, &body)),
        "assertion-replayed"
    );
}

#[test]
fn s2_the_same_assertion_in_a_new_signed_response_is_refused() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let keys = &Keys::get().portal_b;
    let flow = begin(&mut browser, PUSHED);
    let mut response = of_b(world.now, "pupil-1", Some(&flow.id));
    let first = form(
        &sign(&response, keys, SignWhat::Response),
        Some(&flow.relay_state),
    );
    assert!(granted(&browser.post(Endpoint::AssertionConsumer, &first)));
    let flow = begin(&mut browser, PUSHED);
    response.answers(Some(&flow.id));
    response.response_id = "_another".into();
    let second = form(
        &sign(&response, keys, SignWhat::Response),
        Some(&flow.relay_state),
    );
    assert!(!granted(
        &browser.post(Endpoint::AssertionConsumer, &second)
    ));
    assert_eq!(
        world.events.seen.lock().unwrap().last().unwrap().code,
        Some("assertion-replayed")
    );
}

#[test]
fn s3_of_fifty_posts_at_once_exactly_one_succeeds() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PUSHED);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    let cookies = browser.cookies();
    let wins: usize = (0..50)
        .map(|_| {
            let (engine, cookies, body) =
                (Arc::clone(&world.engine), cookies.clone(), body.clone());
            std::thread::spawn(move || {
                let request = incoming(Method::Post, None, body.as_bytes(), cookies);
                usize::from(granted(&run(
                    engine.handle(Endpoint::AssertionConsumer, request)
                )))
            })
        })
        .collect::<Vec<_>>()
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .sum();
    assert_eq!(wins, 1);
}

#[test]
fn s4_a_replay_after_a_restart_is_refused() {
    let folder = std::env::temp_dir().join(format!("octroi-s4-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let plan = || {
        let mut plan = Plan::new();
        plan.guard =
            Arc::new(LocalGuard::open(&folder, 1000, u32::try_from(world::NOON).unwrap()).unwrap());
        plan.begin()
    };
    let before = plan();
    let mut browser = Browser::new(&before);
    let flow = begin(&mut browser, PUSHED);
    let cookies = browser.jar.clone();
    let body = form(
        &signed_by_b(&of_b(before.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert!(granted(&browser.post(Endpoint::AssertionConsumer, &body)));
    drop(browser);
    drop(before);
    let after = plan();
    let mut browser = Browser {
        world: &after,
        jar: cookies,
    };
    assert!(!granted(&browser.post(Endpoint::AssertionConsumer, &body)));
    assert_eq!(
        after.events.seen.lock().unwrap().last().unwrap().code,
        Some("assertion-replayed")
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn s5_a_response_in_a_browser_that_did_not_ask_is_refused() {
    let world = Plan::new().begin();
    let flow = begin(&mut Browser::new(&world), PUSHED);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert_eq!(
        refused(&Browser::new(&world).post(Endpoint::AssertionConsumer, &body)),
        "flow-missing"
    );
    let without = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        None,
    );
    assert_eq!(
        refused(&Browser::new(&world).post(Endpoint::AssertionConsumer, &without)),
        "unsolicited-refused"
    );
}

#[test]
fn s6_a_response_to_one_request_does_not_fit_another() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let (a, b) = (begin(&mut browser, PUSHED), begin(&mut browser, PUSHED));
    let crossed = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&a.id))),
        Some(&b.relay_state),
    );
    assert_eq!(
        refused(&browser.post(Endpoint::AssertionConsumer, &crossed)),
        "in-response-to-mismatch"
    );
}

#[test]
fn s7_a_request_is_answered_once_even_by_two_assertions() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PUSHED);
    let post = |browser: &mut Browser<'_>| {
        let body = form(
            &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
            Some(&flow.relay_state),
        );
        browser.post(Endpoint::AssertionConsumer, &body)
    };
    assert!(granted(&post(&mut browser)));
    assert!(!granted(&post(&mut browser)));
    assert_eq!(
        world.events.seen.lock().unwrap().last().unwrap().code,
        Some("request-answered")
    );
}

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
        world::publisher::redirect(
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
    let request = world::publisher::redirect(&world, "https://pull.test/sp", None, |_| ());
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
    let with = |signing: &[&world::keys::Pair], valid_until: Option<Time>| {
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
    let mut try_with = |pair: &world::keys::Pair| {
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
fn s10_nothing_that_comes_in_can_write_markup_on_its_way_out() {
    let nasty = "\"<>&'|]]>|\u{2028}|\u{202e}|é";
    let mut plan = Plan::new();
    let escaped = nasty.replace('|', "\\|");
    plan.country
        .line("people.tsv", &["B0", "nasty", "", &escaped, "x", ""]);
    plan.country.line(
        "affiliations.tsv",
        &["B0", "nasty", "0561622J", "National_elv", "6A", "", "", ""],
    );
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, NAMED);
    let body = form(
        &signed_by_b(&of_b(world.now, "nasty", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    let out = posted(&browser.post(Endpoint::AssertionConsumer, &body));
    let read = read(
        &out.xml,
        Keys::get().gateway.public_key(),
        Some(&Keys::get().publisher.pem),
    );
    assert_eq!(read.attributes["NOM"], [nasty]);

    // RelayState of a publisher: echoed to the octet, never markup.
    let state = "https://pull.test/r/1#\"><script>alert(1)</script>&'";
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PULLED);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    browser.post(Endpoint::AssertionConsumer, &body);
    let request = world::publisher::redirect(&world, "https://pull.test/sp", Some(state), |_| ());
    let answer = browser.get(Endpoint::SingleSignOn, &request.query);
    assert_eq!(posted(&answer).relay_state.as_deref(), Some(state));
    assert!(!String::from_utf8_lossy(&answer.body).contains("<script>alert"));

    // A person or project that holds markup or control characters names nobody and breaks nothing.
    for person in ["a<b>&\"'", "a\u{85}b", &"x".repeat(65)] {
        let flow = begin(&mut browser, PUSHED);
        let body = form(
            &signed_by_b(&of_b(world.now, person, Some(&flow.id))),
            Some(&flow.relay_state),
        );
        let code = refused(&browser.post(Endpoint::AssertionConsumer, &body));
        assert!(
            ["unknown-person", "person-invalid"].contains(&code.as_str()),
            "{code}"
        );
    }
    // A tile that names what does not exist shows nothing of it unescaped.
    let answer = browser.get(
        Endpoint::Tile,
        "idENT=QjA=&idRessource=%3Cscript%3Ealert(1)%3C/script%3E",
    );
    assert_eq!(refused(&answer), "resource-unknown");
    assert!(!String::from_utf8_lossy(&answer.body).contains("<script>alert"));
    assert_eq!(
        refused(&browser.get(Endpoint::Tile, &format!("idENT=QjA=&idRessource={LOST}"))),
        "resource-unknown"
    );
}

#[test]
fn s11_every_fault_of_an_encrypted_assertion_is_one_answer() {
    let world = Plan::new().begin();
    let keys = Keys::get();
    let recipient = |key: &octroi_dsig::PublicKey| EncryptionRecipient {
        key: key.clone(),
        data: DataEncryption::Aes128Gcm,
        transport: KeyTransport::OaepSha1Mgf1Sha1,
    };
    let ours = recipient(&keys.decryption_public);
    let others = recipient(keys.stranger.signer.public_key());
    let answer = |signer: &world::keys::Pair,
                  to: &EncryptionRecipient,
                  spoil: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let mut browser = Browser::new(&world);
        let flow = begin(&mut browser, PUSHED);
        let mut xml = Vec::new();
        let signature = PortalSignature::new(&*signer.signer, SignWhat::Assertion);
        of_b(world.now, "pupil-1", Some(&flow.id))
            .write(Some(&signature), Some(to), &mut xml)
            .unwrap();
        browser.post(
            Endpoint::AssertionConsumer,
            &form(&spoil(xml), Some(&flow.relay_state)),
        )
    };
    let as_is = |xml| xml;
    assert!(
        granted(&answer(&keys.portal_b, &ours, &as_is)),
        "a good one is accepted"
    );
    // The last character but one of the last CipherValue lies in the tag, an early one of the first in the wrapped key.
    let spoil_last = |mut xml: Vec<u8>| {
        let at = memchr::memmem::rfind(&xml, b"</xenc:CipherValue>").unwrap() - 6;
        xml[at] = if xml[at] == b'A' { b'B' } else { b'A' };
        xml
    };
    let spoil_first = |mut xml: Vec<u8>| {
        let at = memchr::memmem::find(&xml, b"<xenc:CipherValue>").unwrap() + 40;
        xml[at] = if xml[at] == b'A' { b'B' } else { b'A' };
        xml
    };
    let faults = [
        answer(&keys.portal_b, &ours, &spoil_last),
        answer(&keys.portal_b, &ours, &spoil_first),
        answer(&keys.portal_b, &others, &as_is),
        answer(&keys.stranger, &ours, &as_is),
    ];
    for fault in &faults {
        assert_eq!(refused(fault), "encrypted-assertion-refused");
        assert_eq!(fault.status, faults[0].status);
        assert_eq!(fault.body.len(), faults[0].body.len());
    }
}

#[test]
fn s14_every_issued_assertion_names_the_one_it_rests_on() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PULLED);
    let response = of_b(world.now, "pupil-1", Some(&flow.id));
    browser.post(
        Endpoint::AssertionConsumer,
        &form(&signed_by_b(&response), Some(&flow.relay_state)),
    );
    let request = world::publisher::redirect(&world, "https://pull.test/sp", None, |_| ());
    browser.get(Endpoint::SingleSignOn, &request.query);
    let seen = world.events.seen.lock().unwrap();
    let last = seen.iter().rfind(|seen| seen.issued.is_some()).unwrap();
    assert_eq!(
        last.upstream.as_deref(),
        Some(response.assertion_id.as_str())
    );
}

#[test]
fn an_answer_that_the_audit_trail_does_not_take_does_not_leave() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PUSHED);
    world
        .events
        .full
        .store(true, std::sync::atomic::Ordering::Relaxed);
    let body = form(
        &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    let answer = browser.post(Endpoint::AssertionConsumer, &body);
    assert_eq!(
        (refused(&answer).as_str(), answer.status),
        ("audit-unavailable", 503)
    );
}

#[test]
fn s16_the_skew_is_exact_to_the_second() {
    let world = Plan::new().begin();
    let try_at = |shift: i64| {
        world.engine.clock.set(world.now);
        let mut browser = Browser::new(&world);
        let flow = begin(&mut browser, PUSHED);
        let body = form(
            &signed_by_b(&of_b(world.now, "pupil-1", Some(&flow.id))),
            Some(&flow.relay_state),
        );
        world
            .engine
            .clock
            .set(Time::from_unix_seconds(world.now.unix_seconds() + shift));
        let answer = browser.post(Endpoint::AssertionConsumer, &body);
        world.engine.clock.set(world.now);
        if granted(&answer) {
            "granted".to_owned()
        } else {
            refused(&answer)
        }
    };
    // Five minutes of validity and 60 s of skew, half open.
    assert_eq!(try_at(359), "granted");
    assert!(["assertion-expired", "confirmation-expired"].contains(&try_at(360).as_str()));
    // Issued in our future: as far as the skew.
    assert_eq!(try_at(-60), "granted");
    assert_eq!(try_at(-61), "issue-instant-in-future");
}

#[test]
fn no_portal_speaks_for_another_portals_people() {
    let world = Plan::new().begin();
    let keys = Keys::get();
    let mut browser = Browser::new(&world);
    let mut try_it = |entity: &str, ent: &str, pair: &world::keys::Pair| {
        let flow = begin(&mut browser, PUSHED);
        let response = world::portal::response(world.now, entity, ent, "pupil-1", Some(&flow.id));
        let xml = sign(&response, pair, SignWhat::Both);
        refused(&browser.post(
            Endpoint::AssertionConsumer,
            &form(&xml, Some(&flow.relay_state)),
        ))
    };
    assert_eq!(
        try_it(world::PORTAL_B, "C0", &keys.portal_b),
        "ent-not-of-portal"
    );
    assert_eq!(
        try_it(world::PORTAL_C, "C0", &keys.portal_c),
        "response-issuer-mismatch"
    );
    assert_eq!(
        try_it(world::PORTAL_B, "B0", &keys.portal_c),
        "signature-invalid"
    );
}

#[test]
fn a_publisher_that_reads_statuses_gets_one_and_a_passive_one_always() {
    let mut plan = Plan::new();
    plan.publisher("push-house").refusal = RefusalChoice::Status;
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    let passive = world::publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/1"),
        |r| r.is_passive = true,
    );
    let (top, second) = status(&posted(&browser.get(Endpoint::SingleSignOn, &passive.query)).xml);
    assert!(top.ends_with("Responder") && second.unwrap().ends_with("NoPassive"));
    let email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    let request = world::publisher::redirect(
        &world,
        "https://push.test/sp",
        Some("https://push.test/r/1"),
        |r| r.name_id_format = Some(email),
    );
    let (top, second) = status(&posted(&browser.get(Endpoint::SingleSignOn, &request.query)).xml);
    assert!(top.ends_with("Requester") && second.unwrap().ends_with("InvalidNameIDPolicy"));
    let request = world::publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/1"),
        |r| r.name_id_format = Some(email),
    );
    assert_eq!(
        refused(&browser.get(Endpoint::SingleSignOn, &request.query)),
        "name-id-policy"
    );
}

#[test]
fn flows_and_sessions_end_in_time() {
    let world = Plan::new().begin();
    let mut browser = Browser::new(&world);
    let flow = begin(&mut browser, PUSHED);
    let late = world.now.plus(Duration::from_secs(600));
    world.engine.clock.set(late);
    let body = form(
        &signed_by_b(&of_b(late, "pupil-1", Some(&flow.id))),
        Some(&flow.relay_state),
    );
    assert_eq!(
        refused(&browser.post(Endpoint::AssertionConsumer, &body)),
        "flow-missing"
    );
}
