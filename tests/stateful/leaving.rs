//! S10 to S16: what leaves says no more than it should, rests on what came in, and is within its time.

use crate::world::Plan;
use crate::world::browser::{Browser, posted, read, refused, status};
use crate::world::country::{LOST, NAMED, PULLED, PUSHED};
use crate::world::keys::Keys;
use crate::world::portal::{form, of_b, signed_by_b};
use crate::{begin, granted};
use octroi::http::exchange::Endpoint;
use octroi::trust::RefusalChoice;
use octroi_dsig::{DataEncryption, EncryptionRecipient, KeyTransport};
use octroi_saml::Time;
use octroi_saml::issue::SignWhat;
use octroi_saml::portal_side::PortalSignature;
use std::time::Duration;

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
    let request =
        crate::world::publisher::redirect(&world, "https://pull.test/sp", Some(state), |_| ());
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
    let answer = |signer: &crate::world::keys::Pair,
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
    let request = crate::world::publisher::redirect(&world, "https://pull.test/sp", None, |_| ());
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
fn a_publisher_that_reads_statuses_gets_one_and_a_passive_one_always() {
    let mut plan = Plan::new();
    plan.publisher("push-house").refusal = RefusalChoice::Status;
    let world = plan.begin();
    let mut browser = Browser::new(&world);
    let passive = crate::world::publisher::redirect(
        &world,
        "https://pull.test/sp",
        Some("https://pull.test/r/1"),
        |r| r.is_passive = true,
    );
    let (top, second) = status(&posted(&browser.get(Endpoint::SingleSignOn, &passive.query)).xml);
    assert!(top.ends_with("Responder") && second.unwrap().ends_with("NoPassive"));
    let email = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
    let request = crate::world::publisher::redirect(
        &world,
        "https://push.test/sp",
        Some("https://push.test/r/1"),
        |r| r.name_id_format = Some(email),
    );
    let (top, second) = status(&posted(&browser.get(Endpoint::SingleSignOn, &request.query)).xml);
    assert!(top.ends_with("Requester") && second.unwrap().ends_with("InvalidNameIDPolicy"));
    let request = crate::world::publisher::redirect(
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
