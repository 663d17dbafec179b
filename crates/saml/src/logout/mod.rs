//! Single logout (Core 3.7, Profiles 4.4): LogoutRequests and LogoutResponses, always signed (C23, L17).
//!
//! [`Received`] takes them from SOAP 1.1, HTTP-POST or HTTP-Redirect; [`write_request`] and
//! [`write_response`] write them, [`soap_envelope`] wraps them. Whose sessions end is the caller's to do.

mod receive;
mod write;

pub use receive::{LogoutExpectations, Received};
pub use write::{
    LogoutRequestToIssue, LogoutResponseToIssue, soap_envelope, write_request, write_response,
};

use crate::{NameId, Time};

/// A partner's LogoutRequest whose signature and checks held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogoutRequest {
    /// Its ID; the answer's InResponseTo.
    pub id: String,
    /// The partner's entityID.
    pub issuer: String,
    /// When it was issued.
    pub issue_instant: Time,
    /// Until when it is valid, where given.
    pub not_on_or_after: Option<Time>,
    /// Whose sessions end; `None` when the identifier was encrypted and could not be decrypted.
    pub name_id: Option<NameId>,
    /// Which sessions end; all of this person's when empty.
    pub session_indexes: Vec<String>,
}

/// A partner's LogoutResponse whose signature and checks held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogoutResponse {
    /// Its ID.
    pub id: String,
    /// The partner's entityID.
    pub issuer: String,
    /// The request that it answers.
    pub in_response_to: String,
    /// Whether every session ended; false for a PartialLogout below Success.
    pub complete: bool,
}
