//! Stage 3: who it is, and that this is the first time.
//!
//! The identity is exactly one `idEnt` and exactly one `GARPersonIdentifiant`; the project must be one of the
//! portal's own and that of the flow, so that no portal can speak for another's people. Then, when everything else
//! held, assertion and request are claimed together: from here on nobody can use either again.

use super::code::Code;
use super::engine::{Access, Traces};
use super::receive::Origin;
use super::refusal::Refusal;
use super::verify::Verified;
use crate::state::flow::{Flow, Purpose};
use crate::state::guard::{Claim, ClaimError, assertion_fingerprint, request_fingerprint};
use crate::state::journal::Fingerprint;
use crate::state::session::{Identity, name_id_mark, session_index_mark};
use crate::trust::Portal;
use octroi_saml::response::AcceptedAssertion;

/// The attribute that names the ENT project.
pub const ID_ENT: &str = "idEnt";
/// The attribute that names the person.
pub const PERSON: &str = "GARPersonIdentifiant";
const MAX_PERSON: usize = 64;

/// Somebody who has been let in to ask.
#[derive(Debug)]
pub struct Admitted<'p> {
    /// The portal that spoke.
    pub portal: &'p Portal,
    /// What for.
    pub purpose: Intent,
    /// Who.
    pub identity: Identity,
    /// Marks by which the portal can end the session.
    pub marks: PortalMarks,
    /// The flow that ended here.
    pub flow: Option<Flow>,
}

/// What the person wants.
#[derive(Clone, Debug)]
pub enum Intent {
    /// As the flow said.
    Flow(Purpose),
    /// A resource named by an unsolicited Response's RelayState.
    Named(String),
}

/// Marks by which a portal can end a session.
#[derive(Clone, Copy, Debug, Default)]
pub struct PortalMarks {
    /// Of its SessionIndex.
    pub session_index: Option<Fingerprint>,
    /// Of its NameID.
    pub name_id: Option<Fingerprint>,
}

/// Admits, and claims one-time use.
///
/// # Errors
/// The identity's codes, [`Code::AssertionReplayed`], [`Code::RequestAnswered`], [`Code::GuardUnavailable`].
pub async fn admit<'p>(
    access: &Access<'p>,
    verified: Verified<'p>,
    traces: &mut Traces,
) -> Result<Admitted<'p>, Refusal> {
    let Verified {
        portal,
        origin,
        assertion,
    } = verified;
    let (flow, asked) = match &origin {
        Origin::Asked(flow, asked) => (Some(flow), Some(asked)),
        Origin::Unsolicited(_) => (None, None),
    };
    let identity = identify(
        portal,
        &assertion,
        asked.and_then(|asked| asked.ent.as_deref()),
    )?;
    traces.ent = Some(identity.ent.clone());
    traces.person = Some(identity.person.clone());
    if let Some(flow) = flow {
        freshly_authenticated(flow, &assertion, portal)?;
    }
    claim(
        access,
        &assertion,
        asked.map(|asked| asked.request_id.as_str()),
    )
    .await
    .map_err(|error| {
        let refusal = Refusal::from(error);
        match (error, flow) {
            (ClaimError::AssertionUsed | ClaimError::RequestUsed, Some(flow)) => {
                super::answer::begin_anew(access, refusal, flow)
            }
            _ => refusal,
        }
    })?;
    let marks = PortalMarks {
        session_index: assertion
            .session_index
            .as_deref()
            .map(|index| session_index_mark(&portal.id, index)),
        name_id: assertion
            .name_id
            .as_ref()
            .map(|name| name_id_mark(&portal.id, &name.value)),
    };
    let (purpose, flow) = match origin {
        Origin::Asked(flow, _) => (Intent::Flow(flow.purpose.clone()), Some(flow)),
        Origin::Unsolicited(relay_state) => (Intent::Named(relay_state), None),
    };
    Ok(Admitted {
        portal,
        purpose,
        identity,
        marks,
        flow,
    })
}

/// Reads who it is.
///
/// # Errors
/// The code that names what is missing, doubled or foreign.
pub fn identify(
    portal: &Portal,
    assertion: &AcceptedAssertion,
    asked_for: Option<&str>,
) -> Result<Identity, Refusal> {
    let ent = one(assertion, ID_ENT)
        .map_err(|n| Refusal::new(Code::EntMissing, format!("{n} values")))?;
    let ent = ent.ok_or_else(|| Refusal::new(Code::EntMissing, "0 values"))?;
    if !portal.idents.iter().any(|own| own == ent) {
        return Err(Refusal::new(
            Code::EntNotOfPortal,
            format!("portal {}", portal.id),
        ));
    }
    if asked_for.is_some_and(|asked| asked != ent) {
        return Err(Refusal::new(
            Code::EntNotOfFlow,
            format!("portal {}", portal.id),
        ));
    }
    let person = match one(assertion, PERSON)
        .map_err(|n| Refusal::new(Code::PersonMissing, format!("{n} values")))?
    {
        Some(person) => person,
        None if portal.name_id_as_person => assertion
            .name_id
            .as_ref()
            .map(|name| name.value.as_str())
            .ok_or_else(|| Refusal::new(Code::PersonMissing, "no attribute and no NameID"))?,
        None => return Err(Refusal::new(Code::PersonMissing, "0 values")),
    };
    let length = person.chars().take(MAX_PERSON + 1).count();
    if length == 0 || length > MAX_PERSON || person.chars().any(char::is_control) {
        return Err(Refusal::new(
            Code::PersonInvalid,
            format!("{length} characters"),
        ));
    }
    Ok(Identity {
        portal: portal.id.clone(),
        ent: ent.to_owned(),
        person: person.to_owned(),
        authn_instant: assertion.authn_instant.unix_millis(),
        authn_context: assertion.authn_context.clone(),
        session_end: assertion
            .session_not_on_or_after
            .map(octroi_saml::Time::unix_millis),
        proxy_count: assertion.proxy_count,
        proxy_audiences: assertion.proxy_audiences.clone(),
        assertion_id: assertion.id.clone(),
    })
}

/// The one value of an attribute; `Err` with their number when it is not plain text, or there are several.
fn one<'a>(assertion: &'a AcceptedAssertion, name: &'a str) -> Result<Option<&'a str>, usize> {
    let named = || {
        assertion
            .attributes
            .iter()
            .filter(|attribute| attribute.name == name)
    };
    let count = named()
        .map(|attribute| attribute.values.len() + attribute.structured)
        .sum();
    match (named().next(), count) {
        (None, _) => Ok(None),
        (Some(_), 1) => assertion.values(name).next().map(Some).ok_or(1),
        (Some(_), n) => Err(n),
    }
}

/// Where a publisher demanded a fresh sign-in, the portal must not answer with an older one.
fn freshly_authenticated(
    flow: &Flow,
    assertion: &AcceptedAssertion,
    portal: &Portal,
) -> Result<(), Refusal> {
    let Purpose::Publisher(request) = &flow.purpose else {
        return Ok(());
    };
    let skew = i64::try_from(portal.skew.as_secs()).unwrap_or(0);
    let age = i64::from(flow.started) - assertion.authn_instant.unix_seconds();
    if request.force_authn && age > skew {
        return Err(Refusal::new(
            Code::ForceAuthnIgnored,
            format!("signed in {age} s before it was asked"),
        ));
    }
    Ok(())
}

async fn claim(
    access: &Access<'_>,
    assertion: &AcceptedAssertion,
    request: Option<&str>,
) -> Result<(), ClaimError> {
    let until = assertion.replay_until.unix_seconds().saturating_add(1);
    let claim = Claim {
        assertion: assertion_fingerprint(&assertion.issuer, &assertion.id),
        request: request.map(request_fingerprint),
        now: access.seconds(),
        until: u32::try_from(until).unwrap_or(u32::MAX).max(
            access
                .seconds()
                .saturating_add(crate::state::flow::FLOW_SECONDS),
        ),
    };
    access.engine.guard.claim(claim).await
}

impl From<ClaimError> for Refusal {
    fn from(error: ClaimError) -> Self {
        let code = match error {
            ClaimError::AssertionUsed => Code::AssertionReplayed,
            ClaimError::RequestUsed => Code::RequestAnswered,
            ClaimError::Full | ClaimError::NotKept(_) => Code::GuardUnavailable,
        };
        Self::new(code, error.to_string())
    }
}
