//! The binary layout of a snapshot, version 4: what `docs/snapshot.md` describes, in code.
//!
//! Everything is little-endian. A file is a header, a table of sections, the sections, and the hashes of its 1 MiB
//! chunks. Readers here check every offset, length and reference before use and answer [`Corrupt`] where one is
//! wrong; none panics, and none loops further than a bound given here. This module knows the layout, not the rules.

pub(crate) mod body;
pub(crate) mod fact;
pub(crate) mod fingerprint;
pub(crate) mod header;
pub(crate) mod index;
pub(crate) mod integrity;
pub(crate) mod outline;
pub(crate) mod period;
pub(crate) mod records;
pub(crate) mod siphash;

/// Version of the layout. A reader refuses any other.
pub const FORMAT_VERSION: u32 = 4;

/// In the place of a reference: there is none.
pub(crate) const NONE: u32 = u32::MAX;

/// Longest person identifier (`GARPersonIdentifiant`), octets.
pub(crate) const MAX_PERSON: usize = 64;
/// Most schools that one person can have.
pub(crate) const MAX_SCHOOLS: usize = 64;
/// Most classes, groups and codes that one person can have in one school.
pub(crate) const MAX_FACTS: usize = 1000;
/// Most subscriptions that one school can have to one resource, ended ones included.
pub(crate) const MAX_OFFERS: usize = 256;
/// Most periods in which one subscription can be assigned to the same fact in one school.
pub(crate) const MAX_PERIODS: usize = 16;

/// The file contradicts itself. Told to callers as `snapshot-corrupt`, never as a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Corrupt;

impl From<Corrupt> for crate::Denied {
    fn from(_: Corrupt) -> Self {
        Self::SnapshotCorrupt
    }
}

macro_rules! sections {
    ($($(#[$meta:meta])* $name:ident = $number:literal),* $(,)?) => {
        /// What a section holds. Numbers are never reused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u32)]
        pub(crate) enum Section { $($(#[$meta])* $name = $number),* }

        impl Section {
            /// Every section of version 4, in file order.
            pub(crate) const ALL: [Self; [$($number),*].len()] = [$(Self::$name),*];

            /// Its name for people.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

sections! {
    /// Texts: at its offset, a `u16` length and that many octets of UTF-8. Offset 0 is the empty text.
    Texts = 1,
    /// Lists of `u32`: at its word index, a count and that many words. Index 0 is the empty list.
    Lists = 2,
    Ents = 3,
    EntIndex = 4,
    Establishments = 5,
    EstablishmentIndex = 6,
    /// Pairs of subscription and school, by school, resource, subscription.
    Offers = 7,
    Groups = 8,
    Codes = 9,
    Publishers = 10,
    PublisherIndex = 11,
    Resources = 12,
    ResourceIndex = 13,
    Families = 14,
    Urls = 15,
    Subscriptions = 16,
    /// What subscriptions say, each different one once.
    Terms = 17,
    /// Further schools of people with several: at its word index, a count and that many affiliations of three words.
    Affiliations = 18,
    People = 19,
    PersonIndex = 20,
    /// What a school offers of a resource.
    OfferIndex = 21,
}

impl Section {
    /// Size of a record, octets; a section's length is a multiple of it.
    pub(crate) fn record_size(self) -> usize {
        use records::Packed;
        match self {
            Self::Texts => 1,
            Self::Lists | Self::Affiliations => 4,
            Self::EntIndex
            | Self::EstablishmentIndex
            | Self::PublisherIndex
            | Self::ResourceIndex
            | Self::PersonIndex
            | Self::OfferIndex => index::bucket(self),
            Self::Ents => records::Ent::SIZE,
            Self::Establishments => records::Establishment::SIZE,
            Self::Offers => records::Offer::SIZE,
            Self::Groups => records::Group::SIZE,
            Self::Codes => records::Code::SIZE,
            Self::Publishers => records::Publisher::SIZE,
            Self::Resources => records::Resource::SIZE,
            Self::Families => records::Family::SIZE,
            Self::Urls => records::Url::SIZE,
            Self::Subscriptions => records::Subscription::SIZE,
            Self::Terms => records::Terms::SIZE,
            Self::People => records::Person::SIZE,
        }
    }
}

/// Offsets are computed in `usize` from 32-bit references and record sizes.
const _: () = assert!(usize::BITS >= 64);
