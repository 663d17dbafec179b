//! One immutable generation of the directory: opening it and finding things in it.
//!
//! Files of this module: `error` (why a file is no good), `check` (reading it whole), `views` (what callers see of
//! records), `view` (with or without changes since), `resolve` (the question), `grant` and `release` (the answer), `urls` (which resource a URL means).
//! Nothing here decides a right; [`crate::rules`] does.

mod check;
mod error;
mod grant;
mod release;
mod resolve;
mod urls;
mod view;
mod views;

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

pub use self::error::SnapshotError;
pub use self::grant::Grant;
pub use self::release::ReleasedAttribute;
pub(crate) use self::resolve::{Judged, Subject, facts, profiles};
pub use self::view::View;
pub(crate) use self::views::terms;
pub use self::views::{Ent, Establishment, Publisher, Resource, Subscription};
use crate::ark;
use crate::format::body::Body;
use crate::format::fingerprint::Domain;
use crate::format::integrity::Pace;
use crate::format::{Corrupt, Section};
use crate::map::Octets;

/// How many of each kind a snapshot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[allow(missing_docs)] // the names say it
pub struct Counts {
    pub ents: u32,
    pub establishments: u32,
    pub groups: u32,
    pub people: u32,
    pub publishers: u32,
    pub resources: u32,
    pub subscriptions: u32,
    /// Pairs of a subscription and a school that it covers.
    pub offers: u32,
}

impl Counts {
    pub(crate) fn of(count: impl Fn(Section) -> u32) -> Self {
        Self {
            ents: count(Section::Ents),
            establishments: count(Section::Establishments),
            groups: count(Section::Groups),
            people: count(Section::People),
            publishers: count(Section::Publishers),
            resources: count(Section::Resources),
            subscriptions: count(Section::Subscriptions),
            offers: count(Section::Offers),
        }
    }
}

/// One immutable generation of the directory, ready to answer.
///
/// It is in memory, shared between threads without locks, and never changes. Keep one for the length of an
/// access (`Arc`), so that every answer of that access comes from the same generation.
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) body: Body,
    digest: String,
}

impl Snapshot {
    /// Reads the file into private memory and checks it: header, root hash, every chunk, and the tables that every
    /// access reads. Nobody can change it afterwards, and all of it is in memory.
    ///
    /// Takes about a second for 1.5 GB on two cores, and as much memory as the file is long.
    ///
    /// # Errors
    /// [`SnapshotError`] when the file cannot be read or is not a sound snapshot.
    pub fn open(path: &Path) -> Result<Self, SnapshotError> {
        Self::open_at(path, Pace::Whole)
    }

    /// As [`Self::open`], at a pace: what will take the place of one that people are served from is read beside them.
    ///
    /// # Errors
    /// [`SnapshotError`] when the file cannot be read or is not a sound snapshot.
    pub fn open_at(path: &Path, pace: Pace) -> Result<Self, SnapshotError> {
        Self::from_octets(Octets::load(path, pace)?, false)
    }

    /// Maps the file without checking its hashes, for tools that look at a large file's head. Answers are as safe as
    /// with [`Self::open`] against panics, but not against damage that happens to be well-formed.
    ///
    /// # Errors
    /// [`SnapshotError`] when the file cannot be read or its header or tables are unsound.
    pub fn open_without_hashing(path: &Path) -> Result<Self, SnapshotError> {
        Self::from_octets(Octets::map(path)?, false)
    }

    /// A snapshot in private memory instead of a mapping, checked like [`Self::open`].
    ///
    /// # Errors
    /// [`SnapshotError`] when the octets are not a sound snapshot.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, SnapshotError> {
        Self::from_octets(Octets::Private(bytes), true)
    }

    fn from_octets(octets: Octets, hashes: bool) -> Result<Self, SnapshotError> {
        let body = Body::new(octets, hashes)?;
        check::tables(&body)?;
        let digest = hex(&body.header.root);
        Ok(Self { body, digest })
    }

    /// Reads every record and follows every reference, people included: what [`Self::open`] leaves to the moment of
    /// use. For `octroi snapshot check`; takes seconds for a country.
    ///
    /// # Errors
    /// [`SnapshotError`] naming the first contradiction.
    pub fn check(&self) -> Result<(), SnapshotError> {
        check::everything(&self.body)
    }

    /// Generation number given at the build.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.body.header.generation
    }

    /// Instant given at the build, Unix seconds.
    #[must_use]
    pub fn built_at(&self) -> i64 {
        self.body.header.built_at
    }

    /// Last entry of the overlay that the build took in; 0 when there is none.
    #[must_use]
    pub fn overlay_sequence(&self) -> u64 {
        self.body.header.overlay_sequence
    }

    /// Root hash, lower-case hex: the content address of this snapshot.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// SHA-256 over the source tables, lower-case hex.
    #[must_use]
    pub fn sources_digest(&self) -> String {
        hex(&self.body.header.sources)
    }

    /// Octets of the file.
    #[must_use]
    pub fn size(&self) -> usize {
        self.body.size()
    }

    /// Each section's name and octets, in file order.
    pub fn sections(&self) -> impl Iterator<Item = (&'static str, usize)> {
        Section::ALL
            .into_iter()
            .map(|section| (section.name(), self.body.section(section).len()))
    }

    /// How many of each kind.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(|section| self.body.count(section))
    }

    /// The ENT project with this code.
    #[must_use]
    pub fn ent(&self, code: &str) -> Option<Ent<'_>> {
        let number = self
            .body
            .find(Section::EntIndex, Domain::Ent, "", code)
            .ok()??;
        Ent::new(self, number).ok()
    }

    /// The school with this identifier.
    #[must_use]
    pub fn establishment(&self, uai: &str) -> Option<Establishment<'_>> {
        let number = self
            .body
            .find(Section::EstablishmentIndex, Domain::Establishment, "", uai)
            .ok()??;
        Establishment::new(self, number).ok()
    }

    /// The resource with this ARK, bare or as `http://n2t.net/ark:…`.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        self.find_resource(id).ok()?
    }

    /// The resource with this number.
    pub(crate) fn resource_at(&self, number: u32) -> Result<Resource<'_>, Corrupt> {
        Resource::new(self, number)
    }

    /// Key of the fingerprints by which people are known. A build that is given the key of the one before can be
    /// compared with it ([`crate::diff`]).
    #[must_use]
    pub fn fingerprint_key(&self) -> [u8; 16] {
        self.body.header.key
    }

    /// As [`Self::resource`], telling damage from absence.
    #[inline]
    pub(crate) fn find_resource(&self, id: &str) -> Result<Option<Resource<'_>>, Corrupt> {
        let Some(name) = ark::name(id) else {
            return Ok(None);
        };
        self.resource_of(self.body.fingerprint(Domain::Resource, "", name))
    }

    /// The resource with this fingerprint.
    #[inline]
    fn resource_of(&self, key: u128) -> Result<Option<Resource<'_>>, Corrupt> {
        let listed = self.body.resources().find(key)?;
        listed
            .map(|listed| Resource::listed(self, listed))
            .transpose()
    }

    /// The publisher with this id (that of the configuration).
    #[must_use]
    pub fn publisher(&self, id: &str) -> Option<Publisher<'_>> {
        let number = self
            .body
            .find(Section::PublisherIndex, Domain::Publisher, "", id)
            .ok()??;
        Publisher::new(self, number).ok()
    }

    /// Every ENT project, in the order of their codes.
    pub fn ents(&self) -> impl Iterator<Item = Ent<'_>> {
        (0..self.body.count(Section::Ents)).filter_map(|number| Ent::new(self, number).ok())
    }

    /// Every publisher, in the order of their ids.
    pub fn publishers(&self) -> impl Iterator<Item = Publisher<'_>> {
        (0..self.body.count(Section::Publishers))
            .filter_map(|number| Publisher::new(self, number).ok())
    }

    /// The resources of a publisher, in the order of their ids; none for an unknown publisher.
    pub fn resources_of(&self, publisher: &str) -> impl Iterator<Item = Resource<'_>> + use<'_> {
        self.publisher(publisher)
            .into_iter()
            .flat_map(|publisher| publisher.resources())
    }

    /// The resource of this publisher that a RelayState or `service` URL means: an exact URL first, else the longest
    /// prefix that ends at a boundary (`docs/directory.md`). `None` also when several resources share that URL.
    #[must_use]
    pub fn resource_by_url(&self, publisher: &str, url: &str) -> Option<Resource<'_>> {
        self.publisher(publisher)?.resource_by_url(url)
    }
}

/// Lower-case hex.
pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
