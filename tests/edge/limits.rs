//! The public listener against clients that ask too much, too slowly, or for the wrong thing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use octroi::http::admission::Admission;
use octroi::http::exchange::{Answer, Endpoint, Incoming, Outgoing};
use octroi::http::server::{ConnectionLimits, Server};
use octroi::http::service::{Front, Service};
use octroi::http::sockets::{Inherited, listen};
use octroi::http::tls::{Identity, Tls};
use octroi::observe::metrics::Metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::client::{ask, connect, get, header, say, status};
use crate::place::p256;

/// Something simple behind the edge.
struct Echo;

impl Answer for Echo {
    async fn answer(&self, endpoint: Endpoint, incoming: Incoming) -> Outgoing {
        match incoming.query.as_deref() {
            Some("panic") => panic!("a secret of the request"),
            Some("slow") => tokio::time::sleep(Duration::from_millis(600)).await,
            _ => {}
        }
        let text = format!(
            "{} {:?} {}",
            endpoint.label(),
            incoming.query,
            incoming.body.len()
        );
        Outgoing::page(200, text)
    }

    fn restart_link(&self, _: Endpoint, _: &Incoming) -> Option<String> {
        Some("/domaineGar?again".to_owned())
    }
}

struct Edge {
    address: SocketAddr,
    server: Arc<Server<Echo>>,
    metrics: Arc<Metrics>,
}

const LIMITS: ConnectionLimits = ConnectionLimits {
    header_bytes: 8 << 10,
    connections: 100,
    handshake: Duration::from_millis(700),
    header: Duration::from_millis(700),
    idle: Duration::from_millis(1500),
};

async fn edge(limits: ConnectionLimits, in_flight: usize) -> Edge {
    let pair = p256();
    let key = Zeroizing::new(pair.key.into_bytes());
    let identity = Identity::from_pem(
        pair.certificate.as_bytes(),
        &key,
        octroi::config::TlsMinimum::Tls12,
    )
    .unwrap();
    let metrics = Arc::new(Metrics::new().unwrap());
    let admission = Admission::new(in_flight, Duration::from_secs(5), Arc::clone(&metrics));
    let front = Front {
        base_url: "https://octroi.test".to_owned(),
        organization: "Test".to_owned(),
        contact: "mailto:a@b.test".to_owned(),
        body_bytes: 10_000,
        body_time: Duration::from_millis(700),
    };
    let service = Arc::new(Service::new(Echo, front, admission, Arc::clone(&metrics)));
    let server = Server::new(service, Arc::new(Tls::new(&identity).unwrap()), limits);
    let listener = listen(
        SocketAddr::from(([127, 0, 0, 1], 0)),
        &mut Inherited::default(),
    )
    .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(Arc::clone(&server).run(listener));
    Edge {
        address,
        server,
        metrics,
    }
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let edge = edge(LIMITS, 10).await;
    for (path, wanted) in [
        ("/", 200),
        ("/domaineGar?x", 200),
        ("/nowhere", 404),
        ("/saml/acs", 405),
        ("/robots.txt", 200),
        ("/.well-known/security.txt", 200),
        ("/assets/octroi.svg", 200),
        ("/assets/../etc/passwd", 404),
        (octroi::pages::style::path(), 200),
    ] {
        let answer = get(edge.address, path).await;
        assert_eq!(status(&answer), wanted, "{path}: {answer}");
        assert!(
            header(&answer, "strict-transport-security")
                .unwrap()
                .starts_with("max-age="),
            "{path}"
        );
        assert_eq!(
            header(&answer, "x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(header(&answer, "x-frame-options"), Some("DENY"), "{path}");
        assert!(
            header(&answer, "content-security-policy")
                .unwrap()
                .starts_with("default-src 'none'"),
            "{path}"
        );
        let cached = header(&answer, "cache-control").unwrap();
        assert_eq!(
            cached == "no-store",
            !(path.starts_with("/assets/") && wanted == 200),
            "{path}: {cached}"
        );
    }
    let css = get(edge.address, octroi::pages::style::path()).await;
    assert!(header(&css, "cache-control").unwrap().contains("immutable"));
    assert_eq!(
        header(&get(edge.address, "/saml/acs").await, "allow"),
        Some("POST")
    );
}

#[tokio::test]
async fn only_known_bodies_of_bounded_size_and_time_are_read() {
    let edge = edge(LIMITS, 10).await;
    let post = |head: &str, body: &str| {
        format!("POST /saml/acs HTTP/1.1\r\nHost: o\r\n{head}\r\n\r\n{body}")
    };
    let form = "Content-Type: application/x-www-form-urlencoded; charset=UTF-8";

    let answer = ask(
        edge.address,
        &post(&format!("{form}\r\nContent-Length: 3"), "a=b"),
    )
    .await;
    assert!(answer.ends_with("acs None 3"), "{answer}");
    let answer = ask(
        edge.address,
        &post("Content-Type: text/plain\r\nContent-Length: 3", "a=b"),
    )
    .await;
    assert_eq!(status(&answer), 415);
    assert_eq!(
        status(&ask(edge.address, &post("Content-Length: 3", "a=b")).await),
        415
    );

    let answer = ask(
        edge.address,
        &post(&format!("{form}\r\nContent-Length: 99999999999"), "a=b"),
    )
    .await;
    assert_eq!(
        (status(&answer), header(&answer, "connection")),
        (413, Some("close"))
    );
    let chunk = format!("2710\r\n{}\r\n1\r\nx\r\n0\r\n\r\n", "y".repeat(10_000));
    let answer = ask(
        edge.address,
        &post(&format!("{form}\r\nTransfer-Encoding: chunked"), &chunk),
    )
    .await;
    assert_eq!(status(&answer), 413, "{answer}");

    let started = Instant::now();
    let answer = ask(
        edge.address,
        &post(&format!("{form}\r\nContent-Length: 3"), "a"),
    )
    .await;
    assert_eq!(status(&answer), 408);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn slow_and_silent_clients_are_dropped() {
    let edge = edge(LIMITS, 10).await;
    // No handshake at all.
    let mut silent = TcpStream::connect(edge.address).await.unwrap();
    let started = Instant::now();
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(
        edge.metrics
            .http
            .handshakes_failed
            .with_label_values(&["timeout"])
            .get(),
        1
    );

    // Half a header.
    let mut stream = connect(edge.address, &["http/1.1"]).await.unwrap();
    let answer = say(&mut stream, b"GET / HTTP/1.1\r\nHos").await;
    assert!(answer.is_empty() || status(&answer) == 408, "{answer}");

    // A request, then nothing.
    let mut stream = connect(edge.address, &["http/1.1"]).await.unwrap();
    assert_eq!(
        status(&say(&mut stream, b"GET / HTTP/1.1\r\nHost: o\r\n\r\n").await),
        200
    );
    let started = Instant::now();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    assert!(started.elapsed() < Duration::from_secs(4));

    // Not HTTP at all, and no TLS.
    let mut plain = TcpStream::connect(edge.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn headers_are_bounded_in_size_and_number() {
    let edge = edge(LIMITS, 10).await;
    let long = format!("GET /?{} HTTP/1.1\r\nHost: o\r\n\r\n", "x".repeat(20_000));
    let answer = ask(edge.address, &long).await;
    assert!([414, 431].contains(&status(&answer)), "{answer}");
    let many = (0..200)
        .map(|i| format!("X-{i}: y\r\n"))
        .collect::<String>();
    let answer = ask(
        edge.address,
        &format!("GET / HTTP/1.1\r\nHost: o\r\n{many}\r\n"),
    )
    .await;
    assert_eq!(status(&answer), 431, "{answer}");
}

#[tokio::test]
async fn a_panic_is_a_page_and_the_process_goes_on() {
    let edge = edge(LIMITS, 10).await;
    let mut stream = connect(edge.address, &["http/1.1"]).await.unwrap();
    let answer = say(
        &mut stream,
        b"GET /domaineGar?panic HTTP/1.1\r\nHost: o\r\n\r\n",
    )
    .await;
    assert_eq!(status(&answer), 500);
    assert!(answer.contains("internal") && !answer.contains("a secret"));
    assert_eq!(
        status(
            &say(
                &mut stream,
                b"GET /domaineGar?x HTTP/1.1\r\nHost: o\r\n\r\n"
            )
            .await
        ),
        200
    );
    assert_eq!(edge.metrics.http.panics.get(), 1);
    assert_eq!(edge.metrics.http.in_flight.get(), 0);
    assert_eq!(
        edge.metrics
            .http
            .requests
            .with_label_values(&["tile", "GET", "500"])
            .get(),
        1
    );
}

#[tokio::test]
async fn what_cannot_be_answered_in_time_is_refused_with_a_way_to_begin_anew() {
    let edge = edge(LIMITS, 1).await;
    let slow = tokio::spawn(async move { get(edge.address, "/domaineGar?slow").await });
    tokio::time::sleep(Duration::from_millis(250)).await;
    let answer = get(edge.address, "/domaineGar?x").await;
    assert_eq!(status(&answer), 503);
    assert_eq!(header(&answer, "retry-after"), Some("2"));
    assert!(answer.contains("href=\"/domaineGar?again\"") && answer.contains("overloaded"));
    // Pages of the edge itself need no place.
    assert_eq!(status(&get(edge.address, "/").await), 200);
    assert_eq!(status(&slow.await.unwrap()), 200);
    assert_eq!(status(&get(edge.address, "/domaineGar?x").await), 200);
    assert_eq!(
        edge.metrics
            .http
            .shed
            .with_label_values(&["in-flight"])
            .get(),
        1
    );
}

#[tokio::test]
async fn connections_over_the_limit_wait_and_are_served() {
    let edge = edge(
        ConnectionLimits {
            connections: 1,
            ..LIMITS
        },
        10,
    )
    .await;
    let first = connect(edge.address, &["http/1.1"]).await.unwrap();
    let second = tokio::spawn(async move { get(edge.address, "/").await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!second.is_finished());
    drop(first);
    assert_eq!(status(&second.await.unwrap()), 200);
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let edge = edge(LIMITS, 10).await;
    let mut stream = connect(edge.address, &["http/1.1"]).await.unwrap();
    let answer = say(
        &mut stream,
        b"HEAD /robots.txt HTTP/1.1\r\nHost: o\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(status(&answer), 200);
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn http_2_is_spoken_and_cookies_in_pieces_are_put_together() {
    let edge = edge(LIMITS, 10).await;
    let stream = connect(edge.address, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(stream),
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://octroi.test/domaineGar?x")
        .body(http_body_util::Full::new(bytes::Bytes::new()))
        .unwrap();
    let answers = [
        sender.send_request(request.clone()),
        sender.send_request(request),
    ];
    for answer in answers {
        let answer = answer.await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (200, http::Version::HTTP_2)
        );
        assert!(answer.headers().contains_key("strict-transport-security"));
    }
}

#[tokio::test]
async fn stopping_ends_what_is_under_way_and_takes_nothing_new() {
    let edge = edge(LIMITS, 10).await;
    let slow = tokio::spawn(async move { get(edge.address, "/domaineGar?slow").await });
    let idle = connect(edge.address, &["http/1.1"]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    edge.server.stop();
    let answer = slow.await.unwrap();
    assert_eq!(
        (status(&answer), header(&answer, "connection")),
        (200, Some("close"))
    );
    assert!(edge.server.drained(Duration::from_secs(3)).await);
    drop(idle);
    assert!(connect(edge.address, &["http/1.1"]).await.is_err());
    assert_eq!(edge.metrics.http.connections_open.get(), 0);
}
