#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! What only shows between records and files: keys, references, the limits of the directory, files that break.

mod support;

use octroi_collect::{Loss, Outcome, Rule};
use octroi_directory::Degree;
use support::{
    Delivery, document, group, person, profiles, pupil, record, relation, school, teacher,
};

const UAI: &str = "0561622J";
const ELSE: &str = "0560001A";

fn mef(uai: &str, stat: &str) -> String {
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

fn subject(uai: &str) -> String {
    record(
        "GARMatiere",
        &[
            ("GARStructureUAI", uai),
            ("GARMatiereCode", "S"),
            ("GARMatiereLibelle", ""),
        ],
    )
}

fn manager(id: &str, uai: &str) -> String {
    record(
        "GARRespAff",
        &[
            ("GARPersonIdentifiant", id),
            ("GARPersonNom", "n"),
            ("GARPersonPrenom", "g"),
            ("GARPersonMail", "m"),
            ("GARRespAffEtab", uai),
        ],
    )
}

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

/// A whole delivery, to which a test adds one record.
fn country() -> Delivery {
    Delivery::new(Degree::Second)
        .file(
            "Etab",
            &(school(UAI) + &school(ELSE) + &mef(UAI, "21110010001") + &subject(UAI)),
        )
        .file("Eleve", &pupil("p1", UAI))
        .file("Enseignant", &teacher("t1", UAI))
        .file(
            "Groupe",
            &(group(UAI, "6A", "DIVISION", &[]) + &group(UAI, "G", "GROUPE", &["6A"])),
        )
        .file("RespAff", &manager("t1", UAI))
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

/// What is done to a file, the file, what is told, who is still read.
type Line<'a> = (&'a str, Vec<u8>, &'a [(Rule, Loss)], &'a str);

/// One line a way to break a file: what stands in it, the rule, what is lost, and who is still read.
#[test]
fn a_broken_file_loses_what_follows_and_no_other() {
    let whole = document(
        Degree::Second,
        "Eleve",
        &(pupil("p2", UAI) + &pupil("p3", UAI)),
    );
    let before_p3 = whole
        .find("<men:GAREleve><men:GARPersonIdentifiant>p3")
        .unwrap();
    let at_p3 = |text: &str| format!("{}{text}{}", &whole[..before_p3], &whole[before_p3..]);
    let root = "<men:GAR-ENT-Eleve";
    let latin: Vec<u8> = whole
        .replace("UTF-8", "ISO-8859-15")
        .chars()
        .map(|c| c as u32 as u8)
        .collect();
    let lines: &[Line<'_>] = &[
        (
            "cut in a record",
            whole[..before_p3 + 40].into(),
            &[(Rule::WellFormed, Loss::RestOfFile)],
            "p2",
        ),
        (
            "cut between records",
            whole[..before_p3].into(),
            &[(Rule::WellFormed, Loss::RestOfFile)],
            "p2",
        ),
        ("empty", Vec::new(), &[(Rule::WellFormed, Loss::File)], ""),
        (
            "no XML",
            b"PK\x03\x04".to_vec(),
            &[(Rule::WellFormed, Loss::File)],
            "",
        ),
        (
            "a wrong end tag",
            at_p3("<men:GAREleve></men:GAREleves>").into(),
            &[(Rule::WellFormed, Loss::RestOfFile)],
            "p2",
        ),
        (
            "an end tag alone",
            at_p3("</men:GAREleve>").into(),
            &[(Rule::WellFormed, Loss::RestOfFile)],
            "p2",
        ),
        (
            "text between records",
            at_p3("x").into(),
            &[(Rule::WellFormed, Loss::RestOfFile)],
            "p2",
        ),
        (
            "too deep",
            at_p3(&"<a>".repeat(20)).into(),
            &[(Rule::Depth, Loss::RestOfFile)],
            "p2",
        ),
        (
            "a record without end",
            at_p3(&format!("<men:GAREleve>{}", "<!-- -->".repeat(1 << 18))).into(),
            &[(Rule::RecordSize, Loss::RestOfFile)],
            "p2",
        ),
        (
            "a DOCTYPE",
            whole
                .replacen(root, &format!("<!DOCTYPE a [<!ENTITY x 'y'>]>{root}"), 1)
                .into(),
            &[(Rule::Dtd, Loss::File)],
            "",
        ),
        (
            "an entity",
            at_p3("<men:GAREleve>&x;</men:GAREleve>").into(),
            &[(Rule::WellFormed, Loss::Record)],
            "p2 p3",
        ),
        (
            "a stray &",
            at_p3(&pupil("p4", UAI).replace("Dupont", "A & B")).into(),
            &[(Rule::WellFormed, Loss::Record)],
            "p2 p3",
        ),
        (
            "a forbidden character",
            at_p3(&pupil("p4", UAI).replace("Dupont", "&#0;")).into(),
            &[(Rule::WellFormed, Loss::Record)],
            "p2 p3",
        ),
        (
            "a control character",
            at_p3(&pupil("p4", UAI).replace("Dupont", "\u{1}")).into(),
            &[(Rule::Encoding, Loss::Record)],
            "p2 p3",
        ),
        (
            "the five entities",
            at_p3(&pupil("p4", UAI).replace("Dupont", "&lt;&amp;&gt;&quot;&apos;&#233;&#xE9;"))
                .into(),
            &[],
            "p2 p3 p4",
        ),
        (
            "CDATA",
            at_p3(&pupil("p4", UAI).replace("Dupont", "<![CDATA[A & B]]>")).into(),
            &[],
            "p2 p3 p4",
        ),
        (
            "comments and instructions",
            at_p3("<!-- a --><?b c?>").into(),
            &[],
            "p2 p3",
        ),
        (
            "not UTF-8",
            {
                let mut o = whole.clone().into_bytes();
                let at = whole.find("Zoé").unwrap() + 2;
                o[at] = 0xff;
                o[at + 1] = 0xfe;
                o
            },
            &[(Rule::Encoding, Loss::Record)],
            "p3",
        ),
        ("Latin-9", latin, &[], "p2 p3"),
        (
            "a byte order mark",
            [b"\xef\xbb\xbf", whole.as_bytes()].concat(),
            &[],
            "p2 p3",
        ),
        (
            "an unknown encoding",
            whole.replace("UTF-8", "EBCDIC").into(),
            &[(Rule::Encoding, Loss::File)],
            "",
        ),
        (
            "another root",
            whole.replace("GAR-ENT-Eleve", "GAR-ENT-Enseignant").into(),
            &[(Rule::Root, Loss::File)],
            "",
        ),
        (
            "another namespace",
            whole.replace("ns/gar\"", "ns/gar/1d\"").into(),
            &[(Rule::Root, Loss::File)],
            "",
        ),
        (
            "no Version",
            whole.replace(" Version=\"1.0\"", "").into(),
            &[(Rule::Version, Loss::None)],
            "p2 p3",
        ),
        (
            "another Version",
            whole.replace("\"1.0\">", "\"1.7.3\">").into(),
            &[],
            "p2 p3",
        ),
        (
            "another prefix",
            whole
                .replace("men:", "ns2:")
                .replace("xmlns:men", "xmlns:ns2")
                .into(),
            &[],
            "p2 p3",
        ),
        (
            "no prefix",
            whole
                .replace("men:", "")
                .replace("xmlns:men=", "xmlns=")
                .into(),
            &[],
            "p2 p3",
        ),
        (
            "a namespace of its own",
            at_p3(&pupil("p4", UAI).replace("men:", "o:").replacen(
                "<o:GAREleve>",
                "<o:GAREleve xmlns:o=\"http://data.education.fr/ns/gar\">",
                1,
            ))
            .into(),
            &[],
            "p2 p3 p4",
        ),
        (
            "a prefix of another namespace",
            at_p3(&pupil("p4", UAI).replacen(
                "<men:GAREleve>",
                "<men:GAREleve xmlns:men=\"urn:x\">",
                1,
            ))
            .into(),
            &[(Rule::UnexpectedElement, Loss::Record)],
            "p2 p3",
        ),
        (
            "a record of another file",
            at_p3(&teacher("p4", UAI)).into(),
            &[(Rule::UnexpectedElement, Loss::Record)],
            "p2 p3",
        ),
        (
            "kinds out of order",
            at_p3(&relation("GARPersonMEF", UAI, "p1", ("GARMEFCode", "M"))).into(),
            &[(Rule::Order, Loss::None)],
            "p2 p3",
        ),
        (
            "something after the root",
            format!("{whole}<a/>").into(),
            &[(Rule::WellFormed, Loss::None)],
            "p2 p3",
        ),
    ];
    for (what, octets, rules, read) in lines {
        let mut delivery = country();
        delivery.raw("Eleve", octets);
        let imported = delivery.file("Eleve", &pupil("p8", UAI)).import();
        assert_eq!(imported.rules(), *rules, "{what}: {:?}", imported.told);
        let expected = format!("p1 {read} p8 t1").replace("  ", " ");
        assert_eq!(imported.ids().join(" "), expected, "{what}");
        assert!(matches!(imported.outcome, Ok(Outcome::Imported(_))));
    }
}

#[test]
fn a_position_is_where_the_record_begins() {
    let records = pupil("p2", UAI) + &pupil("p3", "") + &pupil("p4", UAI);
    let text = document(Degree::Second, "Eleve", &records);
    let imported = country().file("Eleve", &records).import();
    let told = &imported.told[0];
    assert_eq!((told.rule, told.record), (Rule::EmptyKey, 2));
    assert!(text[told.offset as usize..].starts_with(&told.raw));
    assert!(!told.reason.contains("p3") && !told.reason.contains("Dupont"));
}
