//! What callers see of records: small copies with a reference to the snapshot.
//!
//! Tables that every access reads are checked when a snapshot opens; where a reference found later leads nowhere all
//! the same, a view shows an empty text, never another record's.

use super::{Snapshot, View};
use crate::format::period::{self, Bounds, DatedAttributes};
use crate::format::records::{self, DISABLED, Listed, MOTHER, OPENS_FAMILY, PULL};
use crate::format::{Corrupt, NONE};
use crate::overlay::{Changed, Through};
use crate::rules::{self, Period, Terms};
use crate::{AttributeSet, Delivery, Denied, PublicSet, SubscriptionKind};

macro_rules! view {
    ($(#[$meta:meta])* $name:ident of $record:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy)]
        pub struct $name<'s> {
            pub(crate) snapshot: &'s Snapshot,
            pub(crate) number: u32,
            pub(crate) record: records::$record,
        }

        impl<'s> $name<'s> {
            #[inline]
            pub(crate) fn new(snapshot: &'s Snapshot, number: u32) -> Result<Self, Corrupt> {
                let record = snapshot.body.record::<records::$record>(number)?;
                Ok(Self { snapshot, number, record })
            }

            #[inline]
            fn text(&self, offset: u32) -> &'s str {
                self.snapshot.body.text(offset).unwrap_or_default()
            }
        }

        impl PartialEq for $name<'_> {
            fn eq(&self, other: &Self) -> bool {
                std::ptr::eq(self.snapshot, other.snapshot) && self.number == other.number
            }
        }

        impl Eq for $name<'_> {}
    };
}

view!(
    /// An ENT project.
    Ent of Ent
);

impl<'s> Ent<'s> {
    /// Its code, decoded (`B0`).
    #[must_use]
    pub fn code(&self) -> &'s str {
        self.text(self.record.code_text)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.text(self.record.name_text)
    }

    /// The project that speaks for its people now: itself, unless it was merged into another.
    #[must_use]
    pub fn current(&self) -> Self {
        Self::new(self.snapshot, self.record.current).unwrap_or(*self)
    }
}

view!(
    /// A school (*établissement*).
    Establishment of Establishment
);

impl<'s> Establishment<'s> {
    /// Its identifier, as released.
    #[must_use]
    pub fn uai(&self) -> &'s str {
        self.text(self.record.uai_text)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.text(self.record.name_text)
    }
}

view!(
    /// A publisher of resources.
    Publisher of Publisher
);

impl<'s> Publisher<'s> {
    /// Its id, the same as in the configuration.
    #[must_use]
    pub fn id(&self) -> &'s str {
        self.text(self.record.id_text)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.text(self.record.name_text)
    }

    /// Its immutable pseudonym domain.
    #[must_use]
    pub fn pseudonym_domain(&self) -> &'s str {
        self.text(self.record.domain_text)
    }

    /// Whether it is switched off.
    #[must_use]
    pub fn disabled(&self) -> bool {
        self.record.flags & DISABLED != 0
    }

    /// When it is valid.
    #[inline]
    pub(super) fn validity(&self) -> Result<Period, Corrupt> {
        validity(self.snapshot, self.record.validity_list)
    }

    /// Its resources, in the order of their ids.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'s>> + use<'s> {
        let snapshot = self.snapshot;
        let first = self.record.first_resource;
        (first..first.saturating_add(self.record.resources))
            .map_while(move |number| Resource::new(snapshot, number).ok())
    }
}

/// A resource of a publisher.
///
/// What decides whether it may be used at all is at hand; its record is read when something of it is wanted.
#[derive(Clone, Copy)]
pub struct Resource<'s> {
    publisher: Publisher<'s>,
    pub(crate) number: u32,
    flags: u32,
    validity_list: u32,
}

impl PartialEq for Resource<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.publisher == other.publisher && self.number == other.number
    }
}

impl Eq for Resource<'_> {}

impl<'s> Resource<'s> {
    #[inline]
    pub(crate) fn new(snapshot: &'s Snapshot, number: u32) -> Result<Self, Corrupt> {
        let record = snapshot.body.record(number)?;
        Self::listed(snapshot, Listed::of(number, &record))
    }

    /// As the index of resources has it.
    #[inline]
    pub(crate) fn listed(snapshot: &'s Snapshot, listed: Listed) -> Result<Self, Corrupt> {
        Ok(Self {
            publisher: Publisher::new(snapshot, listed.publisher)?,
            number: listed.resource,
            flags: listed.flags,
            validity_list: listed.validity_list,
        })
    }

    fn record(&self) -> Option<records::Resource> {
        self.publisher.snapshot.body.record(self.number).ok()
    }

    #[inline]
    fn text(&self, of: impl FnOnce(records::Resource) -> u32) -> &'s str {
        self.record()
            .map(|record| self.publisher.text(of(record)))
            .unwrap_or_default()
    }

    /// Its bare ARK (`ark:/…`).
    #[must_use]
    pub fn id(&self) -> &'s str {
        self.text(|record| record.id_text)
    }

    /// Its title.
    #[must_use]
    pub fn name(&self) -> &'s str {
        self.text(|record| record.name_text)
    }

    /// Its publisher.
    #[must_use]
    pub fn publisher(&self) -> Publisher<'s> {
        self.publisher
    }

    /// Where a browser goes for it.
    #[must_use]
    pub fn access_url(&self) -> &'s str {
        self.text(|record| record.access_url_text)
    }

    /// [`Self::access_url`] escaped once for an attribute value of a page.
    #[must_use]
    pub fn access_url_escaped(&self) -> &'s str {
        self.text(|record| record.access_url_escaped_text)
    }

    /// Push or pull.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        if self.flags & PULL == 0 {
            Delivery::Push
        } else {
            Delivery::Pull
        }
    }

    /// Whether it is switched off (its publisher may be too).
    #[must_use]
    pub fn disabled(&self) -> bool {
        self.flags & DISABLED != 0
    }

    /// Index of the publisher's AssertionConsumerService for an unsolicited Response, where the directory names one.
    #[must_use]
    pub fn acs_index(&self) -> Option<u16> {
        u16::try_from(self.record()?.acs_index).ok()
    }

    /// Name of its family, where it has one.
    #[must_use]
    pub fn family(&self) -> Option<&'s str> {
        let family = self.family_record()?;
        Some(self.publisher.text(family.name_text))
    }

    /// Whether it is the mother of its family (*mereFamille*).
    #[must_use]
    pub fn is_mother(&self) -> bool {
        self.flags & MOTHER != 0
    }

    /// Whether a subscription to it opens the other members of its family, too.
    #[must_use]
    pub fn opens_family(&self) -> bool {
        self.flags & OPENS_FAMILY != 0
    }

    /// Access URLs of its family, or its own: what `LRA` releases.
    pub fn family_urls(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let family = self.family_record().map(|family| family.urls_list);
        self.texts(family, |record| record.access_url_text)
    }

    /// [`Self::family_urls`] escaped once as canonical XML writes text, to be copied into an `AttributeValue`.
    pub fn family_urls_xml(&self) -> impl Iterator<Item = &'s str> + use<'s> {
        let family = self.family_record().map(|family| family.urls_xml_list);
        self.texts(family, |record| record.access_url_xml_text)
    }

    /// Until when it and its publisher are valid, when they are at this instant; else which of them is not.
    #[inline]
    pub(super) fn open_at(&self, at: i64) -> Result<i64, Denied> {
        let own = validity(self.publisher.snapshot, self.validity_list)?;
        rules::open(self.publisher.validity()?, own, at)
    }

    /// Whether it and its publisher are valid at an instant (Unix seconds), whatever their switches say.
    #[must_use]
    pub fn valid_at(&self, at: i64) -> bool {
        self.open_at(at).is_ok()
    }

    /// Its release policy at an instant, Unix seconds. What cannot be read is not released.
    #[must_use]
    pub fn attributes_at(&self, at: i64) -> AttributeSet {
        let Some(record) = self.record() else {
            return AttributeSet::EMPTY;
        };
        let always = AttributeSet(record.attributes);
        if record.dated_release_list == 0 {
            return always;
        }
        let body = &self.publisher.snapshot.body;
        let words = body.list(record.dated_release_list);
        let dated = words.and_then(DatedAttributes::of).into_iter();
        let dated = dated.flat_map(DatedAttributes::iter).flatten();
        rules::released_at(
            always,
            dated.map(|(attribute, bounds)| (attribute, period(bounds))),
            at,
        )
    }

    /// The number of its family, where it has one.
    pub(crate) fn family_number(&self) -> Option<u32> {
        self.record()
            .map(|record| record.family)
            .filter(|family| *family != NONE)
    }

    fn family_record(&self) -> Option<records::Family> {
        let number = self.family_number()?;
        self.publisher.snapshot.body.record(number).ok()
    }

    fn texts(
        &self,
        list: Option<u32>,
        own: fn(records::Resource) -> u32,
    ) -> impl Iterator<Item = &'s str> + use<'s> {
        let body = &self.publisher.snapshot.body;
        let words = list.and_then(|list| body.list(list).ok());
        let own = if words.is_none() {
            self.record().map(own)
        } else {
            None
        };
        let listed = words.into_iter().flat_map(|words| words.iter());
        listed
            .chain(own)
            .filter_map(|offset| body.text(offset).ok())
    }
}

/// A subscription of schools to a resource, as the snapshot has it or as changes since have made it.
#[derive(Clone, Copy)]
pub struct Subscription<'s>(Source<'s>);

#[derive(Clone, Copy)]
enum Source<'s> {
    Body(&'s Snapshot, records::Subscription),
    Entries(&'s Changed),
}

impl PartialEq for Subscription<'_> {
    /// Ids are unique in a directory.
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for Subscription<'_> {}

impl<'s> Subscription<'s> {
    pub(crate) fn new(view: View<'s>, through: Through) -> Result<Self, Corrupt> {
        Ok(Self(match through {
            Through::Body(number) => {
                Source::Body(view.snapshot, view.snapshot.body.record(number)?)
            }
            Through::Entries(position) => {
                Source::Entries(view.overlay.effects.changed(position).ok_or(Corrupt)?)
            }
        }))
    }

    /// Its id (`idAbonnement`).
    #[must_use]
    pub fn id(&self) -> &'s str {
        match self.0 {
            Source::Body(snapshot, record) => {
                snapshot.body.text(record.id_text).unwrap_or_default()
            }
            Source::Entries(changed) => &changed.id,
        }
    }

    /// Sequence of the overlay's entry that made it what it is, if one did.
    #[must_use]
    pub fn entry(&self) -> Option<u64> {
        match self.0 {
            Source::Entries(changed) if changed.sequence > 0 => Some(changed.sequence),
            _ => None,
        }
    }

    /// ETABL or INDIV.
    #[must_use]
    pub fn kind(&self) -> SubscriptionKind {
        self.terms().kind
    }

    /// Target public.
    #[must_use]
    pub fn publics(&self) -> PublicSet {
        self.terms().publics
    }

    /// First second of validity, Unix seconds.
    #[must_use]
    pub fn from(&self) -> i64 {
        self.terms().from
    }

    /// First second after validity, Unix seconds.
    #[must_use]
    pub fn until(&self) -> i64 {
        self.terms().until
    }

    /// Damaged terms are those of a subscription that nobody can use.
    fn terms(&self) -> Terms {
        let terms = match self.0 {
            Source::Body(snapshot, record) => snapshot
                .body
                .record(record.terms)
                .ok()
                .map(|record| terms(&record)),
            Source::Entries(changed) => changed.terms,
        };
        terms.unwrap_or(Terms {
            from: i64::MAX,
            until: i64::MAX,
            publics: PublicSet::EMPTY,
            kind: SubscriptionKind::Individual,
        })
    }
}

fn period((from, until): Bounds) -> Period {
    Period { from, until }
}

/// When a publisher or resource is valid: always, where it does not say.
#[inline]
fn validity(snapshot: &Snapshot, list: u32) -> Result<Period, Corrupt> {
    let bounds = period::validity(&snapshot.body, list)?;
    Ok(bounds.map_or_else(|| Period::between(None, None), period))
}

/// What the rules need of a subscription. An unknown kind asks for an assignment, the narrower of the two.
#[inline]
pub(crate) fn terms(record: &records::Terms) -> Terms {
    Terms {
        from: record.from,
        until: record.until,
        publics: PublicSet(record.publics),
        kind: if record.kind == SubscriptionKind::WholeSchool as u16 {
            SubscriptionKind::WholeSchool
        } else {
            SubscriptionKind::Individual
        },
    }
}

macro_rules! debug_by {
    ($($name:ident $method:ident),*) => {$(
        impl std::fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.$method()).finish()
            }
        }
    )*};
}

debug_by!(Ent code, Establishment uai, Publisher id, Resource id, Subscription id);
