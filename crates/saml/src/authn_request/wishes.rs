//! What a request asks for, against what the publisher can have: where the answer goes (from metadata, by
//! exact match: L13), which name identifier, and whether a portal may be asked at all.

use super::AuthnRequest;
use crate::metadata::{IndexedEndpoint, SpRole};
use crate::uri::{binding, format};
use crate::{Check, Refusal};

impl SpRole {
    /// The endpoint for answers to requests that name none: the default of the metadata (Metadata 2.4.4:
    /// the first that says `isDefault="true"`, else the first that does not say false, else the first).
    ///
    /// # Errors
    /// [`Check::AcsMissing`] when none takes HTTP-POST.
    pub fn default_acs(&self) -> Result<&IndexedEndpoint, Refusal> {
        let usable = || self.assertion_consumer.iter().filter(|e| is_usable(e));
        usable()
            .find(|e| e.is_default == Some(true))
            .or_else(|| usable().find(|e| e.is_default.is_none()))
            .or_else(|| usable().next())
            .ok_or(Refusal::new(Check::AcsMissing))
    }
}

/// Only HTTP-POST can carry a Response to a browser here.
fn is_usable(endpoint: &IndexedEndpoint) -> bool {
    endpoint.binding == binding::POST
}

impl AuthnRequest {
    /// Where the answer goes: the endpoint that the request names, octet for octet one of the metadata's, or
    /// its default.
    ///
    /// # Errors
    /// [`Check::AcsUnknown`], [`Check::AcsIndexUnknown`], [`Check::AcsMissing`].
    pub fn resolve_acs<'m>(&self, publisher: &'m SpRole) -> Result<&'m IndexedEndpoint, Refusal> {
        let mut usable = publisher.assertion_consumer.iter().filter(|e| is_usable(e));
        match (&self.acs_url, self.acs_index) {
            (Some(url), _) => usable.find(|e| e.location == *url).ok_or_else(|| {
                let known = publisher.default_acs().map_or("", |e| e.location.as_str());
                Refusal::mismatch(Check::AcsUnknown, known, url)
            }),
            (None, Some(index)) => usable
                .find(|e| e.index == index)
                .ok_or(Refusal::new(Check::AcsIndexUnknown)),
            (None, None) => publisher.default_acs(),
        }
    }

    /// Whether the wishes can be met at all. `formats` are the name identifier formats this publisher can
    /// have. To be asked once the answer's address is known, so that a refusal can be a signed Status.
    ///
    /// # Errors
    /// [`Check::SubjectRequested`], [`Check::NameIdPolicy`], [`Check::AuthnContextUnmet`] (declarations are not
    /// compared), [`Check::ProxyingForbidden`] (Core 3.4.1.5.1: a ProxyCount of 0 forbids asking a portal).
    pub fn check_wishes(&self, formats: &[&str]) -> Result<(), Refusal> {
        if self.names_subject {
            return Err(Refusal::new(Check::SubjectRequested));
        }
        if let Some(policy) = &self.name_id_policy {
            let wanted = policy.format.as_deref().unwrap_or(format::UNSPECIFIED);
            if wanted != format::UNSPECIFIED && !formats.contains(&wanted) {
                return Err(Refusal::uri(Check::NameIdPolicy, wanted));
            }
            if policy
                .sp_name_qualifier
                .as_ref()
                .is_some_and(|qualifier| *qualifier != self.issuer)
            {
                return Err(Refusal::at(Check::NameIdPolicy, "SPNameQualifier"));
            }
        }
        if self
            .requested_authn_context
            .as_ref()
            .is_some_and(|context| context.class_refs.is_empty())
        {
            return Err(Refusal::new(Check::AuthnContextUnmet));
        }
        if self
            .scoping
            .as_ref()
            .is_some_and(|scoping| scoping.proxy_count == Some(0))
        {
            return Err(Refusal::at(Check::ProxyingForbidden, "ProxyCount"));
        }
        Ok(())
    }
}
