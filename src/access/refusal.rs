//! A refused access: the code, what was measured, and how the person can go on.
//!
//! Typed and without HTTP inside; [`super::answer`] makes it a page, a status for the publisher, or a
//! restart. It never holds a name or an identifier of a person: it is logged.

use super::code::Code;
use crate::trust::Refused;
use octroi_entitlements::Denied;
use octroi_saml::Check;

/// The longest detail, in bytes; what comes from outside is cut.
pub const MAX_DETAIL: usize = 300;

/// Which check refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A check of a SAML message.
    Message(octroi_saml::Refusal),
    /// A rule of the entitlements.
    Denied(Denied),
    /// The gateway itself.
    Gateway(Code, String),
}

/// A refused access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which check refused.
    pub reason: Reason,
    /// Where a person can begin this access anew: a URL of ours or of the resource, never of the request.
    pub restart: Option<String>,
    /// Begin anew at once instead of showing a page (a repeated post of a flow that is this browser's).
    pub restart_now: bool,
}

impl Refusal {
    /// The gateway refuses, with what was measured.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let mut detail: String = detail.into();
        if detail.len() > MAX_DETAIL {
            let mut end = MAX_DETAIL;
            while !detail.is_char_boundary(end) {
                end -= 1;
            }
            detail.truncate(end);
        }
        Self {
            reason: Reason::Gateway(code, detail),
            restart: None,
            restart_now: false,
        }
    }

    /// The same with a way to begin anew.
    #[must_use]
    pub fn with_restart(mut self, url: Option<String>) -> Self {
        self.restart = url;
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.reason {
            Reason::Message(refusal) => refusal.check().code(),
            Reason::Denied(denied) => denied.code(),
            Reason::Gateway(code, _) => code.code(),
        }
    }

    /// The HTTP status of its page.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &self.reason {
            Reason::Message(refusal) => match refusal.check() {
                Check::XmlMalformed | Check::RedirectBase64 => 400,
                _ => 403,
            },
            Reason::Denied(Denied::UnknownResource) => 404,
            Reason::Denied(Denied::SnapshotCorrupt) => 500,
            Reason::Denied(_) => 403,
            Reason::Gateway(code, _) => code.status(),
        }
    }

    /// What was measured, for the log and the audit trail.
    #[must_use]
    pub fn detail(&self) -> String {
        match &self.reason {
            Reason::Message(refusal) => refusal.to_string(),
            Reason::Denied(denied) => denied.to_string(),
            Reason::Gateway(_, detail) => detail.clone(),
        }
    }

    /// A partner that the policy point does not give out.
    #[must_use]
    pub fn portal(refused: Refused, name: &str) -> Self {
        let code = match refused {
            Refused::Unknown => Code::PortalUnknown,
            Refused::Disabled => Code::PortalDisabled,
            Refused::MetadataExpired => Code::PortalMetadataExpired,
        };
        Self::new(code, name)
    }

    /// A partner that the policy point does not give out.
    #[must_use]
    pub fn publisher(refused: Refused, name: &str) -> Self {
        let code = match refused {
            Refused::Unknown => Code::PublisherUnknown,
            Refused::Disabled => Code::PublisherDisabled,
            Refused::MetadataExpired => Code::PublisherMetadataExpired,
        };
        Self::new(code, name)
    }
}

impl From<octroi_saml::Refusal> for Refusal {
    fn from(refusal: octroi_saml::Refusal) -> Self {
        Self {
            reason: Reason::Message(refusal),
            restart: None,
            restart_now: false,
        }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        Self {
            reason: Reason::Denied(denied),
            restart: None,
            restart_now: false,
        }
    }
}
