//! The answer yes: who, what, through which schools and subscriptions, until when.

use smallvec::SmallVec;

use super::{Ent, Establishment, Resource, Snapshot, Subscription, View};
use crate::format::body::Affiliations;
use crate::format::records::{self, Affiliation, Known};
use crate::overlay::Through;

/// A yes. It borrows from the directory and from the query; only [`crate::Directory::resolve`] and
/// [`Snapshot::resolve`] make one.
#[derive(Clone)]
pub struct Grant<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) view: View<'s>,
    pub(super) person_id: &'s str,
    pub(super) ent: Ent<'s>,
    pub(super) resource: Resource<'s>,
    pub(super) known: Known,
    pub(super) affiliations: Affiliations<'s>,
    /// Bit n: the person's affiliation n entitles.
    pub(super) entitling: u64,
    pub(super) subscriptions: SmallVec<[Through; 4]>,
    pub(super) until: i64,
    /// Instant of the question.
    pub(super) at: i64,
}

impl<'s> Grant<'s> {
    /// The portal's identifier of the person, as asked.
    #[must_use]
    pub fn person_id(&self) -> &'s str {
        self.person_id
    }

    /// The ENT project that speaks for the person now.
    #[must_use]
    pub fn ent(&self) -> Ent<'s> {
        self.ent
    }

    /// Code of the ENT project that first named the person: what pseudonyms are derived from, also after a merger.
    #[must_use]
    pub fn origin_ent(&self) -> &'s str {
        self.snapshot
            .body
            .record::<records::Ent>(self.known.origin_ent.into())
            .and_then(|ent| self.snapshot.body.text(ent.code_text))
            .unwrap_or_default()
    }

    /// Pseudonym domain of the publisher.
    #[must_use]
    pub fn pseudonym_domain(&self) -> &'s str {
        self.resource.publisher().pseudonym_domain()
    }

    /// The resource.
    #[must_use]
    pub fn resource(&self) -> Resource<'s> {
        self.resource
    }

    /// The schools that entitle, in the order of their identifiers: those of the person, narrowed to the one asked
    /// for, in which a subscription holds.
    pub fn schools(&self) -> impl Iterator<Item = Establishment<'s>> + use<'s> {
        let snapshot = self.snapshot;
        self.entitling().filter_map(move |affiliation| {
            Establishment::new(snapshot, affiliation.establishment).ok()
        })
    }

    /// The subscriptions that entitle.
    pub fn subscriptions(&self) -> impl Iterator<Item = Subscription<'s>> {
        self.subscriptions
            .iter()
            .filter_map(|through| Subscription::new(self.view, *through).ok())
    }

    /// First instant at which the right no longer holds, Unix seconds: the end of the entitling subscription that
    /// lasts longest, and never later than that of the resource's and its publisher's validity.
    #[must_use]
    pub fn until(&self) -> i64 {
        self.until
    }

    /// The affiliations that entitle.
    pub(super) fn entitling(&self) -> impl Iterator<Item = Affiliation> + use<'s> {
        let entitling = self.entitling;
        self.affiliations
            .iter()
            .enumerate()
            .filter(move |(position, _)| entitling & (1 << position) != 0)
            .map(|(_, affiliation)| affiliation)
    }
}

impl std::fmt::Debug for Grant<'_> {
    /// Without the person: this reaches logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant")
            .field("ent", &self.ent)
            .field("resource", &self.resource)
            .field("schools", &self.schools().collect::<Vec<_>>())
            .field("subscriptions", &self.subscriptions().collect::<Vec<_>>())
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
