#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test suite"
)]
//! Files that break, each in its way: what is lost of them, and where what is set aside begins.

mod support;

use octroi_collect::{Loss, Outcome, Rule};
use octroi_directory::Degree;
use support::country;
use support::records::{UAI, document, pupil, relation, teacher};

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
