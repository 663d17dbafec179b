//! Choice pages: which resource, which portal; and `GET /choose`, where a choice arrives.
//!
//! The publisher's request waits in a flow cookie meanwhile. A choice is always one of what was on offer: a
//! resource of that publisher, a portal that may be used now.

use super::code::Code;
use super::depart::{self, remember};
use super::engine::{Access, Traces};
use super::entropy::Entropy;
use super::form;
use super::publisher_first;
use super::refusal::Refusal;
use crate::http::exchange::Outgoing;
use crate::pages::{ChoiceItem, ChoiceOf, ChoicePage};
use crate::state::flow::{Flow, FlowToken, PublisherRequest, Purpose};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Resources that one page offers at most; a publisher with more names its resource by RelayState.
const MAX_OFFERED: usize = 500;

/// Asks which resource is meant.
///
/// # Errors
/// When the request does not fit into a cookie.
pub fn resource(
    access: &Access<'_>,
    request: PublisherRequest,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    let publisher = request.publisher.clone();
    let flow = waiting(access, request)?;
    let items: Vec<_> = access
        .pinned
        .snapshot()
        .resources_of(&publisher)
        .filter(|resource| !resource.disabled() && resource.valid_at(access.seconds().into()))
        .take(MAX_OFFERED)
        .map(|resource| item(&flow, resource.name(), "resource", resource.id()))
        .collect();
    traces.publisher = Some(publisher);
    ask(access, &flow, ChoiceOf::Resource, &items)
}

/// Asks which portal is the person's.
///
/// # Errors
/// When the request does not fit into a cookie.
pub fn portal(
    access: &Access<'_>,
    request: PublisherRequest,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    traces.publisher = Some(request.publisher.clone());
    let flow = waiting(access, request)?;
    let items: Vec<_> = access
        .pinned
        .trust
        .portals(access.now)
        .map(|portal| item(&flow, &portal.name, "portal", &portal.id))
        .collect();
    ask(access, &flow, ChoiceOf::Portal, &items)
}

/// Takes a choice.
///
/// # Errors
/// [`Code::ChoiceInvalid`] when it is not on offer or came too late; else as the way goes on.
pub fn chosen(access: &Access<'_>, traces: &mut Traces) -> Result<Outgoing, Refusal> {
    let query = access
        .incoming
        .query
        .as_deref()
        .unwrap_or_default()
        .as_bytes();
    let value = |name, limit| {
        form::text(query, name, limit)
            .map_err(|error| Refusal::new(Code::ChoiceInvalid, error.to_string()))
    };
    let token = value("flow", 22)?.and_then(|token| FlowToken::parse(&token));
    let flow = token.and_then(|token| {
        Flow::find(
            token,
            &access.incoming.cookies,
            &access.pinned.trust.gateway().sealer,
            access.seconds(),
        )
    });
    let Some(Flow {
        purpose: Purpose::Publisher(mut request),
        asked: None,
        ..
    }) = flow
    else {
        return Err(Refusal::new(
            Code::ChoiceInvalid,
            "no such choice is open in this browser",
        ));
    };
    traces.publisher = Some(request.publisher.clone());
    access
        .pinned
        .trust
        .publisher(&request.publisher, access.now)
        .map_err(|refused| Refusal::publisher(refused, &request.publisher))?;
    match (value("resource", 1024)?, value("portal", 256)?) {
        (Some(id), None) if request.resource.is_none() => {
            let own = access
                .pinned
                .snapshot()
                .resource(&id)
                .filter(|r| r.publisher().id() == request.publisher);
            let own = own.ok_or_else(|| {
                Refusal::new(Code::ChoiceInvalid, "not a resource of this publisher")
            })?;
            request.resource = Some(own.id().to_owned());
            publisher_first::resource_chosen(access, *request, traces)
        }
        (None, Some(id)) if request.resource.is_some() => {
            let portal = access.pinned.trust.portal(&id, access.now);
            let portal = portal.map_err(|_| Refusal::new(Code::ChoiceInvalid, "not a portal"))?;
            depart::to_portal(access, portal, None, Purpose::Publisher(request), 0, traces)
        }
        _ => Err(Refusal::new(
            Code::ChoiceInvalid,
            "neither a resource nor a portal was chosen",
        )),
    }
}

fn waiting(access: &Access<'_>, request: PublisherRequest) -> Result<Flow, Refusal> {
    let mut entropy = Entropy::default();
    let token = FlowToken(entropy.token());
    entropy.sound()?;
    let purpose = Purpose::Publisher(Box::new(request));
    Ok(Flow {
        token,
        asked: None,
        started: access.seconds(),
        restarts: 0,
        purpose,
    })
}

fn item(flow: &Flow, label: &str, name: &str, value: &str) -> ChoiceItem {
    let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
    ChoiceItem {
        label: label.to_owned(),
        href: format!("/choose?flow={}&{name}={value}", flow.token.text()),
    }
}

fn ask(
    access: &Access<'_>,
    flow: &Flow,
    of: ChoiceOf,
    items: &[ChoiceItem],
) -> Result<Outgoing, Refusal> {
    let page = ChoicePage {
        language: access.incoming.language,
        of,
        items,
    }
    .render();
    let mut outgoing = Outgoing::page(200, page);
    remember(access, flow, &mut outgoing)?;
    Ok(outgoing)
}
