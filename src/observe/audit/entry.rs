//! What a line of the trail says.

use octroi_saml::Time;
use serde::Serialize;

use crate::http::exchange::TraceId;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As asked.
    Done,
    /// Not; the code says why.
    Refused,
}

/// One event. Fields that are not known are left out of the line.
#[derive(Clone, Debug)]
pub struct AuditEntry<'a> {
    /// When.
    pub time: Time,
    /// In which request.
    pub trace: TraceId,
    /// What was done: `granted`, `refused`, `sign-in-started`, `logged-out`, …
    pub event: &'a str,
    /// How it ended.
    pub outcome: Outcome,
    /// The refusal's code.
    pub code: Option<&'a str>,
    /// The endpoint.
    pub endpoint: &'a str,
    /// The portal's id.
    pub portal: Option<&'a str>,
    /// The publisher's id.
    pub publisher: Option<&'a str>,
    /// The resource's id.
    pub resource: Option<&'a str>,
    /// The ENT project of the person.
    pub ent: Option<&'a str>,
    /// The person, as the ENT project names it.
    pub person: Option<&'a str>,
    /// The person's IDO at this publisher, so that a publisher's question leads to the person.
    pub pseudonym: Option<&'a str>,
    /// The portal's assertion (S14).
    pub upstream_assertion: Option<&'a str>,
    /// The assertion that was issued on its ground.
    pub issued_assertion: Option<&'a str>,
    /// The snapshot that decided.
    pub generation: u64,
    /// The last change since the snapshot that was applied.
    pub overlay: u64,
    /// What was measured, for a refusal.
    pub detail: &'a str,
}

/// The line as it is written: the entry between its number and its hash.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    pub(super) seq: u64,
    pub(super) time: String,
    pub(super) event: &'a str,
    pub(super) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'a str>,
    pub(super) trace: String,
    pub(super) endpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) portal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) publisher: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pseudonym: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued: Option<&'a str>,
    pub(super) generation: u64,
    pub(super) overlay: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) detail: &'a str,
}

impl<'a> Line<'a> {
    pub(super) fn new(seq: u64, entry: &AuditEntry<'a>) -> Self {
        Self {
            seq,
            time: entry.time.to_string(),
            event: entry.event,
            outcome: entry.outcome,
            code: entry.code,
            trace: entry.trace.to_string(),
            endpoint: entry.endpoint,
            portal: entry.portal,
            publisher: entry.publisher,
            resource: entry.resource,
            ent: entry.ent,
            person: entry.person,
            pseudonym: entry.pseudonym,
            upstream: entry.upstream_assertion,
            issued: entry.issued_assertion,
            generation: entry.generation,
            overlay: entry.overlay,
            detail: entry.detail,
        }
    }
}
