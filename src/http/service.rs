//! One request from its first line to its answer.
//!
//! The order is the order of costs: the table, the method, the content type, the body within its limits,
//! the door, and only then the endpoint. Whatever happens, an answer has the headers of `headers` and is
//! counted under its route.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming as HyperBody;

use super::admission::Admission;
use super::body::{self, Bodies, BodyError};
use super::catch::CatchPanic;
use super::exchange::{Answer, Language, Outgoing, TraceId};
use super::headers::{self, Body};
use super::refusal::EdgeRefusal;
use super::request;
use super::routes::{self, Route};
use super::well_known;
use crate::clock::system_now;
use crate::observe::metrics::Metrics;
use crate::pages::{IndexPage, style};

/// What the edge itself says about the gateway, and the limits of a request. Replaced at reload.
#[derive(Clone, Debug)]
pub struct Front {
    /// Our public URL.
    pub base_url: String,
    /// Who runs the gateway.
    pub organization: String,
    /// Where to report a security problem.
    pub contact: String,
    /// The longest body.
    pub body_bytes: usize,
    /// The longest wait for a body.
    pub body_time: Duration,
}

/// Answers requests: the edge around an [`Answer`].
#[derive(Debug)]
pub struct Service<A> {
    access: A,
    front: ArcSwap<Front>,
    admission: Arc<Admission>,
    bodies: Arc<Bodies>,
    metrics: Arc<Metrics>,
}

impl<A: Answer> Service<A> {
    /// The edge around `access`.
    pub fn new(access: A, front: Front, admission: Arc<Admission>, metrics: Arc<Metrics>) -> Self {
        Self {
            access,
            front: ArcSwap::from_pointee(front),
            admission,
            bodies: Arc::default(),
            metrics,
        }
    }

    /// Replaces what the edge says and its limits.
    pub fn set_front(&self, front: Front) {
        self.front.store(Arc::new(front));
    }

    /// The door.
    #[must_use]
    pub fn admission(&self) -> &Arc<Admission> {
        &self.admission
    }

    /// The metrics.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// What stands behind the edge.
    #[must_use]
    pub fn access(&self) -> &A {
        &self.access
    }

    /// Answers one request. An error means that there is nobody left to answer.
    pub(super) async fn handle(
        &self,
        request: Request<HyperBody>,
        peer: IpAddr,
    ) -> Result<Response<Body>, hyper::Error> {
        let started = Instant::now();
        let version = request.version();
        let method = method_label(request.method());
        let row = routes::find(request.uri().path());
        let route = row.map_or(UNKNOWN, |row| row.route.label());
        let (mut response, received) =
            match CatchPanic::new(self.dispatch(request, peer, row)).await {
                Ok(answer) => answer?,
                Err(_) => (self.panicked(route), started),
            };
        let code = code_label(response.status().as_u16());
        self.metrics
            .http
            .requests
            .with_label_values(&[route, method, code])
            .inc();
        self.metrics
            .http
            .duration
            .with_label_values(&[route])
            .observe(received.elapsed().as_secs_f64());
        if self.admission.is_draining() && version <= Version::HTTP_11 {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        Ok(response)
    }

    /// The answer, and when the request was complete.
    async fn dispatch(
        &self,
        request: Request<HyperBody>,
        peer: IpAddr,
        row: Option<&'static routes::Row>,
    ) -> Result<(Response<Body>, Instant), hyper::Error> {
        let (parts, body) = request.into_parts();
        let at = Place {
            route: row.map_or(UNKNOWN, |row| row.route.label()),
            language: request::language(&parts.headers),
            trace: TraceId::random(),
        };
        let now = Instant::now();

        let Some(row) = row else {
            return Ok((self.refuse(EdgeRefusal::NotFound, &at, None), now));
        };
        if !row.methods.takes(&parts.method) {
            let mut response = self.refuse(EdgeRefusal::MethodNotAllowed, &at, None);
            headers::allow(&mut response, row.methods.allow());
            return Ok((response, now));
        }
        let post = parts.method == http::Method::POST;
        if post
            && !row
                .bodies
                .takes(request::content_type(&parts.headers).as_deref())
        {
            return Ok((
                self.refuse(EdgeRefusal::ContentTypeUnsupported, &at, None),
                now,
            ));
        }
        let Route::Access(endpoint) = row.route else {
            return Ok((self.own_page(row.route, parts.uri.path(), &at), now));
        };

        let mut incoming = request::incoming(&parts, peer, at.trace);
        let mut held = self.bodies.hold();
        if post {
            let (most, longest) = {
                let front = self.front.load();
                (front.body_bytes, front.body_time)
            };
            match body::read(&parts.headers, body, most, longest, &mut held).await {
                Ok(body) => incoming.body = body,
                Err(BodyError::Gone(error)) => return Err(error),
                Err(BodyError::Refused(refusal)) => {
                    if refusal == EdgeRefusal::Overloaded {
                        self.metrics.http.shed.with_label_values(&["memory"]).inc();
                    }
                    let mut response = self.refuse(refusal, &at, None);
                    if parts.version <= Version::HTTP_11 {
                        // The rest of the body is still on its way: do not read it.
                        response.headers_mut().insert(CONNECTION, CLOSE);
                    }
                    return Ok((response, Instant::now()));
                }
            }
        }
        incoming.received = Instant::now();
        let received = incoming.received;
        let response = match self.admission.enter() {
            Ok(_ticket) => headers::response(self.access.answer(endpoint, incoming).await),
            Err(refusal) => {
                let restart = self.access.restart_link(endpoint, &incoming);
                self.refuse(refusal, &at, restart.as_deref())
            }
        };
        Ok((response, received))
    }

    /// A refusal of the edge itself: its page, and its line in the log.
    fn refuse(&self, refusal: EdgeRefusal, at: &Place, restart: Option<&str>) -> Response<Body> {
        tracing::info!(code = refusal.code(), trace = %at.trace, route = at.route, "refused at the edge");
        let front = self.front.load();
        headers::response(refusal.page(at.language, at.trace, restart, Some(&front.contact)))
    }

    fn own_page(&self, route: Route, path: &str, at: &Place) -> Response<Body> {
        let front = self.front.load();
        match route {
            Route::Asset if path == style::path() => {
                headers::asset("text/css; charset=utf-8", style::CSS, true)
            }
            Route::Asset if path == style::ICON_PATH => {
                headers::asset("image/svg+xml", style::ICON, false)
            }
            Route::SecurityTxt => headers::response(well_known::security_txt(
                &front.base_url,
                &front.contact,
                system_now(),
            )),
            Route::Robots => headers::response(well_known::robots()),
            Route::Index => {
                let page = IndexPage {
                    language: at.language,
                    organization: &front.organization,
                    contact: &front.contact,
                };
                headers::response(Outgoing::page(200, page.render()))
            }
            Route::Asset | Route::Access(_) => self.refuse(EdgeRefusal::NotFound, at, None),
        }
    }

    fn panicked(&self, route: &'static str) -> Response<Body> {
        self.metrics.http.panics.inc();
        self.refuse(
            EdgeRefusal::Internal,
            &Place {
                route,
                language: Language::default(),
                trace: TraceId::random(),
            },
            None,
        )
    }
}

/// Where a request is, for the pages and log lines of the edge.
struct Place {
    route: &'static str,
    language: Language,
    trace: TraceId,
}

/// The route of paths that are not ours.
const UNKNOWN: &str = "unknown";

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Methods that are not ours share one label.
fn method_label(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "other",
    }
}

/// The statuses that the gateway answers with.
fn code_label(status: u16) -> &'static str {
    match status {
        200 => "200",
        303 => "303",
        400 => "400",
        403 => "403",
        404 => "404",
        405 => "405",
        408 => "408",
        413 => "413",
        415 => "415",
        429 => "429",
        500 => "500",
        503 => "503",
        other => match other / 100 {
            2 => "2xx",
            3 => "3xx",
            4 => "4xx",
            _ => "5xx",
        },
    }
}
