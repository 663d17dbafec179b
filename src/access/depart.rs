//! To the portal: a request of ours, a flow cookie, and the browser goes.
//!
//! Limited before anything is signed: starting sign-ins is what an attacker gets for free.

use super::code::Code;
use super::engine::{Access, Traces};
use super::entropy::Entropy;
use super::refusal::Refusal;
use super::witness::What;
use crate::http::exchange::Outgoing;
use crate::pages::form::{Field, write_form_page};
use crate::state::flow::{self, Asked, Flow, FlowToken, Purpose};
use crate::trust::{Portal, SingleSignOn};
use octroi_dsig::redirect::MessageKind;
use octroi_saml::authn_request::{AuthnRequestToIssue, Comparison, write_request};
use octroi_saml::binding::redirect_url;

/// Sends the browser to `portal`.
///
/// # Errors
/// [`Code::TooManySignIns`], [`Code::NotIssued`], [`Code::RelayStateTooLong`].
pub fn to_portal(
    access: &Access<'_>,
    portal: &Portal,
    ent: Option<&str>,
    purpose: Purpose,
    restarts: u8,
    traces: &mut Traces,
) -> Result<Outgoing, Refusal> {
    traces.portal = Some(portal.id.clone());
    traces.ent = ent.map(str::to_owned);
    let gateway = access.pinned.trust.gateway();
    let allowed = access.engine.rate.take(
        access.incoming.peer,
        access.now.unix_millis(),
        gateway.sign_ins_of_one,
        gateway.sign_ins_of_all,
    );
    if !allowed {
        return Err(Refusal::new(Code::TooManySignIns, ""));
    }
    let mut entropy = Entropy::default();
    let request_id = octroi_saml::new_id(&mut entropy);
    let token = FlowToken(entropy.token());
    entropy.sound()?;
    let (force_authn, proxy_count) = match &purpose {
        Purpose::Publisher(request) => (
            request.force_authn,
            request.proxy_count.map(|count| count.saturating_sub(1)),
        ),
        Purpose::Tile { .. } => (false, None),
    };
    let request = AuthnRequestToIssue {
        id: &request_id,
        issuer: &gateway.sp_entity_id,
        destination: portal.single_sign_on.location(),
        acs_url: &gateway.acs_url,
        now: access.now,
        force_authn,
        is_passive: false,
        name_id_format: None,
        authn_context: &[],
        comparison: Comparison::Exact,
        proxy_count,
        requester_ids: &[],
    };
    let relay_state = token.text();
    let failed =
        |error: octroi_saml::issue::IssueError| Refusal::new(Code::NotIssued, error.to_string());
    let mut xml = Vec::new();
    let signer = portal.request_signer.as_deref();
    let mut outgoing = match &portal.single_sign_on {
        SingleSignOn::Redirect(location) => {
            write_request(&request, None, &mut xml).map_err(failed)?;
            let url = redirect_url(
                location,
                MessageKind::Request,
                &xml,
                Some(&relay_state),
                signer,
            )
            .map_err(failed)?;
            Outgoing::redirect(url)
        }
        SingleSignOn::Post(location) => {
            write_request(&request, signer, &mut xml).map_err(failed)?;
            let mut page = Vec::new();
            write_form_page(
                location,
                Field::Request,
                &xml,
                Some(&relay_state),
                &mut page,
            );
            Outgoing::form_page(page)
        }
    };
    let asked = Asked {
        portal: portal.id.clone(),
        ent: ent.map(str::to_owned),
        request_id,
    };
    let flow = Flow {
        token,
        asked: Some(asked),
        started: access.seconds(),
        restarts,
        purpose,
    };
    remember(access, &flow, &mut outgoing)?;
    // A start that the trail does not take is only a line less: nothing was handed to anybody yet.
    let _ = access.tell(What::SignInStarted, traces, None);
    Ok(outgoing)
}

/// Gives the browser the flow to carry, and makes room for it.
///
/// # Errors
/// [`Code::RelayStateTooLong`] when it does not fit into a cookie.
pub fn remember(access: &Access<'_>, flow: &Flow, outgoing: &mut Outgoing) -> Result<(), Refusal> {
    let sealer = &access.pinned.trust.gateway().sealer;
    let cookie = flow
        .seal(sealer)
        .map_err(|error| Refusal::new(Code::RelayStateTooLong, error.to_string()))?;
    outgoing.cookies.extend(flow::make_room(
        &access.incoming.cookies,
        sealer,
        access.seconds(),
    ));
    outgoing.cookies.push(cookie);
    Ok(())
}
