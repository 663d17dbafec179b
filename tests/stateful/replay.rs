//! S1 to S7: one response, one assertion, one request, one browser; nothing twice, also after a restart.

use crate::world::Plan;
use crate::world::browser::{Browser, incoming, location, refused, run};
use crate::world::country::PUSHED;
use crate::world::keys::Keys;
use crate::world::portal::{asked, form, of_b, sign, signed_by_b};
use crate::{begin, granted};
use octroi::http::exchange::{Endpoint, Method};
use octroi::state::guard::LocalGuard;
use octroi_saml::issue::SignWhat;
use std::sync::Arc;

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
        plan.guard = Arc::new(
            LocalGuard::open(&folder, 1000, u32::try_from(crate::world::NOON).unwrap()).unwrap(),
        );
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
