//! `subscriptions.tsv` with every column: what each rule sets aside, told with its column.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

mod support;

use octroi_entitlements::{BuildOptions, BuildReport, Query, Silent, Snapshot, Sources, build};
use support::{Country, Folder, january};

const HEADER: &str = "id\tresource\tkind\tfrom\tuntil\tuntil_year\tschools\tnature\tpublics\tcategory\tlicences\t\
                      licences_pupils\tlicences_teachers\tlicences_librarians\tlicences_other_staff\tcomment\t\
                      distributor\tresource_type\tlabel\tproject\n";

/// Two schools: a *collège* and, of the first degree, an *école élémentaire*.
fn country() -> Country {
    let mut country = Country::smallest();
    country.schools.push("0010048O".into());
    country.school_kinds = [("0561622J", ("340", "2D")), ("0010048O", ("151", "1D"))]
        .map(|(school, kind)| (school.to_owned(), kind))
        .into();
    country
}

/// Builds with these lines, cells set off by a space each; `-` is an empty cell, and missing ones are empty.
fn with(lines: &[&str]) -> (Snapshot, BuildReport) {
    let folder = Folder::of(&country());
    let mut table = HEADER.to_owned();
    for line in lines {
        let mut cells: Vec<&str> = line
            .split(' ')
            .map(|c| if c == "-" { "" } else { c })
            .collect();
        cells.resize(20, "");
        table.push_str(&cells.join("\t").replace('~', " "));
        table.push('\n');
    }
    std::fs::write(folder.join("subscriptions.tsv"), table).unwrap();
    let out = folder.join("out");
    let options = BuildOptions::default();
    let report = build(&Sources::tables(folder.path()), &out, &options, &Silent).unwrap();
    (Snapshot::open(&out).unwrap(), report)
}

/// A line that every rule likes comes first: a table with nothing good would refuse the build.
const GOOD: &str = "ok ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE|DOCUMENTALISTE";

#[test]
fn each_rule_sets_a_line_aside() {
    for (line, expected) in [
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE - 5 5",
            "licences_pupils: RG1: either a global licence count or counts by public",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J 340 ELEVE",
            "nature: RG2: either schools or kinds of school (nature)",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - - - ELEVE",
            "schools: RG2: either schools or kinds of school (nature)",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE - - - - - - - 12_34",
            "distributor: RG3: not a distributor: nine digits, _, sixteen digits",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE lent",
            "category: RG4: not one of the words allowed here",
        ),
        (
            "a ark:/99999/r1 BOTH 2026-01-01 2026-08-15 - 0561622J - ELEVE",
            "kind: RG4: not one of the words allowed here",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE - - - 3",
            "licences_teachers: RG5: licences for a public that the subscription is not for",
        ),
        (
            "a ark:/99999/r1 ETABL 2026-01-01 2026-08-15 - 0561622J - ELEVE - - 3",
            "licences_pupils: RG6: an ETABL subscription has a global licence count only",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 - 2035-2036 0561622J - ELEVE",
            "until_year: RG7: more than 10 school years",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2036-01-01 - 0561622J - ELEVE",
            "until: RG8: more than 10 years",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 2025-2026 0561622J - ELEVE",
            "until_year: RG9: either an end or a school year of end",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 - 2026 0561622J - ELEVE",
            "until_year: RG10: not a school year (2023-2024)",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE - many",
            "licences: RG10: neither a number up to 4294967295 nor ILLIMITE",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0010048O - ELEVE|DOCUMENTALISTE",
            "publics: RG11: a first-degree school has no librarians",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - - 151 DOCUMENTALISTE",
            "publics: RG11: a first-degree school has no librarians",
        ),
        (
            "categorie ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE",
            "id: RG12: `abonnements` and `categorie` name no subscription",
        ),
        (
            "_a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE",
            "id: RG13: begins with _",
        ),
        (
            "AUTO_0561622J_1_2 ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE",
            "kind: AUTO_ names a subscription that the platform made: ETABL, ILLIMITE, for the school in its name",
        ),
        (
            "a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - - 999 ELEVE",
            "nature: names nothing that is known",
        ),
    ] {
        let (_, report) = with(&[GOOD, line]);
        let told = report.set_aside.first().unwrap().to_string();
        assert_eq!(told, format!("subscriptions.tsv:3: {expected}"), "{line}");
        let taken = report.counts.subscriptions;
        assert_eq!(taken, 1, "{line}");
    }
}

#[test]
fn what_keeps_the_rules_is_taken() {
    let (snapshot, report) = with(&[
        GOOD,
        "b ark:/99999/r1 INDIV 2026-01-01 - 2034-2035 0561622J - ELEVE transferable - 320 - - - note \
         123456789_0000000000000001 ARK A~book P-1",
        "c ark:/99999/r1 ETABL 2026-01-01 2035-12-31 - - 340|151 ELEVE non~transferable 5",
        "AUTO_0561622J_21202_1596629146787 ark:/99999/r1 ETABL 2026-01-01 2026-08-15 2020-2021 0561622J - ELEVE \
         transferable ILLIMITE",
    ]);
    assert_eq!(report.set_aside, []);
    snapshot.check().unwrap();
    let query = Query {
        ent: "B0",
        person: "p1",
        resource: "ark:/99999/r1",
        school: None,
        at: january(10),
    };
    let grant = snapshot.resolve(&query).unwrap();
    let by: Vec<&str> = grant.subscriptions().map(|s| s.id()).collect();
    assert_eq!(by, ["AUTO_0561622J_21202_1596629146787", "c"]);
    // `date -u -d '2036-01-01 00:00 +0100' +%s`
    assert_eq!(grant.until(), 2_082_754_800);
}

#[test]
fn a_report_names_the_rule_in_json() {
    let (_, report) = with(&[
        GOOD,
        "_a ark:/99999/r1 INDIV 2026-01-01 2026-08-15 - 0561622J - ELEVE",
    ]);
    let json = serde_json::to_value(&report.set_aside[0]).unwrap();
    assert_eq!(json["reason"]["code"], "rule-broken");
    assert_eq!(json["reason"]["rule"], "RG13");
    assert_eq!(json["reason"]["field"], "idAbonnement");
}
