#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! Each rule of both schemas has a record that breaks it. The tables below are a second reading of the schemas; where these
//! are at hand (`OCTROI_FIXTURES`, or `../shared/fixtures` beside the repository), xmllint is asked whether it agrees.

mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use octroi_collect::{Loss, Options, Rule, validate};
use octroi_directory::Degree;
use support::records::{document, element};
use support::{Delivery, Folder, Listener, sum_of};

/// Degree, file, record, then a field a line: name, least, most (`*` is any number), longest text (`date` for a date).
/// Fields inside a field are indented.
const SCHEMAS: &str = "
2D Etab GAREtab
 GARStructureUAI 1 1 45
 GARStructureNomCourant 1 1 500
 GAREtablissementStructRattachFctl 0 1 255
 GARStructureContrat 0 1 45
 GARStructureTelephone 0 1 20
 GARStructureEmail 0 1 255
2D Etab GARMEF
 GARStructureUAI 1 1 45
 GARMEFCode 1 1 255
 GARMEFLibelle 1 1 255
 GARMEFRattach 0 1 255
 GARMEFSTAT11 0 1 255
2D Etab GARMatiere
 GARStructureUAI 1 1 45
 GARMatiereCode 1 1 255
 GARMatiereLibelle 1 1 255
2D Eleve GAREleve
 GARPersonIdentifiant 1 1 64
 GARPersonProfils 1 *
  GARStructureUAI 1 1 45
  GARPersonProfil 1 1 31
 GARPersonIdSecondaire 0 1 255
 GARPersonNomPatro 0 1 500
 GARPersonNom 1 1 500
 GARPersonPrenom 1 1 500
 GARPersonAutresPrenoms 1 * 500
 GARPersonCivilite 0 1 30
 GARPersonStructRattach 0 1 45
 GARPersonEtab 1 * 45
 GARPersonDateNaissance 0 1 date
2D Eleve GARPersonMEF
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARMEFCode 1 1 255
2D Eleve GAREleveEnseignement
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARMatiereCode 1 1 255
2D Enseignant GAREnseignant
 GARPersonIdentifiant 1 1 64
 GARPersonProfils 1 *
  GARStructureUAI 1 1 45
  GARPersonProfil 1 1 31
 GARPersonIdSecondaire 0 1 255
 GARPersonNomPatro 0 1 500
 GARPersonNom 1 1 500
 GARPersonPrenom 1 1 500
 GARPersonAutresPrenoms 1 * 500
 GARPersonCivilite 0 1 30
 GARPersonStructRattach 0 1 45
 GARPersonEtab 1 * 45
 GARPersonDateNaissance 0 1 date
 GAREnsDisciplinesPostes 0 *
  GARStructureUAI 1 1 45
  GAREnsDisciplinePosteCode 1 * 255
 GARPersonMail 0 * 255
2D Enseignant GARPersonMEF
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARMEFCode 1 1 255
2D Groupe GARGroupe
 GARGroupeCode 1 1 255
 GARStructureUAI 1 1 45
 GARGroupeLibelle 1 1 255
 GARGroupeStatut 1 1 31
 GARGroupeDivAppartenance 0 * 255
2D Groupe GARPersonGroupe
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARGroupeCode 1 1 255
2D Groupe GAREnsGroupeMatiere
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARGroupeCode 1 1 255
 GARMatiereCode 1 * 255
2D Groupe GAREnsClasseMatiere
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARGroupeCode 1 1 255
 GARMatiereCode 1 * 255
2D RespAff GARRespAff
 GARPersonIdentifiant 1 1 64
 GARPersonNom 1 1 500
 GARPersonPrenom 1 1 500
 GARPersonCivilite 0 1 30
 GARPersonMail 1 * 255
 GARRespAffEtab 1 * 45
1D Etab GAREtab
 GARStructureUAI 1 1 45
 GARStructureNomCourant 1 1 500
 GARStructureContrat 0 1 45
 GARStructureTelephone 0 1 20
 GARStructureEmail 0 1 255
1D Eleve GAREleve
 GARPersonIdentifiant 1 1 64
 GARPersonProfils 1 *
  GARStructureUAI 1 1 45
  GARPersonProfil 1 1 31
 GARPersonIdSecondaire 0 1 255
 GARPersonNomPatro 0 1 500
 GARPersonNom 1 1 500
 GARPersonPrenom 1 1 500
 GARPersonAutresPrenoms 1 * 500
 GARPersonCivilite 0 1 30
 GARPersonStructRattach 0 1 45
 GARPersonEtab 1 * 45
 GARPersonDateNaissance 0 1 date
1D Eleve GARPersonMEFSTAT4
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARMEFSTAT4Code 1 1 4
1D Enseignant GAREnseignant
 GARPersonIdentifiant 1 1 64
 GARPersonProfils 1 *
  GARStructureUAI 1 1 45
  GARPersonProfil 1 1 31
 GARPersonIdSecondaire 0 1 255
 GARPersonNomPatro 0 1 500
 GARPersonNom 1 1 500
 GARPersonPrenom 1 1 500
 GARPersonAutresPrenoms 1 * 500
 GARPersonCivilite 0 1 30
 GARPersonStructRattach 0 1 45
 GARPersonEtab 1 * 45
 GARPersonDateNaissance 0 1 date
 GAREnsSpecialitesPostes 0 *
  GARStructureUAI 1 1 45
  GAREnsSpecialitePosteCode 1 * 255
1D Enseignant GARPersonMEFSTAT4
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARMEFSTAT4Code 1 1 4
1D Groupe GARGroupe
 GARGroupeCode 1 1 255
 GARStructureUAI 1 1 45
 GARGroupeLibelle 1 1 255
 GARGroupeStatut 1 1 31
 GARGroupeDivAppartenance 0 * 255
1D Groupe GARPersonGroupe
 GARStructureUAI 1 1 45
 GARPersonIdentifiant 1 1 64
 GARGroupeCode 1 1 255
1D RespAff GARRespAff
 GARPersonIdentifiant 1 1 64
 GARPersonNom 1 1 500
 GARPersonPrenom 1 1 500
 GARPersonCivilite 0 1 30
 GARPersonMail 1 * 255
 GARRespAffEtab 1 * 45
";

#[derive(Debug, Clone)]
struct Field {
    name: &'static str,
    required: bool,
    many: bool,
    /// Longest text; 0 for a date.
    longest: usize,
    inner: Vec<Field>,
    text: String,
}

impl Field {
    fn parse(line: &'static str) -> Self {
        let mut words = line.split_whitespace();
        let name = words.next().unwrap();
        let (least, most) = (words.next().unwrap(), words.next().unwrap());
        let longest = words
            .next()
            .map_or(0, |longest| longest.parse().unwrap_or(0));
        let text = if longest == 0 { "2012-02-29" } else { "x" };
        Self {
            name,
            required: least == "1",
            many: most == "*",
            longest,
            inner: Vec::new(),
            text: text.to_owned(),
        }
    }

    fn write(&self) -> String {
        let inner: String = self.inner.iter().map(Self::write).collect();
        element(
            self.name,
            if self.inner.is_empty() {
                &self.text
            } else {
                &inner
            },
        )
    }
}

#[derive(Debug)]
struct Record {
    degree: Degree,
    file: &'static str,
    name: &'static str,
    fields: Vec<Field>,
}

fn records() -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    for line in SCHEMAS.lines().filter(|line| !line.is_empty()) {
        match line.len() - line.trim_start().len() {
            0 => {
                let words: Vec<_> = line.split(' ').collect();
                all.push(Record {
                    degree: Degree::parse(words[0]).unwrap(),
                    file: words[1],
                    name: words[2],
                    fields: Vec::new(),
                });
            }
            1 => all.last_mut().unwrap().fields.push(Field::parse(line)),
            _ => all
                .last_mut()
                .unwrap()
                .fields
                .last_mut()
                .unwrap()
                .inner
                .push(Field::parse(line)),
        }
    }
    all
}

impl Record {
    fn write(&self, fields: &[Field]) -> String {
        element(
            self.name,
            &fields.iter().map(Field::write).collect::<String>(),
        )
    }

    /// The record with everything, what breaks each rule of one sequence of its fields, and what does not.
    fn breaks(&self) -> Vec<(String, Option<Rule>, String)> {
        let mut out = vec![("everything".to_owned(), None, self.write(&self.fields))];
        let least: Vec<_> = self
            .fields
            .iter()
            .filter(|field| field.required)
            .cloned()
            .collect();
        out.push(("the least".to_owned(), None, self.write(&least)));
        variants(&self.fields, &mut |what, rule, fields| {
            out.push((what, rule, self.write(fields)))
        });
        for at in 0..self.fields.len() {
            if self.fields[at].inner.is_empty() {
                continue;
            }
            variants(&self.fields[at].inner, &mut |what, rule, inner| {
                let mut fields = self.fields.clone();
                fields[at].inner = inner.to_vec();
                out.push((what, rule, self.write(&fields)));
            });
        }
        let whole = self.write(&self.fields);
        let first = format!("<men:{}>", self.name);
        let mut with = |what: &str, rule, text: &str| {
            out.push((what.to_owned(), Some(rule), whole.replacen(&first, text, 1)));
        };
        with("text between elements", Rule::Text, &format!("{first}x"));
        with(
            "an attribute",
            Rule::Attribute,
            &format!("<men:{} id='1'>", self.name),
        );
        with(
            "an element of another namespace",
            Rule::UnexpectedElement,
            &format!("{first}<xalan:a/>"),
        );
        out
    }
}

/// Takes what was changed, the rule that this breaks, and the fields.
type Each<'a> = dyn FnMut(String, Option<Rule>, &[Field]) + 'a;

/// Every way to break one sequence of fields, and the edges that still hold.
fn variants(fields: &[Field], each: &mut Each<'_>) {
    for (at, field) in fields.iter().enumerate() {
        let name = field.name;
        let mut changed = fields.to_vec();
        changed.remove(at);
        let missing = field.required.then_some(Rule::MissingElement);
        each(format!("{name} missing"), missing, &changed);

        let mut changed = fields.to_vec();
        changed.insert(at, field.clone());
        let repeated = (!field.many).then_some(Rule::RepeatedElement);
        each(format!("{name} twice"), repeated, &changed);

        let mut changed = fields.to_vec();
        if field.longest > 0 {
            changed[at].text = "é".repeat(field.longest);
            each(format!("{name} as long as it may be"), None, &changed);
            changed[at].text = "é".repeat(field.longest + 1);
            each(format!("{name} too long"), Some(Rule::Length), &changed);
        } else if field.inner.is_empty() {
            changed[at].text = "29/02/2012".to_owned();
            each(format!("{name} no date"), Some(Rule::Date), &changed);
            changed[at].text = "2013-02-29".to_owned();
            each(
                format!("{name} no day of its month"),
                Some(Rule::Date),
                &changed,
            );
        }
        if field.inner.is_empty() {
            let mut changed = fields.to_vec();
            changed[at].text = "x<men:b/>".to_owned();
            each(
                format!("an element in {name}"),
                Some(Rule::UnexpectedElement),
                &changed,
            );
        }
        let mut changed = fields.to_vec();
        changed[at].name = "GARAutre";
        each(
            format!("another element in place of {name}"),
            Some(Rule::UnexpectedElement),
            &changed,
        );

        // Moved behind the next one. A repeatable neighbour, or an optional one that stands first, still breaks the order.
        if at + 1 < fields.len() {
            let mut changed = fields.to_vec();
            changed.swap(at, at + 1);
            let rule = if field.required {
                Rule::MissingElement
            } else {
                Rule::UnexpectedElement
            };
            each(
                format!("{name} after {}", fields[at + 1].name),
                Some(rule),
                &changed,
            );
        }
    }
}

fn told(folder: &Folder, delivery: &Delivery) -> Listener {
    let archive = delivery.pack(&folder.0);
    let mut listener = Listener::default();
    let report = validate(
        &archive,
        &sum_of(&archive),
        &Options::new(&folder.0),
        &mut listener,
    )
    .unwrap();
    let records: u64 = report.records.iter().map(|one| one.count).sum();
    assert_eq!(report.records_read(), records + report.records_lost());
    listener
}

#[test]
fn each_rule_of_the_schemas_has_a_record_that_breaks_it() {
    let folder = Folder::new("schema");
    let mut count = 0;
    for record in records() {
        // All variants stand in one file: each that breaks a rule is set aside, and nothing else is.
        let breaks = record.breaks();
        let text: String = breaks
            .iter()
            .map(|(_, _, text)| format!("{text}\n"))
            .collect();
        let delivery = Delivery::new(record.degree).file(record.file, &text);
        let mut found = told(&folder, &delivery).0.into_iter().peekable();
        for (number, (what, rule, text)) in (1..).zip(&breaks) {
            let told = found.next_if(|told| told.record == number);
            let told_rule = told.as_ref().map(|told| told.rule);
            assert_eq!(
                told_rule, *rule,
                "{} {} {what}: {told:?}\n{text}",
                record.degree, record.name
            );
            if let Some(told) = told {
                assert_eq!(
                    (&told.raw, told.loss, told.rewritten),
                    (text, Loss::Record, false)
                );
            }
            count += 1;
        }
        assert_eq!(found.next(), None);
    }
    assert!(count > 700, "{count} records");
}

#[test]
fn keys_are_not_empty() {
    let folder = Folder::new("schema-empty");
    let keys = [
        "GARPersonIdentifiant",
        "GARStructureUAI",
        "GARMEFCode",
        "GARMEFSTAT4Code",
        "GARMatiereCode",
        "GARGroupeCode",
        "GARPersonEtab",
        "GARRespAffEtab",
    ];
    for record in records() {
        for at in 0..record.fields.len() {
            if !keys.contains(&record.fields[at].name) {
                continue;
            }
            let mut fields = record.fields.clone();
            fields[at].text.clear();
            let delivery = Delivery::new(record.degree).file(record.file, &record.write(&fields));
            let rules: Vec<_> = told(&folder, &delivery)
                .0
                .iter()
                .map(|told| told.rule)
                .collect();
            assert_eq!(
                rules,
                [Rule::EmptyKey],
                "{} {}",
                record.name,
                record.fields[at].name
            );
        }
    }
}

fn schema_of(degree: Degree) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures");
    let fixtures = std::env::var_os("OCTROI_FIXTURES").map_or_else(beside, PathBuf::from);
    let name = match degree {
        Degree::Second => "GAR-ENT.xsd",
        Degree::First => "GAR-ENT-1D.xsd",
    };
    let path = fixtures.join("gar/ent-import").join(name);
    path.exists().then_some(path)
}

/// Which of these documents the schema allows; `None` where schema or xmllint are not at hand.
fn xmllint(degree: Degree, documents: &[String]) -> Option<Vec<bool>> {
    let schema = schema_of(degree)?;
    let folder = Folder::new("xmllint");
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet", "--schema"]).arg(schema);
    for (number, document) in documents.iter().enumerate() {
        let path = folder.0.join(format!("{number}.xml"));
        std::fs::write(&path, document).unwrap();
        command.arg(path);
    }
    let output = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).unwrap();
    let valid =
        (0..documents.len()).map(|number| text.contains(&format!("/{number}.xml validates")));
    Some(valid.collect())
}

#[test]
fn xmllint_agrees_on_each_record() {
    for record in records() {
        let breaks = record.breaks();
        let documents: Vec<_> = breaks
            .iter()
            .map(|(_, _, text)| document(record.degree, record.file, text))
            .collect();
        let Some(valid) = xmllint(record.degree, &documents) else {
            eprintln!("skipped: no schema or no xmllint");
            return;
        };
        for ((what, rule, text), valid) in breaks.iter().zip(valid) {
            assert_eq!(
                valid,
                rule.is_none(),
                "{} {} {what}\n{text}",
                record.degree,
                record.name
            );
        }
    }
}

#[test]
fn xmllint_allows_the_archives_of_these_tests() {
    for degree in Degree::ALL {
        let documents: Vec<_> = Delivery::small(degree)
            .files
            .into_iter()
            .map(|(_, octets)| String::from_utf8(octets).unwrap())
            .collect();
        if let Some(valid) = xmllint(degree, &documents) {
            assert_eq!(valid, vec![true; documents.len()], "{degree}");
        }
    }
}
