//! A publisher's SAML: its request out, the gateway's Response in, and leaving.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use octroi_dsig::redirect::MessageKind;
use octroi_dsig::{Signer, base64};
use octroi_saml::authn_request::{AuthnRequestToIssue, Comparison, write_request};
use octroi_saml::binding::redirect_url;
use octroi_saml::issue::IssueError;
use octroi_saml::{Check, new_id};
use octroi_xml::{Limits, parse};

use super::judge::Complaint;
use super::{COOKIE, PublisherSite, REQUEST_COOKIE, Told, plain};
use crate::clock::system_now;
use crate::simulate::SystemRandom;
use crate::simulate::country::partner::RequestBinding;
use crate::simulate::markup::{attribute, text};
use crate::simulate::pages::send_form;
use crate::simulate::server::{Answer, Request, see_other, set_cookie};

/// Longest message read.
const MAX_MESSAGE: usize = 512 * 1024;

/// What a publisher asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) relay_state: Option<String>,
    pub(super) passive: bool,
    pub(super) force: bool,
    pub(super) binding: RequestBinding,
}

impl PublisherSite {
    /// `GET /saml/login?relay=…&passive=1&force=1&binding=post|redirect`.
    pub(super) fn login(&self, request: &Request) -> Answer {
        let binding = match request.query("binding").as_deref() {
            Some("post") => RequestBinding::Post,
            Some("redirect") => RequestBinding::Redirect,
            _ => self.judge.publisher.binding,
        };
        let set = |name| request.query(name).is_some();
        self.start(Wish {
            relay_state: request.query("relay"),
            passive: set("passive"),
            force: set("force"),
            binding,
        })
    }

    /// Sends the browser to the gateway with an AuthnRequest.
    pub(super) fn start(&self, wish: Wish) -> Answer {
        let id = new_id(&mut SystemRandom);
        let started = self.request(&id, &wish);
        self.requests.insert(id.clone(), wish.relay_state);
        match started {
            Ok(mut answer) => {
                set_cookie(&mut answer, REQUEST_COOKIE, &id);
                answer
            }
            Err(_) => plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the request could not be signed\n",
            ),
        }
    }

    fn request(&self, id: &str, wish: &Wish) -> Result<Answer, IssueError> {
        let publisher = &self.judge.publisher;
        let request = AuthnRequestToIssue {
            id,
            issuer: &publisher.entity_id,
            destination: &self.gateway.sso,
            acs_url: &self.judge.acs,
            now: system_now(),
            force_authn: wish.force,
            is_passive: wish.passive,
            name_id_format: None,
            authn_context: &[],
            comparison: Comparison::Exact,
            proxy_count: None,
            requester_ids: &[],
        };
        let signer: Option<&dyn Signer> = publisher.signs_requests.then_some(&self.signer);
        let relay_state = wish.relay_state.as_deref();
        let mut xml = Vec::new();
        match wish.binding {
            RequestBinding::Redirect => {
                write_request(&request, None, &mut xml)?;
                let url = redirect_url(
                    &self.gateway.sso,
                    MessageKind::Request,
                    &xml,
                    relay_state,
                    signer,
                )?;
                Ok(see_other(&url))
            }
            RequestBinding::Post => {
                write_request(&request, signer, &mut xml)?;
                let message = base64::encode_to_string(&xml);
                let mut fields = vec![("SAMLRequest", message.as_str())];
                fields.extend(relay_state.map(|state| ("RelayState", state)));
                Ok(send_form(&publisher.name, &self.gateway.sso, &fields))
            }
        }
    }

    /// The assertion consumer service.
    pub(super) async fn consume(self: Arc<Self>, request: Request) -> Answer {
        let relay_state = request.form("RelayState");
        let message = request.form("SAMLResponse").unwrap_or_default();
        let Ok(xml) = base64::decode(&message, MAX_MESSAGE) else {
            return self.complain(&request, &Complaint::Check(Check::XmlMalformed));
        };
        let awaited = self.awaited(&request, &xml);
        let site = Arc::clone(&self);
        let judged =
            tokio::task::spawn_blocking(move || site.judge(&xml, awaited.as_deref())).await;
        match judged {
            Ok(Ok(told)) => self.welcome(&request, told, relay_state.as_deref()),
            Ok(Err(complaint)) => self.complain(&request, &complaint),
            Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the judge broke off\n"),
        }
    }

    /// The request that this Response answers, if this browser made it and it was not answered before.
    fn awaited(&self, request: &Request, xml: &[u8]) -> Option<String> {
        let document = parse(xml, &Limits::default()).ok()?;
        let id = document.root().attribute("InResponseTo")?;
        let ours = request.cookie(REQUEST_COOKIE) == Some(id);
        (ours && self.requests.remove(id).is_some()).then(|| id.to_owned())
    }

    fn judge(&self, xml: &[u8], in_response_to: Option<&str>) -> Result<Told, Complaint> {
        let mut told = self.judge.read(xml, in_response_to, system_now())?;
        if self.used.contains_key(&told.assertion_id) {
            return Err(Complaint::Replayed);
        }
        self.used.insert(told.assertion_id.clone(), ());
        if let Some(xmlsec1) = self.verifier.asked() {
            self.judge.verify(xml, &told, xmlsec1)?;
            told.verified_by_xmlsec1 = true;
        }
        Ok(told)
    }

    fn welcome(&self, request: &Request, told: Told, relay_state: Option<&str>) -> Answer {
        let id = new_id(&mut SystemRandom);
        let told = Arc::new(told);
        self.sessions.insert(id.clone(), Arc::clone(&told));
        let mut answer = if request.wants_json() {
            self.as_json(&told)
        } else {
            // Only a resource of its own is ever gone to.
            let own =
                relay_state.and_then(|state| state.strip_prefix(&self.judge.publisher.origin));
            see_other(
                own.filter(|path| path.starts_with("/r/"))
                    .unwrap_or("/session"),
            )
        };
        set_cookie(&mut answer, COOKIE, &id);
        set_cookie(&mut answer, REQUEST_COOKIE, "");
        answer
    }

    /// Leaves the publisher and tells the gateway, by redirect.
    pub(super) fn sign_out(&self, request: &Request) -> Answer {
        let session = self.session(request);
        if let Some(cookie) = request.cookie(COOKIE) {
            self.sessions.invalidate(cookie);
        }
        let told = session.and_then(|told| self.logout_url(&told).ok());
        let mut answer = see_other(told.as_deref().unwrap_or("/"));
        set_cookie(&mut answer, COOKIE, "");
        answer
    }

    fn logout_url(&self, told: &Told) -> Result<String, IssueError> {
        let now = system_now();
        let (format, name) = told
            .name_id
            .as_ref()
            .map_or(("", ""), |(f, n)| (f.as_str(), n.as_str()));
        let index = told
            .session_index
            .as_deref()
            .map_or_else(String::new, |index| {
                format!("<samlp:SessionIndex>{}</samlp:SessionIndex>", text(index))
            });
        let format = if format.is_empty() {
            String::new()
        } else {
            format!(" Format=\"{}\"", attribute(format))
        };
        let xml = format!(
            "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{}\" ID=\"{}\" IssueInstant=\"{now}\" NotOnOrAfter=\"{}\" Version=\"2.0\">\
             <saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">{}</saml:Issuer>\
             <saml:NameID xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"{format}>{}</saml:NameID>{index}</samlp:LogoutRequest>",
            attribute(&self.gateway.publisher_slo),
            new_id(&mut SystemRandom),
            now.plus(Duration::from_secs(300)),
            text(&self.judge.publisher.entity_id),
            text(name),
        );
        redirect_url(
            &self.gateway.publisher_slo,
            MessageKind::Request,
            xml.as_bytes(),
            None,
            Some(&self.signer),
        )
    }
}
