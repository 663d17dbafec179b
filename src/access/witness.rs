//! Who is told what happened: the audit trail, the metrics, the log.
//!
//! The access tells one witness; `observe` decides what each of the three may know. An [`Event`] names the
//! person (the audit trail must); nothing else in the access may hand that to a log.

use crate::http::exchange::{Endpoint, TraceId};
use octroi_saml::Time;
use octroi_saml::response::LegacyUse;
use std::time::Duration;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Somebody was sent to a portal.
    SignInStarted,
    /// A publisher was handed an assertion (or, for pull, the way was opened).
    Granted,
    /// An access was refused.
    Refused,
    /// An access was begun anew after a repeated post.
    Restarted,
    /// Sessions were ended.
    LoggedOut,
}

impl What {
    /// The label in metrics and audit lines.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::SignInStarted => "sign-in-started",
            Self::Granted => "granted",
            Self::Refused => "refused",
            Self::Restarted => "restarted",
            Self::LoggedOut => "logged-out",
        }
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// What.
    pub what: What,
    /// When.
    pub time: Time,
    /// In which request.
    pub trace: TraceId,
    /// Where.
    pub endpoint: Endpoint,
    /// The refusal's code.
    pub code: Option<&'static str>,
    /// The refusal's measured values; no personal data.
    pub detail: &'a str,
    /// The portal's id in the configuration.
    pub portal: Option<&'a str>,
    /// The publisher's id.
    pub publisher: Option<&'a str>,
    /// The resource's id.
    pub resource: Option<&'a str>,
    /// The ENT project. For the audit trail only.
    pub ent: Option<&'a str>,
    /// The person. For the audit trail only.
    pub person: Option<&'a str>,
    /// The person's IDO at this publisher. For the audit trail only.
    pub pseudonym: Option<&'a str>,
    /// The portal's assertion on which this rests (S14).
    pub upstream_assertion: Option<&'a str>,
    /// The assertion that was issued.
    pub issued_assertion: Option<&'a str>,
    /// The snapshot's generation.
    pub generation: u64,
    /// The last change since the snapshot that was applied; 0 for none.
    pub overlay: u64,
    /// Dated exceptions that this access needed.
    pub legacy: LegacyUse,
    /// Since the last byte of the request.
    pub elapsed: Duration,
}

/// The event could not be kept, and policy says that then nothing may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail does not take the line")]
pub struct NotKept;

/// Somebody who is told.
pub trait Witness: Send + Sync + std::fmt::Debug {
    /// Takes note; returns when the event is as durable as policy asks.
    ///
    /// # Errors
    /// [`NotKept`]: the answer must not leave.
    fn witness(&self, event: &Event<'_>) -> Result<(), NotKept>;
}
