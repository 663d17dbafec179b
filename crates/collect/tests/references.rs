#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! What only shows between records and files: keys, references, the limits of the directory.

mod support;

use octroi_collect::{Loss, Rule};
use octroi_directory::Degree;
use support::records::{
    ELSE, UAI, group, manager, mef, person, profiles, pupil, record, relation, school, subject,
    teacher,
};
use support::{Delivery, country};

fn teaches(name: &str, uai: &str, id: &str, group: &str, subject: &str) -> String {
    record(
        name,
        &[
            ("GARStructureUAI", uai),
            ("GARPersonIdentifiant", id),
            ("GARGroupeCode", group),
            ("GARMatiereCode", subject),
        ],
    )
}

/// One line a rule: the file, a record to add, the rule, what is lost, and whether it is found when all is read.
#[test]
fn each_reference_and_each_need_of_the_directory_is_checked() {
    let two = person("GAREleve", "p9", UAI, "National_elv", "");
    let profile = |text: &str| two.replace("National_elv", text);
    let more_schools: String = (0..70)
        .map(|n| profiles(&format!("U{n}"), "National_elv"))
        .collect();
    let lines: &[(&str, String, Rule, Loss, bool)] = &[
        (
            "Eleve",
            pupil("p9", "9999999Z"),
            Rule::UnknownSchool,
            Loss::Record,
            true,
        ),
        (
            "Eleve",
            two.replacen(
                "<men:GARPersonNom>",
                &(profiles("9999999Z", "National_elv") + "<men:GARPersonNom>"),
                1,
            ),
            Rule::UnknownSchool,
            Loss::Part,
            true,
        ),
        (
            "Eleve",
            profile("National_xyz"),
            Rule::Profile,
            Loss::Record,
            false,
        ),
        (
            "Eleve",
            two.replacen(
                "<men:GARPersonNom>",
                &(profiles(UAI, "National_xyz") + "<men:GARPersonNom>"),
                1,
            ),
            Rule::Profile,
            Loss::Part,
            false,
        ),
        (
            "Eleve",
            two.replace(
                "</men:GARPersonEtab>",
                &format!("</men:GARPersonEtab><men:GARPersonEtab>{ELSE}</men:GARPersonEtab>"),
            ),
            Rule::NoProfile,
            Loss::Part,
            false,
        ),
        (
            "Eleve",
            two.replacen(
                "<men:GARPersonNom>",
                &(more_schools + "<men:GARPersonNom>"),
                1,
            ),
            Rule::UnknownSchool,
            Loss::Part,
            true,
        ),
        (
            "RespAff",
            manager("m9", "9999999Z"),
            Rule::UnknownSchool,
            Loss::Record,
            true,
        ),
        (
            "Etab",
            mef("9999999Z", "1"),
            Rule::UnknownSchool,
            Loss::Record,
            true,
        ),
        (
            "Etab",
            subject("9999999Z"),
            Rule::UnknownSchool,
            Loss::Record,
            true,
        ),
        (
            "Groupe",
            group("9999999Z", "6A", "DIVISION", &["x"]),
            Rule::UnknownSchool,
            Loss::Record,
            true,
        ),
        (
            "Groupe",
            group(UAI, "6B", "CLASSE", &[]),
            Rule::GroupKind,
            Loss::Record,
            false,
        ),
        (
            "Eleve",
            relation("GARPersonMEF", UAI, "nobody", ("GARMEFCode", "M")),
            Rule::UnknownPerson,
            Loss::Record,
            true,
        ),
        (
            "Eleve",
            relation("GARPersonMEF", ELSE, "p1", ("GARMEFCode", "M")),
            Rule::NotInSchool,
            Loss::Record,
            true,
        ),
        (
            "Eleve",
            relation("GARPersonMEF", "9999999Z", "p1", ("GARMEFCode", "M")),
            Rule::UnknownSchool,
            Loss::Record,
            true,
        ),
        (
            "Eleve",
            relation("GARPersonMEF", UAI, "p1", ("GARMEFCode", "N")),
            Rule::UnknownMef,
            Loss::Record,
            true,
        ),
        (
            "Eleve",
            relation("GAREleveEnseignement", UAI, "p1", ("GARMatiereCode", "T")),
            Rule::UnknownSubject,
            Loss::Record,
            true,
        ),
        (
            "Eleve",
            relation(
                "GAREleveEnseignement",
                UAI,
                "nobody",
                ("GARMatiereCode", "S"),
            ),
            Rule::UnknownPerson,
            Loss::Record,
            true,
        ),
        (
            "Groupe",
            relation("GARPersonGroupe", UAI, "p1", ("GARGroupeCode", "7Z")),
            Rule::UnknownGroup,
            Loss::Record,
            true,
        ),
        (
            "Groupe",
            relation("GARPersonGroupe", UAI, "nobody", ("GARGroupeCode", "6A")),
            Rule::UnknownPerson,
            Loss::Record,
            true,
        ),
        (
            "Groupe",
            teaches("GAREnsGroupeMatiere", UAI, "t1", "7Z", "S"),
            Rule::UnknownGroup,
            Loss::Record,
            true,
        ),
        (
            "Groupe",
            teaches("GAREnsGroupeMatiere", UAI, "t1", "G", "T"),
            Rule::UnknownSubject,
            Loss::Record,
            true,
        ),
        (
            "Groupe",
            teaches("GAREnsClasseMatiere", UAI, "nobody", "6A", "S"),
            Rule::UnknownPerson,
            Loss::Record,
            true,
        ),
    ];
    for (file, added, rule, loss, late) in lines {
        let imported = country().file(file, added).import();
        assert_eq!(imported.rules(), [(*rule, *loss)], "{added}");
        let told = &imported.told[0];
        assert_eq!(told.rewritten, *late, "{added}");
        assert_eq!(told.file, support::member_name(Degree::Second, file, 1));
        assert_eq!(told.record, 1);
        if *late {
            // What was written again says the same when it is sent again.
            let again = country().file(file, &told.raw).import();
            assert_eq!(again.rules(), imported.rules(), "{}", told.raw);
            assert_eq!(again.told[0].raw, told.raw);
            assert_eq!(again.people, imported.people);
        } else {
            assert_eq!(told.raw, added.trim_end());
        }
        let kept = *loss == Loss::Part;
        assert_eq!(imported.people.contains_key("p9"), kept, "{added}");
        assert!(imported.people.contains_key("p1") && imported.people.contains_key("t1"));
    }
}

/// Each key of the schemas: twice in a file breaks the schema; in two files it is a repetition, or a duplicate that says something else.
#[test]
fn the_first_record_of_a_key_holds() {
    let rel = |name, code: &'static str| {
        relation(
            name,
            UAI,
            "p1",
            (
                code,
                match code {
                    "GARMEFCode" => "M",
                    "GARMatiereCode" => "S",
                    _ => "6A",
                },
            ),
        )
    };
    // File, record, the same key saying something else (empty where the key is all that a record says).
    let lines: &[(&str, String, String)] = &[
        ("Etab", school("X"), school("X").replace("Collège", "Lycée")),
        ("Etab", mef(ELSE, "1"), mef(ELSE, "2")),
        ("Etab", subject(ELSE), String::new()),
        (
            "Eleve",
            pupil("p9", UAI),
            pupil("p9", UAI).replace("Dupont", "Durand"),
        ),
        (
            "Enseignant",
            teacher("t9", UAI),
            teacher("t9", UAI).replace("Dupont", "Durand"),
        ),
        ("RespAff", manager("m9", UAI), manager("m9", ELSE)),
        (
            "Groupe",
            group(UAI, "6B", "DIVISION", &[]),
            group(UAI, "6B", "GROUPE", &["6A"]),
        ),
        ("Eleve", rel("GARPersonMEF", "GARMEFCode"), String::new()),
        (
            "Eleve",
            rel("GAREleveEnseignement", "GARMatiereCode"),
            String::new(),
        ),
        (
            "Groupe",
            rel("GARPersonGroupe", "GARGroupeCode"),
            String::new(),
        ),
        (
            "Groupe",
            teaches("GAREnsGroupeMatiere", UAI, "t1", "G", "S"),
            teaches("GAREnsGroupeMatiere", UAI, "t1", "G", "S").replace(
                "<men:GARMatiereCode>S<",
                "<men:GARMatiereCode>S</men:GARMatiereCode><men:GARMatiereCode>S<",
            ),
        ),
        (
            "Groupe",
            teaches("GAREnsClasseMatiere", UAI, "t1", "6A", "S"),
            teaches("GAREnsClasseMatiere", UAI, "t1", "6A", "S").replace(
                "<men:GARMatiereCode>S<",
                "<men:GARMatiereCode>S</men:GARMatiereCode><men:GARMatiereCode>S<",
            ),
        ),
    ];
    for (file, one, other) in lines {
        let alone = country().file(file, one).import();
        assert_eq!(alone.told, [], "{one}");

        let twice = country().file(file, &(one.clone() + one)).import();
        assert_eq!(twice.rules(), [(Rule::Key, Loss::Record)], "{one}");
        assert_eq!(
            (&twice.people, &twice.groups),
            (&alone.people, &alone.groups)
        );

        let again = country().file(file, one).file(file, one).import();
        assert_eq!(again.told, [], "{one}");
        assert_eq!(again.outcome.unwrap().report().repeated, 1, "{one}");

        if !other.is_empty() {
            let differs = country().file(file, one).file(file, other).import();
            assert_eq!(differs.rules(), [(Rule::Duplicate, Loss::Record)], "{one}");
            assert_eq!(
                (&differs.people, &differs.groups, &differs.managers),
                (&alone.people, &alone.groups, &alone.managers)
            );
        }
    }
}

#[test]
fn keys_of_the_first_degree() {
    let level = |code| relation("GARPersonMEFSTAT4", UAI, "p1", ("GARMEFSTAT4Code", code));
    let delivery = |records: &str| {
        Delivery::new(Degree::First)
            .file("Etab", &school(UAI))
            .file("Eleve", &(pupil("p1", UAI) + records))
            .import()
    };
    assert_eq!(delivery(&(level("1121") + &level("1122"))).told, []);
    assert_eq!(
        delivery(&(level("1121") + &level("1121"))).rules(),
        [(Rule::Key, Loss::Record)]
    );
}

#[test]
fn a_person_has_no_more_schools_and_facts_than_the_directory_takes() {
    let uais: Vec<String> = (0..70).map(|n| format!("U{n:02}")).collect();
    let schools: String = uais.iter().map(|uai| school(uai)).collect();
    let all: String = uais
        .iter()
        .map(|uai| profiles(uai, "National_ens"))
        .collect();
    let many =
        teacher("t9", &uais[0]).replacen("<men:GARPersonNom>", &(all + "<men:GARPersonNom>"), 1);
    let imported = Delivery::new(Degree::Second)
        .file("Etab", &schools)
        .file("Enseignant", &many)
        .import();
    assert_eq!(imported.rules(), [(Rule::Limit, Loss::Part)]);
    assert_eq!(imported.people["t9"].len(), 64);

    let groups: String = (0..1001)
        .map(|n| group(UAI, &format!("G{n}"), "GROUPE", &[]))
        .collect();
    let member: String = (0..1001)
        .map(|n| {
            relation(
                "GARPersonGroupe",
                UAI,
                "p1",
                ("GARGroupeCode", &format!("G{n}")),
            )
        })
        .collect();
    let imported = country().file("Groupe", &(groups + &member)).import();
    assert_eq!(imported.rules(), [(Rule::Limit, Loss::Record)]);
    assert_eq!(imported.people["p1"][0].2.len(), 1000);
}
