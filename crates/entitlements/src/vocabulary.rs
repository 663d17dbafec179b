//! The closed vocabularies of the directory: profiles, target publics, subscription kinds, released attributes.
//!
//! Each has one spelling in the source directory and in what is released, and one bit or number in a snapshot.
//! Numbers written into snapshots never change meaning: new members are added at the end, none is reused.
//! This module decides nothing about rights; [`crate::rules`] does.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a person is in a school (*profil*), as the national directory names it (`National_elv`, …).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Profile {
    /// `National_elv`: pupil (*élève*).
    #[serde(rename = "National_elv")]
    Pupil = 0,
    /// `National_ens`: teacher (*enseignant*).
    #[serde(rename = "National_ens")]
    Teacher = 1,
    /// `National_doc`: librarian (*enseignant documentaliste*).
    #[serde(rename = "National_doc")]
    Librarian = 2,
    /// `National_dir`: head of school (*direction*).
    #[serde(rename = "National_dir")]
    Head = 3,
    /// `National_evs`: school life (*vie scolaire*).
    #[serde(rename = "National_evs")]
    SchoolLife = 4,
    /// `National_eta`: administrative and technical staff of the school.
    #[serde(rename = "National_eta")]
    Staff = 5,
    /// `National_aca`: staff of the regional authority (*services académiques*).
    #[serde(rename = "National_aca")]
    Authority = 6,
    /// `National_col`: staff of the local authority (*collectivité territoriale*).
    #[serde(rename = "National_col")]
    LocalAuthority = 7,
    /// `National_tut`: parent or guardian (*représentant légal*). No subscription targets them.
    #[serde(rename = "National_tut")]
    Guardian = 8,
}

impl Profile {
    /// Every profile, in the order of its bit.
    pub const ALL: [Self; 9] = [
        Self::Pupil,
        Self::Teacher,
        Self::Librarian,
        Self::Head,
        Self::SchoolLife,
        Self::Staff,
        Self::Authority,
        Self::LocalAuthority,
        Self::Guardian,
    ];

    /// The released spelling, with the lower-case suffix that publishers expect (`gar.md` §2).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pupil => "National_elv",
            Self::Teacher => "National_ens",
            Self::Librarian => "National_doc",
            Self::Head => "National_dir",
            Self::SchoolLife => "National_evs",
            Self::Staff => "National_eta",
            Self::Authority => "National_aca",
            Self::LocalAuthority => "National_col",
            Self::Guardian => "National_tut",
        }
    }

    /// Reads a profile in any case (`National_ELV`, `NATIONAL_elv`).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whom a subscription is for (`publicCible`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Public {
    /// `ELEVE`.
    #[serde(rename = "ELEVE")]
    Pupils = 0,
    /// `ENSEIGNANT`.
    #[serde(rename = "ENSEIGNANT")]
    Teachers = 1,
    /// `DOCUMENTALISTE`.
    #[serde(rename = "DOCUMENTALISTE")]
    Librarians = 2,
    /// `AUTRE PERSONNEL`.
    #[serde(rename = "AUTRE PERSONNEL")]
    OtherStaff = 3,
}

impl Public {
    /// Every public, in the order of its bit.
    pub const ALL: [Self; 4] = [
        Self::Pupils,
        Self::Teachers,
        Self::Librarians,
        Self::OtherStaff,
    ];

    /// The spelling of the subscription web service.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pupils => "ELEVE",
            Self::Teachers => "ENSEIGNANT",
            Self::Librarians => "DOCUMENTALISTE",
            Self::OtherStaff => "AUTRE PERSONNEL",
        }
    }

    /// Reads the spelling of the subscription web service, exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|public| public.as_str() == text)
    }
}

impl fmt::Display for Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a subscription opens its resource (`typeAffectation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum SubscriptionKind {
    /// `ETABL`: open to the whole target public of the school.
    #[serde(rename = "ETABL")]
    WholeSchool = 0,
    /// `INDIV`: open to those to whom it is assigned.
    #[serde(rename = "INDIV")]
    Individual = 1,
}

impl SubscriptionKind {
    /// `ETABL` or `INDIV`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WholeSchool => "ETABL",
            Self::Individual => "INDIV",
        }
    }
}

/// How a browser reaches the resource after the decision (`gar.md` §1, step 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Delivery {
    /// An unsolicited signed Response is posted to the publisher.
    Push = 0,
    /// The browser is redirected to the access URL; the publisher then asks.
    Pull = 1,
}

impl Delivery {
    /// `push` or `pull`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Pull => "pull",
        }
    }
}

/// An attribute that a publisher may be given (`gar.md` §2). The order is that of release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Attribute {
    /// `IDO`: the pseudonym of the person for this publisher.
    Ido = 0,
    /// `IDC`: `<idRessource>_<IDO>`.
    Idc = 1,
    /// `UAI` of each school that entitles.
    Uai = 2,
    /// `PRO`: profiles in the schools that entitle.
    Pro = 3,
    /// `DIV`: classes, `code##label`.
    Div = 4,
    /// `GRO`: groups, `code##label##division`.
    Gro = 5,
    /// `P_MS4`: level codes (MEFSTAT4).
    PMs4 = 6,
    /// `P_MAT`: subject codes.
    PMat = 7,
    /// `E_MS1`: pupil's level codes (MEFSTAT1).
    EMs1 = 8,
    /// `CIV`: form of address. Names a person.
    Civ = 9,
    /// `NOM`: family name. Names a person.
    Nom = 10,
    /// `PRE`: given name. Names a person.
    Pre = 11,
    /// `P_MEL`: mail address. Names a person.
    PMel = 12,
    /// `LRA`: access URLs of the resource's family.
    Lra = 13,
    /// `idENT`: code of the ENT project, base64 as in tile URLs.
    IdEnt = 14,
}

impl Attribute {
    /// Every attribute in the order of release.
    pub const ALL: [Self; 15] = [
        Self::Ido,
        Self::Idc,
        Self::Uai,
        Self::Pro,
        Self::Div,
        Self::Gro,
        Self::PMs4,
        Self::PMat,
        Self::EMs1,
        Self::Civ,
        Self::Nom,
        Self::Pre,
        Self::PMel,
        Self::Lra,
        Self::IdEnt,
    ];

    /// The bare name under which it is released, in every protocol.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ido => "IDO",
            Self::Idc => "IDC",
            Self::Uai => "UAI",
            Self::Pro => "PRO",
            Self::Div => "DIV",
            Self::Gro => "GRO",
            Self::PMs4 => "P_MS4",
            Self::PMat => "P_MAT",
            Self::EMs1 => "E_MS1",
            Self::Civ => "CIV",
            Self::Nom => "NOM",
            Self::Pre => "PRE",
            Self::PMel => "P_MEL",
            Self::Lra => "LRA",
            Self::IdEnt => "idENT",
        }
    }

    /// Reads the bare name, exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|attribute| attribute.as_str() == text)
    }
}

macro_rules! set_of {
    ($(#[$meta:meta])* $name:ident, $item:ty, $bits:ty) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
        pub struct $name(pub(crate) $bits);

        impl $name {
            /// The set without members.
            pub const EMPTY: Self = Self(0);

            /// This set with one more member.
            #[must_use]
            pub fn with(self, item: $item) -> Self {
                Self(self.0 | 1 << item as u8)
            }

            /// Whether `item` is a member.
            #[must_use]
            pub fn contains(self, item: $item) -> bool {
                self.0 & (1 << item as u8) != 0
            }

            /// Whether the two sets have a member in common.
            #[must_use]
            pub fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }

            /// The members of either.
            #[must_use]
            pub fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether there is no member.
            #[must_use]
            pub fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Its members in the order of the vocabulary.
            pub fn iter(self) -> impl Iterator<Item = $item> {
                <$item>::ALL.into_iter().filter(move |item| self.contains(*item))
            }
        }

        impl FromIterator<$item> for $name {
            fn from_iter<I: IntoIterator<Item = $item>>(items: I) -> Self {
                items.into_iter().fold(Self::EMPTY, Self::with)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.iter().map(<$item>::as_str)).finish()
            }
        }
    };
}

set_of!(
    /// Profiles that a person has in one school.
    ProfileSet, Profile, u16
);
set_of!(
    /// Publics that a subscription targets.
    PublicSet, Public, u16
);
set_of!(
    /// Attributes that a resource may be given: its release policy.
    AttributeSet, Attribute, u32
);

impl AttributeSet {
    /// Whether the policy releases a name, a mail address or a form of address, which asks for encryption
    /// towards the publisher.
    #[must_use]
    pub fn names_a_person(self) -> bool {
        self.intersects(
            Self::EMPTY
                .with(Attribute::Civ)
                .with(Attribute::Nom)
                .with(Attribute::Pre)
                .with(Attribute::PMel),
        )
    }
}
