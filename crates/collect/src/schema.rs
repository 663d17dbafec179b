//! The two schemas of an archive, `GAR-ENT.xsd` 1.7 (2D) and `GAR-ENT-1D.xsd` 1.4 (1D), as tables.
//!
//! A record is a sequence of fields; a field has a name, how often it may stand there, and what it holds. The same table
//! drives the check of every record, so there is no second place where a rule could be different. Test:
//! `tests/schema.rs` breaks each line.

use octroi_directory::Degree;

use crate::name::FileKind;

/// The namespace of a schema.
pub(crate) fn namespace(degree: Degree) -> &'static str {
    match degree {
        Degree::Second => "http://data.education.fr/ns/gar",
        Degree::First => "http://data.education.fr/ns/gar/1d",
    }
}

/// What a value means to the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Means {
    /// Checked and not kept.
    Nothing,
    Person,
    School,
    Name,
    GivenName,
    Civility,
    Mail,
    /// A school of a person (`GARPersonEtab`, `GARRespAffEtab`).
    PersonSchool,
    /// The school of a profile.
    ProfileSchool,
    Profile,
    SchoolName,
    Code,
    Label,
    Status,
    Division,
    Subject,
    MefStat,
    Attached,
}

/// What an element holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    /// Text of at most that many characters.
    Text(usize),
    /// An `xs:date`.
    Date,
    /// Elements.
    Fields(&'static [Field]),
}

/// An element of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) many: bool,
    pub(crate) holds: Holds,
    pub(crate) means: Means,
}

impl Field {
    /// Whether an empty value makes a record useless: what it is found by.
    pub(crate) fn is_key(&self) -> bool {
        use Means::{Code, Person, PersonSchool, ProfileSchool, School, Subject};
        matches!(
            self.means,
            Person | School | PersonSchool | ProfileSchool | Code | Subject
        )
    }
}

const fn one(name: &'static str, max: usize, means: Means) -> Field {
    Field {
        name,
        required: true,
        many: false,
        holds: Holds::Text(max),
        means,
    }
}

const fn optional(field: Field) -> Field {
    Field {
        required: false,
        ..field
    }
}

const fn many(field: Field) -> Field {
    Field {
        many: true,
        ..field
    }
}

const fn nested(name: &'static str, fields: &'static [Field]) -> Field {
    Field {
        name,
        required: true,
        many: true,
        holds: Holds::Fields(fields),
        means: Means::Nothing,
    }
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub(crate) enum RecordKind {
    School,
    Mef,
    Subject,
    Pupil,
    Staff,
    Manager,
    PersonMef,
    PersonLevel,
    PupilSubject,
    Group,
    PersonGroup,
    TeacherGroup,
    TeacherClass,
}

/// A kind of record and its fields, in their order.
#[derive(Debug)]
pub(crate) struct RecordType {
    pub(crate) kind: RecordKind,
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
}

/// A kind of file and its records, in their order.
#[derive(Debug)]
pub(crate) struct FileType {
    pub(crate) root: &'static str,
    pub(crate) records: &'static [RecordType],
}

impl FileType {
    pub(crate) fn of(degree: Degree, kind: FileKind) -> &'static Self {
        let files = match degree {
            Degree::Second => &SECOND,
            Degree::First => &FIRST,
        };
        // The tables hold every kind in the order of `FileKind::ALL`.
        &files[kind as usize]
    }

    /// The kind of record with an element's name, in any file.
    pub(crate) fn record(
        degree: Degree,
        name: &str,
    ) -> Option<(&'static Self, &'static RecordType)> {
        FileKind::ALL.into_iter().find_map(|kind| {
            let file = Self::of(degree, kind);
            let record = file.records.iter().find(|record| record.name == name)?;
            Some((file, record))
        })
    }
}

const PERSON: Field = one("GARPersonIdentifiant", 64, Means::Person);
const UAI: Field = one("GARStructureUAI", 45, Means::School);
const NAME: Field = one("GARPersonNom", 500, Means::Name);
const GIVEN_NAME: Field = one("GARPersonPrenom", 500, Means::GivenName);
const CIVILITY: Field = optional(one("GARPersonCivilite", 30, Means::Civility));
const PERSON_SCHOOL: Field = many(one("GARPersonEtab", 45, Means::PersonSchool));
const MAIL: Field = many(one("GARPersonMail", 255, Means::Mail));
const MEF_CODE: Field = one("GARMEFCode", 255, Means::Code);
const SUBJECT_CODE: Field = one("GARMatiereCode", 255, Means::Subject);
const GROUP_CODE: Field = one("GARGroupeCode", 255, Means::Code);
const SCHOOL_NAME: Field = one("GARStructureNomCourant", 500, Means::SchoolName);
const CONTRACT: Field = optional(one("GARStructureContrat", 45, Means::Nothing));
const TELEPHONE: Field = optional(one("GARStructureTelephone", 20, Means::Nothing));
const SCHOOL_MAIL: Field = optional(one("GARStructureEmail", 255, Means::Nothing));
const PROFILES: Field = nested(
    "GARPersonProfils",
    &[
        one("GARStructureUAI", 45, Means::ProfileSchool),
        one("GARPersonProfil", 31, Means::Profile),
    ],
);
const OTHER_ID: Field = optional(one("GARPersonIdSecondaire", 255, Means::Nothing));
const BIRTH_NAME: Field = optional(one("GARPersonNomPatro", 500, Means::Nothing));
const GIVEN_NAMES: Field = many(one("GARPersonAutresPrenoms", 500, Means::Nothing));
const ATTACHED_TO: Field = optional(one("GARPersonStructRattach", 45, Means::Nothing));
const BIRTH_DATE: Field = Field {
    name: "GARPersonDateNaissance",
    required: false,
    many: false,
    holds: Holds::Date,
    means: Means::Nothing,
};

const PUPIL: RecordType = RecordType {
    kind: RecordKind::Pupil,
    name: "GAREleve",
    fields: &[
        PERSON,
        PROFILES,
        OTHER_ID,
        BIRTH_NAME,
        NAME,
        GIVEN_NAME,
        GIVEN_NAMES,
        CIVILITY,
        ATTACHED_TO,
        PERSON_SCHOOL,
        BIRTH_DATE,
    ],
};
const MANAGER: RecordType = RecordType {
    kind: RecordKind::Manager,
    name: "GARRespAff",
    fields: &[
        PERSON,
        NAME,
        GIVEN_NAME,
        CIVILITY,
        MAIL,
        many(one("GARRespAffEtab", 45, Means::PersonSchool)),
    ],
};
const GROUP: RecordType = RecordType {
    kind: RecordKind::Group,
    name: "GARGroupe",
    fields: &[
        GROUP_CODE,
        UAI,
        one("GARGroupeLibelle", 255, Means::Label),
        one("GARGroupeStatut", 31, Means::Status),
        many(optional(one(
            "GARGroupeDivAppartenance",
            255,
            Means::Division,
        ))),
    ],
};
const PERSON_GROUP: RecordType = RecordType {
    kind: RecordKind::PersonGroup,
    name: "GARPersonGroupe",
    fields: &[UAI, PERSON, GROUP_CODE],
};
const PERSON_MEF: RecordType = RecordType {
    kind: RecordKind::PersonMef,
    name: "GARPersonMEF",
    fields: &[UAI, PERSON, MEF_CODE],
};
const PERSON_LEVEL: RecordType = RecordType {
    kind: RecordKind::PersonLevel,
    name: "GARPersonMEFSTAT4",
    fields: &[UAI, PERSON, one("GARMEFSTAT4Code", 4, Means::Code)],
};

/// The staff of both degrees: they differ in what their posts are called, and in what follows.
macro_rules! staff {
    ($posts:literal, $code:literal $(, $more:expr)*) => {
        RecordType {
            kind: RecordKind::Staff,
            name: "GAREnseignant",
            fields: &[
                PERSON,
                PROFILES,
                OTHER_ID,
                BIRTH_NAME,
                NAME,
                GIVEN_NAME,
                GIVEN_NAMES,
                CIVILITY,
                ATTACHED_TO,
                PERSON_SCHOOL,
                BIRTH_DATE,
                optional(nested(
                    $posts,
                    &[
                        one("GARStructureUAI", 45, Means::Nothing),
                        many(one($code, 255, Means::Nothing)),
                    ],
                )),
                $($more,)*
            ],
        }
    };
}

static SECOND: [FileType; 5] = [
    FileType {
        root: "GAR-ENT-Etab",
        records: &[
            RecordType {
                kind: RecordKind::School,
                name: "GAREtab",
                fields: &[
                    UAI,
                    SCHOOL_NAME,
                    optional(one(
                        "GAREtablissementStructRattachFctl",
                        255,
                        Means::Nothing,
                    )),
                    CONTRACT,
                    TELEPHONE,
                    SCHOOL_MAIL,
                ],
            },
            RecordType {
                kind: RecordKind::Mef,
                name: "GARMEF",
                fields: &[
                    UAI,
                    MEF_CODE,
                    one("GARMEFLibelle", 255, Means::Nothing),
                    optional(one("GARMEFRattach", 255, Means::Attached)),
                    optional(one("GARMEFSTAT11", 255, Means::MefStat)),
                ],
            },
            RecordType {
                kind: RecordKind::Subject,
                name: "GARMatiere",
                fields: &[
                    UAI,
                    SUBJECT_CODE,
                    one("GARMatiereLibelle", 255, Means::Nothing),
                ],
            },
        ],
    },
    FileType {
        root: "GAR-ENT-Eleve",
        records: &[
            PUPIL,
            PERSON_MEF,
            RecordType {
                kind: RecordKind::PupilSubject,
                name: "GAREleveEnseignement",
                fields: &[UAI, PERSON, SUBJECT_CODE],
            },
        ],
    },
    FileType {
        root: "GAR-ENT-Enseignant",
        records: &[
            staff!(
                "GAREnsDisciplinesPostes",
                "GAREnsDisciplinePosteCode",
                optional(MAIL)
            ),
            PERSON_MEF,
        ],
    },
    FileType {
        root: "GAR-ENT-Groupe",
        records: &[
            GROUP,
            PERSON_GROUP,
            RecordType {
                kind: RecordKind::TeacherGroup,
                name: "GAREnsGroupeMatiere",
                fields: &[UAI, PERSON, GROUP_CODE, many(SUBJECT_CODE)],
            },
            RecordType {
                kind: RecordKind::TeacherClass,
                name: "GAREnsClasseMatiere",
                fields: &[UAI, PERSON, GROUP_CODE, many(SUBJECT_CODE)],
            },
        ],
    },
    FileType {
        root: "GAR-ENT-RespAff",
        records: &[MANAGER],
    },
];

static FIRST: [FileType; 5] = [
    FileType {
        root: "GAR-ENT-Etab",
        records: &[RecordType {
            kind: RecordKind::School,
            name: "GAREtab",
            fields: &[UAI, SCHOOL_NAME, CONTRACT, TELEPHONE, SCHOOL_MAIL],
        }],
    },
    FileType {
        root: "GAR-ENT-Eleve",
        records: &[PUPIL, PERSON_LEVEL],
    },
    FileType {
        root: "GAR-ENT-Enseignant",
        records: &[
            staff!("GAREnsSpecialitesPostes", "GAREnsSpecialitePosteCode"),
            PERSON_LEVEL,
        ],
    },
    FileType {
        root: "GAR-ENT-Groupe",
        records: &[GROUP, PERSON_GROUP],
    },
    FileType {
        root: "GAR-ENT-RespAff",
        records: &[MANAGER],
    },
];
