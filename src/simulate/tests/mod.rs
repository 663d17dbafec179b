//! Portals and publishers against each other's messages, without a gateway between them.

mod portals;
mod publishers;

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt;
use jiff::civil::date;

use super::SystemRandom;
use super::country::partner::Hosts;
use super::country::{Country, Shape};
use super::gateway::GatewayView;
use super::pages::{Form, form_of};
use super::server::{Answer, Request, Site};
use super::settings::Loaded;
use super::sign::read_key;
use crate::clock::system_now;

/// A small place, made once; its keys are what takes time.
pub(super) fn place() -> &'static Loaded {
    static PLACE: OnceLock<Loaded> = OnceLock::new();
    PLACE.get_or_init(|| {
        remove_left_behind();
        let out = std::env::temp_dir().join(format!("octroi-simulate-{}", std::process::id()));
        std::fs::create_dir_all(&out).unwrap();
        let shape = Shape {
            seed: 3,
            schools: 5,
            people: 150,
            resources: 30,
            portals: 4,
            projects: 0,
            national: false,
            publishers: 6,
            disabled_partners: false,
            unsolicited: false,
            day: date(2026, 11, 23),
            hosts: Hosts::default(),
        };
        Country::new(shape).unwrap().write_place(&out).unwrap();
        Loaded::read(&out.join("simulate.toml")).unwrap()
    })
}

/// Places of test runs that have ended: nothing ends with a program, so the next one tidies up.
fn remove_left_behind() {
    for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix("octroi-simulate-");
        if owner.is_some_and(|pid| !std::path::Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn get(host: &str, url: &str, cookie: &str) -> Request {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    request(Method::GET, host, path, query, cookie, Bytes::new())
}

fn post(host: &str, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Request {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    request(Method::POST, host, path, "", cookie, body.into())
}

fn request(
    method: Method,
    host: &str,
    path: &str,
    query: &str,
    cookie: &str,
    body: Bytes,
) -> Request {
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, cookie.parse().unwrap());
    headers.insert(header::ACCEPT, "application/json".parse().unwrap());
    Request {
        method,
        host: host.into(),
        path: path.into(),
        query: query.into(),
        headers,
        body,
    }
}

fn location(answer: &Answer) -> String {
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    answer.headers()[header::LOCATION]
        .to_str()
        .unwrap()
        .to_owned()
}

/// `name=value` of the cookie set.
fn cookie(answer: &Answer, name: &str) -> String {
    let all = answer
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|c| c.to_str().unwrap());
    all.rev()
        .find(|c| c.starts_with(name))
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned()
}

async fn text(answer: Answer) -> String {
    String::from_utf8(
        answer
            .into_body()
            .collect()
            .await
            .unwrap()
            .to_bytes()
            .to_vec(),
    )
    .unwrap()
}

async fn form(answer: Answer) -> Form {
    form_of(&text(answer).await).unwrap()
}
