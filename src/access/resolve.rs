//! Stage 4: which resource of which publisher, and whether this person may use it.
//!
//! Asks the pinned directory and nobody else. The same for every way here: after a portal's answer, or from a
//! session (a session says who, never what).

use super::code::Code;
use super::engine::{Access, Traces};
use super::refusal::Refusal;
use crate::state::session::Identity;
use crate::trust::Publisher;
use octroi_entitlements::{Grant, Query, Resource};
use octroi_saml::Check;

/// A person who may use a resource.
#[derive(Debug)]
pub struct Resolved<'p> {
    /// The publisher that gets the answer.
    pub publisher: &'p Publisher,
    /// The resource.
    pub resource: Resource<'p>,
    /// The yes.
    pub grant: Grant<'p>,
}

/// The resource with this name, and its publisher through the policy point.
///
/// # Errors
/// [`Code::ResourceUnknown`] and the policy point's refusals.
pub fn find<'p>(
    access: &Access<'p>,
    resource: &str,
    traces: &mut Traces,
) -> Result<(Resource<'p>, &'p Publisher), Refusal> {
    let resource = access.pinned.snapshot().resource(resource).ok_or_else(|| {
        Refusal::new(
            Code::ResourceUnknown,
            resource.chars().take(100).collect::<String>(),
        )
    })?;
    traces.resource = Some(resource.id().to_owned());
    let id = resource.publisher().id();
    traces.publisher = Some(id.to_owned());
    let publisher = access
        .pinned
        .trust
        .publisher(id, access.now)
        .map_err(|e| Refusal::publisher(e, id))?;
    Ok((resource, publisher))
}

/// Whether this person may use this resource now.
///
/// # Errors
/// The rule that says no; `proxy-audience` when the portal does not let its word be passed on to this publisher.
pub fn resolve<'p>(
    access: &Access<'p>,
    identity: &'p Identity,
    resource: &'p str,
    school: Option<&'p str>,
    traces: &mut Traces,
) -> Result<Resolved<'p>, Refusal> {
    let (resource, publisher) = find(access, resource, traces)?;
    if !identity
        .proxy_audiences
        .iter()
        .all(|list| list.contains(&publisher.entity_id))
    {
        return Err(octroi_saml::Refusal::new(Check::ProxyAudience).into());
    }
    let query = Query {
        ent: &identity.ent,
        person: &identity.person,
        resource: resource.id(),
        school,
        at: access.now.unix_seconds(),
    };
    let grant = access.pinned.directory.resolve(&query)?;
    Ok(Resolved {
        publisher,
        resource,
        grant,
    })
}
