//! Why a look-up said no. One variant for each rule; each has a stable code that is counted, audited and explained.
//!
//! A denial never holds personal data: the person is not named in it.

use serde::Serialize;
use thiserror::Error;

/// The rule that said no. When several subscriptions fail, the one that came closest to a yes is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Error)]
#[non_exhaustive]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Denied {
    /// No ENT project has this code.
    #[error("no ENT project has this code")]
    UnknownEnt,
    /// No resource has this identifier.
    #[error("no resource has this identifier")]
    UnknownResource,
    /// The person was revoked since the build of the snapshot, or before, and not restored.
    #[error("the person is revoked")]
    PersonRevoked,
    /// The publisher of the resource was suspended and not resumed.
    #[error("the publisher of the resource is suspended")]
    PublisherSuspended,
    /// The resource was suspended and not resumed.
    #[error("the resource is suspended")]
    ResourceSuspended,
    /// The resource is switched off in the directory.
    #[error("the resource is switched off")]
    ResourceDisabled,
    /// The publisher of the resource is switched off in the directory.
    #[error("the publisher of the resource is switched off")]
    PublisherDisabled,
    /// The validity of the publisher has not begun.
    #[error("the validity of the resource's publisher has not begun")]
    PublisherNotYet {
        /// First instant at which it will be valid, Unix seconds.
        starts: i64,
    },
    /// The validity of the publisher has ended.
    #[error("the validity of the resource's publisher has ended")]
    PublisherExpired {
        /// First instant at which it was no longer valid, Unix seconds.
        ended: i64,
    },
    /// The validity of the resource has not begun.
    #[error("the validity of the resource has not begun")]
    ResourceNotYet {
        /// First instant at which it will be valid, Unix seconds.
        starts: i64,
    },
    /// The validity of the resource has ended.
    #[error("the validity of the resource has ended")]
    ResourceExpired {
        /// First instant at which it was no longer valid, Unix seconds.
        ended: i64,
    },
    /// The ENT project has no person with this identifier. Found or not, the look-up reads the same two cache lines, so
    /// that its time tells nobody who is in the directory.
    #[error("the ENT project has no person with this identifier")]
    UnknownPerson,
    /// The person is known but belongs to no school.
    #[error("the person belongs to no school")]
    NoSchool,
    /// The school asked for (`idEtab`) is not one of the person's.
    #[error("the person does not belong to the school asked for")]
    NotInThatSchool,
    /// None of the schools considered has a subscription to the resource.
    #[error("no school of the person has a subscription to the resource")]
    NoSubscription,
    /// The subscription has ended.
    #[error("the subscription has ended")]
    SubscriptionExpired {
        /// First instant at which it was no longer valid, Unix seconds.
        ended: i64,
    },
    /// The subscription has not begun.
    #[error("the subscription has not begun")]
    SubscriptionNotYet {
        /// First instant at which it will be valid, Unix seconds.
        starts: i64,
    },
    /// The person's profile in the school is not in the target public (`publicCible`).
    #[error("the subscription is not for the person's profile")]
    PublicExcluded,
    /// The subscription is INDIV and nothing assigns it to the person.
    #[error("the subscription is individual and is not assigned to the person")]
    NotAssigned,
    /// The snapshot contradicts itself where this answer was to be read. Never a grant.
    #[error("the snapshot is damaged where this answer is kept")]
    SnapshotCorrupt,
}

impl Denied {
    /// One value of each variant (times zero), for tables of refusal codes.
    pub const ALL: [Self; 20] = [
        Self::UnknownEnt,
        Self::PersonRevoked,
        Self::UnknownResource,
        Self::PublisherSuspended,
        Self::ResourceSuspended,
        Self::ResourceDisabled,
        Self::PublisherDisabled,
        Self::PublisherNotYet { starts: 0 },
        Self::PublisherExpired { ended: 0 },
        Self::ResourceNotYet { starts: 0 },
        Self::ResourceExpired { ended: 0 },
        Self::UnknownPerson,
        Self::NoSchool,
        Self::NotInThatSchool,
        Self::NoSubscription,
        Self::SubscriptionExpired { ended: 0 },
        Self::SubscriptionNotYet { starts: 0 },
        Self::PublicExcluded,
        Self::NotAssigned,
        Self::SnapshotCorrupt,
    ];

    /// The stable code, kebab-case. Codes are never renamed or reused.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownEnt => "unknown-ent",
            Self::UnknownResource => "unknown-resource",
            Self::PersonRevoked => "person-revoked",
            Self::PublisherSuspended => "publisher-suspended",
            Self::ResourceSuspended => "resource-suspended",
            Self::ResourceDisabled => "resource-disabled",
            Self::PublisherDisabled => "publisher-disabled",
            Self::PublisherNotYet { .. } => "publisher-not-yet",
            Self::PublisherExpired { .. } => "publisher-expired",
            Self::ResourceNotYet { .. } => "resource-not-yet",
            Self::ResourceExpired { .. } => "resource-expired",
            Self::UnknownPerson => "unknown-person",
            Self::NoSchool => "no-school",
            Self::NotInThatSchool => "not-in-that-school",
            Self::NoSubscription => "no-subscription",
            Self::SubscriptionExpired { .. } => "subscription-expired",
            Self::SubscriptionNotYet { .. } => "subscription-not-yet",
            Self::PublicExcluded => "public-excluded",
            Self::NotAssigned => "not-assigned",
            Self::SnapshotCorrupt => "snapshot-corrupt",
        }
    }
}
