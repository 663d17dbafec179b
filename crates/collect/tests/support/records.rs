//! Records of an archive as XML, for the suites of this crate and of the program.
#![allow(dead_code, unreachable_pub, missing_docs)] // each suite uses a part

use octroi_directory::Degree;

/// The name of everybody, unless a suite gives them another.
pub const NAME: &str = "Dupont";
pub const UAI: &str = "0561622J";
pub const ELSE: &str = "0560001A";

pub fn namespace(degree: Degree) -> &'static str {
    match degree {
        Degree::Second => "http://data.education.fr/ns/gar",
        Degree::First => "http://data.education.fr/ns/gar/1d",
    }
}

/// A document with these records.
pub fn document(degree: Degree, kind: &str, records: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<men:GAR-ENT-{kind} xmlns:men=\"{}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:xalan=\"http://xml.apache.org/xalan\" Version=\"1.0\">\n{records}</men:GAR-ENT-{kind}>\n",
        namespace(degree)
    )
}

/// `<a>x</a>` for `("a", "x")`, with the usual prefix.
pub fn element(name: &str, content: &str) -> String {
    format!("<men:{name}>{content}</men:{name}>")
}

/// A record of fields with text.
pub fn record(name: &str, fields: &[(&str, &str)]) -> String {
    let fields: String = fields
        .iter()
        .map(|(name, text)| element(name, text))
        .collect();
    element(name, &fields) + "\n"
}

pub fn profiles(uai: &str, profile: &str) -> String {
    element(
        "GARPersonProfils",
        &(element("GARStructureUAI", uai) + &element("GARPersonProfil", profile)),
    )
}

pub fn pupil(id: &str, uai: &str) -> String {
    person("GAREleve", id, uai, "National_ELV", "")
}

/// An assignment manager.
pub fn manager(id: &str, uai: &str) -> String {
    record(
        "GARRespAff",
        &[
            ("GARPersonIdentifiant", id),
            ("GARPersonNom", "Dupont"),
            ("GARPersonPrenom", "Zoé"),
            ("GARPersonCivilite", "Mme"),
            ("GARPersonMail", "z@example.org"),
            ("GARRespAffEtab", uai),
        ],
    )
}

pub fn teacher(id: &str, uai: &str) -> String {
    person("GAREnseignant", id, uai, "National_ENS", "")
}

pub fn person(record: &str, id: &str, uai: &str, profile: &str, after: &str) -> String {
    let fields = [
        element("GARPersonIdentifiant", id),
        profiles(uai, profile),
        element("GARPersonNom", NAME),
        element("GARPersonPrenom", "Zoé"),
        element("GARPersonAutresPrenoms", "Zoé"),
        element("GARPersonEtab", uai),
        after.to_owned(),
    ];
    element(record, &fields.concat()) + "\n"
}

pub fn school(uai: &str) -> String {
    record(
        "GAREtab",
        &[
            ("GARStructureUAI", uai),
            ("GARStructureNomCourant", "Collège"),
        ],
    )
}

pub fn relation(name: &str, uai: &str, person: &str, code: (&str, &str)) -> String {
    record(
        name,
        &[
            ("GARStructureUAI", uai),
            ("GARPersonIdentifiant", person),
            code,
        ],
    )
}

pub fn group(uai: &str, code: &str, status: &str, divisions: &[&str]) -> String {
    let mut fields = vec![
        ("GARGroupeCode", code),
        ("GARStructureUAI", uai),
        ("GARGroupeLibelle", "Un groupe"),
        ("GARGroupeStatut", status),
    ];
    fields.extend(
        divisions
            .iter()
            .map(|code| ("GARGroupeDivAppartenance", *code)),
    );
    record("GARGroupe", &fields)
}

pub fn mef(uai: &str, stat: &str) -> String {
    record(
        "GARMEF",
        &[
            ("GARStructureUAI", uai),
            ("GARMEFCode", "M"),
            ("GARMEFLibelle", ""),
            ("GARMEFSTAT11", stat),
        ],
    )
}

pub fn subject(uai: &str) -> String {
    record(
        "GARMatiere",
        &[
            ("GARStructureUAI", uai),
            ("GARMatiereCode", "S"),
            ("GARMatiereLibelle", ""),
        ],
    )
}

/// A record as it stands alone: with its namespace.
pub fn alone(degree: Degree, record: &str) -> String {
    let end = record.find('>').unwrap_or_default();
    let (start, rest) = record.trim_end().split_at(end);
    format!("{start} xmlns:men=\"{}\"{rest}", namespace(degree))
}
