//! The admin listener: `/metrics`, `/livez`, `/readyz`, `/status`. Plain HTTP, for loopback or a private network.
//!
//! | path | answer |
//! |---|---|
//! | `/metrics` | Prometheus text 0.0.4 |
//! | `/livez` | 200 as long as the process answers: restart it when it does not |
//! | `/readyz` | 200, or 503 with the reasons: send no new accesses |
//! | `/status` | JSON: what is in force since when, what was refused, partners and their states |
//!
//! Nothing can be changed here, and nothing names a person.

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::metrics::Metrics;
use crate::run::Running;

/// Scrapers and balancers are few.
const CONNECTIONS: usize = 64;
/// No scraper keeps a connection longer without a request.
const HEADER: Duration = Duration::from_secs(30);

/// Serves until the gateway is gone.
pub async fn run(listener: Arc<TcpListener>, running: Weak<Running>) {
    serve(&listener, move |request| {
        running
            .upgrade()
            .map_or_else(gone, |running| answer(request, &running))
    })
    .await;
}

/// Serves while the gateway has no snapshot yet: alive, and not ready; `status` says what it waits for.
pub async fn starting(
    listener: Arc<TcpListener>,
    metrics: Arc<Metrics>,
    status: impl Fn() -> serde_json::Value + Clone + Send + Sync + 'static,
) {
    serve(&listener, move |request| {
        let mut answer = match request.uri().path() {
            "/livez" => respond(StatusCode::OK, TEXT, "ok\n"),
            "/metrics" => measured(&metrics),
            "/status" => told(&status()),
            _ => respond(
                StatusCode::SERVICE_UNAVAILABLE,
                TEXT,
                "waiting for a first snapshot from the store\n",
            ),
        };
        // The next request shall meet the gateway.
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
        answer
    })
    .await;
}

async fn serve(
    listener: &TcpListener,
    answer: impl Fn(&Request<Incoming>) -> Answered + Clone + Send + Sync + 'static,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let answer = answer.clone();
        tokio::spawn(async move {
            let _place = place;
            let service = service_fn(|request| {
                let answer = answer(&request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let served = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER)
                .max_buf_size(16 << 10)
                .serve_connection(TokioIo::new(stream), service)
                .await;
            if let Err(error) = served {
                tracing::debug!(%error, "admin connection ended");
            }
        });
    }
}

type Answered = Response<Full<Bytes>>;

const TEXT: &str = "text/plain; charset=utf-8";

fn answer<B>(request: &Request<B>, running: &Arc<Running>) -> Answered {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return respond(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET\n");
    }
    match request.uri().path() {
        "/livez" => respond(StatusCode::OK, TEXT, "ok\n"),
        "/readyz" => {
            let reasons = running.unready();
            if reasons.is_empty() {
                respond(StatusCode::OK, TEXT, "ok\n")
            } else {
                respond(
                    StatusCode::SERVICE_UNAVAILABLE,
                    TEXT,
                    reasons.join("\n") + "\n",
                )
            }
        }
        "/metrics" => measured(running.metrics()),
        "/status" => told(&running.status_json()),
        _ => respond(
            StatusCode::NOT_FOUND,
            TEXT,
            "/metrics /livez /readyz /status\n",
        ),
    }
}

fn told(status: &serde_json::Value) -> Answered {
    respond(StatusCode::OK, "application/json", format!("{status:#}\n"))
}

fn measured(metrics: &Metrics) -> Answered {
    match metrics.render() {
        Ok(text) => respond(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            text,
        ),
        Err(error) => respond(
            StatusCode::INTERNAL_SERVER_ERROR,
            TEXT,
            format!("{error}\n"),
        ),
    }
}

fn gone() -> Answered {
    respond(StatusCode::SERVICE_UNAVAILABLE, TEXT, "stopped\n")
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answered {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
