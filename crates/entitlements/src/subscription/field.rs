//! The fields of a subscription, and what can be wrong with them.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

macro_rules! fields {
    ($($(#[$meta:meta])* $name:ident $column:literal $french:literal),* $(,)?) => {
        /// A field of a subscription.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field { $($(#[$meta])* $name),* }

        impl Field {
            /// Every field.
            pub const ALL: [Self; [$($column),*].len()] = [$(Self::$name),*];

            /// Its column in `subscriptions.tsv`.
            #[must_use]
            pub fn column(self) -> &'static str {
                match self { $(Self::$name => $column),* }
            }

            /// Its element in the web service for publishers.
            #[must_use]
            pub fn element(self) -> &'static str {
                match self { $(Self::$name => $french),* }
            }
        }
    };
}

fields! {
    /// Its identifier.
    Id "id" "idAbonnement",
    /// Free text.
    Comment "comment" "commentaireAbonnement",
    /// Who sold it (*distributeur commercial*): SIREN and ISNI.
    Distributor "distributor" "idDistributeurCom",
    /// The resource's ARK.
    Resource "resource" "idRessource",
    /// What kind of identifier that is.
    ResourceType "resource_type" "typeIdRessource",
    /// The resource's title.
    Label "label" "libelleRessource",
    /// Beginning of validity.
    From "from" "debutValidite",
    /// End of validity.
    Until "until" "finValidite",
    /// The school year with which validity ends.
    UntilYear "until_year" "anneeFinValidite",
    /// Schools covered.
    Schools "schools" "uaiEtab",
    /// Kinds of school covered (nomenclature `N_NATURE_UAI`).
    Nature "nature" "codeNatureUAI",
    /// Whether a licence can pass on.
    Category "category" "categorieAffectation",
    /// ETABL or INDIV.
    Kind "kind" "typeAffectation",
    /// Licences for teachers.
    LicencesTeachers "licences_teachers" "nbLicenceEnseignant",
    /// Licences for pupils.
    LicencesPupils "licences_pupils" "nbLicenceEleve",
    /// Licences for librarians.
    LicencesLibrarians "licences_librarians" "nbLicenceProfDoc",
    /// Licences for other staff.
    LicencesOtherStaff "licences_other_staff" "nbLicenceAutrePersonnel",
    /// Licences for everybody together.
    Licences "licences" "nbLicenceGlobale",
    /// Target public.
    Publics "publics" "publicCible",
    /// Project to which it belongs.
    Project "project" "codeProjetRessource",
}

impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.element())
    }
}

/// What RG10 expected of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// Something.
    Value,
    /// At most so many octets.
    AtMost(usize),
    /// A date or an instant with offset.
    Instant,
    /// An end after the beginning.
    LaterEnd,
    /// Two consecutive years, `2023-2024`.
    SchoolYear,
    /// A number, or `ILLIMITE`.
    Count,
    /// `ark`.
    Ark,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("empty"),
            Self::AtMost(most) => write!(f, "longer than {most} octets"),
            Self::Instant => f.write_str("neither a date (YYYY-MM-DD) nor an instant with offset"),
            Self::LaterEnd => f.write_str("ends before it begins"),
            Self::SchoolYear => f.write_str("not a school year (2023-2024)"),
            Self::Count => f.write_str("neither a number up to 4294967295 nor ILLIMITE"),
            Self::Ark => f.write_str("not `ark`"),
        }
    }
}

/// A rule that a subscription breaks, and the field at fault. RG1 to RG13 are the web service's own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Error)]
#[serde(tag = "rule", rename_all = "UPPERCASE")]
#[allow(missing_docs)] // each has one field, which is named
pub enum RuleBroken {
    /// One global licence count, or counts by public: one of the two, not both, not neither.
    #[error("RG1: either a global licence count or counts by public")]
    Rg1 { field: Field },
    /// Schools, or kinds of school: one of the two.
    #[error("RG2: either schools or kinds of school (nature)")]
    Rg2 { field: Field },
    /// The distributor is nine digits, `_`, sixteen digits.
    #[error("RG3: not a distributor: nine digits, _, sixteen digits")]
    Rg3 { field: Field },
    /// Category and type are of their vocabularies.
    #[error("RG4: not one of the words allowed here")]
    Rg4 { field: Field },
    /// A count for a public needs that public.
    #[error("RG5: licences for a public that the subscription is not for")]
    Rg5 { field: Field },
    /// ETABL has a global count only.
    #[error("RG6: an ETABL subscription has a global licence count only")]
    Rg6 { field: Field },
    /// It ends at most ten school years on.
    #[error("RG7: more than 10 school years")]
    Rg7 { field: Field },
    /// It ends at most ten years on.
    #[error("RG8: more than 10 years")]
    Rg8 { field: Field },
    /// An end, or a school year of end: one of the two.
    #[error("RG9: either an end or a school year of end")]
    Rg9 { field: Field },
    /// A field is not written as it must be.
    #[error("RG10: {expected}")]
    Rg10 { field: Field, expected: Expected },
    /// First-degree schools (*premier degré*) have no librarians.
    #[error("RG11: a first-degree school has no librarians")]
    Rg11 { field: Field },
    /// The identifier is a word that the web service's addresses need.
    #[error("RG12: `abonnements` and `categorie` name no subscription")]
    Rg12 { field: Field },
    /// The identifier begins with `_`.
    #[error("RG13: begins with _")]
    Rg13 { field: Field },
    /// `AUTO_` names the platform's own subscriptions, ETABL without a count for the one school in the name.
    #[error(
        "AUTO_ names a subscription that the platform made: ETABL, ILLIMITE, for the school in its name"
    )]
    Auto { field: Field },
}

impl RuleBroken {
    /// `RG1` to `RG13`, or `AUTO`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Rg1 { .. } => "RG1",
            Self::Rg2 { .. } => "RG2",
            Self::Rg3 { .. } => "RG3",
            Self::Rg4 { .. } => "RG4",
            Self::Rg5 { .. } => "RG5",
            Self::Rg6 { .. } => "RG6",
            Self::Rg7 { .. } => "RG7",
            Self::Rg8 { .. } => "RG8",
            Self::Rg9 { .. } => "RG9",
            Self::Rg10 { .. } => "RG10",
            Self::Rg11 { .. } => "RG11",
            Self::Rg12 { .. } => "RG12",
            Self::Rg13 { .. } => "RG13",
            Self::Auto { .. } => "AUTO",
        }
    }

    /// The field at fault.
    #[must_use]
    pub fn field(self) -> Field {
        match self {
            Self::Rg1 { field }
            | Self::Rg2 { field }
            | Self::Rg3 { field }
            | Self::Rg4 { field }
            | Self::Rg5 { field }
            | Self::Rg6 { field }
            | Self::Rg7 { field }
            | Self::Rg8 { field }
            | Self::Rg9 { field }
            | Self::Rg10 { field, .. }
            | Self::Rg11 { field }
            | Self::Rg12 { field }
            | Self::Rg13 { field }
            | Self::Auto { field } => field,
        }
    }
}
