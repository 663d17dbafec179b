//! The generator against a server that stalls for 1 s in every 5 s.
//!
//! A fifth of all requests arrive during a stall and wait half a second on average: the true mean wait is 100 ms, the
//! 90th percentile about 0.5 s, the 99th about 0.95 s. A generator that waits for answers before it sends the next
//! request measures far less (coordinated omission); this one must not.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use octroi_loadtest::pace::{Schedule, keep};
use octroi_loadtest::report::Times;
use octroi_loadtest::wire::{Keep, Line, Protocol, Wire};

const PERIOD: f64 = 5.0;
const STALL: f64 = 1.0;

/// Answers at once, except during the first second of every five.
async fn freezing(listener: tokio::net::TcpListener, zero: Instant) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let service = service_fn(move |_| async move {
                let phase = zero.elapsed().as_secs_f64() % PERIOD;
                if phase < STALL {
                    tokio::time::sleep(Duration::from_secs_f64(STALL - phase)).await;
                }
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"ok"))))
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

#[test]
fn a_stall_is_charged_to_everybody_who_would_have_come() {
    let server = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = server
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let address = listener.local_addr().unwrap();
    let zero = Instant::now() + Duration::from_millis(100);
    server.spawn(freezing(listener, zero));

    let client = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let host = "localhost".try_into().unwrap();
    let wire = Arc::new(Wire::new(
        address,
        host,
        None,
        Protocol::Http1,
        Keep::Alive,
        1,
        Duration::from_secs(10),
    ));
    let times = Arc::new(Mutex::new(Times::default()));
    // Two whole periods at 200 a second.
    let schedule = Schedule {
        start: zero,
        rate: 200.0,
        count: 2000,
    };
    keep(schedule, 0, 10_000, client.handle(), |_, due| {
        let (wire, times) = (Arc::clone(&wire), Arc::clone(&times));
        async move {
            let request = Request::get("/")
                .header("host", "localhost")
                .body(Full::default())
                .unwrap();
            let answer = wire.exchange(&mut Line::default(), request).await.unwrap();
            assert_eq!(answer.body.as_ref(), b"ok");
            times.lock().unwrap().record(due.elapsed());
        }
    });
    let figures = times.lock().unwrap().figures();
    println!("{figures:?}");
    assert_eq!(figures.count, 2000);
    // A busy machine adds to each; a generator that waits for answers would find a mean of 40 ms and a p90 of some ms.
    assert!((85.0..180.0).contains(&figures.mean_ms), "{figures:?}");
    assert!((400.0..750.0).contains(&figures.p90_ms), "{figures:?}");
    assert!((900.0..1400.0).contains(&figures.p99_ms), "{figures:?}");
}
