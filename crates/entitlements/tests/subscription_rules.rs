//! Rules RG1 to RG13, each with subscriptions that keep it and subscriptions that break it.
#![allow(clippy::unwrap_used, clippy::panic)] // a test program

use octroi_entitlements::subscription::{
    Category, Checker, Context, Count, Fields, Licences, Maker, RuleBroken,
};
use octroi_entitlements::{Public, PublicSet};

const DISTRIBUTOR: &str = "123456789_0000000000000001";

/// What a publisher sends, and every rule likes.
fn good() -> Fields<'static> {
    Fields {
        id: "abo-1",
        distributor: DISTRIBUTOR,
        resource_type: "ark",
        label: "A book",
        from: "2026-09-01",
        until: "2027-08-15",
        schools: &["0561622J"],
        category: "transferable",
        kind: "INDIV",
        licences: "ILLIMITE",
        publics: PublicSet::EMPTY.with(Public::Pupils).with(Public::Teachers),
        ..Fields::default()
    }
}

fn context(maker: Maker) -> Context {
    Context {
        maker,
        first_degree: false,
    }
}

/// The broken rules with their fields, `RG3 idDistributeurCom`.
fn broken(fields: &Fields<'_>, context: Context) -> Vec<String> {
    match Checker::new().unwrap().check(fields, context) {
        Ok(_) => vec![],
        Err(rules) => rules
            .iter()
            .map(|rule: &RuleBroken| format!("{} {}", rule.code(), rule.field().element()))
            .collect(),
    }
}

type Case<'c> = (&'c str, fn(&mut Fields<'static>), &'c [&'c str]);

fn table_as(maker: Maker, cases: &[Case<'_>]) {
    for (name, change, expected) in cases {
        let mut fields = good();
        change(&mut fields);
        assert_eq!(broken(&fields, context(maker)), *expected, "{name}");
    }
}

fn table(cases: &[Case<'_>]) {
    table_as(Maker::Publisher, cases);
}

fn by_public(fields: &mut Fields<'static>, counts: [&'static str; 4]) {
    fields.licences = "";
    fields.licences_by_public = counts;
}

#[test]
fn rg1_a_global_count_or_counts_by_public() {
    table(&[
        ("global", |f| f.licences = "12", &[]),
        ("unlimited", |_| (), &[]),
        ("by public", |f| by_public(f, ["320", "11", "", ""]), &[]),
        (
            "one public of two",
            |f| by_public(f, ["320", "", "", ""]),
            &[],
        ),
        (
            "both",
            |f| f.licences_by_public[0] = "3",
            &["RG1 nbLicenceEleve"],
        ),
        ("neither", |f| f.licences = "", &["RG1 nbLicenceGlobale"]),
        (
            "none at all",
            |f| f.licences = "0",
            &["RG1 nbLicenceGlobale"],
        ),
        (
            "zero is as good as nothing",
            |f| f.licences_by_public[2] = "0",
            &[],
        ),
    ]);
    table_as(
        Maker::Directory,
        &[
            ("the tables may be silent", |f| f.licences = "", &[]),
            (
                "zero is not silence",
                |f| f.licences = "0",
                &["RG1 nbLicenceGlobale"],
            ),
        ],
    );
}

#[test]
fn rg2_schools_or_kinds_of_school() {
    table(&[
        ("schools", |f| f.schools = &["0561622J", "0350042F"], &[]),
        (
            "kinds",
            |f| (f.schools, f.natures) = (&[], &["340", "300"]),
            &[],
        ),
        ("both", |f| f.natures = &["340"], &["RG2 codeNatureUAI"]),
        ("neither", |f| f.schools = &[], &["RG2 uaiEtab"]),
    ]);
}

#[test]
fn rg3_the_distributor() {
    table(&[
        ("siren and isni", |_| (), &[]),
        (
            "missing",
            |f| f.distributor = "",
            &["RG3 idDistributeurCom"],
        ),
        (
            "too short",
            |f| f.distributor = "000000_0000000000000000",
            &["RG3 idDistributeurCom"],
        ),
        (
            "too long",
            |f| f.distributor = "123456789_00000000000000010",
            &["RG3 idDistributeurCom"],
        ),
        (
            "letters",
            |f| f.distributor = "12345678X_0000000000000001",
            &["RG3 idDistributeurCom"],
        ),
    ]);
    table_as(
        Maker::Directory,
        &[
            ("the tables may be silent", |f| f.distributor = "", &[]),
            (
                "and may not be wrong",
                |f| f.distributor = "x",
                &["RG3 idDistributeurCom"],
            ),
        ],
    );
}

#[test]
fn rg4_category_and_type() {
    table(&[
        ("transferable", |_| (), &[]),
        ("non transferable", |f| f.category = "non transferable", &[]),
        (
            "another word",
            |f| f.category = "Transferable",
            &["RG4 categorieAffectation"],
        ),
        (
            "missing",
            |f| f.category = "",
            &["RG4 categorieAffectation"],
        ),
        ("ETABL", |f| f.kind = "ETABL", &[]),
        (
            "another type",
            |f| f.kind = "indiv",
            &["RG4 typeAffectation"],
        ),
        ("no type", |f| f.kind = "", &["RG4 typeAffectation"]),
    ]);
    table_as(
        Maker::Directory,
        &[
            ("the tables may be silent", |f| f.category = "", &[]),
            (
                "not about the type",
                |f| f.kind = "",
                &["RG4 typeAffectation"],
            ),
        ],
    );
}

#[test]
fn rg5_a_count_needs_its_public() {
    table(&[
        (
            "both are there",
            |f| by_public(f, ["1", "ILLIMITE", "", ""]),
            &[],
        ),
        (
            "librarians are not",
            |f| by_public(f, ["1", "", "1", ""]),
            &["RG5 nbLicenceProfDoc"],
        ),
        (
            "other staff are not",
            |f| by_public(f, ["1", "", "", "ILLIMITE"]),
            &["RG5 nbLicenceAutrePersonnel"],
        ),
        ("none for them", |f| by_public(f, ["1", "", "0", "0"]), &[]),
    ]);
}

#[test]
fn rg6_whole_schools_have_a_global_count() {
    table(&[
        ("global", |f| (f.kind, f.licences) = ("ETABL", "500"), &[]),
        (
            "by public",
            |f| {
                f.kind = "ETABL";
                by_public(f, ["500", "", "", ""]);
            },
            &["RG6 nbLicenceEleve"],
        ),
        (
            "by public, for INDIV",
            |f| by_public(f, ["500", "", "", ""]),
            &[],
        ),
    ]);
}

#[test]
fn rg7_ten_school_years_at_most() {
    table(&[
        (
            "the tenth",
            |f| (f.until, f.until_year) = ("", "2035-2036"),
            &[],
        ),
        (
            "the eleventh",
            |f| (f.until, f.until_year) = ("", "2036-2037"),
            &["RG7 anneeFinValidite"],
        ),
        (
            "counted from the school year of the beginning",
            |f| (f.from, f.until, f.until_year) = ("2026-08-15", "", "2035-2036"),
            &["RG7 anneeFinValidite"],
        ),
    ]);
}

#[test]
fn rg8_ten_years_at_most() {
    table(&[
        ("to the day", |f| f.until = "2036-08-31", &[]),
        (
            "a day more",
            |f| f.until = "2036-09-01",
            &["RG8 finValidite"],
        ),
        (
            "a second more",
            |f| f.until = "2036-09-01T00:00:01+02:00",
            &["RG8 finValidite"],
        ),
    ]);
}

#[test]
fn rg9_an_end_or_a_school_year() {
    table(&[
        ("an end", |_| (), &[]),
        (
            "a year",
            |f| (f.until, f.until_year) = ("", "2026-2027"),
            &[],
        ),
        (
            "both",
            |f| f.until_year = "2026-2027",
            &["RG9 anneeFinValidite"],
        ),
        ("neither", |f| f.until = "", &["RG9 finValidite"]),
    ]);
}

#[test]
fn rg10_formats() {
    const LONG: &str = match std::str::from_utf8(&[b'x'; 256]) {
        Ok(text) => text,
        Err(_) => "",
    };
    table(&[
        ("45 octets", |f| f.id = &LONG[..45], &[]),
        ("46 octets", |f| f.id = &LONG[..46], &["RG10 idAbonnement"]),
        ("no id", |f| f.id = "", &["RG10 idAbonnement"]),
        ("a comment", |f| f.comment = &LONG[..255], &[]),
        (
            "too long",
            |f| f.comment = LONG,
            &["RG10 commentaireAbonnement"],
        ),
        ("no label", |f| f.label = "", &["RG10 libelleRessource"]),
        (
            "a long label",
            |f| f.label = LONG,
            &["RG10 libelleRessource"],
        ),
        ("ARK", |f| f.resource_type = "ARK", &[]),
        (
            "doi",
            |f| f.resource_type = "doi",
            &["RG10 typeIdRessource"],
        ),
        (
            "no kind of id",
            |f| f.resource_type = "",
            &["RG10 typeIdRessource"],
        ),
        ("a project", |f| f.project = &LONG[..50], &[]),
        (
            "a long one",
            |f| f.project = &LONG[..51],
            &["RG10 codeProjetRessource"],
        ),
        (
            "an instant",
            |f| f.from = "2026-09-01T08:00:00.000+02:00",
            &[],
        ),
        (
            "no date",
            |f| f.from = "2026-02-30",
            &["RG10 debutValidite"],
        ),
        ("no date", |f| f.until = "soon", &["RG10 finValidite"]),
        (
            "backwards",
            |f| f.until = "2026-08-31",
            &["RG10 finValidite"],
        ),
        (
            "a year that is over",
            |f| (f.until, f.until_year) = ("", "2025-2026"),
            &["RG10 anneeFinValidite"],
        ),
        (
            "two years",
            |f| (f.until, f.until_year) = ("", "2026-2028"),
            &["RG10 anneeFinValidite"],
        ),
        (
            "one year",
            |f| (f.until, f.until_year) = ("", "2026"),
            &["RG10 anneeFinValidite"],
        ),
        ("4294967295", |f| f.licences = "4294967295", &[]),
        (
            "4294967296",
            |f| f.licences = "4294967296",
            &["RG10 nbLicenceGlobale"],
        ),
        ("-1", |f| f.licences = "-1", &["RG10 nbLicenceGlobale"]),
        (
            "a word",
            |f| f.licences = "illimite",
            &["RG10 nbLicenceGlobale"],
        ),
        (
            "a word, by public",
            |f| by_public(f, ["1", "x", "", ""]),
            &["RG10 nbLicenceEnseignant"],
        ),
        (
            "nobody",
            |f| f.publics = PublicSet::EMPTY,
            &["RG10 publicCible"],
        ),
    ]);
    table_as(
        Maker::Directory,
        &[
            (
                "the tables may be silent on what only commerce needs",
                |f| (f.label, f.resource_type) = ("", ""),
                &[],
            ),
            ("not on the id", |f| f.id = "", &["RG10 idAbonnement"]),
        ],
    );
}

#[test]
fn rg11_first_degree_schools_have_no_librarians() {
    for first_degree in [false, true] {
        let context = Context {
            first_degree,
            ..context(Maker::Publisher)
        };
        let mut fields = good();
        assert_eq!(broken(&fields, context), [""; 0]);
        fields.licences_by_public[2] = "0";
        assert_eq!(broken(&fields, context), [""; 0], "a count of none");
        fields.publics = fields.publics.with(Public::Librarians);
        let expected: &[&str] = if first_degree {
            &["RG11 publicCible"]
        } else {
            &[]
        };
        assert_eq!(broken(&fields, context), *expected);
    }
}

#[test]
fn rg12_and_rg13_identifiers() {
    table(&[
        (
            "abonnements",
            |f| f.id = "abonnements",
            &["RG12 idAbonnement"],
        ),
        ("categorie", |f| f.id = "categorie", &["RG12 idAbonnement"]),
        ("another case", |f| f.id = "Categorie", &[]),
        ("more than that", |f| f.id = "categorie1", &[]),
        ("_", |f| f.id = "_abo", &["RG13 idAbonnement"]),
        ("not at the beginning", |f| f.id = "abo_", &[]),
    ]);
}

/// One that the platform made.
fn automatic(fields: &mut Fields<'static>) {
    fields.id = "AUTO_0561622J_21202_1596629146787";
    fields.kind = "ETABL";
}

#[test]
fn the_platform_makes_its_own() {
    table_as(
        Maker::Directory,
        &[
            ("ETABL, ILLIMITE, one school", automatic, &[]),
            (
                "with both ends, as the platform writes them",
                |f| {
                    automatic(f);
                    f.until_year = "2026-2027";
                },
                &[],
            ),
            (
                "INDIV",
                |f| {
                    automatic(f);
                    f.kind = "INDIV";
                },
                &["AUTO typeAffectation"],
            ),
            (
                "with a count",
                |f| {
                    automatic(f);
                    f.licences = "5";
                },
                &["AUTO nbLicenceGlobale"],
            ),
            (
                "of another school",
                |f| {
                    automatic(f);
                    f.schools = &["0350042F"];
                },
                &["AUTO uaiEtab"],
            ),
            (
                "of one more school",
                |f| {
                    automatic(f);
                    f.schools = &["0561622J", "0350042F"];
                },
                &["AUTO uaiEtab"],
            ),
            (
                "not of its shape",
                |f| f.id = "AUTO_mine",
                &["AUTO idAbonnement"],
            ),
        ],
    );
    table(&[("not for a publisher", automatic, &["AUTO idAbonnement"])]);
    let checked = |change: fn(&mut Fields<'static>)| {
        let mut fields = good();
        change(&mut fields);
        let checker = Checker::new().unwrap();
        checker.check(&fields, context(Maker::Directory)).unwrap()
    };
    assert!(checked(automatic).automatic);
    assert!(!checked(|_| ()).automatic);
    // The end holds, not the year.
    let both = checked(|f| {
        automatic(f);
        f.until_year = "2030-2031";
    });
    assert_eq!(both.until, checked(automatic).until);
}

#[test]
fn every_broken_rule_is_told() {
    let mut fields = good();
    fields.id = "_";
    fields.distributor = "x";
    fields.category = "x";
    fields.until_year = "2026-2027";
    assert_eq!(
        broken(&fields, context(Maker::Publisher)),
        [
            "RG13 idAbonnement",
            "RG3 idDistributeurCom",
            "RG9 anneeFinValidite",
            "RG4 categorieAffectation"
        ]
    );
}

#[test]
fn what_is_good_is_read() {
    let checker = Checker::new().unwrap();
    let check = |fields: &Fields<'_>| checker.check(fields, context(Maker::Publisher)).unwrap();
    let mut fields = good();
    let whole = check(&fields);
    // `date -u -d '2026-09-01 00:00 +0200' +%s`, and 2027-08-16.
    assert_eq!((whole.from, whole.until), (1_788_213_600, 1_818_367_200));
    assert_eq!(whole.licences, Licences::Global(Count::Unlimited));
    assert_eq!(whole.category, Category::Transferable);
    fields.until = "";
    fields.until_year = "2026-2027";
    by_public(&mut fields, ["320", "ILLIMITE", "", ""]);
    let by_year = check(&fields);
    assert_eq!(by_year.until, whole.until);
    assert_eq!(
        by_year.licences,
        Licences::ByPublic([
            Count::AtMost(320),
            Count::Unlimited,
            Count::AtMost(0),
            Count::AtMost(0)
        ])
    );
    let json = serde_json::to_string(&RuleBroken::Rg9 {
        field: octroi_entitlements::subscription::Field::UntilYear,
    });
    assert_eq!(
        json.unwrap(),
        r#"{"rule":"RG9","field":"anneeFinValidite"}"#
    );
}
