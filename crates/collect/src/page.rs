//! A report as a page of text that a portal's operator understands: French, with English beside it.

use std::fmt::Write as _;

use octroi_directory::Changes;

use crate::import::Outcome;
use crate::rule::{Loss, Rule};

/// The page of an import.
#[must_use]
pub fn page(outcome: &Outcome) -> String {
    let report = outcome.report();
    let mut out = String::new();
    let mut line = |french: &str, english: &str, value: &dyn std::fmt::Display| {
        let label = format!("{french} / {english}");
        let _ = writeln!(out, "{label:<64} {value}");
    };
    line("Projet ENT", "ENT project", &report.ent);
    line("Degré", "Degree", &report.degree);
    line("Livraison", "Delivery", &report.delivered);
    line("Archive", "Archive", &report.source);
    let result = match outcome {
        Outcome::Nothing(_) => "VIDE, rien n'est changé / EMPTY, nothing is changed",
        Outcome::Imported(report) if report.has_losses() => {
            "CHARGÉE, avec des rejets / LOADED, with records set aside"
        }
        Outcome::Imported(_) => "CHARGÉE / LOADED",
    };
    line("Résultat", "Result", &result);
    line("Octets compressés", "Octets packed", &report.packed_octets);
    line("Octets XML", "Octets of XML", &report.xml_octets);
    line("Fichiers", "Files", &report.files);

    let _ = writeln!(out, "\nEnregistrements lus / Records read");
    for one in &report.records {
        let _ = writeln!(out, "  {:<30} {:>12}", one.element, one.count);
    }
    let _ = writeln!(
        out,
        "  {:<30} {:>12}",
        "répétés / repeated", report.repeated
    );

    let _ = writeln!(out, "\nRejets / Set aside");
    if report.set_aside.is_empty() {
        let _ = writeln!(out, "  aucun / none");
    }
    for one in &report.set_aside {
        let (french, english) = words(one.rule);
        let loss = match one.loss {
            Loss::None => "signalé seulement / told only",
            Loss::Part => "une partie de l'enregistrement / a part of the record",
            Loss::Record => "l'enregistrement / the record",
            Loss::RestOfFile => "la suite du fichier / the rest of the file",
            Loss::File => "le fichier / the file",
        };
        let _ = writeln!(
            out,
            "  {:>8} × {:<22} {:<20} {french} / {english}. Perdu / Lost: {loss}",
            one.count,
            one.element,
            one.rule.code(),
        );
    }

    if let Outcome::Imported(_) = outcome {
        let counts = &report.directory;
        let _ = writeln!(out, "\nAnnuaire / Directory");
        for (label, count) in [
            ("personnes / people", counts.people),
            ("rattachements / affiliations", counts.affiliations),
            ("établissements / schools", counts.schools.into()),
            ("classes et groupes / groups", counts.groups.into()),
            (
                "responsables d'affectation / managers",
                counts.managers.into(),
            ),
        ] {
            let _ = writeln!(out, "  {label:<40} {count:>12}");
        }
    }
    if let Some(differences) = &report.differences {
        let _ = writeln!(
            out,
            "\nDifférences avec l'annuaire en vigueur / Against the directory in force\n  {:<40} {:>12} {:>12} {:>12} {:>12} {:>12}",
            "", "avant/before", "après/after", "nouv./new", "disp./gone", "modif./chg"
        );
        for (label, one) in [
            ("personnes / people", &differences.people),
            ("établissements / schools", &differences.schools),
            ("classes et groupes / groups", &differences.groups),
            ("responsables / managers", &differences.managers),
        ] {
            let Changes {
                before,
                after,
                new,
                gone,
                changed,
            } = one;
            let _ = writeln!(
                out,
                "  {label:<40} {before:>12} {after:>12} {new:>12} {gone:>12} {changed:>12}"
            );
        }
    }
    out
}

/// A rule in words, French and English.
fn words(rule: Rule) -> (&'static str, &'static str) {
    match rule {
        Rule::Member => (
            "entrée d'archive inattendue",
            "unexpected entry of the archive",
        ),
        Rule::Dtd => ("DOCTYPE interdit", "DOCTYPE is not allowed"),
        Rule::Encoding => (
            "encodage non lu ou caractères illisibles",
            "encoding not read, or unreadable characters",
        ),
        Rule::Root => (
            "racine ou espace de noms inattendu",
            "unexpected root or namespace",
        ),
        Rule::Version => ("attribut Version absent", "no Version attribute"),
        Rule::WellFormed => ("XML mal formé", "XML that is not well-formed"),
        Rule::RecordSize => ("enregistrement trop long", "record too long"),
        Rule::Depth => ("éléments trop imbriqués", "elements nested too deep"),
        Rule::UnexpectedElement => ("élément inattendu", "unexpected element"),
        Rule::MissingElement => ("élément obligatoire absent", "required element missing"),
        Rule::RepeatedElement => ("élément répété", "repeated element"),
        Rule::Length => ("valeur trop longue", "value too long"),
        Rule::Date => ("date invalide", "not a date"),
        Rule::Attribute => ("attribut inattendu", "unexpected attribute"),
        Rule::Text => ("texte entre des éléments", "text between elements"),
        Rule::Order => ("ordre des enregistrements", "order of records"),
        Rule::Key => ("clé en double dans le fichier", "key twice in one file"),
        Rule::EmptyKey => ("identifiant ou code vide", "empty identifier or code"),
        Rule::Profile => ("profil inconnu", "unknown profile"),
        Rule::NoProfile => ("établissement sans profil", "school without a profile"),
        Rule::GroupKind => ("statut de groupe inconnu", "unknown kind of group"),
        Rule::Limit => ("trop de rattachements", "too many affiliations"),
        Rule::Duplicate => (
            "clé en double, contenu différent",
            "key twice, saying something else",
        ),
        Rule::UnknownSchool => ("établissement inconnu", "unknown school"),
        Rule::UnknownPerson => ("personne inconnue", "unknown person"),
        Rule::NotInSchool => (
            "personne absente de l'établissement",
            "person not in the school",
        ),
        Rule::UnknownGroup => ("classe ou groupe inconnu", "unknown class or group"),
        Rule::UnknownMef => ("MEF inconnu", "unknown course of study"),
        Rule::UnknownSubject => ("matière inconnue", "unknown subject"),
    }
}
