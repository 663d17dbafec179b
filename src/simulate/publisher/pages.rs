//! A publisher's pages: its catalogue, a resource, and what it was told of whoever is in.

use std::fmt::Write as _;
use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::judge::Complaint;
use super::saml::Wish;
use super::{PublisherSite, Told};
use crate::simulate::country::resource::Delivery;
use crate::simulate::markup::html;
use crate::simulate::pages::page;
use crate::simulate::server::{Answer, Request, answer};

impl PublisherSite {
    /// Everything it offers, with the ways to begin here.
    pub(super) fn catalogue(&self, request: &Request) -> Answer {
        let mut body = String::new();
        if self.session(request).is_some() {
            body.push_str("<section><p><a href=\"/session\">What this publisher was told of you</a></p></section>");
        }
        body.push_str(
            "<section><h2>Begin here</h2><p><a href=\"/saml/login?binding=redirect\">by redirect</a> · <a href=\"/saml/login?binding=post\">by post</a> · \
             <a href=\"/saml/login?passive=1\">without disturbing (IsPassive)</a> · <a href=\"/saml/login?force=1\">sign in anew (ForceAuthn)</a></p></section>",
        );
        if let Some((country, place)) = self.place() {
            body.push_str("<section><h2>Resources</h2><table><tr><th>Resource</th><th>Delivery</th><th></th></tr>");
            let (first, count) = country.resources_of(place);
            for index in first..first + count.min(300) {
                let resource = country.resource(index);
                let path = resource
                    .access_url
                    .strip_prefix(&self.judge.publisher.origin)
                    .unwrap_or("/");
                let relay: String =
                    form_urlencoded::byte_serialize(resource.access_url.as_bytes()).collect();
                let _ = write!(
                    body,
                    "<tr><td>{}<br><code>{}</code></td><td>{}</td><td><a href=\"{}\">open</a> <a href=\"/saml/login?relay={relay}&amp;binding=post\">by post</a></td></tr>",
                    html(&resource.title),
                    html(&resource.ark),
                    if resource.delivery == Delivery::Push {
                        "push"
                    } else {
                        "pull"
                    },
                    html(path),
                );
            }
            body.push_str("</table></section>");
        }
        self.page(StatusCode::OK, &body)
    }

    /// A resource: for who is in, or by way of the gateway.
    pub(super) fn resource(&self, request: &Request) -> Answer {
        let url = format!("{}{}", self.judge.publisher.origin, request.path);
        let binding = self.judge.publisher.binding;
        match self.session(request) {
            Some(told) if request.query("anew").is_none() => {
                let title = self
                    .place()
                    .and_then(|(country, place)| {
                        let (first, count) = country.resources_of(place);
                        (first..first + count)
                            .map(|i| country.resource(i))
                            .find(|r| r.access_url == url)
                    })
                    .map_or_else(|| request.path.clone(), |r| r.title);
                let heading = format!(
                    "<section><h2>{}</h2><p class=\"good\">The resource is open.</p></section>",
                    html(&title)
                );
                self.page(StatusCode::OK, &(heading + &shown(&told)))
            }
            _ => self.start(Wish {
                relay_state: Some(url),
                passive: false,
                force: false,
                binding,
            }),
        }
    }

    /// What the publisher was told.
    pub(super) fn show_session(&self, request: &Request) -> Answer {
        match self.session(request) {
            Some(told) if request.wants_json() => self.as_json(&told),
            Some(told) => self.page(StatusCode::OK, &shown(&told)),
            None => self.page(
                StatusCode::OK,
                "<section><p>Nobody is in. <a href=\"/\">Catalogue</a></p></section>",
            ),
        }
    }

    pub(super) fn signed_out(&self) -> Answer {
        self.page(
            StatusCode::OK,
            "<section><h2>Signed out</h2><p><a href=\"/\">Catalogue</a></p></section>",
        )
    }

    pub(super) fn as_json(&self, told: &Arc<Told>) -> Answer {
        let text = json!({ "publisher": self.judge.publisher.id, "told": **told }).to_string();
        answer(StatusCode::OK, "application/json", text)
    }

    pub(super) fn complain(&self, request: &Request, complaint: &Complaint) -> Answer {
        if request.wants_json() {
            let status = match complaint {
                Complaint::Status(top, second) => json!([top, second]),
                _ => serde_json::Value::Null,
            };
            let text = json!({ "publisher": self.judge.publisher.id, "refused": complaint.to_string(), "status": status });
            return answer(StatusCode::FORBIDDEN, "application/json", text.to_string());
        }
        let words = html(&complaint.to_string());
        let body =
            format!("<section><h2>Nobody was let in</h2><p class=\"bad\">{words}</p></section>");
        self.page(StatusCode::FORBIDDEN, &body)
    }

    fn page(&self, status: StatusCode, body: &str) -> Answer {
        page(status, &self.judge.publisher.name, "publisher", body)
    }

    /// This publisher in the country.
    fn place(&self) -> Option<(&crate::simulate::country::Country, usize)> {
        let country = self.country.as_deref()?;
        let place = country
            .publishers
            .iter()
            .position(|p| p.id == self.judge.publisher.id)?;
        Some((country, place))
    }
}

/// What was told, as a table.
fn shown(told: &Told) -> String {
    let mut body = String::from("<section><h2>What this publisher was told of you</h2><table>");
    for (name, values) in &told.attributes {
        let values: Vec<String> = values.iter().map(|v| html(v)).collect();
        let _ = write!(
            body,
            "<tr><th>{}</th><td><code>{}</code></td></tr>",
            html(name),
            values.join("<br>")
        );
    }
    let none = || "none".to_owned();
    let (format, name) = told.name_id.clone().unwrap_or_else(|| (none(), none()));
    let _ = write!(
        body,
        "</table></section><section><h2>The message</h2><table>\
         <tr><th>NameID</th><td><code>{}</code> <span class=\"soft\">{}</span></td></tr>\
         <tr><th>Assertion</th><td><code>{}</code></td></tr><tr><th>InResponseTo</th><td><code>{}</code></td></tr>\
         <tr><th>Signed in by</th><td><code>{}</code></td></tr><tr><th>Encrypted</th><td>{}</td></tr>\
         <tr><th>Verified by xmlsec1</th><td>{}</td></tr></table></section>\
         <section><form method=\"post\" action=\"/sign-out\"><button>Sign out</button></form></section>",
        html(&name),
        html(format.rsplit(':').next().unwrap_or_default()),
        html(&told.assertion_id),
        html(told.in_response_to.as_deref().unwrap_or("none (push)")),
        html(&told.authorities.join(", ")),
        if told.encrypted { "yes" } else { "no" },
        if told.verified_by_xmlsec1 {
            "yes"
        } else {
            "not asked"
        },
    );
    body
}
