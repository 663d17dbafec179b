//! A snapshot: public shape first, the format follows.

use std::borrow::Cow;
use std::path::Path;

use crate::{AttributeSet, Delivery, Denied, Pseudonym, Query, SubscriptionKind};

/// Why a file is not a usable snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The file could not be read.
    #[error("cannot read the snapshot: {0}")]
    Io(#[from] std::io::Error),
    /// The file is not a snapshot.
    #[error("not a snapshot: wrong magic")]
    WrongMagic,
}

/// How many of each kind a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[allow(missing_docs)] // the names say it
pub struct Counts {
    pub ents: u64,
    pub establishments: u64,
    pub groups: u64,
    pub people: u64,
    pub publishers: u64,
    pub resources: u64,
    pub subscriptions: u64,
}

/// One immutable generation of the directory, ready to answer.
#[derive(Debug)]
pub struct Snapshot {}

impl Snapshot {
    /// Maps the file and checks it whole, hashes included.
    ///
    /// # Errors
    /// [`SnapshotError`] when the file cannot be read or is not a sound snapshot.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        std::fs::metadata(path)?;
        Err(SnapshotError::WrongMagic)
    }

    /// Reads every record and reference, people included; slower than [`Self::open`], which checks the hashes and
    /// the small tables.
    ///
    /// # Errors
    /// [`SnapshotError`] naming the first contradiction.
    pub fn check(&self) -> Result<(), SnapshotError> {
        Err(SnapshotError::WrongMagic)
    }

    /// Generation number given at the build.
    #[must_use]
    pub fn generation(&self) -> u64 {
        0
    }

    /// Instant given at the build, Unix seconds.
    #[must_use]
    pub fn built_at(&self) -> i64 {
        0
    }

    /// Root hash, lower-case hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        ""
    }

    /// How many of each kind.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    /// May this person use this resource, in which schools, until when?
    ///
    /// # Errors
    /// [`Denied`] with the rule that said no.
    pub fn resolve<'s>(&'s self, _query: &Query<'s>) -> Result<Grant<'s>, Denied> {
        Err(Denied::UnknownEnt)
    }

    /// The ENT project with this code.
    #[must_use]
    pub fn ent(&self, _code: &str) -> Option<Ent<'_>> {
        None
    }

    /// The school with this identifier.
    #[must_use]
    pub fn establishment(&self, _uai: &str) -> Option<Establishment<'_>> {
        None
    }

    /// The resource with this ARK, bare or as `http://n2t.net/ark:…`.
    #[must_use]
    pub fn resource(&self, _id: &str) -> Option<Resource<'_>> {
        None
    }

    /// The publisher with this id (that of the configuration).
    #[must_use]
    pub fn publisher(&self, _id: &str) -> Option<Publisher<'_>> {
        None
    }

    /// Every publisher, in the order of their ids.
    pub fn publishers(&self) -> impl Iterator<Item = Publisher<'_>> {
        std::iter::empty()
    }

    /// The resources of a publisher, in the order of their ids; none for an unknown publisher.
    pub fn resources_of(&self, _publisher: &str) -> impl Iterator<Item = Resource<'_>> {
        std::iter::empty()
    }

    /// The resource of this publisher that a RelayState or `service` URL means: an exact URL first, else the longest
    /// prefix that ends at a boundary (docs/directory.md).
    #[must_use]
    pub fn resource_by_url(&self, _publisher: &str, _url: &str) -> Option<Resource<'_>> {
        None
    }
}

/// An ENT project.
#[derive(Debug, Clone, Copy)]
pub struct Ent<'s> {
    snapshot: &'s Snapshot,
}

impl<'s> Ent<'s> {
    /// Its code, decoded (`B0`).
    #[must_use]
    pub fn code(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// The project that speaks for its people now: itself, unless it was merged into another.
    #[must_use]
    pub fn current(&self) -> Ent<'s> {
        *self
    }
}

/// A school (*établissement*).
#[derive(Debug, Clone, Copy)]
pub struct Establishment<'s> {
    snapshot: &'s Snapshot,
}

impl<'s> Establishment<'s> {
    /// Its identifier, as released.
    #[must_use]
    pub fn uai(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.snapshot.digest()
    }
}

/// A publisher of resources.
#[derive(Debug, Clone, Copy)]
pub struct Publisher<'s> {
    snapshot: &'s Snapshot,
}

impl<'s> Publisher<'s> {
    /// Its id, the same as in the configuration.
    #[must_use]
    pub fn id(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Its immutable pseudonym domain.
    #[must_use]
    pub fn pseudonym_domain(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Whether it is switched off.
    #[must_use]
    pub fn disabled(&self) -> bool {
        false
    }

    /// Its resources, in the order of their ids.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'s>> + use<'s> {
        std::iter::empty()
    }
}

/// A resource of a publisher.
#[derive(Debug, Clone, Copy)]
pub struct Resource<'s> {
    snapshot: &'s Snapshot,
}

impl<'s> Resource<'s> {
    /// Its bare ARK (`ark:/…`).
    #[must_use]
    pub fn id(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Its title.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Its publisher.
    #[must_use]
    pub fn publisher(&self) -> Publisher<'s> {
        Publisher {
            snapshot: self.snapshot,
        }
    }

    /// Where a browser goes for it.
    #[must_use]
    pub fn access_url(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Push or pull.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        Delivery::Push
    }

    /// Whether it is switched off (its publisher may be too).
    #[must_use]
    pub fn disabled(&self) -> bool {
        false
    }

    /// Index of the publisher's AssertionConsumerService for an unsolicited Response, where the directory names one.
    #[must_use]
    pub fn acs_index(&self) -> Option<u16> {
        None
    }

    /// Name of its family, where it has one.
    #[must_use]
    pub fn family(&self) -> Option<&'s str> {
        None
    }

    /// Its release policy.
    #[must_use]
    pub fn attributes(&self) -> AttributeSet {
        AttributeSet::EMPTY
    }
}

/// A subscription of schools to a resource.
#[derive(Debug, Clone, Copy)]
pub struct Subscription<'s> {
    snapshot: &'s Snapshot,
}

impl<'s> Subscription<'s> {
    /// Its id (`idAbonnement`).
    #[must_use]
    pub fn id(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// ETABL or INDIV.
    #[must_use]
    pub fn kind(&self) -> SubscriptionKind {
        SubscriptionKind::WholeSchool
    }
}

/// A yes: who, what, through which schools and subscriptions, until when.
#[derive(Debug, Clone)]
pub struct Grant<'s> {
    snapshot: &'s Snapshot,
    person: &'s str,
}

impl<'s> Grant<'s> {
    /// The portal's identifier of the person, as asked.
    #[must_use]
    pub fn person_id(&self) -> &'s str {
        self.person
    }

    /// The ENT project that speaks for the person now.
    #[must_use]
    pub fn ent(&self) -> Ent<'s> {
        Ent {
            snapshot: self.snapshot,
        }
    }

    /// Code of the ENT project that first named the person: what pseudonyms are derived from.
    #[must_use]
    pub fn origin_ent(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// Pseudonym domain of the publisher.
    #[must_use]
    pub fn pseudonym_domain(&self) -> &'s str {
        self.snapshot.digest()
    }

    /// The resource.
    #[must_use]
    pub fn resource(&self) -> Resource<'s> {
        Resource {
            snapshot: self.snapshot,
        }
    }

    /// The schools that entitle.
    pub fn schools(&self) -> impl Iterator<Item = Establishment<'s>> {
        std::iter::empty()
    }

    /// The subscriptions that entitle.
    pub fn subscriptions(&self) -> impl Iterator<Item = Subscription<'s>> {
        std::iter::empty()
    }

    /// First instant at which the right no longer holds, Unix seconds: the end of the subscription that lasts longest.
    #[must_use]
    pub fn until(&self) -> i64 {
        0
    }

    /// What the publisher may be told: the attributes of the resource's policy that have a value, in the order of
    /// [`crate::Attribute`].
    #[must_use]
    pub fn release<'g>(&'g self, _pseudonym: &'g Pseudonym) -> Vec<ReleasedAttribute<'g>> {
        Vec::new()
    }
}

/// One attribute for the publisher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleasedAttribute<'g> {
    /// Bare name (`UAI`).
    pub name: &'static str,
    /// At least one value, unescaped.
    pub values: Vec<Cow<'g, str>>,
}
