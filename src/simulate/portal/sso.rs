//! A portal's SAML: the gateway's request in, a Response out; portal-first; logout.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use http_body_util::Full;
use octroi_dsig::redirect::RawQuery;
use octroi_dsig::{AlgorithmPolicy, base64};
use octroi_saml::authn_request::{AuthnRequest, DEFAULT_MAX_AGE, Received, RequestExpectations};
use octroi_saml::metadata::SpRole;
use octroi_saml::{Refusal, new_id};

use super::write::{self, Written};
use super::{COOKIE, Defect, Flow, PortalSite, Session};
use crate::simulate::SystemRandom;
use crate::simulate::country::partner::PortalStyle;
use crate::simulate::markup::html;
use crate::simulate::pages::{page, send_form};
use crate::simulate::server::{Answer, Request, see_other, set_cookie};

/// Longest message read.
const MAX_MESSAGE: usize = 256 * 1024;

impl PortalSite {
    /// The gateway asks who this is.
    pub(super) async fn sso(self: Arc<Self>, request: &Request) -> Answer {
        let (asked, relay_state) = match self.read_request(request) {
            Ok(read) => read,
            Err(refusal) => {
                let code = html(refusal.check().code());
                let body = format!(
                    "<section><h2>The gateway's request is refused</h2><p class=\"bad\">{code}</p></section>"
                );
                return page(StatusCode::BAD_REQUEST, &self.portal.name, "portal", &body);
            }
        };
        let session = self.session(request).filter(|_| !asked.force_authn);
        match session {
            Some(session) => {
                self.respond(&session, Some(&asked.id), relay_state.as_deref())
                    .await
            }
            None if asked.is_passive => {
                let (_, nobody) = self.open(String::new(), Defect::None);
                let say = self.say(&nobody, Some(&asked.id));
                let xml = write::status(&say, "NoPassive", &mut SystemRandom);
                self.post(&xml, relay_state.as_deref())
            }
            None => {
                let flow = new_id(&mut SystemRandom);
                self.flows.insert(
                    flow.clone(),
                    Flow {
                        request: asked.id,
                        relay_state,
                    },
                );
                see_other(&format!("/?flow={flow}"))
            }
        }
    }

    fn read_request(&self, request: &Request) -> Result<(AuthnRequest, Option<String>), Refusal> {
        let xml;
        let (received, relay_state) = if request.method == Method::POST {
            xml = base64::decode(
                &request.form("SAMLRequest").unwrap_or_default(),
                MAX_MESSAGE,
            )
            .map_err(|_| Refusal::new(octroi_saml::Check::XmlMalformed))?;
            (Received::post(&xml)?, request.form("RelayState"))
        } else {
            (
                Received::redirect(RawQuery::parse(&request.query)?)?,
                request.query("RelayState"),
            )
        };
        let modern = self.portal.style == PortalStyle::Modern;
        let role = SpRole {
            signing_keys: self.gateway.keys.clone(),
            authn_requests_signed: modern,
            ..SpRole::default()
        };
        let asked = received.accept(&RequestExpectations {
            now: crate::clock::system_now(),
            skew: Duration::from_secs(60),
            destination: &format!("{}/sso", self.portal.origin),
            publisher_entity_id: &self.gateway.sp_entity_id,
            publisher: &role,
            algorithms: AlgorithmPolicy::default(),
            signature_required: modern,
            max_age: DEFAULT_MAX_AGE,
        })?;
        Ok((asked, relay_state))
    }

    /// Somebody clicked a name at the desk.
    pub(super) async fn sign_in(self: Arc<Self>, request: &Request) -> Answer {
        let person = request.form("person").unwrap_or_default();
        let defect = Defect::named(&request.form("defect").unwrap_or_default());
        let (id, session) = self.open(person.trim().to_owned(), defect);
        let flow = request
            .form("flow")
            .and_then(|flow| self.flows.remove(&flow));
        let mut answer = match flow {
            Some(flow) => {
                self.respond(&session, Some(&flow.request), flow.relay_state.as_deref())
                    .await
            }
            None => see_other("/"),
        };
        set_cookie(&mut answer, COOKIE, &id);
        answer
    }

    /// A Response that nobody asked for. RelayState names the resource.
    pub(super) async fn portal_first(self: Arc<Self>, request: &Request) -> Answer {
        match self.session(request) {
            Some(session) => {
                self.respond(&session, None, request.query("resource").as_deref())
                    .await
            }
            None => see_other("/"),
        }
    }

    async fn respond(
        self: &Arc<Self>,
        session: &Arc<Session>,
        in_response_to: Option<&str>,
        relay_state: Option<&str>,
    ) -> Answer {
        // Signing may start a process (RSA-SHA1), so it is done where blocking is allowed.
        let (site, owner, asked) = (
            Arc::clone(self),
            Arc::clone(session),
            in_response_to.map(str::to_owned),
        );
        let written = tokio::task::spawn_blocking(move || {
            write::response(
                &site.say(&owner, asked.as_deref()),
                &site.keys(),
                &mut SystemRandom,
            )
        })
        .await;
        match written {
            Ok(Ok(written)) => {
                let answer = self.post(&written.xml, relay_state);
                session.remember(written);
                answer
            }
            Ok(Err(error)) => self.failed(&error.to_string()),
            Err(error) => self.failed(&error.to_string()),
        }
    }

    fn post(&self, xml: &[u8], relay_state: Option<&str>) -> Answer {
        let message = base64::encode_to_string(xml);
        let mut fields = vec![("SAMLResponse", message.as_str())];
        fields.extend(relay_state.map(|state| ("RelayState", state)));
        send_form(&self.portal.name, &self.gateway.acs, &fields)
    }

    fn failed(&self, why: &str) -> Answer {
        let body = format!(
            "<section><h2>The portal failed</h2><p class=\"bad\">{}</p></section>",
            html(why)
        );
        page(
            StatusCode::INTERNAL_SERVER_ERROR,
            &self.portal.name,
            "portal",
            &body,
        )
    }

    /// Leaves the portal, and tells the gateway by SOAP as portals do.
    pub(super) async fn sign_out(self: Arc<Self>, request: &Request) -> Answer {
        let session = self.session(request);
        if let Some(cookie) = request.cookie(COOKIE) {
            self.sessions.invalidate(cookie);
        }
        let told = match session {
            Some(session) => self.tell_gateway(session).await,
            None => "nobody was signed in".to_owned(),
        };
        let body = format!(
            "<section><h2>Signed out of the portal</h2><p>Gateway: {}</p><p><a href=\"/\">Back to the desk</a></p></section>",
            html(&told)
        );
        let mut answer = page(StatusCode::OK, &self.portal.name, "portal", &body);
        set_cookie(&mut answer, COOKIE, "");
        answer
    }

    /// What the gateway answered to a LogoutRequest, in words.
    async fn tell_gateway(self: &Arc<Self>, session: Arc<Session>) -> String {
        let Some(sent) = session.sent() else {
            return "not told, because nothing was ever sent to it".to_owned();
        };
        let site = Arc::clone(self);
        let soap = tokio::task::spawn_blocking(move || {
            let say = site.say(&session, None);
            write::logout(
                &say,
                &site.gateway.portal_slo,
                &sent,
                &*site.signer,
                &mut SystemRandom,
            )
        })
        .await;
        let Ok(Ok(soap)) = soap else {
            return "the LogoutRequest could not be signed".to_owned();
        };
        let request = http::Request::post(&self.gateway.portal_slo)
            .header(header::CONTENT_TYPE, "text/xml; charset=utf-8")
            .header(
                "SOAPAction",
                "http://www.oasis-open.org/committees/security",
            )
            .body(Full::new(Bytes::from(soap)));
        let Ok(request) = request else {
            return "its address is malformed".to_owned();
        };
        match self.client.send(request).await {
            Ok(answer) => {
                let done = answer
                    .body()
                    .windows(15)
                    .any(|window| window == b"status:Success\"");
                format!(
                    "{} {}",
                    answer.status(),
                    if done { "Success" } else { "without success" }
                )
            }
            Err(error) => error.to_string(),
        }
    }
}

impl Session {
    fn remember(&self, written: Written) {
        if let Ok(mut sent) = self.sent.lock() {
            *sent = Some(written);
        }
    }

    fn sent(&self) -> Option<Written> {
        self.sent.lock().ok()?.clone()
    }
}
