//! Records of fixed size: each field little-endian, in the order written here, without padding.
//!
//! `*_text` fields refer to [`Section::Texts`] by octet offset, `*_list` fields to [`Section::Lists`] by word index;
//! the others are record numbers of the section that they name, or [`NONE`](super::NONE) where that is said. What stands in
//! the slots of [indexes](super::index) is laid out the same way.

use super::Section;
use crate::Attribute;

/// Fields one after the other.
pub(crate) trait Packed: Sized {
    /// Octets of one.
    const SIZE: usize;
    /// Reads one; `None` when the octets are too few.
    fn read(octets: &[u8]) -> Option<Self>;
    /// Appends one.
    fn write(&self, out: &mut Vec<u8>);
}

/// A record of one section.
pub(crate) trait Record: Packed {
    /// Where such records are.
    const SECTION: Section;
}

macro_rules! record {
    ($(#[$meta:meta])* $name:ident in $section:ident { $($fields:tt)* }) => {
        packed!($(#[$meta])* $name { $($fields)* });

        impl Record for $name {
            const SECTION: Section = Section::$section;
        }
    };
}

macro_rules! packed {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) struct $name { $($(#[$field_meta])* pub(crate) $field: $ty),* }

        impl Packed for $name {
            const SIZE: usize = 0 $(+ size_of::<$ty>())*;

            #[inline]
            fn read(octets: &[u8]) -> Option<Self> {
                let rest = octets;
                $(let ($field, rest) = rest.split_first_chunk()?;)*
                let _ = rest;
                Some(Self { $($field: <$ty>::from_le_bytes(*$field)),* })
            }

            fn write(&self, out: &mut Vec<u8>) {
                $(out.extend_from_slice(&self.$field.to_le_bytes());)*
            }
        }
    };
}

record!(
    /// An ENT project.
    Ent in Ents {
        code_text: u32,
        name_text: u32,
        /// The project that speaks for its people: itself, or the one it was merged into.
        current: u32,
        reserved: u32,
    }
);
record!(
    /// A school, and where its offers stand.
    Establishment in Establishments {
        uai_text: u32,
        name_text: u32,
        first_offer: u32,
        offers: u32,
    }
);
record!(
    /// One subscription in one school.
    Offer in Offers {
        resource: u32,
        subscription: u32,
        /// INDIV: the facts to which it is assigned in this school for as long as it is valid, ascending.
        targets_list: u32,
        /// The subscription's, so that a look-up need not read it.
        terms: u32,
        /// INDIV: pairs of fact and terms, ascending: what it is assigned to for a time of its own.
        dated_list: u32,
    }
);
record!(
    /// A class or group of a school.
    Group in Groups {
        establishment: u32,
        /// 0 class (DIV), 1 group (GRO).
        kind: u32,
        code_text: u32,
        /// What is released for it: a list of text offsets.
        values_list: u32,
    }
);
record!(
    /// A level or subject code.
    Code in Codes {
        /// 0 `P_MS4`, 1 `P_MAT`, 2 `E_MS1`.
        kind: u32,
        code_text: u32,
    }
);
record!(
    /// A publisher, and where its resources and URLs stand.
    Publisher in Publishers {
        id_text: u32,
        name_text: u32,
        domain_text: u32,
        /// Bit 0: disabled.
        flags: u32,
        first_resource: u32,
        resources: u32,
        first_url: u32,
        /// URLs that match exactly, ascending.
        exact_urls: u32,
        /// URLs that match as a prefix, ascending, after the exact ones.
        prefix_urls: u32,
        /// When it is valid: a list of one [period](super::period), or none for always.
        validity_list: u32,
    }
);
record!(
    /// A resource.
    Resource in Resources {
        id_text: u32,
        name_text: u32,
        publisher: u32,
        /// Bit 0: disabled. Bit 1: pull. Bit 2: mother of its family. Bit 3: opens its family.
        flags: u32,
        access_url_text: u32,
        /// The same with `&`, `<`, `>`, `"` and `'` escaped, for an attribute of a page.
        access_url_escaped_text: u32,
        /// Or none.
        family: u32,
        /// Release policy: bit n is attribute n, given always.
        attributes: u32,
        /// Or none; at most 65535.
        acs_index: u32,
        /// The access URL with `&`, `<` and `>` escaped, as canonical XML writes text.
        access_url_xml_text: u32,
        /// When it is valid: a list of one [period](super::period), or none for always.
        validity_list: u32,
        /// What is released for a time: a list of attributes and [periods](super::period).
        dated_release_list: u32,
    }
);
record!(
    /// A family of resources of one publisher.
    Family in Families {
        name_text: u32,
        publisher: u32,
        /// Access URLs of its members: a list of text offsets.
        urls_list: u32,
        /// The same, escaped as canonical XML writes text.
        urls_xml_list: u32,
    }
);
record!(
    /// A URL by which a publisher names a resource.
    Url in Urls {
        url_text: u32,
        /// Or none, when it would name several.
        resource: u32,
    }
);
record!(
    /// A subscription.
    Subscription in Subscriptions {
        id_text: u32,
        resource: u32,
        terms: u32,
        reserved: u32,
    }
);
record!(
    /// What subscriptions say, apart from resource and schools.
    Terms in Terms {
        from: i64,
        until: i64,
        /// Bit n is public n.
        publics: u16,
        /// 0 ETABL, 1 INDIV.
        kind: u16,
        reserved: u32,
    }
);
record!(
    /// What a person is called. The identifier is not here: only its fingerprint is, in the index.
    Person in People {
        name_text: u32,
        given_name_text: u32,
        mail_text: u32,
        civility_text: u32,
    }
);
record!(
    /// What a person is in a further school.
    Affiliation in Affiliations {
        establishment: u32,
        /// Bit n is profile n.
        profiles: u32,
        /// Classes, groups and codes, ascending.
        facts_list: u32,
    }
);

packed!(
    /// In most indexes: the number of the record.
    Numbered {
        record: u32,
    }
);
packed!(
    /// In [`Section::PersonIndex`]: all that a right depends on.
    Known {
        /// The number of the person.
        person: u32,
        /// The first of the person's schools, or none; most people have no other.
        establishment: u32,
        /// Classes, groups and codes there, ascending.
        facts_list: u32,
        /// Profiles there: bit n is profile n.
        profiles: u16,
        /// The project that first named the person.
        origin_ent: u16,
        /// Word index of the further schools in [`Section::Affiliations`].
        more: u32,
    }
);
packed!(
    /// In [`Section::OfferIndex`]: what a school offers of a resource.
    Offered {
        establishment: u32,
        /// How many offers there are; or, with [`ALONE`], that there is one, and its list of dated targets.
        offers: u32,
        /// The subscription of the one offer; or the number of the first of several.
        first: u32,
        /// The one offer's; 0 where there are several.
        terms: u32,
        /// The one offer's; 0 where there are several.
        targets_list: u32,
    }
);

packed!(
    /// In [`Section::ResourceIndex`]: all that decides whether a resource may be used at all, as its record says it.
    Listed {
        /// The number of the resource.
        resource: u32,
        publisher: u32,
        flags: u32,
        validity_list: u32,
        reserved: u32,
    }
);

impl Listed {
    /// Of the resource with a number.
    pub(crate) fn of(resource: u32, record: &Resource) -> Self {
        Self {
            resource,
            publisher: record.publisher,
            flags: record.flags,
            validity_list: record.validity_list,
            reserved: 0,
        }
    }
}

/// Bit of [`Offered::offers`]: one offer, which is the rule, stands in the slot itself.
const ALONE: u32 = 1 << 31;

/// What a school offers of a resource, as [`Offered`] says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Offers {
    /// One offer.
    One(Offer),
    /// So many of [`Section::Offers`], from this number on.
    Run { first: u32, count: u32 },
}

impl Offered {
    /// What stands in the index for all that a school offers of one resource: `offers`, from number `first` on.
    pub(crate) fn of(establishment: u32, first: u32, offers: &[Offer]) -> Self {
        match offers {
            [one] if one.dated_list & ALONE == 0 => Self {
                establishment,
                offers: ALONE | one.dated_list,
                first: one.subscription,
                terms: one.terms,
                targets_list: one.targets_list,
            },
            run => Self {
                establishment,
                offers: run.len() as u32,
                first,
                terms: 0,
                targets_list: 0,
            },
        }
    }

    /// The same, of the resource with this number.
    #[inline]
    pub(crate) fn offers(self, resource: u32) -> Offers {
        match self.offers & ALONE {
            0 => Offers::Run {
                first: self.first,
                count: self.offers,
            },
            _ => Offers::One(Offer {
                resource,
                subscription: self.first,
                targets_list: self.targets_list,
                terms: self.terms,
                dated_list: self.offers & !ALONE,
            }),
        }
    }
}

/// What [`Group::kind`] numbers: the attribute that releases it.
pub(crate) const GROUP_KINDS: [Attribute; 2] = [Attribute::Div, Attribute::Gro];
/// What [`Code::kind`] numbers: the attribute that releases it.
pub(crate) const CODE_KINDS: [Attribute; 3] = [Attribute::PMs4, Attribute::PMat, Attribute::EMs1];

/// Bit of [`Publisher::flags`] and [`Resource::flags`].
pub(crate) const DISABLED: u32 = 1;
/// Bit of [`Resource::flags`].
pub(crate) const PULL: u32 = 2;
/// Bit of [`Resource::flags`].
pub(crate) const MOTHER: u32 = 4;
/// Bit of [`Resource::flags`].
pub(crate) const OPENS_FAMILY: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_documented_layout() {
        let sizes = [
            Ent::SIZE,
            Establishment::SIZE,
            Offer::SIZE,
            Group::SIZE,
            Code::SIZE,
            Publisher::SIZE,
            Resource::SIZE,
            Family::SIZE,
            Url::SIZE,
            Subscription::SIZE,
            Terms::SIZE,
            Person::SIZE,
            Affiliation::SIZE,
            Numbered::SIZE,
            Known::SIZE,
            Offered::SIZE,
            Listed::SIZE,
        ];
        assert_eq!(
            sizes,
            [
                16, 16, 20, 16, 8, 40, 48, 16, 8, 16, 24, 16, 12, 4, 20, 20, 20
            ]
        );
    }

    #[test]
    fn one_offer_stands_in_the_slot_and_others_are_named() {
        let one = Offer {
            resource: 7,
            subscription: 3,
            targets_list: 11,
            terms: 2,
            dated_list: 13,
        };
        let undated = Offer {
            dated_list: 0,
            ..one
        };
        let too_far = Offer {
            dated_list: ALONE,
            ..one
        };
        for alone in [one, undated] {
            let slot = Offered::of(5, 40, &[alone]);
            assert_eq!(slot.establishment, 5);
            assert_eq!(slot.offers(7), Offers::One(alone));
        }
        let run = |count| Offers::Run { first: 40, count };
        assert_eq!(Offered::of(5, 40, &[one, undated]).offers(7), run(2));
        assert_eq!(Offered::of(5, 40, &[too_far]).offers(7), run(1));
    }

    #[test]
    fn what_is_written_is_read() {
        let terms = Terms {
            from: -5,
            until: i64::MAX,
            publics: 9,
            kind: 1,
            reserved: 0,
        };
        let mut octets = Vec::new();
        terms.write(&mut octets);
        assert_eq!(octets.len(), Terms::SIZE);
        assert_eq!(Terms::read(&octets), Some(terms));
        assert_eq!(Terms::read(&octets[1..]), None);
    }
}
